"""Meta-learners: the effect of a treatment for every row, from plain regressions put together in five ways.

Two regressions, one for each arm, and their difference (T); one regression that is told the arm (S); regressions of
what each row gained on what it would have got otherwise (X); of doubly robust pseudo-outcomes (DR); of residuals on
residuals (R). Every one of them is a job for an ordinary regression, and which regression does it best depends on the
data: lines, sparse lines, lines under a link, Gaussian processes, boosted trees. `auto` cross-fits them all, and weighs
the candidates by how well they foretell rows that they have not seen (`causal/learners/crossed.py` has the formulas).

The average effect is the mean of doubly robust scores from the same cross-fitting. Gaussian processes keep rows of the
data, so a saved model holds such rows.

References: Künzel, Sekhon, Bickel and Yu, PNAS 2019; Nie and Wager, Biometrika 2021; Kennedy, EJS 2023; Alaa and van
der Schaar, NeurIPS 2017 (arms that share a Gaussian process).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError
from contrafact.base.recipe import Recipe
from contrafact.causal.learners.crossed import Crossed, Effects, Term, crossed, summed
from contrafact.causal.learners.functions import packed, unpacked
from contrafact.causal.scores import Means, scores
from contrafact.codecs.schema import Role
from contrafact.codecs.treated import TreatedCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record

SUMS = ("low", "high", "chance", "effect")
Learner = Literal["auto", "t", "s", "x", "dr", "r"]


@dataclass(frozen=True, kw_only=True)
class MetaLearner(Recipe):
    """Fit the effect of a treatment of two arms by regressions, cross-fitted and weighed."""

    treatment: str | None = None  # the column of the treatment
    outcome: str | None = None  # the column of the outcome
    learner: Learner = "auto"  # t, s, x, dr, r, or auto: all of them, weighed on rows that they have not seen
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> MetaLearnerModel:
        """Cross-fit, weigh, and learn from all rows what counts; budget and device play no part.

        Raises:
            DataError: There are more than two arms.
        """
        codec = TreatedCodec.fit(data, treatment=self.treatment, outcome=self.outcome, columns=self.columns)
        _check_two(codec)
        found = crossed(
            codec.covariates(data),
            codec.treatments(data).astype(np.float64),
            codec.outcomes(data),
            method=self.learner,
            seed=seed,
        )
        model = MetaLearnerModel(self, codec, found.final(), means_of(found), weights_of(found))
        model.crossed = found
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> MetaLearnerModel:
        """Make the model again from what it saved."""
        functions = unpacked(facts["kinds"], arrays)
        sums = {
            name: [
                Term(function=functions[int(which)], weight=float(weight), share=int(share))
                for which, weight, share in arrays[f"sum/{name}"]
            ]
            for name in SUMS
        }
        known, means = TreatedCodec.from_json(codec), Means.from_arrays(arrays)
        return MetaLearnerModel(self, known, Effects(**sums), means, facts["weights"])

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(learner="t")


class MetaLearnerModel(Model):
    """Fitted functions of the covariates: what each arm gives, the chance of treatment, and the effect.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns frames into covariates, arms and outcomes.
        functions: Sums of functions.
        means: Mean outcomes of both arms.
        weights: What each way counts, in words and numbers.
    """

    recipe: MetaLearner
    codec: TreatedCodec

    def __init__(
        self,
        recipe: MetaLearner,
        codec: TreatedCodec,
        functions: Effects,
        means: Means,
        weights: dict[str, dict[str, float]],
    ) -> None:
        super().__init__(recipe, codec)
        self.functions, self.means, self.weights = functions, means, weights
        self.crossed: Crossed | None = None  # what cross-fitting foretold of the rows; not saved

    def effect(self, data: Any) -> np.ndarray:
        """Give what treatment does to each row.

        Arguments:
            data: A frame with the fitted covariates, or an array with as many columns.
        """
        return self.functions.effects(self.codec.covariates(data))

    def potential(self, data: Any) -> np.ndarray:
        """Give the outcome of each row without treatment and with it; their difference is the effect.

        Arguments:
            data: A frame with the fitted covariates, or an array with as many columns.
        """
        x = self.codec.covariates(data)
        chance, effect = self.functions.chances(x), self.functions.effects(x)
        low, high = (summed(terms, x, chance) for terms in (self.functions.low, self.functions.high))
        middle = chance * high + (1 - chance) * low
        return np.stack([middle - chance * effect, middle + (1 - chance) * effect], axis=1)

    def ate(self) -> Effect:
        """Give the average effect in the rows that were learned from: doubly robust, with its interval."""
        return self.means.difference(
            f"ATE({self.codec.treatment}, {self.codec.outcome})", estimator="aipw, cross-fitted"
        )

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give all functions as arrays, and the sums that they stand in."""
        functions, sums = self._listed()
        return {**packed(functions)[1], **sums, **self.means.arrays()}

    def facts(self) -> dict[str, Any]:
        """Give the kinds of the functions, and what each way counts."""
        return {"kinds": packed(self._listed()[0])[0], "weights": self.weights}

    def _listed(self) -> tuple[list[Any], dict[str, np.ndarray]]:
        """List each function once, and give every sum as rows of place, weight and share."""
        functions: list[Any] = []
        sums = {}
        for name in SUMS:
            rows = []
            for term in getattr(self.functions, name):
                places = [place for place, known in enumerate(functions) if known is term.function]
                if not places:
                    functions.append(term.function)
                rows.append([places[0] if places else len(functions) - 1, term.weight, term.share])
            sums[f"sum/{name}"] = np.array(rows, dtype=np.float64).reshape(-1, 3)
        return functions, sums


def means_of(found: Crossed) -> Means:
    """Average the doubly robust scores of cross-fitting."""
    arm, chances = found.t.astype(np.int64), np.stack([1 - found.chance, found.chance])
    return Means.of(scores(found.y, arm, found.both, chances), arm, chances)


def weights_of(found: Crossed) -> dict[str, dict[str, float]]:
    """Say what each way counts in both arms and in the effect."""
    arms = {
        name: dict(zip(found.outcomes, found.weights[arm].tolist(), strict=True))
        for arm, name in enumerate(("without", "with"))
    }
    return {
        name: {way: round(weight, 4) for way, weight in own.items() if weight}
        for name, own in {**arms, "effect": found.effect_weights}.items()
    }


def _check_two(codec: TreatedCodec) -> None:
    if len(codec.arms) > 2:
        raise DataError(
            f"Column '{codec.treatment}' has {len(codec.arms)} levels.",
            why="These learners compare two arms.",
            fix="Keep the rows of two levels, or fit tarnet, cfr or ganite, which take several.",
            code="E577",
        )
