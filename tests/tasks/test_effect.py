"""contrafact.effect: the graph decides, an estimate or bounds follow, and nothing comes without what it rests on."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.causal.estimate.methods import METHODS, method_named
from contrafact.tasks.effect import GraphWarning, effect, several, studied

GRAPH = "w -> x; w -> y; x -> y"


def table(rows: int = 600, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    w = random.standard_normal(rows)
    x = (random.random(rows) < 1 / (1 + np.exp(-w))).astype(int)
    y = 2 * x + w + random.standard_normal(rows)
    return pd.DataFrame({"w": w, "x": x, "y": y, "late": y + random.standard_normal(rows)})


def test_the_graph_says_what_to_adjust_for_and_the_truth_lies_in_the_interval():
    frame = table()
    before = frame.copy()
    found = contrafact.effect(frame, "x", "y", GRAPH)
    assert found.low < 2 < found.high and found.kind == "point" and found.rung == 2 and found.strategy == "adjustment"
    assert found.estimator == "aipw" and found.n == found.overlap.rows and "E[y | x=1, w]" in found.formula
    assert found.assumptions[0].startswith("The graph is right") and found.overlap.rows >= 590
    assert frame.equals(before) and found == effect(frame, "x", "y", GRAPH)


def test_other_columns_of_the_table_are_left_alone_when_there_is_a_graph():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = studied(table(), "x", "y", GRAPH)
    assert found.plan.adjusted_for == ("w",)


def test_without_a_graph_all_other_columns_are_taken_and_that_is_said():
    with pytest.warns(GraphWarning, match="No graph was given"):
        found = effect(table()[["w", "x", "y"]], "x", "y")
    assert found.assumptions[0].startswith("No graph was given: every other column (w)") and found.low < 2 < found.high
    with pytest.warns(GraphWarning, match="key"), pytest.warns(GraphWarning, match="No graph"):
        keyed = effect(table()[["w", "x", "y"]].assign(id=[f"n{n}" for n in range(600)]), "x", "y")
    assert keyed.value == found.value


def test_what_is_given_is_checked_against_the_graph():
    with pytest.raises(UsageError, match="does not give") as met:
        effect(table(), "x", "y", GRAPH + "; y -> late", given=["w", "late"])
    assert met.value.code == "E524" and "{w}" in met.value.fix
    with pytest.raises(UsageError, match="does not give") as met:
        effect(table(), "x", "y", GRAPH, given=[])
    assert "stays open" in met.value.why
    assert effect(table(), "x", "y", GRAPH, given=["w"]).strategy == "adjustment"
    trusted = effect(table(), "x", "y", GRAPH, given=["w", "late"])
    assert any("'late', which the graph does not show" in each for each in trusted.assumptions)


def test_the_treated_and_the_others_may_be_asked_about():
    random = np.random.default_rng(1)
    frame = table(2000)
    frame["y"] = frame["x"] * (2 + frame["w"]) + frame["w"] + random.standard_normal(2000)
    treated = frame["x"] == 1
    for query, rows in (("ATE(x, y)", treated | True), ("ATT(x, y)", treated), ("ATU(x, y)", ~treated)):
        found = effect(frame, "x", "y", GRAPH, query=query)
        assert abs(found.value - (2 + frame.loc[rows, "w"].mean())) < 4 * found.error
        assert found.rung == (2 if query.startswith("ATE") else 3)


def test_other_questions_are_answered_by_their_formula():
    frame = table(3000).assign(x=lambda f: f["x"], w=lambda f: (f["w"] > 0).astype(int))
    found = effect(frame, "x", "y", GRAPH, query="ATE(x, y | w=1)")
    assert found.estimator == "plug-in" and found.strategy == "idc" and abs(found.value - 2) < 0.5


def test_front_doors_and_napkins_are_answered():
    random = np.random.default_rng(2)
    hidden = random.standard_normal(3000)
    x = (random.random(3000) < 1 / (1 + np.exp(-hidden))).astype(int)
    m = (random.random(3000) < 0.2 + 0.6 * x).astype(int)
    y = (random.random(3000) < 1 / (1 + np.exp(-m - hidden))).astype(int)
    frame = pd.DataFrame({"X": x, "M": m, "Y": y})
    doubly = effect(frame, "X", "Y", "X -> M -> Y; X <-> Y")
    counted = effect(frame, "X", "Y", "X -> M -> Y; X <-> Y", method="formula")
    assert doubly.strategy == "front door" and doubly.estimator == "front-door aipw"
    assert abs(doubly.value - counted.value) < 0.5 * doubly.error
    napkin = effect(
        frame.rename(columns={"X": "W", "M": "Z"}).assign(X=m), "X", "Y", "W -> Z -> X -> Y; W <-> X; W <-> Y"
    )
    assert napkin.estimator == "plug-in" and napkin.low <= napkin.value <= napkin.high


def test_what_cannot_be_identified_gets_bounds_never_a_point():
    random = np.random.default_rng(3)
    hidden, z = random.standard_normal(1500), random.integers(0, 2, 1500)
    x = (random.random(1500) < 1 / (1 + np.exp(-2 * hidden - 2 * z + 1))).astype(int)
    y = (random.random(1500) < 1 / (1 + np.exp(-x - hidden))).astype(int)
    frame = pd.DataFrame({"z": z, "x": x, "y": y})
    found = effect(frame, "x", "y", "z -> x -> y; x <-> y")
    assert found.kind == "bounds" and found.value is None and found.low < found.high
    assert any("method='instrument'" in note for note in found.notes) and "2sls" in found.details
    wald = effect(frame, "x", "y", "z -> x -> y; x <-> y", method="wald")
    ratio = np.diff(frame.groupby("z")["y"].mean())[0] / np.diff(frame.groupby("z")["x"].mean())[0]
    assert wald.estimator == "wald" and np.isclose(wald.value, ratio) and wald.strategy == "instrument"
    assert any("LATE" in each for each in wald.assumptions)


def test_a_treatment_of_several_levels_and_an_amount_are_understood():
    random = np.random.default_rng(4)
    w = random.standard_normal(1500)
    level = np.array(["a", "b", "c"])[np.clip(np.round(w / 2 + random.standard_normal(1500)) + 1, 0, 2).astype(int)]
    y = np.select([level == "b", level == "c"], [1.0, 3.0], 0.0) + w + random.standard_normal(1500)
    frame = pd.DataFrame({"w": w, "x": level, "y": y})
    found = effect(frame, "x", "y", GRAPH)
    assert found.query == "ATE(x: a -> c, y)" and abs(found.value - 3) < 4 * found.error
    assert abs(effect(frame, "x", "y", GRAPH, low="a", high="b").value - 1) < 0.4
    amount = w + random.standard_normal(1500)
    frame = pd.DataFrame({"w": w, "x": amount, "y": 2 * amount + w + random.standard_normal(1500)})
    unit, step = effect(frame, "x", "y", GRAPH), effect(frame, "x", "y", GRAPH, low=0, high=1)
    assert unit.estimator == "partially linear" and unit.low < 2 < unit.high and "one unit more" in unit.notes[-1]
    assert step.estimator == "curve" and abs(step.value - 2) < 0.3
    with pytest.raises(DataError, match="Hardly anybody"):
        effect(frame, "x", "y", GRAPH, low=0, high=50)


def test_quantiles_and_every_named_method_give_an_answer():
    frame = table(400)
    assert effect(frame, "x", "y", GRAPH, quantile=0.5).query == "0.5-quantile of ATE(x, y)"
    for method in ("aipw", "ipw", "regression", "linear"):
        found = effect(frame, "x", "y", GRAPH, method=method)
        assert found.estimator == method and abs(found.value - 2) < 0.6
    assert set(several(studied(frame, "x", "y", GRAPH))) == {"aipw", "ipw", "regression", "linear"}


def test_holes_are_handled_aloud():
    frame = table()
    frame.loc[:49, "w"] = np.nan
    frame.loc[50:59, "y"] = np.nan
    found = effect(frame, "x", "y", GRAPH)
    assert found.overlap.rows + found.overlap.trimmed == 590 and any(
        "50 holes" in note or "holes" in note for note in found.notes
    )
    assert any("left out" in each for each in found.assumptions)


def test_no_effect_by_the_graph_is_zero_without_a_number_computed():
    with pytest.warns(GraphWarning, match="DATA CONTRADICT"):
        found = effect(table(), "x", "y", "w -> x; w -> y")
    assert (found.value, found.low, found.high, found.strategy) == (0.0, 0.0, 0.0, "no effect")


def test_names_of_any_script_and_words_for_levels_work():
    frame = table()[["w", "x", "y"]].rename(columns={"w": "年龄", "x": "他汀", "y": "blood pressure"})
    frame["他汀"] = np.where(frame["他汀"] == 1, "是", "否")
    found = effect(frame, "他汀", "blood pressure", '年龄 -> 他汀; 年龄 -> "blood pressure"; 他汀 -> "blood pressure"')
    assert abs(found.value - 2) < 0.5 and "是 is compared with 否" in found.notes[-1]


def broken(**changed):
    frame = table()
    return frame.assign(**changed) if changed else frame


@pytest.mark.parametrize(
    ("frame", "words", "code", "says"),
    [
        (broken(), {"treatment": "X"}, "E520", "Did you mean x?"),
        (broken(), {"outcome": "nothing"}, "E520", "Known:"),
        (broken(), {"outcome": "x"}, "E532", "itself"),
        (broken(x=1), {}, "E521", "constant"),
        (broken(y="good"), {}, "E530", "Code it"),
        (broken(x=np.arange(600).astype(str)), {}, "E522", "600 levels"),
        (broken().iloc[:1], {}, "E531", "too few"),
        (broken(y=np.nan), {}, "E531", "too few rows"),
        (broken(), {"graph": GRAPH + "; bmi -> y"}, "E523", "bmi [latent]"),
        (broken(), {"graph": ""}, "E511", "empty"),
        (broken(), {"graph": "x -> y -> x"}, "E502", "cycle"),
        (broken(), {"graph": "w -> y; v -> x"}, "E523", "'v'"),
        (broken(), {"method": "aipv"}, "E534", "aipw"),
        (broken(), {"method": "curve"}, "E529", "does not fit"),
        (broken(), {"method": "instrument"}, "E527", "none"),
        (broken(), {"method": "front door"}, "E529", "front door"),
        (broken(), {"given": ["nobody"], "graph": None}, "E520", "no column"),
        (broken(), {"query": "ATE(w, y)"}, "E532", "others"),
        (broken(), {"quantile": 2}, "E529", "between 0 and 1"),
        (broken(), {"low": 5, "high": 7}, "E526", "never has"),
        (broken(w=lambda f: f["x"] * 1.0), {}, "E525", "comparable"),
    ],
)
def test_what_cannot_be_done_is_named_explained_and_remedied(frame, words, code, says):
    told = {"treatment": "x", "outcome": "y", "graph": GRAPH, **words}
    with pytest.raises(ContrafactError) as met, warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        effect(frame, **told)
    assert met.value.code == code and says in str(met.value) and met.value.fix


def test_methods_are_listed_and_other_libraries_are_optional(monkeypatch):
    assert method_named("2SLS") == "instrument" and method_named("DR") == "aipw" and "auto" in METHODS
    monkeypatch.setitem(sys.modules, "econml", None)
    with pytest.raises(UsageError, match=r"pip install .*econml"):
        effect(table(), "x", "y", GRAPH, method="econml:LinearDML")
    with pytest.raises(UsageError, match="LinearDML"):
        effect(table(), "x", "y", GRAPH, method="econml:LinaerDML")
