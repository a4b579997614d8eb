"""What a verb gives back, and how it is shown: words on a terminal, or one JSON object."""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from unicodedata import combining, east_asian_width

from contrafact import __version__
from contrafact.base.errors import ContrafactError
from contrafact.base.records import Score, finite_or_none

# Control codes, marks that turn the direction of the text around them, and bytes that are no text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

MOST_WARNINGS = 8


def printable(text: object) -> str:
    """Make text safe for a terminal: control codes are shown, not obeyed.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", str(text))


@dataclass(kw_only=True)
class Answer:
    """The outcome of one verb.

    Arguments:
        text: What a person reads on standard output.
        verdict: One sentence.
        run: The run's folder, where there is one.
        scores: Scores by name.
        files: Files written.
        warnings: Code and message of each.
        shown: How many of the warnings a person has seen already.
        fields: The verb's own JSON fields.
        status: Exit status.
    """

    text: str = ""
    verdict: str = ""
    run: str | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    shown: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    status: int = 0


def _finite(value: Any) -> Any:
    """Replace numbers that JSON cannot hold by null, all the way down."""
    if isinstance(value, float):
        return finite_or_none(value)
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value


def as_json(command: str, seed: int | None, began: tuple[float, float], answer: Answer, error: Any) -> str:
    """Write the one JSON object of `--json`."""
    document = {
        "command": command,
        "version": __version__,
        "run": answer.run,
        "seed": seed,
        "seconds": round(time.perf_counter() - began[0], 3),
        "cpu_seconds": round(time.process_time() - began[1], 3),
        "scores": {name: score.to_json() for name, score in answer.scores.items()},
        "files": answer.files,
        "verdict": answer.verdict,
        "warnings": [{"code": code, "message": message} for code, message in answer.warnings],
        "error": error,
        **answer.fields,
    }
    return json.dumps(_finite(document), allow_nan=False)


def say(*lines: object) -> None:
    """Write lines for a person on standard error."""
    for line in lines:
        print(printable(line), file=sys.stderr)


def notes_of(data: Any) -> list[tuple[str, str]]:
    """Give as warnings what was noted while data were read or files were made."""
    return [(note.code, f"{note.message} {note.cure}".strip()) for note in getattr(data, "notes", ())]


def say_warnings(warnings: list[tuple[str, str]]) -> None:
    """Write the first warnings for a person on standard error, and how many there are more."""
    for code, message in warnings[:MOST_WARNINGS]:
        say(f"note:  {message}" + (f"   ({code})" if code else ""))
    if len(warnings) > MOST_WARNINGS:
        say(f"note:  and {len(warnings) - MOST_WARNINGS:,} more; --json lists all")


def say_error(error: ContrafactError, *, verbose: bool) -> None:
    """Write an error in three lines, its traceback only when asked for."""
    if verbose:
        traceback.print_exception(error, file=sys.stderr)
    what, why, fix = (" ".join(part.split("\n")) for part in (error.what, error.why, error.fix))
    say(f"error: {what}", f"why:   {why}", f"fix:   {fix}   (contrafact explain {error.code})")


def score_table(scores: Mapping[str, Score]) -> str:
    """Lay scores out in aligned columns, with their direction and anchors."""
    head = ("score", "", "value", "95 % interval", "floor", "ceiling", "n")

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.4g}"

    rows = [
        (
            name,
            "higher is better" if s.better == "higher" else "lower is better",
            number(s.value),
            f"{number(s.low)} .. {number(s.high)}",
            number(s.floor),
            number(s.ceiling),
            f"{s.n:,}",
        )
        for name, s in scores.items()
    ]
    features = dict.fromkeys(s.features for s in scores.values() if s.features)
    return "\n".join([table([head, *rows]), *(printable(f"Measured in the features {name}.") for name in features)])


def table(rows: list[tuple[str, ...]]) -> str:
    """Align columns of text."""
    cells = [[" ".join(printable(cell).split("\n")) for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c + " " * (w - columns(c)) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def brief(value: object) -> str:
    """Write a cell of a table of runs: three decimals for fractions, nothing for nothing.

    >>> brief(0.02739315), brief(None), brief(300)
    ('0.027', '', '300')
    """
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def columns(text: str) -> int:
    """Count the places that a text takes on a terminal: Chinese characters take two, accents none.

    >>> columns("年e\u0301")
    3
    """
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
