import numpy as np
import pytest
import torch

from contrafact.base.demos import changes
from contrafact.zoo.seqgan import SeqGAN, advantages

QUICK = {"width": 8, "batch": 8, "longest": 5, "critic_first": 1, "critic_width": 4, "rounds": 2, "drawn": 4}


def test_advantages_are_centred_and_scaled_place_by_place_over_the_lines_that_reach_it():
    worth = torch.tensor([[1.0, 5.0], [3.0, 7.0], [8.0, 100.0]])
    used = torch.tensor([[True, True], [True, True], [True, False]])
    found = advantages(worth, used)
    torch.testing.assert_close(found[:, 1], torch.tensor([-1.0, 1.0, 0.0]))
    assert found[:, 0].sum().item() == pytest.approx(0, abs=1e-6)
    assert (found[:, 0] ** 2).mean().item() == pytest.approx(1, abs=1e-5)


def test_without_a_critic_that_knows_anything_the_generator_never_moves_and_the_run_says_so():
    recipe = SeqGAN(steps=12, start=0.5, margin=10.0, **QUICK)
    training = recipe.training(changes(60), seed=0)
    game, states = None, []
    for progress in training:
        game = training.game
        if progress.step >= 6:
            states.append({k: v.clone() for k, v in game.generator.state_dict().items()})
    assert all(torch.equal(states[0][key], states[-1][key]) for key in states[0])
    assert any("did not move" in said for said in training.warnings)
    assert progress.row["generator/gate"] == 0


def test_with_an_open_gate_it_moves_and_nothing_is_said():
    recipe = SeqGAN(steps=12, start=0.5, margin=0.0, **QUICK)
    training = recipe.training(changes(60), seed=0)
    rows = []
    for progress in training:
        if progress.step == 7:
            training.game.gate.loss.fill_(0.1)  # a critic that is sure
            before = training.game.generator.weight.detach().clone()
        rows.append(progress.row)
    assert not torch.equal(before, training.game.generator.weight)
    assert rows[-1]["generator/gate"] == 1 and "generator/reward" in rows[-1]


def test_likelihood_comes_first():
    training = SeqGAN(steps=12, start=0.5, **QUICK).training(changes(60), seed=0)
    rows = [progress.row for progress in training]
    assert all("critic/loss" not in row for row in rows[:6]) and all("critic/loss" in row for row in rows[6:])
    assert np.isfinite(training.model.critic(changes(5))).all()
