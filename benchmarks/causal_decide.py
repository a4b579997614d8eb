"""Decisions: is the value of a learned rule what it is said to be, and is the rule better than treating all or none?

IHDP: the 672 training rows of realisations 1 to 10; treating costs 4, about what it does on average. True values are
means over these rows of the true outcome without noise. Simulated policies: 600 rows each, with confounding; true
values are means over 100,000 other rows. "split": treatment helps some and harms others, so that a rule beats treating
all and treating none; "all": it helps everybody by about the same, and no rule can beat treating all. Counted is how
often the 95 % interval of the rule's value holds the true value, and whether the rule is truly better than both.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrafact.tasks.decide import decide
from table import Row, Table, cpu_seconds

DATA = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "causal" / "ihdp"
COST, REPEATS, MANY, LEAST = 4.0, 20, 100_000, 17


def found_in(decision: Any, gains: dict[str, float], truth: float) -> Row:
    """Hold a decision against the truth."""
    value = decision.scores["value_rule"]
    return {
        "value": value.value,
        "low": value.low,
        "high": value.high,
        "true": truth,
        "covers": bool(value.low <= truth <= value.high),
        "gains": gains,
        "treated": decision.treated,
        "verdict": decision.verdict,
        "rule": list(decision.rule),
        "agreement": decision.agreement,
    }


def of_ihdp(number: int) -> Row:
    """Decide on the training rows of one realisation."""
    with np.load(DATA / "ihdp_npci_1-10.train.npz") as file:
        x, t, y, low, high = (file[name][..., number] for name in ("x", "t", "yf", "mu0", "mu1"))
    names = [f"x{i + 1}" for i in range(x.shape[1])]
    frame = pd.DataFrame(x, columns=names).assign(home_visits=t.astype(int), score=y)
    graph = "; ".join([*(f"{n} -> home_visits; {n} -> score" for n in names), "home_visits -> score"])
    decision, seconds = cpu_seconds(lambda: decide(frame, "home_visits", "score", graph, cost=COST))
    treats = decision.decisions["treat"].to_numpy()
    value = float(np.where(treats, high - COST, low).mean())
    gains = {"all": value - float((high - COST).mean()), "none": value - float(low.mean())}
    best = float(np.maximum(high - COST, low).mean()) - max(float((high - COST).mean()), float(low.mean()))
    return {**found_in(decision, gains, value), "best": best, "cpu_seconds": seconds}


def simulated(kind: str, rows: int, random: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Draw rows, and give what both arms would give on average."""
    x = random.normal(size=(rows, 5))
    low = x[:, 0] + 0.5 * x[:, 1] ** 2
    effect = 0.8 * x[:, 2] + 0.8 * (x[:, 3] > 0) - 0.4 if kind == "split" else np.full(rows, 1.0) + 0.1 * x[:, 2]
    t = random.random(rows) < 1 / (1 + np.exp(-x[:, 0] - 0.5 * x[:, 2]))
    y = low + t * effect + random.normal(size=rows)
    frame = pd.DataFrame(x, columns=list("abcde")).assign(t=t.astype(int), y=y)
    return frame, low, low + effect


def of_policy(kind: str, seed: int) -> Row:
    """Decide on simulated rows, and follow the rule on many others."""
    random = np.random.default_rng([seed, 7, kind == "split"])
    frame, _, _ = simulated(kind, 600, random)
    others, low, high = simulated(kind, MANY, random)
    graph = "a -> t; a -> y; b -> y; c -> t; c -> y; d -> y; e -> y; t -> y"
    decision, seconds = cpu_seconds(lambda: decide(frame, "t", "y", graph, seed=seed))
    treats = decision.decide(others)
    value = float(np.where(treats, high, low).mean())
    gains = {"all": value - float(high.mean()), "none": value - float(low.mean())}
    return {**found_in(decision, gains, value), "cpu_seconds": seconds}


def line(name: str, row: Row) -> dict[str, str]:
    """Show one decision."""
    return {
        "data": name,
        "treated": f"{row['treated']:.0%}",
        "value [interval]": f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]",
        "true": f"{row['true']:.2f}",
        "true gain over all, none": f"{row['gains']['all']:+.3f}, {row['gains']['none']:+.3f}",
        "short rule agrees": f"{row['agreement']:.0%}",
    }


def measure(table: Table, seeds: int) -> None:
    """Measure IHDP, then simulated policies."""
    own = [table.row("decide", f"ihdp {n + 1}", 0, {"cost": COST}, partial(of_ihdp, n)) for n in range(10)]
    table.show([line(f"IHDP {n + 1}", row) for n, row in enumerate(own)])
    covered = sum(row["covers"] for row in own)
    table.bar("IHDP: the interval holds the rule's true value in at least 9 of 10", covered >= 9, f"{covered} of 10")
    able = [row for row in own if row["best"] > 0.01]
    beaten = sum(min(row["gains"].values()) > 0 for row in able)
    table.bar(
        "IHDP: truly better than treating all and none, where a rule can be",
        beaten == len(able),
        f"{beaten} of {len(able)}",
    )
    rows = {
        kind: [table.row("decide", kind, s, {"rows": 600}, partial(of_policy, kind, s)) for s in range(REPEATS)]
        for kind in ("split", "all")
    }
    table.show([line(f"{kind} {s}", row) for kind, some in rows.items() for s, row in enumerate(some[:3])])
    for kind, some in rows.items():
        covered = sum(row["covers"] for row in some)
        table.bar(
            f"{kind}: the interval holds the true value in at least {LEAST} of {REPEATS}",
            covered >= LEAST,
            f"{covered} of {REPEATS}",
        )
    better = sum(min(row["gains"].values()) > 0 for row in rows["split"])
    table.bar("split: truly better than treating all and none", better == REPEATS, f"{better} of {REPEATS}")
    loss = max(-row["gains"]["all"] for row in rows["all"])
    table.line(f"      all: the rule is worth at most {loss:.3f} less than treating all")
    claimed = sum(row["verdict"].startswith("Treat by the rule") for row in rows["all"])
    table.line(f"      all: a gain over treating all is claimed in {claimed} of {REPEATS}")
