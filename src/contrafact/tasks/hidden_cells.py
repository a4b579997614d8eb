"""Does filling help? Cells that are known are hidden, filled, and held against what was in them.

A tenth of the observed cells of each column with holes is hidden at random. The method is fitted to what is left, and
so are the simple ways: the mean or the commonest level, and a round robin of linear regressions (`ice`). Numbers are
scored by their error in standard deviations of the column, levels by the share that is right. Cells are hidden without
regard to what is in them: where real holes depend on what they hide, none of these figures says how well they are
filled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.table import TableCodec
from contrafact.metrics.recovery import less, more_right, right, rmse

HIDDEN_SHARE, LEAST_HIDDEN = 0.1, 1
MOST_COLUMNS = 20  # that have scores of their own
SIMPLE = ("mean", "ice")
NAMES = {"mean": "means and commonest levels", "ice": "linear regressions (ICE)"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Hidden:
    """A table with known cells hidden.

    Arguments:
        frame: The table with more holes.
        codec: Knows the columns of the whole table.
        cells: What the whole table holds.
        places: The rows that are hidden, by column.
    """

    frame: Any
    codec: TableCodec
    cells: list[Cells | None]
    places: dict[int, np.ndarray]

    @classmethod
    def of(cls, frame: Any, columns: Any, seed: int) -> Hidden:
        """Hide a tenth of the known cells of the columns that have holes.

        Arguments:
            frame: A table.
            columns: What the user says some columns are.
            seed: Chooses the cells.
        """
        codec = TableCodec.fit(frame, columns=columns, holes=False)
        cells, shown, places = codec.cells_of(frame), frame.copy(), {}
        for place, (column, part) in enumerate(zip(codec.schema, cells, strict=True)):
            if part is None or not part.holes.any():
                continue
            known = np.flatnonzero(~part.holes)
            count = max(round(HIDDEN_SHARE * len(known)), LEAST_HIDDEN)
            if count >= len(known):
                continue
            places[place] = np.sort(generator(seed, "hidden", str(column.name)).permutation(known)[:count])
            shown.isetitem(place, emptied(shown.iloc[:, place], places[place]))
        return cls(frame=shown, codec=codec, cells=cells, places=places)

    def errors(self, filled: Any) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
        """Hold a filled table against what was hidden: errors of numbers, and which levels are right, by column.

        Arguments:
            filled: The table with its holes filled.
        """
        found = self.codec.cells_of(filled)
        off: dict[int, np.ndarray] = {}
        hits: dict[int, np.ndarray] = {}
        for place, rows in self.places.items():
            true, own = self.cells[place], found[place]
            assert true is not None and own is not None
            if self.codec.schema.columns[place].numeric:
                off[place] = self._apart(true, own, rows)
            else:
                hits[place] = own.words[rows] == true.words[rows]
        return off, hits

    def _apart(self, true: Cells, own: Cells, rows: np.ndarray) -> np.ndarray:
        """Give errors in standard deviations; a word where a number was counts as the mean would."""
        known = true.numbers[~np.isnan(true.numbers)]
        sd = float(known.std()) or 1.0
        numbers = rows[true.words[rows] == NO_WORD]
        guess = np.where(np.isnan(own.numbers[numbers]), known.mean(), own.numbers[numbers])
        return np.asarray((guess - true.numbers[numbers]) / sd)


def emptied(column: Any, rows: np.ndarray) -> Any:
    """Copy a column with holes at some rows; it has holes already, so its dtype can hold them."""
    made = column.copy()
    made.iloc[rows] = None
    return made


def simple_ways(seed: int) -> dict[str, Callable[[Any], Any]]:
    """Give the simple ways to fill a table, by name."""
    from contrafact.zoo.fill import Fill
    from contrafact.zoo.ice import ICE

    ways = {"mean": Fill(rule="mean"), "ice": ICE()}
    return {way: partial(_filled_by, simple, seed) for way, simple in ways.items()}


def _filled_by(simple: Any, seed: int, frame: Any) -> Any:
    return simple.fit(frame, seed=seed).impute(frame)


def scores_of(hidden: Hidden, filled: dict[str, Any], seed: int) -> dict[str, Score]:
    """Score each way over all columns, for each column, and how much the method gains over the simple ways.

    Arguments:
        hidden: The table with known cells hidden.
        filled: The filled table of each way: "method", and the simple ones.
        seed: Seeds intervals.
    """
    errors = {way: hidden.errors(frame) for way, frame in filled.items()}
    names = {place: str(hidden.codec.schema.columns[place].name) for place in hidden.places}
    found: list[Score] = []
    for way, parts in errors.items():
        for kind, prefix in enumerate(("rmse", "accuracy")):
            score: Callable[..., Score] = right if kind else rmse
            own = {place: part for place, part in parts[kind].items() if len(part)}
            if own:
                floor = _floor(errors["mean"][kind], own, kind)
                found.append(score(f"{prefix}_{way}", np.concatenate(list(own.values())), floor=floor))
                for place, part in list(own.items())[:MOST_COLUMNS]:
                    floor = _floor(errors["mean"][kind], {place: part}, kind)
                    found.append(score(f"{prefix}_{names[place]}_{way}", part, floor=floor))
    found += [score for way in SIMPLE if way in errors for score in _gains(errors["method"], errors[way], way, seed)]
    return {score.name: score for score in found}


def _floor(parts: dict[int, np.ndarray], own: dict[int, np.ndarray], kind: int) -> float:
    """Give what means and commonest levels get on the same cells."""
    cells = np.concatenate([parts[place] for place in own])
    return float(cells.mean()) if kind else float(np.sqrt(np.square(cells).mean()))


Errors = tuple[dict[int, np.ndarray], dict[int, np.ndarray]]


def _gains(method: Errors, simple: Errors, way: str, seed: int) -> list[Score]:
    found = []
    for kind, prefix in enumerate(("rmse", "accuracy")):
        gain: Callable[..., Score] = more_right if kind else less
        one, other = (np.concatenate([np.empty(0), *parts[kind].values()]) for parts in (method, simple))
        if len(one):
            found.append(gain(f"gain_{prefix}_over_{way}", one, other, seed))
    return found
