"""Response types fitted to rows: do and counterfactuals against what is known, levels and holes by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import rel_entr

import contrafact
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.ask import identify
from contrafact.causal.identify.evaluate import Joint
from contrafact.causal.response_fit import cliques, fitted
from contrafact.zoo import Discrete

GRAPHS = {
    "back door": "Z -> X; Z -> Y; X -> Y",
    "front door": "X -> M -> Y; X <-> Y",
    "napkin": "W -> Z -> X -> Y; W <-> X; W <-> Y",
    "M": "X -> Y; Z <-> X; Z <-> Y",
    "bow": "X -> Y; X <-> Y",
}


def drawn(graph: Graph, n: int, seed: int) -> tuple[pd.DataFrame, float]:
    """Draw rows of a random model, each hidden cause a coin, and the true effect of X on Y."""
    random = np.random.default_rng([70, seed])
    tables = {node: random.uniform(0.1, 0.9, [2] * 8) for node in graph.nodes}

    def world(count: int, do: dict[str, int], stream: np.random.Generator) -> pd.DataFrame:
        hidden = {frozenset(pair): stream.integers(0, 2, count) for pair in graph.bidirected}
        values: dict[str, np.ndarray] = {}
        for node in graph.order:
            causes = [values[p] for p in graph.sorted(graph.parents(node))]
            causes += [u for pair, u in hidden.items() if node in pair]
            index = (*causes, *[np.zeros(count, dtype=int)] * (8 - len(causes)))
            values[node] = np.full(count, do[node]) if node in do else (stream.random(count) < tables[node][index]) * 1
        return pd.DataFrame({node: values[node] for node in graph.nodes})

    big = [world(200_000, {"X": x}, np.random.default_rng([71, seed]))["Y"].mean() for x in (1, 0)]
    return world(n, {}, random), big[0] - big[1]


@pytest.mark.parametrize("name", ["back door", "front door", "napkin", "M"])
def test_setting_a_node_has_the_true_effect_within_sampling_error(name):
    graph = Graph(GRAPHS[name])
    frame, truth = drawn(graph, 6000, 1)
    model = Discrete(graph=GRAPHS[name]).fit(frame, seed=0)
    means = [model.do(X=x).joint.margin(["Y"])[1] for x in (1, 0)]
    plain = identify(graph, "ATE(X, Y)").evaluate(frame.value_counts(normalize=True))
    assert abs(means[0] - means[1] - truth) < 0.06
    assert abs(means[0] - means[1] - plain) < 0.02
    effect = model.effect("ATE(X, Y)")
    assert (
        effect.kind == "point" and effect.low <= truth <= effect.high and effect.value == pytest.approx(plain, abs=0.02)
    )


@pytest.mark.parametrize("name", ["front door", "bow"])
def test_types_fitted_to_a_known_law_have_that_law(name):
    graph = Graph(GRAPHS[name])
    frame, _ = drawn(graph, 500, 2)
    shape = [2] * len(graph)
    values = np.zeros(shape)
    np.add.at(values, tuple(frame[n].to_numpy() for n in graph.nodes), 1 / 500)
    joint = Joint(graph.nodes, {n: [0, 1] for n in graph.nodes}, values)
    if name == "front door":  # what the graph says of the law: Y does not depend on X's chance given M and X
        joint = fitted(joint, graph, rows=500, seed=0).joint(joint.levels)
    again = fitted(joint, graph, rows=500, seed=0).joint(joint.levels)
    assert rel_entr(joint.values, again.values).sum() < 1e-6


def test_what_would_have_been_is_told_as_the_types_have_it():
    frame, _ = drawn(Graph(GRAPHS["bow"]), 3000, 3)
    model = Discrete(graph=GRAPHS["bow"]).fit(frame)
    group = model.types.groups[0][0]  # X, Y under 0, Y under 1
    rows = pd.DataFrame({"X": [1] * 4000, "Y": [1] * 4000})
    other = model.counterfactual(rows, do={"X": 0}, seed=0)
    assert (other["X"] == 0).all() and other.dtypes.tolist() == frame.dtypes.tolist()
    answers = dict(zip([r[0] + str(r[1]) for r in group.responses], group.answers, strict=True))
    fits = (answers["X()"] == 1) & (answers["Y(1,)"] == 1)
    expected = group.shares[fits & (answers["Y(0,)"] == 1)].sum() / group.shares[fits].sum()
    assert other["Y"].mean() == pytest.approx(expected, abs=0.03)


def test_the_world_that_a_row_is_in_is_left_as_it_is():
    frame, _ = drawn(Graph(GRAPHS["napkin"]), 800, 4)
    model = Discrete(graph=GRAPHS["napkin"]).fit(frame)
    part = frame.head(50)
    for x in (0, 1):
        other = model.counterfactual(part, do={"X": x}, seed=1)
        same = part["X"] == x
        pd.testing.assert_frame_equal(other[same], part[same])
        pd.testing.assert_frame_equal(other[["W", "Z"]], part[["W", "Z"]])
    assert len(model.counterfactual(part, do={"X": 0}, draws=3, seed=1)) == 3


def test_answers_without_a_hidden_cause_go_by_rank():
    frame = pd.DataFrame({"X": [0] * 100 + [1] * 100, "Y": [0] * 70 + [1] * 30 + [0] * 40 + [1] * 60})
    model = Discrete(graph="X -> Y").fit(frame)
    well = pd.DataFrame({"X": [0] * 500, "Y": [1] * 500})
    assert (model.counterfactual(well, do={"X": 1}, seed=0)["Y"] == 1).all()
    ill = pd.DataFrame({"X": [0] * 2000, "Y": [0] * 2000})
    assert model.counterfactual(ill, do={"X": 1}, seed=0)["Y"].mean() == pytest.approx(0.3 / 0.7, abs=0.04)
    effect = model.effect("PNS(X, Y)")
    assert effect.kind == "bounds" and (effect.low, effect.high) == pytest.approx((0.3, 0.6))


def test_probabilities_of_rows_are_those_of_the_law_and_unknown_cells_are_summed_over():
    frame, _ = drawn(Graph(GRAPHS["back door"]), 500, 5)
    model = Discrete(graph=GRAPHS["back door"]).fit(frame)
    shares = frame.value_counts(normalize=True)
    rows = shares.index.to_frame(index=False)
    np.testing.assert_allclose(np.exp(model.log_prob(rows)), shares.to_numpy(), rtol=1e-9)
    holed = rows.astype(float).assign(Y=np.nan).drop_duplicates()
    assert np.exp(model.log_prob(holed)).sum() == pytest.approx(1.0)


def test_rows_are_drawn_under_conditions():
    frame, _ = drawn(Graph(GRAPHS["back door"]), 2000, 6)
    model = Discrete(graph=GRAPHS["back door"]).fit(frame)
    made = model.sample(4000, given={"Y": 1}, seed=0)
    assert (made["Y"] == 1).all()
    assert made["Z"].mean() == pytest.approx(frame.loc[frame["Y"] == 1, "Z"].mean(), abs=0.03)
    made = model.do(X=1).sample(4000, seed=0)
    assert (made["X"] == 1).all() and made["Z"].mean() == pytest.approx(frame["Z"].mean(), abs=0.03)


def test_numbers_and_words_of_any_script_come_back_and_a_saved_world_too(tmp_path):
    random = np.random.default_rng(7)
    age = random.normal(50, 10, 400).round(1)
    drug = np.where(random.random(400) < 0.5, "甲", "乙")
    frame = pd.DataFrame({"年龄": age, "药": drug, "分": age + 5 * (drug == "甲") + random.normal(size=400), "same": 3})
    model = Discrete(graph="年龄 -> 药; 年龄 -> 分; 药 -> 分; 药 <-> 分; same").fit(frame)
    assert any("年龄 was cut into 4 parts" in note for note in model.notes)
    made = model.do(药="甲").sample(300, seed=0)
    assert made.columns.tolist() == frame.columns.tolist() and (made["药"] == "甲").all() and (made["same"] == 3).all()
    assert made["年龄"].between(age.min(), age.max()).all() and made["年龄"].nunique() > 50
    model.do(药="甲").save(tmp_path / "m")
    pd.testing.assert_frame_equal(contrafact.load(tmp_path / "m").sample(300, seed=0), made)
    exact = model.do(年龄=52.5).sample(5, seed=0)
    assert (exact["年龄"] == 52.5).all()


def test_holes_and_unseen_combinations_are_said():
    frame = pd.DataFrame({"X": [0, 1, None, 0], "Z": [0, 0, 0, 1], "Y": [0, 1, 1, 1]})
    model = Discrete(graph="X -> Y; Z -> Y").fit(frame)
    assert any("1 rows have holes" in note for note in model.notes)
    assert any("never met" in note for note in model.notes)
    with pytest.raises(ContrafactError) as caught:
        model.counterfactual(frame, do={"X": 0})
    assert caught.value.code == "E547"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda m: m.do(X=7), "E547"),
        (lambda m: m.do(W=0), "E505"),
        (lambda m: m.effect("P(Y | do(X))"), "E541"),
        (lambda m: m.effect("ATE(Q, Y)"), "E507"),
        (lambda m: m.do(X=1).effect("ATE(X, Y)"), "E541"),
        (lambda m: m.counterfactual(pd.DataFrame({"X": [9], "Y": [0]}), do={"X": 0}), "E547"),
        (lambda m: m.sample(3, given={"X": 5}), "E114"),
    ],
)
def test_what_the_model_does_not_know_is_named(ask, code):
    model = Discrete(graph=GRAPHS["bow"]).fit(drawn(Graph(GRAPHS["bow"]), 60, 8)[0])
    with pytest.raises(ContrafactError) as caught:
        ask(model)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("graph", "frame", "code"),
    [
        (None, pd.DataFrame({"X": [0, 1]}), "E548"),
        ("X -> Y", pd.DataFrame({"X": [0, 1]}), "E518"),
        ("X -> Y", pd.DataFrame({"X": [None, 1.0], "Y": [1.0, None]}), "E544"),
        ("X -> Y", pd.DataFrame({"X": [f"v{i}" for i in range(60)], "Y": [0, 1] * 30}), "E543"),
        ("X -> Y", pd.DataFrame({"X": [], "Y": []}), "E201"),
    ],
)
def test_what_cannot_be_fitted_is_named(graph, frame, code):
    with pytest.raises(ContrafactError) as caught:
        Discrete(graph=graph).fit(frame)
    assert caught.value.code == code


def test_one_row_and_constant_columns_are_fitted():
    model = Discrete(graph="X -> Y; X <-> Y").fit(pd.DataFrame({"X": [1], "Y": ["a"]}))
    assert model.sample(3, seed=0).to_numpy().tolist() == [[1, "a"]] * 3
    with pytest.raises(UsageError):
        model.do(X=0)


def test_too_many_types_are_refused_before_they_are_made():
    random = np.random.default_rng(9)
    frame = pd.DataFrame(random.integers(0, 4, (200, 5)), columns=list("ABCXY"))
    with pytest.raises(UsageError) as caught:
        Discrete(graph="A -> Y; B -> Y; C -> Y; X -> Y; X <-> Y").fit(frame)
    assert caught.value.code == "E540"


def test_the_largest_sets_that_share_hidden_causes_are_found():
    graph = Graph("X <-> Y; Y <-> Z; X <-> Z; Z <-> W; V")
    found = [set(part) for district in graph.districts for part in cliques(graph, district)]
    assert sorted(map(sorted, found)) == [["V"], ["W", "Z"], ["X", "Y", "Z"]]


def test_smoothing_calls_nothing_impossible():
    frame = pd.DataFrame({"X": [0, 1], "Y": [0, 1]})
    model = Discrete(graph="X -> Y", smoothing=1.0).fit(frame)
    assert np.isfinite(model.log_prob(pd.DataFrame({"X": [0], "Y": [1]}))).all()
