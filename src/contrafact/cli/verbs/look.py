"""look WHAT: check data and show what is in them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from contrafact.cli.answer import MOST_WARNINGS, Answer, notes_of, table
from contrafact.cli.options import KINDS

if TYPE_CHECKING:
    from contrafact.base.records import Finding

HELP = "check the data and show them"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", help="a file, a folder of pictures or of sound, or a demo set")
    parser.add_argument("--target", metavar="COL", help="the column that matters")
    parser.add_argument("--kind", choices=KINDS, help="force the kind of data")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.cli.live import picture
    from contrafact.tasks.look import look
    from contrafact.tasks.read import read

    data = read(args.what, args.kind)
    seen = look(data, target=args.target)
    lines = [f"{args.what}: {seen.headline}"]
    if seen.schema:
        head = tuple(seen.schema[0])
        lines += ["", table([head, *(tuple(str(row[k]) for k in head) for row in seen.schema)])]
    plain = hasattr(data, "columns") or data.kind in ("text", "text pairs", "sound")
    drawing = "" if plain else picture(data, data, color=False)
    lines += ["", drawing] if drawing else []
    lines += ["", *seen.sentences] if seen.sentences else []
    lines += ["", *_told(seen.findings, len(notes_of(data)))] if seen.findings else []
    fields = {"schema": seen.schema, "findings": [f.to_json() for f in seen.findings]}
    many = "1 finding." if len(seen.findings) == 1 else f"{len(seen.findings)} findings."
    verdict = many if seen.findings else "Nothing wrong was found."
    warnings = notes_of(data)  # they are among the findings, which a person reads below
    text = "\n".join([*lines, "", verdict])
    return Answer(text=text, verdict=verdict, fields=fields, warnings=warnings, shown=len(warnings))


def _told(findings: list[Finding], notes: int) -> list[str]:
    """Write every finding on a line, of the notes on reading, which come first, only some."""
    lines = [f"{f.code}  {f.message}  {f.cure}" for f in findings]
    more = notes - MOST_WARNINGS
    return [*lines[:MOST_WARNINGS], f"and {more:,} more notes; --json lists all", *lines[notes:]] if more > 0 else lines
