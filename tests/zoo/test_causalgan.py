"""Pictures as variables: what is set shows, what causes it stays, and combinations that were never seen are drawn."""

from __future__ import annotations

import numpy as np
import pytest

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.zoo import NCM, R3GAN, CausalGAN

QUICK = {"method": "r3gan", "width": 16, "batch": 16, "latent_size": 4, "augment": "off"}


def bars(count: int = 300, seed: int = 0) -> Data:
    """Paint bars left or right, red or green, thick or thin; right ones are mostly red, and red if they are thick."""
    draw = np.random.default_rng(seed)
    right, thick = draw.random(count) < 0.4, draw.random(count) < 0.5
    red = (draw.random(count) < np.where(right, 0.85, 0.15)) | (right & thick)
    items = np.zeros((count, 8, 8, 3), dtype=np.uint8)
    for picture, own in zip(items, zip(right, red, thick, strict=True), strict=True):
        start = 5 if own[0] else 1
        picture[:, start : start + (2 if own[2] else 1), 0 if own[1] else 1] = draw.integers(180, 255)
    return Data(
        kind="pictures",
        items=items,
        labels=np.where(right, "right", "left"),
        name="bars",
        attributes={"ink": np.where(red, "red", "green"), "thick": thick.astype(int)},
    )


def redness(pictures: Data) -> np.ndarray:
    sums = pictures.items.astype(float).sum((1, 2))
    return sums[:, 0] / (sums[:, 0] + sums[:, 1] + 1)


def rightness(pictures: Data) -> np.ndarray:
    columns = pictures.items.astype(float).sum((1, 3))
    return columns[:, 4:].sum(1) / (columns.sum(1) + 1)


@pytest.fixture(scope="module")
def model():
    recipe = CausalGAN(graph="class -> ink; thick -> ink", controller="discrete", leaf=QUICK, steps=350, labeling=1.0)
    return recipe.fit(bars(), seed=0)


def test_setting_the_ink_paints_it_and_leaves_the_side_while_seeing_it_tells_of_the_side(model):
    drawn, done, seen = (
        model.sample(600, seed=1),
        model.do(ink="green").sample(600, seed=1),
        model.sample(600, {"ink": "green"}, 1),
    )
    assert set(done.attributes["ink"]) == set(seen.attributes["ink"]) == {"green"}
    assert (done.labels == drawn.labels).all() and (done.attributes["thick"] == drawn.attributes["thick"]).all()
    assert (
        np.mean(redness(done) < 0.5) > 0.95
        and np.mean((redness(drawn) > 0.5) == (drawn.attributes["ink"] == "red")) > 0.95
    )
    real = bars()
    assert np.mean(done.labels == "right") == pytest.approx(np.mean(real.labels == "right"), abs=0.05)
    assert np.mean(seen.labels == "right") < 0.15
    assert np.mean((rightness(done) > 0.5) == (done.labels == "right")) > 0.95


def test_a_combination_that_was_never_seen_is_drawn_from_what_is_known_of_its_parts(model):
    world = model.do(**{"class": "right", "ink": "green", "thick": 1})
    never = world.sample(200, seed=2)
    assert model.unseen(world.attributes(50, seed=0)) == 1 and model.unseen(model.attributes(50, seed=0)) == 0
    assert np.mean((rightness(never) > 0.5) & (redness(never) < 0.5)) > 0.6  # without a labeler .03


def test_the_same_seed_gives_the_same_units_in_every_world(model):
    ours, theirs = model.sample(40, seed=3), model.do(ink="red").sample(40, seed=3)
    same = ours.attributes["ink"] == "red"
    assert (ours.items[same] == theirs.items[same]).all() and same.any() and not same.all()
    assert (model.do(ink="red").sample(9, seed=3).items == theirs.items[:9]).all()


def test_attributes_keep_the_kinds_of_values_that_they_came_with(model):
    drawn = model.sample(5, seed=0)
    assert drawn.attributes["thick"].dtype == np.int64 and drawn.labels.dtype.kind == "U"
    assert list(drawn.attributes) == ["ink", "thick"] and drawn.name == "bars"


