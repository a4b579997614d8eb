"""Privacy of tables: what differential privacy costs, whether it keeps its promise, and whether attacks see a leak.

dp: Adult at epsilon 1, 3 and 10, beside no epsilon at all. Learned from the 32,561 training rows, judged with the
16,281 test rows as holdout; ends of the numeric columns are given, levels are paid for. Settings were chosen on a fifth
of the training rows, none on the test rows.

canary: 400 rows, each of levels of its own, are kept by coins; an attacker who sees every noised step scores them
(Steinke et al., 2023). The lower bound on epsilon must not exceed what was claimed, in ten trainings of ten; a build
that does not clip, while its noise is for a clip of 1, must be caught in ten of ten, where so few guesses can show it.
The same row is scored by the finished model alone, as somebody would who was given the model.

memoriser: a hundred rows learned by heart. The judge must see it.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

import contrafact.nets.private_game as private_game
from contrafact import zoo
from contrafact.metrics.canary import audit, coins
from contrafact.metrics.classifiers import c2st_trees
from contrafact.metrics.columns import tables
from contrafact.metrics.marginals import shapes
from contrafact.metrics.relations import pairs
from contrafact.metrics.table_judge import judge_table
from contrafact.metrics.usefulness import tstr
from contrafact.nets.private import along
from table import Row, Table, arguments, known, mean_range, mean_sd, read
from tables_data import adult

PARTS = ("dp", "canary", "memoriser")
EPSILONS = (1.0, 3.0, 10.0)
BOUNDS = {
    "age": (17, 90),
    "fnlwgt": (10_000, 1_500_000),
    "education-num": (1, 16),
    "capital-gain": (0, 99_999),
    "capital-loss": (0, 4356),
    "hours-per-week": (1, 99),
}
DRAWN = 10_000
SHOWN = ("shapes", "pairs", "c2st_trees", "tstr_auc")
RUNS, PLANTED, COLUMNS, DELTA = 10, 400, 6, 1e-5
UNCLIPPED, SHOWABLE = (1.0, 3.0), (1.0,)  # at 3 the noise hides so few canaries even from who sees every step
HEART = zoo.Loom(steps=900, width=128, depth=2, batch=64, decay=0, half_life=0)


def small(epsilon: float | None) -> zoo.Loom:
    """Give the settings of the dp part; the network is small, as noise grows with the number of weights."""
    if epsilon is None:
        return zoo.Loom(width=64, depth=1, steps=640)
    return zoo.Loom(epsilon=epsilon, bounds=BOUNDS, width=64, depth=1)


def useful(recipe: Any, seed: int) -> Row:
    """Fit, draw and judge; the account comes along."""
    learned, kept = adult("train"), adult("test")
    began = time.process_time()
    model = recipe.fit(learned, seed=seed)
    fitted = time.process_time() - began
    read = tables(learned, model.sample(DRAWN, seed=100 + seed), kept)
    found = [
        shapes(*read, seed),
        pairs(*read, seed),
        c2st_trees(*read, seed),
        tstr(read[0], read[1], "income", read[2], seed),
    ]
    return {"cpu_seconds": fitted, **{score.name: score.value for score in found}, "account": model.facts()}


def dp_part(table: Table, seeds: int) -> None:
    """Adult at three epsilons."""
    shown = []
    for epsilon in (*EPSILONS, None):
        recipe = small(epsilon)
        name = "loom, no epsilon" if epsilon is None else f"loom, epsilon {epsilon:g}"
        rows = [
            table.row(name, "adult", seed, known(recipe), partial(useful, recipe, seed))
            for seed in range(seeds if epsilon else 1)
        ]
        told = rows[0]["account"].get("privacy")
        line = {"method": name, "seeds": str(len(rows))}
        line |= {key: mean_sd([row[key] for row in rows], 3) for key in SHOWN}
        line["CPU s"] = mean_sd([row["cpu_seconds"] for row in rows], 0)
        if told:
            steps = told["training"]
            line |= {"delta": f"{told['delta']:g}", "noise": f"{steps['noise']:.2f}", "rate": f"{steps['rate']:.3f}"}
            line["steps"] = str(steps["steps"])
            spent = max(row["account"]["privacy"]["spent"] for row in rows)
            table.bar(f"{name}: spent no more ({told['accountant']})", spent <= epsilon, f"{spent:.4f}")
        shown.append(line)
    table.show(shown)


def audited(seed: int, clips: bool, claimed: float) -> Row:
    """Train once and bound epsilon from below: by every noised step, and by the finished model alone."""
    kept, names = coins(PLANTED, seed), [f"k{i:03d}" for i in range(PLANTED)]
    columns = [f"c{j}" for j in range(COLUMNS)]
    planted = pd.DataFrame(dict.fromkeys(columns, names))
    usual = pd.DataFrame(np.random.default_rng(seed).choice(["a", "b"], (200, COLUMNS)), columns=columns)
    levels = dict.fromkeys(columns, ("a", "b", *names))
    small = {"steps": 6, "batch": 10**6, "width": 256, "depth": 1}
    recipe = zoo.Loom(epsilon=claimed, delta=DELTA, clip=1.0, levels=levels, **small)
    training = recipe.training(pd.concat([usual, planted[kept]], ignore_index=True), seed=seed)
    tokens = torch.from_numpy(training.method.codec.encode(planted)["tokens"].astype(np.int64))
    known_cells = torch.zeros_like(tokens, dtype=torch.bool)
    scores, honest = np.zeros(PLANTED), private_game.clipped_sum
    if not clips:
        private_game.clipped_sum = lambda net, *cells: honest(net, *cells[:3], 1e9)
    try:
        for _ in training:
            net = training.game.game.net
            gradient = [weight.grad for weight in net.parameters()]
            scores += along(net, gradient, tokens, known_cells, ~known_cells).numpy()
    finally:
        private_game.clipped_sum = honest
    inside = audit(scores, kept, claimed=claimed, delta=DELTA)
    outside = audit(training.model.log_prob(planted, orders=1), kept, claimed=claimed, delta=DELTA)
    return {"steps_seen": inside.to_json(), "model_seen": outside.to_json()}


def canary_part(table: Table, seeds: int) -> None:
    """Ten trainings that clip for each claim, and ten that do not, which so few canaries can show at 1 alone."""
    builds = [(True, claimed) for claimed in EPSILONS] + [(False, claimed) for claimed in UNCLIPPED]
    found = {build: canaries(table, *build) for build in builds}
    table.show([told(*build, seen, rows) for build, rows in found.items() for seen in ("steps_seen", "model_seen")])
    for claimed in EPSILONS:
        kept = sum(
            not row[seen]["contradicts"] for row in found[True, claimed] for seen in ("steps_seen", "model_seen")
        )
        claim = f"lower bound <= {claimed:g} in 10 of 10 trainings, for both attackers"
        table.bar(claim, kept == 2 * RUNS, f"{kept / 2:g}")
    for claimed in SHOWABLE:
        caught = sum(row["steps_seen"]["contradicts"] for row in found[False, claimed])
        table.bar(f"epsilon {claimed:g}: a build without clipping is caught in 10 of 10", caught == RUNS, str(caught))


def canaries(table: Table, clips: bool, claimed: float) -> list[Row]:
    """Train and attack ten times."""
    settings = {"planted": PLANTED, "columns": COLUMNS, "claimed": claimed, "delta": DELTA, "guesses": 0.5}
    name = "clipped" if clips else "not clipped"
    return [table.row(name, "canaries", seed, settings, partial(audited, seed, clips, claimed)) for seed in range(RUNS)]


def told(clips: bool, claimed: float, seen: str, rows: list[Row]) -> dict[str, str]:
    """Write what one attacker found in one build."""
    above = sum(row[seen]["contradicts"] for row in rows)
    return {
        "claimed": f"{claimed:g}",
        "build": "clipped" if clips else "not clipped",
        "attacker sees": "every step" if seen == "steps_seen" else "the model",
        "lower bound": mean_range([row[seen]["low"] for row in rows]),
        "right of 200": mean_range([row[seen]["right"] for row in rows], 0),
        "above the claim": f"{above} of {len(rows)}",
    }


def few(rows: int, seed: int) -> pd.DataFrame:
    """Draw rows of eight columns that have nothing to do with each other."""
    draw = np.random.default_rng(seed)
    levels = {f"c{i}": draw.choice(list("abcde"), rows) for i in range(4)}
    return pd.DataFrame({**levels, **{f"n{i}": draw.integers(0, 8, rows) for i in range(4)}})


def by_heart(kind: str, seed: int) -> Row:
    """Judge rows of a generator that learned by heart, or fresh rows of the same law."""
    real, other = few(100, 3 * seed), few(100, 3 * seed + 1)
    if kind == "memoriser":
        training = HEART.training(real, seed=seed)
        training.finish()
        made = training.live.sample(400, seed=seed)
    else:
        made = few(400, 3 * seed + 2)
    found = judge_table(real, made, other)
    scores = {name: found.scores[name].value for name in ("membership_auc", "copies")}
    nearest = [pair.distance for pair in found.privacy.nearest]
    return {**scores, "exact": found.privacy.exact, "listed": sum(distance == 0 for distance in nearest)}


def memoriser_part(table: Table, seeds: int) -> None:
    """A hundred rows by heart, and the same without a generator."""
    rows = {
        kind: [table.row(kind, "100 rows", seed, known(HEART), partial(by_heart, kind, seed)) for seed in range(seeds)]
        for kind in ("memoriser", "fresh rows")
    }
    table.show(
        [
            {"rows": kind, **{key: mean_range([row[key] for row in own]) for key in own[0] if key in MEMORY}}
            for kind, own in rows.items()
        ]
    )
    least = min(row["membership_auc"] for row in rows["memoriser"])
    table.bar("memoriser: membership AUC > .8", least > 0.8, f"{least:.3f}")
    listed = min(row["listed"] for row in rows["memoriser"])
    table.bar("memoriser: copies listed", listed > 0, str(listed))


MEMORY = ("membership_auc", "copies", "exact", "listed")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=1, full_seeds=3)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="which parts")
    options = read(parser)
    table = Table("private", options)
    for part in options.parts:
        {"dp": dp_part, "canary": canary_part, "memoriser": memoriser_part}[part](table, options.seeds)
        table.line()
    table.write()


if __name__ == "__main__":
    sys.exit(main())
