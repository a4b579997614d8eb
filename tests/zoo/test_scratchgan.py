import numpy as np
import pytest
import torch

from contrafact.base.demos import changes
from contrafact.zoo.scratchgan import ScratchGAN, centred, returns


def test_returns_add_up_what_lies_ahead_and_nothing_else():
    found = returns(torch.tensor([[1.0, 2.0, 4.0]]), 0.5)
    torch.testing.assert_close(found, torch.tensor([[0.5 * 2 + 0.25 * 4, 0.5 * 4, 0.0]]))


def test_only_lines_that_reach_a_place_count_there():
    used = torch.tensor([[True, True], [True, False], [True, True]])
    found = centred(torch.tensor([[1.0, 2.0], [2.0, 50.0], [6.0, 4.0]]), used)
    torch.testing.assert_close(found, torch.tensor([[-2.0, -1.0], [-1.0, 0.0], [3.0, 1.0]]))


def test_from_scratch_it_learns_which_symbols_there_are_and_what_follows():
    lines = ["a b c", "a b d"] * 40
    recipe = ScratchGAN(steps=120, width=8, batch=32, unit="word", policy_rate=0.03, critic_rate=0.03)
    model = recipe.fit(lines, seed=0)
    first = ScratchGAN(steps=1, width=8, batch=32, unit="word").fit(lines, seed=0)
    shares = [np.mean([line in lines[:2] for line in m.sample(200, seed=0)]) for m in (first, model)]
    assert shares[0] < 0.1 and shares[1] > 0.6


@pytest.mark.parametrize("counts", [True, False])
def test_models_come_back_with_their_counts_or_without(counts, tmp_path):
    import contrafact

    model = ScratchGAN.toy().but(steps=3, start=0.0, counts=counts).fit(changes(60), seed=0)
    assert (model.generator.counts is not None) == counts
    model.save(tmp_path / "m", with_critic=True)
    again = contrafact.load(tmp_path / "m")
    np.testing.assert_array_equal(again.critic(changes(9)), model.critic(changes(9)))


def test_likelihood_does_not_learn_what_counts_are_worth():
    training = ScratchGAN.toy().but(steps=4, start=1.0).training(changes(60), seed=0)
    training.finish()
    assert training.game.generator.gains.abs().sum().item() == 0
