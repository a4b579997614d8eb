"""Sound sample by sample: phase shuffle, lengths, and the paper's losses."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.engine.play import Step
from contrafact.zoo import WaveGAN
from contrafact.zoo.wavegan import WaveCritic, WaveGenerator, lengths, shifted


def step(seed: int = 0) -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))


def mirrored(row: list[float], places: int) -> list[float]:
    """Shift by hand: fill up with a mirror image of the row at either end, then cut."""
    n = len(row)
    long = row[1:][::-1] + row + row[:-1][::-1]
    return long[n - 1 - places : 2 * n - 1 - places]


@pytest.mark.parametrize("places", [-3, -2, -1, 0, 1, 2, 3])
@pytest.mark.parametrize("size", [4, 7])
def test_phase_shuffle_shifts_and_mirrors_what_is_missing(places, size):
    row = [float(number) for number in range(1, size + 1)]
    assert shifted(torch.tensor([[row]]), places).flatten().tolist() == mirrored(row, places)


def test_every_map_but_the_last_is_shifted_by_its_own_draw_within_reach():
    critic = WaveCritic(0, 1024, 1, shuffle=2)
    drawn = []
    for seed in range(40):
        critic.draw(step(seed))
        drawn.append(critic.shifts)
    assert {len(shifts) for shifts in drawn} == {len(critic.layers) - 1}
    assert {place for shifts in drawn for place in shifts} == {-2, -1, 0, 1, 2}
    assert len({tuple(shifts) for shifts in drawn}) > 10


def test_a_critic_at_rest_hears_waves_as_they_are():
    critic, waves = WaveCritic(0, 512, 2, shuffle=2), torch.randn(3, 1, 512, generator=torch.Generator().manual_seed(0))
    critic.draw(step())
    assert any(critic.shifts)
    assert not torch.equal(critic(waves), critic.eval()(waves))
    still = WaveCritic(0, 512, 2, shuffle=0)
    still.draw(step())
    assert torch.equal(still(waves), still.eval()(waves))


@pytest.mark.parametrize(
    ("samples", "layers", "shortest"), [(16384, 5, 16), (5376, 4, 21), (256, 2, 16), (1000, 3, 16)]
)
def test_maps_are_quarters_of_each_other_down_to_about_sixteen_places(samples, layers, shortest):
    chain = lengths(samples)
    assert len(chain) == layers + 1 and chain[-1] == shortest
    assert all(4 * short >= long for long, short in pairwise(chain))


@pytest.mark.parametrize("length", [256, 999, 5376])
def test_waves_of_any_length_are_made_and_judged(length):
    generator, critic = WaveGenerator(5, 3, length, 1), WaveCritic(3, length, 1, 2)
    waves = generator(torch.zeros(2, 5), torch.eye(3)[:2])
    assert waves.shape == (2, 1, length) and waves.abs().max() <= 1
    assert critic(waves, torch.eye(3)[:2]).shape == (2, 1)


def test_the_paper_has_as_many_weights():
    # d = 64 and 16,384 samples: 19.1 million in the generator (the authors' own count), 17.4 in the critic.
    generator, critic = WaveGenerator(100, 0, 16384, 64), WaveCritic(0, 16384, 64, 2)
    counts = [sum(weight.numel() for weight in net.parameters()) / 1e6 for net in (generator, critic)]
    assert counts[0] == pytest.approx(19.1, abs=0.05) and counts[1] == pytest.approx(17.4, abs=0.05)


def test_a_class_reaches_both_networks():
    generator, critic = WaveGenerator(4, 2, 256, 2), WaveCritic(2, 256, 2, 0)
    noise = torch.randn(1, 4, generator=torch.Generator().manual_seed(0))
    one, other = generator(noise, torch.eye(2)[:1]), generator(noise, torch.eye(2)[1:])
    assert not torch.allclose(one, other)
    assert not torch.allclose(critic(one, torch.eye(2)[:1]), critic(one, torch.eye(2)[1:]))


def test_without_classes_it_learns_all_clips_alike():
    waves = np.random.default_rng(0).normal(size=(20, 256)).astype(np.float32) / 5
    data = Data(kind="sound", items=waves, labels=np.array(["a", "b"] * 10), rate=8000)
    model = WaveGAN.toy().but(conditional=False).fit(data)
    assert model.sample(3, seed=0).labels is None and model.codec.classes == ()
