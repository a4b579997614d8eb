"""identify GRAPH QUERY: can these data answer the question, and how?"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from contrafact.cli.answer import Answer
from contrafact.cli.graphs import read_graph
from contrafact.cli.options import names_in

if TYPE_CHECKING:
    from contrafact.causal.identify.answer import Identified

HELP = "decide from a causal graph whether data can answer a question, and how"
SHOWN, MOST = 6, 100


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("graph", help='a file (DAGitty, DOT, GML, BIF, .cg, statements) or the graph: "Z -> X; X -> Y"')
    parser.add_argument("query", help='"P(Y | do(X))", "ATE(X, Y)", "P(Y_{X=1} | X=0, Y=0)", ...')
    parser.add_argument(
        "--experiment",
        action="append",
        default=[],
        metavar="X,W",
        help="nodes that were set at random in an experiment beside the observations; may be given again",
    )
    parser.add_argument("--no-observations", action="store_true", help="there are experiments only")
    parser.add_argument("--steps", action="store_true", help="show every step of the derivation")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.causal.identify.ask import identify

    graph = read_graph(args.graph)
    experiments = [set(names_in(each)) for each in args.experiment]
    found = identify(graph, args.query, experiments, observed=not args.no_observations)
    fields: dict[str, Any] = {**found.to_json(), "implications": _implications(found)}
    if not found.identifiable:
        refusal = found.refusal()
        fields["error"] = {"code": refusal.code, "message": f"{refusal.what} {refusal.why}", "fix": refusal.fix}
    text = "\n".join(_told(found, steps=args.steps) if found.identifiable else _refused(found))
    return Answer(text=text, verdict=found.verdict, fields=fields, status=0 if found.identifiable else 3)


def _implications(found: Identified) -> list[str]:
    from contrafact.causal.implications import implications

    return [str(each) for each in implications(found.graph, MOST)]


def _some(items: list[str], sign: str = " · ") -> str:
    more = f"{sign}and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return sign.join(items[:SHOWN]) + more


def _braced(sets: Iterable[tuple[str, ...]]) -> list[str]:
    return ["{" + ", ".join(each) + "}" for each in sets]


def _told(found: Identified, *, steps: bool) -> list[str]:
    lines = [found.verdict, f"  formula      {found.expression}", f"  why          {found.why}"]
    sets = _braced(found.adjustment_sets)
    if sets:
        lines.append(f"  adjust for   {_some(sets)}   (all minimal sets)")
    if found.optimal_adjustment is not None and sets:
        lines.append(f"  most exact   {{{', '.join(found.optimal_adjustment)}}}")
    if found.front_doors:
        lines.append(f"  front door   {_some(_braced(found.front_doors))}")
    if found.instruments:
        lines.append(f"  instruments  {_some([str(each) for each in found.instruments])}")
    lines += _checks(found)
    lines += ["  derivation", *(f"    {line}" for line in _steps(found))] if steps else []
    lines += [f"  assumes      {each}" for each in found.assumptions]
    return lines if steps or not found.derivation else [*lines, f"  {len(found.derivation)} steps of proof: --steps"]


def _steps(found: Identified) -> list[str]:
    lines = []
    for number, step in enumerate(found.derivation, 1):
        lines += [f"{number:2}  {step.before} = {step.after}", f"      {step.rule}: {step.reason}"]
    return lines


def _checks(found: Identified) -> list[str]:
    told = _implications(found)
    return [f"  testable     {_some(told)}"] if told else ["  testable     no independence follows from the graph"]


def _refused(found: Identified) -> list[str]:
    lines = [f"{found.query}: NOT IDENTIFIABLE. No amount of these data can settle it.", f"  why          {found.why}"]
    if found.hedge:
        inner, outer = ", ".join(found.hedge.smaller), ", ".join(found.hedge.larger)
        lines.append(f"  witness      a hedge: {{{outer}}} around {{{inner}}}")
    heads = ["would settle it", *[""] * len(found.remedies)]
    lines += [f"  {head:<16} {each}" for head, each in zip(heads, found.remedies, strict=False)]
    lines.append("  still possible   bounds from data and graph: a range instead of a value")
    return [*lines, *_checks(found)]
