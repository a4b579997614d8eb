"""Holes: how near fills come to what was hidden, and whether draws scatter as widely as the truth.

The protocol of Yoon et al. (2018): a fifth of all cells hidden at random, a method fitted to what is left, the root
mean square error over the hidden cells with columns scaled to 0..1. One setting for all sets; nothing is chosen on the
hidden cells. Beside it holes that depend on what is known (MAR), in Letter, and Adult with its words, of which the
share that is guessed right counts.

`covered`: the share of hidden cells whose truth has a rank among its 20 draws in the middle 90 %, ties dealt at random;
of draws of the true law that is .900, whether numbers repeat or not. `inside` takes the 5 and 95 % quantiles of the 20
draws as the ends of an interval: of draws of the true law that holds .814 where no numbers repeat (positions between
order statistics are interpolated), and up to 1 where nearly all do, as in Spam.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from contrafact import zoo
from table import Row, Table, mean_sd
from tables_data import adult, numbers

HOLES_SECONDS = 150
RMSE = {"letter": 0.068, "spam": 0.047, "breast": 0.056}
FILLS: dict[str, Callable[[], Any]] = {
    "mean": lambda: zoo.Fill(rule="mean"),
    "median": lambda: zoo.Fill(rule="median"),
    "most frequent": lambda: zoo.Fill(rule="most_frequent"),
    "minimum": lambda: zoo.Fill(rule="minimum"),
    "maximum": lambda: zoo.Fill(rule="maximum"),
    "interpolate": lambda: zoo.Interpolate(),
    "ice": lambda: zoo.ICE(),
    "forest": lambda: zoo.Forest(),
    "gain": lambda: zoo.GAIN(),
    "loom": lambda: zoo.Loom(learn="holes", holes=False),
}
DRAWS, MASKED = 20, 0.2
MIXED_ROWS = 10_000
DIGITS = {"rmse": 4, "right": 3, "covered": 3, "inside": 3, "energy": 5, "cells_a_second": 0, "cpu_seconds": 0}


def of_holes(make: Callable[[], Any], name: str, mask: int) -> Row:
    """Hide a fifth of the cells, fill them, and measure."""
    whole = numbers(name).astype(np.float64)
    hidden = np.random.default_rng(mask).random(whole.shape) < MASKED
    holed = whole.mask(pd.DataFrame(hidden, columns=whole.columns))
    began = time.process_time()
    model = make().fit(holed, seed=mask)
    fitted = time.process_time()
    best = model.impute(holed)
    filled = time.process_time()
    spread = (whole.max() - whole.min()).replace(0, 1)
    away = ((best - whole) / spread).to_numpy()[hidden]
    row = {
        "rmse": float(np.sqrt((away**2).mean())),
        "cpu_seconds": fitted - began,
        "cells_a_second": float(hidden.sum() / (filled - fitted)),
    }
    return row | drawn_holes(model, holed, whole, hidden, mask)


def drawn_holes(model: Any, holed: pd.DataFrame, whole: pd.DataFrame, hidden: np.ndarray, seed: int) -> Row:
    """Measure 90 % intervals of draws, and the energy distance of one drawn table to the whole one."""
    from contrafact.metrics.two_sample import energy_distance

    few = np.random.default_rng(seed).permutation(len(whole))[:2000]
    part, truth, mask = holed.iloc[few], whole.iloc[few], hidden[few]
    draws = model.impute(part, draws=DRAWS, seed=seed)
    if all(draw.equals(draws[0]) for draw in draws[1:]):
        return {}
    stack = np.stack([draw.to_numpy(dtype=np.float64) for draw in draws])
    ends = np.quantile(stack, [0.05, 0.95], axis=0)
    inside = (truth.to_numpy() >= ends[0]) & (truth.to_numpy() <= ends[1])
    below, tied = ((compare(stack, truth.to_numpy())).sum(0) for compare in (np.less, np.equal))
    dealt = np.random.default_rng([seed, 1]).random(mask.shape)
    rank = (below + dealt * (tied + 1)) / (DRAWS + 1)
    scale = whole.std().replace(0, 1).to_numpy()
    return {
        "covered": float(((rank >= 0.05) & (rank <= 0.95))[mask].mean()),
        "inside": float(inside[mask].mean()),
        "energy": energy_distance(truth.to_numpy() / scale, stack[0] / scale).value,
    }


def holes_part(table: Table, seeds: int) -> None:
    """Every fill method on three sets."""
    cells = []
    for name, bar in RMSE.items():
        rows = {
            method: [
                table.row(method, f"{name}, holes", mask, make().settings(), partial(of_holes, make, name, mask))
                for mask in range(seeds)
            ]
            for method, make in FILLS.items()
        }
        for method, found in rows.items():
            line = {"set": name, "method": method, "masks": str(len(found))}
            cells.append(line | told(found))
        worst = max(row["rmse"] for row in rows["loom"])
        table.bar(f"{name}: RMSE <= {bar}", worst <= bar, f"{worst:.4f}")
        covered = [row["covered"] for row in rows["loom"]]
        table.bar(
            f"{name}: 90 % intervals cover .85 to .95",
            all(0.85 <= share <= 0.95 for share in covered),
            ", ".join(f"{share:.3f}" for share in covered),
        )
        energies = [float(np.mean([row["energy"] for row in rows[m]])) for m in ("loom", "ice")]
        table.bar(
            f"{name}: energy distance below that of ICE",
            energies[0] < energies[1],
            f"{energies[0]:.5f}, {energies[1]:.5f}",
        )
        slowest = max(row["cpu_seconds"] for row in rows["loom"])
        table.bar(f"{name}: <= {HOLES_SECONDS} CPU seconds", slowest <= HOLES_SECONDS, f"{slowest:.0f}")
    table.show(cells)


def told(found: list[Row]) -> dict[str, str]:
    """Write down what was measured over masks."""
    values = {key: [row[key] for row in found if key in row] for key in DIGITS}
    return {key: mean_sd(values[key], digits) if values[key] else "-" for key, digits in DIGITS.items()}


def leaning(name: str, mask: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Hide a fifth of the cells of all columns but the first, the likelier the larger the first."""
    whole = numbers(name).astype(np.float64)
    rank = whole.iloc[:, 0].rank(pct=True).to_numpy()
    hidden = np.random.default_rng(mask).random(whole.shape) < 2 * MASKED * rank[:, None]
    hidden[:, 0] = False
    return whole, hidden


