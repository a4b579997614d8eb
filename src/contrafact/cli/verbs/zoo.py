"""zoo [NAME]: the methods, or one method's settings."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, table

HELP = "list the methods, or one method's settings"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a method")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.zoo.index import INDEX, find, settings_of

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
