"""SAM: the arrow of a bent relation is found, knowledge is kept to, and the game's parts do what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from contrafact.base.errors import UsageError
from contrafact.causal.edges import Knowledge
from contrafact.nets.columnwise import Columnwise, Grouping, Resamples, blurred
from contrafact.zoo.sam import SAM, Critic, Gates


def bent(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Draw an x, a y that is its square with a little noise, and a column of its own."""
    random = np.random.default_rng(seed)
    x = random.uniform(-1.7, 1.7, rows)
    return pd.DataFrame({"y": x**2 + 0.2 * random.normal(size=rows), "x": x, "z": random.normal(size=rows)})


def test_the_direction_of_a_bent_relation_is_found_and_an_unrelated_column_is_left_alone():
    model = SAM(steps=400, runs=2, width=16, batch=64, rate=0.02).fit(bent(), seed=0)
    first = model.edges().iloc[0]
    assert (first["source"], first["target"]) == ("x", "y") and first["confidence"] > 0.6
    rest = model.edges().set_index(["source", "target"])["confidence"]
    assert rest["y", "x"] < 0.3 and max(rest["z", "x"], rest["x", "z"], rest["z", "y"], rest["y", "z"]) < 0.3
    assert str(model.graph()) == "z; x -> y"


def test_what_is_known_beforehand_is_kept_to():
    known = {"forbid": (("x", "y"),), "require": (("z", "x"),), "tiers": (("x", "z"), ("y",))}
    rows = SAM.toy().but(**known).fit(bent(100), seed=0).edges().set_index(["source", "target"])["confidence"]
    assert rows["x", "y"] == 0 and rows["z", "x"] == 1 and rows["x", "z"] == 0
    assert rows["y", "x"] == rows["y", "z"] == 0 and rows["z", "y"] > 0
    with pytest.raises(UsageError) as caught:
        SAM.toy().but(forbid=(("x", "w"),)).fit(bent(100))
    assert caught.value.code == "E582"


@pytest.mark.parametrize("noise", ["additive", "free"])
def test_levels_and_grids_are_coordinates_of_one_node(noise):
    random = np.random.default_rng(0)
    frame = bent(120).assign(town=random.choice(["A", "B", "C"], 120), count=random.integers(0, 4, 120), ok=True)
    frame["ok"] = frame["x"] > 0
    model = SAM.toy().but(noise=noise).fit(frame, seed=1)
    assert model.codec.names == ("y", "x", "z", "town", "count", "ok")
    assert len(model.codec.coordinates) == 8 and model.chances.shape == (2, 6, 6)
    assert np.isfinite(model.chances).all() and (model.chances[:, range(6), range(6)] == 0).all()


def test_a_swapped_row_is_judged_as_if_it_had_been_put_together():
    grouping = Grouping(nodes=torch.tensor([0, 0, 1, 2]), count=3)
    judge, rows, made = Critic(2, grouping, 5), torch.randn(2, 7, 4), torch.randn(2, 7, 4)
    judged = judge.swapped(rows, made)
    for node in range(3):
        mixed = torch.where(grouping.nodes == node, made, rows)
        torch.testing.assert_close(judged[..., node], judge(mixed))


def test_a_network_sees_a_column_only_through_an_open_gate():
    nets, rows = Columnwise(1, 3, 4), torch.randn(1, 5, 3)
    gates = torch.zeros(1, 3, 3)
    gates[0, 1, 0] = 1
    other = rows.clone()
    other[..., 2] += 1
    torch.testing.assert_close(nets(rows, gates), nets(other, gates))
    moved = rows.clone()
    moved[..., 1] += 1
    changed = (nets(rows, gates) != nets(moved, gates)).any(1)[0]
    assert changed.tolist() == [True, False, False]


def test_gates_open_as_often_as_their_chance_says_and_pass_gradients():
    gates = Gates(500, Knowledge.read(("a", "b"), forbid=["b -> a"]))
    chances = gates.chances()
    drawn = gates.drawn(chances, torch.Generator().manual_seed(0))
    assert set(drawn.detach().round(decimals=4).unique().tolist()) == {0.0, 1.0} and (drawn[:, 1, 0] == 0).all()
    assert abs(drawn[:, 0, 1].mean() - torch.sigmoid(torch.tensor(2.0))) < 0.05
    drawn.sum().backward()
    assert (gates.logits.grad[:, 0, 1] > 0).all() and (gates.logits.grad[:, 1, 0] == 0).all()


def test_each_run_has_rows_of_its_own_and_a_single_run_has_them_all():
    rows = torch.arange(50.0)[:, None]
    several = Resamples(rows, 10, 3, 4)
    assert several(0).shape == (4, 10, 1) and not torch.equal(several(0)[0], several(0)[1])
    assert torch.equal(several(5), Resamples(rows, 10, 3, 4)(5)) and not torch.equal(several(5), several(6))
    assert torch.equal(Resamples(rows, 50, 3, 1)(0), rows[None])


def test_numbers_are_blurred_over_their_steps_alone():
    rows, grid = torch.zeros(1, 1000, 2), torch.tensor([0.0, 2.0])
    spread = blurred(rows, grid, torch.rand(rows.shape, generator=torch.Generator().manual_seed(0)))
    assert (spread[..., 0] == 0).all() and spread[..., 1].min() < -0.9 and spread[..., 1].max() > 0.9
    assert spread.abs().max() <= 1
