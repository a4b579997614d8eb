"""Look: what is in the data, and what may hurt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs, kind_of
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.records import Finding
from contrafact.tasks.look_pictures import look_at_pictures
from contrafact.tasks.look_series import look_at_series, might_be_series
from contrafact.tasks.look_sound import look_at_sound
from contrafact.tasks.look_tables import described, findings_of
from contrafact.tasks.look_text import look_at_text, look_at_text_pairs
from contrafact.tasks.notes import finding


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was seen.

    Arguments:
        headline: The data in one line.
        schema: One record a column (or one for all items).
        findings: What may hurt, with its cure; what was skipped or changed while reading comes first.
        sentences: What the numbers mean.
    """

    headline: str
    schema: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


def look(data: Any, target: str | None = None) -> Look:
    """Check data of any kind; nothing is changed.

    Arguments:
        data: A frame or a Data object.
        target: The column that matters, looked at for rare classes.
    """
    if kind_of(data) == "series" and target is None:
        headline, schema, findings, sentences = look_at_series(data)
        return Look(headline=headline, schema=schema, findings=findings, sentences=sentences)
    if hasattr(data, "columns"):
        return _look_at_frame(data, target)
    if target is not None:
        raise UsageError(
            f"There is no column '{target}'.", why="Only tables have columns.", fix="Leave --target out.", code="E115"
        )
    if isinstance(data, Pairs):
        return _of_lines(*look_at_text_pairs(data), labels=None)
    if data.kind == "text" and len(data):
        return _of_lines(*look_at_text(data), labels=data.labels)
    known = data.kind == "sound" or (data.kind == "pictures" and data.items.dtype in (np.uint8, np.uint16))
    if known and len(data):
        headline, schema, findings, sentences = (look_at_sound if data.kind == "sound" else look_at_pictures)(data)
        findings += [] if data.labels is None else _class_findings(data.labels)
        return Look(headline=headline, schema=schema, findings=findings, sentences=sentences)
    return _look_at_array(data) if isinstance(data.items, np.ndarray) else _look_at_list(data)


def _of_lines(
    headline: str, schema: list[dict[str, Any]], findings: list[Finding], sentences: list[str], labels: Any
) -> Look:
    rare = [] if labels is None else [*_class_findings(labels)]
    return Look(headline=headline, schema=schema, findings=[*findings, *rare], sentences=sentences)


def _column(name: Any, column: Any) -> dict[str, Any]:
    import pandas as pd

    present = column.dropna()
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    example = f"{present.min():.4g} .. {present.max():.4g}" if numeric and len(present) else ""
    if not numeric and len(present):
        example = ", ".join(str(v)[:20] for v in present.value_counts().index[:3])
    return {
        "column": str(name),
        "type": str(column.dtype),
        "missing": f"{column.isna().mean():.1%}",
        "distinct": int(present.nunique()),
        "values": example,
    }


def _hashable(column: Any) -> Any:
    """Write lists and the like, which cannot be counted, as text."""
    try:
        column.nunique()
    except TypeError:
        return column.map(repr, na_action="ignore")
    return column


