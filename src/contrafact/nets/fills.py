"""The model of a method that fills holes in pictures: any hole, any size, one best guess or several draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, chosen, fold, generator, in_blocks
from contrafact.engine.fit import Score
from contrafact.engine.items import each
from contrafact.engine.model import Model
from contrafact.engine.packing import weights_of
from contrafact.engine.play import Step, lone_step
from contrafact.nets.any_size import (
    cut_windows,
    floats,
    items_of,
    like,
    resized,
    whole_numbers,
    window_of,
    working_size,
)
from contrafact.nets.exemplars import Exemplars
from contrafact.nets.hole_choice import choose, fresh, windows_of
from contrafact.nets.hole_filler import SHOWN, Filler
from contrafact.nets.holes import centre, random_holes
from contrafact.nets.windows import filled

BLOCK = 64
PAINTED = 2  # fillings by the generator that the critic chooses among
EXAM_SEED, LEAST_EXAM, EXAM_WINDOWS = 0, 12, 256


def _noise(size: int, seed: int) -> Tensor:
    """Draw the noise of each filling by the generator, and a last row whose last number says which filling is taken."""
    return torch.randn(PAINTED + 1, size, generator=torch.Generator().manual_seed(seed))


def _draws(seed: int, purpose: str) -> Step:
    return lone_step(fold(seed, purpose))


def as_holes(masks: Any, pictures: np.ndarray) -> np.ndarray:
    """Read masks as N x high x wide booleans, True where a pixel is to be filled.

    Arguments:
        masks: Arrays or Data, one for each picture or one for all; whatever is not zero (in any channel) is a hole.
        pictures: The pictures, N x high x wide x channels.

    Raises:
        DataError: Their sizes or numbers differ.
    """
    holes: np.ndarray = np.asarray(masks.items if isinstance(masks, Data) else masks)
    if holes.ndim == 4:
        holes = holes.max(-1)
    holes = holes[None] if holes.ndim == 2 else holes
    if holes.ndim != 3 or holes.shape[1:] != pictures.shape[1:3] or len(holes) not in (1, len(pictures)):
        given = " x ".join(map(str, holes.shape))
        needed = f"{len(pictures)} x {pictures.shape[1]} x {pictures.shape[2]}"
        raise DataError(
            f"The masks do not fit the pictures: they are {given}, where {needed} is needed.",
            why="A mask says for each pixel of its picture whether it is a hole.",
            fix="Give a mask of each picture's height and width, or one for all.",
            code="E216",
        )
    if holes.dtype.kind == "f" and np.isnan(holes).any():
        raise DataError(
            "The masks hold missing numbers.",
            why="A pixel is a hole where its mask is not zero; NaN is neither.",
            fix="Give True where a pixel is to be filled, and False elsewhere.",
            code="E204",
        )
    return np.broadcast_to(holes != 0, pictures.shape[:3]).copy()


@dataclass
class Exam:
    """Windows of held-out pictures with holes, which a training is scored on; known once its data are split.

    Half of the pictures are filled and the other half stays whole, so that none is compared with itself. Of few large
    pictures several windows each are used.
    """

    pictures: Tensor = field(default_factory=lambda: torch.empty(0))
    holes: np.ndarray = field(default_factory=lambda: np.empty(0))
    labels: np.ndarray | None = None

    def set(self, held: dict[str, np.ndarray], window: tuple[int, int]) -> dict[str, np.ndarray]:
        """Choose windows and holes, and give the whole windows that fillings are compared with."""
        step = _draws(EXAM_SEED, "exam")
        high, wide = held["pictures"].shape[2:]
        room = high * wide // (window[0] * window[1])
        times = max(min(-(-EXAM_WINDOWS // len(held["pictures"])), room), 1)
        several = each(held, lambda part: np.repeat(part, times, axis=0))
        cut = {**several, "pictures": cut_windows(torch.from_numpy(several["pictures"]), window, step).numpy()}
        few = len(held["pictures"]) < LEAST_EXAM
        odd = np.ones(len(cut["pictures"]), dtype=bool) if few else np.arange(len(cut["pictures"])) // times % 2 == 1
        holed = each(cut, lambda part: part[odd if few else ~odd])
        self.pictures = torch.from_numpy(holed["pictures"]).float() / 127.5 - 1
        self.holes = random_holes(step, len(self.pictures), *self.pictures.shape[2:])[:, 0].numpy()
        self.labels = holed.get("labels")
        return {"pictures": cut["pictures"][odd]}


@dataclass(frozen=True)
class ExamScore:
    """Score all windows of an exam; signs of copying mean nothing where most of a picture is given.

    Arguments:
        scored: What scores them.
    """

    scored: Score

    def __call__(self, fake: dict[str, np.ndarray]) -> dict[str, float]:
        return self.scored(fake)

    def beside(self, trained: dict[str, np.ndarray]) -> ExamScore:
        """Score as before: what is trained on changes nothing."""
        return self


def _blocks(count: int) -> list[tuple[slice, range]]:
    """Cut items into blocks: which items, and their places."""
    starts = range(0, max(count, 1), BLOCK)
    return [(slice(start, start + BLOCK), range(start, min(start + BLOCK, count))) for start in starts]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is told of pictures beside their pixels.

    Arguments:
        classes: The place of each one's class; None where none is told.
        likeliest: Whether a class that is not told is the likeliest one, or drawn by its chances.
        shown: Windows like them, where they were looked up already.
        alone: Whether the generator fills by itself, with nothing to choose from.
        before: Earlier draws of the same pictures, N x draws x channels x high x wide: what was found is taken once.
    """

    classes: Tensor | None = None
    likeliest: bool = False
    shown: Tensor | None = None
    alone: bool = False
    before: Tensor | None = None

    def part(self, rows: slice) -> Told:
        """Keep some of the pictures."""
        classes, shown, before = (None if one is None else one[rows] for one in (self.classes, self.shown, self.before))
        return replace(self, classes=classes, shown=shown, before=before)


