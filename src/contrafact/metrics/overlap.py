"""How well masks overlap, with intervals over pictures: Dice and intersection over union.

For one class with I pixels in both masks, T in the truth and G in the guess, Dice is 2 I / (T + G) and the intersection
over union is I / (T + G - I); both are 1 where there is nothing to find and nothing was found. Pixels of all pictures
are counted together, and where several classes are scored their values are averaged. The interval comes from drawing
the pictures again with replacement: pixels of one picture are no independent trials. Two methods are compared on the
same draws of pictures, which takes out what makes a picture hard for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.spread import percentiles

DRAWS = 1000
Ratio = Callable[[np.ndarray], np.ndarray]


def counts(truth: np.ndarray, guess: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Count pixels, pictures x classes x (in both, in the truth, in the guess).

    Arguments:
        truth: Places of classes, N x H x W.
        guess: The same.
        classes: The classes that are scored.
    """
    sides = [[(side == k).reshape(len(side), -1) for k in classes] for side in (truth, guess)]
    rows = [
        ((real & made).sum(1), real.sum(1), made.sum(1)) for real, made in zip(*sides, strict=True)
    ]  # one row a class
    return np.asarray(rows, dtype=np.float64).reshape(len(classes), 3, len(truth)).transpose(2, 0, 1)


def _dice(sums: np.ndarray) -> np.ndarray:
    both, real, made = np.moveaxis(sums, -1, 0)
    shares = np.divide(2 * both, real + made, out=np.ones_like(both), where=real + made > 0)
    return np.asarray(shares.mean(-1))


def _iou(sums: np.ndarray) -> np.ndarray:
    both, real, made = np.moveaxis(sums, -1, 0)
    either = real + made - both
    return np.asarray(np.divide(both, either, out=np.ones_like(both), where=either > 0).mean(-1))


def _weights(pictures: int, seed: int) -> np.ndarray:
    """Draw how often each picture comes, draws x pictures."""
    random = generator(seed, "bootstrap", "pictures")
    return random.multinomial(pictures, np.full(pictures, 1 / pictures), size=DRAWS).astype(np.float64)


def _redrawn(ratio: Ratio, counted: np.ndarray, seed: int) -> np.ndarray:
    return ratio(np.tensordot(_weights(len(counted), seed), counted, axes=1))


def _score(name: str, ratio: Ratio, counted: np.ndarray, seed: int, ceiling: float | None = 1.0) -> Score:
    value = float(ratio(counted.sum(0)))
    low, high = percentiles(value, _redrawn(ratio, counted, seed))
    return Score(
        name=name,
        value=value,
        low=max(low, 0.0),
        high=min(high, 1.0),
        n=len(counted),
        better="higher",
        ceiling=ceiling,
    )


def dice_of(counted: np.ndarray) -> float:
    """Give Dice alone, without its interval."""
    return float(_dice(counted.sum(0)))


def dice(counted: np.ndarray, *, seed: int = 0, name: str = "dice") -> Score:
    """Score 2 I / (T + G).

    Arguments:
        counted: What `counts` gave.
        seed: Draws the pictures again.
        name: The score's name.
    """
    return _score(name, _dice, counted, seed)


def iou(counted: np.ndarray, *, seed: int = 0, name: str = "iou") -> Score:
    """Score I / (T + G - I).

    Arguments:
        counted: What `counts` gave.
        seed: Draws the pictures again.
        name: The score's name.
    """
    return _score(name, _iou, counted, seed)


def dice_gap(one: np.ndarray, other: np.ndarray, *, seed: int = 0, name: str = "dice_gap") -> Score:
    """Score how much higher one method's Dice is than another's on the same pictures.

    Arguments:
        one: What `counts` gave for the one.
        other: What it gave for the other.
        seed: Draws the pictures again, the same for both.
        name: The score's name.
    """
    value = dice_of(one) - dice_of(other)
    low, high = percentiles(value, _redrawn(_dice, one, seed) - _redrawn(_dice, other, seed))
    return Score(name=name, value=value, low=low, high=high, n=len(one), better="higher", floor=0.0)


def held_out_pairs(
    classes: int, scored: Sequence[int]
) -> Callable[[dict[str, np.ndarray], int], Callable[[dict[str, np.ndarray]], dict[str, float]]]:
    """Make what scores made targets against those of held-out blocks while a network learns.

    Masks are scored by Dice; pictures by the share of the mean absolute distance from each channel's median that is
    taken away: 1 where every pixel is right, 0 where a plain colour would do as well.

    Arguments:
        classes: How many classes masks have; 0 for pictures.
        scored: The classes that are scored.
    """

    def prepare(held: dict[str, np.ndarray], seed: int) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
        real = held["target"]

        def of_masks(made: dict[str, np.ndarray]) -> dict[str, float]:
            counted = counts(real[:, 0], made["target"][:, 0], scored)
            drawn = _redrawn(_dice, counted, seed)
            return {"score": dice_of(counted), "score_error": float(drawn.std())}

        return of_masks if classes else lambda made: _nearness(real, made["target"])

    return prepare


def _nearness(real: np.ndarray, made: np.ndarray) -> dict[str, float]:
    floats = real.astype(np.float64)
    plain = np.abs(floats - np.median(floats, axis=(0, 2, 3), keepdims=True)).mean((1, 2, 3))
    away = np.abs(floats - made).mean((1, 2, 3))
    usual = max(float(plain.mean()), 1e-12)
    return {"score": 1 - float(away.mean()) / usual, "score_error": float((away / usual).std() / np.sqrt(len(away)))}
