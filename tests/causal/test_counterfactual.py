"""Other worlds: formulas against models whose every state is gone through, refusals against all models."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import Functions, Imagined, Types, random_graph

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.ask import identify

EXACT = 1e-10
MEDIATED = "X -> M -> Y; X -> Y; Z -> X; Z -> M; Z -> Y"


@pytest.mark.parametrize("seed", range(120))
def test_random_questions_about_other_worlds_are_answered_exactly(seed):
    random = np.random.default_rng([20, seed])
    graph = random_graph(random, int(random.integers(2, 6)), arrows=0.5, hidden=0.2)
    question = Imagined.draw(random, graph)
    try:
        answer = identify(graph, str(question))
    except UsageError as refused:
        assert refused.code == "E509"
        return
    for _ in range(2 if answer else 0):
        model = Functions.draw(graph, random)
        truth = question.truth(model)
        if truth is not None:
            assert abs(answer.evaluate(model.series()) - truth) < EXACT, (str(graph), str(question), answer.expression)


@pytest.mark.parametrize("seed", range(40))
def test_refused_questions_move_while_the_observations_stay_and_answered_ones_do_not(seed):
    random = np.random.default_rng([21, seed])
    while True:
        graph = random_graph(random, int(random.integers(2, 5)), arrows=0.55, hidden=0.35)
        # all hidden causes of a district act on all of it, so that all its models are these models
        whole = all(graph.spouses(node) >= part - {node} for part in graph.districts for node in part)
        if whole and sum(2 ** len(graph.parents(node)) for node in graph.nodes) < 10:
            break
    question = Imagined.draw(random, graph)
    try:
        answer = identify(graph, str(question))
    except UsageError:
        return
    assert answer.identifiable == (Types(graph).moves(question, seed) < 1e-7), (str(graph), str(question))


def effects(model: Functions) -> dict[str, float]:
    """Work effects out by going through every state of the noise."""
    high, low, seen = model.world({"X": 1}), model.world({"X": 0}), model.world()
    treated = seen["X"] == 1
    between = {node: low[node] for node in ("M",) if node in model.graph}
    crossed = model.world({"X": 1, **between})["Y"]
    back = {node: high[node] for node in ("M",) if node in model.graph}
    return {
        "ATE(X, Y)": model.mean(high["Y"] - low["Y"]),
        "ATT(X, Y)": model.mean(high["Y"] - low["Y"], treated),
        "ATU(X, Y)": model.mean(high["Y"] - low["Y"], ~treated),
        "NDE(X, Y)": model.mean(crossed - low["Y"]),
        "NIE(X, Y)": model.mean(model.world({"X": 0, **back})["Y"] - low["Y"]),
        "NDE(X, Y | X=1)": model.mean(crossed - low["Y"], treated),
        "NIE(X: 1 -> 0, Y)": model.mean(model.world({"X": 1, **between})["Y"] - high["Y"]),
    }


@pytest.mark.parametrize("text", [MEDIATED, "X -> M -> Y; X <-> Y", "X -> M -> Y; X -> Y", "X -> Y; Z -> X; Z -> Y"])
def test_effects_are_exact(text):
    graph = Graph(text)
    for seed in range(3):
        model = Functions.draw(graph, np.random.default_rng([22, seed]))
        for query, truth in effects(model).items():
            answer = identify(graph, query)
            assert answer and abs(answer.evaluate(model.series()) - truth) < EXACT, (text, query)


def test_a_conditional_effect_on_the_treated_is_a_series_over_its_conditions():
    model = Functions.draw(Graph(MEDIATED), np.random.default_rng(3))
    found = identify(MEDIATED, "ATT(X, Y | Z)").evaluate(model.series())
    gain = model.world({"X": 1})["Y"] - model.world({"X": 0})["Y"]
    seen = model.world()
    for z in (0, 1):
        assert abs(found[z] - model.mean(gain, (seen["X"] == 1) & (seen["Z"] == z))) < EXACT


def test_questions_with_free_values_give_series_over_them():
    model = Functions.draw(Graph(MEDIATED), np.random.default_rng(4))
    found = identify(MEDIATED, "P(Y_{X=1} | X=0, Z)").evaluate(model.series())
    assert list(found.index.names) == ["Z", "Y_{X=1}"]
    seen, set_to_one = model.world(), model.world({"X": 1})
    for (z, y), value in found.items():
        known = (seen["X"] == 0) & (seen["Z"] == z)
        assert abs(value - model.probability(set_to_one["Y"] == y, known)) < EXACT


@pytest.mark.parametrize(
    ("graph", "query"),
    [
        ("X -> Y", "PNS(X, Y)"),
        ("X -> Y", "PN(X, Y)"),
        ("X -> Y", "P(Y_{X=1} | X=0, Y=0)"),
        ("X -> Y; X <-> Y", "ATT(X, Y)"),
        ("W -> Z -> X -> Y; W <-> X; W <-> Y", "ATT(X, Y)"),  # though the ATE can be had
        ("X -> M -> Y; X -> Y; X <-> M", "NDE(X, Y)"),
        ("X -> M -> Y; X -> Y; M <-> Y", "NDE(X, Y)"),  # though the ATE can be had
    ],
)
def test_what_no_data_show_is_refused_in_words(graph, query):
    answer = identify(graph, query)
    assert not answer and answer.formula is None and answer.why.endswith(".")
    assert "at once" in answer.why or "hidden cause" in answer.why


def test_a_direct_effect_without_an_arrow_is_zero_even_where_the_effect_is_not_identified():
    answer = identify("X -> Z -> Y; X <-> Z", "NDE(X, Y)")
    assert answer and answer.expression == "0" and answer.strategy == "no effect"
    model = Functions.draw(answer.graph, np.random.default_rng(0))
    assert answer.evaluate(model.series()) == 0
    assert not identify("X -> Z -> Y; X <-> Z", "ATE(X, Y)")


def test_consistency_is_used():
    assert identify("X -> Y; X <-> Y", "P(Y_{X=1} | X=1)").expression == "P(Y | X=1)"
    assert identify("X -> Y", "P(Y_{X=1}=1 | X=1, Y=1)").expression == "1"
    assert identify("X -> Y", "P(Y_{X=1}=0 | X=1, Y=1)").expression == "0"
    assert identify("X -> Y; X <-> Y", "P(X_{Y=1})").expression == "P(X)"
    assert identify("X -> Y", "P(X_{Y=1}=0, X=1 | Y_{X=1}=1, Y=1)").expression == "0"


def test_conditions_that_cannot_hold_are_refused():
    with pytest.raises(UsageError, match="cannot exist") as caught:
        identify("X -> Y", "P(Y_{X=0} | X=1, Y=1, Y_{X=1}=0)")
    assert caught.value.code == "E509"


def test_experiments_serve_other_worlds_too():
    graph = Graph("X -> M -> Y; X -> Y; X <-> M; Z -> X; Z -> M; Z -> Y")
    assert not identify(graph, "NDE(X, Y)")
    answer = identify(graph, "NDE(X, Y)", [{"X"}])
    model = Functions.draw(graph, np.random.default_rng(5))
    assert answer.strategy == "experiments"
    found = answer.evaluate(model.series(), {"X": model.series("X")})
    assert abs(found - effects(model)["NDE(X, Y)"]) < EXACT


def test_the_way_from_one_world_to_another_is_shown():
    steps = identify(MEDIATED, "P(Y_{X=1} | X=0)").derivation
    assert [step.rule for step in steps[:2]] == ["worlds", "districts"]
    assert steps[1].after == "P(Z) P(X_{Z}=0) P(M_{X=1, Z}) P(Y_{X=1, M, Z})"