def test_a_picture_of_ones_own_is_imagined_in_another_ink(model):
    some = bars(6, seed=9)
    other = model.counterfactual(some, do={"ink": "green"}, seed=0)
    assert set(other.attributes["ink"]) == {"green"} and (other.labels == some.labels).all()
    assert np.mean(redness(other) < 0.5) >= 5 / 6
    assert len(model.counterfactual(some, do={"ink": "green"}, draws=2, seed=0)) == 2


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda model: model.do(inc="red"), "E105"),
        (lambda model: model.do(ink="mauve"), "E547"),
        (lambda model: model.sample(3, given={"ink": "mauve"}), "E105"),
        (lambda model: model.sample(3, given={"nobody": 1}), "E105"),
        (lambda model: model.attributes(3, given={"class": "right", "ink": "green", "thick": 1}), "E592"),
    ],
)
def test_what_is_not_there_is_refused_by_name(model, ask, code):
    with pytest.raises(UsageError) as caught:
        ask(model)
    assert caught.value.code == code


def test_a_saved_model_knows_the_same_worlds(model, tmp_path):
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    assert again.recipe == model.recipe
    ours, theirs = (m.do(ink="red").sample(20, seed=4) for m in (model, again))
    assert (ours.items == theirs.items).all() and (ours.labels == theirs.labels).all()


def test_without_a_graph_items_are_drawn_and_nothing_is_set():
    model = CausalGAN(controller={"method": "scm", "steps": 5}, leaf=QUICK, steps=2).fit(bars(60), seed=0)
    assert set(model.sample(50, seed=0).attributes) == {"ink", "thick"}
    with pytest.raises(UsageError) as caught:
        model.do(ink="red")
    assert caught.value.code == "E554"


def test_parts_are_recipes_names_or_settings_and_are_kept_whole():
    recipe = CausalGAN(controller=NCM(steps=9), picture=R3GAN(width=8))
    assert recipe.leaf == R3GAN(width=8) and recipe.settings()["controller"]["method"] == "ncm"
    assert (
        CausalGAN(**recipe.settings())
        == recipe
        == CausalGAN().but(controller="method=ncm,steps=9", leaf="method=r3gan,width=8")
    )
    for wrong in ({"controller": "nobody"}, {"controller": "method=ncm,stepps=9"}, {"leaf": {"width": 3}}):
        with pytest.raises(UsageError) as caught:
            CausalGAN(**wrong)
        assert caught.value.code == "E102"


@pytest.mark.parametrize(
    ("settings", "data", "code"),
    [
        ({"controller": "gain"}, bars(40), "E591"),
        ({"leaf": "specgan"}, bars(40), "E591"),
        ({"leaf": "infogan"}, bars(40), "E591"),
        ({"graph": "size -> ink"}, bars(40), "E590"),
        ({"leaf_parents": "inc"}, bars(40), "E590"),
        ({"labeling": 1.0, "leaf": "acgan"}, bars(40), "E594"),
        ({}, bars(40).items, "E212"),
        ({}, Data(kind="text", items=["a b", "b a"] * 30), "E212"),
        ({"graph": None}, Data(kind="vectors", items=np.zeros((9, 2)), labels=np.zeros(9)), "E213"),
    ],
)
def test_what_cannot_be_fitted_is_refused_by_name(settings, data, code):
    recipe = CausalGAN(steps=1, **{"controller": "discrete", "graph": "class -> ink", **settings})
    with pytest.raises(ContrafactError) as caught:
        recipe.fit(data)
    assert caught.value.code == code


def test_names_rename_attributes_and_the_leaf_follows_from_those_that_are_named():
    data = bars(60)
    recipe = CausalGAN(
        graph="side -> colour", names={"side": "class", "colour": "ink"}, controller="discrete", leaf=QUICK
    )
    model = recipe.but(steps=2, leaf_parents="colour").fit(data, seed=0)
    drawn = model.do(colour="red").sample(10, seed=0)
    assert set(drawn.attributes) == {"side", "colour"} and set(drawn.labels) <= {"left", "right"}
    assert model.leaf.codec.classes == ("colour=green", "colour=red")


def test_labelers_learn_beside_the_duel_and_are_no_part_of_the_model():
    recipe = CausalGAN(graph="class -> ink", controller="discrete", leaf=QUICK, labeling=0.5, anti_labeling=0.5)
    training = recipe.but(steps=30).training(bars(100), seed=0)
    model = training.finish()
    row = training.log[-1]
    assert row["labeler/surprise"] < training.log[0]["labeler/surprise"]
    assert row["generator/labeled"] > 0 > training.log[0]["generator/anti_labeled"]
    assert not any("labeler" in name for name in model.arrays(with_critic=True))
