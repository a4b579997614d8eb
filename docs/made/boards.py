"""Leaderboards of methods, from what the benchmarks have measured and the repository keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from contrafact.zoo.index import INDEX, boards
from made.markdown import code, plain, table

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a leaderboard.

    Arguments:
        head: What stands above it.
        key: The key in the measured rows, or a function of one row.
        digits: Decimals.
        lower: Whether less is better.
        median: Whether rows are put together by their median, not by their mean.
    """

    head: str
    key: str | Callable[[Row], Any]
    digits: int = 3
    lower: bool = False
    median: bool = False

    def of(self, row: Row) -> Any:
        """Give a row's value; None where it has none."""
        return self.key(row) if callable(self.key) else row.get(self.key)


CPU = Column(head="CPU s", key="cpu_seconds", digits=1, lower=True)


@dataclass(frozen=True, kw_only=True)
class Board:
    """One leaderboard.

    Arguments:
        kind: The kind of data, under whose heading it stands.
        title: What was asked.
        about: Data, protocol and how to read it.
        bench: The benchmark, whose rows are taken.
        command: What prints it.
        setting: The setting of the rows, or a function that tells.
        columns: What is shown; the first one orders the methods.
        names: What rows that are no plain method are called; None leaves them out.
        parted: Gives several rows for one, where a row holds several measurements.
    """

    kind: str
    title: str
    about: str
    bench: str
    command: str
    setting: str | Callable[[str], bool]
    columns: tuple[Column, ...]
    names: tuple[tuple[str, str | None], ...] = ()
    parted: Callable[[Row], list[Row]] = lambda row: [row]


@cache
def measured(bench: str) -> list[Row]:
    """Read what a benchmark has measured."""
    rows: list[Row] = json.loads((RESULTS / f"{bench}.json").read_text(encoding="utf-8"))["rows"]
    return rows


def rows_of(board: Board) -> dict[str, list[Row]]:
    """Give the rows of a leaderboard, by what they are called."""
    names, found = dict(board.names), {}
    for row in (part for whole in measured(board.bench) for part in board.parted(whole)):
        fits = board.setting(row["setting"]) if callable(board.setting) else row["setting"] == board.setting
        name = names.get(row["method"], row["method"])
        if fits and name is not None:
            found.setdefault(linked(name), []).append(row)
    return found


def linked(name: str) -> str:
    """Link a method's name to its settings; another name stays as it is."""
    method, mark, rest = name.partition(" ")
    method, comma = method.rstrip(","), "," if method.endswith(",") else ""
    return f"[`{method}`](reference/methods.md#{method}){comma}{mark}{rest}" if method in INDEX else plain(name)


def values_of(column: Column, rows: list[Row]) -> list[float]:
    """Give what one method got in a column, over its seeds."""
    return [float(value) for value in map(column.of, rows) if value is not None]


def cell(column: Column, rows: list[Row]) -> str:
    """Write a column of one method: the mean over seeds and, of two or more, its standard deviation."""
    values = values_of(column, rows)
    if not values:
        return ""
    if column.median:
        return f"{median(values):.{column.digits}f}"
    digits = 0 if column is CPU and fmean(values) >= 10 else column.digits
    spread = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{fmean(values):,.{digits}f}{spread}".replace("-0.000", "0.000")


def order(column: Column, rows: list[Row]) -> float:
    """Give a number by which methods are put in order, the best first."""
    values = values_of(column, rows)
    if not values:
        return float("inf")
    middle = median(values) if column.median else fmean(values)
    return middle if column.lower else -middle


def written(board: Board) -> str:
    """Write a leaderboard."""
    rows = rows_of(board)
    ranked = sorted(rows, key=lambda name: order(board.columns[0], rows[name]))
    heads = ["method", *(column.head for column in board.columns), "seeds"]
    cells = [[name, *(cell(each, rows[name]) for each in board.columns), seeds(rows[name])] for name in ranked]
    told = f"{board.about} Printed by {code(board.command)}."
    return f"### {board.title}\n\n{told}\n\n{table(heads, cells)}"


def seeds(rows: list[Row]) -> str:
    """Count the seeds."""
    return str(len({row["seed"] for row in rows}))


def shipped() -> str:
    """Write the leaderboards that the program itself shows."""
    parts = []
    for board in boards():
        about = board["about"].partition(" Measured by: ")[0]
        cells = [[linked(row[0]), *map(plain, row[1:])] for row in board["rows"]]
        title = f"### {board['name'].upper()}: drawn from nothing but noise and a class"
        told = f"{plain(about)} Printed by `contrafact zoo --scores`; measured by `make bench-zoo ARGS=--board`."
        parts.append(f"{title}\n\n{told}\n\n{table(board['columns'], cells)}")
    return "\n".join(parts)
