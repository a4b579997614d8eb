"""Scores of generated series, all under one code.

`discriminative` and `predictive` are the two scores of TimeGAN's authors, with what their code lacks: windows of the
judge's training and test parts share no step, the network is the same for every generator, and real windows against
other real windows stand beside. The others compare means of signs over windows: products of values some steps apart
(autocorrelation), spectra, shares in bins (marginals), and products of variables (crosscorrelation).

References:
    Yoon, Jarrett and van der Schaar, Time-series generative adversarial networks, NeurIPS 2019.
    Esteban, Hyland and Rätsch, Real-valued (medical) time series generation with recurrent conditional GANs, 2017
    (train on synthetic, test on real).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.series_nets import classified, predicted
from contrafact.metrics.spread import percentiles, wilson

if TYPE_CHECKING:
    from contrafact.metrics.series_windows import Windows

LEARNED = 0.7  # of the blocks that judges learn from
BINS, RESAMPLED = 20, 100
LEAST_POWER = 1e-3  # of a frequency, under which differences do not count
Sides = tuple["Windows", "Windows"]


def series_scores(
    real: Any, fake: Any, holdout: Any = None, *, seed: int = 0, window: int | None = None, steps: int | None = None
) -> dict[str, Score]:
    """Score generated series.

    Arguments:
        real: The table of series that the generator learned from.
        fake: The table that it made.
        holdout: Real series that it never saw: they take the place of the real ones, and give ceilings.
        seed: Seeds every choice.
        window: Steps in the windows that are compared; None takes 24, or less where series are shorter.
        steps: Steps in which the judging networks are trained; None is what all are judged by.
    """
    from contrafact.metrics.series_windows import windows_of  # reads tables, which loads SciPy

    sides = windows_of(real, fake, *([] if holdout is None else [holdout]), window=window)
    return window_scores(sides[0], sides[1], sides[2] if len(sides) > 2 else None, seed=seed, steps=steps)


def window_scores(
    real: Windows, fake: Windows, holdout: Windows | None = None, *, seed: int = 0, steps: int | None = None
) -> dict[str, Score]:
    """Score windows; the arguments are those of `series_scores`."""
    halves = real.split(0.5, seed, "halves")
    one, other = (real, holdout) if holdout is not None and len(holdout) else halves
    truth = holdout if holdout is not None and len(holdout) else real
    found = [discriminative(truth, fake, seed, steps, halves), predictive(real, fake, holdout, seed, steps)]
    found += [sign.score(truth, fake, (one, other), seed) for sign in signs(real)]
    return {score.name: score for score in found if score is not None}


def discriminative(
    real: Windows, fake: Windows, seed: int = 0, steps: int | None = None, halves: Any = None
) -> Score | None:
    """Score how well a classifier tells real windows from fakes it has not seen: |share right - 1/2|.

    The ceiling is what it makes of two halves of the real blocks, the floor of fakes whose steps are shuffled.
    """
    if min(len(np.unique(real.blocks)), len(np.unique(fake.blocks))) < 2:
        return None
    value, right, count = _told(real, fake, seed, steps)
    low, high = wilson(right, count)
    ends = sorted((abs(low - 0.5), abs(high - 0.5)))
    known = [side for side in (halves or real.split(0.5, seed, "halves")) if len(np.unique(side.blocks)) > 1]
    return Score(
        name="discriminative",
        value=value,
        low=0.0 if low <= 0.5 <= high else ends[0],
        high=ends[1],
        n=count,
        better="lower",
        floor=_told(real, fake.shuffled(seed), seed, steps)[0],
        ceiling=_told(known[0], known[1], seed, steps)[0] if len(known) == 2 else None,
    )


def _told(real: Windows, fake: Windows, seed: int, steps: int | None) -> tuple[float, float, int]:
    """Give |share right - 1/2|, how many were told rightly, and of how many; test windows do not overlap."""
    parts = [side.split(LEARNED, seed, name) for side, name in ((real, "real"), (fake, "fake"))]
    tests = [part[1].lone() if part[1].apart.any() else part[1] for part in parts]
    size = min(len(test) for test in tests)
    random = generator(seed, "tests")
    own = [test.values[random.permutation(len(test))[:size]] for test in tests]
    told = classified(parts[0][0].values, parts[1][0].values, own, seed, steps)
    right = float((told[0] > 0).sum() + (told[1] < 0).sum() + ((told[0] == 0).sum() + (told[1] == 0).sum()) / 2)
    return abs(right / (2 * size) - 0.5), right, 2 * size


def predictive(
    real: Windows, fake: Windows, holdout: Windows | None, seed: int = 0, steps: int | None = None
) -> Score | None:
    """Score how well what was learned from fakes tells the next step of real series: mean absolute error.

    The ceiling is the error of a predictor that learned from real blocks, the floor of one whose steps were shuffled.
    """
    known, test = real.split(LEARNED, seed, "predictive")
    test = holdout if holdout is not None and len(holdout) else test
    if not len(test) or not len(fake):
        return None
    test = test.lone() if test.apart.any() else test
    errors = predicted(fake.values, test.values, seed, steps)
    draws = _resampled(errors, seed)
    low, high = percentiles(float(errors.mean()), draws)
    return Score(
        name="predictive",
        value=float(errors.mean()),
        low=max(low, 0.0),
        high=high,
        n=len(errors),
        better="lower",
        floor=float(predicted(known.shuffled(seed).values, test.values, seed, steps).mean()),
        ceiling=float(predicted(known.values, test.values, seed, steps).mean()),
    )


def _resampled(values: np.ndarray, seed: int) -> np.ndarray:
    rows = generator(seed, "windows").integers(len(values), size=(RESAMPLED, len(values)))
    return np.asarray(values[rows].mean(axis=1))


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Something that each window shows, and how far its means on two sides are apart.

    Arguments:
        name: The score's name.
        seen: Gives a row of numbers for each window.
        apart: Compares the means of both sides.
    """

    name: str
    seen: Callable[[np.ndarray], np.ndarray]
    apart: Callable[[np.ndarray, np.ndarray], float]

    def score(self, real: Windows, fake: Windows, known: Sides, seed: int) -> Score:
        """Score fakes; the interval comes from resampled blocks of both sides.

        Arguments:
            real: Real windows.
            fake: Fakes.
            known: Two sets of real windows, for the ceiling.
            seed: Seeds the resampling.
        """
        rows = [self.seen(side.values) for side in (real, fake)]
        value = self.apart(rows[0].mean(0), rows[1].mean(0))
        sums = [_by_block(row, side.blocks) for row, side in zip(rows, (real, fake), strict=True)]
        random = generator(seed, "blocks", self.name)
        draws = np.array([self.apart(*(_redrawn(part, random) for part in sums)) for _ in range(RESAMPLED)])
        low, high = percentiles(value, draws)
        two = [self.seen(side.values).mean(0) for side in known if len(side)]
        # Noise that has the marginals of the real series and no memory.
        noise = self.seen(_noise(real, seed)).mean(0)
        return Score(
            name=self.name,
            value=value,
            low=max(low, 0.0),
            high=high,
            n=len(fake),
            better="lower",
            floor=self.apart(rows[0].mean(0), noise),
            ceiling=self.apart(*two) if len(two) == 2 else None,
        )


