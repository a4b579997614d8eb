"""f-GAN's bounds against the divergences of two Gaussians: N(0, 1) as data, N(m, s) as fakes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from contrafact.zoo.fgan import BOUNDS, duel_of

POINTS = torch.linspace(-14, 14, 56_001, dtype=torch.float64)
MEAN, SD = torch.tensor(0.8, dtype=torch.float64), 1.25
NAMES = list(BOUNDS)


def density(mean: Tensor | float, sd: float) -> Tensor:
    return torch.exp(-(((POINTS - mean) / sd) ** 2) / 2) / (sd * math.sqrt(2 * math.pi))


def integral(values: Tensor) -> Tensor:
    return torch.trapezoid(values, POINTS)


def divergence(name: str, m: Tensor, s: float = SD) -> Tensor:
    """From N(0, 1) to N(m, s); js and total variation, for which no closed form is known, as they are defined."""
    p, q = density(0.0, 1.0), density(m, s)
    if name == "kl":
        return math.log(s) + (1 + m**2) / (2 * s**2) - 0.5
    if name == "reverse_kl":
        return -math.log(s) + (s**2 + m**2) / 2 - 0.5
    if name == "pearson":
        return s**2 / math.sqrt(2 * s**2 - 1) * torch.exp(m**2 / (2 * s**2 - 1)) - 1
    if name == "hellinger":
        return 2 - 2 * math.sqrt(2 * s / (1 + s**2)) * torch.exp(-(m**2) / (4 * (1 + s**2)))
    if name == "total_variation":
        return integral((p - q).abs()) / 2
    return integral(p * torch.log(2 * p / (p + q)) + q * torch.log(2 * q / (p + q)))


def best_critic(name: str) -> Tensor:
    ratio = (torch.log(density(0.0, 1.0)) - torch.log(density(MEAN, SD))).detach()
    return {
        "kl": 1 + ratio,
        "pearson": 2 * (torch.exp(ratio) - 1),
        "hellinger": ratio / 2,
        "total_variation": 50 * torch.sign(ratio),  # tanh of it is 1 or -1
    }.get(name, ratio)


def bound(name: str, v: Tensor) -> Tensor:
    gain, cost = BOUNDS[name].gain(v), BOUNDS[name].cost(v)
    return integral(density(0.0, 1.0) * gain - density(MEAN, SD) * cost)


@pytest.mark.parametrize("name", NAMES)
def test_at_the_best_critic_the_bound_is_the_divergence_and_at_any_other_less(name: str) -> None:
    answer, best = float(divergence(name, MEAN)), best_critic(name)
    assert float(bound(name, best)) == pytest.approx(answer, rel=1e-6)
    for worse in (best + torch.cos(POINTS), best.clamp(-0.3, 0.3)):
        assert float(bound(name, worse)) < answer + (1e-9 if name == "total_variation" else -1e-4)


def test_total_variation_of_two_shifted_gaussians_has_its_closed_form() -> None:
    assert float(divergence("total_variation", MEAN, 1.0)) == pytest.approx(math.erf(0.4 / math.sqrt(2)), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_against_the_best_critic_the_generator_goes_down_the_divergence(name: str) -> None:
    assert slope(duel_of(name), best_critic(name)) == pytest.approx(slope_of(lambda m: divergence(name, m)), rel=1e-4)


def test_the_non_saturating_form_goes_down_another_divergence() -> None:
    kl = slope(duel_of("kl", "non-saturating"), best_critic("kl"))
    assert kl == pytest.approx(slope_of(lambda m: divergence("reverse_kl", m)), rel=1e-4)
    js = slope(duel_of("js", "non-saturating"), best_critic("js"))
    answer = slope_of(lambda m: divergence("reverse_kl", m) - divergence("js", m))  # Arjovsky and Bottou, theorem 2.5
    assert js == pytest.approx(answer, rel=1e-4)


@pytest.mark.parametrize("form", ["minimax", "non-saturating"])
@pytest.mark.parametrize("name", NAMES)
def test_losses_at_balance_are_as_recorded(name: str, form: str) -> None:
    duel = duel_of(name, form)
    level = torch.tensor([1.0 if name == "kl" else 0.0])  # the best critic's number where p = q
    critic, generator = duel.balance
    assert duel.critic(level, level, 1.0).item() == pytest.approx(critic)
    assert duel.generator(level, level).item() == pytest.approx(generator)


def slope_of(function) -> float:
    mean = MEAN.clone().requires_grad_(True)
    return torch.autograd.grad(function(mean), mean)[0].item()


def slope(duel, v: Tensor) -> float:
    """How the generator's loss changes with the fakes' mean while the critic stays."""
    return slope_of(lambda m: integral(density(m, SD) * duel.generator(v, v)))