class FillModel(Model):
    """A network that fills holes, with the critic's weights where they were kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its tensors become the user's pictures; it knows the classes.
        network: Pictures with holes, the holes, windows like them, noise (and conditions) -> pixels from -1 to 1.
        exemplars: The windows that those like a picture are taken from.
        critic_net: Pictures beside holes (and conditions) -> one logit each, or None.
        exam: Held-out windows, while it is being trained.
        measure: Measures the generator's norms anew, while it is being trained.
    """

    def __init__(
        self,
        recipe: Recipe,
        codec: Any,
        network: Filler,
        exemplars: Exemplars,
        critic_net: nn.Module | None = None,
        exam: Exam | None = None,
        measure: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(recipe, codec)
        self.measure, self._measured = measure, [-1]
        self._looked_up: Tensor | None = None
        self.generator, self.exemplars, self.critic_net, self.exam = network, exemplars, critic_net, exam
        self.window = window_of(recipe, codec)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.generator.parameters()).device

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the generator's weights and the exemplars; the critic's weights where asked for, or where it chooses."""
        self._settle()
        critic = self.critic_net if with_critic or len(self.exemplars) else None
        weights = weights_of(generator=self.generator, critic=critic)
        kept = self.exemplars
        labels = {} if kept.labels is None else {"exemplar_labels": kept.labels.cpu().numpy()}
        return {**weights, "exemplars": kept.windows.cpu().numpy(), **labels}

    def _settle(self) -> None:
        """Measure the norms of a generator that has learned since."""
        changes = [weight._version for weight in self.generator.parameters()]
        if self.measure is not None and changes != self._measured:
            self._measured = changes
            self.measure()

    def inpaint(self, pictures: Any, masks: Any, draws: int | None = None, seed: int | None = None) -> Any:
        """Fill the holes of pictures; all other pixels stay as they are, bit for bit.

        Arguments:
            pictures: One picture or several of one size, whichever size: an array, or Data, whose labels say the
                classes where the model knows them.
            masks: A pixel is filled where its mask is not zero; a mask for each picture, or one for all.
            draws: None gives one best guess: a draw of the likeliest class, where there are classes. m gives a list of
                m random draws, of classes as likely as they are.
            seed: The same seed gives the same fillings; without one, draws are fresh and the best guess is not.
        """
        items = items_of(pictures, self.codec)
        holes, labels = as_holes(masks, items), pictures.labels if isinstance(pictures, Data) else None
        named = None if labels is None or not self.codec.classes else self.codec.places(labels)
        told = Told(classes=self._places_of(named), likeliest=draws is None)
        base = fold(0, "guess") if draws is None and seed is None else chosen(seed)
        count = 1 if draws is None else checked_count(draws)
        blocks: list[np.ndarray] = []
        for rows, places in _blocks(len(items)):
            seeds = [[fold(base, place, draw) for place in places] for draw in range(count)]
            blocks.append(self._several(items[rows], holes[rows], told.part(rows), seeds))
        made = [like(pictures, one) for one in np.concatenate(blocks, axis=1)]
        return made[0] if draws is None else made

    def _several(self, items: np.ndarray, holes: np.ndarray, told: Told, seeds: Sequence[Sequence[int]]) -> np.ndarray:
        """Fill each picture once for each row of seeds, draws x pictures x high x wide x channels."""
        known = floats(items, self.codec)
        small, gaps = self._reduced(known, holes)
        if small.shape[2:] == self.window:
            told = replace(told, shown=self._shown(small, gaps))
        made = np.empty((len(seeds), *items.shape), items.dtype)
        whole: list[Tensor] = []
        for draw, row in enumerate(seeds):
            if whole and small.shape[2:] == self.window:
                told = replace(told, before=torch.stack(whole, dim=1))
            whole.append(self._fill(small, gaps, told, row))
            filled_in = resized(whole[-1], known.shape[2:])
            values = whole_numbers(filled_in, items.dtype, self.codec)
            made[draw] = np.where(holes[..., None], values, items)
        return made

    def _shown(self, pictures: Tensor, holes: np.ndarray) -> Tensor:
        """Look up windows like some, for all that is drawn of them."""
        hole = torch.from_numpy(holes.copy())[:, None].float().to(self.device)
        return self.exemplars.nearest(pictures.to(self.device), hole, SHOWN)

    def _reduced(self, known: Tensor, holes: np.ndarray) -> tuple[Tensor, np.ndarray]:
        """Bring pictures to the scale that the model was trained at, averaging known pixels only."""
        size = working_size(self.codec, holes.shape[1:])
        if size == holes.shape[1:]:
            return known, holes
        seen = torch.from_numpy(~holes).float()[:, None]
        weight = interpolate(seen, size, mode="area")
        small = interpolate(known * seen, size, mode="area") / weight.clamp_min(1e-6)
        return small, (weight < 1 - 1e-6)[:, 0].numpy()

    def _places_of(self, places: Any) -> Tensor | None:
        return None if places is None else torch.as_tensor(places, device=self.device).long()

    def _conditions(self, places: Tensor | None) -> Tensor | None:
        """Turn the places of classes into what the networks read."""
        if places is None:
            return None
        return torch.as_tensor(self.codec.conditions, dtype=torch.float32, device=self.device)[places]

    def _fill(self, pictures: Tensor, holes: np.ndarray, told: Told, seeds: Sequence[int]) -> Tensor:
        """Fill pictures from -1 to 1: in one pass where they are windows, else window by window."""
        if pictures.shape[2:] == self.window:
            cuts = [slice(start, start + BLOCK) for start in range(0, len(pictures), BLOCK)]
            holed = torch.from_numpy(holes.copy())
            parts = [self._pass(pictures[cut], holed[cut], told.part(cut), seeds[cut]) for cut in cuts]
            return torch.cat(parts) if parts else pictures
        every = [
            filled(
                pictures[place : place + 1],
                holes[place],
                self.window,
                partial(self._window, told.part(slice(place, place + 1)), seeds[place]),
            )
            for place in range(len(pictures))
        ]
        return torch.cat(every) if every else pictures

    def _window(self, told: Told, seed: int, picture: Tensor, hole: Tensor, number: int) -> Tensor:
        return self._pass(picture, hole[None], told, [fold(seed, number)])

    @torch.no_grad()
    def _pass(self, pictures: Tensor, holes: Tensor, told: Told, seeds: Sequence[int]) -> Tensor:
        """Fill windows, each with the noise that belongs to its seed."""
        self._settle()
        drawn = torch.stack([_noise(self.generator.noise_size, seed) for seed in seeds]).to(self.device)
        hole, known = holes[:, None].to(self.device), pictures.to(self.device)
        gap = hole.float()
        shown = self.exemplars.nearest(known, gap, SHOWN) if told.shown is None else told.shown
        classes = told.classes
        if classes is None and self.codec.classes:
            logits = self.generator.logits(known, gap, shown)
            classes = self.generator.classes(logits, drawn[:, 0], likeliest=told.likeliest)
        condition = self._conditions(classes)
        choosing = not told.alone and self.critic_net is not None and len(self.exemplars) > 0
        made = [
            torch.where(hole, self.generator(known, gap, shown, drawn[:, draw], condition), known)
            for draw in range(PAINTED if choosing else 1)
        ]
        if not choosing:
            return made[0].cpu()
        return self._chosen(made, known, hole, replace(told, classes=classes), drawn[:, -1, -1]).cpu()

    def _chosen(self, made: list[Tensor], known: Tensor, hole: Tensor, told: Told, number: Tensor) -> Tensor:
        """Let the critic choose among fillings by the generator and windows of the class."""
        assert self.critic_net is not None, "only with a critic is there a choice"
        found = self.exemplars.nearest_of(told.classes, known, hole.float(), SHOWN)
        windows, there = windows_of(found, known.shape[1])
        windows = torch.where(hole[:, None], windows, known[:, None])
        if told.before is not None:
            there &= fresh(windows, told.before.to(windows.device))
        there = torch.cat([there.new_ones(len(known), len(made)), there], dim=1)
        proposals = torch.cat([torch.stack(made, dim=1), windows], dim=1)
        condition, share = self._conditions(told.classes), torch.special.ndtr(number)
        return choose(self.critic_net, proposals, there, hole.float(), condition, share)

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Fill the windows of the exam, again and again with other noise until there are n."""
        assert self.exam is not None, "only a model in training has an exam"
        which = np.arange(n) % len(self.exam.pictures)
        labels = None if self.exam.labels is None else self.exam.labels[which]
        seeds = [fold(seed, "exam", place) for place in range(n)]
        told = Told(classes=self._places_of(labels), shown=self._shown_in_exam()[which], alone=True)
        made = self._fill(self.exam.pictures[which], self.exam.holes[which], told, seeds)
        encoded = {"pictures": (127.5 * (made + 1)).numpy()}
        return encoded if labels is None else {**encoded, "labels": labels}

    def _shown_in_exam(self) -> Tensor:
        """Look windows like those of the exam up, once."""
        assert self.exam is not None, "only a model in training has an exam"
        if self._looked_up is None:
            blocks = [rows for rows, _ in _blocks(len(self.exam.pictures))]
            found = [self._shown(self.exam.pictures[rows], self.exam.holes[rows]) for rows in blocks]
            self._looked_up = torch.cat(found)
        return self._looked_up

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw n pictures of which nothing is given: each fills a hole that takes the whole picture.

        Arguments:
            n: How many.
            given: `class`: a class's name, or one for each picture; none draws classes as often as the data hold them.
            seed: The same seed gives the same pictures, however many are drawn; None draws fresh ones.
        """
        n, asked, base = checked_count(n), self._asked(given), chosen(seed)
        rows = BLOCK if self.window == self.codec.shape[1:] else 1  # window by window no block is quicker than one
        holes = np.ones((rows, *self.codec.shape[1:]), dtype=bool)
        drawn: list[np.ndarray] = []

        def block(number: int) -> np.ndarray:
            seeds = [fold(base, "sample", number * rows + place) for place in range(rows)]
            places = self._places(asked, seeds, number * rows)
            drawn.extend([] if places is None else [places])
            made = self._fill(torch.zeros(rows, *self.codec.shape), holes, Told(classes=self._places_of(places)), seeds)
            return (127.5 * (made + 1)).numpy()

        encoded = {"pictures": np.concatenate(in_blocks(n, block, rows=rows))}
        return self.codec.decode({**encoded, "labels": np.concatenate(drawn)[:n]} if drawn else encoded)

    def _places(self, asked: np.ndarray | None, seeds: Sequence[int], start: int) -> np.ndarray | None:
        """Give the class of each picture of a block: as asked for, else drawn as often as it comes in the data."""
        if not self.codec.classes:
            return None
        if asked is not None:
            return np.asarray(asked[(start + np.arange(len(seeds))) % len(asked)])
        chances = np.cumsum(self.codec.shares)
        where = [generator(seed, "class").random() * chances[-1] for seed in seeds]
        return np.searchsorted(chances, where, side="right").clip(max=len(chances) - 1)

    def _asked(self, given: dict[str, Any] | None) -> np.ndarray | None:
        """Read the condition of a sample as places of classes."""
        known = ["class"] if self.codec.classes else []
        wrong = next((name for name in given or {} if name not in known), None)
        names = np.atleast_1d(np.asarray((given or {}).get("class", [])))
        if wrong is not None or (given and not names.size):
            raise UsageError(
                f"{self.recipe.method} cannot sample given {wrong or 'no class'!r}.",
                why=did_you_mean(str(wrong), known) if known else "It was trained without classes.",
                fix="--given class=NAME" if known else "Sample without --given.",
                code="E109",
            )
        return self.codec.places(names) if given else None

    def opinion(self, encoded: dict[str, np.ndarray]) -> np.ndarray:
        """Give the critic's logit for the middle of each encoded picture, whose own middle counts as filled."""
        assert self.critic_net is not None, "a model in training has a critic"
        high, wide = self.window
        y, x = ((length - side) // 2 for length, side in zip(self.codec.shape[1:], self.window, strict=True))
        pictures = torch.from_numpy(encoded["pictures"][:, :, y : y + high, x : x + wide]).to(self.device)
        hole = centre(high, wide, self.device).float().expand(len(pictures), 1, high, wide)
        labels = self._conditions(self._places_of(encoded.get("labels")))
        with torch.no_grad():
            logits: np.ndarray = self.critic_net(pictures.float() / 127.5 - 1, hole, labels).squeeze(1).cpu().numpy()
        return logits
