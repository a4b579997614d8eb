"""From the settings that adversarial recipes over vectors share to networks, optimisers and a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from contrafact.engine.average import Average
from contrafact.engine.duel import Duel, DuelGame, Latent, Penalty, no_penalty
from contrafact.engine.fit import Method, Score, Training
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.engine.play import Step
from contrafact.nets.mlp import Activation, Perceptron
from contrafact.nets.pushforward import Pushforward

OptimizerName = Literal["adam", "rmsprop", "sgd"]


class VectorSettings(Protocol):
    """The fields that every adversarial recipe over vectors has."""

    @property
    def steps(self) -> int | None: ...
    @property
    def batch(self) -> int: ...
    @property
    def latent(self) -> Literal["normal", "uniform"]: ...
    @property
    def latent_size(self) -> int | None: ...
    @property
    def latent_signs(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def activation(self) -> Activation: ...
    @property
    def optimizer(self) -> OptimizerName: ...
    @property
    def rate(self) -> float: ...
    @property
    def momentum(self) -> float: ...
    @property
    def critic_steps(self) -> int: ...
    @property
    def critic_first(self) -> int: ...
    @property
    def instance_noise(self) -> float: ...
    @property
    def half_life(self) -> float: ...


Networks = Callable[[Any, int], tuple[nn.Module, nn.Module]]
Rates = Callable[[Step], dict[str, dict[str, object]]]


def plain_networks(
    settings: VectorSettings, columns: int, *, spectral: bool = False, features: int = 0
) -> tuple[nn.Module, nn.Module]:
    """Make a generator and a critic of plain hidden layers.

    Arguments:
        settings: Widths, depths and activation.
        columns: Columns of the encoded data.
        spectral: Normalise the critic's layers.
        features: Fourier projections at the critic's entrance.
    """
    shape = {"width": settings.width, "depth": settings.depth}
    # Maxout is a critic's activation (PacGAN's protocol); a generator of maxout units is five times as dear.
    smooth: Activation = "relu" if settings.activation == "maxout" else settings.activation
    generator = Perceptron(law(settings, columns).width, columns, act=smooth, **shape)
    critic = Perceptron(columns, 1, act=settings.activation, spectral=spectral, features=features, **shape)
    return generator, critic


def law(settings: VectorSettings, columns: int) -> Latent:
    """Read the law of the noise from the settings; by default it is a little wider than the data."""
    size = settings.latent_size or max(4, columns + 2)
    return Latent(law=settings.latent, size=size, signs=settings.latent_signs)


def make_optimizer(name: OptimizerName, module: nn.Module, rate: float, momentum: float) -> Optimizer:
    """Make one player's optimiser."""
    weights = [w for w in module.parameters() if w.requires_grad]
    if name == "adam":
        return torch.optim.Adam(weights, lr=rate, betas=(momentum, 0.99), fused=True)
    if name == "rmsprop":
        return torch.optim.RMSprop(weights, lr=rate, momentum=momentum)
    return torch.optim.SGD(weights, lr=rate, momentum=momentum)


def cosine(step: Step, start: float, end: float, until: float = 1.0) -> float:
    """Go from start to end along half a cosine, and stay there after this share of the run."""
    done = min(step.fraction / until, 1.0)
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


class Scheduled(Protocol):
    """The fields of a learning rate that rises and falls."""

    @property
    def rate(self) -> float: ...
    @property
    def rate_end(self) -> float: ...
    @property
    def warm_up(self) -> float: ...


def rising(step: Step, warm_up: float) -> float:
    """Give the share of a learning rate that is reached at a step, while it rises over a share of the run."""
    return min((step.number + 1) / max(warm_up * step.total, 1), 1.0)


def scheduled(settings: Scheduled, step: Step) -> float:
    """Give the learning rate of a step: it rises to its start, then falls along half a cosine."""
    falling = cosine(step, settings.rate, settings.rate * settings.rate_end)
    return falling * rising(step, settings.warm_up) * step.rate


def steady(settings: VectorSettings) -> Rates:
    """Keep both players' learning rates where the settings put them."""

    def rates(step: Step) -> dict[str, dict[str, object]]:
        return {player: {"lr": settings.rate * step.rate} for player in ("critic", "generator")}

    return rates


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What sets one adversarial method apart from the others.

    Arguments:
        loss: The pair of losses.
        penalty: Judges both kinds of rows and adds penalty terms.
        networks: Makes generator and critic.
        rates: Learning rates and momenta of a step; None keeps them where the settings put them.
        real_target: What the critic's loss wants of real rows.
    """

    loss: Duel
    penalty: Penalty = no_penalty
    networks: Networks = plain_networks
    rates: Rates | None = None
    real_target: float = 1.0


def begin_duel(recipe: Any, columns: int, rules: Rules, device: torch.device) -> DuelGame:
    """Make the networks, their optimisers and the game.

    Arguments:
        recipe: The settings.
        columns: Columns of the encoded data.
        rules: What sets the method apart.
        device: Where the networks live.
    """
    generator, critic = (net.to(device) for net in rules.networks(recipe, columns))
    players = {
        name: make_optimizer(recipe.optimizer, net, recipe.rate, recipe.momentum)
        for name, net in (("critic", critic), ("generator", generator))
    }
    return DuelGame(
        generator=generator,
        critic=critic,
        average=Average(generator, recipe.half_life, recipe.batch),
        players=players,
        rates=rules.rates or steady(recipe),
        latent=law(recipe, columns),
        loss=rules.loss,
        penalty=rules.penalty,
        critic_steps=recipe.critic_steps,
        critic_first=recipe.critic_first,
        instance_noise=recipe.instance_noise,
        real_target=rules.real_target,
    )


def vector_training(
    recipe: Any,
    data: Any,
    *,
    codec: Any,
    score: Callable[[np.ndarray, int], Score],
    rules: Rules,
    steps: int = 8_000,
    **options: Any,
) -> Training:
    """Prepare the training of an adversarial recipe over vectors.

    Arguments:
        recipe: The settings.
        data: What to learn from.
        codec: Turns the data into rows and back.
        score: Makes what scores fakes against held-out rows.
        rules: What sets the method apart.
        steps: Steps where nobody says how many.
        options: seed, budget, run_dir, device, fresh.
    """
    latent = law(recipe, codec.width)
    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=steps,
        begin=lambda total, device: begin_duel(recipe, codec.width, rules, device),
        model=lambda game: Pushforward(recipe, codec, latent, game.average.module, game.critic),
        score=score,
        balance=dict(zip(("critic/loss", "generator/loss"), rules.loss.balance, strict=True)),
    )
    return Training(recipe, data, method, **options)


def restored(
    recipe: Any, codec: Any, arrays: dict[str, np.ndarray], networks: Networks = plain_networks
) -> Pushforward:
    """Make a fitted model again from its arrays."""
    generator, critic = bare(lambda: networks(recipe, codec.width))
    loaded = needed_net("generator", generator, arrays)
    return Pushforward(recipe, codec, law(recipe, codec.width), loaded, loaded_net("critic", critic, arrays))
