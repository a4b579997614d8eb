"""What the columns of a table are: a record for each, printed, edited, and saved beside the weights.

A cell of a learned column is a hole, a number on the column's own scale, or one of its words. Words are the levels of
categories; in columns of numbers they are what stands between the numbers, such as "n/a".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from contrafact.base.errors import DataError, UsageError, did_you_mean

Role = Literal["number", "integer", "boolean", "category", "ordered", "date", "duration", "key", "text", "constant"]
ROLES: tuple[Role, ...] = get_args(Role)
NUMERIC: tuple[Role, ...] = ("number", "integer", "date", "duration")
NOT_LEARNED: tuple[Role, ...] = ("key", "text", "constant")
SHOWN_LEVELS = 3


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column.

    Arguments:
        name: Its name.
        dtype: Its dtype, which comes back.
        boxed: Whether its cells were Python objects, which come back as such.
        role: What it is to a model: a number, a category, a key that is only made anew, ...
        holes: Share of cells that are missing.
        origin: Whole numbers, dates and durations are counted from here, in the dtype's own unit.
        step: Numbers lie on a grid this wide; 0 where they do not.
        written: How text cells show numbers and dates: "" where cells are no text, else a number of decimals, "free",
            or a date's format.
        words: Levels in their order, or the words between numbers.
        pattern: For each place of a key its possible symbols; nothing for keys of another shape.
    """

    name: str | int
    dtype: str
    role: Role
    boxed: bool = False
    holes: float = 0.0
    origin: int = 0
    step: float = 0.0
    written: str = ""
    words: tuple[Any, ...] = ()
    pattern: tuple[str, ...] = ()

    @property
    def learned(self) -> bool:
        """Whether a model sees the column."""
        return self.role not in NOT_LEARNED

    @property
    def numeric(self) -> bool:
        """Whether its cells lie on a scale."""
        return self.role in NUMERIC

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `asdict` gave and JSON kept."""
        fields: dict[str, Any] = {k: tuple(v) if k in ("words", "pattern") else v for k, v in row.items()}
        return cls(**fields)

    def said(self) -> str:
        """Say in a few words what is known of the column."""
        if self.role == "key":
            return "unique in each row: not learned, made anew"
        if self.role == "text":
            return "free text: not learned, left empty"
        if self.role == "constant":
            return f"always {self.words[0]!r}" if self.words else "always empty"
        if self.numeric:
            grid = f"in steps of {self.step:g}" if self.step and self.role in ("number", "integer") else ""
            between = f"{len(self.words)} words among numbers" if self.words else ""
            return ", ".join(part for part in (grid, between) if part)
        more = ", ..." if len(self.words) > SHOWN_LEVELS else ""
        return f"{len(self.words):,} levels: {', '.join(map(str, self.words[:SHOWN_LEVELS]))}{more}"


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of a table, in their order.

    Arguments:
        columns: One record each.
        rows: How many rows they were read from.
    """

    columns: tuple[Column, ...]
    rows: int

    def __iter__(self) -> Any:
        return iter(self.columns)

    def place(self, name: str | int) -> int:
        """Find a column by its name.

        Raises:
            UsageError: There is none; the nearest names are given.
        """
        words = [str(column.name) for column in self.columns]
        if str(name) in words:
            return words.index(str(name))
        raise UsageError(
            f"There is no column '{name}'.",
            why=did_you_mean(str(name), words[:1000]),
            fix="Give the name of a column of the data that the model was fitted on.",
            code="E105",
        )

    def records(self) -> list[dict[str, Any]]:
        """Give a row for each column, for people."""
        return [
            {"column": str(c.name), "role": c.role, "type": c.dtype, "holes": f"{c.holes:.1%}", "": c.said()}
            for c in self.columns
        ]

    def __str__(self) -> str:
        rows = [list(row.values()) for row in self.records()]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        return "\n".join(
            "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[4]]).rstrip() for row in rows
        )

    def to_json(self) -> dict[str, Any]:
        """Give the schema as JSON-ready values."""
        return {"rows": self.rows, "columns": [asdict(column) for column in self.columns]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(columns=tuple(Column.from_json(column) for column in row["columns"]), rows=row["rows"])


def lacking(missing: Sequence[str]) -> DataError:
    """Say that data lack columns that a model was fitted on."""
    return DataError(
        f"These data lack the column{'s' * (len(missing) > 1)} {', '.join(missing[:8])}.",
        why="A model reads data with the columns that it was fitted on.",
        fix="Give the same columns.",
        code="E205",
    )


def unlearnable() -> DataError:
    """Say that no column of a table can be learned."""
    return DataError(
        "No column of these data can be learned.",
        why="Columns that never vary, keys and free text are made anew, not learned.",
        fix="Give data that vary, or say what a column is: columns={name: 'category'}.",
        code="E201",
    )
