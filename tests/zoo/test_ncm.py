"""The adversarial structural model: it meets the data, answers what they settle, and bounds what they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import contrafact
from contrafact.base.errors import UsageError
from contrafact.causal.cells import Cells, Lattice, distance, tabulates
from contrafact.causal.graph import Graph
from contrafact.causal.scm import Plan, Scm
from contrafact.zoo import NCM

BOW = "X -> Y; X <-> Y"
QUICK = NCM(steps=250, width=16, critic_width=32)


def confounded(n: int = 4000, seed: int = 0, flips: float = 0.2) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    hidden = random.random(n) < 0.5
    x = hidden ^ (random.random(n) < flips)
    y = random.random(n) < 0.2 + 0.3 * x + 0.4 * hidden
    return pd.DataFrame({"X": x.astype(int), "Y": y.astype(int)})


def cells_of(frame: pd.DataFrame) -> pd.Series:
    return frame.value_counts(normalize=True).sort_index()


@pytest.fixture(scope="module")
def bow() -> contrafact.zoo.NCM:
    return QUICK.but(graph=BOW, bound_steps=250).fit(confounded(), seed=0)


def test_a_bow_is_fitted_to_the_observations(bow):
    np.testing.assert_allclose(cells_of(bow.sample(50_000, seed=1)), cells_of(confounded()), atol=0.02)


def test_what_the_bow_does_not_settle_is_bounded_never_a_point(bow):
    shares = cells_of(confounded())
    effect = bow.effect("ATE(X, Y)")
    assert effect.kind == "bounds" and effect.value is None and "inner approximation" in effect.notes[0]
    low, high = -(shares[0, 1] + shares[1, 0]), shares[0, 0] + shares[1, 1]
    assert low - 0.06 <= effect.low < effect.high <= high + 0.06
    assert effect.high - effect.low > 0.4


def test_what_an_experiment_settles_is_a_point():
    random = np.random.default_rng(1)
    hidden, x = random.random(4000) < 0.5, random.random(4000) < 0.5
    trial = pd.DataFrame({"X": x.astype(int), "Y": (random.random(4000) < 0.2 + 0.3 * x + 0.4 * hidden).astype(int)})
    model = QUICK.but(graph=BOW).fit(confounded(), experiments={"X": trial}, seed=0)
    effect = model.effect("ATE(X, Y)")
    assert effect.kind == "point" and effect.value == pytest.approx(0.3, abs=0.06)
    naive = confounded().groupby("X")["Y"].mean().diff().iloc[1]
    assert abs(naive - 0.3) > 0.15
    assert model.regimes == [(), (0,)]


def test_the_front_door_is_found_without_a_formula():
    random = np.random.default_rng(2)
    hidden = random.random(8000) < 0.5
    x = hidden ^ (random.random(8000) < 0.2)
    m = x ^ (random.random(8000) < 0.1)
    y = random.random(8000) < 0.1 + 0.4 * m + 0.4 * hidden
    frame = pd.DataFrame({"X": x, "M": m, "Y": y}).astype(int)
    effect = NCM(graph="X -> M -> Y; X <-> Y", steps=700, width=16, critic_width=32).fit(frame).effect("ATE(X, Y)")
    assert effect.kind == "point" and effect.value == pytest.approx(0.32, abs=0.05)


def test_numbers_and_levels_are_drawn_with_gradients_through_both():
    random = np.random.default_rng(3)
    group = random.choice(["a", "b", "c"], 1000)
    size = np.select([group == "a", group == "b"], [-2.0, 0.0], 2.0) + 0.3 * random.normal(size=1000)
    frame = pd.DataFrame({"group": group, "size": size})
    model = NCM(graph="group -> size", steps=250, batch=128, width=16, critic_width=32).fit(frame, seed=0)
    drawn = model.sample(3000, seed=0)
    found = drawn.groupby("group")["size"].mean()
    np.testing.assert_allclose(found, [-2, 0, 2], atol=0.6)
    made = model.counterfactual(frame.head(6), do={"group": "c"}, seed=0)
    assert (made["group"] == "c").all() and made["size"].mean() > 0.8


def test_a_loaded_model_answers_points_and_says_that_bounds_need_the_data(bow, tmp_path):
    bow.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    pd.testing.assert_frame_equal(again.sample(20, seed=0), bow.sample(20, seed=0))
    with pytest.raises(UsageError) as caught:
        again.effect("ATE(X, Y)")
    assert caught.value.code == "E558"
    assert again.effect("P(Y=1 | X=1)").kind == "point"


def plan_of(text: str, sizes: list[int]) -> Plan:
    graph = Graph(text)
    return Plan.of(graph, graph.nodes, sizes, latent=2, private=True)


def test_the_law_of_all_cells_is_the_share_of_draws():
    plan = plan_of("Z -> X -> Y; X <-> Y", [2, 3, 2])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Scm(plan, ["free"] * 3, 8).requires_grad_(False)
        model.bank.last.mul_(8)
    cells = Cells(plan)
    assert tabulates(plan) and len(cells.codes) == 12
    law = cells.law(model, torch.randn(20_000, plan.hidden, generator=torch.Generator().manual_seed(1))).mean(0)
    assert float(law.sum()) == pytest.approx(1, abs=1e-5)
    values = model.values(model.run(model.noise(60_000, torch.Generator().manual_seed(2))))
    np.testing.assert_allclose(cells.shares(values.numpy()), law, atol=0.01)
    set_x = cells.law(model, torch.randn(20_000, plan.hidden), do=[1]).mean(0)
    by_level = torch.zeros(3).index_add(0, cells.codes[:, 1], set_x)
    np.testing.assert_allclose(
        by_level, 1, atol=1e-4
    )  # without X's own factor each of its levels has the law of the rest


def test_the_kernels_distance_is_zero_on_average_where_only_chance_differs():
    plan = plan_of("X -> Y", [2, 2])
    points = Lattice(512, plan.hidden).normal(torch.rand(1, plan.hidden))
    assert points.shape == (512, plan.hidden) and abs(float(points.mean())) < 0.1
    law = torch.tensor([0.1, 0.2, 0.3, 0.4]) + 0.05 * torch.randn(4000, 4, generator=torch.Generator().manual_seed(0))
    assert abs(float(distance(law, torch.tensor([0.1, 0.2, 0.3, 0.4])))) < 1e-4
    assert float(distance(law, torch.tensor([0.4, 0.3, 0.2, 0.1]))) > 0.3


def test_an_answer_from_all_cells_is_that_of_drawn_units(bow):
    from contrafact.causal.extremes import answered
    from contrafact.causal.query import Query
    from contrafact.causal.simulated import simulate
    from contrafact.engine.play import Step

    for text in ("ATE(X, Y)", "P(Y=1 | do(X=0))"):
        query, model = Query.read(text), bow.contest.average.module
        step = Step(number=0, total=1, generator=torch.Generator().manual_seed(0))
        exact = answered(bow.contest, bow.codec, bow.graph, query)(model, step)
        assert float(exact) == pytest.approx(simulate(bow.net, bow.codec, bow.graph, query).value, abs=0.02)


def test_a_question_without_a_value_is_refused_before_anything_is_trained(bow):
    with pytest.raises(UsageError) as caught:
        bow.effect("P(Y | do(X))")
    assert caught.value.code == "E556"
