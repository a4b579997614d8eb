"""Discovery: arrows between columns, held against graphs that are known.

simulated: twenty random graphs of ten nodes, 500 rows each. Every node after the first in a random order has 0 to 3
parents among those before it. Five kinds of mechanism take turns: sums of a smooth function of each parent, or a random
network of all, with noise added; and, with noise inside, a sigmoid of a weighted sum, a smooth function and a random
network of parents and noise. Nodes without parents are mixtures of four Gaussians. All columns are standardised, so
that no scale tells a direction. Settings were chosen on graphs of other seeds (1000 and above).

sachs: 7,466 cells with 11 proteins, log(x + 10), against the 18 arrows of the file beside the data; these have a cycle.

Each method's confidences come from resampled rows with its own defaults: average precision of arrows and of pairs that
are joined, the structural Hamming distance of arrows above 0.5, and how confidences agree with the truth. The graph
without arrows stands beside, with the share of true arrows as its precision.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd

import contrafact
from contrafact.causal.edges import (
    average_precision,
    graph_of,
    hamming,
    joined,
    matrix_of,
    reliability,
    skeleton_precision,
    truth_matrix,
)
from table import Row, Table, cpu_seconds

SACHS = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "causal" / "sachs"
NODES, ROWS, GRAPHS, MOST_PARENTS = 10, 500, 20, 3
Array = np.ndarray[Any, np.dtype[Any]]
METHODS: dict[str, dict[str, Any]] = {
    "sam": {"method": "sam"},
    "dagma": {"method": "dagma"},
    "dagma, linear": {"method": "dagma", "kind": "linear", "score": "squares"},
    "pc": {"method": "pc"},
    "ges": {"method": "ges"},
    "lingam": {"method": "lingam"},
}
EMPTY = "no arrows"
BAR_CPU_MINUTES = 10


def standard(values: Array) -> Array:
    """Give values mean 0 and standard deviation 1."""
    return (values - values.mean(0)) / values.std(0)


def smooth(random: np.random.Generator, inputs: Array) -> Array:
    """Draw a function from a Gaussian process of width 1, by a hundred random waves."""
    waves = 100
    turns, shifts = random.normal(size=(inputs.shape[1], waves)), random.uniform(0, 2 * np.pi, waves)
    return np.cos(inputs @ turns + shifts) @ random.normal(size=waves) * np.sqrt(2 / waves)


def network(random: np.random.Generator, inputs: Array) -> Array:
    """Draw a network of twenty units."""
    units = 20
    weights, shifts = random.normal(size=(inputs.shape[1], units)), 0.5 * random.normal(size=units)
    return np.tanh(inputs @ weights + shifts) @ random.normal(size=units)


def sum_of_smooth(random: np.random.Generator, parents: Array, noise: Array) -> Array:
    """Add up a smooth function of each parent, and noise."""
    parts = [standard(smooth(random, parents[:, [place]])) for place in range(parents.shape[1])]
    return standard(np.sum(parts, axis=0)) + noise


def network_and_noise(random: np.random.Generator, parents: Array, noise: Array) -> Array:
    """Add noise to a network of the parents."""
    return standard(network(random, parents)) + noise


def sigmoid_of_sum(random: np.random.Generator, parents: Array, noise: Array) -> Array:
    """Press a weighted sum of parents and noise through a sigmoid."""
    weights = random.uniform(0.5, 2, parents.shape[1]) * random.choice([-1, 1], parents.shape[1])
    return 1 / (1 + np.exp(-random.uniform(1, 3) * (standard(parents @ weights) + noise)))


def smooth_with_noise(random: np.random.Generator, parents: Array, noise: Array) -> Array:
    """Draw a smooth function of parents and noise together."""
    return smooth(random, np.column_stack([parents, 1.5 * noise]))


def network_with_noise(random: np.random.Generator, parents: Array, noise: Array) -> Array:
    """Draw a network of parents and noise together."""
    return network(random, np.column_stack([parents, 1.5 * noise]))


KINDS: tuple[Callable[[np.random.Generator, Array, Array], Array], ...] = (
    sum_of_smooth,
    network_and_noise,
    sigmoid_of_sum,
    smooth_with_noise,
    network_with_noise,
)


def root(random: np.random.Generator) -> Array:
    """Draw a node without parents."""
    means, spreads, parts = random.normal(size=4), random.uniform(0.3, 1, 4), random.integers(0, 4, ROWS)
    return means[parts] + spreads[parts] * random.normal(size=ROWS)


def simulated(seed: int) -> tuple[pd.DataFrame, Array]:
    """Draw a graph and rows from it."""
    random = np.random.default_rng(seed)
    order = random.permutation(NODES)
    rows, truth = np.zeros((ROWS, NODES)), np.zeros((NODES, NODES), dtype=bool)
    for place, node in enumerate(order):
        count = min(place, int(random.integers(0, MOST_PARENTS + 1)))
        parents = random.choice(order[:place], count, replace=False) if count else np.array([], dtype=int)
        truth[parents, node] = True
        values = root(random)
        if count:
            noise = random.uniform(0.3, 0.8) * random.normal(size=ROWS)
            values = KINDS[seed % len(KINDS)](random, rows[:, parents], noise)
        rows[:, node] = standard(values)
    return pd.DataFrame(rows, columns=[f"v{place}" for place in range(NODES)]), truth


def sachs() -> tuple[pd.DataFrame, Array]:
    """Read the protein data and the arrows that are taken for true."""
    rows = np.log(pd.read_csv(SACHS / "cyto_full_data.csv") + 10)
    arrows = pd.read_csv(SACHS / "cyto_full_target.csv")
    return rows, truth_matrix(tuple(rows.columns), zip(arrows["Cause"], arrows["Effect"], strict=True))


def scored(chances: Array, found: Array, truth: Array, seconds: float) -> Row:
    """Hold confidences against the truth."""
    off = ~np.eye(len(truth), dtype=bool)
    return {
        "aupr": average_precision(chances, truth),
        "skeleton_aupr": skeleton_precision(chances, truth),
        "shd": hamming(found, truth),
        "arrows": int(found.sum()),
        "right": int((found & truth).sum()),
        "joined_right": int(np.triu((found | found.T) & (truth | truth.T)).sum()),
        "true_arrows": int(truth.sum()),
        "cpu_seconds": seconds,
        "chances": [round(float(value), 4) for value in chances[off]],
        "joined": [round(float(value), 4) for value in joined(chances)[np.triu_indices(len(truth), 1)]],
        "truth": [int(value) for value in truth[off]],
        "pairs": [int(value) for value in (truth | truth.T)[np.triu_indices(len(truth), 1)]],
    }


def of_method(name: str, draw: Callable[[], tuple[pd.DataFrame, Array]]) -> Row:
    """Let a method look for arrows."""
    frame, truth = draw()
    names = tuple(frame.columns)
    if name == EMPTY:
        nothing = np.zeros(truth.shape)
        return scored(nothing, nothing.astype(bool), truth, 0.0)
    began = time.perf_counter()
    edges, seconds = cpu_seconds(lambda: contrafact.discover(frame, seed=0, **METHODS[name]))
    found = truth_matrix(names, graph_of(edges, 0.5, names))
    row = scored(matrix_of(edges, names)[1], found, truth, seconds)
    return {**row, "seconds": time.perf_counter() - began, "runs": edges.attrs["runs"]}


def settings_of(name: str) -> Row:
    """Give what a row depends on."""
    from contrafact.zoo import DAGMA, SAM

    asked = {key: value for key, value in METHODS.get(name, {}).items() if key != "method"}
    made: Any = {"sam": SAM, "dagma": DAGMA}.get(METHODS.get(name, {}).get("method", ""))
    return {} if made is None else {k: v for k, v in made(**asked).settings().items() if v is not None}


def line(name: str, rows: list[Row]) -> dict[str, str]:
    """Write a method's means as a line."""
    calibrated = reliability(
        np.concatenate([row["chances"] for row in rows]), np.concatenate([row["truth"] for row in rows])
    )
    pairs = reliability(np.concatenate([row["joined"] for row in rows]), np.concatenate([row["pairs"] for row in rows]))
    mean = {key: fmean(row[key] for row in rows) for key in ("aupr", "skeleton_aupr", "shd", "arrows", "right")}
    return {
        "method": name,
        "AUPR": f"{mean['aupr']:.3f}",
        "joined AUPR": f"{mean['skeleton_aupr']:.3f}",
        "SHD": f"{mean['shd']:.1f}",
        "arrows": f"{mean['arrows']:.1f}",
        "right": f"{mean['right']:.1f}",
        "Brier": f"{calibrated.brier:.3f}",
        "miscalibrated": f"{calibrated.error:.3f}",
        "joined": f"{pairs.error:.3f}",
        "CPU s": f"{fmean(row['cpu_seconds'] for row in rows):.1f}",
        "worst": f"{max(row['cpu_seconds'] for row in rows):.1f}",
    }


