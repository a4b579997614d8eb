"""Aid for an effect: generated rows where a group is scarce, and filled confounders; each judged, neither trusted.

Generated rows: every row is drawn as it might have been with the level of the treatment that fewest rows had, by a
method that has learned from other rows, and joins the fit of the outcome model (`causal/estimate/beside.py`).

Filled confounders: holes in what is adjusted for are drawn several times from all columns, treatment and outcome among
them, and the estimates from the filled tables are pooled by Rubin's rules. Without it a hole is given its column's
median and a column says where it was, which adjusts only for a part of the confounder.

Both are asked whether they help in a way that needs no truth: whether the outcome model misses real rows less, and
whether the fill misses hidden cells less than the median. The answer is the aided one where they do, and the plain one
otherwise; both are always told. Intervals count real rows only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import fold, generator
from contrafact.causal.estimate.beside import Gain, Generator, gain_of, with_generated
from contrafact.causal.estimate.columns import Array, numbers
from contrafact.causal.estimate.doubly import NORMAL, Estimate, aipw
from contrafact.causal.estimate.study import Study, made_ready
from contrafact.metrics.pooling import pooled
from contrafact.tasks.table_maker import chosen_recipe
from contrafact.zoo.index import recipe

if TYPE_CHECKING:
    import pandas as pd

GENERATED, FILLED = "generated rows", "filled confounders"
DRAWS, TABLES = 10, 5
WEIGHT = 0.25  # of all generated rows, in real ones of their level: more moved estimates of scarce groups too far
HIDDEN_SHARE, LEAST_HIDDEN = 0.2, 5
Method = str | Recipe


@dataclass(frozen=True, kw_only=True, eq=False)
class Aided:
    """An effect without aid and with it.

    Arguments:
        what: What was done, and by which method.
        asked: Which real rows or cells were asked whether it helped.
        gain: How much less of them is missed with it.
        without: The estimate without.
        beside: The estimate with it.
    """

    what: str
    asked: str
    gain: Gain
    without: Estimate
    beside: Estimate

    @property
    def taken(self) -> Estimate:
        """The estimate that is the answer."""
        return self.beside if self.gain.word == "helped" else self.without

    @property
    def verdict(self) -> str:
        """Say whether it helped, and what the effect is with it and without."""
        gain = self.gain
        helped = gain.word == "helped"
        missed = f"{abs(gain.value):.0%} {'less' if gain.value >= 0 else 'more'}"
        first, other = (self.beside, self.without) if helped else (self.without, self.beside)
        words = ("with it", "without it") if helped else ("without it", "with it")
        return (
            f"{self.what} {gain.word}: {missed} is missed of {gain.n:,} {self.asked} "
            f"[{gain.low:+.0%}, {gain.high:+.0%}]. "
            f"The answer is the effect {words[0]}, {_written(first)}; {words[1]} it would be {_written(other)}. "
            "Intervals count real rows only."
        )

    @property
    def details(self) -> dict[str, float]:
        """Both estimates and the gain, by name."""
        ends = {"without aid": self.without, "with aid": self.beside}
        found = {f"{name}{end}": getattr(one, key) for name, one in ends.items() for end, key in ENDS.items()}
        return {**found, "gain": self.gain.value, "gain low": self.gain.low, "gain high": self.gain.high}


ENDS = {"": "value", " low": "low", " high": "high"}


def _written(found: Estimate) -> str:
    return f"{found.value:.4g} [{found.low:.4g}, {found.high:.4g}]"


def aided(study: Study, *, generate: Method | None = None, fill: Method | None = None) -> Aided | None:
    """Estimate an average effect without aid and with it.

    Arguments:
        study: The table made ready.
        generate: The method that draws rows of the scarcer level.
        fill: The method that fills holes in what is adjusted for.

    Returns:
        Both estimates; None where there is nothing to fill.

    Raises:
        UsageError: The question is none that can be aided.
    """
    if study.plan.strategy != "adjustment" or study.is_amount:
        raise UsageError(
            "Nothing can be generated or filled for this answer.",
            why="Both aid the outcome model of an adjustment between levels of a treatment.",
            fix="Leave --generate and --fill out.",
            code="E535",
        )
    if generate is not None and fill is not None:
        raise UsageError(
            "Generated rows and filled confounders were asked for at once.",
            why="Each is judged alone, and so must be seen alone.",
            fix="Ask once with --fill and once with --generate.",
            code="E535",
        )
    return _filled(study, fill) if fill is not None else _generated(study, generate)


def _generated(study: Study, method: Method | None) -> Aided:
    made = chosen_recipe(method, recipe("ice")(), ability="impute")
    if getattr(made, "hide", None) == 0:  # it learns to fill from holes, and a whole table has none
        made = made.but(hide=HIDDEN_SHARE)
    low, high = study.ends
    level = min((low, high), key=lambda code: int((study.treatment.codes == code).sum()))
    known, gain = with_generated(study.known, study.functions, level, _drawing(study, made, level), WEIGHT)
    name = f"{study.treatment.name} = {study.treatment.levels[level]}"
    return Aided(
        what=f"Generated rows of {name} (by {made.method})",
        asked=f"real rows of {name}",
        gain=gain,
        without=aipw(study.known, low, high, study.target),
        beside=aipw(known, low, high, study.target),
    )


def _drawing(study: Study, made: Any, level: int) -> Generator:
    """Give what draws the outcome of every row under a level, in the mean over draws."""
    plan = study.plan
    frame = study.frame[[*plan.adjusted_for, plan.treatment, plan.outcome]]
    asked = frame.assign(**{plan.treatment: study.treatment.levels[level], plan.outcome: np.nan})

    def drawn(known: Any) -> Array:
        seed = fold(study.seed, "generated", int(np.flatnonzero(~known)[0]))
        model = made.fit(frame[known].reset_index(drop=True), seed=seed)
        found = [_outcomes(one, plan.outcome) for one in model.impute(asked, draws=DRAWS, seed=seed)]
        return np.asarray(np.mean(found, axis=0))

    return drawn


def _outcomes(frame: pd.DataFrame, name: str) -> Array:
    values = numbers(frame[name])
    assert values is not None
    return values


def _filled(study: Study, method: Method | None) -> Aided | None:
    plan, frame = study.plan, study.frame
    hollow = [name for name in plan.adjusted_for if frame[name].isna().any() and frame[name].notna().any()]
    if not hollow:
        return None
    made = chosen_recipe(method, recipe("loom")(learn="holes", holes=False), ability="impute")
    columns = frame[[*plan.adjusted_for, plan.treatment, plan.outcome]]
    hidden = {name: _hidden(columns[name], fold(study.seed, "hidden", name)) for name in hollow}
    learned = columns.copy()
    for name, places in hidden.items():
        learned.loc[places, name] = None if learned[name].dtype == object else np.nan
    model = made.fit(learned, seed=study.seed)
    gain = _told(columns, model.impute(learned, seed=study.seed), learned, hidden)
    tables = model.impute(columns, draws=TABLES, seed=study.seed)
    low, high = study.ends
    named = ", ".join(f"'{name}'" for name in hollow)
    return Aided(
        what=f"Filling {named} (by {made.method})",
        asked="hidden cells, beside the median or commonest level,",
        gain=gain,
        without=aipw(study.known, low, high, study.target),
        beside=_pooled(list(_each(study, tables))),
    )


def _hidden(column: pd.Series[Any], seed: int) -> Any:
    """Choose known cells to hide, a fifth."""
    known = np.flatnonzero(column.notna().to_numpy())
    count = min(max(round(HIDDEN_SHARE * len(known)), LEAST_HIDDEN), len(known) - 1)
    return column.index[np.sort(generator(seed, "hidden").permutation(known)[:count])]


def _told(columns: pd.DataFrame, best: pd.DataFrame, learned: pd.DataFrame, hidden: dict[str, Any]) -> Gain:
    """Compare what a fill misses of hidden cells with what the median, or the commonest level, misses."""
    plain, filled = [], []
    for name, places in hidden.items():
        true, rest = columns[name], learned[name].dropna()
        values = numbers(true)
        if values is None:
            common = rest.astype(str).mode().iloc[0]
            plain.append((true[places].astype(str) != common).to_numpy(dtype=float))
            filled.append((true[places].astype(str) != best.loc[places, name].astype(str)).to_numpy(dtype=float))
            continue
        guess = numbers(best[name])
        scale, middle = np.nanstd(values) or 1.0, float(np.median(rest))
        assert guess is not None
        at = true.index.get_indexer(places)
        plain.append(((values[at] - middle) / scale) ** 2)
        filled.append(((values[at] - guess[at]) / scale) ** 2)
    return gain_of(np.concatenate(plain), np.concatenate(filled))


def _each(study: Study, tables: Sequence[pd.DataFrame]) -> Iterator[Estimate]:
    """Estimate from each filled table."""
    for table in tables:
        filled = study.frame.assign(**{name: table[name] for name in study.plan.adjusted_for})
        yield aipw(made_ready(filled, study.plan, study.seed).known, *study.ends, study.target)


def _pooled(found: list[Estimate]) -> Estimate:
    """Pool estimates from several filled tables (Rubin's rules)."""
    rows = min(one.rows for one in found)
    value, low, high = pooled([one.value for one in found], [one.error**2 for one in found], freedom=rows - 1)
    error = (high - low) / 2 / NORMAL
    notes = (f"Holes were filled {len(found)} times and the estimates pooled.",)
    return Estimate(value=value, error=error, low=low, high=high, rows=rows, notes=notes, details={})
