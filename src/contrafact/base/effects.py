"""The answer to a causal question: a value with its interval, or bounds, never without what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from contrafact.base.records import finite_or_none

Kind = Literal["point", "bounds"]
RUNGS = {1: "see", 2: "do", 3: "imagine"}


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """How alike the treated and the untreated are, as far as what was adjusted for tells.

    Arguments:
        low: The smallest chance of treatment that was estimated for a row.
        high: The largest.
        effective: As how many rows of an experiment the weighted rows count.
        rows: How many rows were used.
        trimmed: How many were set aside because nobody like them was treated, or everybody.
        words: What this means.
    """

    low: float
    high: float
    effective: float
    rows: int
    trimmed: int = 0
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a treatment does to an outcome, as far as data and assumptions say.

    Arguments:
        value: The estimate; None where there are only bounds.
        low: Lower end of the 95 % interval, or of the bounds.
        high: Upper end.
        kind: "point": identified, with an interval that counts chance; "bounds": not identified; every value between
            them agrees with data and graph.
        rung: 1 see, 2 do, 3 imagine.
        strategy: How it was reached: adjustment, front door, instrument, id, bounds, ...
        assumptions: What must hold, in words; what was assumed for want of a graph comes first.
        overlap: How comparable treated and untreated are, where that matters.
        query: The question.
        estimator: What computed it: aipw, plug-in, linear programme, ...
        n: Rows that it rests on.
        error: Standard error, where there is one.
        formula: The estimand, as text.
        notes: What must be known beside: rows trimmed, values clipped, which answer is an inner approximation.
        details: Further figures by name.
    """

    value: float | None
    low: float
    high: float
    kind: Kind
    rung: int
    strategy: str
    assumptions: tuple[str, ...]
    overlap: Overlap | None = None
    query: str = ""
    estimator: str = ""
    n: int = 0
    error: float | None = None
    formula: str = ""
    notes: tuple[str, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values, infinities as null."""
        row = asdict(self)
        row["overlap"] = None if self.overlap is None else _finite(asdict(self.overlap))
        return _finite({**row, "details": _finite(dict(self.details))})

    def __str__(self) -> str:
        asked = self.query or "effect"
        if self.kind == "bounds":
            return f"{asked}: between {self.low:.4g} and {self.high:.4g} (bounds: {self.strategy}; not identifiable)"
        return f"{asked} = {self.value:.4g} [{self.low:.4g}, {self.high:.4g}] ({self.strategy}, n = {self.n})"


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {name: finite_or_none(value) if isinstance(value, float) else value for name, value in row.items()}
