"""Where a column's numbers lie, found from noised counts alone.

Ends that nobody gives are looked for among powers of two: of the counts of signs and exponents those that stand out of
the noise are believed (as in Google's differential privacy library). Between its ends a scale of few values is counted
value by value. A longer one is cut into sixteen parts, each part that holds enough rows into sixteen again, and so on:
a peak at a single number is found in a few rounds, and empty stretches cost nothing more. Numbers that stand out become
points, and what is left is joined until each bin stands out of the noise.

In each round a row adds 1 to one count at most, also where the parts depend on earlier rounds; so a column of d rounds
is d uses of the Gaussian mechanism, whatever comes out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contrafact.codecs.tokens import PIECES, Tokens
from contrafact.engine.private import noisy_counts

PARTS, MOST_ROUNDS, SMOOTH_ROUNDS = 16, 5, 4
FEW_VALUES = 128  # that are counted one by one
SPLIT, CLEAR, POINT = 8.0, 4.0, 3.0  # standard deviations of noise: to look closer, to be a bin, to be a point
SURELY = 5.0  # to be an end of the scale
MOST_BINS = 64
EXPONENTS = 64
RIM = 0.499  # of a step: a bin of whole numbers reaches as far to both sides

Node = tuple[int, int, float]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The ends of a column's numbers, counted from its origin.

    Arguments:
        low: The least number.
        high: The largest number.
        step: Numbers lie on a grid this wide; 0 where they do not.
    """

    low: float
    high: float
    step: float

    @property
    def values(self) -> int:
        """How many numbers the grid has; none where there is no grid."""
        return round((self.high - self.low) / self.step) + 1 if self.step else 0

    @property
    def few(self) -> bool:
        """Whether the numbers are counted one by one."""
        return 0 < self.values <= FEW_VALUES

    @property
    def rounds(self) -> int:
        """How often rows are counted."""
        if not self.step:
            return SMOOTH_ROUNDS
        return 1 if self.few else min(math.ceil(math.log(self.values, PARTS) - 1e-9), MOST_ROUNDS)

    @property
    def leaves(self) -> int:
        """Into how many cells the scale is cut at most."""
        return self.values if self.few else PARTS**self.rounds

    @property
    def width(self) -> int:
        """How many numbers of the grid a cell holds."""
        return -(-self.values // self.leaves)

    def cells(self, numbers: np.ndarray) -> np.ndarray:
        """Give each number's cell; what lies outside counts to the ends."""
        if self.step:
            found = np.floor((numbers - self.low) / self.step + 0.5) // self.width
        else:
            found = np.floor((numbers - self.low) / (self.high - self.low) * self.leaves)
        return np.asarray(np.clip(found, 0, self.leaves - 1), dtype=np.int64)

    def edges(self, start: int, stop: int) -> tuple[float, float]:
        """Give where a stretch of cells begins and ends."""
        if not self.step:
            cell = (self.high - self.low) / self.leaves
            return self.low + start * cell, self.low + stop * cell
        last = min(stop * self.width - 1, self.values - 1)
        first = min(start * self.width, self.values - 1)
        return self.low + (first - RIM) * self.step, self.low + (last + RIM) * self.step


def found_scale(numbers: np.ndarray, step: float, noise: float) -> Scale | None:
    """Look for the ends of numbers among powers of two; None where nothing stands out of the noise.

    Arguments:
        numbers: The numbers, without holes.
        step: Numbers lie on a grid this wide; 0 where they do not.
        noise: The standard deviation of a count's noise.
    """
    with np.errstate(divide="ignore"):
        exponents = np.clip(np.floor(np.log2(np.abs(numbers))), -EXPONENTS, EXPONENTS - 1).astype(np.int64)
    places = np.where(numbers == 0, 0, np.sign(numbers).astype(np.int64) * (exponents + EXPONENTS + 1))
    counts = np.bincount(places + 2 * EXPONENTS, minlength=4 * EXPONENTS + 1)
    clear = np.flatnonzero(noisy_counts(counts, noise) > SURELY * noise) - 2 * EXPONENTS
    if not len(clear):
        return None
    low, high = _power(int(clear[0]), outwards=clear[0] < 0), _power(int(clear[-1]), outwards=clear[-1] > 0)
    if step:
        low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return Scale(low=low, high=max(high, low + (step or 1.0)), step=step)


def _power(place: int, *, outwards: bool) -> float:
    """Give the power of two at one end of a place among signs and exponents."""
    exponent = abs(place) - EXPONENTS - 1 + outwards
    return math.copysign(2.0**exponent, place) if place else 0.0


def paid_tokens(numbers: np.ndarray, scale: Scale, rows: float, noise: float, *, holes: bool) -> Tokens:
    """Cut a column's numbers into points and bins.

    Arguments:
        numbers: The cells, NaN for holes.
        scale: Their ends.
        rows: How many rows there are, about.
        noise: The standard deviation of a count's noise.
        holes: Whether holes, where they stand out, are a token.
    """
    missing = np.isnan(numbers)
    nodes, empty = _counted(scale.cells(numbers[~missing]), int(missing.sum()), scale, noise)
    points = [node for node in nodes if _is_point(node, scale) and node[2] >= POINT * noise]
    rest = [node for node in nodes if node not in points]
    groups = _groups(rest, rows, noise, alone=not points)
    knots = np.array([_knots(group, scale) for group in groups]).reshape(-1, PIECES + 1)
    values = np.array([scale.low + node[0] * scale.width * scale.step for node in points])
    means = np.concatenate([values, (knots[:, :-1] + knots[:, 1:]).mean(1) / 2])
    counts = [*(node[2] for node in points), *(sum(node[2] for node in group) for group in groups)]
    has = holes and empty >= POINT * noise
    counts += [empty] if has else []
    made = Tokens(
        points=values, knots=knots, words=0, holes=has, means=means, counts=np.maximum(counts, 0.0), step=scale.step
    )
    return replace(made, counts=made.counts.astype(np.float64))


def _is_point(node: Node, scale: Scale) -> bool:
    return bool(scale.step) and scale.width == 1 and node[1] - node[0] == 1


def _counted(cells: np.ndarray, missing: int, scale: Scale, noise: float) -> tuple[list[Node], float]:
    """Count rows in cells, looking closer where there are many; the first round counts holes as well."""
    if scale.few:
        counts = noisy_counts(np.append(np.bincount(cells, minlength=scale.leaves), missing), noise)
        return [(i, i + 1, float(count)) for i, count in enumerate(counts[:-1])], float(counts[-1])
    nodes: list[Node] = [(0, scale.leaves, math.inf)]
    empty = 0.0
    for number in range(scale.rounds):
        size = PARTS ** (scale.rounds - 1 - number)
        held = np.bincount(cells // size, minlength=scale.leaves // size)
        closer = [node for node in nodes if node[2] >= SPLIT * noise and node[1] - node[0] > size]
        parts = [held[start // size : stop // size] for start, stop, _ in closer]
        noisy = noisy_counts(np.concatenate([*parts, [missing if number == 0 else 0]]), noise)
        empty = float(noisy[-1]) if number == 0 else empty
        children = [_children(node, noisy[i * PARTS : (i + 1) * PARTS], size) for i, node in enumerate(closer)]
        nodes = [node for node in nodes if node not in closer] + [child for own in children for child in own]
    real = [node for node in nodes if scale.edges(node[0], node[0])[0] <= scale.high and _begins(node, scale)]
    return sorted(real), empty


def _begins(node: Node, scale: Scale) -> bool:
    """Tell whether a stretch of cells holds any number of the scale."""
    return not scale.step or node[0] * scale.width < scale.values


def _children(node: Node, counts: np.ndarray, size: int) -> list[Node]:
    """Give a node's parts; what is known of their sum is shared out among them."""
    start, _, mass = node
    if math.isfinite(mass):
        counts = counts + (mass - counts.sum()) / (PARTS + 1)
    return [(start + i * size, start + (i + 1) * size, float(count)) for i, count in enumerate(counts)]


def _groups(nodes: Sequence[Node], rows: float, noise: float, *, alone: bool) -> list[list[Node]]:
    """Join neighbours until each group stands out of the noise that its counts have in all.

    Arguments:
        nodes: What is to be joined, in order.
        rows: How many rows there are.
        noise: The standard deviation of a count's noise.
        alone: Whether there is nothing else, so that one group is made in any case.
    """
    groups: list[list[Node]] = []
    own: list[Node] = []
    for node in nodes:
        own.append(node)
        if sum(part[2] for part in own) >= max(rows / MOST_BINS, CLEAR * noise * math.sqrt(len(own))):
            groups.append(own)
            own = []
    if own and groups:
        groups[-1] = groups[-1] + own
    elif own and alone:
        groups.append(own)
    return groups


def _knots(nodes: Sequence[Node], scale: Scale) -> np.ndarray:
    """Give where a bin begins, its quartiles and where it ends."""
    ends = np.array([scale.edges(start, stop) for start, stop, _ in nodes])
    mass = np.maximum([node[2] for node in nodes], 0.0) + 1e-9
    sums = np.concatenate([[0.0], np.cumsum(mass)])
    law = np.stack([sums[:-1], sums[1:]], 1).ravel()
    return np.asarray(np.interp(np.linspace(0, sums[-1], PIECES + 1), law, ends.ravel()))