def bands(table: Table, rows: dict[str, list[Row]]) -> None:
    """Print how often arrows of each confidence are true."""
    shown = []
    for name, own in rows.items():
        if name == EMPTY:
            continue
        found = reliability(
            np.concatenate([row["chances"] for row in own]), np.concatenate([row["truth"] for row in own]), bands=5
        )
        told = {f"{number / 5:.1f}-{(number + 1) / 5:.1f}": "" for number in range(5)}
        for mean, share, count in found.rows:
            number = min(int(mean * 5), 4)
            told[f"{number / 5:.1f}-{(number + 1) / 5:.1f}"] = f"{share:.2f} of {count}"
        shown.append({"true share at confidence": name, **told})
    table.show(shown)


def on_simulated(table: Table) -> dict[str, list[Row]]:
    """Measure all methods on the random graphs."""
    rows: dict[str, list[Row]] = {name: [] for name in (*METHODS, EMPTY)}
    for name in (EMPTY, "pc", "ges", "sam", "lingam", "dagma", "dagma, linear"):
        for seed in range(GRAPHS):
            given = {"nodes": NODES, "rows": ROWS, **settings_of(name)}
            measured = partial(of_method, name, partial(simulated, seed))
            rows[name].append(table.row(name, "simulated", seed, given, measured))
    return rows