def _by_block(rows: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known, owner = np.unique(blocks, return_inverse=True)
    sums = np.zeros((len(known), rows.shape[1]))
    np.add.at(sums, owner, rows)
    return sums, np.bincount(owner)


def _redrawn(part: tuple[np.ndarray, np.ndarray], random: np.random.Generator) -> np.ndarray:
    own = random.integers(len(part[1]), size=len(part[1]))
    return np.asarray(part[0][own].sum(0) / part[1][own].sum())


def _noise(real: Windows, seed: int) -> np.ndarray:
    """Draw each channel's cells anew from all windows, uniformly between its extremes."""
    low, high = np.quantile(real.values, (0.01, 0.99), axis=(0, 1))
    return np.asarray(low + (high - low) * generator(seed, "noise").random(real.values.shape))


@dataclass(frozen=True, kw_only=True, eq=False)
class Measures:
    """What windows show; centres, widths and bins are the real windows' own.

    Arguments:
        centre: The mean of each channel.
        width: Its standard deviation.
        edges: Inner edges of the bins of each channel.
        lags: How many steps later products are taken.
    """

    centre: np.ndarray
    width: np.ndarray
    edges: tuple[np.ndarray, ...]
    lags: tuple[int, ...]

    @classmethod
    def of(cls, real: Windows) -> Measures:
        """Take them from real windows."""
        whole = real.values.astype(np.float64)
        steps, count = whole.shape[1:]
        inner = np.linspace(0, 1, BINS + 1)[1:-1]
        return cls(
            centre=whole.mean((0, 1)),
            width=np.maximum(whole.std((0, 1)), 1e-6),
            edges=tuple(np.unique(np.quantile(whole[..., channel], inner)) for channel in range(count)),
            lags=tuple(np.unique(np.linspace(1, max(steps // 2, 1), min(steps // 2, 12)).astype(int)).tolist()),
        )

    def scaled(self, windows: np.ndarray) -> np.ndarray:
        """Bring channels to mean 0 and deviation 1."""
        return np.asarray((windows - self.centre) / self.width)

    def memory(self, windows: np.ndarray) -> np.ndarray:
        """Give products of values some steps apart, and squares last, windows x (lags + 1) channels."""
        z = self.scaled(windows)
        later = [(z[:, lag:] * z[:, :-lag]).mean(1) for lag in self.lags]
        return np.concatenate([*later, (z**2).mean(1)], axis=1)

    def waves(self, windows: np.ndarray) -> np.ndarray:
        """Give the power of each frequency but the mean's."""
        z = self.scaled(windows)
        power = np.abs(np.fft.rfft(z - z.mean(1, keepdims=True), axis=1))[:, 1:] ** 2 / z.shape[1]
        return np.asarray(power.reshape(len(z), -1))

    def across(self, windows: np.ndarray) -> np.ndarray:
        """Give products of channels at one step, and of each with each one step later."""
        z = self.scaled(windows)
        now = np.einsum("ntc,ntd->ncd", z, z) / z.shape[1]
        later = np.einsum("ntc,ntd->ncd", z[:, :-1], z[:, 1:]) / max(z.shape[1] - 1, 1)
        return np.concatenate([now.reshape(len(z), -1), later.reshape(len(z), -1)], axis=1)

    def shares(self, windows: np.ndarray) -> np.ndarray:
        """Give the share of cells below each edge."""
        found = [np.zeros((len(windows), 1))]
        for channel, cuts in enumerate(self.edges):
            bins = np.searchsorted(cuts, windows[..., channel], side="right")
            found += [(bins <= place).mean(1)[:, None] for place in range(len(cuts))]
        return np.concatenate(found, axis=1)

    def correlations(self, one: np.ndarray, other: np.ndarray) -> float:
        """Compare products some steps apart, as shares of the squares."""
        parts = [row.reshape(-1, len(self.centre)) for row in (one, other)]
        rates = [part[:-1] / np.maximum(part[-1:], 1e-6) for part in parts]
        return float(np.abs(rates[0] - rates[1]).mean())

    def tables(self, one: np.ndarray, other: np.ndarray) -> float:
        """Compare correlations of channels."""
        return float(np.abs(self._table(one) - self._table(other)).mean())

    def _table(self, row: np.ndarray) -> np.ndarray:
        count = len(self.centre)
        now, later = row[: count**2].reshape(count, count), row[count**2 :].reshape(count, count)
        size = np.sqrt(np.maximum(np.diag(now), 1e-6))
        return np.concatenate([(part / np.outer(size, size)).ravel() for part in (now, later)])


def signs(real: Windows) -> list[Sign]:
    """Give what windows are compared by."""
    known = Measures.of(real)
    return [
        Sign(name="autocorrelation", seen=known.memory, apart=known.correlations),
        Sign(name="spectrum", seen=known.waves, apart=_ratios),
        Sign(name="marginals", seen=known.shares, apart=lambda one, other: float(np.abs(one - other).max())),
        Sign(name="crosscorrelation", seen=known.across, apart=known.tables),
    ]


def _ratios(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(np.log(one + LEAST_POWER) - np.log(other + LEAST_POWER)).mean())
