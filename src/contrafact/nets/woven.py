"""The model of a table: a network of any order, read column by column.

`sample` draws the columns of a block of rows in a random order, each from its law given those before; what is given is
put in first, so that conditions hold in every row. Where several columns are given with room to choose (intervals,
sets), each row is one of four candidates, chosen with the chance that the later conditions had to hold: without that,
the first column would be drawn as if the others were free. `impute` leaves what is known as it is.

Several columns may be drawn in one pass, as if they did not depend on each other given those before: faster, and less
faithful.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, Block, checked_count, chosen, fold, generator, in_blocks, joined
from contrafact.engine.model import Model
from contrafact.engine.packing import bare, needed_net, weights_of
from contrafact.nets.aid import Aid, AidExam
from contrafact.nets.exam import Exam
from contrafact.nets.filling import Filling
from contrafact.nets.making import Making
from contrafact.nets.weave import Weave

Encoded = dict[str, np.ndarray]
SHOWN_ROWS, SHOWN_PASSES = 256, 32
PART_ROWS = 4 * BLOCK_ROWS  # of a long sample that is given part by part
MOST_PASSES = 256  # where nobody says how many
POOL = 4  # candidates for each row where several columns have room to choose
ORDERS = 4
BOND_ROWS, BOND_COLUMNS = 20_000, 100


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a sample is to hold.

    Arguments:
        limits: What columns may be, by the column's place.
        allowed: Weights of tokens, by their place in a row.
        fixed: Places where one token is allowed.
        open: Places with room to choose that were limited.
        passes: In how many passes the other columns are drawn.
        plan: Keeps rows to constraints, where there are any.
    """

    limits: dict[int, Any]
    allowed: dict[int, Tensor]
    fixed: tuple[int, ...]
    open: tuple[int, ...]
    passes: int
    plan: Any = None


