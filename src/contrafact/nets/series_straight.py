"""Straight rules of series: each step a linear function of the last ones, by least squares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from contrafact.base.errors import DataError

ORDERS = (1, 2, 3, 4, 6, 8, 12)
HELD, RIDGE = 0.2, 1e-6
CLEARLY = 1.0  # standard errors by which a higher order must be likelier
LARGEST_ROOT = 0.9995
MOST_WIDE = 1500  # lags x channels that are looked at
FEW_ROWS, MOST_SEEN = 10, 400  # rows for each coefficient, and numbers that a rule inside a network looks at


def chosen_order(pieces: list[np.ndarray], period: int) -> int:
    """Choose the order whose one-step errors on the last fifth of the steps are likeliest."""
    size, longest = pieces[0].shape[1], max(map(len, pieces))
    early = [part[: max(int(len(part) * (1 - HELD)), 1)] for part in pieces]
    rows = sum(map(len, early))
    asked = sorted({*ORDERS, *(order for order in (period, period + 1) if order > 1)})
    able = [p for p in asked if p < 0.5 * longest and p * size <= min(MOST_WIDE, rows / 3)] or [1]
    most = max(able)
    chosen = able[0]
    best: np.ndarray | None = None
    for order in able:
        constant, lags, noise = solved(early, order)
        starts = [max(len(part), most) for part in early]
        errors = np.concatenate([_errors(*pair, constant, lags) for pair in zip(pieces, starts, strict=True)])
        if not len(errors):
            return able[0]
        told = -np.linalg.slogdet(noise)[1] - np.einsum("ti,ij,tj->t", errors, np.linalg.inv(noise), errors)
        gain = told if best is None else told - best
        if best is None or gain.mean() > CLEARLY * gain.std() / len(gain) ** 0.5:
            chosen, best = order, told
    return chosen


def _errors(part: np.ndarray, start: int, constant: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Give the one-step errors from a step on."""
    if len(part) <= start:
        return np.empty((0, part.shape[1]))
    told = sum((part[start - back - 1 : len(part) - back - 1] @ lag.T for back, lag in enumerate(lags)), constant)
    return np.asarray(part[start:] - told)


