"""What a graph says about data: complete, minimal, kept by data of the graph and broken by other data."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from oracles import random_graph

from contrafact.base.errors import DataError
from contrafact.causal.graph import Graph
from contrafact.causal.implications import _holm, _tested, check_implications, implications
from contrafact.causal.separation import separated

DIAMOND = Graph("W -> X; W -> Z; X -> Y; Z -> Y")


def test_the_statements_of_a_diamond():
    assert [str(each) for each in implications(DIAMOND)] == ["W ⟂ Y | X, Z", "X ⟂ Z | W"]
    assert implications(Graph("W -> Z -> X -> Y; W <-> X; W <-> Y")) == ()  # the napkin has no independence
    assert [str(each) for each in implications(Graph('"a b" -> c <- 年'))] == ['"a b" ⟂ 年']


@pytest.mark.parametrize("seed", range(15))
def test_every_pair_that_can_be_separated_has_a_minimal_statement(seed):
    graph = random_graph(np.random.default_rng(seed), 6)
    found = {frozenset((each.one, each.other)): each.given for each in implications(graph)}
    for one, other in itertools.combinations(graph.nodes, 2):
        rest = [node for node in graph.nodes if node not in (one, other)]
        every = itertools.chain.from_iterable(itertools.combinations(rest, k) for k in range(len(rest) + 1))
        assert (frozenset((one, other)) in found) == any(separated(graph, one, other, given) for given in every)
    for pair, given in found.items():
        one, other = pair
        assert separated(graph, one, other, given)
        assert not any(separated(graph, one, other, set(given) - {node}) for node in given)


def rows(n: int, seed: int, *, broken: bool = False, kind: str = "numbers") -> pd.DataFrame:
    """Draw data of the diamond; broken ones have an arrow from W to Y more."""
    random = np.random.default_rng(seed)
    w = random.normal(size=n)
    x, z = np.sin(2 * w) + 0.4 * w**2 + 0.6 * random.normal(size=n), w**2 + 0.6 * random.normal(size=n)
    y = x * np.tanh(z) + z + (0.8 * w if broken else 0) + 0.6 * random.normal(size=n)
    frame = pd.DataFrame({"W": w, "X": x, "Z": z, "Y": y})
    if kind == "mixed":
        return frame.assign(W=pd.cut(frame["W"], [-np.inf, -0.5, 0.5, np.inf], labels=["a", "b", "c"]))
    return frame


def drawn_levels(n: int, seed: int, *, broken: bool = False) -> pd.DataFrame:
    """Draw two-valued data of the diamond."""
    random = np.random.default_rng(seed)
    w = random.integers(0, 2, n)
    x, z = (
        (random.random(n) < np.where(w, 0.8, 0.3)).astype(int),
        (random.random(n) < np.where(w, 0.2, 0.7)).astype(int),
    )
    y = (random.random(n) < 0.2 + 0.3 * x + 0.2 * z + (0.25 * w if broken else 0)).astype(int)
    return pd.DataFrame({"W": w, "X": x, "Z": z, "Y": y})


def test_curved_data_of_the_graph_are_at_ease_with_it_and_others_are_not():
    assert check_implications(DIAMOND, rows(1500, 0)).holds
    broken = check_implications(DIAMOND, rows(1500, 0, broken=True))
    failed = [str(check.implication) for check in broken.checks if not check.holds]
    assert failed == ["W ⟂ Y | X, Z"] and "FAILS" in broken.verdict and "1/2 hold" in broken.verdict
    straight = check_implications(DIAMOND, rows(1500, 0), test="linear")
    assert not straight.holds  # lines do not take curves out: why the default is not the partial correlation


def test_levels_are_counted_in_strata():
    assert check_implications(DIAMOND, drawn_levels(3000, 1)).holds
    broken = check_implications(DIAMOND, drawn_levels(3000, 1, broken=True))
    assert not broken.holds and {check.test for check in broken.checks} == {"strata"}


def test_false_alarms_are_as_rare_as_promised():
    alarms = {
        "levels": sum(not check_implications(DIAMOND, drawn_levels(300, seed)).holds for seed in range(60)),
        "curves": sum(not check_implications(DIAMOND, rows(300, seed)).holds for seed in range(60)),
    }
    assert all(count <= 8 for count in alarms.values()), alarms  # 5 % of 60 is 3; 9 or more has p < .003


def test_mixed_columns_are_tested_with_random_weights():
    statement = implications(Graph("W -> X; W -> Y"))[0]
    random = np.random.default_rng(2)
    w = random.integers(0, 3, 900)
    label = np.array(list("pqr"))[(w + random.integers(0, 2, 900)) % 3]
    number = np.array([0.0, 2.0, -1.0])[w] + random.normal(size=900)
    frame = pd.DataFrame({"W": np.array(list("abc"))[w], "X": label, "Y": number})
    name, _, p, n = _tested(statement, frame, "auto", 0)
    assert name == "generalised covariance" and p > 0.01 and n == 900
    tied = frame.assign(Y=frame["Y"] + (frame["X"] == "p"))
    assert _tested(statement, tied, "auto", 0)[2] < 0.001
    assert _tested(statement, tied, "auto", 0) == _tested(statement, tied, "auto", 0)


def test_a_partial_correlation_is_the_known_one():
    random = np.random.default_rng(3)
    w = random.normal(size=200)
    frame = pd.DataFrame({"W": w, "X": w + random.normal(size=200), "Y": w + random.normal(size=200)})
    _, value, p, _ = _tested(implications(Graph("W -> X; W -> Y"))[0], frame, "linear", 0)
    r = np.linalg.inv(frame.corr().to_numpy())
    assert value == pytest.approx(-r[1, 2] / np.sqrt(r[1, 1] * r[2, 2])) and 0 < p < 1


def test_p_values_are_adjusted_after_holm():
    assert _holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert _holm([]) == [] and _holm([0.9, 0.8]) == [1.0, 1.0]


def test_holes_are_left_out_constants_do_no_harm_and_nothing_is_changed():
    frame = rows(300, 4)
    frame.loc[:99, "W"] = np.nan
    before = frame.copy()
    verdict = check_implications(DIAMOND, frame)
    assert all(check.rows == 200 for check in verdict.checks)
    pd.testing.assert_frame_equal(frame, before)
    assert check_implications(DIAMOND, rows(300, 4).assign(X=1.0)).checks[1].p == 1.0


def test_what_cannot_be_tested_is_said():
    with pytest.raises(DataError, match="no column 'Y'") as caught:
        check_implications(DIAMOND, rows(100, 0).drop(columns="Y"))
    assert caught.value.code == "E518"
    with pytest.raises(DataError, match="10 rows"):
        check_implications(DIAMOND, rows(10, 0))
    with pytest.raises(DataError, match="no partial correlation"):
        check_implications(DIAMOND, rows(100, 0, kind="mixed"), test="linear")
    nothing = check_implications(Graph("X -> Y"), rows(100, 0))
    assert nothing.holds and "nothing" in nothing.verdict and "ul" in nothing._repr_html_()


def test_the_verdict_is_told_in_json():
    told = check_implications(DIAMOND, rows(300, 5)).to_json()
    assert set(told) == {"holds", "alpha", "checks"} and len(told["checks"]) == 2
