"""whatif RUN: rows of the world in which something is set, or one row as it would have been."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from contrafact.cli.answer import Answer, table
from contrafact.cli.options import CSV_SAFE, settings

if TYPE_CHECKING:
    from contrafact.tasks.whatif import Answered

HELP = "what follows if something is set: new rows, or one row as it would have been"
FIRST = 5


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN", help="a run of scm, ncm or discrete: its name or folder, or @last")
    parser.add_argument("--do", action="append", default=[], metavar="NODE=VALUE", help="what is set; may be repeated")
    parser.add_argument("--row", type=int, metavar="I", help="imagine this row (from 0) instead of new ones")
    parser.add_argument(
        "--data", metavar="FILE", help="the table with the row; else the one that the run was made from"
    )
    parser.add_argument("--draws", type=int, metavar="M", help="of a row: M random draws instead of a best guess")
    parser.add_argument("-n", type=int, default=1000, help="how many new rows (default 1000)")
    parser.add_argument("--csv-safe", action="store_true", help=CSV_SAFE)
    parser.add_argument("-o", "--out", metavar="OUT", help=".csv or .parquet for the rows")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.sample import model_of, place_of, write
    from contrafact.tasks.whatif import data_of, whatif

    do = settings(args.do, "--do X=1")
    model = model_of(args.what)
    data, said = (None, ()) if args.row is None else data_of(args.what, args.data)
    found = whatif(model, do, row=args.row, data=data, n=args.n, draws=args.draws, seed=args.seed)
    files = write(found.rows, args.out, csv_safe=args.csv_safe) if args.out else []
    return Answer(
        text="\n".join(_told(found)),
        verdict=_verdict(found),
        run=str(place_of(args.what)),
        files=files,
        warnings=[("", note) for note in (*said, *found.notes)],
        fields=found.to_json(),
    )


def _verdict(found: Answered) -> str:
    written = ", ".join(f"{name}={value}" for name, value in found.do.items())
    what = "this row as it would have been" if found.rung == 3 else f"{len(found.rows):,} rows"
    return f"[{found.badge}] do({written}): {what}."


def _told(found: Answered) -> list[str]:
    shown = _row(found) if found.rung == 3 else _means(found)
    lines = [_verdict(found), table(shown)]
    if found.how:
        lines.append(f"  found by     {', '.join(found.how)}")
    return [*lines, *(f"  assumes      {each}" for each in found.assumptions)]


def _row(found: Answered) -> list[tuple[str, ...]]:
    """Show a row beside what it would have been."""
    heads = ["would have been", *[""] * (min(len(found.rows), FIRST) - 1)]
    rows: list[tuple[str, ...]] = [("", "is", *heads)]
    for name in (*found.do, *found.changed):
        cells = [str(value) for value in found.rows[name].head(FIRST)]
        rows.append((f"  {name}", str(found.before[name].iloc[0]), *cells))
    return rows


def _means(found: Answered) -> list[tuple[str, ...]]:
    """Show the means of numbers, or the most frequent level and its share, without and with what is set."""
    rows: list[tuple[str, ...]] = [("", "as it is", "as set")]
    for name in (*found.do, *found.changed):
        rows.append((f"  {name}", _mean(found.before[name]), _mean(found.rows[name])))
    return rows


def _mean(column) -> str:  # type: ignore[no-untyped-def]
    if not len(column):
        return ""
    if column.dtype.kind in "iufb":
        return f"{column.mean():.4g}"
    top = column.value_counts(normalize=True)
    return f"{top.index[0]} {100 * top.iloc[0]:.0f} %"
