"""Looking at a model leaves no trace in its training."""

from __future__ import annotations

import numpy as np
import torch

from contrafact.base.demos import ring
from contrafact.zoo import SNGAN


def test_asking_a_spectrally_normalised_critic_does_not_change_it():
    training = SNGAN.toy().training(ring(500), seed=0)
    game = training.begin(30)
    model = training.method.model(game)
    before = {name: value.clone() for name, value in game.critic.state_dict().items()}
    model.opinion(np.zeros((7, 2), dtype=np.float32))
    after = game.critic.state_dict()
    assert game.critic.training
    assert all(torch.equal(before[name], after[name]) for name in before)
