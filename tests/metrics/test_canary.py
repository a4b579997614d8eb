"""The canary audit: its bound against closed forms, and trainings that keep their promise or do not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch

import contrafact.nets.private_game as private_game
from contrafact.metrics.canary import audit, chance, coins, lowest_epsilon
from contrafact.nets.private import along
from contrafact.zoo import Loom

PLANTED, COLUMNS, DELTA, CLAIMED = 400, 6, 1e-5, 1.0


def test_the_chance_of_right_guesses_is_binomial_where_delta_is_nothing():
    p = math.exp(0.7) / (1 + math.exp(0.7))
    tail = sum(math.comb(20, k) * p**k * (1 - p) ** (20 - k) for k in range(17, 21))
    assert chance(50, 20, 17, 0.7, 0.0) == pytest.approx(tail)
    assert chance(50, 20, 17, 0.7, 1e-3) > tail and chance(50, 20, 17, 0.7, 0.5) == 1


def test_the_bound_is_where_the_chance_is_one_in_twenty():
    low = lowest_epsilon(100, 50, 45, 0.0)
    assert chance(100, 50, 45, low, 0.0) == pytest.approx(0.05, abs=1e-6) and 1 < low < math.log(9)
    assert lowest_epsilon(100, 50, 27, 0.0) == 0 and lowest_epsilon(100, 50, 45, 1e-3) < low


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_randomised_response_is_bounded_below_its_own_epsilon_in_nineteen_of_twenty(epsilon):
    draw = np.random.default_rng(0)
    above = 0
    for seed in range(200):
        kept = coins(400, seed)
        honest = draw.random(400) < math.exp(epsilon) / (1 + math.exp(epsilon))
        scores = np.where(honest == kept, 1.0, 0.0) + draw.random(400) / 2
        above += audit(scores, kept, claimed=epsilon, delta=0.0).contradicts
    assert above <= 18


def test_an_attacker_who_knows_all_contradicts_and_one_who_knows_nothing_does_not():
    kept = coins(100, 1)
    knowing = audit(kept * 1.0, kept, claimed=2.0, delta=1e-6)
    assert knowing.right == knowing.guesses == 50 and knowing.contradicts and knowing.low > 2.5
    blind = audit(np.random.default_rng(0).random(100), kept, claimed=0.1, delta=1e-6)
    assert not blind.contradicts and blind.to_json()["contradicts"] is False


def trained(seed: int):
    """Train on rows of which four hundred, each of levels of its own, had a coin; score these by every noised step."""
    kept, names = coins(PLANTED, seed), [f"k{i:03d}" for i in range(PLANTED)]
    columns = [f"c{j}" for j in range(COLUMNS)]
    planted = pd.DataFrame(dict.fromkeys(columns, names))
    usual = pd.DataFrame(np.random.default_rng(seed).choice(["a", "b"], (200, COLUMNS)), columns=columns)
    recipe = Loom(
        epsilon=CLAIMED,
        delta=DELTA,
        clip=1.0,
        levels=dict.fromkeys(columns, ("a", "b", *names)),
        steps=6,
        batch=10**6,
        width=256,
        depth=1,
    )
    training = recipe.training(pd.concat([usual, planted[kept]], ignore_index=True), seed=seed)
    tokens = torch.from_numpy(training.method.codec.encode(planted)["tokens"].astype(np.int64))
    known = torch.zeros_like(tokens, dtype=torch.bool)
    scores = np.zeros(PLANTED)
    for _ in training:
        net = training.game.game.net
        scores += along(net, [weight.grad for weight in net.parameters()], tokens, known, ~known).numpy()
    return audit(scores, kept, claimed=CLAIMED, delta=DELTA)


def test_a_private_training_does_not_give_away_more_than_it_promised():
    assert not trained(0).contradicts


def test_a_training_that_does_not_clip_is_caught(monkeypatch):
    honest = private_game.clipped_sum
    monkeypatch.setattr(private_game, "clipped_sum", lambda net, *cells: honest(net, *cells[:3], 1e9))
    assert trained(0).contradicts
