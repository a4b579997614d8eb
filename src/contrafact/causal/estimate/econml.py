"""Estimators of EconML (Microsoft, MIT licence), called with a copy of the data; nothing of it is needed otherwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.causal.estimate.doubly import NORMAL, Estimate
from contrafact.causal.estimate.methods import FOR_LEVELS, unfit

if TYPE_CHECKING:
    from contrafact.causal.estimate.study import Study

ROBUST = ("LinearDRLearner", "ForestDRLearner")
KNOWN = ("LinearDML", "CausalForestDML", "KernelDML", "SparseLinearDML", *ROBUST)


def by_econml(study: Study, name: str) -> Estimate:
    """Estimate an effect by one of EconML's estimators.

    Arguments:
        study: The table made ready; the estimator is given copies.
        name: LinearDML, CausalForestDML, LinearDRLearner, ...

    Raises:
        UsageError: There is no such estimator, or the library is not installed.
    """
    if name not in KNOWN:
        raise UsageError(
            f"econml:{name} is not known here.",
            why=did_you_mean(name, KNOWN),
            fix=f"econml:{KNOWN[0]}",
            code="E534",
        )
    if study.plan.strategy != "adjustment" or not study.covariates.names:
        raise unfit(f"econml:{name}", "It adjusts for covariates, and the plan has none.", FOR_LEVELS)
    model = _made(name, study)
    matrix = np.array(study.covariates.matrix)
    rows, low, high = _compared(study)
    doses = study.treatment.values if study.is_amount else (study.treatment.codes == high).astype(float)
    model.fit(study.outcome[rows].copy(), doses[rows].copy(), X=matrix[rows].copy())
    who = rows & {"ATE": True, "ATT": study.treatment.codes == high, "ATU": study.treatment.codes == low}[study.target]
    found = model.ate_inference(X=matrix[who].copy())
    value, error = float(np.ravel(found.mean_point)[0]), float(np.ravel(found.stderr_mean)[0])
    if not math.isfinite(value):
        raise DataError(
            f"econml:{name} gave no number.", why="It did not come to an end.", fix="method='auto'", code="E529"
        )
    ends = value - NORMAL * error, value + NORMAL * error
    return Estimate(value=value, error=error, low=ends[0], high=ends[1], rows=int(who.sum()), details={})


def _compared(study: Study) -> tuple[Any, int, int]:
    if study.is_amount:
        return np.ones(len(study.outcome), dtype=bool), 0, 1
    low, high = study.ends
    return (study.treatment.codes == low) | (study.treatment.codes == high), low, high


def _made(name: str, study: Study) -> Any:
    """Make an estimator.

    Raises:
        UsageError: EconML is not installed.
    """
    try:
        if name in ROBUST:
            from econml import dr as home
        else:
            from econml import dml as home
    except ImportError as error:
        raise UsageError(
            "EconML is not installed.",
            why=f"econml:{name} is an estimator of that library, which contrafact does not need otherwise.",
            fix='pip install "contrafact[econml]"',
            code="E533",
        ) from error
    settings: dict[str, Any] = {"random_state": study.seed}
    if name not in ROBUST:
        settings["discrete_treatment"] = not study.is_amount
    return getattr(home, name)(**settings)
