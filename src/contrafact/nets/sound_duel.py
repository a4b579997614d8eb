"""From the settings that adversarial recipes over waves share to a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.engine.average import Average
from contrafact.engine.duel import Augment, Duel, DuelGame, Penalty, Scene
from contrafact.engine.fit import Method, Score, Training
from contrafact.engine.items import Batches
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.nets.adversarial import Rates, make_optimizer
from contrafact.nets.picture_duel import FEWEST, law, usual_steps
from contrafact.nets.sound_model import WaveModel

Networks = Callable[[Any, Any], tuple[nn.Module, nn.Module]]


@dataclass(frozen=True, kw_only=True)
class WaveRules:
    """What sets one adversarial method over waves apart from the others.

    Arguments:
        loss: The pair of losses.
        penalty: Judges both kinds of waves and adds penalty terms.
        networks: Makes generator and critic from settings and codec.
        rates: Learning rates and momenta of a step.
        game: Makes the game that is played.
        augment: Changes the waves that the critic hears; None leaves them as they are.
    """

    loss: Duel
    penalty: Penalty
    networks: Networks
    rates: Rates
    game: Callable[..., DuelGame] = DuelGame
    augment: Augment | None = None


def reader(codec: Any, device: torch.device) -> Callable[[Any], Scene]:
    """Make what turns a batch of waves and places of classes into what a duel hears."""
    table = torch.as_tensor(codec.conditions, dtype=torch.float32, device=device)

    def scene(batch: dict[str, Tensor]) -> Scene:
        return Scene(real=batch["waves"][:, None], condition=table[batch["labels"]] if "labels" in batch else None)

    return scene


def begin_duel(recipe: Any, codec: Any, rules: WaveRules, device: torch.device) -> DuelGame:
    """Make the networks, their optimisers and the game."""
    generator, critic = (net.to(device) for net in rules.networks(recipe, codec))
    return rules.game(
        generator=generator,
        critic=critic,
        average=Average(generator, recipe.half_life, recipe.batch),
        players={
            name: make_optimizer("adam", net, recipe.rate, recipe.momentum)
            for name, net in (("critic", critic), ("generator", generator))
        },
        rates=rules.rates,
        latent=law(recipe),
        loss=rules.loss,
        penalty=rules.penalty,
        scene=reader(codec, device),
        augment=rules.augment,
        critic_steps=recipe.critic_steps,
    )


def wave_training(
    recipe: Any,
    data: Any,
    *,
    codec: Any,
    score: Callable[[Any, int], Score],
    rules: WaveRules,
    steps: int,
    **options: Any,
) -> Training:
    """Prepare the training of an adversarial recipe over waves.

    Arguments:
        recipe: The settings.
        data: What to learn from.
        codec: Turns the data into waves and back.
        score: Makes what scores fakes against held-out clips.
        rules: What sets the method apart.
        steps: Steps where nobody says how many, for many clips; few get fewer.
        options: seed, budget, run_dir, device, fresh.
    """
    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=usual_steps(steps, len(data), recipe.batch),
        begin=lambda total, device: begin_duel(recipe, codec, rules, device),
        model=lambda game: WaveModel(recipe, codec, law(recipe), game.average.module, game.critic, learning=True),
        score=score,
        batches=Batches,
        balance=dict(zip(("critic/loss", "generator/loss"), rules.loss.balance, strict=True)),
        fewest=FEWEST,
    )
    training = Training(recipe, data, method, **options)
    training.warnings.append(codec.policy)
    return training


def restored_waves(recipe: Any, codec: Any, arrays: dict[str, np.ndarray], networks: Networks) -> WaveModel:
    """Make a fitted model again from its arrays."""
    generator, critic = bare(lambda: networks(recipe, codec))
    loaded = needed_net("generator", generator, arrays)
    return WaveModel(recipe, codec, law(recipe), loaded, loaded_net("critic", critic, arrays))
