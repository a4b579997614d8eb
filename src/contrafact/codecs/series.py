"""Tables of series <-> windows of numbers on robust scales.

`codecs/series_layout.py` tells the columns, `codecs/series_clock.py` the steps, `codecs/series_cells.py` the scales and
`codecs/series_panel.py` lays the steps out. A series that is longer than a window is learned by windows of it; shorter
ones are windows of their own lengths. What comes back are series with the columns, dtypes and ways of writing that were
fitted; where the table had no column that tells series, one is put in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.codecs.cells import HOLE, NO_WORD, Cells, read
from contrafact.codecs.schema import Column, Role, Schema
from contrafact.codecs.series_cells import UNKNOWN, Variable
from contrafact.codecs.series_clock import Clock, period_of, stamps_of
from contrafact.codecs.series_layout import Layout, check_unique, codes_of, layout_of
from contrafact.codecs.series_panel import Panel, laid_out
from contrafact.codecs.series_written import decoded, filled, move_on
from contrafact.codecs.table import as_frame
from contrafact.codecs.written import write

Windows = dict[str, np.ndarray]
KIND = "kind"  # where a frame says that it holds series
LONGEST, USUAL, LEAST = 192, 48, 4  # steps in a window that is chosen
WHOLE = 256  # series up to so many steps are learned whole
MOST_HEADS = 512
LOOKED_AT = 20_000  # steps in which a period is looked for
MOST_HARMONICS = 2
PLAIN = ("window", "period", "cycles", "series", "steps", "gaps")


@dataclass(frozen=True, kw_only=True, eq=False)
class SeriesCodec:
    """Translate tables of series into windows and back.

    Arguments:
        layout: What the columns are.
        clock: How stamps and steps belong together.
        variables: The variables, in the table's order; of uneven series the distance of steps is the last.
        attributes: The attributes.
        window: Steps in a window.
        period: Steps after which the series resemble themselves; 0 where none was found.
        cycles: Cycles that a model may see: steps by name.
        heads: First step, length, and attributes of windows, to draw from.
        series: How many series there were.
        steps: How many steps they had, gaps included.
        gaps: Share of cells that are unknown.
    """

    layout: Layout
    clock: Clock
    variables: tuple[Variable, ...]
    attributes: tuple[Variable, ...]
    window: int
    period: int
    cycles: dict[str, float]
    heads: Windows
    series: int
    steps: int
    gaps: float

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        time: str | int | None = None,
        id: str | int | None = None,
        window: int | None = None,
        columns: Mapping[str, Role] | None = None,
    ) -> Self:
        """Read what a table of series holds.

        Arguments:
            data: A frame.
            time: The column of time stamps; None looks for it.
            id: The column that tells the series; None looks for it.
            window: Steps in a window; None chooses.
            columns: What the user says other columns are.
        """
        frame = as_frame(data)
        layout = layout_of(frame, time, id, columns)
        made = cls(
            layout=layout,
            clock=Clock(),
            variables=(),
            attributes=(),
            window=window or 0,
            period=0,
            cycles={},
            heads={},
            series=0,
            steps=0,
            gaps=0.0,
        )
        return made._measured(frame)

    def _measured(self, frame: Any) -> Self:
        """Read the clock, the scales and the sizes."""
        rows, stamps = self._in_order(frame)
        column = self.time
        clock = Clock.fit(column, stamps if column is not None else [])
        made = replace(self, clock=clock, series=len(rows))
        columns = [self.layout.schema.columns[p] for p in self.layout.variables]
        cells = [read(frame.iloc[:, p], c) for p, c in zip(self.layout.variables, columns, strict=True)]
        variables = [Variable.fit(c, part) for c, part in zip(columns, cells, strict=True)]
        if clock.kind == "uneven" and column is not None:
            gaps = np.concatenate([np.diff(part) for part in stamps])
            variables.append(Variable.fit(_gap_column(column), _plain(gaps)))
        traits = [self.layout.schema.columns[p] for p in self.layout.attributes]
        first = frame.iloc[[int(part[0]) for part in rows]]
        attributes = [
            Variable.fit(c, read(first.iloc[:, p], c)) for p, c in zip(self.layout.attributes, traits, strict=True)
        ]
        made = replace(made, variables=tuple(variables), attributes=tuple(attributes))
        return made._sized(made.panel(frame, room=WHOLE))

    def _sized(self, panel: Panel) -> Self:
        """Choose the window, and find the period and the cycles."""
        longest = int(panel.lengths.max())
        stretch = int(panel.lengths.argmax())
        part = slice(int(panel.begins[stretch]), int(panel.ends[stretch]))
        numbers = np.where(panel.points[part] == UNKNOWN, np.nan, panel.values[part])[:LOOKED_AT]
        period = period_of(numbers)
        made = replace(self, period=period)
        window = min(self.window or _usual_window(panel.lengths, period), longest)
        cycles = made.clock.cycles(longest) if len(panel.lengths) <= self.series * 4 else {}
        if period and not any(abs(steps / period - 1) < 0.05 for steps in cycles.values()):
            cycles["period"] = float(period)
        known = panel.points[_inside(panel)]
        made = replace(made, window=max(window, 2), cycles=cycles, steps=len(known))
        return replace(made, gaps=float((known == UNKNOWN).mean()), heads=made._heads(panel))

    def _heads(self, panel: Panel) -> Windows:
        """Keep where windows began, how long they were and what their series was like, evenly spread.

        Of every mixture of words among the attributes there is one, so that rare classes can be asked for.
        """
        starts = panel.starts(self.window)
        some = starts[np.unique(np.linspace(0, len(starts) - 1, MOST_HEADS).astype(np.int64))]
        some = np.sort(np.append(some, self._left_out(panel, starts, some)))
        owners = panel.owner_of(some)
        series = panel.owners[owners]
        return {
            "first": panel.steps[some],
            "length": np.minimum(panel.lengths[owners], self.window),
            "told": panel.told[series],
            "traits": panel.traits[series],
        }

    @staticmethod
    def _left_out(panel: Panel, starts: np.ndarray, some: np.ndarray) -> np.ndarray:
        """Give a start of each mixture of words among the attributes that some starts do not have."""
        traits = panel.traits[panel.owners[panel.owner_of(starts)]]
        if not traits.shape[1]:
            return some[:0]
        _, first, kinds = np.unique(traits, axis=0, return_index=True, return_inverse=True)
        had = np.unique(kinds.ravel()[np.isin(starts, some)])
        return np.asarray(starts[np.delete(first, had)])

    @property
    def time(self) -> Column | None:
        """The column of time stamps."""
        return None if self.layout.time is None else self.layout.schema.columns[self.layout.time]

    @property
    def id(self) -> Column | None:
        """The column that tells the series."""
        return None if self.layout.id is None else self.layout.schema.columns[self.layout.id]

    @property
    def names(self) -> tuple[str | int, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.layout.schema)

    @property
    def variable_names(self) -> tuple[str, ...]:
        """The variables' names."""
        return tuple(str(variable.column.name) for variable in self.variables)

    @property
    def label(self) -> str:
        """The name of the column that tells drawn series apart."""
        if self.id is not None:
            return str(self.id.name)
        name = "series"
        while name in map(str, self.names):
            name += "_"
        return name

    @property
    def policy(self) -> str:
        """Say in a sentence how the table is read."""
        one = self.series == 1
        said = [f"{'one series' if one else f'{self.series:,} series'} of {self.steps:,} steps", self.clock.said()]
        if self.time is not None:
            said[1] += f" (column {self.time.name!r})"
        if self.id is not None:
            said.append(f"told apart by column {self.id.name!r}")
        said.append(f"{len(self.variables)} variable{'s' * (len(self.variables) != 1)}")
        if self.attributes:
            said.append(f"the same all through a series: {', '.join(str(a.column.name) for a in self.attributes)}")
        if self.gaps:
            said.append(f"{self.gaps:.1%} of the cells unknown")
        if self.period:
            said.append(f"period {self.period}")
        others = [str(self.layout.schema.columns[place].name) for place in self.layout.others]
        if others:
            said.append(f"not learned: {', '.join(others)}")
        text = "; ".join([*said, f"learned in windows of {self.window}"])
        return text[0].upper() + text[1:] + "."

    def _in_order(self, frame: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Give the rows of each series in the order of time, and their stamps."""
        groups = np.zeros(len(frame), dtype=np.int64)
        if self.layout.id is not None:
            groups = codes_of(frame.iloc[:, self.layout.id])
        check_unique(frame, self.layout, groups)
        stamps = np.arange(len(frame), dtype=np.float64)
        if self.time is not None and self.layout.time is not None:
            stamps = stamps_of(self.time, read(frame.iloc[:, self.layout.time], self.time))
        order = np.lexsort((stamps, groups))
        cuts = np.flatnonzero(np.diff(groups[order])) + 1
        rows = np.split(order, cuts)
        return rows, [stamps[part] for part in rows]

    def panel(self, data: Any, room: int | None = None) -> Panel:
        """Lay a table's series out.

        Arguments:
            data: A frame with the fitted columns.
            room: The longest gap within a stretch; a window by default.
        """
        frame = self.arranged(data)
        rows, stamps = self._in_order(frame)
        places = [self.clock.places(part) for part in stamps]
        if any((np.diff(part) < 1).any() for part in places):
            raise self._off_grid()
        coded = [
            variable.encode(read(frame.iloc[:, place], variable.column))
            for place, variable in zip(self.layout.variables, self.variables, strict=False)
        ]
        if self.clock.kind == "uneven":
            coded.append(self._apart(rows, stamps, len(frame)))
        values, points = (np.stack(parts, axis=1) for parts in zip(*coded, strict=True))
        return Panel(**laid_out(values, points, places, rows, room or self.window), **self._traits(frame, rows))

    def _apart(self, rows: list[np.ndarray], stamps: list[np.ndarray], count: int) -> tuple[np.ndarray, np.ndarray]:
        """Encode the distance of each row from the one before; of first rows it is unknown."""
        gaps = np.full(count, np.nan)
        for part, own in zip(rows, stamps, strict=True):
            gaps[part[1:]] = np.diff(own)
        return self.variables[-1].encode(_plain(gaps))

    def _traits(self, frame: Any, rows: list[np.ndarray]) -> Windows:
        """Encode each series' attributes, from the first row that has one."""
        count = len(self.attributes)
        told = np.zeros((len(rows), count), dtype=np.float32)
        traits = np.full((len(rows), count), UNKNOWN, dtype=np.int16)
        for number, (place, variable) in enumerate(zip(self.layout.attributes, self.attributes, strict=True)):
            values, points = variable.encode(read(frame.iloc[:, place], variable.column))
            for series, part in enumerate(rows):
                known = part[points[part] != UNKNOWN]
                if len(known):
                    told[series, number], traits[series, number] = values[known[0]], points[known[0]]
        return {"told": told, "traits": traits}

    def _off_grid(self) -> DataError:
        return DataError(
            "Time stamps of these series lie closer together than those that the model was fitted on.",
            why=f"It knows {self.clock.said()}.",
            fix="Bring the rows to these steps, for example by means: df.resample(...).mean()",
            code="E660",
        )

    def arranged(self, data: Any) -> Any:
        """Give a frame its columns in the order that was fitted.

        Raises:
            DataError: Columns are missing.
        """
        frame = as_frame(data)
        known = {str(name): place for place, name in enumerate(frame.columns)}
        needed = {self.layout.time, self.layout.id, *self.layout.variables, *self.layout.attributes} - {None}
        missing = [str(n) for p, n in enumerate(self.names) if p in needed and str(n) not in known]
        if missing or not len(frame):
            raise DataError(
                f"These series lack the column{'s' * (len(missing) > 1)} {', '.join(missing[:8])}."
                if missing
                else "These series have no rows.",
                why="A model reads series with the columns that it was fitted on.",
                fix="Give the same columns.",
                code="E205" if missing else "E201",
            )
        order = [known[str(name)] for name in self.names if str(name) in known]
        found = frame.iloc[:, order]
        return found if len(order) == len(self.names) else found.reindex(columns=list(self.names))

    def phases(self, first: np.ndarray, steps: int) -> np.ndarray:
        """Give sines and cosines of where each step stands in each cycle, windows x steps x phases.

        Arguments:
            first: The first step of each window.
            steps: How many steps.
        """
        places = np.asarray(first)[:, None] + np.arange(steps)
        found = [
            wave(2 * np.pi * (number + 1) * places / length)
            for length in self.cycles.values()
            for number in range(MOST_HARMONICS if length >= 4 else 1)
            for wave in (np.sin, np.cos)
        ]
        shape = (*places.shape, len(found))
        return np.stack(found, axis=-1).astype(np.float32) if found else np.zeros(shape, dtype=np.float32)

    def headed(self, given: Mapping[str, Any] | None) -> Windows:
        """Give first steps, lengths and attributes to draw from, under conditions on attributes.

        Raises:
            UsageError: A condition names no attribute, or no series of the data meets it.
        """
        heads, names = self.heads, [str(a.column.name) for a in self.attributes]
        for name, wanted in (given or {}).items():
            if str(name) not in names:
                raise UsageError(
                    f"Series cannot be drawn given {name!r}.",
                    why=did_you_mean(str(name), names) if names else "No column is the same all through a series.",
                    fix="Give what series are like as a whole, by the name of such a column.",
                    code="E105",
                )
            place = names.index(str(name))
            keep = self.attributes[place].chosen(wanted, heads["told"][:, place], heads["traits"][:, place])
            if not keep.any():
                raise UsageError(
                    f"No series has {name} = {wanted!r}.",
                    why=f"Attributes are drawn as series of the data had them: {self._seen(place)}.",
                    fix="Ask for one of these.",
                    code="E109",
                )
            heads = {key: part[keep] for key, part in heads.items()}
        return heads

    def _seen(self, place: int) -> str:
        variable = self.attributes[place]
        cells = variable.decode(self.heads["told"][:, place], self.heads["traits"][:, place])
        shown = write(variable.column, cells).dropna().unique().tolist()
        return ", ".join(map(str, shown[:8])) + (", ..." if len(shown) > 8 else "")

    def decode(self, windows: Mapping[str, np.ndarray], start: int = 0, total: int = 0) -> Any:
        """Turn windows into a frame with the fitted columns, dtypes and names, a series below the other.

        Arguments:
            windows: values, points, first, length, told, traits.
            start: The number of the first series, which its name is made from.
            total: How many series there will be in all, where these are a part of them.
        """
        return self.marked(decoded(self, windows, start, total))

    def filled(self, data: Any, panel: Panel, values: np.ndarray, points: np.ndarray) -> Any:
        """Copy a table with cells in its holes; the others keep their bits.

        Arguments:
            data: The table.
            panel: Its series, laid out.
            values: Numbers of all steps.
            points: Points of all steps.
        """
        made = filled(self, data, panel, values, points)
        return self.marked(made) if as_frame(data).attrs.get(KIND) == "series" else made

    def move_on(self, made: Any, last: Any, steps: int) -> None:
        """Count the uneven stamps of rows that follow from the stamps of the last rows before them, in place.

        Arguments:
            made: Rows that follow, so many of each series.
            last: The last row of each series.
            steps: How many rows follow each.
        """
        move_on(self, made, last, steps)

    def marked(self, frame: Any) -> Any:
        """Let a frame say that it holds series, and which columns tell them and their time."""
        frame.attrs[KIND] = "series"
        if self.id is not None or self.label in frame.columns:
            frame.attrs["id"] = self.label
        if self.time is not None:
            frame.attrs["time"] = self.time.name
        return frame

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        layout = self.layout
        return {
            "codec": "series",
            "policy": self.policy,
            "schema": layout.schema.to_json(),
            "places": [layout.time, layout.id, list(layout.attributes), list(layout.variables)],
            "clock": self.clock.to_json(),
            "variables": [variable.to_json() for variable in self.variables],
            "attributes": [variable.to_json() for variable in self.attributes],
            "heads": {name: [part.tolist(), str(part.dtype)] for name, part in self.heads.items()},
            **{name: getattr(self, name) for name in PLAIN},
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        time, id, attributes, variables = row["places"]
        schema = Schema.from_json(row["schema"])
        layout = Layout(schema=schema, time=time, id=id, attributes=tuple(attributes), variables=tuple(variables))
        count = len(row["heads"]["first"][0])
        heads = {name: np.array(p, dtype=t).reshape(count, -1) for name, (p, t) in row["heads"].items()}
        heads |= {name: heads[name][:, 0] for name in ("first", "length")}
        return cls(
            layout=layout,
            clock=Clock(**row["clock"]),
            variables=tuple(Variable.from_json(part) for part in row["variables"]),
            attributes=tuple(Variable.from_json(part) for part in row["attributes"]),
            heads=heads,
            **{name: row[name] for name in PLAIN},
        )


def _inside(panel: Panel) -> np.ndarray:
    """Mark the steps that belong to a stretch."""
    marks = np.zeros(len(panel.steps) + 1, dtype=np.int64)
    np.add.at(marks, panel.begins, 1)
    np.add.at(marks, panel.ends, -1)
    return np.cumsum(marks)[:-1] > 0


def _usual_window(lengths: np.ndarray, period: int) -> int:
    """Choose a window: whole series where they are short, else four periods."""
    longest = int(lengths.max())
    if len(lengths) > 1 and longest <= WHOLE:
        return longest
    wanted = min(4 * period if period else USUAL, LONGEST)
    return max(min(wanted, longest // 4), LEAST)


def _gap_column(time: Column) -> Column:
    return Column(name=f"step of {time.name}", dtype="float64", role="number")


def _plain(numbers: np.ndarray) -> Cells:
    return Cells(numbers=numbers, words=np.where(np.isnan(numbers), HOLE, NO_WORD))
