from __future__ import annotations

import math

import pytest
import torch

from contrafact.engine.duel import DUELS, Latent
from contrafact.engine.play import Step


@pytest.mark.parametrize("name", list(DUELS))
def test_losses_at_balance_are_as_recorded(name):
    duel = DUELS[name]
    # At balance the critic says the same of everything: 1/2 with least squares, 0 elsewhere.
    logits = torch.full((6,), 0.5 if name == "least squares" else 0.0)
    assert duel.critic(logits, logits, 1.0).mean().item() == pytest.approx(duel.balance[0], abs=1e-6)
    assert duel.generator(logits, logits).mean().item() == pytest.approx(duel.balance[1], abs=1e-6)


def test_the_best_minimax_critic_measures_the_jensen_shannon_divergence():
    # Two coins p = (.9, .1), q = (.3, .7); the best critic is p / (p + q) and the value 2 JS - log 4.
    p, q = torch.tensor([0.9, 0.1]), torch.tensor([0.3, 0.7])
    middle = (p + q) / 2
    divergence = (p * (p / middle).log()).sum() / 2 + (q * (q / middle).log()).sum() / 2
    logit = (p / q).log()
    n = 1000
    real = torch.cat([logit[:1].repeat(900), logit[1:].repeat(100)])
    fake = torch.cat([logit[:1].repeat(300), logit[1:].repeat(700)])
    value = -DUELS["minimax"].critic(real, fake, 1.0).mean().item()
    assert len(real) == n
    assert value == pytest.approx(2 * divergence.item() - math.log(4), abs=1e-5)


def test_minimax_and_non_saturating_share_the_critic_and_not_the_slope():
    sure = torch.tensor([-8.0], requires_grad=True)
    slopes = {}
    for name in ("minimax", "non-saturating"):
        (slopes[name],) = torch.autograd.grad(DUELS[name].generator(sure[:0], sure), sure)
    assert abs(slopes["minimax"].item()) < 1e-3
    assert abs(slopes["non-saturating"].item()) > 0.99


def test_the_relativistic_loss_sees_only_differences():
    real, fake = torch.randn(5), torch.randn(5)
    duel = DUELS["relativistic"]
    assert torch.allclose(duel.critic(real, fake, 1.0), duel.critic(real + 7, fake + 7, 1.0), atol=1e-5)
    assert torch.allclose(duel.critic(real, fake, 1.0), duel.generator(fake, real))


def test_label_smoothing_is_cross_entropy_with_a_soft_target():
    real, fake = torch.randn(7), torch.randn(7)
    soft = torch.nn.functional.binary_cross_entropy_with_logits(real, torch.full((7,), 0.9))
    hard = torch.nn.functional.binary_cross_entropy_with_logits(fake, torch.zeros(7))
    assert torch.allclose(DUELS["non-saturating"].critic(real, fake, 0.9).mean(), soft + hard)


def test_the_latent_has_the_law_that_was_asked_for():
    step = Step(number=0, total=1, generator=torch.Generator().manual_seed(0))
    normal = Latent(law="normal", size=3).draw(step, 4000)
    uniform = Latent(law="uniform", size=3, signs=2).draw(step, 4000)
    assert normal.shape == (4000, 3)
    assert abs(normal.std().item() - 1) < 0.05
    assert uniform[:, :3].abs().max() <= 1
    assert set(uniform[:, 3:].unique().tolist()) == {-1.0, 1.0}
    assert abs(uniform[:, 3:].mean().item()) < 0.05
