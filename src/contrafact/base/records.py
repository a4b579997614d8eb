"""The answers: frozen records that render and serialise themselves and do nothing else."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from typing import Any, Literal

Better = Literal["higher", "lower"]


def finite_or_none(value: float | None) -> float | None:
    """Turn NaN and infinities into None, which JSON can hold."""
    return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class Score:
    """One figure with its direction, its anchors, its sample size and its interval.

    Arguments:
        name: Short name, `coverage`.
        value: The figure.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        n: Number of fakes (or rows) that the figure rests on.
        better: Which direction is good.
        floor: The value that noise or shuffled data gets, where known.
        ceiling: The value that real data gets against real data, where known.
        features: The features that it was measured in, where they are not the data themselves: their name is part of
            the figure.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    better: Better
    floor: float | None = None
    ceiling: float | None = None
    features: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values, infinities as null."""
        row = asdict(self)
        if not self.features:
            del row["features"]
        return {k: finite_or_none(v) if isinstance(v, float) else v for k, v in row.items() if k != "name"}

    @classmethod
    def from_json(cls, name: str, row: dict[str, Any]) -> Score:
        """Read what `to_json` wrote."""
        numbers = {k: math.nan if row[k] is None else row[k] for k in ("value", "low", "high")}
        return cls(name=name, **{**row, **numbers})

    def __str__(self) -> str:
        arrow = "↑" if self.better == "higher" else "↓"
        anchors = "".join(
            f", {word} {value:.4g}"
            for word, value in (("floor", self.floor), ("ceiling", self.ceiling))
            if value is not None
        )
        anchors += f", features {self.features}" if self.features else ""
        return f"{self.name} {self.value:.4g} {arrow} [{self.low:.4g}, {self.high:.4g}] (n = {self.n}{anchors})"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about the data or the training, with its code and its evidence.

    Arguments:
        code: Stable code for `contrafact explain`.
        message: What is the matter, in words.
        cure: What to do, or what was done.
        evidence: The numbers behind the sentence.
        step: The training step, where there is one.
    """

    code: str
    message: str
    cure: str = ""
    evidence: dict[str, float] = field(default_factory=dict)
    step: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a whole job gives back: new data, the scores of the test whether they help, and the verdict.

    Arguments:
        data: What was made.
        scores: Scores by name; empty where nothing was tested.
        verdict: What came out, in words.
        notes: What must be known beside.
        write: Writes results to a file or a folder; the job knows how.
    """

    data: Any
    scores: Mapping[str, Score]
    verdict: str
    notes: tuple[str, ...] = ()
    write: Callable[[Result, str], list[str]] | None = field(default=None, repr=False, compare=False)

    def save(self, path: str | PathLike[str]) -> list[str]:
        """Write the data, marked as synthetic; to a name that ends in .json, the scores and the verdict.

        Arguments:
            path: A file or a folder, as for `contrafact sample -o`.

        Returns:
            What was written.
        """
        if self.write is None:
            raise TypeError("This result was made without a way to write it.")
        return self.write(self, str(path))

    def to_json(self) -> dict[str, Any]:
        """Give scores, verdict and notes as JSON-ready values; the data stay out."""
        scores = {name: score.to_json() for name, score in self.scores.items()}
        return {"scores": scores, "verdict": self.verdict, "notes": list(self.notes)}

    def __str__(self) -> str:
        return "\n".join([self.verdict, *(f"  {score}" for score in self.scores.values()), *self.notes])

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(str(score))}</li>" for score in self.scores.values())
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<div><p>{html.escape(self.verdict)}</p><ul>{rows}</ul>{notes}</div>"
