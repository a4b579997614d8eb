"""Tables <-> tokens: every learned cell a small whole number, for networks that see all columns alike.

Holes are part of the data: where a column has any, a hole is one of its tokens. Keys, free text and constants are not
learned; columns that follow from others are derived again. A column of more than a thousand levels takes two places,
like the two digits of a number, so that no network needs an output for each level.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from contrafact.base.errors import DataError
from contrafact.codecs.cells import Cells, read
from contrafact.codecs.files import TableFile
from contrafact.codecs.inference import schema_of
from contrafact.codecs.keys import made_anew
from contrafact.codecs.reading import keyed, ruled
from contrafact.codecs.rules import Rules
from contrafact.codecs.schema import Column, Role, Schema, lacking
from contrafact.codecs.ties import Tie, ties_of
from contrafact.codecs.tokens import FEATURES, MOST_BINS, Tokens
from contrafact.codecs.written import write

if TYPE_CHECKING:
    from contrafact.codecs.allowed import Plan
    from contrafact.codecs.conditions import Limit
    from contrafact.codecs.known import Known

MOST_TOKENS = 1000  # of one place
ALL_TOKENS = 100_000  # of all columns together, where they are many
COUNTED = "constraints"  # where a frame says how its rows came to keep constraints


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place in a row of tokens.

    Arguments:
        column: The column that it belongs to.
        size: How many tokens it may hold.
        digit: 0 for a whole column or the first digit of a large one, 1 for the second.
        base: By how much a first digit counts; 0 for a whole column.
    """

    column: int
    size: int
    digit: int = 0
    base: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class TableCodec:
    """Translate frames into tokens and back.

    Arguments:
        schema: What the columns are.
        kinds: The tokens of each learned column, None for the others.
        ties: How columns follow from others, None for those that do not.
        rules: What all rows keep, where the user says so.
    """

    schema: Schema
    kinds: tuple[Tokens | None, ...]
    ties: tuple[Tie | None, ...]
    rules: Rules | None = None

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        columns: Mapping[str, Role] | None = None,
        holes: bool = True,
        constraints: Sequence[str] | None = None,
    ) -> Self:
        """Read the columns of a frame.

        Arguments:
            data: A frame, or a table in a file.
            columns: What the user says some columns are.
            holes: Whether a hole is something to be learned, or only unknown.
            constraints: What all rows keep.
        """
        wishes = keyed(columns, constraints) if constraints else columns
        if isinstance(data, TableFile):
            from contrafact.codecs.large import fitted

            return fitted(cls, data, columns=wishes, holes=holes, constraints=constraints)
        frame = as_frame(data)
        return cls.fit_to(frame, schema_of(frame, wishes), holes=holes, constraints=constraints)

    @classmethod
    def fit_to(
        cls, frame: Any, schema: Schema, *, holes: bool = True, constraints: Sequence[str] | None = None
    ) -> Self:
        """Fit to a frame whose columns are known.

        Arguments:
            frame: Rows to learn from.
            schema: What the columns are.
            holes: Whether a hole is something to be learned, or only unknown.
            constraints: What all rows keep.
        """
        learned = sum(column.learned for column in schema)
        bins = int(min(MOST_BINS, max(ALL_TOKENS // max(learned, 1), 4)))
        cells = [read(frame.iloc[:, i], c) if c.learned else None for i, c in enumerate(schema)]
        kinds = [
            Tokens.fit(part, words=len(c.words), step=c.step, bins=bins, holes=holes) if part is not None else None
            for part, c in zip(cells, schema, strict=True)
        ]
        tokens = [
            kind.encode(part)[0] if kind is not None and part is not None else None
            for kind, part in zip(kinds, cells, strict=True)
        ]
        made = cls(schema=schema, kinds=tuple(kinds), ties=tuple(ties_of(cells, tokens, kinds)))
        return ruled(made, constraints, cells, frame) if constraints else made

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The places of a row of tokens."""
        found = []
        for column, kind in enumerate(self.kinds):
            if kind is None or self.ties[column] is not None or kind.size < 2:
                continue
            if kind.size <= MOST_TOKENS:
                found.append(Slot(column=column, size=kind.size))
            else:
                base = math.isqrt(kind.size - 1) + 1
                found.append(Slot(column=column, size=-(-kind.size // base), base=base))
                found.append(Slot(column=column, size=base, digit=1, base=base))
        return tuple(found)

    @cached_property
    def smooth(self) -> tuple[int, ...]:
        """The columns with bins, whose cells have a share beside their token."""
        kinds = enumerate(self.kinds)
        return tuple(c for c, k in kinds if k is not None and len(k.knots) and self.ties[c] is None)

    @property
    def names(self) -> tuple[str | int, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.schema)

    def cells_of(self, data: Any) -> list[Cells | None]:
        """Read a frame with the fitted columns, in any order; None for those that are not learned.

        Raises:
            DataError: Columns are missing.
        """
        frame = as_frame(data)
        known = {str(name): i for i, name in enumerate(frame.columns)}
        missing = [str(name) for name in self.names if str(name) not in known]
        if missing:
            raise lacking(missing)
        return [self._read(frame.iloc[:, known[str(c.name)]], c) if c.learned else None for c in self.schema]

    def _read(self, column: Any, known: Column) -> Cells:
        try:
            return read(column, known)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"Column {known.name!r} holds {column.dtype} values.",
                why=f"It held {known.dtype} values when the model was fitted, read as {known.role}.",
                fix="Give a column of the same type.",
                code="E205",
            ) from error

    def encode(self, data: Any, *, holes: bool = True) -> dict[str, np.ndarray]:
        """Turn a frame into tokens, -1 where a cell is unknown, and shares of their intervals.

        Arguments:
            data: A frame with the fitted columns.
            holes: Whether a hole is a token where the data that were fitted had holes, or unknown everywhere.
        """
        return self.encode_cells(self.cells_of(data), len(as_frame(data)), holes=holes)

    def encode_cells(self, cells: list[Cells | None], rows: int, *, holes: bool = True) -> dict[str, np.ndarray]:
        """Turn cells into tokens, as `encode` does."""
        pairs: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for column, (kind, part) in enumerate(zip(self.kinds, cells, strict=True)):
            if kind is not None and part is not None:
                tokens, within = kind.encode(part)
                pairs[column] = (tokens if holes else np.where(part.holes, -1, tokens)), within
        columns = [_digit(pairs[slot.column][0], slot) for slot in self.slots]
        shares = [pairs[column][1] for column in self.smooth]
        return {
            "tokens": np.stack(columns, axis=1) if columns else np.empty((rows, 0), dtype=np.int16),
            "within": np.stack(shares, axis=1) if shares else np.empty((rows, 0), dtype=np.float32),
        }

    def columns_of(self, encoded: Mapping[str, np.ndarray]) -> list[Cells | None]:
        """Turn tokens and shares back into the cells of all learned columns."""
        tokens = self.whole(encoded["tokens"])
        cells: list[Cells | None] = [None] * len(self.kinds)
        for column, part in tokens.items():
            cells[column] = self.kind(column).decode(part, self.within(encoded, column))
        for number, column in enumerate(self.rules.numbered if self.rules and "exact" in encoded else ()):
            numbers = encoded["exact"][:, number]
            own = self.cells_in(cells, column)
            own.numbers[:] = np.where(np.isnan(numbers), own.numbers, numbers)
        for column, tie in enumerate(self.ties):
            if tie is not None:
                cells[column] = self._followed(column, tie, tokens[tie.source], cells[tie.source])
        return cells

    @staticmethod
    def cells_in(cells: Sequence[Cells | None], column: int) -> Cells:
        """Give the cells of a learned column."""
        part = cells[column]
        assert part is not None
        return part

    def kind(self, column: int) -> Tokens:
        """Give the tokens of a learned column."""
        kind = self.kinds[column]
        assert kind is not None
        return kind

    def within(self, encoded: Mapping[str, np.ndarray], column: int) -> np.ndarray:
        """Give where in its token's interval each cell of a column lies."""
        smooth = column in self.smooth
        return encoded["within"][:, self.smooth.index(column)] if smooth else np.full(len(encoded["tokens"]), 0.5)

    def whole(self, tokens: np.ndarray) -> dict[int, np.ndarray]:
        """Put the digits of large columns together: each column's token, by its place."""
        found: dict[int, np.ndarray] = {}
        for place, slot in enumerate(self.slots):
            part = tokens[:, place].astype(np.int64)
            if slot.digit:
                first = found[slot.column]
                found[slot.column] = np.where((first < 0) | (part < 0), -1, first * slot.base + part)
            else:
                found[slot.column] = part
        for column, kind in enumerate(self.kinds):
            if kind is not None and kind.size < 2 and self.ties[column] is None:  # one token, or none, and no place
                found[column] = np.full(len(tokens), kind.size - 1)
        return found

    def _followed(self, column: int, tie: Tie, tokens: np.ndarray, source: Cells | None) -> Cells:
        kind = self.kind(column)
        assert source is not None
        if tie.table:
            return kind.decode(np.array([*tie.table, -1])[tokens], np.full(len(tokens), 0.5))
        return Cells(numbers=kind.on_grid(source.numbers * tie.slope + tie.offset), words=source.words)

    def decode(self, encoded: Mapping[str, np.ndarray], start: int = 0) -> Any:
        """Turn tokens back into a frame with the columns, dtypes and names that were fitted.

        Arguments:
            encoded: Tokens and shares.
            start: The number of the first row, which keys are made from.
        """
        return self.frame_of(self.columns_of(encoded), len(encoded["tokens"]), start)

    def frame_of(
        self,
        cells: list[Cells | None],
        rows: int,
        start: int = 0,
        limits: Mapping[int, Limit] | None = None,
        total: int = 0,
    ) -> Any:
        """Put cells together to a frame; what is not learned is made anew.

        Arguments:
            cells: The cells of all learned columns.
            rows: How many rows there are.
            start: The number of the first row, which keys are made from.
            limits: Conditions that hold already, and stay true where constraints move a row.
            total: How many rows there will be in all, where these are a part of them.
        """
        import pandas as pd

        count = None
        if self.rules:
            cells, count = self.rules.kept(self, cells, limits)
        columns = [
            made_anew(known, rows, start, total) if part is None else write(known, part)
            for known, part in zip(self.schema, cells, strict=True)
        ]
        frame = pd.concat(columns, axis=1)
        frame.columns = pd.Index(self.names)
        if count is not None:
            frame.attrs[COUNTED] = count.to_json()
        return frame

    def known(self, data: Any) -> Known:
        """Read a table with holes, as something to be filled."""
        from contrafact.codecs.known import known_of

        return known_of(self, data)

    def with_followers(self, cells: list[Cells | None]) -> list[Cells | None]:
        """Derive the columns that follow from others again."""
        pairs = zip(self.kinds, cells, strict=True)
        whole = {c: k.encode(p)[0] for c, (k, p) in enumerate(pairs) if k is not None and p is not None}
        return [
            part if tie is None else self._followed(column, tie, whole[tie.source], cells[tie.source])
            for column, (part, tie) in enumerate(zip(cells, self.ties, strict=True))
        ]

    def filled(self, data: Any, cells: list[Cells | None]) -> Any:
        """Copy a table with cells in its holes; the others keep their bits, and unlearned columns their holes."""
        from contrafact.codecs.known import filled

        return filled(self, data, cells)

    def log_density(self, encoded: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the logarithm of the density of each row's smooth cells inside their tokens' intervals."""
        tokens = self.whole(encoded["tokens"])
        found = np.zeros(len(encoded["tokens"]))
        for column in self.smooth:
            found += self.kind(column).log_density(tokens[column], self.within(encoded, column))
        return found

    def plan(self, limits: Mapping[int, Limit] | None = None) -> Plan | None:
        """Give what keeps rows in the making to the constraints, where there are any that cells can break.

        Arguments:
            limits: Conditions on columns.
        """
        from contrafact.codecs.allowed import Plan

        held = self.rules is not None and (self.rules.numbered or self.rules.combinations)
        return Plan(codec=self, rules=self.rules, limits=limits or {}) if held and self.rules else None

    def limits(self, given: Mapping[Any, Any] | None) -> dict[int, Limit]:
        """Read conditions on columns, each as a limit on a column's tokens, by the column's place."""
        from contrafact.codecs.conditions import limits_of

        return limits_of(self, given)

    def allowed(self, limits: Mapping[int, Limit]) -> dict[int, np.ndarray]:
        """Say for the places of a row what its tokens may be, and with what weight.

        Arguments:
            limits: What columns may be.

        Returns:
            Weights of a place's tokens; of a second digit, a row of weights for each first digit.
        """
        found = {}
        for place, slot in enumerate(self.slots):
            weights = limits[slot.column].weights if slot.column in limits else np.ones(self.kind(slot.column).size)
            if slot.base:
                digits = np.zeros((-(-len(weights) // slot.base), slot.base))
                digits.flat[: len(weights)] = weights
                found[place] = digits if slot.digit else digits.max(1)
            elif slot.column in limits:
                found[place] = weights
        return found

    def features(self, slot: Slot) -> tuple[np.ndarray, np.ndarray]:
        """Give what is known of each token of a place, and which of them enough rows share to stand alone."""
        if slot.base:
            return np.zeros((slot.size, FEATURES)), np.ones(slot.size, dtype=bool)
        kind = self.kind(slot.column)
        return kind.features(), kind.shared

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {
            "codec": "table",
            "schema": self.schema.to_json(),
            "tokens": [None if kind is None else kind.to_json() for kind in self.kinds],
            "ties": [None if tie is None else tie.to_json() for tie in self.ties],
            "rules": None if self.rules is None else self.rules.to_json(),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            schema=Schema.from_json(row["schema"]),
            kinds=tuple(None if kind is None else Tokens.from_json(kind) for kind in row["tokens"]),
            ties=tuple(None if tie is None else Tie.from_json(tie) for tie in row["ties"]),
            rules=Rules.from_json(row["rules"]) if row.get("rules") else None,
        )


def _digit(tokens: np.ndarray, slot: Slot) -> np.ndarray:
    """Give a column's tokens as one place holds them."""
    if slot.base:
        digits = tokens % slot.base if slot.digit else tokens // slot.base
        tokens = np.where(tokens < 0, -1, digits)
    return tokens.astype(np.int16)


def as_frame(data: Any) -> Any:
    """Give polars and Arrow tables, and whatever else speaks of columns, as a pandas frame."""
    import pandas as pd

    items = getattr(data, "items", data) if not hasattr(data, "columns") else data
    if isinstance(items, pd.DataFrame):
        return items
    if hasattr(items, "to_pandas"):
        return items.to_pandas()
    if isinstance(items, np.ndarray) and items.ndim == 2 and items.dtype.kind in "biufOUS":
        return pd.DataFrame(items, columns=[f"x{i}" for i in range(items.shape[1])])
    raise DataError(
        f"A table was expected, not {type(items).__name__}.",
        why="This method learns from rows and columns.",
        fix="Give a DataFrame, or a path to contrafact.read.",
        code="E203",
    )
