"""Bounds where nothing is identified: response types against closed forms, and against the truth on random graphs.

exact: random laws of the bow (average effect), of an instrument (formulas of Balke and Pearl), of one arrow, and of the
bow with a trial beside it (necessity and sufficiency, formulas of Tian and Pearl). The law is known; the ends must be
those of the formula within 1e-6.

random: graphs of four nodes with hidden causes and random models. Where the effect is identified, response types alone
(without the formula) must give the truth; elsewhere the truth must lie between the ends.

rows: tables drawn from random models; how often the ends that count chance hold the true ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from oracles import Tables, balke_pearl, random_graph, series, tian_pearl

from contrafact import Graph
from contrafact.base.errors import UsageError
from contrafact.causal import bounded_question
from contrafact.causal.bounds import bounded, exact_bounds
from contrafact.causal.identify.ask import identify
from table import Row, Table

BOW, INSTRUMENT, ARROW = "X -> Y; X <-> Y", "Z -> X -> Y; X <-> Y", "X -> Y"
LAWS, GRAPHS, TABLES, DRAWS, ROWS, EXACT = 200, 150, 60, 60, 1000, 1e-6
Asked = tuple[Callable[[], Any], tuple[float, float]]


def bow(random: np.random.Generator) -> Asked:
    """The average effect under a hidden common cause."""
    p = random.dirichlet(np.ones(4)).reshape(2, 2)
    return partial(exact_bounds, series(p, "XY"), BOW, "ATE(X, Y)"), (-p[0, 1] - p[1, 0], p[0, 0] + p[1, 1])


def instrument(random: np.random.Generator) -> Asked:
    """The average effect with an instrument."""
    model = Tables(Graph(INSTRUMENT), random)
    law = model.law()
    ends = balke_pearl(law / law.sum(axis=(1, 2), keepdims=True))
    return partial(exact_bounds, model.series(), INSTRUMENT, "ATE(X, Y)"), ends


def necessity(random: np.random.Generator) -> Asked:
    """Necessity and sufficiency where nothing is hidden."""
    p = random.dirichlet(np.ones(4)).reshape(2, 2)
    one, zero = p[1, 1] / p[1].sum(), p[0, 1] / p[0].sum()
    ends = max(0.0, one - zero), min(one, 1 - zero)
    return partial(exact_bounds, series(p, "XY"), ARROW, "PNS(X, Y)"), ends


def necessity_with_trial(random: np.random.Generator) -> Asked:
    """Necessity and sufficiency from observations and a trial."""
    p, (up, down) = random.dirichlet(np.ones(4)).reshape(2, 2), random.random(2)
    one, zero = p[1, 1] + up * p[0].sum(), p[0, 1] + down * p[1].sum()
    trial = series(np.array([[1 - zero, zero], [1 - one, one]]) / 2, "XY")
    ask = partial(exact_bounds, series(p, "XY"), BOW, "PNS(X, Y)", experiments={"X": trial})
    return ask, tian_pearl(p, one, zero)


KINDS: dict[str, Callable[[np.random.Generator], Asked]] = {
    "bow, ATE": bow,
    "instrument, ATE": instrument,
    "arrow, PNS": necessity,
    "bow and trial, PNS": necessity_with_trial,
}


def exact(kind: str, seed: int) -> Row:
    """Compare the ends with closed forms."""
    worst, widths, times = 0.0, [], []
    for number in range(LAWS):
        ask, (low, high) = KINDS[kind](np.random.default_rng([seed, number]))
        began = time.process_time()
        found = ask()
        times.append(time.process_time() - began)
        worst = max(worst, abs(found.low - low), abs(found.high - high))
        widths.append(found.width)
    return {"laws": LAWS, "worst": worst, "width": float(np.mean(widths)), "ms": 1e3 * median(times)}


def on_random_graphs(seed: int) -> Row:
    """Ask random models of random graphs for effects, without the formulas of what is identified."""
    formula, bounded_question._settled = bounded_question._settled, lambda *_: None
    try:
        rows = [row for number in range(GRAPHS) if (row := _one_graph(seed, number)) is not None]
    finally:
        bounded_question._settled = formula
    known = [row for row in rows if row["identified"]]
    missed = [row for row in rows if not row["inside"]]
    return {
        "asked": len(rows),
        "identified": len(known),
        "worst": max(row["gap"] for row in known),
        "points": sum(row["width"] < EXACT for row in known),
        "missed": missed,
        "width": float(np.mean([row["width"] for row in rows if not row["identified"]])),
        "ms": 1e3 * median(row["seconds"] for row in rows),
    }


def _one_graph(seed: int, number: int) -> Row | None:
    random = np.random.default_rng([seed, 1, number])
    graph = random_graph(random, 4, hidden=0.35)
    y = graph.order[-1]
    causes = [node for node in graph.order if node != y and node in graph.ancestors(y)]
    if not causes:
        return None
    x = causes[int(random.integers(len(causes)))]
    model, query = Tables(graph, random), f"ATE({x}, {y})"
    effect = model.effect([y], [x])
    truth = float(effect[1, 1] - effect[0, 1])
    began = time.process_time()
    try:
        found = exact_bounds(model.series(), graph, query)
    except UsageError:  # too many response types
        return None
    seconds = time.process_time() - began
    inside = found.low - EXACT <= truth <= found.high + EXACT
    gap = max(abs(found.low - truth), abs(found.high - truth))
    named = identify(graph, query).identifiable
    return {
        "graph": str(graph),
        "query": query,
        "identified": named,
        "gap": gap,
        "inside": inside,
        "width": found.width,
        "seconds": seconds,
    }


def with_chance(text: str, seed: int) -> Row:
    """Draw tables, and ask how often the outer ends hold the true ones."""
    held, wider, times = 0, [], []
    for number in range(TABLES):
        random = np.random.default_rng([seed, 2, number])
        law = Tables(Graph(text), random).series()
        truth = exact_bounds(law, text, "ATE(X, Y)")
        drawn = random.choice(len(law), ROWS, p=law.to_numpy() / law.sum())
        began = time.process_time()
        found = bounded(law.index.to_frame(index=False).iloc[drawn], text, "ATE(X, Y)", seed=number, draws=DRAWS)
        times.append(time.process_time() - began)
        held += found.details["low_95"] <= truth.low and truth.high <= found.details["high_95"]
        wider.append(found.details["high_95"] - found.details["low_95"] - truth.width)
    return {"tables": TABLES, "held": held / TABLES, "wider": float(np.mean(wider)), "seconds": median(times)}


def measure(table: Table, seeds: int) -> None:
    """Measure all three."""
    rows = {kind: table.row("discrete", kind, 0, {"laws": LAWS}, partial(exact, kind, 0)) for kind in KINDS}
    table.show(
        [
            {
                "question": kind,
                "laws": str(row["laws"]),
                "largest error": f"{row['worst']:.1e}",
                "mean width": f"{row['width']:.3f}",
                "ms": f"{row['ms']:.1f}",
            }
            for kind, row in rows.items()
        ]
    )
    for kind, row in rows.items():
        table.bar(
            f"{kind}: discrete equals the closed form within {EXACT:g}", row["worst"] < EXACT, f"{row['worst']:.1e}"
        )
    row = table.row("discrete", "random graphs", 0, {"graphs": GRAPHS}, partial(on_random_graphs, 0))
    table.bar("random graphs: the truth lies between the ends", not row["missed"], f"{row['asked']} asked")
    points = f"{row['points']} of {row['identified']}, largest error {row['worst']:.1e}"
    table.bar("identified effects come out as the truth without their formula", row["worst"] < EXACT, points)
    table.line(f"      mean width of the others {row['width']:.2f}; {row['ms']:.1f} ms a question (median)")
    for name, text in {"bow": BOW, "instrument": INSTRUMENT}.items():
        row = table.row("discrete", f"{name}, rows", 0, {"tables": TABLES, "rows": ROWS}, partial(with_chance, text, 0))
        table.line(
            f"      {name}, n = {ROWS:,}: outer ends hold the true ones in {row['held']:.0%} of {row['tables']} "
            f"tables, {row['wider']:.3f} wider; {row['seconds']:.1f} s with {DRAWS} draws"
        )
