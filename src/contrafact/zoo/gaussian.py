"""Gaussian mixtures: one Gaussian in closed form, several of them by expectation and maximisation (EM).

A row x is drawn by choosing component k with probability w_k and then x ~ N(m_k, S_k), so that
log p(x) = log sum_k w_k N(x; m_k, S_k). If it were known which component each row came from, the shares, means and
covariances of the groups would maximise the likelihood. EM puts the expected groups in their place: the E step takes
r_k(x) = w_k N(x; m_k, S_k) / p(x), the M step shares, means and covariances weighted by r, and no round lowers the
likelihood. It climbs to a local top, so it starts several times, from k-means++ centres. Given some columns o, a
mixture stays one: w_k is weighed by the density of x_o, the others' mean m_m moves by S_mo S_oo^-1 (x_o - m_o), and
their covariance shrinks to S_mm - S_mo S_oo^-1 S_om.

References: Dempster, Laird and Rubin, *Maximum likelihood from incomplete data via the EM algorithm*, JRSS B 39, 1977;
Arthur and Vassilvitskii, *k-means++: the advantages of careful seeding*, SODA 2007.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from os import PathLike
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, Positive, Recipe
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, fold, generator, in_blocks
from contrafact.codecs.vector import VectorCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record

KMEANS_STEPS, CHUNK_CELLS = 5, 2**19


@dataclass(frozen=True, kw_only=True)
class GaussianMixture(Recipe):
    """Fit one Gaussian, or a mixture of them, by maximum likelihood."""

    components: Count = 1  # number of Gaussians
    covariance: Literal["full", "diagonal"] = "full"  # whether columns may lean on each other within a component
    restarts: Count = 4  # starts of EM; the one that ends with the best likelihood is kept
    tolerance: Positive = 1e-6  # stop when a round gains less log-likelihood per row than this
    rounds: Count = 500  # rounds of EM at most
    floor: Positive = 1e-6  # smallest variance of a component, where a whole column has variance 1

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> GaussianModel:
        """Run EM from every start and keep the best; budget and device play no part."""
        codec = VectorCodec.fit(data)
        rows = codec.rescale(codec.values(data))
        if len(rows) < self.components:
            what = f"{len(rows)} rows cannot carry {self.components} components."
            fix = f"Set components to {len(rows)} or fewer, or give more rows."
            raise DataError(what, why="Every component needs at least one row of its own.", fix=fix, code="E206")
        climbs = [self._climb(rows, seed, start) for start in range(self.restarts if self.components > 1 else 1)]
        gaussians, facts = max(climbs, key=lambda climb: float(climb[1]["log_likelihood"]))
        model = GaussianModel(self, codec, gaussians, facts)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def _climb(self, rows: np.ndarray, seed: int, start: int) -> tuple[Gaussians, dict[str, Any]]:
        gaussians = _first_guess(rows, self, generator(seed, "start", start))
        value, gain, done = -np.inf, np.inf, 0
        while done < self.rounds and gain >= self.tolerance:
            last, done = value, done + 1
            value, gaussians = _em_round(rows, gaussians, self.floor)
            gain = value - last
        return gaussians, {"log_likelihood": value, "rounds": done, "converged": gain < self.tolerance}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> GaussianModel:
        """Make the model again from what it saved."""
        return GaussianModel(self, VectorCodec.from_json(codec), Gaussians(**arrays), facts)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(components=2, restarts=1, rounds=20)


class GaussianModel(Model):
    """A mixture of Gaussians over standardised columns; columns that never varied have no density and no say.

    Arguments:
        gaussians: The mixture.
        facts: How the fit went.
    """

    codec: VectorCodec

    def __init__(self, recipe: Recipe, codec: VectorCodec, gaussians: Gaussians, facts: dict[str, Any]) -> None:
        super().__init__(recipe, codec)
        self.gaussians, self._facts = gaussians, facts
        self._kept = np.flatnonzero(codec.scale)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give weights, means and covariances in standardised units."""
        return asdict(self.gaussians)

    def facts(self) -> dict[str, Any]:
        """Say how the fit went."""
        return self._facts

    def log_prob(self, data: Any) -> np.ndarray:
        """Give each row's log-density in the data's own units."""
        density = np.logaddexp.reduce(self._joint(data), axis=1)
        return np.asarray(density - np.log(np.asarray(self.codec.scale)[self._kept]).sum())

    def responsibilities(self, data: Any) -> np.ndarray:
        """Give each row's probability of having come from each component."""
        return _shares(self._joint(data))

    def cluster(self, data: Any) -> np.ndarray:
        """Give the component that each row most probably came from."""
        return np.asarray(self._joint(data).argmax(axis=1))

    def sample(self, n: int, given: dict[str | int, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: Number of rows.
            given: Values of some columns; the others are drawn from their exact distribution given these.
            seed: Makes the draw repeatable.
        """
        n, start, fixed = checked_count(n), chosen(seed), self.codec.given(given)
        known = np.isin(self._kept, list(fixed))
        at = np.array([[(fixed[i] - self.codec.mean[i]) / self.codec.scale[i] for i in self._kept[known]]])
        mixture = self.gaussians.given(known, at)

        def draw(block: int) -> np.ndarray:
            stream = generator(start, "sample", block)
            return mixture.draw(stream.random(BLOCK_ROWS), stream.standard_normal((BLOCK_ROWS, (~known).sum())))

        rows = np.zeros((n, len(known)))
        rows[:, ~known] = np.concatenate(in_blocks(n, draw))
        values = self.codec.unscale(rows)
        values[:, list(fixed)] = list(fixed.values())
        return self.codec.wrap(values)

    def impute(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any:
        """Fill the missing cells (NaN) of a copy from the columns that are there; observed cells keep their bits.

        Arguments:
            draws: None for conditional means, m for a list of m copies with random draws.
            seed: Makes the draws repeatable.
        """
        values = self.codec.values(data, missing=True)
        if draws is None:
            return self.codec.fill(data, self._filled(values, None))
        start = chosen(seed)
        return [
            self.codec.fill(data, self._filled(values, fold(start, "impute", i))) for i in range(checked_count(draws))
        ]

    def _filled(self, values: np.ndarray, seed: int | None) -> np.ndarray:
        """Fill a matrix, one pattern of missing cells after the other; noise belongs to rows, not to patterns."""
        rows = self.codec.rescale(values)
        choice = generator(seed or 0, "choice").random(len(rows))
        noise = generator(seed or 0, "noise").standard_normal(rows.shape)
        patterns, owner = np.unique(np.isnan(rows), axis=0, return_inverse=True)
        for number, hole in enumerate(patterns):
            members = np.flatnonzero(owner.ravel() == number)
            cells = np.ix_(members, hole)
            mixture = self.gaussians.given(~hole, rows[np.ix_(members, ~hole)])
            rows[cells] = mixture.mean() if seed is None else mixture.draw(choice[members], noise[cells])
        return self.codec.unscale(rows)

    def _joint(self, data: Any) -> np.ndarray:
        chunks = _chunks(self.codec.rescale(self.codec.values(data)), self.gaussians)
        return np.concatenate([self.gaussians.log_joint(chunk) for chunk in chunks])


@dataclass(frozen=True, kw_only=True)
class Gaussians:
    """A mixture: weights (k), means (k, d), and covariances (k, d, d) or, where they are diagonal, variances (k, d)."""

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @cached_property
    def _inverse_factors(self) -> np.ndarray:
        """Invert the Cholesky factors, or the standard deviations."""
        if self.covariances.ndim == 2:
            return np.asarray(1 / np.sqrt(self.covariances))
        try:
            return np.asarray(np.linalg.inv(np.linalg.cholesky(self.covariances)))
        except np.linalg.LinAlgError:
            why = "Its rows lie in fewer dimensions than there are columns."
            fix = 'Raise floor, set covariance="diagonal", or drop columns that repeat others.'
            raise DataError("The covariance of a component is singular.", why=why, fix=fix, code="E206") from None

    def log_joint(self, rows: np.ndarray) -> np.ndarray:
        """Give log w_k + log N(x; m_k, S_k) for each row and component (n, k)."""
        away, inverse = rows - self.means[:, None], self._inverse_factors
        wide = inverse.ndim == 3
        white = away @ inverse.transpose(0, 2, 1) if wide else away * inverse[:, None]
        scales = np.diagonal(inverse, axis1=1, axis2=2) if wide else inverse
        peak = np.log(self.weights) + np.log(scales).sum(axis=1) - rows.shape[1] / 2 * np.log(2 * np.pi)
        return np.asarray(peak - 0.5 * np.square(white).sum(axis=2).T)

    def given(self, known: np.ndarray, at: np.ndarray) -> Conditional:
        """Condition on the columns that are known (d, booleans); `at` holds their values, a row for each condition."""
        means, rest, wide = self.means[:, ~known][:, None], self.covariances[:, ~known], self.covariances.ndim == 3
        seen = self.covariances[:, known][..., known] if wide else self.covariances[:, known]
        marginal = Gaussians(weights=self.weights, means=self.means[:, known], covariances=seen)
        shares = _shares(marginal.log_joint(at))
        if not wide:
            return Conditional(shares=shares, means=means, covariances=rest)
        across, rest = rest[..., known], rest[..., ~known]
        gain = np.linalg.solve(seen, across.transpose(0, 2, 1))
        means = means + (at - marginal.means[:, None]) @ gain
        return Conditional(shares=shares, means=means, covariances=rest - across @ gain)


@dataclass(frozen=True, kw_only=True)
class Conditional:
    """A mixture for each row: shares (n, k), means (k, n or 1, m), and the covariances that all rows have in common."""

    shares: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def mean(self) -> np.ndarray:
        """Give each row's expectation."""
        return np.asarray(sum(share[:, None] * mean for share, mean in zip(self.shares.T, self.means, strict=True)))

    def draw(self, choice: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Turn uniform and normal noise, a row each, into draws."""
        component = (choice[:, None] >= np.cumsum(self.shares, axis=1)[:, :-1]).sum(axis=1)
        means = np.broadcast_to(self.means, (len(self.means), *noise.shape))
        drawn: np.ndarray = means[component, np.arange(len(noise))]
        for number, covariance in enumerate(self.covariances):
            rows, wide = component == number, covariance.ndim == 2
            factor = np.linalg.cholesky(covariance) if wide else np.diag(np.sqrt(covariance))
            drawn[rows] += noise[rows] @ factor.T
        return drawn


def _shares(joint: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)))


def _chunks(rows: np.ndarray, gaussians: Gaussians) -> list[np.ndarray]:
    """Cut rows so that a number for each row, component and column fits into memory."""
    size = CHUNK_CELLS // max(gaussians.means.size, 1) + 1
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def _em_round(rows: np.ndarray, old: Gaussians, floor: float) -> tuple[float, Gaussians]:
    """Give the old mixture's mean log-likelihood and the next mixture; moments are taken around the old means."""
    value, wide, count = 0.0, old.covariances.ndim == 3, np.full(len(old.means), 1e-14)  # so that none divides by zero
    first, second = np.zeros_like(old.means), np.zeros_like(old.covariances)
    for chunk in _chunks(rows, old):
        joint, away = old.log_joint(chunk), chunk - old.means[:, None]
        value += float(np.logaddexp.reduce(joint, axis=1).sum())
        shares = _shares(joint)
        weighted = shares.T[:, :, None] * away
        count += shares.sum(axis=0)
        first += weighted.sum(axis=1)
        second += weighted.transpose(0, 2, 1) @ away if wide else (weighted * away).sum(axis=1)
    shift = first / count[:, None]
    if wide:
        spread = second / count[:, None, None] - shift[:, :, None] * shift[:, None] + floor * np.eye(rows.shape[1])
    else:
        spread = second / count[:, None] - shift**2 + floor
    return value / len(rows), Gaussians(weights=count / count.sum(), means=old.means + shift, covariances=spread)


def _first_guess(rows: np.ndarray, recipe: GaussianMixture, stream: np.random.Generator) -> Gaussians:
    """Choose far-apart rows as centres (k-means++), move them by a few k-means steps, and make round components."""
    centres = rows[[stream.integers(len(rows))]]
    while len(centres) < recipe.components:
        apart = _squared_distances(rows, centres).min(axis=1)
        picked = stream.choice(len(rows), p=apart / apart.sum() if apart.any() else None)
        centres = np.concatenate([centres, rows[[picked]]])
    for _ in range(KMEANS_STEPS):
        member = _squared_distances(rows, centres).argmin(axis=1)[:, None] == np.arange(len(centres))
        count = member.sum(axis=0)[:, None]
        centres = np.where(count > 0, member.T.astype(np.float64) @ rows / np.maximum(count, 1), centres)
    apart = _squared_distances(rows, centres).min(axis=1)
    spread = np.full(centres.shape, apart.mean() / max(rows.shape[1], 1) + recipe.floor)
    if recipe.covariance == "full":
        spread = spread[:, :, None] * np.eye(rows.shape[1])
    return Gaussians(weights=np.full(len(centres), 1 / len(centres)), means=centres, covariances=spread)


def _squared_distances(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    squares = np.square(rows).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * rows @ centres.T, 0))
