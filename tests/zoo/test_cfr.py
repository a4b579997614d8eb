"""CFR: an adversary or a distance brings the arms' pictures together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from effects import trial

from contrafact.engine.play import Step, play
from contrafact.nets.potential import by_transport
from contrafact.zoo.cfr import CFR


def recipe(**settings: object) -> CFR:
    return CFR(treatment="arm", outcome="y", width=24, depth=2, batch=64).but(**settings)


def distance(settings: CFR, steps: int) -> float:
    """Train on arms that differ much, and say how far their pictures are apart."""
    frame, _ = trial(300)
    frame["a"] += 1.5 * frame["arm"]
    training = settings.training(frame, seed=0)
    game = training.begin(steps)
    for _ in play(game, training.batches(), total=steps, seed=0):
        pass
    x, t = (torch.from_numpy(training.rows[name]) for name in ("x", "t"))
    seen = game.net.seen(x).detach()
    return float(by_transport(seen[t == 1], seen[t == 0]) / torch.cdist(seen, seen).mean())


@pytest.mark.parametrize("balance", ["critic", "transport", "kernel"])
def test_weight_on_the_distance_brings_arms_together(balance):
    without = distance(recipe(balance=balance, alpha=0.0), 80)
    assert distance(recipe(balance=balance, alpha=1.0), 80) < 0.8 * without


def test_the_critic_learns_to_tell_arms_apart_and_the_network_hears_of_it():
    frame, _ = trial(300)
    training = recipe(alpha=1.0).training(frame, seed=0)
    game = training.begin(10)
    batch, step = training.batches()(0), Step(number=0, total=10, generator=torch.Generator().manual_seed(0))
    terms = game.critic_loss(batch, step)
    assert set(terms) == {"loss", "slope"} and all(term.requires_grad for term in terms.values())
    apart = game.loss(batch, step)["apart"]
    grads = torch.autograd.grad(apart, list(game.net.shared.parameters()), allow_unused=True)
    assert any(grad is not None and grad.any() for grad in grads)


def test_batches_of_one_arm_are_no_trouble():
    frame, _ = trial(60)
    frame["arm"] = (np.arange(60) < 6).astype(int)
    model = recipe(batch=2, steps=12).fit(frame, seed=0)
    assert np.isfinite(model.effect(frame)).all()


def test_effects_are_learned_with_three_arms():
    frame, effect = trial(300, arms=3)
    found = recipe(steps=150, alpha=0.05, critic_steps=1).fit(frame, seed=0).effect(frame)
    assert np.corrcoef(found.ravel(), effect.ravel())[0, 1] > 0.85
