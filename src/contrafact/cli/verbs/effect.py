"""effect FILE: what a treatment does to an outcome, in five steps, or bounds and why there is no single number."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import ContrafactError, UsageError
from contrafact.cli.answer import Answer, notes_of
from contrafact.cli.graphs import read_graph
from contrafact.cli.options import PAGES, names_in, no_table

if TYPE_CHECKING:
    from contrafact.causal.refute import Challenged
    from contrafact.causal.two_worlds import TwoWorlds
    from contrafact.tasks.effect import Answered

HELP = "estimate what a treatment does to an outcome, if the graph says that it can be known"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="FILE", help="a table: .csv, .tsv or .parquet")
    parser.add_argument("-t", "--treatment", required=True, metavar="T", help="the column whose effect is asked for")
    parser.add_argument("-y", "--outcome", required=True, metavar="Y", help="the column that it may change")
    parser.add_argument(
        "--graph",
        metavar="G",
        help='the causal graph: a file, or "Z -> T; Z -> Y; T -> Y"; without one all other columns are adjusted for',
    )
    parser.add_argument("--given", metavar="A,B", help="adjust for these columns; '' for none")
    parser.add_argument("--method", default="auto", help="auto, aipw, ipw, regression, linear, ...; a typo lists them")
    parser.add_argument("--query", metavar="Q", help='another question: "ATT(T, Y)", "ATE(T, Y | Z=1)"')
    parser.add_argument("--low", metavar="V", help="the value of the treatment that is compared with")
    parser.add_argument("--high", metavar="V", help="the value whose effect is asked for")
    parser.add_argument("--quantile", type=float, metavar="P", help="compare this quantile of Y instead of its mean")
    parser.add_argument("--instrument", metavar="Z", help="with --method instrument: the columns to use")
    parser.add_argument(
        "--generate",
        nargs="?",
        const="ice",
        metavar="METHOD",
        help="draw rows of the scarcer level, and see whether they help: ice unless another is named",
    )
    parser.add_argument(
        "--fill",
        nargs="?",
        const="loom",
        metavar="METHOD",
        help="fill holes in what is adjusted for, and see whether it helps: loom unless another is named",
    )
    parser.add_argument("--challenge", action="store_true", help="try to refute the effect; -o does it as well")
    parser.add_argument("-o", "--out", metavar="PAGE", help="write a page: graph, proof, overlap, challenges (.html)")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.causal.refute import challenge
    from contrafact.tasks.effect import studied
    from contrafact.tasks.read import read
    from contrafact.tasks.results import ready

    if args.out:
        _check_out(args.out)
        ready(args.out, args.what)
    data = _table(read(args.what), args.what)
    found = studied(
        data,
        args.treatment,
        args.outcome,
        read_graph(args.graph) if args.graph is not None else None,
        None if args.given is None else names_in(args.given),
        args.method,
        args.seed,
        query=args.query,
        low=_value(args.low),
        high=_value(args.high),
        quantile=args.quantile,
        instrument=names_in(args.instrument or ""),
        generate=args.generate,
        fill=args.fill,
    )
    tried = challenge(found.study, found.effect, args.seed) if found.study and (args.challenge or args.out) else None
    worlds = _worlds(data, found, args.seed) if found.effect.kind == "bounds" else None
    files = []
    if args.out:
        from contrafact.report.effect_page import effect_page
        from contrafact.report.page import write

        files.append(str(write(args.out, effect_page(args.what, found, tried, worlds))))
    return _told(found, tried, worlds, [*notes_of(data), *(("", told) for told in found.warnings)], files)


def _check_out(out: str) -> None:
    if not out.lower().endswith(PAGES):
        raise UsageError(
            f"'{out}' is no page.", why="What is written is one HTML file.", fix="-o effect.html", code="E100"
        )


def _table(data: Any, what: str) -> Any:
    if hasattr(data, "columns"):
        return data
    raise no_table(what, "An effect is estimated from rows and columns.")


def _value(text: str | None) -> Any:
    from contrafact.causal.wording import number

    return None if text is None else number(text)


def _worlds(data: Any, found: Answered, seed: int) -> TwoWorlds | None:
    """Find two models that prove the refusal; None where the search has nothing to show."""
    from contrafact.causal.two_worlds import two_worlds

    if found.plan.graph is None or found.plan.found is None or found.plan.found.identifiable:
        return None
    try:
        return two_worlds(data, found.plan.graph, found.plan.query, seed)
    except ContrafactError:
        return None


def _told(
    found: Answered,
    tried: Challenged | None,
    worlds: TwoWorlds | None,
    notes: list[tuple[str, str]],
    files: list[str],
) -> Answer:
    effect, plan = found.effect, found.plan
    refused = plan.found is not None and not plan.found.identifiable and effect.kind == "bounds"
    fields: dict[str, Any] = effect.to_json()
    fields["standard_error"] = fields.pop("error")  # `error` says in every answer whether the command failed
    if plan.found is not None:
        fields["identified"] = plan.found.to_json()
    if tried is not None:
        fields["challenges"] = tried.to_json()
    if worlds is not None:
        fields["worlds"] = worlds.to_json()
    if refused and plan.found is not None:
        refusal = plan.found.refusal()
        fields["error"] = {"code": refusal.code, "message": f"{refusal.what} {refusal.why}", "fix": refusal.fix}
    lines = _refusal(found, worlds) if refused else _steps(found, tried)
    lines += [f"  assumes      {each}" for each in effect.assumptions]
    lines += [f"  -> {file}   (figures, methods text, BibTeX)" for file in files]
    return Answer(
        text="\n".join(lines),
        verdict=_verdict(found),
        files=files,
        warnings=notes,
        fields=fields,
        status=3 if refused else 0,
    )


def _verdict(found: Answered) -> str:
    effect = found.effect
    refused = found.plan.found is not None and not found.plan.found.identifiable
    if effect.kind == "bounds":
        head = "NOT IDENTIFIABLE; " if refused else ""
        return f"{effect.query}: {head}between {effect.low:.4g} and {effect.high:.4g}."
    return f"{effect}."


def _steps(found: Answered, tried: Challenged | None) -> list[str]:
    """Write the five steps."""
    effect = found.effect
    lines = [f"1 IDENTIFY   {_identified(found)}"]
    if effect.overlap is not None:
        lines.append(f"2 OVERLAP    {effect.overlap.words}")
    lines.append(f"3 ESTIMATE   {effect}{_agreement(found)}")
    lines += [f"             {note}" for note in effect.notes]
    lines += _challenged(found, tried)
    return lines


def _identified(found: Answered) -> str:
    plan = found.plan
    if plan.found is not None and plan.strategy not in ("adjustment", "instrument"):
        return plan.found.verdict
    names = f"{{{', '.join(plan.adjusted_for)}}}"
    if plan.strategy == "instrument":
        return f"{plan.query}: by the instrument {', '.join(plan.through)}, given {names}, and an assumption more."
    if plan.found is None:
        return f"{plan.query}: by adjustment for {names}, TAKEN ON TRUST: no graph was given."
    return f"{plan.query}: IDENTIFIABLE by adjustment for {names}."


def _agreement(found: Answered) -> str:
    """Say how far apart several methods are."""
    from contrafact.tasks.effect import several

    if found.effect.strategy != "adjustment" or found.effect.estimator == "plug-in":
        return ""
    values = {name: one.value for name, one in several(found).items() if one.value is not None}
    if len(values) < 2:
        return ""
    apart = max(values.values()) - min(values.values())
    return f"   {len(values)} methods lie within {apart:.2g} ({', '.join(values)})"


def _challenged(found: Answered, tried: Challenged | None) -> list[str]:
    from contrafact.causal.refute_hidden import hidden_cause

    if tried is None:
        study = found.study
        if study is None or study.plan.strategy != "adjustment":
            return ["4 CHALLENGE  not done: --challenge"]
        hidden = hidden_cause(study, found.effect)
        told = [f"5 HIDDEN CAUSE  {hidden.words}"] if hidden else []
        return ["4 CHALLENGE  not done: --challenge", *told]
    heads = [f"{check.name} {'PASS' if check.passed else 'FAIL'}" for check in tried.checks]
    lines = [f"4 CHALLENGE  {' · '.join(heads)}"]
    lines += [f"             {check}" for check in tried.checks if not check.passed]
    return [*lines, f"5 HIDDEN CAUSE  {tried.hidden.words}"] if tried.hidden else lines


def _refusal(found: Answered, worlds: TwoWorlds | None) -> list[str]:
    """Write why there is no number, the proof, what would settle it, and what can still be said."""
    effect, verdict = found.effect, found.plan.found
    assert verdict is not None
    lines = [f"1 IDENTIFY   {verdict.query}: NOT IDENTIFIABLE. No amount of this data can settle it."]
    lines.append(f"   why                  {verdict.why}")
    if worlds is not None:
        lines.append(f"   proof                {worlds.words}")
    heads = ["what would settle it", *[""] * len(verdict.remedies)]
    lines += [f"   {head:<20} {each}" for head, each in zip(heads, verdict.remedies, strict=False)]
    lines.append(
        f"   still possible       bounds [{effect.low:.4g}, {effect.high:.4g}] from data and graph ({effect.estimator})"
    )
    lines += [f"                        {note}" for note in effect.notes if not note.startswith("Would settle it")]
    return lines
