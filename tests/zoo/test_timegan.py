from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from contrafact.base.errors import UsageError
from contrafact.zoo.timegan import TimeGAN

HOURS = np.arange(600)
FRAME = pd.DataFrame({"x": np.sin(2 * np.pi * HOURS / 12), "y": 5 + np.cos(2 * np.pi * HOURS / 12)})


def test_each_phase_moves_its_own_networks():
    training = TimeGAN(steps=9, batch=8, window=8, hidden=6, layers=1).training(FRAME)
    game = training.begin(9)
    moved = [[move.player for move in phase.moves] for phase in game.phases()]
    assert moved == [["space"], ["dynamics"], ["generator", "adapting", "generator", "adapting", "critic"]]
    assert [phase.steps for phase in game.phases()] == [3, 3, None]
    own = {name: {id(w) for g in p.param_groups for w in g["params"]} for name, p in game.players.items()}
    nets = {name: {id(w) for w in net.parameters()} for name, net in game.nets.items()}
    assert own["generator"] == nets["generator"] | nets["supervisor"] and own["critic"] == nets["critic"]
    assert own["space"] == own["adapting"] == nets["embedder"] | nets["recovery"]


def test_a_critic_that_is_sure_rests():
    recipe = TimeGAN(steps=9, batch=8, window=8, hidden=6, layers=1, least=100.0)
    game = recipe.training(FRAME).begin(9)
    from contrafact.engine.play import Step

    step = Step(number=8, total=9, generator=torch.Generator().manual_seed(0))
    game.prepare(step)
    assert game.players["critic"].param_groups[0]["lr"] > 0
    game.judge({"x": torch.rand(8, 8, 2)}, step)
    assert game.players["critic"].param_groups[0]["lr"] == 0


def test_training_brings_drawn_values_to_those_of_the_data():
    model = TimeGAN(steps=90, batch=32, window=8, hidden=8, layers=1, rate=5e-3).fit(FRAME, seed=0)
    drawn = model.sample(50, seed=0)
    assert drawn["y"].between(4, 6).all() and abs(drawn["y"].mean() - 5) < 0.5


def test_attributes_cannot_be_asked_for():
    frame = pd.concat([FRAME.assign(unit=u, make="AB"[u % 2], t=HOURS) for u in range(4)], ignore_index=True)
    model = TimeGAN.toy().fit(frame)
    with pytest.raises(UsageError, match="shuttle") as caught:
        model.sample(2, given={"make": "A"})
    assert caught.value.code == "E662"
