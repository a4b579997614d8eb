"""Doubly robust scores: what each row says of the mean outcome under every arm, right if either half is right.

With mu_a(x) the outcome of arm a and e_a(x) its chance, the score of a row for arm a is

    phi_a = mu_a(x) + 1{T = a} (Y - mu_a(x)) / e_a(x)

Means of scores are mean outcomes, differences of scores differences of arms, and the mean score of the arms that a rule
chooses is the rule's value; each with the standard error of a mean, where mu and e were learned from other rows.

Reference: Robins, Rotnitzky and Zhao, *Estimation of regression coefficients when some regressors are not always
observed*, JASA 89, 1994; Chernozhukov et al., *Double/debiased machine learning*, Econometrics Journal 21, 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from contrafact.base.effects import Effect, Overlap

LEAST, Z = 0.01, 1.959964
FEW_EFFECTIVE = 0.3  # of the rows: below this, few comparable rows carry most of the weight
ASSUMED = (
    "Treatment is as good as random among rows with equal covariates: no hidden common cause is left.",
    "Every kind of row could have had any arm.",
    "No covariate is a consequence of the treatment.",
    "One row's treatment does not change another row's outcome.",
)
NO_GRAPH = "No graph was given: every covariate was taken for a possible common cause of treatment and outcome."


def scores(y: np.ndarray, arm: np.ndarray, outcomes: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Give each row's score of every arm.

    Arguments:
        y: Outcomes.
        arm: Each row's arm.
        outcomes: What each arm would give: arms by rows.
        chances: The chance of each arm: arms by rows.
    """
    own = arm == np.arange(len(outcomes))[:, None]
    found: np.ndarray = outcomes + own * (y - outcomes) / np.clip(chances, LEAST, 1)
    return found


def overlap(arm: np.ndarray, chances: np.ndarray) -> Overlap:
    """Say how comparable the arms are.

    Arguments:
        arm: Each row's arm.
        chances: The chance of each arm: arms by rows.
    """
    own = np.clip(chances[arm, np.arange(len(arm))], LEAST, 1)
    counts = [float((1 / own[arm == a]).sum() ** 2 / (1 / own[arm == a] ** 2).sum()) for a in np.unique(arm)]
    effective, least = float(sum(counts)), float(chances.min())
    rare = int((chances <= LEAST * (1 + 1e-6)).any(0).sum())  # chances come cut at it
    words = "All arms were possible for all rows."
    if rare:
        words = f"{rare:,} of {len(arm):,} rows had an arm with a chance under {LEAST:.0%}: what it would have done to "
        words += "them is guessed more than seen."
    elif effective < FEW_EFFECTIVE * len(arm):
        words = "Few rows are comparable: they carry most of the weight."
    return Overlap(low=least, high=float(chances.max()), effective=effective, rows=len(arm), words=words)


@dataclass(frozen=True, kw_only=True)
class Means:
    """Mean outcomes of the arms, and how sure they are.

    Arguments:
        means: One for each arm.
        covariance: Of the means.
        overlap: How comparable the arms are.
    """

    means: np.ndarray
    covariance: np.ndarray
    overlap: Overlap

    @classmethod
    def of(cls, found: np.ndarray, arm: np.ndarray, chances: np.ndarray) -> Self:
        """Average scores.

        Arguments:
            found: Scores, arms by rows.
            arm: Each row's arm.
            chances: The chance of each arm: arms by rows.
        """
        covariance = np.atleast_2d(np.cov(found)) / found.shape[1]
        return cls(means=found.mean(1), covariance=covariance, overlap=overlap(arm, chances))

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the figures as named arrays."""
        own = self.overlap
        return {
            "means/means": self.means,
            "means/covariance": self.covariance,
            "means/overlap": np.array([own.low, own.high, own.effective, own.rows]),
            "means/words": np.frombuffer(own.words.encode(), dtype=np.uint8).copy(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Read what `arrays` gave."""
        low, high, effective, rows = map(float, arrays["means/overlap"])
        words = arrays["means/words"].tobytes().decode()
        known = Overlap(low=low, high=high, effective=effective, rows=int(rows), words=words)
        return cls(means=arrays["means/means"], covariance=arrays["means/covariance"], overlap=known)

    def difference(
        self,
        query: str,
        *,
        arm: int = 1,
        than: int = 0,
        assumptions: tuple[str, ...] = (NO_GRAPH, *ASSUMED),
        notes: tuple[str, ...] = (),
        estimator: str = "aipw",
    ) -> Effect:
        """Give the average effect of one arm against another.

        Arguments:
            query: The question.
            arm: The arm whose effect is asked for.
            than: The arm that it is compared with.
            assumptions: What the answer rests on.
            notes: What must be known beside.
            estimator: What computed it.
        """
        contrast = np.zeros(len(self.means))
        contrast[arm], contrast[than] = 1.0, -1.0
        value, error = float(contrast @ self.means), float(np.sqrt(contrast @ self.covariance @ contrast))
        return Effect(
            value=value,
            low=value - Z * error,
            high=value + Z * error,
            kind="point",
            rung=2,
            strategy="adjustment",
            assumptions=assumptions,
            overlap=self.overlap,
            query=query,
            estimator=estimator,
            n=self.overlap.rows,
            error=error,
            notes=notes,
        )
