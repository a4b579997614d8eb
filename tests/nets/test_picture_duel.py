"""What classes count, how often they are shown, and how settings reach the game."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.codecs.image import ImageCodec
from contrafact.engine.play import Step
from contrafact.nets.picture_duel import class_weights, falling, law, picture_batches, pixels, reader
from contrafact.zoo import CGAN, R3GAN


def pictures(labels: list[str], size: int = 6) -> Data:
    draw = np.random.default_rng(0)
    items = draw.integers(0, 256, (len(labels), size, size), dtype=np.uint8)
    return Data(kind="pictures", items=items, labels=np.array(labels))


RARE = pictures(["common"] * 99 + ["rare"])


def settings(**wishes: object) -> SimpleNamespace:
    return SimpleNamespace(**{"class_weights": None, "resample": "share", "mirror": False, **wishes})


def weighed(wish: object, data: Data = RARE) -> dict[str, float]:
    """Give the total weight of each class over all items, as the losses see it."""
    codec = ImageCodec.fit(data)
    encoded = {name: torch.from_numpy(part) for name, part in codec.encode(data).items()}
    scene = reader(settings(class_weights=wish), codec, torch.device("cpu"))(encoded)
    weight = torch.ones(len(data)) if scene.weight is None else scene.weight
    return {name: float(weight[encoded["labels"] == place].sum()) for place, name in enumerate(codec.classes)}


def test_balanced_weights_give_a_class_of_one_percent_the_weight_of_the_other():
    total = weighed("balanced")
    assert total["rare"] == pytest.approx(total["common"]) == pytest.approx(50)


def test_without_weights_classes_count_as_they_come():
    assert weighed(None) == {"common": 99, "rare": 1}


def test_named_weights_are_relative_and_one_on_average():
    total = weighed({"rare": 11})
    assert total["rare"] / total["common"] == pytest.approx(11 / 99)
    assert sum(total.values()) == pytest.approx(100, rel=1e-5)


def test_classes_that_are_shown_equally_often_are_in_balance_already():
    codec = ImageCodec.fit(RARE)
    assert class_weights("balanced", codec, "equal").tolist() == [1, 1]
    doubled = class_weights({"rare": 2}, codec, "equal")
    assert doubled[codec.classes.index("rare")] == pytest.approx(4 / 3)


def test_weights_without_classes_change_nothing():
    codec = ImageCodec.fit(RARE, labelled=False)
    assert class_weights("balanced", codec) is None


def test_a_weight_for_an_unknown_class_is_refused_by_name():
    with pytest.raises(UsageError, match="Did you mean rare") as caught:
        class_weights({"rar": 2.0}, ImageCodec.fit(RARE))
    assert caught.value.code == "E105"


def test_weighted_losses_are_those_of_a_batch_in_which_classes_come_that_often():
    codec = ImageCodec.fit(RARE)
    encoded = {name: torch.from_numpy(part) for name, part in codec.encode(RARE).items()}
    scene = reader(settings(class_weights={"rare": 11}), codec, torch.device("cpu"))(encoded)
    losses = torch.linspace(0, 1, 100)
    rare = encoded["labels"] == codec.classes.index("rare")
    expected = torch.cat([losses[~rare], losses[rare].repeat(11)]).mean()
    assert float(scene.mean(losses)) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("resample, seen", [("share", 1), ("equal", 50)])
def test_equal_resampling_draws_both_classes_equally_often(resample, seen):
    codec = ImageCodec.fit(RARE)
    encoded = {name: torch.from_numpy(part) for name, part in codec.encode(RARE).items()}
    batches = picture_batches(settings(resample=resample))(encoded, 20, 0)
    place = codec.classes.index("rare")
    assert sum(int((batches(number)["labels"] == place).sum()) for number in range(5)) == seen


def test_pictures_become_numbers_from_minus_one_to_one_and_half_of_those_with_keys_are_mirrored():
    items = torch.arange(8, dtype=torch.uint8).reshape(4, 1, 1, 2) * 36
    plain = pixels({"pictures": items})
    assert float(plain.min()) == -1 and float(plain.max()) == pytest.approx(252 / 127.5 - 1)
    keyed = pixels({"pictures": items, "key": torch.tensor([0, 1, 2, 3])})
    assert torch.equal(keyed[[0, 2]], plain[[0, 2]]) and torch.equal(keyed[[1, 3]], plain[[1, 3]].flip(3))


def test_conditions_in_a_batch_are_the_rows_of_their_labels():
    data = pictures(["a red bar", "a blue dot", "a red dot"] * 2)
    codec = ImageCodec.fit(data, captions=True)
    encoded = {name: torch.from_numpy(part) for name, part in codec.encode(data).items()}
    scene = reader(settings(), codec, torch.device("cpu"))(encoded)
    assert scene.condition is not None
    assert scene.condition.tolist() == codec.described(data.labels).tolist()


def test_the_noise_follows_the_settings():
    latent = law(R3GAN(latent="uniform", latent_size=5, latent_signs=2))
    assert (latent.law, latent.size, latent.signs, latent.width) == ("uniform", 5, 2, 7)
    assert law(CGAN()).signs == 0


def test_rates_are_held_and_then_fall_to_their_end():
    rates = falling(settings(rate=2.0), held=0.5, left=0.1)

    def at(number: int) -> float:
        return float(rates(Step(number=number, total=100, generator=torch.Generator()))["critic"]["lr"])  # type: ignore[arg-type]

    assert at(0) == at(50) == 2.0
    assert at(75) == pytest.approx(1.1)
    assert at(100) == pytest.approx(0.2)


def test_remedies_among_the_settings_reach_the_game():
    data = pictures(["a", "b"] * 30)
    training = R3GAN(
        steps=4, width=8, batch=8, critic_first=3, instance_noise=0.5, optimizer="sgd", latent_signs=1
    ).training(data)
    game = training.method.begin(4, torch.device("cpu"))
    assert (game.critic_first, game.instance_noise) == (3, 0.5)
    assert isinstance(game.players["critic"], torch.optim.SGD)
    assert training.finish().sample(3, seed=0).items.shape == (3, 6, 6)
