from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.metrics import adjusted_rand_score

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.engine.play import Step
from contrafact.zoo.infogan import LEAST_WIDTH, QUIET, Codes, InfoGAN

CODES = Codes(sizes=(3, 2), continuous=1)


def shapes(n: int) -> Data:
    """Make noisy pictures of a bar, a pillar and a box."""
    draw = np.random.default_rng(0)
    kinds = np.zeros((3, 8, 8))
    kinds[0, 3:5, 1:7], kinds[1, 1:7, 3:5], kinds[2, 1:7, 1:7], kinds[2, 2:6, 2:6] = 1, 1, 1, 0
    labels = draw.integers(3, size=n)
    items = kinds[labels] * draw.uniform(150, 220, (n, 1, 1)) + draw.uniform(0, 30, (n, 8, 8))
    return Data(kind="pictures", items=items.astype(np.uint8), labels=labels)


@pytest.fixture(scope="module")
def model() -> Any:
    return InfoGAN.toy().but(codes=(3, 2), steps=4).fit(shapes(60), seed=0)


def test_the_information_is_the_entropy_less_the_surprise():
    values = torch.tensor([[0.0, 1.0, 0.5], [2.0, 0.0, -1.0]])
    draw = np.random.default_rng(1).normal(size=(2, 7)).astype(np.float32)
    categories, numbers = CODES.information(torch.from_numpy(draw), CODES.conditions(values))
    chances = [np.exp(part) / np.exp(part).sum(1, keepdims=True) for part in (draw[:, :3], draw[:, 3:5])]
    told = np.log([chances[0][0, 0], chances[0][1, 2]]).mean() + np.log([chances[1][0, 1], chances[1][1, 0]]).mean()
    assert categories.item() == pytest.approx(math.log(3) + math.log(2) + told, abs=1e-5)
    width = LEAST_WIDTH + np.log1p(np.exp(draw[:, 6]))
    density = norm.logpdf([0.5, -1.0], loc=draw[:, 5], scale=width)
    assert numbers.item() == pytest.approx(math.log(2) + density.mean(), abs=1e-5)


def test_a_code_that_cannot_be_guessed_gives_no_information_and_one_that_is_known_all():
    codes = Codes(sizes=(4,), continuous=0)
    values = torch.tensor([[0.0], [3.0]])
    assert codes.information(torch.zeros(2, 4), codes.conditions(values))[0].item() == pytest.approx(0, abs=1e-6)
    sure = 50 * codes.conditions(values)
    assert codes.information(sure, codes.conditions(values))[0].item() == pytest.approx(math.log(4), abs=1e-5)


def test_codes_are_drawn_by_their_laws_and_read_as_ones_and_quiet_numbers():
    drawn = CODES.draw(Step(number=0, total=1, generator=torch.Generator().manual_seed(0)), 3000)
    shares = [np.bincount(drawn[:, i].long().numpy()) / 3000 for i in (0, 1)]
    np.testing.assert_allclose(shares[0], 1 / 3, atol=0.04)
    np.testing.assert_allclose(shares[1], 1 / 2, atol=0.04)
    assert drawn[:, 2].abs().max() <= 1 and drawn[:, 2].var().item() == pytest.approx(1 / 3, rel=0.1)
    read = CODES.conditions(torch.tensor([[2.0, 0.0, -0.5]]))
    np.testing.assert_allclose(read, [[0, 0, 1, 1, 0, -0.5 * QUIET]])


def test_both_players_raise_the_information_by_its_weights():
    training = InfoGAN.toy().but(code_weight=2.0, continuous_weight=0.5).training(shapes(60))
    game: Any = training.begin(10)
    scene = game.see(training.batches()(0), Step(number=1, total=10, generator=torch.Generator().manual_seed(0)))
    answers = torch.randn(len(scene.real), 3 + 2 * 2)
    told, numbers = game.codes.information(answers, scene.condition)
    for terms in (game.critic_adds(answers, answers, scene, None), game.generator_adds(answers, scene, None)):
        assert terms["code"].item() == pytest.approx(-2 * told.item() - 0.5 * numbers.item(), rel=1e-5)
        assert terms["information"].item() == pytest.approx((told + numbers).item(), rel=1e-5)


