"""GANITE: both blocks play, every player hears from its critic, and effects come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from effects import trial

from contrafact.engine.play import Step, play
from contrafact.zoo.ganite import GANITE


def recipe(**settings: object) -> GANITE:
    return GANITE(treatment="arm", outcome="y", width=24, batch=64).but(**settings)


def opened(settings: GANITE, arms: int = 2) -> tuple[Any, Any, Step]:
    training = settings.training(trial(200, arms)[0], seed=0)
    return training, training.begin(20), Step(number=0, total=20, generator=torch.Generator().manual_seed(0))


def touched(loss: torch.Tensor, net: torch.nn.Module) -> bool:
    grads = torch.autograd.grad(loss, list(net.parameters()), allow_unused=True, retain_graph=True)
    return any(grad is not None and bool(grad.any()) for grad in grads)


@pytest.mark.parametrize("arms", [2, 3])
def test_every_player_of_both_blocks_hears_from_its_critic(arms):
    training, game, step = opened(recipe(), arms)
    batch = training.batches()(0)
    assert touched(game.guesser_loss(batch, step)["loss"], game.guesser)
    assert touched(game.filler_loss(batch, step)["loss"], game.filler)
    assert touched(game.judge_loss(batch, step)["loss"], game.judge)
    assert touched(game.answering_loss(batch, step)["loss"], game.answering)
    assert touched(game.answering_loss(batch, step)["near"], game.answering)


def test_observed_outcomes_stand_in_their_place_and_noise_moves_the_others():
    training, game, step = opened(recipe(), 3)
    batch = training.batches()(0)
    first, second = (game.filled(batch, step)[0] for _ in range(2))
    rows = torch.arange(len(first))
    assert (first[rows, batch["t"]] == batch["y"]).all() and (second[rows, batch["t"]] == batch["y"]).all()
    others = torch.ones_like(first, dtype=torch.bool)
    others[rows, batch["t"]] = False
    assert (first[others] != second[others]).all()


def test_the_blocks_are_played_one_after_the_other():
    training, game, _ = opened(recipe())
    players = [set(turn.terms) for turn in play(game, training.batches(), total=20, seed=0)]
    assert players[:10] == [{"guesser", "filler"}] * 10 and players[10:] == [{"judge", "answering"}] * 10


def test_the_losses_are_those_of_the_paper():
    training, game, step = opened(recipe())
    batch = training.batches()(0)
    logits = game.guesser(torch.cat([batch["x"], game.filled(batch, step)[0]], dim=1))
    step.generator.manual_seed(0)
    terms = game.filler_loss(batch, step)
    assert terms["loss"].item() < 0 and logits.shape == (64, 2)
    whole, made = torch.tensor([[1.0, 4.0]]), torch.tensor([[2.0, 3.0]])
    assert game.away(whole, made).item() == 1
    _, other, _ = opened(recipe(hold="effect"))
    assert other.away(whole, made).item() == 4


@pytest.mark.parametrize("hold", ["outcomes", "effect"])
def test_effects_come_out_and_are_the_same_each_time(hold):
    frame, effect = trial(200)
    model = recipe(steps=260, hold=hold).fit(frame, seed=0)
    found = model.effect(frame)
    assert np.corrcoef(found, effect[:, 0])[0, 1] > 0.6
    np.testing.assert_array_equal(found, model.effect(frame))
