"""Score any generator's output against real data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.data import Data, kind_of
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.records import Score
from contrafact.codecs.image import is_pictures

if TYPE_CHECKING:
    from contrafact.metrics.table_judge import TableJudgement


def _kind(data: Any) -> str:
    if hasattr(data, "columns"):
        return kind_of(data)
    if isinstance(data, Data):
        return data.kind
    if is_pictures(data):
        return "pictures"
    return "text" if isinstance(data, list) and data and isinstance(data[0], (str, list, tuple)) else "vectors"


def _flat(data: Any) -> np.ndarray:
    """Read items of equal size as a matrix."""
    try:
        array = np.asarray(data.items if isinstance(data, Data) else data, dtype=np.float64)
        return array.reshape(len(array), math.prod(array.shape[1:]))
    except (TypeError, ValueError) as error:
        raise DataError(
            "These data cannot be compared number by number.",
            why="Their items are no numbers, or not all of one size.",
            fix="Give items of one size, all of them numbers.",
            code="E203",
        ) from error


def matrices(real: Any, others: list[Any]) -> list[np.ndarray]:
    """Turn real data and what is held against them into numeric matrices of the same columns."""
    if _kind(real) == "table":
        from contrafact.metrics.mixed import mixed_rows

        return mixed_rows(real, *others)
    flat = [_flat(data) for data in (real, *others)]
    if len({f.shape[1] for f in flat}) > 1:
        raise DataError(
            f"Real items have {flat[0].shape[1]} numbers, fakes {flat[1].shape[1]}.",
            why="Real and fake items are compared number by number.",
            fix="Give data of the same shape.",
            code="E205",
        )
    return flat


def scores(
    real: Any,
    fake: Any,
    holdout: Any = None,
    target: str | None = None,
    seed: int = 0,
    features: Any = None,
) -> dict[str, Score]:
    """Score fakes of any origin.

    Arguments:
        real: What the generator learned from.
        fake: What it made.
        holdout: Real data that it never saw; needed for the scores that notice memorised rows.
        target: A column of special interest in a table.
        seed: Seeds subsamples and resampling.
        features: What pictures are compared in: features, or a callable with a name; by default learned from `real`.

    Returns:
        Scores by name, each with interval, floor and ceiling where they are known.
    """
    kind = _kind(real)
    if "series" in (kind, _kind(fake)) and hasattr(real, "columns") and hasattr(fake, "columns"):
        return _series_scores(real, fake, holdout, target, seed)
    _check(real, fake, target)
    if features is not None and kind != "pictures":
        raise UsageError(
            f"Features were given for {kind}.",
            why="Only pictures are compared in features.",
            fix="Leave features out.",
            code="E224",
        )
    if kind == "text":
        from contrafact.metrics.text import text_scores

        return text_scores(real, fake, holdout, seed)
    if kind == "pictures":
        from contrafact.metrics.pictures import picture_scores

        return picture_scores(real, fake, holdout, seed=seed, features=features)
    if kind == "sound":
        from contrafact.metrics.sound import sound_scores

        return sound_scores(real, fake, holdout, seed=seed)
    if kind == "table":
        return table_judgement(real, fake, holdout, target=target, seed=seed).scores
    return _vector_scores(real, fake, holdout, seed)


def _vector_scores(real: Any, fake: Any, holdout: Any, seed: int) -> dict[str, Score]:
    from contrafact.metrics.judge import rows_scores

    others = [fake] if holdout is None else [fake, holdout]
    numbers = matrices(real, others)
    truth = real.truth if isinstance(real, Data) else None
    kept = numbers[2] if holdout is not None else None
    return rows_scores(numbers[0], numbers[1], kept, truth=truth, seed=seed)


def _series_scores(real: Any, fake: Any, holdout: Any, target: str | None, seed: int) -> dict[str, Score]:
    from contrafact.metrics.series import series_scores

    if target is not None:
        raise UsageError(
            f"A target was given for series: '{target}'.",
            why="Series are judged as wholes, by what their steps tell about each other.",
            fix="Leave --target out.",
            code="E115",
        )
    return series_scores(real, fake, holdout, seed=seed)


def _check(real: Any, fake: Any, target: str | None) -> None:
    if target is not None and target not in getattr(real, "columns", ()):
        columns = [str(c) for c in getattr(real, "columns", ())]
        why = did_you_mean(target, columns) if columns else "Only tables have columns."
        raise UsageError(f"There is no column '{target}'.", why=why, fix="--target COLUMN", code="E115")
    if _kind(real) != _kind(fake):
        raise DataError(
            f"The real data are {_kind(real)}, the fakes are {_kind(fake)}.",
            why="Only data of one kind can be compared.",
            fix="Give two files of the same kind.",
            code="E205",
        )


def table_judgement(
    real: Any, fake: Any, holdout: Any = None, target: str | None = None, seed: int = 0
) -> TableJudgement:
    """Score a generated table, and keep what a report shows beside the scores.

    Arguments:
        real: The frame that the generator learned from.
        fake: The frame that it made.
        holdout: Real rows that it never saw.
        target: A column of special interest.
        seed: Seeds subsamples and resampling.
    """
    from contrafact.metrics.table_judge import judge_table

    _check(real, fake, target)
    return judge_table(real, fake, holdout, target=target, seed=seed)


def require(expression: str, found: dict[str, Score]) -> list[str]:
    """Hold scores against bars like `c2st>=.9, coverage>.8` and name those that miss.

    Raises:
        UsageError: The expression is not a list of bars, or names an unknown score.
    """
    import operator
    import re

    compare = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
    missed = []
    for part in expression.split(","):
        bar = re.fullmatch(r"\s*(\w+)\s*(>=|<=|>|<)\s*(-?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*", part)
        if bar is None or bar[1] not in found:
            why = "A bar reads NAME>=NUMBER." if bar is None else did_you_mean(bar[1], found)
            raise UsageError(
                f"The bar '{part.strip()}' cannot be read.", why=why, fix="--require 'c2st>=.9'", code="E116"
            )
        if not compare[bar[2]](found[bar[1]].value, float(bar[3])):
            missed.append(f"{bar[1]} is {found[bar[1]].value:.4g}, the bar is {bar[2]}{bar[3]}")
    return missed


def critic_score(run: str, real: Any, fake: Any, seed: int = 0) -> Score:
    """Let a run's critic compare real items with fakes: the share of pairs in which the real one ranks higher.

    Arguments:
        run: A run whose model kept its critic.
        real: Real items.
        fake: Fakes of any origin.
        seed: Pairs the items.
    """
    from contrafact.base.seeds import generator
    from contrafact.metrics.spread import wilson
    from contrafact.tasks.sample import model_of

    model = model_of(run)
    if not hasattr(model, "critic"):
        raise UsageError(
            f"{model.recipe.method} has no critic.",
            why="Only adversarial methods train one.",
            fix="Give a run of r3gan or another adversarial method.",
            code="E110",
        )
    n = min(len(real), len(fake), 5000)
    random = generator(seed, "critic pairs")
    on_real, on_fake = (random.permutation(model.critic(d))[:n] for d in (real, fake))
    wins = float((on_real > on_fake).sum() + (on_real == on_fake).sum() / 2)
    low, high = wilson(wins, n)
    return Score(name="critic_wins", value=wins / n, low=low, high=high, n=n, better="lower", floor=1.0, ceiling=0.5)
