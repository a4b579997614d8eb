"""Effects of single rows: IHDP, realisations 1 to 10, and simulated designs with known effects.

IHDP (Hill 2011; the 672/75 rows that Shalit, Johansson and Sontag 2017 use): every method sees the covariates,
treatments and observed outcomes of the training rows; `auto` chooses on them alone. The test rows are foretold once, at
the end. sqrt PEHE is the root mean square error of the effects of the test rows against their true ones, the error of
the average effect is |mean of effects - mean of true effects| on the test rows; both in the outcome's own units, which
differ by a factor of a hundred over realisations: the mean over realisations says most about the widest ones.
"Boosting" is scikit-learn's gradient boosting for each arm with its own settings. A realisation with a number that is
not finite fails the bar.

Designs: effects that are steps, sparse, smooth, linear, constant, many columns, an outcome of yes and no; each with
confounding, 450 to 1,250 rows to learn from, and other rows to test.

Reference figures on these ten realisations (median / mean of sqrt PEHE), measured once with other implementations:
boosting .90 / 2.68, TARNet .85 / 1.56, causal forest 1.03 / 4.00, GANITE 1.65 / 2.80.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

from contrafact import cate
from table import Row, Table, cpu_seconds

DATA = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "causal" / "ihdp"
REALISATIONS = 10
METHODS = ("auto", "boosting", "tarnet", "cfr", "ganite")
PUBLISHED = {"boosting": ".90 / 2.68", "tarnet": ".85 / 1.56", "ganite": "1.65 / 2.80", "auto": ""}
MOST, AIM = (0.90, 2.7, 0.25), (0.70, 1.3, 0.15)


class Boosting:
    """Gradient boosting for each arm, with scikit-learn's own settings."""

    def __init__(self, x: np.ndarray, t: np.ndarray, y: np.ndarray) -> None:
        from sklearn.ensemble import GradientBoostingRegressor

        self.arms = [GradientBoostingRegressor(random_state=0).fit(x[t == arm], y[t == arm]) for arm in (0, 1)]

    def effect(self, x: np.ndarray) -> np.ndarray:
        """Give the difference of both arms."""
        low, high = (arm.predict(x) for arm in self.arms)
        return np.asarray(high - low)


