"""Pictures: each of the doctor's rules notices a real failure of its kind while it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from contrafact.base.data import Data
from contrafact.base.demos import digits
from contrafact.codecs.image import ImageCodec
from contrafact.engine.fit import Training
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.picture_duel import PictureRules, picture_networks, picture_training
from contrafact.nets.pictures import PictureGenerator
from contrafact.zoo import R3GAN
from contrafact.zoo.r3gan import PICTURES

SEEDS = (2, 3)
PLAIN = R3GAN(steps=400, width=32, augment="off")


def some(count: int, seed: int) -> Data:
    return digits().take(np.random.default_rng(seed).permutation(1797)[:count])


class Blurred(nn.Module):
    """A critic that sees the mean of each two by two pixels only."""

    def __init__(self, critic: nn.Module) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, pictures: Tensor, *condition: Tensor) -> Tensor:
        halved = avg_pool2d(pictures, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
        return self.critic(halved, *condition)


class Pale(PictureGenerator):
    """A generator whose pictures never reach white or black."""

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        return 0.4 * super().forward(noise, condition)


def short_sighted(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    generator, critic = picture_networks(settings, codec)
    return generator, Blurred(critic)


def pale(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    _, critic = picture_networks(settings, codec)
    return Pale(settings.latent_size, codec.conditions.shape[1], codec.shape, settings.width), critic


def with_networks(networks: Callable[..., Any], seed: int) -> Training:
    recipe, data = PLAIN.filled(PICTURES), some(800, seed)
    rules = PictureRules(**recipe._rules(), networks=networks)
    codec = ImageCodec.fit(data, resolution=64)
    return picture_training(recipe, data, codec=codec, score=held_out_pictures, rules=rules, steps=1, seed=seed)


FAILURES: dict[str, Callable[[int], Training]] = {
    "D230": lambda seed: PLAIN.but(steps=800, conditional=False, r1=0.01, r2=0.01).training(some(100, seed), seed=seed),
    "D231": lambda seed: PLAIN.but(steps=2000).training(some(40, seed), seed=seed),
    "D232": lambda seed: with_networks(short_sighted, seed),
    "D233": lambda seed: with_networks(pale, seed),
    "D234": lambda seed: PLAIN.but(class_weights={"3": 1e-6}).training(some(1797, seed), seed=seed),
}


def said(training: Training) -> list[str]:
    """Watch a training to its last step."""
    for progress in training:
        if progress.step == progress.total:
            break
    return training.memory.said


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("code", FAILURES)
def test_a_planted_failure_of_pictures_is_noticed_while_it_trains(code, seed):
    assert code in said(FAILURES[code](seed))
