"""The recipe scm: what it fits, and the three rungs of its model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import ContrafactError, DataError, NotIdentifiable, UsageError
from contrafact.causal.fitted import ABDUCTION
from contrafact.zoo import SCM

CHAIN = "Z -> X; Z -> Y; X -> Y"


def linear(n: int = 1500, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    z = random.normal(size=n)
    x = z + random.normal(size=n)
    return pd.DataFrame({"Z": z, "X": x, "Y": 2 * x - 3 * z + 10 + random.normal(size=n)})


def mixed(n: int = 1200, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    town = random.choice(["Rom", "Oslo", "台北"], n, p=[0.5, 0.3, 0.2])
    treated = random.random(n) < np.where(town == "Rom", 0.8, 0.3)
    visits = random.poisson(2 + 3 * treated)
    score = 5.0 * treated + visits + random.normal(size=n)
    return pd.DataFrame({"town": town, "treated": treated, "visits": visits, "score": score.round(2)})


TOWNS = "town -> treated; town -> score; treated -> visits; treated -> score; visits -> score"


@pytest.fixture(scope="module")
def straight() -> contrafact.zoo.SCM:
    return SCM(graph=CHAIN, steps=150).fit(linear())


@pytest.fixture(scope="module")
def towns() -> contrafact.zoo.SCM:
    return SCM(graph=TOWNS, steps=150).fit(mixed())


def test_linear_nodes_are_found_to_be_linear_and_have_the_slopes_of_least_squares(straight):
    assert straight.net.kinds == ("linear", "linear", "linear")
    data = linear()
    design = np.column_stack([data["X"], data["Z"], np.ones(len(data))])
    slope = np.linalg.lstsq(design, data["Y"], rcond=None)[0][0]
    effect = straight.effect("ATE(X: 0 -> 1, Y)")
    assert effect.value == pytest.approx(slope, abs=0.05) and effect.kind == "point" and effect.rung == 2
    assert effect.low <= effect.value <= effect.high and "simulation" in effect.notes[0] and effect.assumptions


@pytest.mark.parametrize(("n", "seed"), [(1000, 0), (2000, 0), (3000, 1)])
def test_levels_do_not_stop_on_the_way_to_their_causes(n, seed):
    """Few held-out rows may stop the training at once: what it stops at must hold the effect of each cause."""
    random = np.random.default_rng(seed)
    severe = (random.random(n) < 0.5) * 1
    drug = (random.random(n) < np.where(severe, 0.8, 0.2)) * 1
    well = (random.random(n) < np.where(drug, np.where(severe, 0.5, 0.85), np.where(severe, 0.3, 0.75))) * 1
    frame = pd.DataFrame({"severe": severe, "drug": drug, "well": well})
    counted = frame.groupby(["severe", "drug"])["well"].mean().unstack()
    gain = (counted[1] - counted[0]).mean()
    model = SCM(graph="severe -> drug; severe -> well; drug -> well").fit(frame, seed=seed)
    assert model.effect("ATE(drug, well)").value == pytest.approx(gain, abs=0.03)


def test_counterfactuals_of_linear_rows_are_those_of_the_closed_form(straight):
    rows = linear(50, seed=1)
    made = straight.counterfactual(rows, do={"X": lambda x: x + 1})
    np.testing.assert_allclose(made["Y"], rows["Y"] + 2, atol=0.12)
    pd.testing.assert_frame_equal(made[["Z"]], rows[["Z"]])
    assert made.attrs[ABDUCTION]["exact"] and made.attrs[ABDUCTION]["how"] == ["closed inverse"]
    same = straight.counterfactual(rows, do={"X": lambda x: x})
    pd.testing.assert_frame_equal(same, rows)


def test_setting_a_node_moves_what_follows_and_nothing_else(straight):
    world, ours = straight.do(X=3.0).sample(800, seed=2), straight.sample(800, seed=2)
    pd.testing.assert_series_equal(world["Z"], ours["Z"])
    assert (world["X"] == 3).all()
    np.testing.assert_allclose(world["Y"].mean(), 16 - 3 * world["Z"].mean(), atol=0.35)
    chained = straight.do(Z=0.0).do(X=3.0).sample(800, seed=2)
    assert chained["Y"].std() == pytest.approx(1, abs=0.15)


def test_mixed_tables_keep_their_types_in_all_worlds(towns):
    rows = mixed(40, seed=3)
    for frame in (towns.sample(30, seed=0), towns.do(treated=True).sample(30, seed=0)):
        assert (frame.dtypes == rows.dtypes).all() and set(frame["town"]) <= {"Rom", "Oslo", "台北"}
    made = towns.counterfactual(rows, do={"treated": True}, seed=0)
    assert (made.dtypes == rows.dtypes).all() and made["treated"].all()
    assert made["score"].mean() > rows["score"].mean() + 1
    kept = rows["treated"]
    pd.testing.assert_frame_equal(made[kept], rows[kept])
    draws = towns.counterfactual(rows, do={"treated": 1}, draws=3, seed=0)
    assert len(draws) == 3 and (draws[0].index == rows.index).all()


def test_log_prob_is_that_of_the_normal_law(straight):
    rows = linear(200, seed=5)
    truth = -0.5 * (
        rows["Z"] ** 2 + (rows["X"] - rows["Z"]) ** 2 + (rows["Y"] - 2 * rows["X"] + 3 * rows["Z"] - 10) ** 2
    )
    truth -= 1.5 * np.log(2 * np.pi)
    assert np.abs(straight.log_prob(rows) - truth).mean() < 0.08


def test_a_hidden_common_cause_is_fitted_but_what_the_graph_does_not_settle_is_refused():
    random = np.random.default_rng(0)
    hidden = random.normal(size=1500)
    x = hidden + 0.5 * random.normal(size=1500)
    data = pd.DataFrame({"X": x, "Y": x + hidden + 0.5 * random.normal(size=1500)})
    model = SCM(graph="X -> Y; X <-> Y", steps=120, mechanisms="linear", batch=128).fit(data)
    drawn = model.sample(4000, seed=0)
    np.testing.assert_allclose(drawn.corr().iloc[0, 1], data.corr().iloc[0, 1], atol=0.06)
    with pytest.raises(NotIdentifiable):
        model.effect("ATE(X: 0 -> 1, Y)")
    made = model.counterfactual(data.head(5), do={"X": 0.0}, seed=0)
    assert "importance sampling" in made.attrs[ABDUCTION]["how"]
    assert 0.05 < made.attrs[ABDUCTION]["least_effective"] <= 1


def test_holes_are_learned_around_and_refused_where_rows_are_imagined():
    data = linear(600)
    data.loc[::7, "Z"] = np.nan
    model = SCM(graph=CHAIN, steps=40, mechanisms="linear").fit(data)
    assert model.sample(5, seed=0).notna().all(axis=None)
    with pytest.raises(DataError, match="Row 0") as caught:
        model.counterfactual(data.head(3), do={"X": 0})
    assert caught.value.code == "E555"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda m: m.do(nobody=1), "E105"),
        (lambda m: m.do(treated="maybe"), "E552"),
        (lambda m: m.do(town="Paris"), "E552"),
        (lambda m: m.effect("ATE(treated, nobody)"), "E507"),
        (lambda m: m.effect("P(score | do(treated))"), "E556"),
        (lambda m: m.effect("ATE(treated, town)"), "E516"),
        (lambda m: m.sample(3, given={"town": "Rom"}), "E109"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(towns, ask, code):
    with pytest.raises(ContrafactError) as caught:
        ask(towns)
    assert caught.value.code == code


def test_without_a_graph_rows_are_drawn_and_nothing_is_asked():
    model = SCM.toy().fit(linear(300))
    assert len(model.sample(4, seed=0)) == 4
    for ask in (lambda: model.do(X=1), lambda: model.effect("ATE(X, Y)")):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "E554"


def test_graphs_are_text_files_or_objects_and_their_nodes_are_columns(tmp_path):
    (tmp_path / "dag.txt").write_text(CHAIN)
    by_file = SCM.toy().but(graph=str(tmp_path / "dag.txt")).fit(linear(200), seed=1)
    by_object = SCM(**{**SCM.toy().settings(), "graph": contrafact.Graph(CHAIN)}).fit(linear(200), seed=1)
    pd.testing.assert_frame_equal(by_file.sample(9, seed=0), by_object.sample(9, seed=0))
    with pytest.raises(DataError, match="'W'") as caught:
        SCM(graph="W -> X").fit(linear(50))
    assert caught.value.code == "E550"
    hidden = SCM.toy().but(graph="W -> X; W -> Y; X -> Y; W [latent]").fit(linear(200))
    assert hidden.net.plan.cliques == ((0, 1),)


def test_richer_mechanisms_are_taken_where_they_are_needed():
    random = np.random.default_rng(0)
    x = random.uniform(-2, 2, 3000)
    data = pd.DataFrame({"X": x, "Y": np.sin(2 * x) + np.exp(0.6 * x) * 0.3 * random.normal(size=3000)})
    model = SCM(graph="X -> Y", steps=400).fit(data)
    assert model.net.kinds[1] in ("affine", "monotone")
    below, above = (model.do(X=at).sample(3000, seed=0)["Y"] for at in (-1.5, 1.5))
    assert above.std() / below.std() == pytest.approx(np.exp(1.8), rel=0.25)
    assert below.mean() == pytest.approx(np.sin(-3), abs=0.1)


def test_refits_to_resampled_rows_give_an_interval_that_counts_the_data():
    quick = SCM(graph=CHAIN, steps=10, mechanisms="linear", width=4)
    effect = quick.fit(linear(400), seed=0).effect("ATE(X: 0 -> 1, Y)", refits=8)
    assert effect.low < 2 < effect.high and 0.02 < effect.error < 0.15  # least squares: about 1 / sqrt(400)
    assert "8 refits" in effect.notes[0] and np.isfinite(effect.details["fit"])


def test_a_loaded_model_cannot_be_refitted_and_says_so(straight, tmp_path):
    straight.save(tmp_path / "m")
    with pytest.raises(UsageError) as caught:
        contrafact.load(tmp_path / "m").effect("ATE(X: 0 -> 1, Y)", refits=2)
    assert caught.value.code == "E558"
