"""zoo [NAME]: the methods, one method's settings, or how the methods compare."""

from __future__ import annotations

import argparse
from typing import Any

from contrafact.cli.answer import Answer, table

HELP = "list the methods, or one method's settings"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a method")
    parser.add_argument("--scores", action="store_true", help="measured leaderboards: same data, budget and seeds")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.zoo.index import INDEX, boards, find, settings_of

    if args.scores:
        return leaderboards(boards(), args.name and find(args.name).name)
    if args.name is None:
        rows = [(e.name, str(e.year), ", ".join(e.kinds), e.line) for e in INDEX.values()]
        fields = {
            "methods": [{"name": e.name, "recipe": e.recipe, "line": e.line, "kinds": e.kinds} for e in INDEX.values()]
        }
        return Answer(
            text=table([("method", "year", "learns from", ""), *rows]), verdict=f"{len(rows)} methods.", fields=fields
        )
    entry = find(args.name)
    own = settings_of(entry.name)
    lines = [f"{entry.name}: {entry.line}", f"{entry.paper}, {entry.year}", f"can: {', '.join(entry.abilities)}", ""]
    text = "\n".join(lines) + table([("setting", "default", ""), *((s.name, s.default, s.meaning) for s in own)])
    fields = {"settings": [{"name": s.name, "type": s.type, "default": s.default, "meaning": s.meaning} for s in own]}
    return Answer(text=text, verdict=entry.line, fields=fields)


def leaderboards(boards: list[dict[str, Any]], method: str | None) -> Answer:
    """Lay out what the benchmark measured, of all methods or of one."""
    found = []
    for board in boards:
        rows = [row for row in board["rows"] if method in (None, row[0])]
        found += [{**board, "rows": rows}] if rows else []
    parts = [f"{b['about']}\n\n{table([tuple(b['columns']), *map(tuple, b['rows'])])}" for b in found]
    verdict = f"{len(found)} leaderboard(s)." if found else f"{method or 'Every method'} is on no leaderboard yet."
    return Answer(text="\n\n".join(parts) or verdict, verdict=verdict, fields={"boards": found})
