"""discover FILE: which columns may cause which, as hypotheses with a confidence each."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import UsageError
from contrafact.cli.answer import Answer, notes_of, say, table
from contrafact.cli.options import PAGES, names_in, no_table, settings

if TYPE_CHECKING:
    from contrafact.causal.graph import Graph

HELP = "look for arrows between the columns of a table: hypotheses, with a confidence each"
SHOWN = 20
GRAPHS, TABLES = (".txt", ".dot", ".dag"), (".csv", ".tsv", ".parquet")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="FILE", help="a table: .csv, .tsv or .parquet, or the demo set patients")
    parser.add_argument(
        "--method",
        "--recipe",
        default="sam",
        metavar="NAME",
        help="sam (default), dagma; pc, ges, fci, lingam by causal-learn",
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of sam or dagma")
    parser.add_argument("--bootstrap", type=int, metavar="N", help="how many resampled tables")
    parser.add_argument("--tiers", metavar="'A,B < C < D'", help="columns in the order of time, earliest first")
    parser.add_argument("--forbid", action="append", default=[], metavar="'A -> B'", help="an arrow that cannot be")
    parser.add_argument("--require", action="append", default=[], metavar="'A -> B'", help="an arrow that there is")
    parser.add_argument("--threshold", type=float, default=0.5, help="least confidence of an arrow (default 0.5)")
    parser.add_argument("--alpha", type=float, default=0.05, help="level of tests, for pc and fci (default 0.05)")
    parser.add_argument("--budget", metavar="10m", help="time to train for (sam, dagma)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps (sam, dagma)")
    parser.add_argument(
        "-o",
        "--out",
        action="append",
        default=[],
        metavar="OUT",
        help="graph.txt or .dot: the graph; edges.csv: all confidences; page.html: a page; may be given again",
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.causal.edges import graph_of
    from contrafact.cli.live import watched
    from contrafact.tasks.discover import prepare
    from contrafact.tasks.read import read
    from contrafact.tasks.results import ready

    for out in args.out:
        _ending(out)
        ready(out, args.what)
    _between(args.threshold)
    data = read(args.what)
    if not hasattr(data, "columns") and getattr(data, "kind", "") != "vectors":
        raise no_table(args.what, "Arrows are looked for between columns.")
    chosen: dict[str, Any] = dict(settings(args.set))
    job = prepare(
        data,
        args.method,
        seed=args.seed,
        bootstrap=args.bootstrap,
        budget=args.budget,
        tiers=tiers_of(args.tiers),
        forbid=args.forbid or None,
        require=args.require or None,
        alpha=args.alpha,
        device=args.device,
        **chosen,
    )
    if not args.quiet:
        say(f"data:  {args.what}: {len(job.encoded):,} rows, {len(job.codec.names)} variables", f"model: {job.method}")
    for _ in watched(job.training, data, quiet=args.quiet) if job.training is not None else ():
        pass
    edges = job.result()
    graph = graph_of(edges, args.threshold, job.codec.names)
    files = [_written(out, args, edges, graph) for out in args.out]
    verdict = _verdict(edges, graph, args.threshold)
    return Answer(
        text="\n".join(_told(args, edges, graph, verdict, files)),
        verdict=verdict,
        files=files,
        warnings=[*notes_of(data), *(("", note) for note in edges.attrs["notes"])],
        fields={
            "method": job.method,
            "runs": edges.attrs["runs"],
            "graph": str(graph),
            "edges": edges[edges["confidence"] > 0].to_dict("records"),
        },
    )


def tiers_of(text: str | None) -> list[list[str]] | None:
    """Read groups of names in the order of time.

    >>> tiers_of("age, sex < smoking < cancer")
    [['age', 'sex'], ['smoking'], ['cancer']]
    """
    if text is None:
        return None
    return [names for part in re.split("[<;]", text) if (names := names_in(part))]


def _between(threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise UsageError(
            f"The threshold {threshold:g} is no confidence.",
            why="Confidences lie between 0 and 1.",
            fix="--threshold 0.5",
            code="E102",
        )


def _ending(out: str) -> None:
    if Path(out).suffix.lower() not in (*GRAPHS, *TABLES, *PAGES):
        raise UsageError(
            f"What is to be written to '{out}'?",
            why=f"The ending tells: {', '.join(GRAPHS)} the graph, {', '.join(TABLES)} all confidences, .html a page.",
            fix="-o graph.txt -o edges.csv -o page.html",
            code="E100",
        )


def _written(out: str, args: argparse.Namespace, edges: Any, graph: Graph) -> str:
    """Write one of the forms of the answer."""
    from contrafact.engine.bundle import write_atomically

    ending = Path(out).suffix.lower()
    if ending in TABLES:
        from contrafact.tasks.write_tables import write_table

        return write_table(edges, out)
    if ending in PAGES:
        from contrafact.report.discovered_page import discovered_page
        from contrafact.report.page import write

        return str(write(out, discovered_page(args.what, edges, graph, args.threshold, _next(args, graph))))
    text = graph.to_dot() if ending == ".dot" else f"{graph}\n"
    write_atomically(Path(out), text.encode())
    return out


def _verdict(edges: Any, graph: Graph, threshold: float) -> str:
    method, runs = edges.attrs["method"], edges.attrs["runs"]
    tables = "1 resampled table" if runs == 1 else f"{runs} resampled tables"
    if not graph.directed:
        return f"{method} finds no arrow of confidence {threshold:g} in {tables}."
    count = len(graph.directed)
    arrows = "1 arrow" if count == 1 else f"{count} arrows"
    return f"{method} finds {arrows} of confidence {threshold:g} and more in {tables}: hypotheses."


def _told(args: argparse.Namespace, edges: Any, graph: Graph, verdict: str, files: list[str]) -> list[str]:
    """Write the screen."""
    from contrafact.causal.writing import shown

    drawn = set(graph.directed)
    above = edges[edges["confidence"] >= max(args.threshold, 1e-12)].head(SHOWN)
    rows: list[tuple[str, ...]] = [("", "arrow", "confidence", "the other way")]
    back = {(a, b): c for a, b, c in edges.iloc[:, :3].itertuples(index=False)}
    for a, b, confidence in above.iloc[:, :3].itertuples(index=False):
        note = "" if (a, b) in drawn else "   closes a cycle: not in the graph"
        rows.append(("", f"{shown(a)} -> {shown(b)}", f"{confidence:.2f}", f"{back[b, a]:.2f}{note}"))
    left = int((edges["confidence"] >= max(args.threshold, 1e-12)).sum()) - len(above)
    lines = [verdict, *(table(rows).split("\n") if len(rows) > 1 else [])]
    lines += [f"  and {left} more: -o edges.csv"] if left > 0 else []
    lines += [f"wrote  {', '.join(files)}"] if files else []
    return [*lines, *(f"next   {step}" for step in _next(args, graph))]


def _next(args: argparse.Namespace, graph: Graph) -> list[str]:
    """Say what to do with the arrows: look at them, mend them, and ask what they imply."""
    from contrafact.causal.writing import shown

    file = next((out for out in args.out if Path(out).suffix.lower() in GRAPHS), None)
    again = shlex.join(["contrafact", "discover", args.what, "-o", "graph.txt"])
    begin = [] if file else [f"keep the graph: {again}"]
    file = file or "graph.txt"
    begin.append(f"strike out what cannot be, in {file} or with --forbid and --tiers; add x <-> y for a hidden cause")
    if not graph.directed:
        return begin
    a, b = map(shown, graph.directed[0])
    return [*begin, shlex.join(["contrafact", "identify", file, f"ATE({a}, {b})"])]
