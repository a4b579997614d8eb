"""Counterfactual rows of five-node models, beside DoWhy's gcm in the same run (--peers).

X1 -> X2, X3, X5; X2 -> X3, X4; X3 -> X4; X4 -> X5, with normal noise of standard deviation .6 (X1: 1). Nonlinear: the
first parent of a node acts through 2 tanh x, the second through .3 x^2; linear: all through .8 x. 5,000 rows to learn
from, 2,000 to imagine, once with X2 one higher and once with X2 = 1. The truth is known, since the noise is. Speeds are
rows a CPU second, of one thread.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrafact.zoo import SCM
from peer_gcm import imagined
from table import Row, Table, cpu_seconds, known

GRAPH = "X1 -> X2; X1 -> X3; X1 -> X5; X2 -> X3; X2 -> X4; X3 -> X4; X4 -> X5"
PARENTS = {"X2": ("X1",), "X3": ("X1", "X2"), "X4": ("X2", "X3"), "X5": ("X1", "X4")}
ROWS, ASKED, DRAWN, SPREAD = 5000, 2000, 200_000, 0.6
CHANGES: dict[str, Any] = {"more": lambda x: x + 1, "one": 1.0}
BELOW, KINDS = ("X3", "X4", "X5"), ("nonlinear", "linear")
FASTER_DO, FASTER_ROWS, HALF = 10.0, 3.0, 0.5


def world(noise: np.ndarray, kind: str, change: Any = None) -> pd.DataFrame:
    """Run the true model on noise, with X2 changed."""
    first, second = (np.tanh, np.square) if kind == "nonlinear" else (lambda x: x, lambda x: x)
    weights = (2.0, 0.3) if kind == "nonlinear" else (0.8, 0.8)
    values = {"X1": noise[0]}
    for place, (node, parents) in enumerate(PARENTS.items(), 1):
        acting = zip(parents, (first, second), weights, strict=False)
        values[node] = noise[place] + sum(weight * act(values[parent]) for parent, act, weight in acting)
        if node == "X2" and change is not None:
            values[node] = change(values[node]) if callable(change) else np.full(len(noise[0]), change)
    return pd.DataFrame(values)


def noise_of(rows: int, seed: int) -> np.ndarray:
    """Draw the units."""
    drawn = np.random.default_rng(seed).normal(size=(5, rows)) * SPREAD
    drawn[0] /= SPREAD
    return drawn


def errors(made: dict[str, pd.DataFrame], units: np.ndarray, kind: str) -> Row:
    """Compare imagined rows with the truth: root mean squared errors."""
    found: Row = {}
    for name, change in CHANGES.items():
        truth = world(units, kind, change)
        found |= {f"{name}_{node}": float(np.sqrt(((made[name][node] - truth[node]) ** 2).mean())) for node in BELOW}
    return found


def of_ours(kind: str, seed: int) -> Row:
    """Fit, imagine, draw."""
    train, units = world(noise_of(ROWS, 2 * seed), kind), noise_of(ASKED, 2 * seed + 1)
    test = world(units, kind)
    model, fit_seconds = cpu_seconds(lambda: SCM(graph=GRAPH).fit(train, seed=seed))
    made, seconds = cpu_seconds(lambda: {n: model.counterfactual(test, {"X2": c}) for n, c in CHANGES.items()})
    _, drawing = cpu_seconds(lambda: model.do(X2=1.0).sample(DRAWN, seed=seed))
    return {
        **errors(made, units, kind),
        "kinds": list(model.net.kinds),
        "fit_seconds": fit_seconds,
        "do_rows_a_second": DRAWN / drawing,
        "counterfactual_rows_a_second": 2 * ASKED / seconds,
    }


def of_peer(kind: str, seed: int) -> Row:
    """Let the peer do the same."""
    units = noise_of(ASKED, 2 * seed + 1)
    with tempfile.TemporaryDirectory() as folder:
        train, test = Path(folder) / "train.csv", Path(folder) / "test.csv"
        world(noise_of(ROWS, 2 * seed), kind).to_csv(train, index=False)
        world(units, kind).to_csv(test, index=False)
        told = imagined(train, test, Path(folder), GRAPH.replace(" ", "").replace("->", ">").replace(";", ","), "X2")
        made = {name: pd.read_csv(Path(folder) / f"{name}.csv") for name in CHANGES}
    return {**errors(made, units, kind), **told}


def compared(table: Table, kind: str, seed: int, ours: Row, peer: Row) -> None:
    """Hold our figures against the peer's."""
    for name in CHANGES:
        pairs = [(ours[f"{name}_{node}"], peer[f"{name}_{node}"]) for node in BELOW]
        said = " ".join(f"{a:.3f}/{b:.3f}" for a, b in pairs)
        if kind == "nonlinear":
            table.bar(f"{kind}, X2 {name}, seed {seed}: errors <= gcm's", all(a <= b for a, b in pairs), said)
            table.line(f"      aim half of them: {'reached' if all(a <= HALF * b for a, b in pairs) else 'missed'}")
        else:
            table.line(f"      {kind}, X2 {name}, seed {seed}: {said}")
    for what, bar in (("do_rows_a_second", FASTER_DO), ("counterfactual_rows_a_second", FASTER_ROWS)):
        times = ours[what] / peer[what]
        said = f"{times:.1f} x: {ours[what]:,.0f} against {peer[what]:,.0f}"
        if kind == "nonlinear":
            table.bar(f"{kind}, seed {seed}: {what.replace('_', ' ')} >= {bar:g} x gcm's", times >= bar, said)
        else:
            table.line(f"      {kind}, seed {seed}: {what.replace('_', ' ')} {said}")


def measure(table: Table, seeds: int) -> None:
    """Measure both kinds of model; the peer where it is asked for, or where it was measured before."""
    settings = {"rows": ROWS, "asked": ASKED, **known(SCM())}
    shown: list[dict[str, str]] = []
    for kind in KINDS:
        for seed in range(seeds):
            ours = table.row("scm", kind, seed, settings, partial(of_ours, kind, seed))
            kept = any(r["method"] == "gcm" and r["setting"] == kind and r["seed"] == seed for r in table.rows)
            if kept or getattr(table.options, "peers", False):
                peer = table.row("gcm", kind, seed, {"rows": ROWS, "asked": ASKED}, partial(of_peer, kind, seed))
                compared(table, kind, seed, ours, peer)
            figures = {f"{name} {node}": f"{ours[f'{name}_{node}']:.3f}" for name in CHANGES for node in BELOW}
            shown.append({"model": kind, "seed": str(seed), **figures, "fit CPU s": f"{ours['fit_seconds']:.1f}"})
    table.show(shown)
