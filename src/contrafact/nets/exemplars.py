"""Windows of the training pictures, and those of them that agree best with what is known of a picture with a hole.

What lies in a hole is often easier to find than to invent: among many pictures there is one that looks much the same
around the hole. A network that is shown the nearest few has only to choose, join and correct; one that must paint from
its weights alone needs many times the training to be as good.

Nearness is the squared difference over the pixels that are known. All windows are compared at a small scale, a cell of
which counts by the share of it that is known, and the best of these again pixel by pixel. While a network learns, the
windows that overlap with the one in question are left out, or it would learn that the answer lies in the memory.

Windows of classes are kept class by class, so that the nearest of one class are found among these alone.

References:
    Hays and Efros, Scene completion using millions of photographs, SIGGRAPH 2007.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from contrafact.engine.play import Step
from contrafact.nets.any_size import window_places, windows_at

BYTES = 2**26  # that exemplars take at most
CELLS = 16  # of a side at the small scale, at most
NUMBERS = 2_400_000  # that a step of a training compares with at most
SEARCHED = 2**26  # distances that are held at once
COMPARED = 2**23  # numbers of windows that are compared pixel by pixel at once
FIRST, FIRST_QUICKLY = 64, 16  # windows that are compared pixel by pixel


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where windows come from: the number of each one's picture, and its upper left corner there."""

    picture: Tensor
    corner: Tensor

    def overlaps(self, others: Places, window: tuple[int, int]) -> Tensor:
        """Say for each pair of windows, own x others, whether they share a pixel."""
        same = self.picture[:, None] == others.picture
        one, other = same.nonzero(as_tuple=True)  # few pairs are of one picture
        away = (self.corner[one] - others.corner[other]).abs()
        near = (away < torch.tensor(window, device=away.device)).all(1)
        same[one, other] = near
        return same


