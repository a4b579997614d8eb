"""Impute for series: gaps are filled, and known cells hidden as the gaps are, to see whether that beats simpler ways.

The gaps that series have are laid over places where everything is known: as long as they are, and over the same
variables, until a tenth of the known cells of variables with gaps is hidden. The method is fitted to what is left, and
so are the simple ways: straight lines between the known values before and after, and the same time of the cycles
around. Where no gap is in the table there is nothing to fill.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.errors import ContrafactError, UsageError
from contrafact.base.lined import lined
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold, generator
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_channels import cells, channels
from contrafact.codecs.series_panel import Panel
from contrafact.metrics.recovery import less, more_right, right, rmse
from contrafact.tasks.helps import Check, checked, seen
from contrafact.tasks.hidden_cells import emptied
from contrafact.tasks.table_maker import Fitter, TableJob, able, chosen_recipe, table_of
from contrafact.tasks.write_tables import save

HIDDEN_SHARE, MOST_PASTED, TRIES = 0.1, 400, 20
LONGEST_SHARE = 0.2  # of a stretch, which a hidden gap covers at most
SIMPLE = ("line", "seasonal")
NAMES = {"line": "straight lines", "seasonal": "the cycles around"}
WORDS = {1: "better than", 0: "no visible difference from", -1: "worse than"}
ASSUMED = "Assumed: whether a cell is missing depends on what is known around it, not on what is missing (MAR)."


@dataclass(frozen=True, kw_only=True, eq=False)
class HiddenGaps:
    """A table of series with known cells hidden.

    Arguments:
        frame: The table with more gaps.
        codec: Knows the series.
        whole: The series before, laid out.
        places: Which cells are hidden, steps x variables.
    """

    frame: Any
    codec: SeriesCodec
    whole: Panel
    places: np.ndarray

    @classmethod
    def of(cls, frame: Any, codec: SeriesCodec, seed: int) -> HiddenGaps:
        """Hide known cells as gaps are.

        Arguments:
            frame: The table.
            codec: Knows the series.
            seed: Chooses the places.
        """
        panel = codec.panel(frame)
        places = pasted(panel, generator(seed, "hidden gaps"))
        shown, names = frame.copy(), [str(name) for name in frame.columns]
        for number, variable in zip(range(len(codec.layout.variables)), codec.variables, strict=False):
            rows = panel.rows[np.flatnonzero(places[:, number])]
            if len(rows):
                place = names.index(str(variable.column.name))
                shown.isetitem(place, emptied(shown.iloc[:, place], rows))
        return cls(frame=shown, codec=codec, whole=panel, places=places)

    def errors(self, filled: Any) -> tuple[np.ndarray, np.ndarray]:
        """Hold a filled table against what was hidden: errors of numbers in deviations, and which words are right."""
        panel = self.codec.panel(filled)
        off, hits = [np.empty(0)], [np.empty(0)]
        for place, variable in enumerate(self.codec.variables):
            own = np.flatnonzero(self.places[:, place])
            if not len(own):
                continue
            if not variable.column.numeric:
                hits.append(panel.points[own, place] == self.whole.points[own, place])
                continue
            known = self.whole.points[:, place] != -2
            sd = float(self.whole.values[known, place].std()) or 1.0
            off.append((panel.values[own, place] - self.whole.values[own, place]) / sd)
        return np.concatenate(off), np.concatenate(hits)


def pasted(panel: Panel, random: np.random.Generator) -> np.ndarray:
    """Lay the gaps of series over places where all is known, at random.

    Arguments:
        panel: The series.
        random: Chooses gaps and places.
    """
    known = (panel.points != -2) & (panel.rows >= 0)[:, None]
    holes, stretch = (panel.points == -2) & (panel.rows >= 0)[:, None], np.zeros(len(panel.steps), dtype=np.int64)
    shapes = []
    for number, (begin, end) in enumerate(zip(panel.begins.tolist(), panel.ends.tolist(), strict=True)):
        stretch[begin:end] = number + 1
        rows = np.flatnonzero(holes[begin:end].any(1))
        runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []
        longest = max(int(LONGEST_SHARE * (end - begin)), 1)
        shapes += [holes[begin:end][run[:longest]] for run in runs]
    found, columns = np.zeros_like(known), holes.any(0)
    wanted = HIDDEN_SHARE * known[:, columns].sum() if columns.any() else 0
    for _ in range(MOST_PASTED if shapes else 0):
        shape = shapes[random.integers(len(shapes))]
        for start in random.integers(max(len(known) - len(shape), 1), size=TRIES).tolist():
            part = slice(start, start + len(shape))
            own = stretch[part]
            if len(own) == len(shape) and own[0] > 0 and (own == own[0]).all() and (known & ~found)[part][shape].all():
                found[part] |= shape
                break
        if found.sum() >= wanted:
            break
    return np.asarray(found)


def along_lines(codec: SeriesCodec, frame: Any) -> Any:
    """Fill gaps along straight lines between the known values before and after."""
    panel = codec.panel(frame)
    values, points = panel.values.copy(), panel.points.copy()
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        part = slice(begin, end)
        made = cells(codec, lined(channels(codec, panel.values[part], panel.points[part])))
        holes = panel.points[part] == -2
        values[part][holes], points[part][holes] = made[0][holes], made[1][holes]
    return codec.filled(frame, panel, values, points)


@dataclass(kw_only=True, eq=False)
class ImputingSeries(TableJob):
    """The job: its training first, then its steps, then its result.

    Arguments:
        data: The user's frame.
        fitter: The method, fitted to what it may see.
        hidden: The table with known cells hidden, where there is a check.
        codec: Knows the series.
        draws: How many random fillings; None for one of best guesses.
        check: How much is tested.
        seed: Seeds everything.
        filled: What each way filled in where cells were hidden.
        left_out: Which ways could not be held against, and why.
        patterns: Of holes; they are looked for in tables only.
        shifted: Means under shifts, which series do not take.
    """

    data: Any
    fitter: Fitter
    hidden: HiddenGaps | None
    codec: SeriesCodec
    draws: int | None
    check: Check
    seed: int
    filled: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    patterns: tuple[Any, ...] = ()
    shifted: tuple[Any, ...] = ()

    def steps(self) -> Iterator[str]:
        """Fill hidden cells in all ways."""
        if self.hidden is None or not self.hidden.places.any():
            return
        cells, fitter = int(self.hidden.places.sum()), self.fitter
        if self.check == "full":
            yield f"check: {fitter.recipe.method} is fitted without {cells:,} known cells"
            fitter = fitter.like(self.hidden.frame, fold(self.seed, "hidden"))
        self.filled["method"] = able(fitter.model, "impute").impute(self.hidden.frame)
        for way in SIMPLE:
            try:
                self.filled[way] = self._simply(way, self.hidden.frame)
            except ContrafactError as error:
                self.left_out.append(f"Not held against {NAMES[way]}: {error.what} {error.why}")
            yield f"check: {cells:,} hidden cells, {NAMES[way]}"

    def _simply(self, way: str, frame: Any) -> Any:
        from contrafact.zoo.seasonal import SeasonalNaive

        if way == "line":
            return along_lines(self.codec, frame)
        layout = self.codec.layout
        columns = layout.schema.columns
        time, name = (None if place is None else columns[place].name for place in (layout.time, layout.id))
        return SeasonalNaive(time=time, id=name).fit(frame, seed=self.seed).impute(frame)

    def result(self) -> Result:
        """Give the filled table, the scores and the verdict, once the steps are done."""
        model = able(self.fitter.model, "impute")
        scores = gap_scores(self.hidden, self.filled, self.seed) if self.filled and self.hidden else {}
        made = model.impute(self.data) if self.draws is None else self.drawn(self.draws)
        first = made[0] if isinstance(made, list) else made
        count = int(self.data.isna().to_numpy().sum() - first.isna().to_numpy().sum())
        left = [str(name) for name in self.data.columns if first[name].isna().any()]
        notes = [self.codec.policy, *self.fitter.notes, *self.left_out]
        if left:
            notes.append(f"Holes are left in {', '.join(left[:8])}: only what changes with time is filled.")
        told = verdict(scores, self.fitter.recipe.method, count)
        return Result(data=made, scores=scores, verdict=told, notes=tuple(notes), write=save)

    def drawn(self, draws: int) -> list[Any]:
        """Fill the gaps at random, so many times."""
        found: list[Any] = able(self.fitter.model, "impute").impute(
            self.data, draws=draws, seed=fold(self.seed, "impute")
        )
        return found


def imputing_series(
    data: Any,
    *,
    draws: int | None = None,
    uncertainty: bool = False,
    shift: Mapping[Any, Any] | None = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> ImputingSeries:
    """Prepare the job; the arguments are those of `impute`, and the method's settings by name.

    Raises:
        UsageError: uncertainty or shift were asked for, which tables have and series do not.
    """
    from contrafact.zoo.shuttle import Shuttle

    checked(check)
    if uncertainty or shift:
        raise UsageError(
            f"{'uncertainty' if uncertainty else 'shift'} was asked for series.",
            why="This version has it for tables.",
            fix="Ask for draws: --draws 10 shows how unsure each gap is.",
            code="E126",
        )
    if draws is not None and checked_count(draws) == 0:
        raise UsageError("0 draws were asked for.", why="Each draw is a table.", fix="--draws 5", code="E104")
    made = chosen_recipe(method, Shuttle(gaps=0.8), settings, ability="impute", kind="series")
    frame = table_of(data)
    codec = SeriesCodec.fit(frame, **{name: getattr(made, name, None) for name in ("time", "id", "columns")})
    hidden = None if check == "off" else HiddenGaps.of(frame, codec, seed)
    learned = frame if hidden is None or check == "full" else hidden.frame
    fitter = Fitter(recipe=made, data=learned, options={"seed": seed, **options})
    return ImputingSeries(data=frame, fitter=fitter, hidden=hidden, codec=codec, draws=draws, check=check, seed=seed)


def gap_scores(hidden: HiddenGaps, filled: dict[str, Any], seed: int) -> dict[str, Score]:
    """Score each way over all hidden cells, and how much the method gains over the simple ways."""
    errors = {way: hidden.errors(frame) for way, frame in filled.items()}
    found: list[Score] = []
    for way, (off, hits) in errors.items():
        found += [rmse(f"rmse_{way}", off)] if len(off) else []
        found += [right(f"accuracy_{way}", hits)] if len(hits) else []
    own = errors["method"]
    for way in (way for way in SIMPLE if way in errors):
        other = errors[way]
        found += [less(f"gain_rmse_over_{way}", own[0], other[0], seed)] if len(own[0]) else []
        found += [more_right(f"gain_accuracy_over_{way}", own[1], other[1], seed)] if len(own[1]) else []
    return {score.name: score for score in found}


def verdict(scores: Mapping[str, Score], method: str, count: int) -> str:
    """Say what was filled, and whether that beats what is simpler."""
    if not count:
        return "No hole was filled."
    said = [f"Filled {count:,} cells."]
    for prefix, what in (("rmse", "numbers off by {:.2f} standard deviations"), ("accuracy", "levels right in {:.1%}")):
        own = scores.get(f"{prefix}_method")
        if own is None:
            continue
        ways = [way for way in SIMPLE if f"{prefix}_{way}" in scores]
        shown = "{:.2f}" if prefix == "rmse" else "{:.1%}"
        others = ", ".join(f"{NAMES[way]} {shown.format(scores[f'{prefix}_{way}'].value)}" for way in ways)
        words = [f"{WORDS[seen(scores[f'gain_{prefix}_over_{way}'])]} {NAMES[way]}" for way in ways]
        said.append(f"In hidden gaps {method} had {what.format(own.value)} ({others}): {', '.join(words)}.")
    return " ".join([*said, ASSUMED])
