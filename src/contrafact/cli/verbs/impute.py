"""impute FILE: fill the holes of a table, and whether that beats what is simpler."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, notes_of, score_table
from contrafact.cli.options import settings
from contrafact.cli.trial import TABLE, carried_out, job_options, options_of, read_for, written

HELP = "fill the holes of a table, and test whether that beats what is simpler"


def add(parser: argparse.ArgumentParser) -> None:
    job_options(parser, TABLE, "a new file for the filled table", "loom for tables, shuttle for series, both for holes")
    parser.add_argument("--kind", choices=("table", "series"), help="what the file holds (default: a table)")
    parser.add_argument("--draws", type=int, metavar="M", help="also write M random fillings: OUT-1, OUT-2, ...")
    parser.add_argument("--uncertainty", action="store_true", help="add columns: how unsure each filled cell is")
    parser.add_argument(
        "--shift",
        action="append",
        default=[],
        metavar="COL=D",
        help="add D to the filled cells of a column: what if; COL=-D,0,D only compares",
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.impute import WAYS
    from contrafact.tasks.large import filled_cells
    from contrafact.tasks.results import by_kind, ready
    from contrafact.tasks.write_tables import numbered, write_table

    data = read_for(args, large=True)
    places = numbered(args.out, args.draws or 0) if args.out else []
    for place in places:
        ready(place, args.what)
    shift = settings(args.shift, "--shift income=-5000")
    wish = {"uncertainty": args.uncertainty, "shift": shift}
    job = by_kind("impute", WAYS, data)(data, **wish, **options_of(args))
    result = carried_out(job, args)
    files = written(result, args) if args.out else []
    for frame, place in zip(job.drawn(len(places)) if places else [], places, strict=True):
        files.append(write_table(frame, place, csv_safe=args.csv_safe))
    cells = filled_cells(data, result.data)
    where = f"Wrote {', '.join(files)}." if files else "Nothing is kept; write the table with -o FILE."
    parts = (where, score_table(result.scores) if result.scores else "", result.verdict)
    notes = notes_of(data)
    return Answer(
        text="\n".join(part for part in parts if part),
        verdict=result.verdict,
        scores=result.scores,
        files=files,
        warnings=[*notes, *(("", note) for note in result.notes)],
        shown=len(notes),
        fields={
            "rows": len(data),
            "cells": cells,
            "missing": [pattern.to_json() for pattern in job.patterns],
            "shifts": [row.to_json() for row in job.shifted],
        },
    )
