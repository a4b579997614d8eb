"""Every formula equals the truth of random models, and every verdict that of an independent decision."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from named import IDENTIFIED, REFUSED
from oracles import Tables, distance, query_text, random_graph, random_question, reachable, series, two_models

import contrafact
from contrafact.base.errors import DataError, NotIdentifiable, UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.ask import identify
from contrafact.causal.identify.evaluate import Sources, _minus, evaluate, joint_of
from contrafact.causal.identify.expression import Probability, Symbol, leaves
from contrafact.causal.identify.rules import Step, rule_1, rule_2, rule_3

EXACT = 1e-10
NAPKIN = "W -> Z -> X -> Y; W <-> X; W <-> Y"


def worst(
    graph: Graph, of: list[str], do: list[str], given: list[str], seed: int, models: int = 2, regimes=()
) -> float:
    """Give the largest difference between an answer and the truth over random models."""
    answer = identify(graph, query_text(of, do, given), regimes)
    apart = 0.0
    for number in range(models):
        levels = {node: 2 + (number == 1 and place == 0) for place, node in enumerate(graph.nodes)}
        model = Tables(graph, np.random.default_rng([seed, number]), levels=levels)
        found = answer.evaluate(model.series(), {tuple(r): model.series(r) for r in regimes})
        assert list(found.index.names) == [*do, *given, *of]
        apart = max(apart, distance(found, model.effect(of, do, given)))
    return apart


@pytest.mark.parametrize("name", IDENTIFIED)
def test_a_named_graph_is_identified_and_its_formula_is_exact(name):
    text, do, outcome = IDENTIFIED[name]
    assert worst(Graph(text), [outcome], do.split(","), [], seed=1, models=3) < EXACT


@pytest.mark.parametrize("name", REFUSED)
def test_a_named_graph_is_refused_and_two_models_prove_it(name):
    text, do, outcome = REFUSED[name]
    graph = Graph(text)
    answer = identify(graph, f"P({outcome} | do({do}))")
    assert not answer and answer.strategy == "none" and answer.expression == answer.latex() == ""
    assert answer.hedge and do in answer.hedge.treatments and do not in answer.hedge.smaller
    assert set(answer.hedge.smaller) < set(answer.hedge.larger) and f"{do} and" in answer.why
    same, different, least = two_models(graph, outcome, [do], seed=3)
    assert same < 1e-9 and different > 1e-3 and least > 0


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_are_judged_as_by_fixing_and_their_formulas_are_exact(seed):
    random = np.random.default_rng([7, seed])
    graph = random_graph(random, int(random.integers(4, 8)))
    of, do, _ = random_question(random, graph)
    answer = identify(graph, query_text(of, do))
    assert answer.identifiable == reachable(graph, set(of), set(do)), (str(graph), of, do)
    if answer:
        assert worst(graph, of, do, [], seed) < EXACT, (str(graph), of, do, answer.expression)
    else:
        assert answer.hedge and set(answer.hedge.treatments) <= set(answer.hedge.larger)


@pytest.mark.parametrize("seed", range(40))
def test_conditional_effects_of_random_graphs_are_exact(seed):
    random = np.random.default_rng([8, seed])
    graph = random_graph(random, int(random.integers(4, 7)), hidden=0.2)
    of, do, given = random_question(random, graph, conditions=int(random.integers(1, 3)))
    answer = identify(graph, query_text(of, do, given))
    if answer:
        assert worst(graph, of, do, given, seed) < EXACT, (str(graph), of, do, given, answer.expression)
    else:  # then the joint effect cannot be had either
        assert not reachable(graph, {*of, *given}, set(do))


@pytest.mark.parametrize("seed", range(40))
def test_experiments_help_exactly_where_they_can(seed):
    random = np.random.default_rng([9, seed])
    graph = random_graph(random, int(random.integers(3, 6)), hidden=0.5)
    of, do, _ = random_question(random, graph)
    regimes = [{str(n) for n in random.permutation(list(graph.nodes))[: random.integers(1, 3)]} for _ in range(2)]
    answer = identify(graph, query_text(of, do), regimes)
    assert answer.identifiable == reachable(graph, set(of), set(do), [set(), *regimes])
    if answer:
        assert worst(graph, of, do, [], seed, regimes=[tuple(sorted(r)) for r in regimes]) < EXACT
    alone = identify(graph, query_text(of, do), regimes, observed=False)
    assert alone.identifiable == reachable(graph, set(of), set(do), regimes)


class Worlds(dict):
    """The law of every world in which some nodes are set, made when it is asked for."""

    def __init__(self, model: Tables) -> None:
        super().__init__()
        self.model = model
        self[frozenset()] = joint_of(model.series(), model.nodes)

    def __contains__(self, regime: object) -> bool:
        return True

    def __missing__(self, regime: frozenset[str]) -> object:
        self[regime] = joint_of(self.model.series(regime), self.model.nodes)
        return self[regime]


@pytest.mark.parametrize("seed", range(30))
def test_every_step_of_every_derivation_is_true_and_rests_on_a_separation_that_holds(seed):
    random = np.random.default_rng([10, seed])
    graph = random_graph(random, int(random.integers(4, 7)), hidden=0.25)
    of, do, given = random_question(random, graph, conditions=seed % 2)
    experiments = [{str(random.choice(list(graph.nodes)))}] if seed % 3 == 0 else []
    answer = identify(graph, query_text(of, do, given), experiments)
    sources = Sources(joints=Worlds(Tables(graph, random)))
    for step in answer.derivation:
        assert not step.ones or step.holds(graph), step
        gap = _minus(evaluate(step.before, sources), evaluate(step.after, sources)).values
        assert np.abs(gap).max() < EXACT, (str(graph), str(step))


@pytest.mark.parametrize("seed", range(60))
def test_a_derivation_leaves_nothing_that_is_set_without_a_step_that_turns_it(seed):
    """What stands on the right of a step and speaks of another world stands on the left of a later one."""
    random = np.random.default_rng([11, seed])
    graph = random_graph(random, int(random.integers(4, 7)), hidden=0.25)
    of, do, given = random_question(random, graph, conditions=seed % 2)
    answer = identify(graph, query_text(of, do, given))
    steps = [step for step in answer.derivation if step.rule != "put together"]
    turned = {str(leaf) for step in steps for leaf in leaves(step.before)}
    left = {str(leaf) for step in steps for leaf in leaves(step.after) if getattr(leaf, "do", ())}
    assert left <= turned, (str(graph), query_text(of, do, given), sorted(left - turned), [str(s) for s in steps])


def test_the_front_door_is_derived_in_seven_steps_by_rules_two_and_three():
    steps = identify("X -> M -> Y; X <-> Y", "P(Y | do(X))").derivation
    assert [step.rule for step in steps] == [
        "sum",
        "rule 2",
        "rule 2",
        "rule 3",
        "sum",
        "rule 2",
        "rule 3",
        "put together",
    ]
    assert str(steps[3]) == (
        "P(Y | do(X, M)) = P(Y | do(M))   [rule 3: Y ⟂ X | M in the graph without arrows into X, M]"
    )


def test_a_rule_that_does_not_hold_is_refused_with_the_open_path():
    graph, y, x, z = Graph("Z -> X; Z -> Y; X -> Y"), Symbol("Y"), Symbol("X"), Symbol("Z")
    world = Probability((y,), (), (x,), frozenset("X"))
    for rule in (rule_2, rule_3):
        with pytest.raises(UsageError, match="is open") as caught:
            rule(graph, world, "X")
        assert caught.value.code == "E512"
    with pytest.raises(UsageError, match="Y <- Z is open"):
        rule_1(graph, Probability((y,), (z,), (x,), frozenset("X")), "Z")
    step = rule_2(graph, Probability((y,), (z,), (x,), frozenset("X")), "X")
    assert isinstance(step, Step) and str(step.after) == "P(Y | X, Z)"


def test_the_napkin_is_a_ratio_and_not_the_conditional_that_a_known_mistake_gives():
    answer = identify(NAPKIN, "P(Y | do(X))")
    model = Tables(Graph(NAPKIN), np.random.default_rng(3))
    joint = model.law()  # W, Z, X, Y
    ratio = np.einsum("w,wxy->xy", joint.sum((1, 2, 3)), (joint / joint.sum((2, 3), keepdims=True))[:, 0])
    naive = joint.sum((0, 1)) / joint.sum((0, 1, 3))[:, None]
    found = answer.evaluate(model.series())
    assert distance(found, ratio / ratio.sum(1, keepdims=True)) < EXACT < distance(found, naive)
    assert "for any value of Z" in answer.expression and "\\frac" in answer.latex()


@pytest.mark.parametrize(
    ("graph", "query", "strategy", "expression"),
    [
        ("Z -> X; Z -> Y; X -> Y", "P(Y | do(X))", "adjustment", "Σ_Z P(Y | X, Z) P(Z)"),
        ("X -> Y", "P(Y | do(X=1))", "adjustment", "P(Y | X=1)"),
        ("X -> M -> Y; X <-> Y", "P(Y | do(X))", "front door", "Σ_M P(M | X) [Σ_X' P(Y | M, X') P(X')]"),
        ("X -> M -> Y; X <-> Y", "P(X | do(Y))", "no effect", "P(X)"),
        ("X -> Y; X <-> Y", "P(Y, X)", "observation", "P(X, Y)"),
        ("X -> Y; Z -> {X Y}", "P(Y | do(X), Z)", "idc", "P(Y | Z, X)"),
        ("X -> Y; Z -> {X Y}", "ATE(X, Y)", "adjustment", "[Σ_Z E[Y | X=1, Z] P(Z)] - [Σ_Z E[Y | X=0, Z] P(Z)]"),
        ("X <-> Y", "ATE(X, Y)", "no effect", "0"),
    ],
)
def test_the_simplest_strategy_is_named_and_its_formula_written(graph, query, strategy, expression):
    answer = identify(graph, query)
    assert (answer.strategy, answer.expression) == (strategy, expression) and answer.why and answer.verdict


def test_an_experiment_is_read_where_observations_do_not_suffice():
    answer = identify("X -> Y; X <-> Y", "P(Y | do(X))", [{"X"}])
    assert (answer.strategy, answer.expression) == ("experiments", "P(Y | do(X))")
    model = Tables(Graph("X -> Y; X <-> Y"), np.random.default_rng(0))
    truth = model.effect(["Y"], ["X"])
    assert distance(answer.evaluate(model.series(), {"X": model.series("X")}), truth) < EXACT
    assert distance(answer.evaluate(experiments={("X",): model.series("X")}), truth) < EXACT
    with pytest.raises(DataError, match="experiment on X is needed"):
        answer.evaluate(model.series())
    assert not identify("X -> Y; X <-> Y", "P(Y | do(X))", [{"Y"}])
    with pytest.raises(UsageError, match="no data"):
        identify("X -> Y", "P(Y | do(X))", observed=False)


def test_a_refusal_says_why_and_what_would_settle_it_and_gives_no_number():
    answer = identify("I -> X -> Y; X <-> Y", "ATE(X, Y)")
    assert "share a hidden cause along X <-> Y" in answer.why
    assert (
        answer.remedies[0] == "a trial that sets X at random"
        and "measuring what causes both X and Y" in answer.remedies
    )
    assert any("I is an instrument" in told for told in answer.remedies)
    with pytest.raises(NotIdentifiable, match="cannot be identified") as caught:
        answer.evaluate(Tables(answer.graph, np.random.default_rng(0)).series())
    assert caught.value.code == "E510" and caught.value.exit_status == 3


def test_hidden_nodes_are_never_part_of_a_formula():
    answer = identify(Graph("U -> X; U -> Y; X -> Y", latent="U"), "P(Y | do(X))")
    assert not answer and answer.graph == Graph("X -> Y; X <-> Y")
    mediated = identify("U [latent]; X -> U -> M -> Y; X <-> Y", "P(Y | do(X))")
    assert mediated.strategy == "front door" and "U" not in mediated.expression


def test_what_is_hidden_can_be_neither_set_nor_asked_about():
    for query, experiments in (("P(Y | do(X))", [{"U"}]), ("P(Y | do(U))", []), ("P(Y | U)", [])):
        with pytest.raises(UsageError, match="hidden") as caught:
            identify("U [latent]; U -> X; U -> Y", query, experiments)
        assert caught.value.code == "E508"


def test_names_may_be_any_text():
    graph = Graph('"blood pressure" -> 中风; 年龄 -> "blood pressure"; 年龄 -> 中风')
    answer = identify(graph, 'P(中风 | do("blood pressure"))')
    assert answer.expression == 'Σ_年龄 P(中风 | "blood pressure", 年龄) P(年龄)'
    model = Tables(graph, np.random.default_rng(0))
    assert distance(answer.evaluate(model.series()), model.effect(["中风"], ["blood pressure"])) < EXACT


def test_effects_are_differences_of_means_over_the_levels_that_are_named():
    graph = Graph("Z -> X; Z -> Y; X -> Y")
    model = Tables(graph, np.random.default_rng(4), levels={"X": 3, "Y": 3})
    joint = series(model.law(), model.nodes, {"Z": [0, 1], "X": ["low", "mid", "high"], "Y": [0, 2, 10]})
    means = model.effect(["Y"], ["X"]) @ np.array([0, 2, 10])
    found = identify(graph, "ATE(X: low -> high, Y)").evaluate(joint)
    assert isinstance(found, float) and abs(found - (means[2] - means[0])) < EXACT
    given = identify(graph, "ATE(X: low -> mid, Y | Z)").evaluate(joint)
    strata = model.effect(["Y"], ["X"], ["Z"]) @ np.array([0, 2, 10])
    assert list(given.index.names) == ["Z"] and distance(given, strata[1] - strata[0]) < EXACT
    one = identify(graph, "P(Y=10 | do(X=high))").evaluate(joint)
    assert abs(one - model.effect(["Y"], ["X"])[2, 2]) < EXACT
    with pytest.raises(DataError, match="never has the value 1") as caught:
        identify(graph, "ATE(X, Y)").evaluate(joint)
    assert caught.value.code == "E514"
    words = series(model.law(), model.nodes, {"Z": [0, 1], "X": [0, 1, 2], "Y": ["a", "b", "c"]})
    with pytest.raises(DataError, match="no mean"):
        identify(graph, "ATE(X, Y)").evaluate(words)


def test_two_levels_of_any_name_stand_for_one_and_zero_unless_somebody_wrote_them():
    graph = Graph("X -> Y")
    model = Tables(graph, np.random.default_rng(1))
    joint = series(model.law(), model.nodes, {"X": ["no", "yes"], "Y": [0, 1]})
    means = model.effect(["Y"], ["X"])[:, 1]
    assert abs(identify(graph, "ATE(X, Y)").evaluate(joint) - (means[1] - means[0])) < EXACT
    with pytest.raises(DataError):
        identify(graph, "P(Y | do(X=1))").evaluate(joint)


def test_a_joint_in_any_order_is_read_and_a_wrong_one_refused():
    graph = Graph("Z -> X; Z -> Y; X -> Y")
    model = Tables(graph, np.random.default_rng(5))
    joint, answer = model.series(), identify(graph, "P(Y | do(X))")
    shuffled = joint.reorder_levels(["Y", "Z", "X"]).sample(frac=1, random_state=0)
    pd.testing.assert_series_equal(answer.evaluate(joint), answer.evaluate(shuffled))
    wrong = {
        "no variable": joint.groupby(["X", "Y"]).sum(),
        "has not": joint.rename_axis(["Z", "X", "Q"]),
        "probabilities": joint * 2,
    }
    wrong["no variable 'Y'"] = wrong.pop("has not")
    for says, table in wrong.items():
        with pytest.raises(DataError, match=says) as caught:
            answer.evaluate(table)
        assert caught.value.code == "E513"


def test_cases_that_never_occur_have_no_answer_and_those_without_weight_do_no_harm():
    graph = Graph("Z -> X; Z -> Y; X -> Y")
    law = Tables(graph, np.random.default_rng(6)).law()
    law[0] = 0  # one stratum never occurs: no harm
    answer = identify(graph, "P(Y | do(X))")
    found = answer.evaluate(series(law / law.sum(), graph.order))
    assert np.isfinite(found).all() and distance(found, law[1] / law[1].sum(1, keepdims=True)) < EXACT
    law = Tables(graph, np.random.default_rng(6)).law()
    law[0, 1] = 0  # in one stratum nobody has X = 1
    joint = series(law / law.sum(), graph.order)
    found = answer.evaluate(joint)
    assert np.isfinite(found.loc[0]).all() and np.isnan(found.loc[1]).all()
    with pytest.raises(DataError, match="never occur") as caught:
        identify(graph, "ATE(X, Y)").evaluate(joint)
    assert caught.value.code == "E517"


def test_nothing_that_was_given_is_changed_and_the_public_name_is_the_same():
    graph = Graph("Z -> X; Z -> Y; X -> Y")
    joint = Tables(graph, np.random.default_rng(7)).series()
    before = joint.copy()
    contrafact.identify(graph, "ATE(X, Y)").evaluate(joint)
    pd.testing.assert_series_equal(joint, before)
    assert contrafact.identify is identify


def test_the_record_is_told_in_json_text_and_html():
    told = identify(NAPKIN, "P(Y | do(X))").to_json()
    assert told["identifiable"] and told["strategy"] == "id" and told["hedge"] is None and told["derivation"]
    refused = identify("X -> Y; X <-> Y", "P(Y | do(X))")
    assert refused.to_json()["hedge"] == {"larger": ["X", "Y"], "smaller": ["Y"]}
    assert "NOT IDENTIFIABLE" in str(refused) and "NOT IDENTIFIABLE" in refused._repr_html_()
