"""Instruments, front doors, formulas, quantiles and doses, against hand algebra and exact enumeration."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from oracles import Tables

from contrafact import Graph, identify
from contrafact.base.errors import DataError
from contrafact.causal.estimate import dose
from contrafact.causal.estimate.columns import Covariates
from contrafact.causal.estimate.crossfit import Functions
from contrafact.causal.estimate.front import front_door, front_door_score
from contrafact.causal.estimate.instrument import anderson_rubin, two_stage
from contrafact.causal.estimate.nuisance import Choice, Nuisances, nuisances
from contrafact.causal.estimate.plugin import counted, nodes_of, plug_in
from contrafact.causal.estimate.quantile import quantile_effect


def instrumented(rows: int = 400, strength: float = 1.0):
    random = np.random.default_rng(0)
    hidden, z = random.standard_normal(rows), random.integers(0, 2, rows).astype(float)
    x = strength * z + hidden + random.standard_normal(rows)
    return z, x, 2 * x + hidden + random.standard_normal(rows), random.standard_normal((rows, 2))


def test_walds_ratio_is_had_exactly():
    z, x, y, _ = instrumented()
    found = two_stage(y, x, z[:, None], np.zeros((len(y), 0)))
    ratio = (y[z == 1].mean() - y[z == 0].mean()) / (x[z == 1].mean() - x[z == 0].mean())
    assert math.isclose(found.value, ratio, rel_tol=1e-10) and found.details["first stage F"] > 10


def test_two_stage_least_squares_is_its_algebra_with_controls_and_several_instruments():
    z, x, y, w = instrumented()
    rest = np.column_stack([np.ones(len(y)), w])
    left, right = np.column_stack([x, rest]), np.column_stack([z, rest])
    exact = np.linalg.solve(right.T @ left, right.T @ y)[0]
    assert math.isclose(two_stage(y, x, z[:, None], w).value, exact, rel_tol=1e-9)
    many = np.column_stack([z, z * w[:, 0]])
    wide = np.column_stack([many, rest])
    project = wide @ np.linalg.lstsq(wide, left, rcond=None)[0]
    exact = np.linalg.solve(project.T @ left, project.T @ y)[0]
    found = two_stage(y, x, many, w)
    assert math.isclose(found.value, exact, rel_tol=1e-9)
    missed = (y - left @ np.linalg.solve(project.T @ left, project.T @ y))[:, None] * project
    bread = np.linalg.inv(project.T @ left)
    spread = bread @ (missed.T @ missed) @ bread.T * len(y) / (len(y) - left.shape[1])
    assert math.isclose(found.error, math.sqrt(spread[0, 0]), rel_tol=1e-6)


def test_a_weak_instrument_gets_the_interval_that_holds_all_the_same():
    z, x, y, _ = instrumented(strength=0.15)
    found = two_stage(y, x, z[:, None], np.zeros((len(y), 0)))
    assert found.details["first stage F"] < 10 and "weak" in found.notes[0]
    z, x, y, _ = instrumented(strength=1.0)
    y, x, z = (part - part.mean() for part in (y, x, z))
    for end in anderson_rubin(y, x, z):
        left = y - end * x
        slope = z @ left / (z @ z)
        error = math.sqrt(((left - slope * z) ** 2 * z**2).sum()) / (z @ z)
        assert math.isclose(abs(slope / error), 1.959964, rel_tol=1e-6)
    with pytest.raises(DataError, match="does not move"):
        two_stage(y, np.zeros_like(x), z[:, None], np.zeros((len(y), 0)))


def test_the_front_door_score_averages_to_exact_enumeration():
    graph = Graph("X -> M -> Y; X <-> Y")
    joint = Tables(graph, np.random.default_rng(3)).series()
    counts = np.round(joint.to_numpy() * 4000).astype(int)
    rows = np.repeat(np.array(joint.index.to_list()), counts, axis=0)
    frame = pd.DataFrame(rows, columns=joint.index.names)
    shares = frame.value_counts(normalize=True)
    exact = identify(graph, "ATE(X, Y)").evaluate(shares)
    by_m = frame.groupby("M")["X"].mean()
    cells = frame.groupby(["X", "M"])["Y"].mean()
    chance = frame["M"].map(by_m).to_numpy()
    means = np.column_stack([frame["M"].map(lambda m, x=x: cells[x, m]) for x in (0, 1)])
    known = Nuisances(
        codes=frame["X"].to_numpy(),
        outcome=frame["Y"].to_numpy(dtype=float),
        chance=np.column_stack([1 - chance, chance]),
        means=means,
        folds=np.zeros(len(frame), dtype=np.int64),
        choice=Choice(chance=("linear",), outcome=("linear", "linear")),
    )
    value = front_door_score(known, 1).mean() - front_door_score(known, 0).mean()
    assert math.isclose(value, exact, abs_tol=1e-9)


def test_the_front_door_is_estimated_through_mediators_of_any_kind():
    random = np.random.default_rng(4)
    hidden = random.standard_normal(3000)
    x = (random.random(3000) < 1 / (1 + np.exp(-hidden))).astype(np.int64)
    m = 0.8 * x + random.standard_normal(3000)
    y = 1.5 * m + hidden + random.standard_normal(3000)
    found, _ = front_door(Covariates(matrix=m[:, None]), x, y)
    assert abs(found.value - 1.2) < 4 * found.error < 0.5
    assert abs(y[x == 1].mean() - y[x == 0].mean() - 1.2) > 0.5


@pytest.mark.parametrize(
    "text", ["W -> Z -> X -> Y; W <-> X; W <-> Y", "Z -> X; Z -> Y; X -> Y", "X -> M -> Y; X <-> Y"]
)
def test_any_formula_is_computed_exactly_on_shares_of_rows(text):
    graph = Graph(text)
    joint = Tables(graph, np.random.default_rng(5)).series()
    rows = np.random.default_rng(6).choice(len(joint), 4000, p=joint.to_numpy())
    frame = pd.DataFrame(np.array(joint.index.to_list())[rows], columns=joint.index.names)
    verdict = identify(graph, "ATE(X, Y)")
    table = counted(frame, graph.sorted(nodes_of(verdict.formula)))
    found = plug_in(verdict, table)
    names = list(joint.index.names)
    shares = frame.value_counts(normalize=True).reindex(joint.index, fill_value=0.0)
    assert shares.index.names == names and math.isclose(found.value, verdict.evaluate(shares), abs_tol=1e-12)
    truth = verdict.evaluate(joint)
    assert found.low <= found.value <= found.high and abs(found.value - truth) < 4 * found.error


def test_numbers_are_cut_for_a_formula_aloud_and_keep_their_means():
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"Z": random.standard_normal(500), "X": random.integers(0, 2, 500)})
    table = counted(frame, ("Z", "X"))
    assert "'Z' was cut" in table.cut[0] and table.levels["X"] == [0, 1]
    share = np.bincount(table.codes[:, 0]) / 500
    assert math.isclose(float(share @ np.array(table.levels["Z"])), frame["Z"].mean(), abs_tol=1e-12)
    wide = pd.DataFrame({f"c{n}": random.permutation(np.arange(500).astype(str)) for n in range(4)})
    with pytest.raises(DataError, match="too many cells"):
        counted(wide, tuple(wide))


def test_every_quantile_of_a_shifted_outcome_shifts_as_much():
    random = np.random.default_rng(8)
    x = random.standard_normal((1000, 2))
    codes = (random.random(1000) < 1 / (1 + np.exp(-x[:, 0]))).astype(np.int64)
    outcome = x[:, 0] + 2 * codes + random.standard_normal(1000)
    known = nuisances(Covariates(matrix=x), codes, outcome)
    for at in (0.25, 0.5, 0.75):
        found = quantile_effect(known, Functions(x), at)
        assert abs(found.value - 2) < 3.5 * found.error < 0.6 and found.low < found.value < found.high


def test_a_dose_gives_the_effect_of_one_unit_and_a_curve():
    random = np.random.default_rng(9)
    x = random.standard_normal((1200, 3))
    amount = x[:, 0] + random.standard_normal(1200)
    functions = Functions(x)
    straight = dose.per_unit(dose.amounts(functions, amount, 2 * amount + x[:, 0] + random.standard_normal(1200)))
    assert abs(straight.value - 2) < 4 * straight.error < 0.3
    bent = amount**2 + x[:, 0] + random.standard_normal(1200)
    curve = dose.curve(functions, dose.amounts(functions, amount, bent))
    for low, high in ((0.0, 1.0), (0.0, 2.0), (-1.0, 1.0)):
        found = curve.between(low, high)
        assert abs(found.value - (high**2 - low**2)) < 0.25 + 4 * found.error
    assert (curve.low <= curve.values).all() and (curve.values <= curve.high).all()
    with pytest.raises(DataError, match="told in advance"):
        dose.amounts(functions, 3 * x[:, 0], bent)
