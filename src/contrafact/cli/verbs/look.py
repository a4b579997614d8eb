"""look WHAT: check data and show what is in them."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, table

HELP = "check the data and show them"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", help="a file or a demo set")
    parser.add_argument("--target", metavar="COL", help="the column that matters")
    parser.add_argument("--kind", choices=("vectors", "pictures", "table", "text"), help="force the kind of data")


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
    drawing = "" if hasattr(data, "columns") or data.kind in ("text", "sound") else picture(data, data, color=False)
    lines += ["", drawing] if drawing else []
    lines += ["", *(f"{f.code}  {f.message}  {f.cure}" for f in seen.findings)] if seen.findings else []
    fields = {"schema": seen.schema, "findings": [f.to_json() for f in seen.findings]}
    verdict = f"{len(seen.findings)} findings." if seen.findings else "Nothing wrong was found."
    return Answer(text="\n".join([*lines, "", verdict]), verdict=verdict, fields=fields)