def test_several_codes_have_numbered_names(model):
    assert model.codes.names == ("code1", "code2", "c1", "c2")
    assert Codes(sizes=(3,), continuous=1).names == ("code", "c1")


def test_a_given_code_changes_nothing_else(model):
    free, set_ = model.latents(70, seed=3), model.latents(70, seed=3, given={"code1": 1, "c2": "0.5"})
    assert (set_.conditions[:, :3] == [0, 1, 0]).all() and np.allclose(set_.conditions[:, 6], 0.5 * QUIET)
    np.testing.assert_array_equal(free.conditions[:, 3:6], set_.conditions[:, 3:6])
    np.testing.assert_array_equal(free.noise, set_.noise)
    assert not (free.conditions[:, 0] == 0).all()


def test_a_list_gives_each_picture_its_code(model):
    asked = model.latents(5, seed=0, given={"code1": [0, 2]}).conditions[:, :3].argmax(1)
    assert asked.tolist() == [0, 2, 0, 2, 0]


@pytest.mark.parametrize("wish", [3, -1, 0.5, "one", None, [], [0, 9], math.nan])
def test_a_category_that_is_not_there_is_refused(model, wish):
    with pytest.raises(UsageError, match="0 to 2") as caught:
        model.sample(2, given={"code1": wish})
    assert caught.value.code == "E114"


def test_a_code_that_is_not_there_and_a_number_that_is_none_are_refused(model):
    with pytest.raises(UsageError, match="Did you mean code1") as caught:
        model.sample(2, given={"codes1": 1})
    assert caught.value.code == "E105"
    with pytest.raises(UsageError, match="It is a number") as caught:
        model.sample(2, given={"c1": math.inf})
    assert caught.value.code == "E114"


def test_encoding_gives_chances_of_each_category_and_a_mean_for_each_number(model):
    frame = model.encode(shapes(100))
    assert list(frame) == ["code1", "code1=0", "code1=1", "code1=2", "code2", "code2=0", "code2=1", "c1", "c2"]
    chances = frame[["code1=0", "code1=1", "code1=2"]].to_numpy()
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    np.testing.assert_array_equal(frame["code1"], chances.argmax(1))
    assert len(frame) == 100


def test_codes_are_read_without_the_critic_and_its_judgement_is_left_out(model, tmp_path):
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    np.testing.assert_array_equal(again.encode(shapes(60)), model.encode(shapes(60)))
    assert not any("last" in name for name in again.arrays(with_critic=True))
    with pytest.raises(UsageError) as caught:
        again.critic(shapes(60))
    assert caught.value.code == "E110"


def test_labels_are_not_looked_at(model):
    data = shapes(60)
    without = Data(kind="pictures", items=data.items)
    assert InfoGAN.toy().but(codes=(3, 2), steps=4).fit(without, seed=0).arrays().keys() == model.arrays().keys()
    for name, value in InfoGAN.toy().but(codes=(3, 2), steps=4).fit(without, seed=0).arrays().items():
        np.testing.assert_array_equal(value, model.arrays()[name])


def test_there_may_be_categories_alone_or_numbers_alone():
    for settings in ({"continuous": 0}, {"codes": ()}):
        fitted = InfoGAN.toy().but(steps=2, **settings).fit(shapes(60), seed=0)
        assert len(fitted.sample(3, seed=0)) == 3 and len(fitted.encode(shapes(20))) == 20


def test_the_category_finds_the_three_shapes():
    data = shapes(600)
    model = InfoGAN(codes=3, continuous=1, width=16, steps=300).fit(data, seed=0)
    assert adjusted_rand_score(data.labels, model.encode(data)["code"]) >= 0.8
