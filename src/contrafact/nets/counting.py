"""What the last one or two symbols say of the next, as a critic reads it: ratios of smoothed shares of counts.

With Witten and Bell's smoothing, p_k(v | h) = (c(h, v) + T(h) p_{k-1}(v | h')) / (c(h) + T(h)), where h is k symbols
long, h' is h without its oldest, and T(h) counts the different symbols seen after h. The logarithm of the ratio

    r_k(v | h) = log p_k(v | h) - log p_{k-1}(v | h')

tells what one symbol more of context adds. It is nought after a context that was never seen and, after one that was,
the same for all symbols that were not seen there: so the ratios of all symbols are a number for each context and a
short list of exceptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class _Order:
    """Ratios of one length of context.

    Arguments:
        contexts: Keys of the contexts that were seen, rising.
        first: Where each context's list begins, and last where all lists end.
        usual: The ratio of a symbol not seen after each context.
        pairs: Symbols seen, context by context, rising: the context's place x size + the symbol.
        ratios: Their ratios.
    """

    contexts: np.ndarray
    first: np.ndarray
    usual: np.ndarray
    pairs: np.ndarray
    ratios: np.ndarray


def _counted(contexts: np.ndarray, symbols: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    """Count pairs: the contexts, where their lists begin, the symbols in them, and how often each was seen."""
    keys, counts = np.unique(contexts * size + symbols, return_counts=True)
    owners, first = np.unique(keys // size, return_index=True)
    return owners, np.append(first, len(keys)), keys % size, counts.astype(np.float64)


def _events(targets: np.ndarray, counted: np.ndarray, back: int, start: int, size: int) -> np.ndarray:
    """Give the key of the last `back` symbols before each counted place."""
    key = np.zeros(int(counted.sum()), dtype=np.int64)
    for step in range(back, 0, -1):
        before = np.full(targets.shape, start, dtype=np.int64)
        before[:, step:] = targets[:, :-step]
        key = key * size + before[counted]
    return key


class Counts(nn.Module):
    """The ratios of one and of two symbols of context, counted once from known lines.

    Arguments:
        start: What stands before a line.
        arrays: Contexts, lists and ratios of both orders.
    """

    orders = 2
    parts = ("contexts", "first", "usual", "pairs", "ratios")

    def __init__(self, start: int, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self.start, self.size = start, start + 1
        for name, values in arrays.items():
            values = values.astype(np.float32) if values.dtype.kind == "f" else values
            self.register_buffer(name, torch.from_numpy(np.array(values)))

    @classmethod
    def of_lines(cls, targets: np.ndarray, counted: np.ndarray, outputs: int, start: int) -> Self:
        """Count.

        Arguments:
            targets: Known lines, lines x places.
            counted: Which places belong to them.
            outputs: How many symbols can come next.
            start: What stands before a line.
        """
        symbols = targets[counted]
        shares = np.bincount(symbols, minlength=outputs)[:outputs].astype(np.float64)
        kinds = (shares > 0).sum()
        lower = (shares + kinds / outputs) / (shares.sum() + kinds)
        keys = [_events(targets, counted, back, start, start + 1) for back in (1, 2)]
        one = _ratios(keys[0], symbols, lower, None, start + 1)
        two = _ratios(keys[1], symbols, lower, one, start + 1)
        orders = {1: one, 2: two}
        return cls(start, {f"{name}_{k}": getattr(part, name) for k, part in orders.items() for name in cls.parts})

    def keys(self, targets: Tensor) -> Tensor:
        """Give the keys of both contexts before each place, lines x places x 2."""
        before = torch.nn.functional.pad(targets[:, :-1], (1, 0), value=self.start)
        older = torch.nn.functional.pad(before[:, :-1], (1, 0), value=self.start)
        return torch.stack([before, older * self.size + before], dim=2)

    def keys_at(self, targets: Tensor, place: int) -> Tensor:
        """Give the keys of both contexts before one place, lines x 2."""
        nothing = torch.full_like(targets[:, 0], self.start)
        before = targets[:, place - 1] if place > 0 else nothing
        older = targets[:, place - 2] if place > 1 else nothing
        return torch.stack([before, older * self.size + before], dim=1)

    def _found(self, keys: Tensor, back: int) -> tuple[Tensor, Tensor]:
        contexts = getattr(self, f"contexts_{back}")
        place = torch.searchsorted(contexts, keys.contiguous()).clamp_max(len(contexts) - 1)
        return place, contexts[place] == keys

    def of(self, keys: Tensor, symbols: Tensor) -> Tensor:
        """Give both ratios of one symbol after each context, rows x 2.

        Arguments:
            keys: Keys of contexts, rows x 2.
            symbols: A symbol for each row.
        """
        found = []
        for back in (1, 2):
            place, known = self._found(keys[:, back - 1], back)
            pairs, wanted = getattr(self, f"pairs_{back}"), place * self.size + symbols
            where = torch.searchsorted(pairs, wanted).clamp_max(len(pairs) - 1)
            seen = torch.where(
                pairs[where] == wanted, getattr(self, f"ratios_{back}")[where], getattr(self, f"usual_{back}")[place]
            )
            found.append(torch.where(known, seen, torch.zeros_like(seen)))
        return torch.stack(found, dim=1)

    def _exceptions(self, keys: Tensor, back: int) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor], Tensor]:
        """Give the rows with a known context, what is usual there, the cells that are not, and by how much."""
        place, known = self._found(keys[:, back - 1], back)
        rows = known.nonzero()[:, 0]
        place, first = place[rows], getattr(self, f"first_{back}")
        usual, many = getattr(self, f"usual_{back}")[place], first[place + 1] - first[place]
        which = torch.repeat_interleave(many)
        entry = torch.arange(len(which), device=keys.device) - (many.cumsum(0) - many)[which] + first[place][which]
        cells = rows[which], getattr(self, f"pairs_{back}")[entry] % self.size
        return rows, usual, cells, getattr(self, f"ratios_{back}")[entry] - usual[which]

    @torch.no_grad()
    def add(self, logits: Tensor, keys: Tensor, gains: Tensor) -> None:
        """Add weighted ratios of every symbol to rows of logits.

        Arguments:
            logits: Rows x outputs; changed in place.
            keys: Keys of contexts, rows x 2.
            gains: What each order counts.
        """
        for back in (1, 2):
            rows, usual, cells, more = self._exceptions(keys, back)
            logits.index_add_(0, rows, (gains[back - 1] * usual)[:, None].expand(-1, logits.shape[1]))
            logits.index_put_(cells, gains[back - 1] * more, accumulate=True)

    @torch.no_grad()
    def along(self, slope: Tensor, keys: Tensor) -> Tensor:
        """Give the slope by each gain from the slope by logits that `add` has changed."""
        found = []
        for back in (1, 2):
            rows, usual, cells, more = self._exceptions(keys, back)
            found.append((slope[rows].sum(1) * usual).sum() + (slope[cells] * more).sum())
        return torch.stack(found)


def _ratios(
    contexts: np.ndarray, following: np.ndarray, shares: np.ndarray, shorter: _Order | None, size: int
) -> _Order:
    """Turn events into ratios.

    Arguments:
        contexts: The key of the context of each event.
        following: The symbol that came.
        shares: The share of each symbol without any context.
        shorter: The ratios of contexts without their oldest symbol, where they have more than one.
        size: What keys are multiples of.
    """
    contexts, first, symbols, counts = _counted(contexts, following, size)
    owner = np.repeat(np.arange(len(contexts)), np.diff(first))
    totals, kinds = np.bincount(owner, weights=counts), np.diff(first).astype(np.float64)
    below = shares[symbols]
    if shorter is not None:  # which was seen wherever the longer one was
        place = np.searchsorted(shorter.contexts, contexts % size)[owner]
        below = below * np.exp(shorter.ratios[np.searchsorted(shorter.pairs, place * size + symbols)])
    share = (counts + kinds[owner] * below) / (totals + kinds)[owner]
    usual = np.log(kinds / (totals + kinds))
    return _Order(contexts, first, usual, owner * size + symbols, np.log(share / below))
