"""Every rule of the doctor speaks at a planted failure and is silent beside a healthy training."""

from __future__ import annotations

import pytest
import torch

from contrafact.base.demos import digits, ring
from contrafact.engine import watch
from contrafact.zoo import GAN, R3GAN


def rows(count: int = 40, **numbers) -> list[dict[str, float]]:
    """Log a healthy run, with some numbers given as functions of the step's share of the run."""
    healthy = {
        "critic/loss": lambda t: 0.69,
        "critic/wins": lambda t: 0.6,
        "critic/gradient": lambda t: 1.0,
        "generator/gradient": lambda t: 0.8,
        "score": lambda t: 0.2 + 0.7 * t,
        "coverage": lambda t: 0.2 + 0.7 * t,
        "regions": lambda t: 1.0,
        "variety": lambda t: 1.0,
    }
    made = {**healthy, **{name.replace("__", "/"): number for name, number in numbers.items()}}
    return [{"step": 10 * (i + 1), **{k: f((i + 1) / count) for k, f in made.items()}} for i in range(count)]


def said(log, total=400) -> list[str]:
    """Give the codes that are said at any time of a run."""
    return sorted({f.code for end in range(1, len(log) + 1) for f in watch.examine(log[:end], total)})


def test_a_healthy_log_is_met_with_silence():
    assert said(rows()) == []


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("D201", {"critic__loss": lambda t: None if t > 0.5 else 0.7}),
        ("D202", {"critic__gradient": lambda t: 1e6 if t > 0.9 else 1.0}),
        ("D210", {"regions": lambda t: 0.4}),
        ("D210", {"variety": lambda t: 0.3}),
        ("D210", {"coverage": lambda t: 0.8 if t < 0.5 else 0.2}),
        ("D211", {"critic__wins": lambda t: 0.995}),
        ("D212", {"generator__gradient": lambda t: 1.0 if t < 0.3 else 1e-5, "critic__wins": lambda t: 0.97}),
        ("D220", {"score": lambda t: min(0.2 + 1.4 * t, 0.8) + 0.001 * (int(40 * t) % 2)}),
    ],
)
def test_a_planted_log_is_called_by_its_name(code, numbers):
    assert said(rows(**numbers)) == [code]


@pytest.mark.parametrize(
    "numbers",
    [
        {"critic__wins": lambda t: 0.99 if t < 0.04 else 0.7},
        {"coverage": lambda t: 0.5 + 0.1 * (int(40 * t) % 2)},
        {"regions": lambda t: 0.5 if t < 0.2 else 0.95},
        {"generator__gradient": lambda t: 1e-5},
        {"critic__gradient": lambda t: 50.0 if t > 0.5 else 1.0},
        {"score": lambda t: 0.2 + 0.7 * t + 0.02 * (int(40 * t) % 2)},
    ],
)
def test_what_looks_odd_and_is_not_wrong_is_left_alone(numbers):
    assert said(rows(**numbers)) == []


def test_nothing_is_said_of_the_generator_while_the_critic_moves_alone():
    log = rows(regions=lambda t: 0.1, critic__wins=lambda t: 1.0)
    for row in log:
        del row["generator/gradient"]
    assert said(log) == []


def codes(recipe, data, seed: int) -> list[str]:
    training = recipe.training(data, seed=seed)
    for _ in training:
        pass
    return training.memory.said


SMALL = {"width": 64, "depth": 2, "batch": 64}
COLLAPSING = GAN(steps=600, rate=2e-3, momentum=0.9, half_life=0, latent_size=2, **SMALL)
VANISHING = GAN(
    loss="minimax",
    steps=400,
    critic_first=200,
    critic_steps=3,
    rate=5e-2,
    optimizer="sgd",
    half_life=0,
    r1=0,
    r2=0,
    **SMALL,
)
OVERBEARING = GAN(steps=300, critic_steps=8, rate=2e-3, r1=0, r2=0, **SMALL)


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize(
    ("code", "recipe", "data"),
    [("D210", COLLAPSING, ring), ("D212", VANISHING, digits), ("D211", OVERBEARING, digits)],
)
def test_a_planted_failure_is_noticed_while_it_trains(code, recipe, data, seed):
    rows = ring(4000) if data is ring else digits()
    assert code in codes(recipe, rows, seed)


@pytest.mark.parametrize(("data", "seed"), [(ring, 4), (ring, 5), (digits, 4)])
def test_a_healthy_training_is_met_with_silence(data, seed):
    rows = ring(4000) if data is ring else digits()
    heard = codes(R3GAN(steps=400, batch=128), rows, seed)
    assert [code for code in heard if code != "D220"] == []


def test_the_doctor_does_not_touch_the_random_state():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    watch.examine(rows(), 400)
    assert torch.equal(before, torch.get_rng_state())
