"""Causal questions: verdicts on published graphs, and formulas and verdicts on random ones.

verdicts: every graph of `data/causal/ncm_graphs`, with the experiments that belong to it, is asked for the average
effect, the effect on the treated, the natural direct effect and the direct effect on the treated. The expected verdicts
are those that the authors of the graphs publish for their four questions (Xia, Pan and Bareinboim 2023), completed for
the graphs that they leave out (see `COMPLETED`). Without anything between treatment and outcome the direct effects are
the effects.

random: graphs of four to seven nodes with hidden causes, and every named graph of the tests. Each verdict is compared
with that of an independent procedure (fixing), each formula with the truth of five random models, computed by summing
their tables, and so is the formula of the general algorithm (ID) where a simpler strategy was taken; a hundred refusals
are confirmed by two models that agree on all observations and differ in the effect.

worlds: random questions under conditions, with random experiments, and about other worlds; every formula is compared
with the truth, the latter's by going through every state of a random model's noise.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from contrafact import Graph, identify
from contrafact.base.errors import UsageError
from contrafact.causal.identify.factors import effect_from
from contrafact.causal.identify.law import closed, of_nodes
from contrafact.causal.query import mediators
from table import Row, Table, arguments, read

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "causal"))

from named import IDENTIFIED, REFUSED
from oracles import (
    Functions,
    Imagined,
    Tables,
    distance,
    query_text,
    random_graph,
    random_question,
    reachable,
    two_models,
)

# Parts that have a file of their own, causal_NAME.py, with `measure(table, seeds)`.
ELSEWHERE: tuple[str, ...] = ("bounds", "cate", "decide", "discovery", "coverage", "nsw", "ncm", "imagined")
PARTS = ("verdicts", "random", "worlds", *ELSEWHERE)
DATA = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "causal" / "ncm_graphs"
EXACT, MODELS, MILLISECONDS, SAME, APART = 1e-10, 5, 10.0, 1e-9, 1e-4
QUESTIONS = {
    "ATE": "backdoor frontdoor napkin simple m med expl zid_a gid_a gid_b expl_dox expl_xm_dox expl_xy_dox expl_my"
    " expl_my_dox",
    "ATT": "backdoor frontdoor simple m med expl expl_dox expl_my expl_my_dox",
    "NDE": "backdoor frontdoor napkin simple m med expl zid_a gid_a gid_b expl_dox expl_xm_dox expl_xy_dox",
    "NDE on the treated": "backdoor frontdoor simple m med expl expl_dox",
}
# The published lists name no graph without a directed path, and count a direct effect that the graph says is zero as
# unknown wherever the whole effect is. Both are answered exactly: by P(Y), and by 0.
COMPLETED = {
    "ATE": {"conf"},
    "ATT": {"conf"},
    "NDE": {"conf", "extended_bow", "bad_fd"},
    "NDE on the treated": {"conf", "extended_bow", "bad_fd"},
}
# Graphs of the first of the two folders: known for the average effect alone (Xia et al. 2021).
REFUSED_FIRST = {
    "bow",
    "extended_bow",
    "double_bow",
    "iv",
    "bad_m",
    "bad_m_2",
    "bdm",
    "butterfly",
    "extended_butterfly",
}
ALONE = ("expl_xm_dox", "expl_xy_dox", "zid_a", "gid_a", "gid_b")


def data_of(name: str) -> tuple[list[set[str]], bool]:
    """Give the experiments that belong to a graph, and whether there are observations."""
    if name.startswith("gid"):
        return [{"X1"}, {"X2"}], False
    if name.startswith("zid"):
        return [{"Z"}], True
    return ([{"X"}] if name.endswith("_dox") else []), True


def asked(graph: Graph, question: str) -> str:
    """Write a question for a graph; with two treatments all are set at once."""
    if "X" in graph:
        units = {"ATE": "ATE(X, Y)", "ATT": "ATT(X, Y)", "NDE": "NDE(X, Y)"}
        return units.get(question, "NDE(X, Y | X=1)")
    between = sorted({m for x in ("X1", "X2") for m in mediators(graph, x, "Y")} - {"X1", "X2"})
    nested = ", ".join(["X1=1", "X2=1", *(f"{m}_{{X1=0, X2=0}}" for m in between)])
    return {
        "ATE": "P(Y=1 | do(X1=0, X2=0))",
        "ATT": "P(Y_{X1=0, X2=0}=1 | X1=1, X2=1)",
        "NDE": f"P(Y_{{{nested}}}=1)",
    }.get(question, f"P(Y_{{{nested}}}=1 | X1=1, X2=1)")


def of_verdicts() -> Row:
    """Ask every graph every question."""
    found, times = [], []
    for path in sorted((DATA / "ncm_counterfactuals").glob("*.cg")):
        graph, (experiments, observed) = Graph.read(path), data_of(path.stem)
        for question, names in QUESTIONS.items():
            began = time.process_time()
            answer = identify(graph, asked(graph, question), experiments, observed=observed)
            times.append(time.process_time() - began)
            expected = path.stem in {*names.split(), *COMPLETED[question]}
            found.append({"graph": path.stem, "question": question, "found": answer.identifiable, "expected": expected})
    for name in ALONE:
        graph = Graph.read(DATA / "ncm_counterfactuals" / f"{name}.cg")
        answer = identify(graph, asked(graph, "ATE"))
        found.append({"graph": name, "question": "ATE, seen only", "found": answer.identifiable, "expected": False})
    for path in sorted((DATA / "ncm").glob("*.cg")):
        expected = path.stem not in REFUSED_FIRST
        answer = identify(Graph.read(path), "P(Y | do(X))")
        found.append(
            {"graph": f"ncm/{path.stem}", "question": "ATE", "found": answer.identifiable, "expected": expected}
        )
    wrong = [row for row in found if row["found"] != row["expected"]]
    return {"asked": len(found), "wrong": wrong, "median_ms": 1e3 * median(times), "verdicts": found}


def verdicts_part(table: Table, size: int) -> None:
    """Verdicts on published graphs."""
    row = table.row(
        "identify", "verdicts", 0, {"questions": 4, "completed": sum(map(len, COMPLETED.values()))}, of_verdicts
    )
    shown: dict[str, dict[str, str]] = {}
    for one in row["verdicts"]:
        shown.setdefault(one["graph"], {})[one["question"]] = ("yes" if one["found"] else "no") + (
            "" if one["found"] == one["expected"] else " WRONG"
        )
    heads = [*QUESTIONS, "ATE, seen only"]
    table.show([{"graph": name, **{h: told.get(h, "") for h in heads}} for name, told in sorted(shown.items())])
    right = row["asked"] - len(row["wrong"])
    table.bar("verdicts on published graphs: all as expected", not row["wrong"], f"{right} of {row['asked']}")
    table.line(f"      median {row['median_ms']:.2f} ms a question")


def one_graph(graph: Graph, of: list[str], do: list[str], seed: int) -> Row:
    """Compare a verdict and a formula with what is known."""
    began = time.process_time()
    answer = identify(graph, query_text(of, do))
    taken = time.process_time() - began
    row: Row = {"identifiable": answer.identifiable, "strategy": answer.strategy, "ms": 1e3 * taken}
    row["agrees"] = answer.identifiable == reachable(graph, set(of), set(do))
    if answer:
        y, x = frozenset(of), frozenset(do)
        general = replace(answer, formula=closed(effect_from(y, x, graph), of_nodes(y | x)))
        models = [Tables(graph, np.random.default_rng([seed, number])) for number in range(MODELS)]
        row["error"] = max(
            distance(one.evaluate(m.series()), m.effect(of, do)) for m in models for one in (answer, general)
        )
    return row


def of_random(count: int, refusals: int, seed: int) -> Row:
    """Ask random graphs and named ones; confirm refusals."""
    rows, refused = [], []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        graph = random_graph(random, 4 + number % 4)
        of, do, _ = random_question(random, graph)
        rows.append({"graph": str(graph), "of": of, "do": do, **one_graph(graph, of, do, number)})
        if not rows[-1]["identifiable"] and len(graph) <= 5 and len(of) == 1:
            refused.append((graph, of[0], do))
    for name, (text, do_text, outcome) in {**IDENTIFIED, **REFUSED}.items():
        row = one_graph(Graph(text), [outcome], do_text.split(","), 0)
        rows.append({"graph": name, **row, "agrees": row["agrees"] and row["identifiable"] == (name in IDENTIFIED)})
    confirmed = [confirm(*each, seed) for each in refused[:refusals]]
    return {**summary(rows), "refusals": confirmed}


def confirm(graph: Graph, outcome: str, do: list[str], seed: int) -> Row:
    """Find two models that prove a refusal, trying a few places to start from."""
    best = (0.0, 0.0, 0.0)
    for start in range(4):
        same, apart, least = two_models(graph, outcome, do, 100 * seed + start)
        if same < SAME and apart > best[1]:
            best = (same, apart, least)
        if best[1] > APART:
            break
    return {
        "graph": str(graph),
        "effect": query_text([outcome], do),
        "same": best[0],
        "apart": best[1],
        "least": best[2],
    }


def summary(rows: list[Row]) -> Row:
    """Count and keep what went wrong."""
    times, errors = sorted(row["ms"] for row in rows), [row["error"] for row in rows if "error" in row]
    ways: dict[str, int] = {}
    for row in rows:
        ways[row["strategy"]] = ways.get(row["strategy"], 0) + 1
    return {
        "asked": len(rows),
        "identified": len(errors),
        "strategies": dict(sorted(ways.items())),
        "disagree": [row for row in rows if not row["agrees"]],
        "wrong": [row for row in rows if not row.get("error", 0.0) < EXACT],
        "worst_error": max(errors),
        "median_ms": median(times),
        "p99_ms": times[int(0.99 * len(times))],
        "slowest_ms": times[-1],
    }


def random_part(table: Table, size: int) -> None:
    """Verdicts and formulas on random graphs."""
    count = 2000 * size
    settings = {"count": count, "models": MODELS, "refusals": 100, "named": sorted({**IDENTIFIED, **REFUSED})}
    row = table.row("identify", "random", 0, settings, partial(of_random, count, 100, 0))
    table.show([{"asked": f"{row['asked']:,}", **{k: f"{n:,}" for k, n in row["strategies"].items()}}])
    table.bar(
        "random and named graphs: verdicts as by fixing",
        not row["disagree"],
        f"{len(row['disagree'])} of {row['asked']:,} differ",
    )
    table.bar(
        f"formulas equal the truth of {MODELS} models within {EXACT:g}",
        not row["wrong"],
        f"{row['identified']:,} formulas, largest error {row['worst_error']:.1e}",
    )
    proved = [one for one in row["refusals"] if one["same"] < SAME and one["apart"] > APART]
    apart = median(one["apart"] for one in row["refusals"])
    table.bar(
        "100 refusals confirmed by two models",
        len(proved) >= 100,
        f"{len(proved)}, same within {max(one['same'] for one in row['refusals']):.0e}, apart {apart:.2f} (median)",
    )
    table.bar(f"median <= {MILLISECONDS:g} ms", row["median_ms"] <= MILLISECONDS, f"{row['median_ms']:.2f} ms")
    table.line(f"      99 of 100 within {row['p99_ms']:.1f} ms, the slowest {row['slowest_ms']:.1f} ms")


def conditional(number: int, seed: int) -> Row:
    """Ask for an effect under conditions."""
    random = np.random.default_rng([seed, 1, number])
    graph = random_graph(random, 4 + number % 3, hidden=0.2)
    of, do, given = random_question(random, graph, conditions=1 + number % 2)
    answer = identify(graph, query_text(of, do, given))
    if not answer:
        return {"found": False}
    models = (Tables(graph, np.random.default_rng([seed, number, k])) for k in range(2))
    return {"found": True, "error": max(distance(answer.evaluate(m.series()), m.effect(of, do, given)) for m in models)}


def experimental(number: int, seed: int) -> Row:
    """Ask for an effect with two random experiments beside the observations."""
    random = np.random.default_rng([seed, 2, number])
    graph = random_graph(random, 3 + number % 4, hidden=0.5)
    of, do, _ = random_question(random, graph)
    regimes = [{str(n) for n in random.permutation(list(graph.nodes))[: random.integers(1, 3)]} for _ in range(2)]
    answer = identify(graph, query_text(of, do), regimes)
    row: Row = {"found": answer.identifiable}
    row["differs"] = answer.identifiable != reachable(graph, set(of), set(do), [set(), *regimes])
    if answer:
        model = Tables(graph, np.random.default_rng([seed, number]))
        joints = {tuple(sorted(regime)): model.series(regime) for regime in regimes}
        row["error"] = distance(answer.evaluate(model.series(), joints), model.effect(of, do))
    return row


def imagined(number: int, seed: int) -> Row:
    """Ask about other worlds."""
    random = np.random.default_rng([seed, 3, number])
    graph = random_graph(random, 3 + number % 3, arrows=0.5, hidden=0.2)
    question = Imagined.draw(random, graph)
    try:
        answer = identify(graph, str(question))
    except UsageError:
        return {"found": False}
    row: Row = {"found": answer.identifiable}
    for _ in range(2 if answer else 0):
        model = Functions.draw(graph, random)
        if (truth := question.truth(model)) is not None:
            row["error"] = max(row.get("error", 0.0), abs(answer.evaluate(model.series()) - truth))
    return row


KINDS = {"under conditions": conditional, "with experiments": experimental, "other worlds": imagined}


def of_kind(kind: str, count: int, seed: int) -> Row:
    """Ask many questions of a kind."""
    rows = [KINDS[kind](number, seed) for number in range(count)]
    errors = [row["error"] for row in rows if "error" in row]
    return {
        "asked": count,
        "identified": sum(row["found"] for row in rows),
        "worst_error": max(errors),
        "wrong": sum(not error < EXACT for error in errors),
        "differ": sum(row.get("differs", False) for row in rows),
    }


def worlds_part(table: Table, size: int) -> None:
    """Conditions, experiments, other worlds."""
    count = 600 * size
    rows = {kind: table.row("identify", kind, 0, {"count": count}, partial(of_kind, kind, count, 0)) for kind in KINDS}
    table.show(
        [
            {
                "question": kind,
                "asked": f"{row['asked']:,}",
                "identified": f"{row['identified']:,}",
                "largest error": f"{row['worst_error']:.1e}",
            }
            for kind, row in rows.items()
        ]
    )
    wrong = sum(row["wrong"] for row in rows.values())
    table.bar(f"these formulas, too, equal the truth within {EXACT:g}", not wrong, f"{wrong} do not")
    differ = rows["with experiments"]["differ"]
    table.bar("verdicts with experiments as by fixing", not differ, f"{differ} of {count:,} differ")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=1, full_seeds=5)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure")
    parser.add_argument("--peers", action="store_true", help="install peers in environments of their own, beside them")
    options = read(parser)
    table = Table("causal", options)
    parts: dict[str, Any] = {"verdicts": verdicts_part, "random": random_part, "worlds": worlds_part}
    for name in options.parts:
        measure = parts.get(name) or importlib.import_module(f"causal_{name}").measure
        measure(table, options.seeds)
        table.line()
    table.write()


if __name__ == "__main__":
    main()
