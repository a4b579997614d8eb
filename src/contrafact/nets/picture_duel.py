"""From the settings that adversarial recipes over pictures share to networks, optimisers and a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Positive
from contrafact.engine.average import Average
from contrafact.engine.duel import Augment, Duel, DuelGame, Latent, Penalty, Scene, no_penalty
from contrafact.engine.fit import Method, Score, Training
from contrafact.engine.items import Batches
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.engine.play import Step
from contrafact.nets.adversarial import Rates, make_optimizer, steady
from contrafact.nets.picture_model import PictureModel
from contrafact.nets.pictures import PictureCritic, PictureGenerator

EPOCHS = 8
FEWEST = 10  # pictures of which some can be held out
ClassWeights = Literal["balanced"] | dict[str, Positive] | None
Resample = Literal["share", "equal"]


def picture_networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make a generator and a critic for the codec's size and classes."""
    condition = codec.conditions.shape[1]
    generator = PictureGenerator(law(settings).width, condition, codec.shape, settings.width)
    return generator, PictureCritic(condition, codec.shape, max(settings.width // 2, 4))


@dataclass(frozen=True, kw_only=True)
class PictureRules:
    """What sets one adversarial method over pictures apart from the others.

    Arguments:
        loss: The pair of losses.
        penalty: Judges both kinds of pictures and adds penalty terms.
        networks: Makes generator and critic from settings and codec.
        rates: Learning rates and momenta of a step; None keeps them where the settings put them.
        augment: Makes what changes the pictures that the critic sees; None leaves them as they are.
        game: Makes the game that is played.
        model: Makes the model that is handed out.
        real_target: What the critic's loss wants of real pictures.
    """

    loss: Duel
    penalty: Penalty = no_penalty
    networks: Callable[[Any, Any], tuple[nn.Module, nn.Module]] = picture_networks
    rates: Rates | None = None
    augment: Callable[[], Augment | None] = lambda: None
    game: Callable[..., DuelGame] = DuelGame
    model: Callable[..., PictureModel] = PictureModel
    real_target: float = 1.0


def class_weights(wish: ClassWeights, codec: Any, resample: Resample = "share") -> np.ndarray | None:
    """Give what each class's pairs count, 1 on average over what is shown; None where all count the same.

    Arguments:
        wish: `balanced`, so that all classes count the same in total, or a number for some classes.
        codec: Knows the classes and their shares.
        resample: How often each class is shown.
    """
    if wish is None or not codec.classes:
        return None
    shares = np.asarray(codec.shares) if resample == "share" else np.full(len(codec.classes), 1 / len(codec.classes))
    if wish == "balanced":
        return np.asarray(1 / (len(shares) * shares))
    for name in wish:
        if name not in codec.classes:
            raise UsageError(
                f"There is no class '{name}' to weigh.",
                why=did_you_mean(name, codec.classes),
                fix=f"The classes are {', '.join(codec.classes[:12])}.",
                code="E105",
            )
    weights = np.asarray([float(wish.get(name, 1.0)) for name in codec.classes])
    return np.asarray(weights / (weights @ shares))


def reader(settings: Any, codec: Any, device: torch.device) -> Callable[[Any], Scene]:
    """Make what turns a batch of uint8 pictures and places of classes into what a duel sees."""
    # A method without conditions has no such settings.
    resample: Resample = getattr(settings, "resample", "share")
    weights = class_weights(getattr(settings, "class_weights", None), codec, resample)
    by_class = None if weights is None else torch.as_tensor(weights, dtype=torch.float32, device=device)
    table = torch.as_tensor(codec.conditions, dtype=torch.float32, device=device) if codec.classes else None

    def scene(batch: dict[str, Tensor]) -> Scene:
        real = pixels(batch)
        labels = batch.get("labels")
        return Scene(
            real=real,
            condition=None if table is None or labels is None else table[labels],
            weight=None if by_class is None or labels is None else by_class[labels],
        )

    return scene


def falling(settings: Any, held: float = 0.3, left: float = 0.02) -> Rates:
    """Hold both players' learning rate for a share of the run, then let it fall along half a cosine.

    Arguments:
        settings: Their `rate` is where it starts.
        held: The share of the run before it falls.
        left: The share of the rate that is left at the end.
    """

    def rates(step: Step) -> dict[str, dict[str, object]]:
        done = max(step.fraction - held, 0) / (1 - held)
        rate = settings.rate * step.rate * (left + (1 - left) * (1 + math.cos(math.pi * done)) / 2)
        return {player: {"lr": rate} for player in ("critic", "generator")}

    return rates


def pixels(batch: dict[str, Tensor]) -> Tensor:
    """Turn a batch's uint8 pictures into numbers from -1 to 1; where items have keys, half of them are mirrored."""
    pictures = batch["pictures"].float() / 127.5 - 1
    if "key" in batch:
        pictures = torch.where((batch["key"] & 1).bool()[:, None, None, None], pictures.flip(3), pictures)
    return pictures


def picture_batches(settings: Any) -> Callable[[Any, int, int], Batches]:
    """Make the order of pictures: all classes equally often where asked, with keys where they are mirrored."""

    def batches(items: Any, size: int, seed: int) -> Batches:
        groups = items.get("labels") if getattr(settings, "resample", "share") == "equal" else None
        return Batches(items, size, seed, groups=groups, keyed=settings.mirror)

    return batches


def law(settings: Any) -> Latent:
    """Read the law of the noise from the settings; not every method lets it be chosen."""
    kind: Literal["normal", "uniform"] = getattr(settings, "latent", "normal")
    return Latent(law=kind, size=settings.latent_size, signs=getattr(settings, "latent_signs", 0))


def remedies(settings: Any) -> dict[str, Any]:
    """Read the remedies of a duel that a recipe has among its settings."""
    return {name: getattr(settings, name) for name in ("critic_first", "instance_noise") if hasattr(settings, name)}


def begin_duel(recipe: Any, codec: Any, rules: PictureRules, device: torch.device, brightness: float) -> DuelGame:
    """Make the networks, their optimisers and the game.

    Arguments:
        recipe: The settings.
        codec: Knows sizes and classes.
        rules: What sets the method apart.
        device: Where the networks live.
        brightness: The data's mean pixel, -1 to 1.
    """
    generator, critic = rules.networks(recipe, codec)
    if isinstance(generator, PictureGenerator):
        generator.start_at(brightness)
    generator, critic = (net.to(device, memory_format=torch.channels_last) for net in (generator, critic))
    players = {
        name: make_optimizer(getattr(recipe, "optimizer", "adam"), net, recipe.rate, recipe.momentum)
        for name, net in (("critic", critic), ("generator", generator))
    }
    return rules.game(
        generator=generator,
        critic=critic,
        average=Average(generator, recipe.half_life, recipe.batch),
        players=players,
        rates=rules.rates or steady(recipe),
        latent=law(recipe),
        loss=rules.loss,
        penalty=rules.penalty,
        scene=reader(recipe, codec, device),
        augment=rules.augment(),
        critic_steps=recipe.critic_steps,
        real_target=rules.real_target,
        **remedies(recipe),
    )


def picture_training(
    recipe: Any,
    data: Any,
    *,
    codec: Any,
    score: Callable[[Any, int], Score],
    rules: PictureRules,
    steps: int,
    **options: Any,
) -> Training:
    """Prepare the training of an adversarial recipe over pictures.

    Arguments:
        recipe: The settings, none of them left open but the steps.
        data: What to learn from.
        codec: Turns the data into tensors and back.
        score: Makes what scores fakes against held-out pictures.
        rules: What sets the method apart.
        steps: Steps where nobody says how many, for many pictures; few get fewer.
        options: seed, budget, run_dir, device, fresh.
    """
    latent = law(recipe)
    brightness = float(np.mean(codec.encode(first(data, 1000))["pictures"])) / 127.5 - 1
    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=usual_steps(steps, len(data), recipe.batch),
        begin=lambda total, device: begin_duel(recipe, codec, rules, device, brightness),
        model=lambda game: rules.model(recipe, codec, latent, game.average.module, game.critic, learning=True),
        score=score,
        batches=picture_batches(recipe),
        balance=dict(zip(("critic/loss", "generator/loss"), rules.loss.balance, strict=True)),
        fewest=FEWEST,
    )
    training = Training(recipe, data, method, **options)
    if codec.policy:
        training.warnings.append(codec.policy)
    return training


def usual_steps(most: int, pictures: int, batch: int) -> int:
    """Give the steps in which every picture is seen eight times, between a quarter of the most and the most.

    >>> usual_steps(12_000, 1_797, 32), usual_steps(12_000, 60_000, 32)
    (3000, 12000)
    """
    return min(max(EPOCHS * pictures // batch, most // 4), most)


def first(data: Any, count: int) -> Any:
    """Give the first items of Data or an array."""
    return data.take(range(min(count, len(data)))) if hasattr(data, "take") and hasattr(data, "kind") else data[:count]


def restored_pictures(
    recipe: Any,
    codec: Any,
    arrays: dict[str, np.ndarray],
    networks: Callable[[Any, Any], tuple[nn.Module, nn.Module]] = picture_networks,
    model: Callable[..., PictureModel] = PictureModel,
) -> PictureModel:
    """Make a fitted model again from its arrays."""
    generator, critic = bare(lambda: networks(recipe, codec))
    loaded = needed_net("generator", generator, arrays)
    return model(recipe, codec, law(recipe), loaded, loaded_net("critic", critic, arrays))