def solved(pieces: list[np.ndarray], order: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve the least squares: the constant, the lags and the covariance of the noise.

    Raises:
        DataError: No series is longer than the order.
    """
    size = pieces[0].shape[1]
    long = [part for part in pieces if len(part) > order]
    if not long:
        raise DataError(
            f"No series is longer than {order} steps.",
            why="Each step is regressed on so many before it.",
            fix="Ask for a lower order: order=1, or give longer series.",
            code="E658",
        )
    gram, cross, count = np.zeros((order * size + 1,) * 2), np.zeros((order * size + 1, size)), 0
    for part in long:
        seen = np.concatenate([part[order - back - 1 : len(part) - back - 1] for back in range(order)], axis=1)
        table = np.column_stack([np.ones(len(seen)), seen])
        gram, cross, count = gram + table.T @ table, cross + table.T @ part[order:], count + len(seen)
    found = np.linalg.solve(gram + RIDGE * max(count, 1) * np.eye(len(gram)), cross)
    constant, lags = found[0], found[1:].reshape(order, size, size).transpose(0, 2, 1)
    errors = np.concatenate([_errors(part, order, constant, lags) for part in long])
    noise = errors.T @ errors / max(count - order * size - 1, count / 2, 1) + 1e-8 * np.eye(size)
    return constant, _calmed(lags), noise


def root_of(lags: np.ndarray) -> float:
    """Give the largest root of a process, below 1 where it is stationary."""
    order, size = lags.shape[:2]
    step = np.eye(order * size, k=-size)
    step[:size] = lags.transpose(1, 0, 2).reshape(size, -1)
    return float(np.abs(np.linalg.eigvals(step)).max())


def _calmed(lags: np.ndarray) -> np.ndarray:
    longest = root_of(lags)
    if longest < LARGEST_ROOT:
        return lags
    return np.asarray(lags * (LARGEST_ROOT / longest) ** np.arange(1, len(lags) + 1)[:, None, None])


@dataclass(frozen=True, kw_only=True, eq=False)
class Straight:
    """Rules that tell a step from the calendar, and what is left of it from the last step, from many, and against time.

    Arguments:
        near: Constant and lag of the rule of one step back, channels x (1 + channels).
        far: Constant and lags of the rule of many steps back, channels x (1 + order x channels).
        near_back: The same as `near`, against time.
        far_back: The same as `far`, against time.
        spread: Standard deviation of what `far` misses, by channel.
        cycle: Constant and weights of phases, channels x (1 + phases).
        apart: Standard deviation of what `cycle` misses, by channel.
    """

    near: np.ndarray
    far: np.ndarray
    near_back: np.ndarray
    far_back: np.ndarray
    spread: np.ndarray
    cycle: np.ndarray
    apart: np.ndarray

    @classmethod
    def fit(cls, pieces: list[np.ndarray], order: int, phases: list[np.ndarray]) -> Straight:
        """Solve for all rules.

        Arguments:
            pieces: Stretches, steps x channels, without holes.
            order: Steps that the far rule looks back; stretches that are shorter tell nothing.
            phases: Where the steps of each stretch stand in cycles, steps x phases.
        """
        known = cls.walk(pieces[0].shape[1], order, phases[0].shape[1])
        known = replace(known, **cycled(np.concatenate(pieces), np.concatenate(phases)))
        left = [p - known.of_calendar(f) for p, f in zip(pieces, phases, strict=True) if len(p) > order + 1]
        if not left:
            return known
        told = {}
        for name, parts in (("", left), ("_back", [part[::-1] for part in left])):
            for word, steps in (("near", 1), ("far", order)):
                constant, lags, noise = solved(parts, steps)
                told[word + name] = np.column_stack([constant, lags.transpose(1, 0, 2).reshape(len(constant), -1)])
                if word + name == "far":
                    told["spread"] = np.sqrt(np.diag(noise))
        return replace(known, **told)

    def of_calendar(self, phases: np.ndarray) -> np.ndarray:
        """Tell steps from where they stand in cycles."""
        return np.asarray(self.cycle[:, 0] + phases @ self.cycle[:, 1:].T)

    @classmethod
    def walk(cls, size: int, order: int, phases: int = 0) -> Straight:
        """Repeat the last step: the rule where there is nothing to solve for."""
        near = np.column_stack([np.zeros(size), np.eye(size)])
        far = np.column_stack([near, np.zeros((size, (order - 1) * size))])
        ones = np.ones(size)
        cycle = np.zeros((size, 1 + phases))
        return cls(near=near, far=far, near_back=near, far_back=far, spread=ones, cycle=cycle, apart=ones)


def cycled(numbers: np.ndarray, phases: np.ndarray) -> dict[str, np.ndarray]:
    """Solve for a step from where it stands in cycles, and measure what that misses."""
    table = np.column_stack([np.ones(len(phases)), phases])
    gram = table.T @ table + RIDGE * len(table) * np.eye(table.shape[1])
    found = np.linalg.solve(gram, table.T @ numbers)
    return {"cycle": found.T, "apart": (numbers - table @ found).std(0)}


def usual_order(window: int, period: int, size: int, rows: int) -> int:
    """Choose how many steps a rule inside a network looks back: one more than a period, where windows and rows allow.

    Arguments:
        window: Steps in a window; a third of them is the most.
        period: Steps in a period, or 0.
        size: Channels.
        rows: Steps to learn from.
    """
    most = min(window // 3, MOST_SEEN // size, max((rows // FEW_ROWS - 1) // size, 1))
    return max(min(period + 1 if 0 < period < most else 8, most), 1)