def learned(method: str, x: np.ndarray, t: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """Fit a method."""
    return Boosting(x, t, y) if method == "boosting" else cate(x, t, y, method=method, seed=seed, folds=1)


def realisation(number: int) -> dict[str, dict[str, np.ndarray]]:
    """Read one realisation, counted from 0."""
    found = {}
    for part in ("train", "test"):
        with np.load(DATA / f"ihdp_npci_1-10.{part}.npz") as file:
            found[part] = {name: file[name][..., number] for name in ("x", "t", "yf", "mu0", "mu1")}
    return found


def of_ihdp(method: str, number: int, seed: int) -> Row:
    """Learn from the training rows of a realisation, and foretell its test rows."""
    data = realisation(number)
    train, test = data["train"], data["test"]
    model, seconds = cpu_seconds(lambda: learned(method, train["x"], train["t"].astype(int), train["yf"], seed))
    row: Row = {"cpu_seconds": seconds}
    for name, part in (("train", train), ("test", test)):
        effect, true = model.effect(part["x"]), part["mu1"] - part["mu0"]
        row[f"pehe_{name}"] = float(np.sqrt(np.mean((effect - true) ** 2)))
        row[f"ate_{name}"] = float(abs(effect.mean() - true.mean()))
        row["finite"] = row.get("finite", True) and bool(np.isfinite(effect).all())
    row["spread"] = float((test["mu1"] - test["mu0"]).std())
    if hasattr(model, "ate"):
        average, true_mean = model.ate(), float((train["mu1"] - train["mu0"]).mean())
        row |= {"average": average.value, "low": average.low, "high": average.high, "true": true_mean}
    if hasattr(model, "weights"):
        row["weights"] = model.weights
    return row


def ihdp(table: Table, seeds: int) -> None:
    """All methods on all realisations; `auto` with every seed."""
    rows = {
        method: [
            table.row(method, f"ihdp {n + 1}", 0, {"rows": 672}, partial(of_ihdp, method, n, 0))
            for n in range(REALISATIONS)
        ]
        for method in METHODS
    }
    table.line("IHDP: sqrt PEHE of the test rows, realisation by realisation")
    table.show(
        [
            {
                "realisation": str(n + 1),
                "spread of the effect": f"{rows['auto'][n]['spread']:.2f}",
                **{method: f"{own[n]['pehe_test']:.2f}" for method, own in rows.items()},
                "auto, average [interval] true": "{average:.2f} [{low:.2f}, {high:.2f}] {true:.2f}".format(
                    **rows["auto"][n]
                ),
            }
            for n in range(REALISATIONS)
        ]
    )
    table.line()
    others = {
        f"auto, seed {seed}": [
            table.row("auto", f"ihdp {n + 1}", seed, {"rows": 672}, partial(of_ihdp, "auto", n, seed))
            for n in range(REALISATIONS)
        ]
        for seed in range(1, seeds)
    }
    table.show([summary(method, own) for method, own in {**rows, **others}.items()])
    bars(table, rows["auto"])
    for own in others.values():
        bars(table, own)


def summary(method: str, rows: list[Row]) -> dict[str, str]:
    """Sum a method up."""
    test, seen = ([row[f"pehe_{part}"] for row in rows] for part in ("test", "train"))
    return {
        "method": method,
        "median": f"{median(test):.2f}",
        "mean": f"{fmean(test):.2f}",
        "in sample": f"{median(seen):.2f} / {fmean(seen):.2f}",
        "error of the average": f"{fmean(row['ate_test'] for row in rows):.2f}",
        "in sample ": f"{fmean(row['ate_train'] for row in rows):.2f}",
        "not finite": str(sum(not row["finite"] for row in rows)),
        "CPU seconds": f"{fmean(row['cpu_seconds'] for row in rows):.1f}",
        "reference, median / mean": PUBLISHED.get(method, ""),
    }


def bars(table: Table, rows: list[Row]) -> None:
    """Hold `auto` to its bars."""
    found = (
        median(row["pehe_test"] for row in rows),
        fmean(row["pehe_test"] for row in rows),
        fmean(row["ate_test"] for row in rows),
    )
    seed = rows[0]["seed"]
    strange = sum(not row["finite"] for row in rows)
    table.bar(f"IHDP, seed {seed}: every number finite", not strange, f"{strange} realisations with others")
    names = ("median sqrt PEHE", "mean sqrt PEHE", "error of the average effect")
    for name, value, most, aim in zip(names, found, MOST, AIM, strict=True):
        table.bar(f"IHDP, seed {seed}: {name} of auto <= {most:g} (aim {aim:g})", value <= most, f"{value:.3f}")
    inside = sum(row["low"] <= row["true"] <= row["high"] for row in rows)
    table.line(f"      seed {seed}: the 95 % interval of the average effect holds the truth in {inside} of {len(rows)}")


def logistic(z: np.ndarray) -> np.ndarray:
    """Give chances from log-odds."""
    return np.asarray(1 / (1 + np.exp(-z)))


Design = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]  # chance, outcome untreated, effect
DESIGNS: dict[str, tuple[int, int, Design]] = {
    "steps": (
        750,
        10,
        lambda x: (
            logistic(x[:, 0]),
            2 * np.sin(x[:, 0]) + x[:, 1] ** 2 + x[:, 2],
            2.0 * (x[:, 3] > 0) + 1.0 * (x[:, 4] > 0.5),
        ),
    ),
    "sparse": (
        1250,
        20,
        lambda x: (
            0.1 + 0.8 * logistic(x[:, 0] - x[:, 1]),
            5 * np.sin(np.pi * logistic(x[:, 0]) * logistic(x[:, 1]))
            + 10 * (logistic(x[:, 2]) - 0.5) ** 2
            + 3 * logistic(x[:, 3]),
            0.5 + 0.5 * x[:, 0],
        ),
    ),
    "60 columns": (
        450,
        60,
        lambda x: (logistic(0.35 * x[:, :5].sum(1)), x[:, :10] @ np.linspace(1, 0.1, 10), 1 + x[:, 0]),
    ),
    "smooth": (
        500,
        6,
        lambda x: (
            logistic(x[:, 0] + 0.5 * x[:, 1]),
            np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2],
            np.sin(x[:, 0]) + 0.5 * x[:, 3] ** 2,
        ),
    ),
    "linear": (500, 6, lambda x: (logistic(x[:, 0]), 0.5 * x.sum(1), 1 + x[:, 1])),
    "constant": (500, 6, lambda x: (logistic(x[:, 0]), np.abs(x[:, 0]) + x[:, 1] ** 2, np.ones(len(x)))),
    "yes or no": (
        1250,
        8,
        lambda x: (
            logistic(x[:, 0]),
            logistic(-0.5 + x[:, 0] + 0.5 * x[:, 1]),
            logistic(-0.2 + x[:, 0] + 0.5 * x[:, 1] + 0.8 * x[:, 2]) - logistic(-0.5 + x[:, 0] + 0.5 * x[:, 1]),
        ),
    ),
}


def of_design(method: str, name: str, seed: int) -> Row:
    """Learn from simulated rows, and foretell others."""
    count, columns, make = DESIGNS[name]
    random = np.random.default_rng([seed, list(DESIGNS).index(name)])
    x = random.normal(size=(count + 2000, columns))
    chance, low, effect = make(x)
    t = (random.random(len(x)) < chance).astype(int)
    expected = low + t * effect
    y = (random.random(len(x)) < expected) * 1.0 if name == "yes or no" else expected + random.normal(size=len(x))
    model, seconds = cpu_seconds(lambda: learned(method, x[:count], t[:count], y[:count], seed))
    error = float(np.sqrt(np.mean((model.effect(x[count:]) - effect[count:]) ** 2)))
    return {"pehe_test": error, "spread": float(effect.std()), "cpu_seconds": seconds}


def designs(table: Table, seeds: int) -> None:
    """`auto` beside boosting on simulated designs."""
    lines, better = [], 0
    for name in DESIGNS:
        found = {
            method: [table.row(method, name, s, {}, partial(of_design, method, name, s)) for s in range(seeds)]
            for method in ("auto", "boosting")
        }
        auto, other = (fmean(row["pehe_test"] for row in found[method]) for method in ("auto", "boosting"))
        better += auto < other
        spread, seconds = (fmean(row[key] for row in found["auto"]) for key in ("spread", "cpu_seconds"))
        lines.append(
            {
                "design": name,
                "spread of the effect": f"{spread:.2f}",
                "auto": f"{auto:.3f}",
                "boosting": f"{other:.3f}",
                "CPU seconds of auto": f"{seconds:.0f}",
            }
        )
    table.line("simulated designs: sqrt PEHE of other rows")
    table.show(lines)
    table.bar(
        "simulated designs: auto nearer to the truth than boosting",
        better == len(DESIGNS),
        f"{better} of {len(DESIGNS)}",
    )


def measure(table: Table, seeds: int) -> None:
    """Measure IHDP, then the designs."""
    ihdp(table, seeds)
    table.line()
    designs(table, seeds)
