"""DAGMA: linear graphs that can be told from data are recovered, whatever the columns' units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.causal.graph import Graph
from contrafact.zoo.dagma import DAGMA


def collider(rows: int = 600) -> pd.DataFrame:
    """Draw two causes of one effect."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, rows))
    return pd.DataFrame({"z": 1000 * (x + y + 0.5 * random.normal(size=rows)), "x": x, "y": 0.01 * y})


def test_two_causes_of_one_effect_are_recovered_whatever_their_units():
    model = DAGMA(kind="linear", steps=800, runs=3).fit(collider(), seed=0)
    assert model.graph() == Graph("z; x; y; x -> z; y -> z")
    assert model.edges()["confidence"].tolist() == [1, 1, 0, 0, 0, 0]


def test_networks_find_the_direction_of_a_bent_relation():
    random = np.random.default_rng(0)
    x = random.uniform(-1.7, 1.7, 400)
    frame = pd.DataFrame({"y": x**2 + 0.2 * random.normal(size=400), "x": x, "z": random.normal(size=400)})
    told = DAGMA(runs=3).fit(frame, seed=0).edges().set_index(["source", "target"])["confidence"]
    assert told["x", "y"] == 1 and max(told["y", "x"], told["x", "z"], told["z", "y"]) <= 0.4


def test_columns_without_relation_get_no_arrow():
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(400, 4)), columns=list("abcd"))
    assert not DAGMA(kind="linear", steps=200, runs=3).fit(frame, seed=0).graph().directed


def test_what_is_known_beforehand_is_kept_to():
    known = {"forbid": (("x", "z"),), "require": (("x", "y"),)}
    rows = DAGMA(kind="linear", steps=200, runs=2, **known).fit(collider(), seed=0).edges()
    told = rows.set_index(["source", "target"])["confidence"]
    assert told["x", "z"] == 0 and told["x", "y"] == 1 and told["y", "x"] == 0


@pytest.mark.parametrize("kind", ["linear", "network"])
def test_levels_are_one_node(kind):
    random = np.random.default_rng(0)
    town = random.choice(["A", "B", "C"], 300)
    shift = pd.Series(town).map({"A": -2.0, "B": 0.0, "C": 2.0})
    frame = pd.DataFrame({"town": town, "x": shift + 0.5 * random.normal(size=300), "w": random.normal(size=300)})
    model = DAGMA(kind=kind, runs=2).fit(frame, seed=0)
    told = model.edges().set_index(["source", "target"])["confidence"]
    assert told["town", "x"] + told["x", "town"] >= 0.99 and model.chances.shape == (2, 3, 3)
    assert max(told["w", "x"], told["x", "w"], told["w", "town"], told["town", "w"]) == 0
