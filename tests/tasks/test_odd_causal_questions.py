"""Odd causal questions from Python: refused by name, or answered with what they rest on."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.codes import CODES
from contrafact.base.errors import ContrafactError
from contrafact.codecs.files import TableFile
from contrafact.tasks.decide import decide
from contrafact.tasks.effect import GraphWarning
from contrafact.tasks.whatif import FITTED, whatif
from contrafact.zoo import NCM, SCM, Discrete

GRAPH = "Z -> X; Z -> Y; X -> Y"


def table(**changed: Any) -> pd.DataFrame:
    random = np.random.default_rng(0)
    z = random.normal(size=120)
    x = (random.random(120) < 1 / (1 + np.exp(-z))).astype(int)
    return pd.DataFrame({"Z": z, "X": x, "Y": z + x + random.normal(size=120)}).assign(**changed)


def split(frame: pd.DataFrame) -> pd.Series:
    return (frame["Z"] > 0).astype(int)


ODD = {
    "cycle": (table(), "X -> Y -> X"),
    "unknown node": (table(), "Z -> Y"),
    "empty graph": (table(), ""),
    "a node that is no column": (table().drop(columns="Z"), GRAPH),
    "an empty column": (table(Z=np.nan), GRAPH),
    "one row": (table().head(1), GRAPH),
    "constant treatment": (table(X=1), GRAPH),
    "constant outcome": (table(Y=2.0), GRAPH),
    "no overlap": (table(X=split), GRAPH),
    "no rows": (table().head(0), GRAPH),
    "no table": ([1, 2, 3], GRAPH),
}
FOR_MODELS = ("cycle", "empty graph", "a node that is no column", "an empty column", "no rows", "no table")


def refused(ask: Any) -> None:
    with pytest.raises(ContrafactError) as met:
        ask()
    assert met.value.code in CODES and met.value.why and met.value.fix


@pytest.mark.parametrize("odd", ODD)
def test_effects_and_decisions_refuse_what_they_cannot_answer(odd):
    frame, graph = ODD[odd]
    refused(lambda: contrafact.effect(frame, "X", "Y", graph))
    refused(lambda: decide(frame, "X", "Y", graph, method="s"))


@pytest.mark.parametrize("odd", FOR_MODELS)
@pytest.mark.parametrize("make", [SCM, NCM, Discrete])
def test_models_refuse_what_they_cannot_be_fitted_to(make, odd):
    frame, graph = ODD[odd]
    refused(lambda: make(graph=graph).fit(frame))


@pytest.mark.parametrize("odd", ["cycle", "empty graph", "unknown node"])
def test_questions_about_such_graphs_are_refused(odd):
    refused(lambda: contrafact.identify(ODD[odd][1], "ATE(X, Y)"))


@pytest.mark.parametrize("odd", ["one row", "no rows", "no table"])
def test_arrows_are_not_looked_for_where_there_is_nothing(odd):
    refused(lambda: contrafact.discover(ODD[odd][0], "pc", bootstrap=2))


def test_a_file_may_stand_for_a_graph_and_one_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "果 樹.txt").write_text(GRAPH, encoding="utf-8")
    assert contrafact.effect(table(), "X", "Y", "果 樹.txt").strategy == "adjustment"
    model = Discrete(graph="果 樹.txt").fit(table())
    assert set(model.codec.names) == {"X", "Y", "Z"} and model.recipe.graph == GRAPH
    refused(lambda: SCM(graph="nowhere.txt"))


def test_a_contradicted_graph_is_warned_of_from_python():
    frame = table(W=lambda f: f["Y"] + 0.1)
    with pytest.warns(GraphWarning, match="DATA CONTRADICT THE GRAPH"):
        found = contrafact.effect(frame, "X", "Y", f"{GRAPH}; W")
    assert found.assumptions[0].startswith("The graph is right")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        contrafact.effect(frame.drop(columns="W"), "X", "Y", GRAPH)


def test_every_what_if_answer_rests_on_graph_and_fit_and_keeps_what_it_was_fitted_to(tmp_path):
    frame = table()
    model = SCM(graph=GRAPH, steps=10, mechanisms="linear").fit(frame)
    for found in (whatif(model, {"X": 1}, n=30), whatif(model, {"X": 1}, row=2, data=frame)):
        assert FITTED in found.assumptions and found.learned_from == 120 and found.graph is not None
        assert found.to_json()["learned_from"] == 120 and 0 < found.effective <= 1
    frame.to_csv(tmp_path / "big.csv", index=False)
    from_file = whatif(model, {"X": 1}, row=2, data=TableFile.open(tmp_path / "big.csv"))
    pd.testing.assert_frame_equal(from_file.rows, found.rows)
    refused(lambda: whatif(model, {"X": 1}, n=30, draws=3))
    refused(lambda: whatif(model, {"X": 1}, row=0, data=table(Z=np.nan)))