class Woven(Model):
    """A fitted network of any order.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into tokens and back.
        net: The network.
        bonds: How much each two columns tell about each other, in nats.
        aid: Regressions beside the network, for best guesses.
    """

    exam: Exam | None = None
    aid_exam: AidExam | None = None

    def __init__(self, recipe: Recipe, codec: Any, net: Weave, bonds: np.ndarray, aid: Aid | None = None) -> None:
        super().__init__(recipe, codec)
        self.net, self.bonds, self.aid = net, bonds, aid

    def examined(self, exam: Exam, aid_exam: AidExam | None) -> Self:
        """Say by what a model in training is judged."""
        self.exam, self.aid_exam = exam, aid_exam
        return self

    def arrays(self, with_critic: bool = False) -> Encoded:
        """Copy the network's weights."""
        weights = weights_of(net=self.net)
        aid = self.aid_exam.aid(self.exam.once, self.net) if self.aid_exam and self.exam else self.aid
        return {**weights, "bonds": self.bonds.astype(np.float32), **(aid.arrays() if aid else {})}

    def rows(self, n: int, seed: int) -> Encoded:
        """Draw a few rows, and take the exam, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        drawn = self._block(seed, 0, self.asked(None, SHOWN_PASSES), min(n, SHOWN_ROWS))
        drawn.pop("exact", None)  # unknown where a cell is a hole
        return {**drawn, "surprise": self.exam.surprise(self.net)}

    def sample(
        self, n: int, given: dict[str, Any] | None = None, seed: int | None = None, passes: int | None = None
    ) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: What some columns are: a value, an interval (30, 40) or "30..40", a set ["a", "b"] or "a|b".
            seed: The same seed gives the same rows, however many are drawn; None draws fresh ones.
            passes: How often the network is asked for a row; none asks it for each column, up to 256 times. Columns
                drawn in one pass know nothing of each other: faster, and less faithful.
        """
        return self._shown(checked_count(n), chosen(seed), self.asked(given, passes))

    def blocks(
        self, n: int, given: dict[str, Any] | None = None, seed: int | None = None, passes: int | None = None
    ) -> Iterator[Any]:
        """Draw the rows of `sample` part by part, so that they need not all be in memory; the arguments are its."""
        n, seed, asked = checked_count(n), chosen(seed), self.asked(given, passes)
        for start in range(0, max(n, 1), PART_ROWS):
            yield self._shown(min(PART_ROWS, n - start), seed, asked, start, n)

    def _shown(self, n: int, seed: int, asked: Asked, start: int = 0, total: int = 0) -> Any:
        """Draw the rows `start` to `start + n` of `total`, as a frame."""
        drawn = self.drawn(n, seed, asked, start)
        cells = self.codec.columns_of(drawn)
        for column, limit in asked.limits.items():
            np.clip(cells[column].numbers, limit.low, limit.high, out=cells[column].numbers)
        return self.codec.frame_of(cells, len(drawn["tokens"]), start, limits=asked.limits, total=total)

    def asked(self, given: Mapping[str, Any] | None, passes: int | None = None) -> Asked:
        """Read conditions on columns."""
        passes = MOST_PASSES if passes is None else max(checked_count(passes), 1)
        limits = self.codec.limits(given)
        allowed = {p: torch.from_numpy(w).float() for p, w in self.codec.allowed(limits).items()}
        limited = [place for place, slot in enumerate(self.codec.slots) if slot.column in limits]
        single = [place for place in limited if limits[self.codec.slots[place].column].single]
        return Asked(
            limits=limits,
            allowed=allowed,
            fixed=tuple(single),
            open=tuple(p for p in limited if p not in single),
            passes=passes,
            plan=self.codec.plan(limits),
        )

    def drawn(self, n: int, seed: int, asked: Asked, start: int = 0) -> Encoded:
        """Draw the encoded rows `start` to `start + n` of the endless sample that belongs to a seed."""
        return joined(in_blocks(n, lambda block: Block(self._block(seed, block, asked)), start=start))

    @torch.no_grad()
    def _block(self, seed: int, block: int, asked: Asked, rows: int = BLOCK_ROWS) -> Encoded:
        source = torch.Generator().manual_seed(fold(seed, "sample", block))
        order = self._in_order(generator(fold(seed, "order"), block).permutation(len(self.net.sizes)))
        pool = rows * (POOL if len(asked.open) > 1 else 1)
        course = asked.plan and asked.plan.course(pool, generator(fold(seed, "held"), block))
        making = Making(self.net, torch.full((pool, len(order)), -1), source, course)
        weights = torch.ones(pool)
        for place in [*asked.fixed, *(p for p in order if p in asked.open)]:
            weights = weights * self._draw(making, place, asked).cpu()
        if pool > rows:
            making.choose(weights, rows)
        rest = [place for place in order if place not in asked.fixed and place not in asked.open]
        for together in self._passes(rest, asked.passes, fold(seed, "passes", block)):
            state = making.state()
            for place in together:
                self._draw(making, place, asked, None if self.codec.slots[place].digit else state)
        return self._with_shares(making, asked, source)

    def _passes(self, places: list[int], passes: int, seed: int) -> list[list[int]]:
        """Put columns together that are drawn in one pass: those that depend on each other least.

        Arguments:
            places: What is to be drawn, in a random order.
            passes: In how many passes.
            seed: Chooses the order of the passes.
        """
        firsts = [place for place in places if not self.codec.slots[place].digit]
        if passes >= len(firsts):
            return [[place] for place in places]
        bonds, room = self.bonds, -(-len(firsts) // passes)
        groups: list[list[int]] = [[] for _ in range(passes)]
        for place in sorted(firsts, key=lambda p: -bonds[p].sum()):
            open_ones = [group for group in groups if len(group) < room]
            min(open_ones, key=lambda group: bonds[place, group].sum()).append(place)
        order = generator(seed).permutation(passes)
        seconds = {place - 1: place for place in places if self.codec.slots[place].digit}
        return [[p for first in groups[i] for p in (first, seconds.get(first, -1)) if p >= 0] for i in order]

    def _draw(self, making: Making, place: int, asked: Asked, state: Tensor | None = None) -> Tensor:
        weights = asked.allowed.get(place)
        if weights is not None and weights.dim() == 2:  # a second digit: what it may be depends on the first
            weights = weights[making.tokens[:, place - 1].cpu()]
        return making.draw(place, weights, state=state)

    def _with_shares(self, making: Making, asked: Asked, source: torch.Generator) -> Encoded:
        """Draw where in their intervals the cells lie."""
        tokens = making.tokens.cpu().numpy().astype(np.int16)
        within = torch.rand(len(tokens), len(self.codec.smooth), generator=source).numpy()
        whole = self.codec.whole(tokens)
        for place, column in enumerate(self.codec.smooth):
            if column in asked.limits:
                limit, own = asked.limits[column], whole[column]
                within[:, place] = limit.start[own] + within[:, place] * (limit.stop - limit.start)[own]
        exact = {} if making.course is None else {"exact": making.course.exact()}
        return {"tokens": tokens, "within": within, **exact}

    def _in_order(self, order: np.ndarray) -> list[int]:
        """Put each second digit right behind its first."""
        slots = self.codec.slots
        firsts = [int(place) for place in order if not slots[place].digit]
        return [p for first in firsts for p in ((first, first + 1) if slots[first].base else (first,))]

    def log_prob(self, data: Any, orders: int = ORDERS) -> np.ndarray:
        """Give the logarithm of each row's probability, or density where columns are smooth.

        Rows are drawn in a random order of columns; their probability is the mean over orders, here over a few that
        are chosen once and for all. Cells that are unknown, such as holes where the data that were fitted had none,
        are left out: what is given is the probability of the cells that are there.

        Arguments:
            data: Rows with the fitted columns.
            orders: Over how many orders the mean is taken.
        """
        encoded = self.codec.encode(data)
        tokens = torch.from_numpy(encoded["tokens"].astype(np.int64))
        found = np.concatenate([self._log_prob(part, orders) for part in tokens.split(BLOCK_ROWS)] or [np.empty(0)])
        return found + self.codec.log_density(encoded)

    @torch.no_grad()
    def _log_prob(self, tokens: Tensor, orders: int) -> np.ndarray:
        whole = []
        for number in range(orders):
            order = self._in_order(generator(0, "orders", number).permutation(len(self.net.sizes)))
            known = torch.zeros(tokens.shape, dtype=torch.bool)
            sums = torch.zeros(len(tokens), dtype=torch.float64)
            for place in order:
                there = tokens[:, place] >= 0
                state = self.net.hidden(self.net.entered(tokens, known))
                chances = self.net.logits(state, place).log_softmax(1)
                own = chances.gather(1, tokens[:, place].clamp_min(0)[:, None])[:, 0]
                sums += torch.where(there, own, 0.0)
                known[:, place] = there
            whole.append(sums)
        return np.asarray((torch.stack(whole).logsumexp(0) - np.log(orders)).numpy())

    def impute(self, data: Any, draws: int | None = None, seed: int | None = None, start: int = 0) -> Any:
        """Fill the holes of a copy; observed cells keep their bits.

        Arguments:
            data: Rows with the fitted columns.
            draws: None fills in the mean, or the likeliest level; m gives a list of m copies with random draws.
            seed: Makes the draws repeatable.
            start: Where these rows begin in a longer table that is filled part by part, a multiple of 1,024: they are
                filled as they would be in one go.
        """
        filling = Filling(self.net, self.codec, data, self.aid, start // BLOCK_ROWS)
        if draws is None:
            return filling.best()
        own = chosen(seed)
        return [filling.drawn(fold(own, "impute", number), self._in_order) for number in range(checked_count(draws))]

    def nth_draw(self, data: Any, number: int, seed: int, start: int = 0) -> Any:
        """Fill the holes with one of the draws that `impute` makes, by its number from 0."""
        filling = Filling(self.net, self.codec, data, self.aid, start // BLOCK_ROWS)
        return filling.drawn(fold(seed, "impute", number), self._in_order)


def restored(recipe: Any, codec: Any, arrays: Encoded, design: Any) -> Woven:
    """Make a fitted model again from its arrays.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into tokens and back.
        arrays: What the model gave.
        design: Puts cells into the matrix that regressions know.
    """
    net = needed_net("net", bare(lambda: network(recipe, codec)), arrays)
    return Woven(recipe, codec, net, arrays["bonds"], Aid.of(design, arrays))


def network(recipe: Any, codec: Any) -> Weave:
    """Make a network for a codec's columns."""
    known = [codec.features(slot) for slot in codec.slots]
    return Weave(
        [slot.size for slot in codec.slots],
        width=recipe.width,
        depth=recipe.depth,
        features=np.concatenate([features for features, _ in known]) if known else np.empty((0, 1)),
        own=np.concatenate([own for _, own in known]) if known else np.empty(0, dtype=bool),
    )


def bonds_between(tokens: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Estimate how much each two columns tell about each other (mutual information in nats), less what chance tells.

    Arguments:
        tokens: Rows, -1 where a cell is unknown.
        sizes: How many tokens each column has.
    """
    some = tokens[:: max(len(tokens) // BOND_ROWS, 1)].astype(np.int64)
    bonds = np.zeros((len(sizes), len(sizes)))
    if len(sizes) > BOND_COLUMNS:
        return bonds
    for one, other in combinations(range(len(sizes)), 2):
        there = (some[:, one] >= 0) & (some[:, other] >= 0)
        pairs = some[there, one] * sizes[other] + some[there, other]
        joint, counts = np.unique(pairs, return_counts=True)
        alone = [np.bincount(some[there, place], minlength=sizes[place]) for place in (one, other)]
        rows = max(int(there.sum()), 1)
        expected = alone[0][joint // sizes[other]] * alone[1][joint % sizes[other]] / rows
        told = (counts / rows * np.log(counts / expected)).sum()
        chance = np.prod([(part > 0).sum() - 1 for part in alone]) / (2 * rows)
        bonds[one, other] = bonds[other, one] = max(told - chance, 0.0)
    return bonds
