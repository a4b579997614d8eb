"""Rare classes: mammography (11,183 rows, 2.3 % malignant) in five folds, and whether `balance` advises well.

On the training part of each fold `balance` runs as a user would call it: its generator, its own held-out fifth, its
verdict. Boosted trees and a logistic regression are then trained on the whole training part in each of its ways, the
generated rows being those that it handed out, and tell about the fold, which neither the generator nor the verdict has
seen. Intervals are Student's over the five folds; those of gains are over differences within a fold.

A verdict says of generated rows, for each classifier, over nothing and over the best of what is simpler: they help, do
harm, or make no difference that could be seen. The folds decide: "help" is right if the mean gain over the folds is
above 0, "harm" if it is below, "no difference" unless the folds' interval lies beyond 0 and the mean beyond what the
verdict's own interval could have told from none.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

import numpy as np
from scipy.stats import t as student

from contrafact import zoo
from contrafact.base.records import Score
from contrafact.metrics.columns import tables
from contrafact.metrics.rare import Told, figures
from contrafact.tasks.helps import seen
from contrafact.tasks.table_arms import ARMS, MODELS, Course
from contrafact.tasks.table_balance import balancing_rows
from contrafact.tasks.table_maker import SOURCE, SYNTHETIC
from contrafact.tasks.table_trial import EFFORTS, SIMPLE, TEST_PARTS, Classes, advised, verdict
from table import Row, Table, arguments, known, read
from tables_data import mammography

TARGET, FOLDS, ROUNDS = "malignant", 3, 100
MEASURES = ("auprc", "auc", "f1", "brier", "brier_corrected")
CALIBRATION = 1.1
PLAIN = ("nothing", "weights", "smote")


def of_fold(number: int, seed: int) -> Row:
    """Let `balance` work on all folds but one, and test all its ways on that one."""
    frame = mammography()
    classes = Classes.of(frame, TARGET)
    parts = classes.parts(0)
    train, test = np.flatnonzero(parts != number), np.flatnonzero(parts == number)
    began = time.process_time()
    job = balancing_rows(frame.iloc[train].reset_index(drop=True), target=TARGET, seed=seed)
    result = job.finish()
    spent = time.process_time() - began
    made = result.data[result.data[SOURCE] == SYNTHETIC]
    real = frame.drop(columns=TARGET)
    read_ones = tables(real.iloc[train], real.iloc[test], made[list(real.columns)])
    own = made[TARGET].map({label: code for code, label in enumerate(classes.labels)}).to_numpy(dtype=np.int64)
    course = Course(
        rows=read_ones[0],
        classes=classes.codes[train],
        names=len(classes.labels),
        wanted=own,
        made=(read_ones[2], own),
        seed=seed,
    )
    truth, shares = classes.codes[test], classes.counts() / len(frame)
    ways = {}
    for model in MODELS:
        for arm in ARMS:
            told = course.told(arm, model, read_ones[1], truth, part=number, folds=FOLDS, rounds=ROUNDS)
            ways[f"{model} {arm}"] = scores_of(told, shares)
    return {
        "rare_rows": int(truth.sum()),
        "made": len(made),
        "cpu_seconds": spent,
        "verdict": verdict(result.scores),
        "advised": " ".join(advised(result.scores)),
        "claims": claims(result.scores),
        "ways": ways,
    }


def scores_of(told: Told, shares: np.ndarray) -> Row:
    """Measure what a classifier told about a fold."""
    found = figures(told, shares, np.ones((1, len(told.truth))))
    return {name: float(found[name][0]) for name in MEASURES}


def claims(scores: Mapping[str, Score]) -> list[Row]:
    """List what a verdict says of generated rows, as numbers."""
    found = []
    for model in MODELS:
        simple = max(SIMPLE, key=lambda arm: scores[f"auprc_{model}_{arm}"].value)
        gains = {
            "nothing": scores[f"gain_{model}_synthetic"],
            simple: scores[f"gain_{model}_synthetic_over_{simple}"],
        }
        for arm, gain in gains.items():
            found.append({"model": model, "over": arm, "says": seen(gain), "told_from": (gain.high - gain.low) / 2})
    return found


def over_folds(values: list[float]) -> tuple[float, float, float]:
    """Give the mean over folds and Student's interval."""
    mean = float(np.mean(values))
    reach = float(student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return mean, mean - reach, mean + reach


def gain(rows: list[Row], way: str, over: str) -> tuple[float, float, float]:
    """Give what one way gains in AUPRC over another."""
    return over_folds([row["ways"][way]["auprc"] - row["ways"][over]["auprc"] for row in rows])


def right(rows: list[Row], claim: Row) -> bool:
    """Hold a claim of a verdict against the folds."""
    mean, low, high = gain(rows, f"{claim['model']} synthetic", f"{claim['model']} {claim['over']}")
    if claim["says"]:
        return mean * claim["says"] > 0
    return low <= 0 <= high or abs(mean) <= claim["told_from"]


def between(found: tuple[float, float, float], sign: str = "") -> str:
    """Write a mean and its interval."""
    mean, low, high = found
    return f"{mean:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def shown(rows: list[Row]) -> list[dict[str, str]]:
    """Write the folds' means for every classifier and way."""
    lines = []
    for way in rows[0]["ways"]:
        model, arm = way.split()
        told = {name: [row["ways"][way][name] for row in rows] for name in MEASURES}
        plain = {name: f"{np.mean(told[name]):.{4 if 'brier' in name else 3}f}" for name in MEASURES if name != "auprc"}
        lines.append(
            {
                "classifier": MODELS[model],
                "with": ARMS[arm],
                "auprc": between(over_folds(told["auprc"])),
                "over nothing": "" if arm == "nothing" else between(gain(rows, way, f"{model} nothing"), "+"),
                **plain,
            }
        )
    return lines


def best_of(ways: Mapping[str, float]) -> str:
    """Name the way with the highest number."""
    return max(ways, key=lambda way: ways[way])


def bars(table: Table, rows: list[Row]) -> None:
    """Hold the advice and the verdicts against the folds."""
    means = {f"trees {arm}": float(np.mean([row["ways"][f"trees {arm}"]["auprc"] for row in rows])) for arm in PLAIN}
    best = best_of(means)
    mine = [row["ways"][row["advised"]] for row in rows]
    away = over_folds([own["auprc"] - row["ways"][best]["auprc"] for own, row in zip(mine, rows, strict=True)])
    table.line(f"advised, fold by fold: {', '.join(row['advised'] for row in rows)}")
    table.bar(
        f"AUPRC of what is advised not below the best of none, weights, SMOTE ({best}), beyond the interval",
        away[2] >= 0,
        between(away, "+"),
    )
    plain = float(np.mean([row["ways"]["trees nothing"]["brier"] for row in rows]))
    own = float(np.mean([way["brier_corrected"] for way in mine]))
    table.bar(
        "Brier of what is advised (chances corrected) <= 1.1 x none's",
        own <= CALIBRATION * plain,
        f"{own:.4f}, {plain:.4f}",
    )
    told = [(row, claim) for row in rows for claim in row["claims"]]
    wrong = [claim for _, claim in told if not right(rows, claim)]
    table.bar(
        f"verdicts right, all {len(told)} claims of {len(rows)} verdicts",
        not wrong,
        f"{len(told) - len(wrong)} of {len(told)}",
    )
    for claim in wrong:
        mean = gain(rows, f"{claim['model']} synthetic", f"{claim['model']} {claim['over']}")
        table.line(f"      wrong: {claim}; folds {between(mean, '+')}")
    loom = gain(rows, "trees synthetic", best)
    table.line(f"      loom's rows over {best}: {between(loom, '+')}")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=1, full_seeds=3)
    options = read(parser)
    table = Table("imbalance", options)
    settings = {**known(zoo.Loom()), "folds": FOLDS, "rounds": ROUNDS, "check": asdict(EFFORTS["quick"])}
    for seed in range(options.seeds):
        rows = [
            table.row("balance", f"mammography, fold {number}", seed, settings, partial(of_fold, number, seed))
            for number in range(TEST_PARTS)
        ]
        table.line(f"seed {seed}")
        table.show(shown(rows))
        table.line()
        bars(table, rows)
        table.line()
    table.write()


if __name__ == "__main__":
    sys.exit(main())
