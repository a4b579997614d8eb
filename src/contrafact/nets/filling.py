"""Fill the holes of a table with a network of any order: best guesses in one pass, or random draws column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.seeds import BLOCK_ROWS, fold, generator
from contrafact.nets.aid import Aid, is_smooth
from contrafact.nets.making import Making
from contrafact.nets.weave import Weave

Order = Callable[[np.ndarray], list[int]]


class Filling:
    """One table with holes.

    Arguments:
        net: The network.
        codec: Turns tables into tokens and back.
        data: The table.
        aid: Regressions that have a part in best guesses.
        first: The number of the table's first block, where it is a part of a longer one.
    """

    def __init__(self, net: Weave, codec: Any, data: Any, aid: Aid | None = None, first: int = 0) -> None:
        self.net, self.codec, self.data, self.aid, self.first = net, codec, data, aid, first
        self.known = codec.known(data)
        self.tokens = torch.from_numpy(self.known.encoded["tokens"].astype(np.int64))
        self.hollow = np.flatnonzero((self.tokens < 0).any(1).numpy())
        self.plan = codec.plan()

    def _course(self, rows: np.ndarray, seed: int, block: int) -> Any:
        """Begin to keep some rows to the constraints, where there are any."""
        if self.plan is None:
            return None
        return self.plan.course(len(rows), generator(fold(seed, "held"), block), self._known(rows))

    def _known(self, rows: np.ndarray) -> list[Any]:
        """Give the known cells of some rows."""
        return [part and type(part)(numbers=part.numbers[rows], words=part.words[rows]) for part in self.known.cells]

    def _chunks(self) -> Iterator[np.ndarray]:
        """Give the rows with holes, a block of the table at a time."""
        for block in range(0, len(self.tokens), BLOCK_ROWS):
            rows = self.hollow[(self.hollow >= block) & (self.hollow < block + BLOCK_ROWS)]
            if len(rows):
                yield rows

    def _weights(self, place: int, rows: np.ndarray, making: Making | None = None) -> Tensor | None:
        """Say what the cells of some rows may be: no hole, and what columns that follow from them tell."""
        slot = self.codec.slots[place]
        weights = self.known.weights(slot.column, rows)
        if not slot.base:
            return torch.from_numpy(weights).float()
        whole = np.zeros((len(weights), -(-weights.shape[1] // slot.base) * slot.base))
        whole[:, : weights.shape[1]] = weights
        digits = torch.from_numpy(whole).float().view(len(weights), -1, slot.base)
        if not slot.digit:
            return digits.amax(2).expand(len(rows), -1)
        assert making is not None
        first = making.tokens[making.asked, place - 1]
        return digits.expand(len(rows), -1, -1)[torch.arange(len(rows)), first]

    @torch.no_grad()
    def best(self) -> Any:
        """Fill in means and likeliest levels."""
        cells = [part and part.copied() for part in self.known.cells]
        for rows in self._chunks():
            linear = self.aid.guess(self._known(rows), len(rows)) if self.aid else {}
            making = Making(self.net, self.tokens[rows], torch.Generator(), self._course(rows, 0, 0))
            state = making.state().expand(len(rows), -1)
            for place, slot in enumerate(self.codec.slots):
                holes = (self.tokens[rows, place] < 0).numpy()
                if not slot.digit and holes.any():
                    numbers = self._guess(cells[slot.column], making, state, place, rows, holes)
                    if self.aid and slot.column in linear:
                        share = self.aid.share[slot.column]
                        numbers = share * numbers + (1 - share) * linear[slot.column][holes]
                    if making.course is not None:
                        words = cells[slot.column].words[rows[holes]]
                        numbers = making.course.guess(slot.column, np.flatnonzero(holes), numbers, words)
                    cells[slot.column].numbers[rows[holes]] = numbers
        return self.codec.filled(self.data, self.codec.with_followers(cells))

    def _guess(
        self, cells: Any, making: Making, state: Tensor, place: int, rows: np.ndarray, holes: np.ndarray
    ) -> np.ndarray:
        """Put the best guesses of one column into its cells, and give its numbers."""
        slot, where = self.codec.slots[place], torch.from_numpy(np.flatnonzero(holes))
        chances, _ = making.law(place, self._weights(place, rows[holes]), where, state[where])
        if self.plan is not None and slot.column in self.plan.groups and not slot.base:  # a mean was never seen
            chances = torch.nn.functional.one_hot(chances.argmax(1), slot.size).float()
        if slot.base:
            alone = making.copied(where)
            alone.tell(place, chances.argmax(1))
            second, _ = alone.law(place + 1, self._weights(place + 1, rows[holes], alone))
            tokens = chances.argmax(1) * slot.base + second.argmax(1)
            chances = torch.nn.functional.one_hot(tokens, self.codec.kind(slot.column).size).float()
        numbers, words = self.codec.kind(slot.column).expected((chances / chances.sum(1, keepdim=True)).numpy())
        cells.numbers[rows[holes]], cells.words[rows[holes]] = numbers, words
        return np.asarray(numbers)

    @torch.no_grad()
    def drawn(self, seed: int, in_order: Order) -> Any:
        """Fill in random draws, column by column in an order of each block's own."""
        tokens = self.tokens.clone()
        shares = self.known.encoded["within"].copy()
        exact = self._exact()
        for rows in self._chunks():
            block = self.first + int(rows[0]) // BLOCK_ROWS
            source = torch.Generator().manual_seed(fold(seed, block))
            making = Making(self.net, tokens[rows], source, self._course(rows, seed, block))
            for place in in_order(generator(seed, "order", block).permutation(len(self.net.sizes))):
                holes = (self.tokens[rows, place] < 0).numpy()
                if holes.any():
                    making.asked = torch.from_numpy(np.flatnonzero(holes))
                    making.draw(place, self._weights(place, rows[holes], making), making.asked)
            tokens[rows] = making.tokens
            if making.course is not None:
                exact[rows] = making.course.exact()
            fresh = torch.rand(len(rows), shares.shape[1], generator=source).numpy()
            unknown = self.known.encoded["tokens"][rows][:, self._smooth()] < 0
            shares[rows] = np.where(unknown, fresh, shares[rows])
        encoded = {"tokens": tokens.numpy().astype(np.int16), "within": shares, "exact": exact}
        cells = self.codec.columns_of(encoded)
        if self.aid is not None and self.plan is None:
            self._move(cells, self.aid, seed)
            cells = self.codec.with_followers(cells)
        return self.codec.filled(self.data, cells)

    def _move(self, cells: list[Any], aid: Aid, seed: int) -> None:
        """Let draws of smooth columns scatter around the best guesses, as widely as held-out cells do."""
        smooth = [slot for slot in self.codec.slots if not slot.base and is_smooth(self.codec.kind(slot.column))]
        for rows in self._chunks() if smooth else ():
            known, drawn_alone = self._known(rows), {slot.column for slot in self.codec.slots if slot not in smooth}
            stream = generator(fold(seed, "aid"), self.first + int(rows[0]) // BLOCK_ROWS)
            linear = aid.guess(known, len(rows))
            for column in drawn_alone:  # what the network has drawn there, the regressions' draws go with
                known[column] = type(known[column])(
                    numbers=cells[column].numbers[rows], words=cells[column].words[rows]
                )
            wild = aid.drawn(known, len(rows), stream.standard_normal)
            making = Making(self.net, self.tokens[rows], torch.Generator())
            state = making.state().expand(len(rows), -1)
            for place, slot in enumerate(self.codec.slots):
                holes = (self.tokens[rows, place] < 0).numpy()
                if slot not in smooth or slot.column not in linear or not holes.any():
                    continue
                where = torch.from_numpy(np.flatnonzero(holes))
                chances, _ = making.law(place, self._weights(place, rows[holes]), where, state[where])
                kind, share = self.codec.kind(slot.column), aid.share[slot.column]
                means = kind.expected((chances / chances.sum(1, keepdim=True)).numpy())[0]
                drawn = cells[slot.column].numbers[rows[holes]]
                guess, other = linear[slot.column][holes], wild[slot.column][holes]
                away = share * (drawn - means) + (1 - share) * (other - guess)
                moved = share * means + (1 - share) * guess + aid.stretch[slot.column] * away
                moved = np.where(np.isin(other, kind.points), other, np.clip(moved, *kind.ends))
                cells[slot.column].numbers[rows[holes]] = kind.on_grid(moved)

    def _exact(self) -> np.ndarray:
        """Give the known numbers of columns that are held to constraints."""
        held = () if self.plan is None else self.plan.rules.numbered
        numbers = [self.known.cells[column].numbers for column in held]
        return np.stack(numbers, axis=1) if numbers else np.empty((len(self.tokens), 0))

    def _smooth(self) -> list[int]:
        """Give the places of the columns whose cells have shares."""
        columns = [slot.column for slot in self.codec.slots]
        return [columns.index(column) for column in self.codec.smooth]
