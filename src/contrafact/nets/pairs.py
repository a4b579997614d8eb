"""What methods that learn from pairs of pictures share: random crops, losses against the truth, and the fitted model.

A crop's place, and how it is mirrored and turned, are functions of its block's key, which depends on (seed, epoch,
index) alone; all crops of a batch are gathered by one indexing. A block of the data is cut so that pictures of any
size are learned from alike, and a picture of any size is translated in tiles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss, one_hot

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, chosen, fold
from contrafact.engine.fit import Method, Playable, Score, Training
from contrafact.engine.items import Batches
from contrafact.engine.model import Model
from contrafact.engine.packing import bare, loaded_net, needed_net, weights_of
from contrafact.nets.tiles import tiled
from contrafact.nets.unet import UNet

Turning = Literal["turn", "mirror", "none"]
EXAM_PIXELS, PASS_PIXELS = 2**19, 2**19


class PairSettings(Protocol):
    """The fields that every recipe over pairs has."""

    @property
    def batch(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def crop(self) -> int: ...
    @property
    def masks(self) -> bool | None: ...
    @property
    def rate(self) -> float: ...
    @property
    def rate_end(self) -> float: ...
    @property
    def warm_up(self) -> float: ...
    @property
    def turning(self) -> Turning: ...


class PairReading(Protocol):
    """What a codec of pairs knows that networks ask for."""

    @property
    def classes(self) -> tuple[int, ...]: ...
    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def policy(self) -> str: ...
    def sources(self, data: Any) -> np.ndarray: ...
    def decode(self, encoded: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Crops:
    """Crops as networks see them.

    Arguments:
        source: Pictures from -1 to 1.
        target: Places of classes N x h x w, or pictures from -1 to 1.
        shown: The target as a critic sees it: a map from -1 to 1 for each class, or the picture.
    """

    source: Tensor
    target: Tensor
    shown: Tensor


def places(key: Tensor, high: int, wide: int, side: int, turning: Turning) -> tuple[Tensor, Tensor]:
    """Give the row and the column in its block of each pixel of each crop, N x side x side.

    Arguments:
        key: A random whole number for each crop.
        high: Height of a block.
        wide: Width of a block.
        side: Side of the crops.
        turning: Whether they are mirrored and turned by quarters, mirrored left to right, or neither.
    """
    across, down = wide - side + 1, high - side + 1
    x, y, way = (part[:, None, None] for part in (key % across, key // across % down, key // across // down % 8))
    line = torch.arange(side, device=key.device)
    row, column = line[None, :, None], line[None, None, :]
    if turning == "turn":
        row, column = torch.where(way >= 4, column, row), torch.where(way >= 4, row, column)
        row = torch.where(way & 2 > 0, side - 1 - row, row)
    if turning != "none":
        column = torch.where(way & 1 > 0, side - 1 - column, column)
    size = (len(key), side, side)
    return (y + row).expand(size), (x + column).expand(size)


def crops(batch: dict[str, Tensor], codec: PairReading, side: int, turning: Turning) -> Crops:
    """Cut a random crop from each block of a batch."""
    high, wide = batch["source"].shape[2:]
    rows, columns = places(batch["key"], high, wide, min(side, high, wide), turning)
    which = torch.arange(len(rows), device=rows.device)[:, None, None]
    source, target = (batch[name].permute(0, 2, 3, 1)[which, rows, columns] for name in ("source", "target"))
    return seen(source.permute(0, 3, 1, 2), target.permute(0, 3, 1, 2), codec)


def seen(source: Tensor, target: Tensor, codec: PairReading) -> Crops:
    """Turn uint8 tensors into what networks see."""
    pixels = source.float() / 127.5 - 1
    if not codec.classes:
        picture = target.float() / 127.5 - 1
        return Crops(source=pixels, target=picture, shown=picture)
    classes = target[:, 0].long()
    shown = one_hot(classes, codec.outputs).permute(0, 3, 1, 2).float() * 2 - 1
    return Crops(source=pixels, target=classes, shown=shown)


def bent(raw: Tensor, codec: PairReading) -> Tensor:
    """Turn a network's numbers into what a critic sees: maps from -1 to 1."""
    return 2 * raw.softmax(dim=1) - 1 if codec.classes else raw.tanh()


def infidelity(raw: Tensor, crops: Crops, codec: PairReading) -> Tensor:
    """Measure how far a network's numbers are from the truth: cross-entropy of masks, mean distance of pictures."""
    return cross_entropy(raw, crops.target) if codec.classes else l1_loss(raw.tanh(), crops.target)


