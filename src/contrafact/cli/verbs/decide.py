"""decide FILE: whom to treat, by a rule that is learned, and what it is worth against treating all or none."""

from __future__ import annotations

import argparse
import warnings
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import UsageError
from contrafact.cli.answer import Answer, notes_of, score_table
from contrafact.cli.graphs import read_graph
from contrafact.cli.options import PAGES, no_table

if TYPE_CHECKING:
    from contrafact.tasks.decide import Decision

HELP = "learn whom to treat, and what that is worth against treating all or none"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", help="a table: .csv, .tsv or .parquet")
    parser.add_argument("-t", "--treatment", required=True, metavar="T", help="the column of the treatment")
    parser.add_argument("-y", "--outcome", required=True, metavar="Y", help="the column that it is to improve")
    parser.add_argument("--graph", metavar="G", help='the causal graph: a file, or "Z -> T; Z -> Y; T -> Y"')
    parser.add_argument("--cost", type=float, default=0.0, metavar="C", help="cost of treating one row, in units of Y")
    parser.add_argument("--better", choices=("higher", "lower"), default="higher", help="which outcome is better")
    parser.add_argument("--method", default="auto", help="auto, t, s, x, dr or r: how effects are learned")
    parser.add_argument(
        "-o",
        "--out",
        action="append",
        default=[],
        metavar="OUT",
        help=".csv or .parquet: the table with each row's effect and decision; .html: a page; may be given again",
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.decide import DecisionWarning, decide
    from contrafact.tasks.read import read
    from contrafact.tasks.results import ready

    for out in args.out:
        _check_out(out)
        ready(out, args.what)
    data = read(args.what)
    if not hasattr(data, "columns"):
        raise no_table(args.what, "A decision is learned from rows and columns.")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", DecisionWarning)
        found = decide(
            data,
            args.treatment,
            args.outcome,
            graph=None if args.graph is None else read_graph(args.graph),
            cost=args.cost,
            seed=args.seed,
            better=args.better,
            method=args.method,
        )
    said = [("", str(each.message)) for each in told if issubclass(each.category, DecisionWarning)]
    return _answered(found, data, args, [*notes_of(data), *said])


def _answered(found: Decision, data: Any, args: argparse.Namespace, notes: list[tuple[str, str]]) -> Answer:
    """Write the decisions where that was asked for, and say what came out."""
    files = [_written(out, args.what, found, data, [note for _, note in notes]) for out in args.out]
    lines = [found.verdict, "", *(f"  {line}" for line in found.rule)]
    lines += [f"  (this short rule treats {found.agreement:.0%} of the rows as the long one does)", ""]
    lines += [score_table(found.scores), "", *(f"  assumes      {each}" for each in found.assumptions)]
    lines += [f"  -> {file}" for file in files]
    return Answer(
        text="\n".join(lines),
        verdict=found.verdict,
        scores=dict(found.scores),
        files=files,
        warnings=[*notes, *(("", note) for note in found.notes)],
        fields=found.to_json(),
    )


def _written(out: str, source: str, found: Decision, data: Any, said: list[str]) -> str:
    """Write the table with its decisions, or the page, as the ending tells."""
    if not out.lower().endswith(PAGES):
        from contrafact.tasks.write_tables import write_table

        return write_table(_beside(data, found.decisions), out)
    from contrafact.report.decision_page import decision_page
    from contrafact.report.page import write

    return str(write(out, decision_page(source, found, data, said)))


def _beside(data: Any, decisions: Any) -> Any:
    """Put decisions beside the table, under names that it does not have."""
    made = data.copy()
    for name in decisions.columns:
        label = name
        while label in made.columns:
            label += "_"
        made[label] = decisions[name]
    return made


def _check_out(out: str) -> None:
    from contrafact.tasks.write_tables import check_ending

    if out.lower().endswith(PAGES):
        return
    check_ending(out)
    if out.lower().endswith(".json"):
        raise UsageError(
            f"Decisions are not written to '{out}'.",
            why="They stand beside the rows of the table.",
            fix="-o decided.csv; for figures use --json",
            code="E121",
        )
