"""The model of a method that translates between two domains of pictures, which are the two classes of its data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.engine.fit import Score
from contrafact.engine.model import Model
from contrafact.engine.packing import weights_of
from contrafact.engine.play import lone_step
from contrafact.nets.any_size import cut_windows, floats, items_of, like, resized, whole_numbers, working_size
from contrafact.nets.fills import ExamScore
from contrafact.nets.residual import Painter, bounded
from contrafact.nets.tiles import tiled

BLOCK, PASS_PIXELS, FEW = 64, 2**19, 4
EXAM_WINDOWS = 128  # of each domain, as far as large pictures have room for several


class Translator(nn.Module):
    """Turn pictures from -1 to 1 of any size into others of that size."""

    def __init__(self, channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.painter = Painter(channels, channels, width, depth)

    def forward(self, pictures: Tensor) -> Tensor:
        return bounded(self.painter(pictures))


@dataclass
class Exam:
    """Windows of held-out pictures of each domain: half are translated, and scored against the other half.

    Of few large pictures several windows each are used.

    Arguments:
        windows: Of both domains in turn, as far as both have some.
        labels: The place of the domain that each is translated into.
    """

    windows: Tensor = field(default_factory=lambda: torch.empty(0))
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def score(
        self,
        held: dict[str, np.ndarray],
        window: tuple[int, int],
        seed: int,
        judge: Callable[[dict[str, np.ndarray], int], Score],
    ) -> Score:
        """Keep windows to translate, and make what scores their translations, as the mean over both domains.

        Arguments:
            held: Encoded pictures that are not trained on.
            window: Height and width of the windows.
            seed: Chooses what the judge compares.
            judge: Makes a score from windows of real pictures.
        """
        step = lone_step(seed)
        sides = [held["pictures"][held["labels"] == side] for side in range(2)]
        if min(map(len, sides)) < 2:
            raise _alone()
        high, wide = held["pictures"].shape[2:]
        pictures, room = len(held["labels"]) // 2, max(high * wide // (window[0] * window[1]), 1)
        each = max(pictures, min(EXAM_WINDOWS, pictures * room))
        shown = [side if len(side) < FEW else side[::2] for side in sides]
        kept = [side if len(side) < FEW else side[1::2] for side in sides]
        cut = [cut_windows(torch.from_numpy(part[np.arange(each) % len(part)]), window, step) for part in shown]
        self.windows = torch.stack(cut, dim=1).flatten(0, 1).float() / 127.5 - 1
        self.labels = np.tile([1, 0], each)
        several = [np.arange(max(min(each, len(part) * room), 1)) % len(part) for part in kept]
        real = [
            cut_windows(torch.from_numpy(part[places]), window, step).numpy()
            for part, places in zip(kept, several, strict=True)
        ]
        scores = [judge({"pictures": part}, seed) for part in real]
        return ExamScore(lambda fake: _mean([score(_of(fake, side)) for side, score in enumerate(scores)]))


def _of(fake: dict[str, np.ndarray], side: int) -> dict[str, np.ndarray]:
    return {"pictures": fake["pictures"][fake["labels"] == side]}


def _mean(scores: list[dict[str, float]]) -> dict[str, float]:
    """Average two scores; the standard error is that of their mean."""
    mean = {name: (scores[0][name] + scores[1][name]) / 2 for name in scores[0]}
    return {**mean, "score_error": math.hypot(*(score["score_error"] for score in scores)) / 2}


def _alone() -> DataError:
    return DataError(
        "One of the two kinds of pictures has too few to hold any out.",
        why="Translations are scored against pictures of each kind that were not trained on.",
        fix="Give about twenty pictures of each kind at least.",
        code="E206",
    )


class DomainModel(Model):
    """Two translators, with the critics' weights where they were kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its tensors become the user's pictures; its two classes are the domains.
        translators: Into the first domain, and into the second.
        critics: Of the first domain, and of the second, or None.
        exam: Held-out windows, while it is being trained.
    """

    def __init__(
        self, recipe: Recipe, codec: Any, translators: Any, critics: nn.Module | None = None, exam: Exam | None = None
    ) -> None:
        super().__init__(recipe, codec)
        self.translators, self.critics, self.exam = translators, critics, exam

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the translators' weights, and the critics' where asked for."""
        return weights_of(translators=self.translators, critics=self.critics if with_critic else None)

    def translate(self, data: Any, draws: int | None = None, seed: int | None = None, *, to: Any = None) -> Any:
        """Turn pictures into pictures of the other domain, of the same size.

        Arguments:
            data: Pictures of any size.
            draws: None; there is one answer for each picture.
            seed: Changes nothing, for the same reason.
            to: The domain to translate into, by the name of its class; None translates each picture into the domain
                that its label does not name.
        """
        if draws is not None:
            raise UsageError(
                f"{self.recipe.method} gives one answer for each picture.",
                why="No noise goes into a translation, so that all draws would be equal.",
                fix="Leave draws out.",
                code="E124",
            )
        items, places = items_of(data, self.codec), self._aims(data, to)
        known = floats(items, self.codec)
        made = self._made(resized(known, working_size(self.codec, known.shape[2:])), np.resize(places, len(items)))
        whole = whole_numbers(resized(made, known.shape[2:]), items.dtype, self.codec)
        return like(data, whole, labels=self.codec.labels(np.resize(places, len(items))))

    def _aims(self, data: Any, to: Any) -> np.ndarray:
        """Find the domain that each picture is translated into."""
        if to is not None:
            return np.asarray(self.codec.places([to]))
        labels = data.labels if isinstance(data, Data) else None
        if labels is None:
            raise UsageError(
                "It is not clear what these pictures shall become.",
                why="They have no labels that would say what they are.",
                fix=f"Say it: translate(pictures, to={self.codec.classes[1]!r})",
                code="E109",
            )
        return np.asarray(1 - self.codec.places(labels))

    @torch.no_grad()
    def _made(self, pictures: Tensor, places: np.ndarray) -> Tensor:
        """Translate a few pictures at a time, large ones in tiles."""
        device, made = next(self.translators.parameters()).device, torch.empty_like(pictures)
        size = min(max(PASS_PIXELS // (pictures.shape[2] * pictures.shape[3]), 1), BLOCK)
        for side, translator in enumerate(self.translators):
            multiple, where = 2**translator.painter.depth, torch.from_numpy(np.flatnonzero(places == side))
            for which in torch.split(where, size) if len(where) else ():
                made[which] = tiled(translator, pictures[which].to(device), multiple=multiple).cpu()
        return made

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Translate the windows of the exam, again and again until there are n."""
        assert self.exam is not None, "only a model in training has an exam"
        made = self._made(self.exam.windows, self.exam.labels)
        which = np.arange(n) % len(made)
        return {"pictures": (127.5 * (made[which] + 1)).numpy(), "labels": self.exam.labels[which]}