@dataclass
class Exam:
    """The held-out blocks that a training is scored on, evenly spread; known once the training has split its data."""

    blocks: dict[str, np.ndarray] = field(default_factory=dict)

    def set(self, held: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Choose the blocks and give them back."""
        source = held["source"]
        count = min(len(source), max(EXAM_PIXELS // (source.shape[2] * source.shape[3]), 2))
        which = np.linspace(0, len(source) - 1, count).round().astype(np.int64)
        self.blocks = {name: part[which] for name, part in held.items()}
        return self.blocks


class PairModel(Model):
    """A network from pictures to masks or pictures, with the critic's weights where they were kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Knows pictures and targets.
        generator: Pictures (and noise) -> raw numbers for each pixel.
        critic_net: Pictures beside targets -> logits of patches, or None.
        exam: The held-out blocks, while it is being trained.
    """

    codec: PairReading

    def __init__(
        self,
        recipe: Recipe,
        codec: PairReading,
        generator: UNet,
        critic_net: nn.Module | None = None,
        exam: Exam | None = None,
    ) -> None:
        super().__init__(recipe, codec)
        self.generator, self.critic_net, self.exam = generator, critic_net, exam

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the generator's weights, and the critic's where asked for."""
        return weights_of(generator=self.generator, critic=self.critic_net if with_critic else None)

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Translate the blocks of the exam, n of them at most, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        return {"target": self._made(self.exam.blocks["source"][:n], None)}

    def translate(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any:
        """Make the mask or the picture that belongs to each picture, of the same size.

        Arguments:
            data: Pictures of any size.
            draws: None gives one best guess, made without noise; m gives a list of m random draws.
            seed: The same seed gives the same draws.
        """
        sources = self.codec.sources(data)
        if draws is None:
            return self.codec.decode({"target": self._made(sources, None)})
        self._check_noise()
        base = chosen(seed)
        return [
            self.codec.decode({"target": self._made(sources, fold(base, "draw", number))})
            for number in range(checked_count(draws))
        ]

    def _check_noise(self) -> None:
        if not self.generator.noise:
            raise UsageError(
                f"This {self.recipe.method} gives one answer for each picture.",
                why="It was trained without noise, so that all draws would be equal.",
                fix="Leave draws out, or train with noise: zoo.Pix2Pix(noise=1)",
                code="E124",
            )

    def probabilities(self, data: Any) -> np.ndarray:
        """Give the probability of each class at each pixel, N x classes x H x W float32; the classes rise in value.

        Arguments:
            data: Pictures of any size.
        """
        if not self.codec.classes:
            raise UsageError(
                "This model makes pictures, not masks.",
                why="Only masks have classes with probabilities.",
                fix="Use translate.",
                code="E124",
            )
        return np.concatenate([(part + 1) / 2 for part in self._bent(self.codec.sources(data), None)])

    def _made(self, sources: np.ndarray, seed: int | None) -> np.ndarray:
        parts = self._bent(sources, seed)
        if self.codec.classes:
            return np.concatenate([part.argmax(1)[:, None].astype(np.uint8) for part in parts])
        return np.concatenate([127.5 * (part + 1) for part in parts])

    def _bent(self, sources: np.ndarray, seed: int | None) -> list[np.ndarray]:
        """Give what the network makes of pictures, from -1 to 1, a few at a time."""
        size = max(PASS_PIXELS // (sources.shape[2] * sources.shape[3]), 1)
        return [self._pass(sources, seed, start, size) for start in range(0, max(len(sources), 1), size)]

    @torch.no_grad()
    def _pass(self, sources: np.ndarray, seed: int | None, start: int, size: int) -> np.ndarray:
        device = next(self.generator.parameters()).device
        pictures = torch.from_numpy(sources[start : start + size]).to(device).float() / 127.5 - 1
        if not len(pictures):
            return np.empty((0, self.codec.outputs, *pictures.shape[2:]), dtype=np.float32)
        both = torch.cat([pictures, self._noise(pictures, seed, start)], dim=1)
        raw = tiled(self._network, both, multiple=self.generator.multiple)
        made: np.ndarray = bent(raw, self.codec).cpu().numpy()
        return made

    def _network(self, both: Tensor) -> Tensor:
        channels = both.shape[1] - self.generator.noise
        made: Tensor = self.generator(both[:, :channels], both[:, channels:] if self.generator.noise else None)
        return made

    def _noise(self, pictures: Tensor, seed: int | None, start: int) -> Tensor:
        """Draw a map of noise for each picture, or nothing but zeros."""
        shape = (self.generator.noise, *pictures.shape[2:])
        if seed is None:
            return pictures.new_zeros(len(pictures), *shape)
        sources = (torch.Generator().manual_seed(fold(seed, start + place)) for place in range(len(pictures)))
        return torch.stack([torch.randn(shape, generator=source) for source in sources]).to(pictures)


def placed(net: nn.Module, device: torch.device) -> None:
    """Move a network's weights, laid out as convolutions like them."""
    net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def translator(settings: PairSettings, codec: PairReading, noise: int = 0) -> UNet:
    """Make the U-Net of a recipe."""
    return UNet(codec.inputs, codec.outputs, settings.width, settings.depth, noise)


def pair_training(
    recipe: Any,
    data: Any,
    *,
    codec: PairReading,
    begin: Callable[[torch.device], Playable],
    score: Callable[[dict[str, np.ndarray], int], Score],
    steps: int,
    balance: dict[str, float] | None = None,
    **options: Any,
) -> Training:
    """Prepare the training of a recipe over pairs.

    Arguments:
        recipe: The settings.
        data: The pairs.
        codec: Turns the pairs into tensors and back.
        begin: Makes the game; its `generator`, and its `critic` where there is one, become the model.
        score: Makes what scores targets against those of held-out blocks.
        steps: Steps where nobody says how many.
        balance: Each player's loss when nobody can tell real from made.
        options: seed, budget, run_dir, device, fresh.
    """
    exam = Exam()
    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=steps,
        begin=lambda total, device: begin(device),
        model=lambda game: PairModel(recipe, codec, game.generator, getattr(game, "critic", None), exam),
        score=lambda held, seed: score(exam.set(held), seed),
        batches=lambda items, size, seed: Batches(items, size, seed, keyed=True),
        balance=balance or {},
    )
    training = Training(recipe, data, method, **options)
    if codec.policy:
        training.warnings.append(codec.policy)
    return training


def restored_pairs(
    recipe: Any,
    codec: PairReading,
    arrays: dict[str, np.ndarray],
    networks: Callable[[], tuple[UNet, nn.Module | None]],
) -> PairModel:
    """Make a fitted model again from its arrays."""
    generator, critic = bare(networks)
    loaded = needed_net("generator", generator, arrays)
    return PairModel(recipe, codec, loaded, None if critic is None else loaded_net("critic", critic, arrays))