def of_mixed(make: Callable[[], Any], whole: pd.DataFrame, hidden: np.ndarray, mask: int) -> Row:
    """Fill the holes of a table with words: how near are its numbers, how many of its words are right?"""
    holed = whole.mask(pd.DataFrame(hidden, columns=whole.columns))
    began = time.process_time()
    model = make().fit(holed, seed=mask)
    fitted = time.process_time()
    best = model.impute(holed)
    filled = time.process_time()
    errors, right = [], []
    for place, name in enumerate(whole.columns):
        asked = hidden[:, place] & whole[name].notna().to_numpy()
        truth, guess = whole[name][asked], best[name][asked]
        if pd.api.types.is_numeric_dtype(whole[name]):
            errors.append(((guess.astype(float) - truth) / (whole[name].max() - whole[name].min())).to_numpy() ** 2)
        else:
            right.append((guess == truth).to_numpy())
    row = {
        "rmse": float(np.sqrt(np.concatenate(errors).mean())),
        "cpu_seconds": fitted - began,
        "cells_a_second": float(hidden.sum() / (filled - fitted)),
    }
    return row | ({"right": float(np.concatenate(right).mean())} if right else {})


def mixed_part(table: Table, seeds: int) -> None:
    """Holes that depend on what is known, and holes among words."""
    people = adult("train").sample(MIXED_ROWS, random_state=0).reset_index(drop=True)
    sets: dict[str, Callable[[int], tuple[pd.DataFrame, np.ndarray]]] = {
        "letter, MAR": partial(leaning, "letter"),
        "adult": lambda mask: (people, np.random.default_rng(mask).random(people.shape) < MASKED),
    }
    names = [name for name in FILLS if name != "interpolate"]
    cells = []
    for setting, make_mask in sets.items():
        for method in names:
            make = FILLS[method]
            if method in ("mean", "median", "minimum", "maximum") and setting == "adult":
                continue
            found = [
                table.row(
                    method,
                    f"{setting}, holes",
                    mask,
                    make().settings(),
                    lambda make=make, mask=mask, of=make_mask: of_mixed(make, *of(mask), mask),
                )
                for mask in range(seeds)
            ]
            cells.append({"set": setting, "method": method, "masks": str(len(found))} | told(found))
    table.show(cells)
