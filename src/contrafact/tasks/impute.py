"""Impute: fill the holes of a table, say how sure that is, and whether it beats what is simpler.

Observed cells keep their bits. Every method here takes holes for missing at random (MAR): whether a cell is missing may
depend on what is observed in its row, not on what is missing. No data can tell whether that is so. What can be told is
whether holes go with other columns (`tasks/missing.py`); `shift` shows what would follow if the missing numbers were
larger or smaller than those that are filled in (delta adjustment, MNAR; `tasks/shifts.py`).

References:
    Rubin, Multiple imputation for nonresponse in surveys, 1987.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

from contrafact.base.data import Kind
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold
from contrafact.codecs.files import TableFile
from contrafact.tasks import missing, shifts
from contrafact.tasks.helps import Check, checked, seen
from contrafact.tasks.hidden_cells import NAMES, SIMPLE, Hidden, scores_of, simple_ways
from contrafact.tasks.kept_rows import counted, rules_of
from contrafact.tasks.large import FillingFile, by_blocks, filling_file
from contrafact.tasks.missing import Pattern, patterns
from contrafact.tasks.read import read_or_open
from contrafact.tasks.results import by_kind
from contrafact.tasks.series import said_to_be
from contrafact.tasks.series_impute import imputing_series
from contrafact.tasks.shifts import Shifted, applied, compared, read_shifts
from contrafact.tasks.table_maker import Fitter, TableJob, able, chosen_recipe, free_name, table_of
from contrafact.tasks.write_tables import save

SPREAD_DRAWS = 10
MAR = (
    "Assumed: whether a cell is missing depends on what is observed in its row, not on what is missing (MAR); no data "
    "can tell. What if not: shift."
)


@dataclass(kw_only=True, eq=False)
class Imputing(TableJob):
    """The job: its training first, then its steps, then its result.

    Arguments:
        data: The user's frame.
        fitter: The method, fitted to what it may see.
        hidden: The table with known cells hidden, where there is a check.
        draws: How many random fillings; None for one of best guesses.
        uncertainty: Whether to add how unsure each filled cell is.
        shifts: What is added to filled numbers, by column; several are compared, and none of them is added.
        check: How much is tested.
        seed: Seeds everything.
        filled: What each way filled in where cells were hidden.
        left_out: Which ways could not be held against, and why.
        patterns: Whether the other columns tell where a column's holes are.
        shifted: Means of columns under several shifts.
    """

    data: Any
    fitter: Fitter
    hidden: Hidden | None
    draws: int | None
    uncertainty: bool
    shifts: dict[Any, tuple[float, ...]]
    check: Check
    seed: int
    filled: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    shifted: list[Shifted] = field(default_factory=list)

    @property
    def shift(self) -> dict[Any, float]:
        """What is added to filled numbers."""
        return applied(self.shifts)

    def steps(self) -> Iterator[str]:
        """Fill hidden cells in all ways."""
        if self.hidden is None or not self.hidden.places:
            return
        cells = sum(map(len, self.hidden.places.values()))
        fitter = self.fitter
        if self.check == "full":
            yield f"check: {fitter.recipe.method} is fitted without {cells:,} known cells"
            fitter = fitter.like(self.hidden.frame, fold(self.seed, "hidden"))
        self.filled["method"] = able(fitter.model, "impute").impute(self.hidden.frame)
        for way, fill in simple_ways(self.seed).items():
            if way == self.fitter.recipe.method:
                continue
            try:
                self.filled[way] = fill(self.hidden.frame)
            except ContrafactError as error:
                self.left_out.append(f"Not held against {NAMES[way]}: {error.what} {error.why}")
            yield f"check: {cells:,} hidden cells, {NAMES[way]}"

    def result(self) -> Result:
        """Give the filled table, the scores and the verdict, once the steps are done."""
        model = able(self.fitter.model, "impute")
        holes = self.data.isna()
        scores = scores_of(self.hidden, self.filled, self.seed) if self.filled and self.hidden else {}
        made = self._made(model, holes)
        first = made[0] if isinstance(made, list) else made
        left = [str(name) for name in self.data.columns if first[name].isna().any()]
        count = int(holes.to_numpy().sum() - first[list(self.data.columns)].isna().to_numpy().sum())
        self.patterns = patterns(self.data, getattr(self.fitter.recipe, "columns", None), self.seed)
        self.shifted = self._compared(model)
        told = verdict(scores, self.fitter.recipe.method, count, self.shift)
        notes = (*self._notes(left), *filter(None, [counted([first])]))
        return Result(data=made, scores=scores, verdict=told, notes=notes, write=save)

    def _compared(self, model: Any) -> list[Shifted]:
        """Pool the means of columns under the shifts that are to be compared."""
        if not self.shifts:
            return []
        draws = model.impute(self.data, draws=SPREAD_DRAWS, seed=fold(self.seed, "shifts"))
        return compared(self.data, draws, self.shifts)

    def _made(self, model: Any, holes: Any) -> Any:
        """Fill the holes as was asked for."""
        seed = fold(self.seed, "impute")
        if self.draws is not None:
            return self.drawn(self.draws)
        best = self._shifted(model.impute(self.data), holes)
        if not self.uncertainty:
            return best
        return with_uncertainty(best, holes, model.impute(self.data, draws=SPREAD_DRAWS, seed=seed))

    def drawn(self, draws: int) -> list[Any]:
        """Fill the holes at random, so many times."""
        filled = able(self.fitter.model, "impute").impute(self.data, draws=draws, seed=fold(self.seed, "impute"))
        return [self._shifted(frame, self.data.isna()) for frame in filled]

    def _shifted(self, frame: Any, holes: Any) -> Any:
        """Add to filled numbers what the user says."""
        for name, delta in self.shift.items():
            own = holes[name].to_numpy() & frame[name].notna().to_numpy()
            numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)[own] + delta
            numbers = np.rint(numbers) if frame[name].dtype.kind in "iu" else numbers
            column = frame[name].copy()
            column.iloc[np.flatnonzero(own)] = numbers.astype(str(column.dtype).lower())
            frame[name] = column
        return self._kept(frame) if self.shift else frame

    def _kept(self, frame: Any) -> Any:
        """Hold moved cells to the constraints, where there are any."""
        codec = self.fitter.model.codec
        table = getattr(codec, "table", codec)
        return frame if rules_of(codec) is None else table.filled(self.data, table.cells_of(frame))

    def _notes(self, left: list[str]) -> tuple[str, ...]:
        said = [*self.fitter.notes, *self.left_out, *missing.sentences(self.patterns)]
        said += shifts.sentences(self.data, self.shifted)
        if left:
            said.append(
                f"Holes are left in {', '.join(left[:8])}{' ...' if len(left) > 8 else ''}: keys, free text and empty "
                "columns cannot be filled."
            )
        if self.filled and self.check == "quick":
            said.append(
                "The method has not seen the tenth of known cells that was hidden for the test, in rows and columns "
                "that it filled; --check off or full learns from all of them."
            )
        return tuple(said)


def with_uncertainty(best: Any, holes: Any, draws: list[Any]) -> Any:
    """Put beside each column with holes how unsure its filled cells are; empty where a cell was observed.

    Of a number the standard deviation of its draws, of a level the share of draws that are another one.

    Arguments:
        best: The table of best guesses.
        holes: Where the holes were.
        draws: Random fillings of them.
    """
    made = best.copy()
    for name in best.columns:
        own = holes[name].to_numpy()
        if not own.any() or best[name].isna().to_numpy()[own].all():
            continue
        told = np.full(len(best), np.nan)
        told[own] = _unsure(best[name][own], [frame[name][own] for frame in draws])
        label = free_name(f"{name}_uncertainty", made.columns)
        made.insert(made.columns.get_loc(name) + 1, label, told)
    return made


def _unsure(best: Any, draws: list[Any]) -> np.ndarray:
    if best.dtype.kind in "iuf":
        numbers = np.stack([draw.to_numpy(dtype=np.float64, na_value=np.nan) for draw in draws])
        return np.asarray(numbers.std(axis=0, ddof=1))
    if best.dtype.kind in "mM":
        days = np.stack([draw.astype("int64").to_numpy() / _per_day(draw) for draw in draws])
        return np.asarray(days.std(axis=0, ddof=1))
    own = best.to_numpy(dtype=object)
    return np.asarray(np.mean([draw.to_numpy(dtype=object) != own for draw in draws], axis=0))


def _per_day(column: Any) -> float:
    """Say how many of its dtype's units a day has."""
    return float(np.timedelta64(1, "D") / np.timedelta64(1, column.dt.unit))


