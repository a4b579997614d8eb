"""runs: list the runs in a folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from contrafact.cli.answer import Answer, brief, table

HELP = "list the runs"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default="runs", help="where the runs are (default runs)")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.runs import all_runs, summary

    rows = [summary(found) for found in all_runs(Path(args.folder))]
    if not rows:
        return Answer(
            text=f"No runs in {args.folder}. Make one: contrafact train ring", verdict="No runs.", fields={"runs": []}
        )

    head = ("name", "method", "state", "step", "total_steps", "score", "seed")
    lines = table([head, *(tuple(brief(row[k]) for k in head) for row in rows)])
    return Answer(text=lines, verdict=f"{len(rows)} runs.", fields={"runs": rows})
