"""whatif RUN: rows of the world in which something is set, or one row as it would have been."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import UsageError
from contrafact.cli.answer import Answer, table
from contrafact.cli.options import CSV_SAFE, PAGES, settings

if TYPE_CHECKING:
    from contrafact.tasks.whatif import Answered

HELP = "what follows if something is set: new rows, or one row as it would have been"
FIRST = 5


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="RUN", help="a run of scm, ncm, discrete or causalgan: its name or folder, or @last"
    )
    parser.add_argument("--do", action="append", default=[], metavar="NODE=VALUE", help="what is set; may be repeated")
    parser.add_argument("--row", type=int, metavar="I", help="imagine this row (from 0) instead of new ones")
    parser.add_argument(
        "--data", metavar="FILE", help="the table with the row; else the one that the run was made from"
    )
    parser.add_argument("--draws", type=int, metavar="M", help="of a row: M random draws instead of a best guess")
    parser.add_argument("-n", type=int, default=1000, help="how many new rows (default 1000)")
    parser.add_argument("--csv-safe", action="store_true", help=CSV_SAFE)
    parser.add_argument(
        "-o",
        "--out",
        action="append",
        default=[],
        metavar="OUT",
        help=".csv or .parquet for the rows, .html for a page with graph and figures; a folder, .zip, .png, .wav "
        "or .txt for the items of a causalgan; may be given again",
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.results import ready
    from contrafact.tasks.sample import model_of
    from contrafact.tasks.whatif import data_of, data_or_none, source_of, whatif

    do = _settings(args.do)
    model, source = model_of(args.what), source_of(args.what)
    for out in args.out:
        ready(out, *filter(None, (source, args.data)))
    if hasattr(model, "controller"):
        return _of_items(model, do, args)
    data, said = data_or_none(args.what, args.data) if args.row is None else data_of(args.what, args.data)
    found = whatif(model, do, row=args.row, data=data, n=args.n, draws=args.draws, seed=args.seed)
    return _answer(args, model, found, said)


def _of_items(model: Any, do: dict[str, str], args: argparse.Namespace) -> Answer:
    """Answer for items that follow from attributes: the attributes as rows, and the items where a folder is named."""
    from contrafact.tasks.whatif import whatif

    if args.row is not None:
        raise UsageError(
            f"{model.recipe.method} imagines no row of a table.",
            why=f"It is a model of {model.codec.kind} and of what is known of each.",
            fix="In Python: model.counterfactual(data, do={...}), or draw twins: model.sample and model.do, one seed.",
            code="E559",
        )
    found = whatif(model.controller, do, n=args.n, seed=args.seed)
    share = model.unseen(found.rows)
    new = f"{share:.0%} of the units have attributes that were never seen together: what they look like is a guess."
    return _answer(args, model, found, (model.codec.policy, *((new,) if share else ())))


def _answer(args: argparse.Namespace, model: Any, found: Answered, said: Sequence[str]) -> Answer:
    from contrafact.tasks.sample import place_of

    files = [file for out in args.out for file in _written(out, args, model, found, said)]
    lines = [*_told(found), *(f"  -> {file}" for file in files)]
    return Answer(
        text="\n".join(lines),
        verdict=_verdict(found),
        run=str(place_of(args.what)),
        files=files,
        warnings=[("", note) for note in (*said, *found.notes)],
        fields=found.to_json(),
    )


def _settings(pairs: list[str]) -> dict[str, str]:
    """Read what is set, each node once."""
    found = settings(pairs, "--do X=1")
    names = [pair.partition("=")[0] for pair in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"'{twice}' is set twice.",
            why="In one world a node has one value.",
            fix="Ask for each value with a command of its own.",
            code="E119",
        )
    return found


def _written(out: str, args: argparse.Namespace, model: Any, found: Answered, said: Sequence[str]) -> list[str]:
    """Write the rows, the items of these rows, or the page, as the ending tells."""
    from contrafact.tasks.sample import write

    if hasattr(model, "controller") and not out.lower().endswith((".csv", ".parquet", *PAGES)):
        return write(model.do(**found.do).sample(args.n, seed=args.seed), out, seed=args.seed)
    if not out.lower().endswith(PAGES):
        return write(found.rows, out, csv_safe=args.csv_safe)
    from contrafact.report.galleries import galleries
    from contrafact.report.page import write as write_page
    from contrafact.report.whatif_page import whatif_page

    gallery = galleries(model, found.do, args.seed) if hasattr(model, "controller") else []
    return [str(write_page(out, whatif_page(args.what, model.recipe.method, found, said, gallery)))]


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
        cells = [_cell(value) for value in found.rows[name].head(FIRST)]
        rows.append((f"  {name}", _cell(found.before[name].iloc[0]), *cells))
    return rows


def _cell(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _means(found: Answered) -> list[tuple[str, ...]]:
    """Show the means of numbers, or the most frequent level and its share, without and with what is set."""
    rows: list[tuple[str, ...]] = [("", "as it is", "as set")]
    for name in (*found.do, *found.changed):
        rows.append((f"  {name}", _mean(found.before[name]), _mean(found.rows[name])))
    return rows


def _mean(column: Any) -> str:
    if not len(column):
        return ""
    if column.dtype.kind in "iufb":
        return f"{column.mean():.4g}"
    top = column.value_counts(normalize=True)
    return f"{top.index[0]} {100 * top.iloc[0]:.0f} %"
