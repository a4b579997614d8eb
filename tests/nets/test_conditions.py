"""A picture model reads any row of conditions, and neither watching nor company changes its pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.zoo import CGAN, DCGAN, SNGAN


def world(labels: list[str] | None, n: int = 48) -> Data:
    draw = np.random.default_rng(0)
    items = draw.integers(0, 256, (n, 8, 8), dtype=np.uint8)
    told = None if labels is None else np.array(labels)[np.arange(n) % len(labels)]
    return Data(kind="pictures", items=items, labels=told)


CAPTIONED = world(["a red bar", "a blue bar", "a red dot"])


@pytest.fixture(scope="module")
def model():
    return CGAN.toy().but(steps=6).fit(CAPTIONED, seed=0)


def test_an_unseen_caption_of_known_words_is_drawn_and_written_beside_its_picture(model):
    drawn = model.sample(5, given={"caption": ["a blue dot", "red bar"]}, seed=0)
    assert drawn.labels.tolist() == ["a blue dot", "red bar", "a blue dot", "red bar", "a blue dot"]
    assert (drawn.items != model.sample(5, given={"caption": "red bar"}, seed=0).items)[0].any()


def test_words_count_in_any_order_and_class_is_another_name_for_caption(model):
    asked = [model.sample(3, given=given, seed=0).items for given in ({"caption": "dot blue"}, {"class": "a BLUE dot"})]
    assert (asked[0] == asked[1]).all()


def test_captions_are_drawn_as_often_as_the_data_hold_them_where_nothing_is_asked(model):
    drawn = model.sample(300, seed=0).labels
    names, counts = np.unique(drawn, return_counts=True)
    assert set(names) == set(CAPTIONED.labels)
    assert (np.abs(counts - 100) < 40).all()


def test_an_asked_sample_is_the_start_of_a_longer_one(model):
    names = ["a blue dot", "a red bar", "red dot"] * 50
    whole = model.sample(150, given={"caption": names}, seed=3)
    part = model.sample(70, given={"caption": names[:70]}, seed=3)
    assert (part.items == whole.items[:70]).all() and part.labels.tolist() == whole.labels[:70].tolist()
    assert len(model.sample(0, given={"caption": "red dot"}, seed=3)) == 0


def test_an_unknown_word_or_condition_is_refused_by_name(model):
    for given, code, said in (
        ({"caption": "a bleu dot"}, "E105", "bleu"),
        ({"colour": "red"}, "E109", "colour"),
        ({"caption": "red dot", "class": "red dot"}, "E109", "caption and class"),
        ({"caption": []}, "E109", "No class"),
    ):
        with pytest.raises(UsageError, match=said) as caught:
            model.sample(1, given=given)
        assert caught.value.code == code


def test_the_critic_judges_a_picture_by_its_caption_unseen_ones_too(model):
    pictures = CAPTIONED.items[:4]
    judged = {
        caption: model.critic(Data(kind="pictures", items=pictures, labels=np.array([caption] * 4)))
        for caption in ("a red dot", "dot red", "a blue dot")
    }
    assert (judged["a red dot"] == judged["dot red"]).all()
    assert (judged["a red dot"] != judged["a blue dot"]).all()


@pytest.mark.parametrize("recipe", [DCGAN.toy(), SNGAN.toy()], ids=["dcgan", "sngan"])
def test_watching_a_training_changes_neither_network(recipe):
    data = world(["a", "b"])
    training = recipe.but(steps=6).training(data, seed=0)
    for progress in training:
        if progress.step == 3:
            break
    live = training.live
    before = {name: module.state_dict() for name, module in training.game.modules.items() if name != "average"}
    before = {name: {k: v.clone() for k, v in state.items()} for name, state in before.items()}
    live.rows(9, seed=1)
    live.opinion(training.rows)
    after = {name: training.game.modules[name].state_dict() for name in before}
    assert all(torch.equal(v, after[name][k]) for name, state in before.items() for k, v in state.items())
    assert training.game.critic.training and training.game.generator.training


def test_neither_pictures_nor_judgements_depend_on_what_stands_beside_them():
    data = world(None)
    model = DCGAN.toy().but(steps=6).fit(data, seed=0)
    alone = model.critic(Data(kind="pictures", items=data.items[:1]))
    np.testing.assert_allclose(alone, model.critic(data)[:1], rtol=1e-5)
    noise = torch.randn(20, model.latent.width, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(model.push(noise[:1], None), model.push(noise, None)[:1], atol=1e-6)
