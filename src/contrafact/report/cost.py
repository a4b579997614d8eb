"""The cost analysis: what each player's loss says about the game, and why it says nothing about quality."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from contrafact.report.figures import Figure
from contrafact.report.lines import Level, Lines, Series
from contrafact.report.markup import is_number, number

Row = Mapping[str, Any]
KNOWN = ("loss", "gradient", "wins", "on_real", "on_fake")

WHY = (
    "A loss here is no measure of quality. Each player's loss is measured against an opponent that moves: a falling "
    "generator loss may mean better fakes, or a weaker critic; a falling critic loss may mean a sharper critic, or "
    "worse fakes.",
    "At balance, when the critic cannot tell real from fake, both losses are constants, whatever the quality: the "
    "dashed lines. The curves are worth watching for trouble (one player running away, gradients that vanish or "
    "explode), not for progress. To see whether the fakes are good, look at the held-out score above.",
)
WHY_ALONE = (
    "This is the cost that the method itself makes small, on the rows that it trains on. It need not fall together "
    "with the quality of what is made; look at the held-out score for that.",
)


def series(rows: Sequence[Row], name: str, label: str | None = None) -> Series | None:
    """Read one logged quantity over the steps; None where it was never a number.

    Arguments:
        rows: Logged rows.
        name: The quantity.
        label: What to call it.
    """
    told = [(row["step"], row[name]) for row in rows if name in row and is_number(row.get("step"))]
    if not any(is_number(value) for _, value in told):
        return None
    values = [float(value) if is_number(value) else math.nan for _, value in told]
    return Series(name=label or name, x=np.array([step for step, _ in told], dtype=np.float64), y=np.array(values))


def all_series(rows: Sequence[Row], names: Sequence[str]) -> tuple[Series, ...]:
    """Read several quantities, without those that were never numbers."""
    return tuple(line for line in (series(rows, name, _spoken(name)) for name in names) if line is not None)


def _spoken(name: str) -> str:
    """Call `critic/r1` the critic's r1, in a legend's few letters."""
    return name.replace("/", " ")


def from_zero(lines: Sequence[Series]) -> tuple[float, float]:
    """Give an axis for shares: all the way to 1 where the lines come near it, else as far as they reach."""
    highest = max(float(np.nanmax(line.y)) for line in lines)
    top = 1.0 if highest > 0.4 else max(1.2 * highest, 0.02)
    return -0.02 * top, 1.02 * top


def players(rows: Sequence[Row]) -> list[str]:
    """Name the players that logged a loss, in order of appearance."""
    names = dict.fromkeys(name for row in rows for name in row if name.endswith("/loss"))
    return [name.removesuffix("/loss") for name in names]


def why(rows: Sequence[Row]) -> tuple[str, ...]:
    """Say why a loss is no measure of quality."""
    return WHY if len(players(rows)) > 1 else WHY_ALONE


def cost_figures(rows: Sequence[Row], balance: Mapping[str, float]) -> list[Figure]:
    """Draw losses, gradients, the critic's wins and the other terms, as far as they were logged.

    Arguments:
        rows: Logged rows.
        balance: Losses at balance, by name.
    """
    made = (_losses(rows, balance), _wins(rows), _gradients(rows), _terms(rows))
    return [figure for figure in made if figure is not None]


def lately(rows: Sequence[Row], name: str) -> float | None:
    """Give the median of a quantity over the last tenth of the rows, at least five of them."""
    values = [row[name] for row in rows if is_number(row.get(name))]
    return median(values[-max(len(values) // 10, 5) :]) if values else None


def _losses(rows: Sequence[Row], balance: Mapping[str, float]) -> Figure | None:
    lines = all_series(rows, [f"{player}/loss" for player in players(rows)])
    if not lines:
        return None
    at = {name: value for name, value in balance.items() if is_number(value)}
    levels = _at_balance(at)
    return Figure(
        finding=_who_leads(rows, at),
        sentence="Dashed: each player's loss when nobody can tell real from fake. A critic below its line is ahead."
        if levels
        else "The training loss of each player.",
        drawing=Lines(x="step", y="loss", series=lines, levels=levels),
    )


def _at_balance(balance: Mapping[str, float]) -> tuple[Level, ...]:
    """Make a line for each loss at balance, one for both where they are the same."""
    if len(balance) > 1 and len({round(value, 9) for value in balance.values()}) == 1:
        return (Level(name="both at balance", value=next(iter(balance.values()))),)
    return tuple(Level(name=f"{name.removesuffix('/loss')} at balance", value=value) for name, value in balance.items())


def _who_leads(rows: Sequence[Row], balance: Mapping[str, float]) -> str:
    now, even = lately(rows, "critic/loss"), balance.get("critic/loss")
    if now is None or even is None:
        return "The losses over the steps."
    if abs(now - even) <= 0.02 * max(abs(even), 1):
        return (
            f"Near the end the game is close to balance: the critic's loss is {number(now)}, at balance {number(even)}."
        )
    if now < even:
        return f"Near the end the critic is ahead: its loss is {number(now)}, at balance it would be {number(even)}."
    return (
        f"Near the end the critic does worse than guessing: its loss is {number(now)}, at balance it would be "
        f"{number(even)}."
    )


def _wins(rows: Sequence[Row]) -> Figure | None:
    lines = all_series(rows, ["critic/wins"])
    if not lines:
        return None
    return Figure(
        finding=f"Near the end the critic ranks the real row above the fake in {lately(rows, 'critic/wins') or 0:.0%} "
        "of all pairs.",
        sentence="At one half it cannot tell them apart. Close to 1 for long, the generator learns little from it.",
        drawing=Lines(
            x="step",
            y="share of pairs won",
            series=lines,
            levels=(Level(name="balance", value=0.5),),
            limits=(-0.02, 1.02),
        ),
    )


def _gradients(rows: Sequence[Row]) -> Figure | None:
    names = dict.fromkeys(name for row in rows for name in row if name.endswith("/gradient"))
    lines = tuple(line for line in all_series(rows, list(names)) if np.nanmax(line.y) > 0)
    if not lines:
        return None
    ratios = []
    for line in lines:
        sizes = line.y[np.isfinite(line.y) & (line.y > 0)]
        ratios.append(float(sizes.max() / np.median(sizes)))
    worst = max(range(len(lines)), key=ratios.__getitem__)
    whose = lines[worst].name.removesuffix(" gradient")
    return Figure(
        finding=f"The largest gradient was the {whose}'s: {ratios[worst]:.3g} times its usual size.",
        sentence="Length of each player's gradient, on a scale of ratios. A steady fall to nothing means that the "
        "player no longer learns; a jump by hundreds means that training blows up.",
        drawing=Lines(x="step", y="length of gradient", series=lines, logarithmic=True),
    )


def _terms(rows: Sequence[Row]) -> Figure | None:
    """Draw what is added to the losses: penalties, and whatever else a method names."""
    moves = {f"{player}/" for player in players(rows)}
    names = dict.fromkeys(
        name
        for row in rows
        for name in row
        if any(name.startswith(move) for move in moves) and name.rsplit("/", 1)[-1] not in KNOWN
    )
    lines = all_series(rows, list(names))
    if not lines:
        return None
    return Figure(
        finding="What is added to the losses: penalties and other terms.",
        sentence="As they enter the sum that the player makes small, weights included. Penalties keep the critic "
        "smooth.",
        drawing=Lines(x="step", y="term", series=lines),
    )
