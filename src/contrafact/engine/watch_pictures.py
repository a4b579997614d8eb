"""The doctor's rules on what is learned by heart, and on pictures: each reads signs that are measured at every check.

A sign must hold in three checks in a row, and past half of the run where every young generator shows it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from contrafact.base.records import Finding
from contrafact.engine.logged import Row, always, evaluated, in_play

CHECKS = 3
DEAD = 0.4  # of what real pictures of a class show
AUGMENT = "Augment what the critic sees (r3gan: --set augment=auto), make fewer steps, or give more pictures."
FEWER = "Make fewer steps, give more clips, or lower the critic's rate."
LESS = "Give more data, make fewer steps, or raise the penalties (--set r1=2 --set r2=2)."


def _late(rows: Sequence[Row], total: int, name: str, share: float) -> list[Row]:
    """Keep the checks past a share of the run that measured a sign, and were finite."""
    return [r for r in evaluated(in_play(rows)) if r["step"] >= share * total and r.get(name) is not None]


def _against_copies(row: Row) -> str:
    """Say what helps against copies; a row of a training on sound says how many fakes are silent."""
    return FEWER if "silent" in row else AUGMENT


def memorising(rows: Sequence[Row], total: int) -> Finding | None:
    """The critic ranks what it is trained on far above held-out items, and no less than before."""
    late = _late(rows, total, "critic_gap", 0.1)
    sure = all(row["critic_gap"] > 3 * row.get("critic_gap_error", math.inf) for row in late[-CHECKS:])
    if not (sure and always(late, "critic_gap", CHECKS, lambda gap: gap > 0.6)):
        return None
    last = late[-1]
    if last["critic_gap"] < max(row["critic_gap"] for row in late) - 0.1:
        return None
    chance = last.get("augmented")
    done = "" if chance is None else f" Each augmentation is already applied to {chance:.0%} of the pictures."
    return Finding(
        code="D230",
        message=f"The critic knows its training data by heart: it ranks them {last['critic_gap']:.0%} more often above "
        f"held-out ones than below.{done}",
        cure=_against_copies(last) if chance is None and "copies" in last else LESS,
        evidence={name: last[name] for name in ("critic_gap", "critic_gap_error", "augmented") if name in last},
        step=last["step"],
    )


def copying(rows: Sequence[Row], total: int) -> Finding | None:
    """Fakes repeat training pictures, or lie near to them far more often than chance explains."""
    late = _late(rows, total, "copies", 0.1)
    repeats = always(late, "copies", CHECKS, lambda share: share > 0.1)
    drawn = always(late, "drawn", CHECKS, lambda share: share > 0.5) and all(
        row["drawn"] > 3 * row.get("drawn_error", math.inf) for row in late[-CHECKS:]
    )
    if not (repeats or drawn):
        return None
    last = late[-1]
    said = (
        f"{last['copies']:.0%} of the fakes are at most half as far from one training picture as from any other"
        if repeats
        else f"A fake's nearest held-out picture is nearest of all {1 - last['drawn']:.0%} as often as it should be"
    )
    return Finding(
        code="D231",
        message=f"The generator copies: {said}.",
        cure=_against_copies(last),
        evidence={name: last[name] for name in ("copies", "drawn", "drawn_error") if name in last},
        step=last["step"],
    )


def checkerboard(rows: Sequence[Row], total: int) -> Finding | None:
    """What alternates from pixel to pixel has far more energy than the frequencies beside it, as in no real picture."""
    late = _late(rows, total, "checkerboard", 0.5)
    if not always(late, "checkerboard", CHECKS, lambda ratio: ratio > 2.5):
        return None
    last = late[-1]
    return Finding(
        code="D232",
        message=f"The fakes carry a checkerboard: what alternates from pixel to pixel has {last['checkerboard']:.1f} "
        "times the energy that the frequencies beside it suggest.",
        cure="Use a kernel that its stride divides, or a pixel shuffle; a critic that sees single pixels; more steps.",
        evidence={name: last[name] for name in ("checkerboard", "fine") if name in last},
        step=last["step"],
    )


def colour_drift(rows: Sequence[Row], total: int) -> Finding | None:
    """A channel's brightness or contrast stays away from that of real pictures."""
    late = _late(rows, total, "colour_drift", 0.5)
    if not always(late, "colour_drift", CHECKS, lambda apart: apart > 0.25):
        return None
    last = late[-1]
    return Finding(
        code="D233",
        message=f"The colours drift: a channel's brightness or contrast is off by {last['colour_drift']:.2f} of its "
        "spread in real pictures, beyond chance.",
        cure="Lower the learning rates or raise the penalties; make sure that the critic sees absolute brightness.",
        evidence={"colour_drift": last["colour_drift"]},
        step=last["step"],
    )


def dead_class(rows: Sequence[Row], total: int) -> Finding | None:
    """One class's fakes are all alike or look like another class's, or no class's look like it, though they mix well.

    A class is dead beside others that are not: it has at most half of what the class in the middle has.
    """
    late = _late(rows, total, "class_variety", 0.5)[-CHECKS:]
    if not always(late, "score", CHECKS, lambda score: score > 0.1):
        return None
    for name, which, usual in (
        ("class_variety", "class_thin", "usual_variety"),
        ("class_truth", "class_wrong", "usual_truth"),
    ):
        same = len({row.get(which) for row in late}) == 1
        if same and all(_lags(row, name, usual) for row in late):
            return _dead(late[-1], name, which)
    if always(late, "usual_truth", CHECKS, lambda share: share < DEAD):
        return _mixed_up(late[-1])
    return None


def _lags(row: Row, name: str, usual: str) -> bool:
    """Tell whether the worst class is far behind the usual one, by more than few fakes explain."""
    if row.get(name) is None or row.get(usual) is None:
        return False
    return bool(row[name] + row.get(f"{name}_error", 0.0) < min(DEAD, row[usual] / 2))


def _dead(row: Row, name: str, which: str) -> Finding:
    said = (
        f"its fakes differ {row[name]:.0%} as much as real ones of that class"
        if name == "class_variety"
        else f"its fakes look like that class {row[name]:.0%} as often as real ones do"
    )
    return Finding(
        code="D234",
        message=f"A class is dead: of class number {row[which] + 1} in the order of names, {said}.",
        cure="Show all classes equally often (--set resample=equal), or weigh them (--set class_weights=balanced).",
        evidence=_by_class(row),
        step=row["step"],
    )


def _mixed_up(row: Row) -> Finding:
    return Finding(
        code="D234",
        message="The classes are not told apart: fakes of the usual class look like that class "
        f"{row['usual_truth']:.0%} as often as real ones do.",
        cure="Make more steps, or raise width; where labels say nothing about pictures, leave them out "
        "(r3gan: --set conditional=no).",
        evidence=_by_class(row),
        step=row["step"],
    )


def _by_class(row: Row) -> dict[str, float]:
    """Give what was measured by class."""
    names = ("class_variety", "class_thin", "usual_variety", "class_truth", "class_wrong", "usual_truth")
    return {name: row[name] for name in names if row.get(name) is not None}
