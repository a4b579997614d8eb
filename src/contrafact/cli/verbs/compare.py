"""compare RUN RUN ...: runs side by side."""

from __future__ import annotations

import argparse
from pathlib import Path

from contrafact.cli.answer import Answer, brief, table

HELP = "show runs side by side"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN", nargs="+", help="names or folders of runs")
    parser.add_argument("-o", "--out", metavar="HTML", help="write a page with both")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.engine.bundle import write_atomically
    from contrafact.report.compare_page import compare
    from contrafact.tasks.runs import find_run, summary

    found = [find_run(name) for name in args.what]
    rows = [summary(one) for one in found]
    settings = [{**one.document("recipe").get("settings", {})} for one in found]
    names = list(dict.fromkeys(k for s in settings for k in s))
    differ = [k for k in names if len({str(s.get(k)) for s in settings}) > 1]
    lines = [("", *(str(row["name"]) for row in rows))]
    lines += [(k, *(brief(row[k]) for row in rows)) for k in ("method", "state", "step", "score")]
    lines += [(k, *(str(s.get(k, "")) for s in settings)) for k in differ]
    files = []
    if args.out:
        write_atomically(Path(args.out), compare(found).encode())
        files = [args.out]
    return Answer(text=table(lines), verdict=f"{len(found)} runs.", files=files, fields={"runs": rows})
