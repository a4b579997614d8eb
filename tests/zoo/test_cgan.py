from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.engine.play import Step
from contrafact.zoo.cgan import CGAN

DRAW = np.random.default_rng(0)


def pictures(labels: object) -> Data:
    items = DRAW.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    return Data(kind="pictures", items=items, labels=None if labels is None else np.resize(labels, 40))


def test_pictures_without_labels_are_refused_with_the_way_out():
    for data in (pictures(None), pictures(["a"]).items):
        with pytest.raises(DataError, match="no labels") as caught:
            CGAN.toy().fit(data)
        assert caught.value.code == "E212" and "r3gan" in caught.value.fix


def test_captions_are_recognised_and_can_be_read_as_classes_all_the_same():
    data = pictures(["a red bar", "a blue dot"])
    assert CGAN.toy().but(steps=2).fit(data).codec.words == ("bar", "blue", "dot", "red")
    assert CGAN.toy().but(steps=2, captions="no").fit(data).codec.words == ()
    assert CGAN.toy().but(steps=2).fit(pictures(["bar", "dot"])).codec.words == ()
    assert CGAN.toy().but(steps=2, captions=True).fit(pictures(["bar", "dot"])).codec.words == ("bar", "dot")


@pytest.mark.parametrize("loss, balance", [("non-saturating", (2 * np.log(2), np.log(2))), ("hinge", (2.0, 0.0))])
def test_the_duel_is_a_setting(loss, balance):
    training = CGAN.toy().but(loss=loss).training(pictures([1, 2]))
    assert tuple(training.method.balance.values()) == pytest.approx(balance)


def test_the_penalties_fade_and_come_lazily():
    recipe = CGAN(r1=0.4, r2=0.2, penalty_end=0.25, penalty_every=4)
    ends = [recipe.penalties(Step(number=n, total=100, generator=torch.Generator())) for n in (0, 100)]
    assert ends[0] == (0.4, 0.2) and ends[1] == pytest.approx((0.1, 0.05))
    training = CGAN.toy().but(steps=8, penalty_every=4).training(pictures([1, 2]))
    penalised = [progress.step for progress in training if "critic/r1" in progress.row]
    assert penalised == [1, 5]


def test_class_weights_and_equal_resampling_reach_the_training():
    data = pictures(["a"] * 36 + ["b"] * 4)
    recipe = CGAN.toy().but(steps=2, class_weights="balanced", resample="equal")
    training = recipe.training(data)
    assert training.finish().sample(4, given={"class": "b"}, seed=0).labels.tolist() == ["b"] * 4
    batches = training.batches()
    shown = torch.cat([batches(number)["labels"] for number in range(batches.count)])  # whole epochs
    assert torch.bincount(shown).tolist() == [len(shown) // 2] * 2