def measure(table: Table, seeds: int) -> None:
    """Measure discovery.

    Arguments:
        table: Keeps rows and bars.
        seeds: Not used: the graphs are the seeds.
    """
    rows = on_simulated(table)
    table.line(f"{GRAPHS} random nonlinear graphs of {NODES} nodes, {ROWS} rows; means over graphs")
    table.show([line(name, own) for name, own in rows.items()])
    table.line()
    bands(table, rows)
    table.line()
    kinds = []
    for place, kind in enumerate(KINDS):
        means = {name: fmean(row["aupr"] for row in own[place :: len(KINDS)]) for name, own in rows.items()}
        kinds.append(
            {"AUPR by mechanism": kind.__name__.replace("_", " "), **{k: f"{v:.2f}" for k, v in means.items()}}
        )
    table.show(kinds)
    best = {name: fmean(row["aupr"] for row in own) for name, own in rows.items()}
    rival = max((name for name in best if name != "sam"), key=lambda name: best[name])
    table.bar(
        "aim: the AUPR of sam is the highest",
        best["sam"] > best[rival],
        f"{best['sam']:.3f}, {rival} {best[rival]:.3f}",
    )
    longest = max(row["cpu_seconds"] for row in rows["sam"]) / 60
    table.bar(f"sam <= {BAR_CPU_MINUTES} CPU-minutes a graph", longest <= BAR_CPU_MINUTES, f"{longest:.2f} at most")
    table.line()
    real = {
        name: [table.row(name, "sachs", 0, {"rows": 7466, **settings_of(name)}, partial(of_method, name, sachs))]
        for name in (*METHODS, EMPTY)
    }
    table.line("Sachs: 7,466 cells, 11 proteins, 18 arrows (which hold a cycle)")
    table.show([line(name, own) for name, own in real.items()])
