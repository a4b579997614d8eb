"""Bounds: closed forms, all response types gone through one by one, and rows with chance in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from named import IDENTIFIED
from oracles import Functions, Tables, Types, balke_pearl, ends_by_all_types, series, tian_pearl

from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.causal.bound_table import bound_table
from contrafact.causal.bounds import bounded, exact_bounds
from contrafact.causal.graph import Graph

BOW, INSTRUMENT, CHAIN = "X -> Y; X <-> Y", "Z -> X -> Y; X <-> Y", "X -> M -> Y"
EXACT = 1e-8


def random_law(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng([50, seed]).dirichlet(np.ones(int(np.prod(shape)))).reshape(shape)


def check(bounds, low, high):
    assert bounds.low == pytest.approx(low, abs=EXACT) and bounds.high == pytest.approx(high, abs=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_the_bow_has_its_closed_forms(seed):
    p = random_law(seed, 2, 2)
    joint = series(p, "XY")
    check(exact_bounds(joint, BOW, "ATE(X, Y)"), -(p[0, 1] + p[1, 0]), p[0, 0] + p[1, 1])
    check(exact_bounds(joint, BOW, "P(Y=1 | do(X=1))"), p[1, 1], p[1, 1] + p[0].sum())
    mean = p[1, 1] / p[1].sum()
    check(exact_bounds(joint, BOW, "ATT(X, Y)"), mean - 1, mean)
    check(exact_bounds(joint, BOW, "PNS(X, Y)"), 0, p[1, 1] + p[0, 0])
    check(exact_bounds(joint, BOW, "PN(X, Y)"), 0, 1)
    assert exact_bounds(joint, BOW, "ATE(X, Y)").sharp


@pytest.mark.parametrize("seed", range(5))
def test_necessity_and_sufficiency_have_the_closed_forms_of_tian_and_pearl(seed):
    p = random_law(seed, 2, 2)
    joint, (one, zero) = series(p, "XY"), (p[1, 1] / p[1].sum(), p[0, 1] / p[0].sum())
    low, high = max(0.0, one - zero), min(one, 1 - zero)
    check(exact_bounds(joint, "X -> Y", "PNS(X, Y)"), low, high)
    check(exact_bounds(joint, "X -> Y", "PN(X, Y)"), low / one, high / one)
    check(exact_bounds(joint, "X -> Y", "PS(X, Y)"), low / (1 - zero), high / (1 - zero))


def test_an_experiment_beside_observations_narrows_necessity_as_tian_and_pearl_have_it():
    p = random_law(3, 2, 2)
    one, zero = p[1, 1] + 0.6 * p[0].sum(), p[0, 1] + 0.3 * p[1].sum()  # P(y | do(x)) that these data allow
    trial = series(np.array([[(1 - zero) / 2, zero / 2], [(1 - one) / 2, one / 2]]), "XY")
    found = exact_bounds(series(p, "XY"), BOW, "PNS(X, Y)", experiments={"X": trial})
    check(found, *tian_pearl(p, one, zero))


@pytest.mark.parametrize("seed", range(8))
def test_an_instrument_gives_the_bounds_of_balke_and_pearl(seed):
    model = Tables(Graph(INSTRUMENT), np.random.default_rng([51, seed]))
    law = model.law()
    found = exact_bounds(model.series(), INSTRUMENT, "ATE(X, Y)")
    check(found, *balke_pearl(law / law.sum(axis=(1, 2), keepdims=True)))
    truth = model.effect(["Y"], ["X"])
    assert found.low - EXACT <= truth[1, 1] - truth[0, 1] <= found.high + EXACT


def test_an_instrument_that_is_always_obeyed_settles_the_effect():
    law = np.zeros((2, 2, 2))
    law[0, 0], law[1, 1] = [0.2, 0.3], [0.4, 0.1]
    check(exact_bounds(series(law, "ZXY"), INSTRUMENT, "ATE(X, Y)"), 0.2 - 0.6, 0.2 - 0.6)


CASES = [
    (BOW, "P(Y_{X=1}=1, Y_{X=0}=0)", [("Y", 1, {"X": 1}), ("Y", 0, {"X": 0})], []),
    (BOW, "P(Y_{X=0}=1 | X=1, Y=1)", [("Y", 1, {"X": 0})], [("X", 1, {}), ("Y", 1, {})]),
    (INSTRUMENT, "P(Y=1 | do(X=0))", [("Y", 1, {"X": 0})], []),
    (INSTRUMENT, "P(Y_{X=1}=1, X_{Z=0}=0)", [("Y", 1, {"X": 1}), ("X", 0, {"Z": 0})], []),
    (INSTRUMENT, "P(Y_{X=1}=1 | Y_{X=0}=0)", [("Y", 1, {"X": 1})], [("Y", 0, {"X": 0})]),
    ("X -> Z; Z -> Y; X <-> Z; Z <-> Y; X <-> Y", "P(Y=1 | do(X=1), Z=0)", [("Y", 1, {"X": 1})], [("Z", 0, {"X": 1})]),
    ("X -> Z; Z -> Y; X <-> Z; Z <-> Y; X <-> Y", "P(Y_{Z_{X=0}}=1)", None, []),
    ("X -> Z -> Y; X <-> Z", "P(Y=1 | do(X=1))", [("Y", 1, {"X": 1})], []),
]


@pytest.mark.parametrize(("text", "query", "tops", "conditions"), CASES)
def test_bounds_are_those_of_going_through_all_response_types(text, query, tops, conditions):
    graph = Graph(text)
    random = np.random.default_rng([52, len(query)])
    types, model = Types(graph), Tables(graph, random)
    law = model.law().transpose([model.nodes.index(node) for node in graph.nodes])
    free = max(range(len(types.parts)), key=lambda place: types.parts[place][1])
    others = np.ones(len(types.worlds.weights))
    for place, (index, size) in enumerate(types.parts):
        if place != free:
            others *= alone(graph, types, place, law)[index] if size > 1 else 1.0
    held = [
        np.logical_and.reduce([types.worlds.world(do)[n] == v for n, v, do in part] or [np.ones(len(others), bool)])
        for part in ((tops or []) + conditions, conditions)
    ]
    if tops is None:  # nested: Z is what it would have been under X = 0
        inner = types.worlds.world({"X": 0})["Z"]
        held[0] = types.worlds.world({"Z": inner})["Y"] == 1
    ends = ends_by_all_types(types, law, free, others, held[0] * 1.0, held[1] * 1.0 if conditions else None)
    found = exact_bounds(model.series(), graph, query)
    assert found.low == pytest.approx(ends[0], abs=1e-6) and found.high == pytest.approx(ends[1], abs=1e-6)


def alone(graph: Graph, types: Types, place: int, law: np.ndarray) -> np.ndarray:
    """Give a distribution over the types of a district of one node that has the observed conditional."""
    (node,) = graph.districts[place]
    parents = graph.sorted(graph.parents(node))
    size = types.parts[place][1]
    both = law.sum(axis=tuple(a for a, n in enumerate(graph.nodes) if n not in (*parents, node)))
    kept = [n for n in graph.nodes if n in (*parents, node)]
    table = both.transpose([kept.index(n) for n in (*parents, node)])
    table = (table / table.sum(axis=-1, keepdims=True)).reshape(-1, 2)
    rules = types.worlds.rules[node].reshape(-1, size)
    return np.prod([table[case][rules[case]] for case in range(len(table))], axis=0)


@pytest.mark.parametrize("name", ["back door", "front door", "napkin", "M", "Tian 2002"])
def test_what_is_identified_is_a_point_with_its_formula_and_without_it(name, monkeypatch):
    text, x, y = IDENTIFIED[name]
    model = Tables(Graph(text), np.random.default_rng(7))
    effect = model.effect([y], [x])
    truth = effect[1, 1] - effect[0, 1]
    check(exact_bounds(model.series(), text, f"ATE({x}, {y})"), truth, truth)
    monkeypatch.setattr("contrafact.causal.bounded_question._settled", lambda *_: None)
    check(exact_bounds(model.series(), text, f"ATE({x}, {y})"), truth, truth)


@pytest.mark.parametrize("seed", range(4))
def test_two_unknown_districts_are_searched_and_the_corners_confirm_it(seed):
    model = Tables(Graph(CHAIN), np.random.default_rng([53, seed]))
    m, y = model.effect(["M"], ["X"])[:, 1], model.effect(["Y"], ["M"])[:, 1]

    def couplings(one: float, other: float) -> list[np.ndarray]:
        """The two extreme joint laws of two coins."""
        both = [max(0.0, one + other - 1), min(one, other)]
        return [np.array([[1 - one - other + b, other - b], [one - b, b]]) for b in both]

    corners = []
    for a in couplings(*m):
        for b in couplings(*y):
            # Y_1 = 1 and Y_0 = 0 takes M_1 = 1, M_0 = 0, Y(1) = 1, Y(0) = 0, or the reverse
            corners.append(a[0, 1] * b[0, 1] + a[1, 0] * b[1, 0])
    check(exact_bounds(model.series(), CHAIN, "PNS(X, Y)"), min(corners), max(corners))


def test_more_levels_have_the_bounds_of_no_assumption():
    p = random_law(9, 3, 4)
    values = np.array([0.0, 1.0, 2.0, 5.0])
    seen = p @ values
    lost = 1 - p.sum(axis=1)
    joint = series(p, "XY", {"X": ["a", "b", "c"], "Y": values})
    found = exact_bounds(joint, BOW, "ATE(X: a -> c, Y)")
    check(found, seen[2] - seen[0] - 5 * lost[0], seen[2] + 5 * lost[2] - seen[0])


def test_a_monotone_effect_is_never_negative_and_a_monotone_instrument_narrows():
    model = Tables(Graph(INSTRUMENT), np.random.default_rng(11))
    plain = exact_bounds(model.series(), INSTRUMENT, "ATE(X, Y)")
    p = random_law(1, 2, 2)
    check(exact_bounds(series(p, "XY"), BOW, "ATE(X, Y)", monotone=["X -> Y"]), 0, p[0, 0] + p[1, 1])
    law = random_monotone(3)
    with_it = exact_bounds(law, INSTRUMENT, "ATE(X, Y)", monotone=["Z -> X"])
    without = exact_bounds(law, INSTRUMENT, "ATE(X, Y)")
    assert without.low <= with_it.low + EXACT and with_it.high <= without.high + EXACT
    assert plain.low < plain.high
    with pytest.raises(UsageError) as caught:
        exact_bounds(law, INSTRUMENT, "ATE(X, Y)", monotone=["Y -> X"])
    assert caught.value.code == "E545"


def random_monotone(seed: int) -> pd.Series:
    """The law of a model in which nobody does the opposite of what the instrument says."""
    graph = Graph(INSTRUMENT)
    model = Functions.draw(graph, np.random.default_rng(seed))
    table = model.rules["X"]
    model.rules["X"] = np.stack([table.min(axis=0), table.max(axis=0)])
    return model.series()


def test_a_descendant_that_tells_of_compliance_is_kept_and_one_that_does_not_is_left_out():
    from contrafact.causal.bounded_question import relevant
    from contrafact.causal.query import Query

    def kept(text: str, query: str) -> set[str]:
        graph = Graph(text)
        return set(relevant(graph, Query.read(query).terms(graph)).nodes)

    assert kept("X -> Y; X <-> Y; Y -> W; V", "ATE(X, Y)") == {"X", "Y"}
    assert kept("Z -> X -> Y; X <-> Y; X <-> W; W <-> Y", "ATE(X, Y)") == {"Z", "X", "Y", "W"}
    assert kept("X -> Y; X <-> Y; X <-> W; W <-> Y", "ATE(X, Y)") == {"X", "Y"}


def test_open_questions_have_a_table():
    p = random_law(2, 2, 2)
    table = bound_table(series(p, "XY"), BOW, "P(Y | do(X))")
    assert table.index.names == ["X", "Y"] and table.shape == (4, 2)
    assert table.loc[(1, 1), "low"] == pytest.approx(p[1, 1])
    with pytest.raises(UsageError) as caught:
        exact_bounds(series(p, "XY"), BOW, "P(Y | do(X))")
    assert caught.value.code == "E541"


def test_a_law_that_the_graph_forbids_is_named():
    law = np.zeros((2, 2, 2))  # Z moves Y while X stands still: no instrument does that
    law[0, 0, 0] = law[1, 0, 1] = 0.5
    with pytest.raises(DataError, match="No model of the graph") as caught:
        exact_bounds(series(law, "ZXY"), INSTRUMENT, "ATE(X, Y)")
    assert caught.value.code == "E542"


def test_units_that_never_occur_are_named():
    with pytest.raises(DataError) as caught:
        exact_bounds(series(np.array([[0.5, 0.5], [0.0, 0.0]]), "XY"), BOW, "ATT(X, Y)")
    assert caught.value.code == "E517"


def rows(model: Tables, n: int, seed: int) -> pd.DataFrame:
    law = model.series()
    drawn = np.random.default_rng([54, seed]).choice(len(law), n, p=law.to_numpy() / law.sum())
    return law.index.to_frame(index=False).iloc[drawn].reset_index(drop=True)


def test_rows_give_the_bounds_of_their_frequencies_and_ends_that_count_chance():
    model = Tables(Graph(BOW), np.random.default_rng(4))
    frame = rows(model, 400, 0)
    before = frame.copy(deep=True)
    effect = bounded(frame, BOW, "ATE(X, Y)", draws=30)
    p = pd.crosstab(frame["X"], frame["Y"], normalize="all").to_numpy()
    assert effect.low == pytest.approx(-(p[0, 1] + p[1, 0])) and effect.high == pytest.approx(p[0, 0] + p[1, 1])
    assert (effect.kind, effect.value, effect.rung, effect.n) == ("bounds", None, 2, 400)
    assert effect.strategy == "linear programme" and effect.assumptions
    assert effect.details["low_95"] < effect.low and effect.high < effect.details["high_95"]
    assert effect == bounded(frame, BOW, "ATE(X, Y)", seed=0, draws=30)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("text", [BOW, INSTRUMENT])
def test_the_outer_ends_hold_the_true_ones_about_as_often_as_they_say(text):
    model = Tables(Graph(text), np.random.default_rng(21))
    truth, held = exact_bounds(model.series(), text, "ATE(X, Y)"), 0
    for seed in range(8):
        found = bounded(rows(model, 500, seed), text, "ATE(X, Y)", seed=seed, draws=20).details
        held += found["low_95"] <= truth.low and truth.high <= found["high_95"]
    assert held >= 6


def test_an_outcome_of_many_numbers_has_the_bounds_of_manski():
    random = np.random.default_rng(5)
    x = random.integers(0, 2, 300)
    y = np.round(random.normal(3 + x, 1), 3)
    effect = bounded(pd.DataFrame({"X": x, "Y": y}), BOW, "ATE(X, Y)", draws=5)
    treated, a, b = x.mean(), y.min(), y.max()
    one, zero = y[x == 1].mean() * treated, y[x == 0].mean() * (1 - treated)
    assert effect.low == pytest.approx(one + a * (1 - treated) - zero - b * treated)
    assert effect.high == pytest.approx(one + b * (1 - treated) - zero - a * treated)
    assert any("lie between" in note for note in effect.notes)


def test_numbers_that_are_cut_are_said_and_holes_too():
    random = np.random.default_rng(6)
    z = random.normal(size=500)
    x = (z + random.normal(size=500) > 0) * 1
    frame = pd.DataFrame({"年龄": z, "药": x, "好了": np.where(x + random.normal(size=500) > 0.5, "是", "否")})
    frame.loc[:9, "年龄"] = np.nan
    effect = bounded(frame, "年龄 -> 药 -> 好了; 药 <-> 好了; 年龄 -> 好了", "P(好了=是 | do(药=1))", draws=5)
    assert effect.n == 490 and 0 < effect.low < effect.high < 1
    assert any("10 of 500 rows have holes" in note for note in effect.notes)
    assert any("年龄 was cut into 4 parts" in note for note in effect.notes)


def test_an_amount_is_compared_between_parts_and_never_within_one():
    random = np.random.default_rng(7)
    hidden = random.normal(size=400)
    heat = 200 + 3 * hidden + random.normal(size=400)
    frame = pd.DataFrame({"heat": heat, "warp": 0.1 * heat - hidden + random.normal(size=400)})
    effect = bounded(frame, "heat -> warp; heat <-> warp", "ATE(heat, warp)", draws=5)
    assert effect.low < 0.5 < effect.high and effect.query.startswith("ATE(heat: 19")  # the truth is .1 a degree
    with pytest.raises(UsageError, match="same of 4 parts"):
        bounded(frame, "heat -> warp; heat <-> warp", "ATE(heat: 190 -> 191, warp)", draws=5)


def test_data_that_break_the_instrumental_inequality_are_mended_and_tested():
    random = np.random.default_rng(8)
    z, x = random.integers(0, 2, 400), np.zeros(400, dtype=int)
    x[:40] = 1
    frame = pd.DataFrame({"Z": z, "X": x, "Y": z})  # Z acts on Y directly
    effect = bounded(frame, INSTRUMENT, "ATE(X, Y)", draws=5)
    assert effect.low <= effect.high and effect.details["misfit_p"] <= 0.02
    assert any("contradict the graph" in note for note in effect.notes)


def test_chance_that_breaks_the_inequality_by_a_hair_is_called_chance():
    law = np.zeros((2, 2, 2))  # exactly at the edge: P(x=0, y=0 | z=0) + P(x=0, y=1 | z=1) = 1
    law[0, 0] = [0.25, 0.1]
    law[1, 0] = [0.05, 0.25]
    law[0, 1], law[1, 1] = [0.05, 0.1], [0.1, 0.1]
    frame = series(law / law.sum(), "ZXY")
    found = []
    for seed in range(3):
        drawn = np.random.default_rng([55, seed]).choice(8, 200, p=frame.to_numpy())
        table = frame.index.to_frame(index=False).iloc[drawn]
        details = bounded(table, INSTRUMENT, "ATE(X, Y)", draws=2).details
        found.append(details.get("misfit_p", 1.0))
    assert sum(p < 0.05 for p in found) <= 1


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame({"X": [0, 1]}), "E518"),
        (pd.DataFrame({"X": [None, None], "Y": [0, 1]}), "E544"),
        (pd.DataFrame({"X": [0, 0, 0], "Y": [0, 1, 1]}), "E514"),
        (pd.DataFrame({"X": [0, 1, 1], "Y": [0.0, 1.0, np.inf]}), "E204"),
        (pd.DataFrame({"X": [f"v{i}" for i in range(30)], "Y": [0, 1] * 15}), "E543"),
    ],
    ids=["no column", "all missing", "constant treatment", "infinite", "many words"],
)
def test_frames_that_say_nothing_are_named(frame, code):
    frame = frame if code != "E204" else pd.concat([frame] * 1)
    if code == "E204":
        frame = pd.DataFrame({"X": [0, 1] * 6, "Y": [*range(11), np.inf]})
    with pytest.raises(ContrafactError) as caught:
        bounded(frame, BOW, "ATE(X, Y)", draws=2)
    assert caught.value.code == code


def test_one_row_leaves_everything_possible_that_it_does_not_show():
    effect = bounded(pd.DataFrame({"X": [0, 1], "Y": [0, 1]}), BOW, "ATE(X, Y)", draws=2)
    assert (effect.low, effect.high) == (0.0, 1.0)
    with pytest.raises(DataError):
        bounded(pd.DataFrame({"X": [1], "Y": [1]}), BOW, "ATE(X, Y)", draws=2)


def test_columns_that_would_make_too_many_types_are_not_looked_at_and_the_ends_stay_valid():
    random = np.random.default_rng(12)
    names = [f"Z{number}" for number in range(11)]
    frame = pd.DataFrame(random.integers(0, 2, (300, 13)), columns=[*names, "X", "Y"])
    graph = "; ".join([*(f"{name} -> X; {name} -> Y" for name in names), BOW])
    found = bounded(frame, graph, "ATE(X, Y)", draws=1)
    p = pd.crosstab(frame["X"], frame["Y"], normalize="all").to_numpy()
    assert any("Not looked at" in note for note in found.notes)
    assert found.low == pytest.approx(-(p[0, 1] + p[1, 0]), abs=0.2) and found.low <= 0 <= found.high
    plain = bounded(frame[["X", "Y"]], BOW, "ATE(X, Y)", draws=1)
    assert plain.low == pytest.approx(-(p[0, 1] + p[1, 0]))
