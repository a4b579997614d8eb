"""The numbers of the README's measured table, from the results that are kept.

Each line of MEASURED is a row of the table: its numbers from left to right, as they must be printed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import mean, median
from typing import Any

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
Number = Callable[[], float]


@cache
def kept(bench: str) -> list[dict[str, Any]]:
    return json.loads((RESULTS / f"{bench}.json").read_text(encoding="utf-8"))["rows"]


def over(bench: str, setting: str, method: str, field: str, by: Callable[..., float] = mean, **where: Any) -> float:
    """Bring together a field of all rows of a method; fields of fields are parted by a slash."""
    rows = [row for row in kept(bench) if f"{row['setting']} ".startswith(f"{setting} ") and row["method"] == method]
    rows = [row for row in rows if all(row[key] == value for key, value in where.items())]
    assert rows, f"{bench}: nothing of {method} on {setting}"
    return by(_field(row, field) for row in rows)


def _field(row: Any, field: str) -> float:
    if field == "dice":
        return mean(2 * both / (one + other) for slices in row["counts"] for both, one, other in slices)
    for part in field.split("/"):
        row = row[part]
    return float(row)


def short(value: float, digits: int) -> str:
    """Write a number as the tables of the benchmarks do: .513, 2.36, 413."""
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") and digits else text


def pair(bench: str, setting: str, ours: str, peer: str, field: str, digits: int, **more: Any) -> list[str]:
    """Give a score of ours and of the peer's, and what each cost."""
    scores = [short(over(bench, setting, method, field, **more), digits) for method in (ours, peer)]
    cost = [over(bench, setting, method, "cpu_seconds", **more) for method in (ours, peer)]
    return [*scores, *(short(value, 0) for value in cost)]


def pictures() -> list[str]:
    ours, peer = ("defaults", "r3gan"), ("900 CPU", "dcgan")
    scores = [short(over("images", *ours, "fid"), 2), short(over("images", *peer, "fid"), 1)]
    return [*scores, *(short(over("images", *one, "cpu_seconds"), 0) for one in (ours, peer))]


def imagined() -> list[str]:
    return [short(over("causal", "nonlinear", method, "one_X5", seed=0), 3) for method in ("scm", "gcm")]


def mammography() -> list[str]:
    ways = [f"ways/trees {way}/auprc" for way in ("synthetic", "smote")]
    return [short(over("imbalance", "mammography,", "balance", way), 3) for way in ways]


def frechet() -> list[str]:
    both = ("contrafact", "torchmetrics")
    return [short(over("frechet", "n = 5,000", method, "compare"), 1) for method in both]


MEASURED: dict[str, Callable[[], list[str]]] = {
    "grid": lambda: pair("modes", "grid", "r3gan", "gan non-saturating", "high_quality", 3),
    "mnist": pictures,
    "mnist, a minute": lambda: pair("zoo", "mnist", "r3gan", "sngan", "fid", 1),
    "adult, detector": lambda: pair("tables", "adult", "loom", "ctgan, package index", "c2st_trees", 3),
    "adult, use": lambda: pair("tables", "adult", "loom", "ctgan, package index", "tstr_auc", 3),
    "diabetes": lambda: pair("tables", "diabetes", "loom", "copula", "tstr_r2", 3),
    "letter": lambda: pair("tables", "letter, holes", "loom", "forest", "rmse", 4),
    "mammography": mammography,
    "isbi": lambda: pair("segment", "isbi2012_em,", "pix2pix", "unet", "dice", 3),
    "fsdd": lambda: pair("audio", "fsdd, gate", "specgan", "wavegan", "right", 3),
    "captions": lambda: pair("text", "captions", "scratchgan", "lstm", "bleu4", 3),
    "etth1, ahead": lambda: pair("series", "ETTh1 ahead", "shuttle", "var", "crps", 3),
    "etth1, gaps": lambda: pair("series", "ETTh1 ahead", "shuttle", "var", "rmse 4", 3),
    "ihdp": lambda: pair("causal", "ihdp", "auto", "boosting", "pehe_test", 2, by=median),
    "imagined": imagined,
    "sachs": lambda: pair("causal", "sachs", "sam", "pc", "aupr", 3),
    "frechet": frechet,
}