def imputing(
    data: Any,
    *,
    draws: int | None = None,
    uncertainty: bool = False,
    shift: Mapping[Any, float | Sequence[float]] | None = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> Imputing | FillingFile:
    """Prepare the job; the arguments are those of `impute`, and the method's settings by name."""
    from contrafact.zoo.loom import Loom

    checked(check)
    if draws is not None and checked_count(draws) == 0:
        raise UsageError("0 draws were asked for.", why="Each draw is a table.", fix="--draws 5", code="E104")
    made = chosen_recipe(method, Loom(learn="holes", holes=False), settings, ability="impute")
    if isinstance(data, TableFile) and by_blocks(made, uncertainty=uncertainty, shift=shift):
        return filling_file(data, made, draws=draws, check=check, seed=seed, options=options)
    frame = table_of(data)
    hidden = None if check == "off" else Hidden.of(frame, getattr(made, "columns", None), seed)
    learned = frame if hidden is None or check == "full" else hidden.frame
    return Imputing(
        data=frame,
        fitter=Fitter(recipe=made, data=learned, options={"seed": seed, **options}),
        hidden=hidden,
        draws=draws,
        uncertainty=uncertainty,
        shifts=read_shifts(frame, shift or {}),
        check=check,
        seed=seed,
    )


WAYS = {"table": imputing, "series": imputing_series}


def impute(
    data: Any,
    *,
    kind: Kind | None = None,
    draws: int | None = None,
    uncertainty: bool = False,
    shift: Mapping[Any, float | Sequence[float]] | None = None,
    method: str | Recipe | None = None,
    check: Check = "quick",
    seed: int = 0,
    budget: str | None = None,
    device: str | None = None,
) -> Result:
    """Fill the holes of a table, and test whether that is better than what is simpler.

    Arguments:
        data: A table, or the file of one: a large one is read block by block, and what comes out is made when it is
            saved.
        kind: What the data are, where that is not clear: "series" for a table that holds series.
        draws: None fills in best guesses: means, and likeliest levels. m gives a list of m tables with random draws;
            estimate from each and pool with `contrafact.metrics.pooled`.
        uncertainty: Add a column beside each that had holes: how unsure its filled cells are.
        shift: What to add to the filled cells of some columns of numbers, in their own units: what if the missing ones
            are larger or smaller than the observed ones tell? Several, as {"income": [-5000, 0, 5000]}, are compared
            in the notes, by pooled means, and the table is filled without any.
        method: A method that fills holes, or a recipe; by default `loom`, set to fill holes.
        check: "quick" hides a tenth of the known cells and fills them, too; "full" fits the method once more for that,
            so that the result comes from all cells; "off" tests nothing.
        seed: Seeds everything.
        budget: Time to train for, like "10m".
        device: Where to train.
    """
    data = said_to_be(read_or_open(data, kind) if isinstance(data, str | PathLike) else data, kind)
    prepare = by_kind("impute", WAYS, data)
    options: dict[str, Any] = {"budget": budget, "device": device}
    asked: dict[str, Any] = {"draws": draws, "uncertainty": uncertainty, "shift": shift}
    job: Imputing | FillingFile = prepare(data, method=method, check=check, seed=seed, **asked, **options)
    return job.finish()


def verdict(scores: Mapping[str, Score], method: str, count: int, shift: Mapping[Any, float]) -> str:
    """Say what was filled, under which assumption, and whether it beats what is simpler."""
    if not count:
        return "No hole was filled."
    said = [f"Filled {count:,} cells.", *_compared(scores, method)]
    if shift:
        moved = ", ".join(f"{name} by {delta:+g}" for name, delta in shift.items())
        said.append(f"Assumed, not measured: filled cells lie off what the observed ones tell (MNAR): {moved}.")
        return " ".join(said)
    return " ".join([*said, MAR])


def _compared(scores: Mapping[str, Score], method: str) -> list[str]:
    said = []
    for prefix, what in (("rmse", "numbers off by {:.2f} standard deviations"), ("accuracy", "levels right in {:.1%}")):
        if f"{prefix}_method" not in scores:
            continue
        ways = [way for way in SIMPLE if f"{prefix}_{way}" in scores]
        others = ", ".join(f"{NAMES[way]} {_figure(scores[f'{prefix}_{way}'])}" for way in ways)
        words = [f"{_word(scores[f'gain_{prefix}_over_{way}'])} {NAMES[way]}" for way in ways]
        told = what.format(scores[f"{prefix}_method"].value)
        said.append(f"On hidden known cells {method} had {told} ({others}): {', '.join(words)}.")
    return said


def _figure(score: Score) -> str:
    return f"{score.value:.2f}" if score.name.startswith("rmse") else f"{score.value:.1%}"


def _word(gain: Score) -> str:
    return {1: "better than", 0: "no visible difference from", -1: "worse than"}[seen(gain)]