@dataclass(frozen=True, kw_only=True)
class Exemplars:
    """Windows of pictures, in no order.

    Arguments:
        windows: The windows' pixels, uint8, count x channels x high x wide.
        places: Where they come from; None once nothing has to be left out.
        labels: The place of each one's class, in rising order; None without classes.
    """

    windows: Tensor
    places: Places | None = None
    labels: Tensor | None = None

    @classmethod
    def cut(cls, rows: dict[str, np.ndarray], window: tuple[int, int], most: int, step: Step) -> Exemplars:
        """Cut windows at random places, as many from each picture; whole pictures once each.

        Arguments:
            rows: `pictures`, N x channels x high x wide, uint8; `number`, what each is known by in batches; and
                `labels`, the places of their classes, where there are any.
            window: Height and width.
            most: Windows at most.
            step: Where the draws come from.
        """
        pictures, labels = rows["pictures"], rows.get("labels")
        most = min(most, BYTES // (pictures.shape[1] * math.prod(window)))
        several = 1 if pictures.shape[2:] == window else math.ceil(most / len(pictures))
        order = torch.argsort(step.uniform(len(pictures) * several))[:most].cpu()
        which = order % len(pictures)
        if labels is not None:
            which = which[torch.from_numpy(labels)[which].argsort(stable=True)]
        corner = window_places(pictures.shape[2:], window, len(which), step).cpu()
        cut = windows_at(torch.from_numpy(pictures)[which], corner, window)
        places = Places(picture=torch.from_numpy(rows["number"])[which], corner=corner)
        return cls(
            windows=cut, places=places, labels=None if labels is None else torch.from_numpy(labels)[which].long()
        )

    def to(self, device: torch.device) -> Exemplars:
        """Move to a device."""
        places = self.places
        moved = None if places is None else Places(picture=places.picture.to(device), corner=places.corner.to(device))
        labels = None if self.labels is None else self.labels.to(device)
        return Exemplars(windows=self.windows.to(device), places=moved, labels=labels)

    def __len__(self) -> int:
        return len(self.windows)

    @cached_property
    def _cell(self) -> int:
        return -(-max(self.windows.shape[2:]) // CELLS)

    def _small(self, maps: Tensor) -> Tensor:
        """Average cells; those at the rim may be smaller."""
        return avg_pool2d(maps, self._cell, ceil_mode=True, count_include_pad=False)

    @cached_property
    def _seen(self) -> tuple[Tensor, Tensor]:
        """Give all windows at the small scale, and their squares summed over the channels."""
        blocks = torch.split(self.windows, 4096)
        parts = [self._small(part.float() / 127.5 - 1) for part in blocks]
        small = torch.cat(parts)
        return small.flatten(1), small.square().sum(1).flatten(1)

    @torch.no_grad()
    def nearest(
        self, pictures: Tensor, hole: Tensor, count: int, *, step: Step | None = None, own: Places | None = None
    ) -> Tensor:
        """Give the windows that are nearest where pixels are known, N x (count x channels) x high x wide, best first.

        Where nothing is known, or too few windows may be shown, zeros stand in their place.

        Arguments:
            pictures: From -1 to 1, N x channels x high x wide.
            hole: 1 where a pixel is missing.
            count: How many for each picture.
            step: Compare with a random part of the windows alone, drawn here, for speed; None compares with all.
            own: Where the pictures come from; windows that overlap with them are left out.
        """
        if step is None:
            return self._found(pictures, hole, count, slice(0, len(self)), FIRST, own)
        stride = -(-len(self) // max(NUMBERS // max(self._seen[0].shape[1], 1), 1)) if len(self) else 1
        start = int(step.integers(stride, 1)) if stride > 1 else 0
        return self._found(pictures, hole, count, slice(start, len(self), stride), FIRST_QUICKLY, own)

    @torch.no_grad()
    def nearest_of(self, classes: Tensor | None, pictures: Tensor, hole: Tensor, count: int) -> Tensor:
        """Give the windows of each picture's class that are nearest where pixels are known, as `nearest` does.

        Arguments:
            classes: The place of each picture's class; None asks for windows of any.
            pictures: From -1 to 1, N x channels x high x wide.
            hole: 1 where a pixel is missing.
            count: How many for each picture.
        """
        if classes is None or self.labels is None:
            return self.nearest(pictures, hole, count)
        found = pictures.new_zeros(len(pictures), count * pictures.shape[1], *pictures.shape[2:])
        for label in torch.unique(classes):
            rows = (classes == label).nonzero()[:, 0]
            first, last = torch.searchsorted(self.labels, torch.stack([label, label + 1])).tolist()
            found[rows] = self._found(pictures[rows], hole[rows], count, slice(first, last), FIRST)
        return found

    def _found(
        self, pictures: Tensor, hole: Tensor, count: int, part: slice, first: int, own: Places | None = None
    ) -> Tensor:
        """Give the nearest windows among some, of which so many are compared pixel by pixel."""
        size = len(range(len(self))[part])
        if not size or not len(pictures):
            return pictures.new_zeros(len(pictures), count * pictures.shape[1], *pictures.shape[2:])
        rows = max(SEARCHED // size, 1)
        blocks = [slice(row, row + rows) for row in range(0, len(pictures), rows)]
        some = [self._block(pictures[b], hole[b], part, first, own and _rows(own, b)) for b in blocks]
        chosen, away = (torch.cat(one) for one in zip(*some, strict=True))
        return self._best(pictures, hole, chosen, away, count)

    def _block(
        self, pictures: Tensor, hole: Tensor, part: slice, first: int, own: Places | None
    ) -> tuple[Tensor, Tensor]:
        """Give the places of the windows that are nearest at the small scale, and infinity where one is not allowed."""
        known = 1 - hole
        weight = self._small(known)
        mean = self._small(pictures * known) / weight.clamp_min(1e-6)
        weighted = (weight * mean).flatten(1)
        seen, squares = (one[part] for one in self._seen)
        away = torch.addmm(weight.flatten(1) @ squares.T, weighted, seen.T, alpha=-2)
        if own is not None and self.places is not None:
            away.masked_fill_(own.overlaps(_rows(self.places, part), (hole.shape[2], hole.shape[3])), torch.inf)
        found = away.topk(min(first, away.shape[1]), largest=False)
        places = found.indices * (part.step or 1) + part.start
        return places, torch.where(found.values.isinf(), torch.inf, 0.0)

    def _best(self, pictures: Tensor, hole: Tensor, chosen: Tensor, away: Tensor, count: int) -> Tensor:
        """Compare some windows pixel by pixel and give the best, a few pictures at a time."""
        rows = max(COMPARED // (chosen.shape[1] * pictures[0].numel()), 1)
        parts = zip(*(torch.split(part, rows) for part in (pictures, 1 - hole, chosen, away)), strict=True)
        return torch.cat([self._best_of(one, known, which, far, count) for one, known, which, far in parts]).flatten(
            1, 2
        )

    def _best_of(self, pictures: Tensor, known: Tensor, chosen: Tensor, away: Tensor, count: int) -> Tensor:
        shown = self.windows[chosen].float() / 127.5 - 1
        nothing = torch.where(known.flatten(1).any(1), 0.0, torch.inf)[:, None]
        far = away + nothing + ((shown - pictures[:, None]) * known[:, None]).square().flatten(2).sum(2)
        best = far.argsort(1)[:, :count]
        there = far.gather(1, best).isfinite()[:, :, None, None, None]
        kept = torch.where(there, shown[torch.arange(len(best), device=best.device)[:, None], best], 0.0)
        missing = count - kept.shape[1]
        return torch.cat([kept, kept.new_zeros(len(kept), missing, *kept.shape[2:])], dim=1) if missing else kept


def _rows(places: Places, rows: slice) -> Places:
    return Places(picture=places.picture[rows], corner=places.corner[rows])