def _rows_of(columns: list[Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(dict(enumerate(columns)))


def _look_at_frame(frame: Any, target: str | None) -> Look:
    if target is not None and target not in frame.columns:
        why = did_you_mean(target, [str(c) for c in frame.columns])
        raise UsageError(f"There is no column '{target}'.", why=why, fix="--target COLUMN", code="E115")
    columns = [_hashable(frame.iloc[:, i]) for i in range(frame.shape[1])]
    roles, unread = described(frame)
    schema = [
        {**_column(name, column), "taken for": role.role if role else "-"}
        for name, column, role in zip(frame.columns, columns, roles, strict=True)
    ]
    findings = [f for name, column in zip(frame.columns, columns, strict=True) for f in _column_findings(name, column)]
    findings += [*unread, *findings_of(frame, roles, target)]
    twice = int(_rows_of(columns).duplicated().sum())
    if twice:
        findings.append(
            finding(
                "L103",
                f"{twice:,} rows are exact copies of other rows.",
                "Drop them, or keep them knowingly.",
                rows=twice,
            )
        )
    findings += filter(None, [might_be_series(frame)])
    if target is not None:
        findings += _balance(str(target), frame[target].dropna().value_counts(normalize=True))
    return Look(
        headline=f"a table of {len(frame):,} rows and {frame.shape[1]} columns", schema=schema, findings=findings
    )


def _column_findings(name: Any, column: Any) -> list[Finding]:
    findings, present, holes = [], column.dropna(), float(column.isna().mean())
    if holes:
        findings.append(
            finding(
                "L101",
                f"Column {name!r} has {holes:.1%} holes.",
                "Methods for tables read holes; those for numbers need them filled first.",
                share=holes,
            )
        )
    if present.nunique() <= 1:
        findings.append(
            finding("L102", f"Column {name!r} never varies.", "It teaches nothing; it will be repeated as it is.")
        )
    if column.dtype.kind == "f" and np.isinf(present.to_numpy()).any():
        findings.append(finding("L104", f"Column {name!r} holds infinite values.", "Replace them before training."))
    return findings


def _balance(name: str, shares: Any) -> list[Finding]:
    if 1 < len(shares) <= 50 and shares.min() < 0.1:
        rare = shares.idxmin()
        return [
            finding(
                "L106",
                f"Class {rare} of {name!r} has {shares.min():.1%} of the rows.",
                "It is rare: scores of the whole hide it.",
                share=float(shares.min()),
            )
        ]
    return []


def _array_findings(flat: np.ndarray) -> Iterator[Finding]:
    if flat.dtype.kind == "f" and not np.isfinite(flat).all():
        bad = int((~np.isfinite(flat)).sum())
        cure = "Fill or drop those rows before training."
        yield finding("L104", f"{bad:,} numbers are missing or infinite.", cure, cells=bad)
    still = int((flat == flat[:1]).all(0).sum())
    if still:
        told = f"{still} of {flat.shape[1]} columns never vary."
        yield finding("L102", told, "They will be repeated as they are.", columns=still)
    twice = len(flat) - len(np.unique(flat, axis=0))
    if twice:
        told = f"{twice:,} items are exact copies of others."
        yield finding("L103", told, "Drop them, or keep them knowingly.", rows=twice)


def _class_findings(labels: np.ndarray) -> Iterator[Finding]:
    values, counts = np.unique(labels, return_counts=True)
    if len(values) > 1 and counts.min() < min(0.1 * len(labels), 0.5 * counts.max()):
        told = f"Class {values[counts.argmin()]} has {counts.min():,} items."
        yield finding("L106", told, "It is rare: scores of the whole hide it.")


def _look_at_array(data: Data) -> Look:
    items = data.items
    flat = items.reshape(len(items), -1)
    findings = [*data.notes, *_array_findings(flat)]
    classes = ""
    if data.labels is not None:
        findings += _class_findings(data.labels)
        classes = f", {len(np.unique(data.labels))} classes"
    shape = " x ".join(map(str, items.shape[1:]))
    finite = flat[np.isfinite(flat)]
    seen = {
        "items": len(items),
        "shape": shape,
        "type": str(items.dtype),
        "lowest": float(finite.min()) if finite.size else None,
        "highest": float(finite.max()) if finite.size else None,
    }
    return Look(headline=f"{len(items):,} {data.kind} of {shape}{classes}", schema=[seen], findings=findings)


def _look_at_list(data: Data) -> Look:
    lengths = [len(item) for item in data.items]
    schema: list[dict[str, Any]] = [
        {"items": len(lengths), "shortest": min(lengths), "median": int(np.median(lengths)), "longest": max(lengths)}
    ]
    return Look(headline=f"{len(lengths):,} items of {data.kind}", schema=schema, findings=list(data.notes))
