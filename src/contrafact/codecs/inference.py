"""What is each column of a frame? Guessed from its dtype and its cells, and said aloud; the user may know better."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.cells import NUMBER, ZERO_FIRST, as_floats, is_text, parsed, plain, series, unboxed, whole
from contrafact.codecs.schema import ROLES, Column, Role, Schema

MOSTLY, FEW_WORDS = 0.8, 20  # share of text cells that are numbers or dates for the column to be one; other words
KEY_ROWS = 20  # a column of fewer rows is no key however different its cells are
KEY_NAME = re.compile(r"(^|[^a-z])(id|ids|key|uuid|guid|code|no|nr|number|index|idx)$", re.IGNORECASE)
TEXT_WORDS, TEXT_SHARE, KEY_LENGTH = 4, 0.5, 64
MOST_DECIMALS = 6
FORMS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%H:%M",
    "%H:%M:%S",
)
DIGITS = "0123456789"
CLASSES = (DIGITS, DIGITS + "abcdef", DIGITS + "ABCDEF", ascii_lowercase, ascii_uppercase)


def schema_of(frame: Any, wishes: Mapping[str, Role] | None = None) -> Schema:
    """Guess what the columns are.

    Arguments:
        frame: A DataFrame.
        wishes: What the user says some columns are.

    Raises:
        DataError: There is nothing to learn from, or a name or a cell that cannot be used.
        UsageError: A wish names no column, or cannot be met.
    """
    if 0 in frame.shape:
        raise DataError(
            f"These data have {frame.shape[0]} rows and {frame.shape[1]} columns.",
            why="There is nothing to learn from.",
            fix="Give at least one row and one column.",
            code="E201",
        )
    _check_names(frame)
    names = {str(name): name for name in frame.columns}
    for name, role in (wishes or {}).items():
        if str(name) not in names or role not in ROLES:
            Schema(columns=tuple(Column(name=n, dtype="", role="text") for n in names), rows=0).place(str(name))
            raise UsageError(
                f"Column {name!r} cannot be {role!r}.",
                why=f"A column is one of: {', '.join(ROLES)}.",
                fix="Give one of these.",
                code="E102",
            )
    asked = {str(name): role for name, role in (wishes or {}).items()}
    columns = [column_of(frame.iloc[:, i], asked.get(str(name))) for i, name in enumerate(frame.columns)]
    return Schema(columns=tuple(columns), rows=len(frame))


def _check_names(frame: Any) -> None:
    wrong = next((name for name in frame.columns if not isinstance(name, (str, int)) or isinstance(name, bool)), None)
    if wrong is not None or getattr(frame.columns, "nlevels", 1) > 1:
        raise DataError(
            f"The column name {wrong!r} cannot be saved.",
            why="Names of columns are text or whole numbers.",
            fix="Rename the columns: df.columns = [str(name) for name in df.columns]",
            code="E205",
        )
    texts = [str(name) for name in frame.columns]
    if len(set(texts)) < len(texts):
        twice = next(name for i, name in enumerate(texts) if name in texts[:i])
        raise DataError(
            f"Two columns have the name {twice!r}.",
            why="Columns are told apart by their names.",
            fix="Give every column a name of its own.",
            code="E205",
        )


def column_of(column: Any, wish: Role | None = None) -> Column:
    """Guess what one column is, or see it as the user says."""
    boxed = column.dtype == object
    column = unboxed(column)
    name = column.name if isinstance(column.name, str) else int(column.name)
    facts: dict[str, Any] = {"name": name, "dtype": str(column.dtype), "holes": float(column.isna().mean())}
    facts["boxed"] = bool(boxed and column.dtype != object)
    present = column.dropna()
    levels = levels_of(column)
    if wish in ("key", "text"):
        numbers = wish == "key" and column.dtype.kind in "iuf"
        origin = int(present.max()) + 1 if numbers and len(present) else 0
        return Column(**facts, role=wish, origin=origin, pattern=_pattern(levels) if wish == "key" else ())
    if wish is None and len(levels) <= 1:
        return _constant(facts, levels, column)
    if column.dtype.name == "category":
        return _of_categories(facts, column, wish)
    if column.dtype.kind in "mMiuf" and wish not in ("category", "ordered", "boolean"):
        return _of_numbers(facts, present, levels, wish)
    if is_text(column.dtype) and wish not in ("category", "ordered", "boolean"):
        return _of_text(facts, present, levels, wish)
    boolean = column.dtype.kind == "b" or str(column.dtype) == "boolean"
    return Column(**facts, role=wish or ("boolean" if boolean else "category"), words=in_order(levels))


def _constant(facts: dict[str, Any], levels: list[Any], column: Any) -> Column:
    """Keep a value that never changes; beside holes it is a category of one level."""
    if column.dtype.name == "category":
        facts["dtype"] = _category(column)
    words = tuple(levels)
    if column.dtype.kind in "mM":
        ints, missing = whole(column)
        origin = int(ints[~missing][0]) if levels else 0
        return Column(**facts, role="duration" if column.dtype.kind == "m" else "date", origin=origin, step=1.0)
    if column.dtype.kind == "f":
        as_floats(column)
    hidden = 0 < facts["holes"] < 1
    return Column(**facts, role="category" if hidden else "constant", words=words)


def levels_of(column: Any) -> list[Any]:
    """Give the distinct cells, as values that JSON holds where a level must be one."""
    try:
        found = column.dropna().unique()
    except TypeError as error:
        raise _odd(column, str(error)) from None
    if column.dtype.kind in "mMiuf":
        return list(found[:2]) if column.dtype.kind in "mM" else [plain(v) for v in found.tolist()]
    try:
        return [plain(value) for value in list(found)]
    except TypeError as error:
        raise _odd(column, str(error)) from None


def _odd(column: Any, said: str) -> DataError:
    return DataError(
        f"Column {column.name!r} cannot be read: it holds {said}.",
        why="Cells are numbers, text, booleans, dates or durations.",
        fix="Turn them into text or drop the column: df[column].map(str)",
        code="E203",
    )


def _category(column: Any) -> str:
    return "category ordered" if column.cat.ordered else "category"


def _of_categories(facts: dict[str, Any], column: Any, wish: Role | None) -> Column:
    """Keep all categories, those without rows too."""
    try:
        words = tuple(plain(value) for value in column.cat.categories)
    except TypeError as error:
        raise _odd(column, str(error)) from None
    facts["dtype"] = _category(column)
    return Column(**facts, role=wish or ("ordered" if column.cat.ordered else "category"), words=words)


def _of_numbers(facts: dict[str, Any], present: Any, levels: list[Any], wish: Role | None) -> Column:
    """See numbers, whole numbers, dates or durations."""
    kind = present.dtype.kind
    if kind == "f":
        values = as_floats(present)
        step = step_of(values)
        role: Role = "integer" if step >= 1 else "number"
        return Column(**facts, role=wish or role, step=step)
    ints, _ = whole(present)
    counts = np.array(ints - min(ints.tolist()), dtype=np.float64)
    step = float(math.gcd(*{int(count) for count in counts[:100_000]}) or 1)
    role = {"M": "date", "m": "duration"}.get(kind, "integer")  # type: ignore[assignment]
    if wish is None and role == "integer" and is_key(present.name, len(levels), len(present), counts):
        return Column(**facts, role="key", origin=int(max(ints.tolist())) + 1)
    return Column(**facts, role=wish or role, origin=int(min(ints.tolist())), step=step)


def is_key(name: Any, distinct: int, rows: int, counts: np.ndarray) -> bool:
    """Tell whether whole numbers, all different, number the rows: by their name, or because they leave few out."""
    if distinct < rows or rows < KEY_ROWS:
        return False
    return bool(KEY_NAME.search(str(name))) or bool(counts.max() < 1.5 * rows and (np.diff(counts) == 1).mean() > 0.9)


def step_of(values: np.ndarray) -> float:
    """Find the coarsest decimal grid that holds all numbers; 0 where none of six decimals does."""
    some = values[:: max(len(values) // 10_000, 1)]
    for decimals in range(MOST_DECIMALS + 1):
        if _on_grid(some, decimals) and _on_grid(values, decimals):
            return float(10.0**-decimals)
    return 0.0


def _on_grid(values: np.ndarray, decimals: int) -> bool:
    scaled = values * 10.0**decimals
    return bool((np.abs(scaled - np.rint(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1)).all()) and bool(
        np.abs(scaled).max(initial=0) < 1e15
    )


def _of_text(facts: dict[str, Any], present: Any, levels: list[Any], wish: Role | None) -> Column:
    """See numbers and dates that are written as text, keys, free text, and categories."""
    texts = [level for level in levels if isinstance(level, str)]
    if wish not in ("date",) and len(texts) > 1:
        written = numbers_written(texts, asked=wish in ("number", "integer"))
        if written:
            return _of_scale(facts, present, levels, written, wish or "number")
    if wish in (None, "date") and len(texts) > 1:
        form = date_form(texts, asked=wish == "date")
        if form:
            return _of_scale(facts, present, levels, form, "date")
    if wish is not None:
        raise UsageError(
            f"Column {facts['name']!r} cannot be {wish!r}.",
            why=f"Too few of its cells can be read so; one is {str(levels[0])[:40]!r}.",
            fix="Leave it as a category, or mend the cells.",
            code="E102",
        )
    if len(levels) == len(present) >= KEY_ROWS and max(map(len, texts), default=0) <= KEY_LENGTH and not _wordy(texts):
        return Column(**facts, role="key", pattern=_pattern(levels))
    if len(levels) > TEXT_SHARE * len(present) and len(present) >= KEY_ROWS and _wordy(texts):
        return Column(**facts, role="text")
    return Column(**facts, role="category", words=in_order(levels))


def _wordy(texts: list[str]) -> bool:
    """Tell whether cells are sentences rather than names."""
    some = texts[:1000]
    return sum(len(text.split()) for text in some) >= TEXT_WORDS * max(len(some), 1)


def numbers_written(texts: list[str], *, asked: bool = False) -> str:
    """Tell how numbers are written in text: "free", a number of decimals, or "" where cells are no numbers."""
    found = [text for text in texts if NUMBER.fullmatch(text)]
    codes = any(ZERO_FIRST.match(text) and "." not in text for text in found)
    few = len(texts) - len(found) <= FEW_WORDS
    if not found or (not asked and (codes or len(found) < MOSTLY * len(texts) or not few)):
        return ""
    decimals = {len(text.strip().partition(".")[2]) if "e" not in text.lower() else -1 for text in found}
    return str(decimals.pop()) if len(decimals) == 1 and min(decimals) >= 0 else "free"


def date_form(texts: list[str], *, asked: bool = False) -> str:
    """Find the format in which most texts are dates; "" where there is none."""

    some = texts[:1000]
    best, most = "", 0 if asked else MOSTLY * len(some)
    for form in FORMS if any(any(c.isdigit() for c in text) for text in some[:20]) else ():
        read = int((~np.isnan(parsed(series(some, dtype=object), form))).sum())
        if read > most or (read == most and read and not best):
            best, most = form, read
    return best


def _of_scale(facts: dict[str, Any], present: Any, levels: list[Any], written: str, role: Role) -> Column:
    """See a text column as a scale, with what cannot be read as words between."""
    values = parsed(present, written)
    numbers = values[~np.isnan(values)]
    check = parsed(series(levels, object), written)
    words = in_order([level for level, value in zip(levels, check, strict=True) if np.isnan(value)])
    origin, step = 0, step_of(numbers)
    if role == "date":
        origin = int(numbers.min())
        step = float(math.gcd(*{int(n) for n in numbers[:100_000] - origin}) or 1)
    return Column(**facts, role=role, origin=origin, step=step, written=written, words=words)


def in_order(levels: list[Any]) -> tuple[Any, ...]:
    """Sort levels by kind and value, so that their order does not depend on the order of the rows."""
    return tuple(sorted(levels, key=lambda v: (isinstance(v, str), v)))


def _pattern(levels: list[Any]) -> tuple[str, ...]:
    """Give the possible symbols at each place of keys that have one length; nothing where they have several."""
    texts = [str(level) for level in levels[:2000]]
    if not texts or len(set(map(len, texts))) > 1:
        return ()
    return tuple(_class(set(symbols)) for symbols in zip(*texts, strict=True))


def _class(symbols: set[str]) -> str:
    fitting = next((symbol for symbol in CLASSES if symbols <= set(symbol)), "")
    return fitting if len(symbols) > 1 and fitting else "".join(sorted(symbols))
