"""Frames with phases, and critics that hear waves in two ways."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.engine.play import Step
from contrafact.nets.spectral import Frames
from contrafact.zoo import ISTFTGAN
from contrafact.zoo.istftgan import Critics, FrameGenerator, PeriodCritic


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def critics(length: int = 512, condition: int = 2) -> Critics:
    return Critics(condition, length, [Frames(64, 32), Frames(128, 32)], 2)


@pytest.mark.parametrize("length", [256, 500, 1024])
def test_waves_of_any_length_are_made(length):
    frames = Frames(32, 8)
    generator = FrameGenerator(4, 2, length, frames=frames, width=6, depth=1)
    waves = generator(noise(3, 4), torch.eye(2)[[0, 1, 0]])
    assert waves.shape == (3, 1, length) and torch.isfinite(waves).all() and waves.std() > 0


def test_magnitudes_never_exceed_a_full_wave():
    generator = FrameGenerator(4, 0, 256, frames=Frames(32, 8), width=6, depth=1)
    with torch.no_grad():
        generator.head.bias.fill_(100.0)
    assert generator(noise(2, 4)).abs().max() < 16  # seventeen bins, each at most as loud as one full wave


def test_noise_and_class_reach_every_block():
    generator = FrameGenerator(4, 2, 256, frames=Frames(32, 8), width=6, depth=1)
    waves = generator(noise(1, 4), torch.eye(2)[:1])
    waves.square().mean().backward()
    for stage in generator.stages:
        assert stage.blocks[0].modulate.weight.grad[:, 4].abs().sum() > 0
        assert stage.blocks[0].modulate.weight.grad[:, :4].abs().sum() > 0


def test_every_critic_gives_a_logit_for_each_clip():
    judged = critics()(noise(3, 1, 512), torch.eye(2)[[0, 1, 0]])
    assert judged.shape == (3, 5)


def test_a_period_critic_lays_samples_of_one_kind_under_each_other():
    critic, waves = PeriodCritic(0, 3, 1), torch.zeros(1, 30)
    waves[0, 4::3] = 1.0  # every third sample, so that one column of three is filled
    columns = torch.nn.functional.pad(waves, (0, 0)).view(10, 3)
    assert columns[1:, 1].all() and not columns[:, [0, 2]].any()
    moved = torch.roll(waves, 3)
    moved[0, 4] = 0
    assert critic(waves, None).shape == (1, 1) and not torch.equal(critic(waves, None), critic(moved, None))


def test_what_is_heard_is_judged_as_the_waves_are():
    both, waves, condition = critics(), noise(2, 1, 512), torch.eye(2)
    heard = both.heard(waves)
    assert heard.shape == (2, 512 + 33 * 16 + 64 * 16)
    assert torch.equal(both(heard, condition), both(waves, condition))
    assert torch.equal(heard[:, :512], waves[:, 0])


def test_silence_is_black_and_its_slope_is_finite():
    both = critics()
    waves = torch.zeros(1, 1, 512, requires_grad=True)
    heard = both.heard(waves)
    assert heard[:, 512:].detach().max() == pytest.approx(-1, abs=1e-4)
    grad = torch.autograd.grad(both(heard, torch.eye(2)[:1]).sum(), waves, create_graph=True)[0]
    grad.square().sum().backward()
    assert all(torch.isfinite(w.grad).all() for w in both.parameters() if w.grad is not None)


def test_the_duel_is_over_what_is_heard():
    waves = np.random.default_rng(0).normal(size=(20, 512)).astype(np.float32) / 5
    data = Data(kind="sound", items=waves, labels=np.array(["a", "b"] * 10), rate=8000)
    training = ISTFTGAN.toy().training(data)
    game = training.begin(2)
    batch = {name: torch.from_numpy(part[:4]) for name, part in training.rows.items()}
    scene = game.scene(batch)
    fake = game.make(scene, Step(number=0, total=2, generator=torch.Generator().manual_seed(0)))
    assert scene.real.shape == fake.shape and scene.real.shape[1] > 512
    torch.testing.assert_close(scene.real, game.critic.heard(batch["waves"][:, None]))
