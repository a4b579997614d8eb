"""The training doctor: measured numbers in, sentences out. It decides on steps and logged values, never on the clock.

Each rule is a function of the rows logged so far (and the run's total steps); it gives a Finding or nothing. What is
done about a finding is decided in `fit`: blow-ups are rolled back, the rest is said. Rules for pictures alone and
for sound alone have modules of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median

from contrafact.base.records import Finding
from contrafact.engine.logged import Row, always, evaluated, in_play
from contrafact.engine.watch_pictures import checkerboard, colour_drift, copying, dead_class, memorising
from contrafact.engine.watch_sound import clicking, clipping, silence, single_tone

BLOW_UPS = ("D201", "D202")


def not_finite(rows: Sequence[Row], total: int) -> Finding | None:
    """A loss, a gradient or a score is NaN or infinite (logged as null)."""
    bad = [name for name, value in rows[-1].items() if value is None]
    if not bad:
        return None
    return Finding(
        code="D201",
        message=f"{', '.join(bad)} became infinite or not a number at step {rows[-1]['step']}.",
        cure="Go back to the last good state and halve the learning rates.",
        step=rows[-1]["step"],
    )


def exploding(rows: Sequence[Row], total: int) -> Finding | None:
    """A player's gradient is a thousand times its usual size, and large in itself."""
    for name in (n for n in rows[-1] if n.endswith("/gradient")):
        before, now = [row[name] for row in rows[:-1] if row.get(name) is not None], rows[-1][name]
        usual = median(before) if len(before) >= 9 else math.inf
        if now is not None and now > 1e3 * max(usual, 1e-2):
            return Finding(
                code="D202",
                message=f"The {name.split('/')[0]}'s gradient exploded: {now:.3g} against {usual:.3g} as a rule.",
                cure="Go back to the last good state and halve the learning rates.",
                evidence={"gradient": now, "usual": usual},
                step=rows[-1]["step"],
            )
    return None


def collapse(rows: Sequence[Row], total: int) -> Finding | None:
    """Whole regions of the data get no fakes, in three evaluations in a row, past the first fifth of the run."""
    late = [row for row in evaluated(in_play(rows)) if row["step"] >= total / 5]
    empty = always(late, "regions", 3, lambda share: share < 0.75)
    narrow = always(late, "variety", 3, lambda ratio: ratio < 0.5)
    covered = [row["coverage"] for row in late if "coverage" in row]
    fallen = len(covered) >= 6 and max(covered) > 0.3 and max(covered[-3:]) < max(covered) / 2
    if not (empty or narrow or fallen):
        return None
    last = late[-1]
    return Finding(
        code="D210",
        message=f"The generator makes too little variety: {last['regions']:.0%} of the data's regions get their share "
        f"of fakes, and fakes differ {last['variety']:.2f} times as much as real rows do.",
        cure="Add a gradient penalty (--set r1=0.1 --set r2=0.1) or instance noise; if this is not r3gan, try it.",
        evidence={name: last[name] for name in ("regions", "variety", "coverage")},
        step=last["step"],
    )


def critic_too_strong(rows: Sequence[Row], total: int) -> Finding | None:
    """The critic ranks nearly every real row above its fake, five times in a row, and fakes do not mix with real rows.

    A critic that wins late, beside a good score, has learned the training rows by heart: that is no reason to worry.
    """
    late = [row for row in in_play(rows) if row["step"] >= total / 20]
    wins = always(late, "critic/wins", 5, lambda share: share > 0.985)
    if not (wins and always(late, "score", 1, lambda score: score < 0.4)):
        return None
    return Finding(
        code="D211",
        message=f"The critic wins {rows[-1]['critic/wins']:.0%} of all pairs: the generator learns little from it.",
        cure="Add a gradient penalty or instance noise, or lower the critic's rate or steps.",
        evidence={"wins": rows[-1]["critic/wins"]},
        step=rows[-1]["step"],
    )


def vanishing(rows: Sequence[Row], total: int) -> Finding | None:
    """The generator's gradient is next to nothing, or a thousandth of what it was, while the critic wins."""
    name = "generator/gradient"
    largest = max((row[name] for row in rows if row.get(name) is not None), default=math.nan)
    weak = always(rows, name, 5, lambda size: size is not None and size < max(1e-3 * largest, 1e-2))
    if not (weak and always(rows, "critic/wins", 5, lambda share: share > 0.95)):
        return None
    return Finding(
        code="D212",
        message=f"The generator's gradient has vanished: {rows[-1][name]:.2g} against {largest:.2g} at its largest.",
        cure="Use the non-saturating or the relativistic loss, or add instance noise.",
        evidence={"gradient": rows[-1][name], "largest": largest},
        step=rows[-1]["step"],
    )


def plateau(rows: Sequence[Row], total: int, window: int = 8) -> Finding | None:
    """The held-out score has not risen beyond its own noise for a while, and the rates have settled."""
    scored = evaluated(rows)
    if len(scored) < 2 * window or scored[-1]["step"] < 0.8 * total:
        return None
    values = [row["score"] for row in scored]
    noise = median(abs(a - b) for a, b in zip(values[-window:], values[-window - 1 : -1], strict=True))
    if max(values[-window:]) > max(values[:-window]) + noise or values[-1] < max(values) - 4 * noise:
        return None
    return Finding(
        code="D220",
        message=f"The held-out score stays at {max(values):.3f} (± {noise:.3f}) since step {scored[-window]['step']}.",
        cure="More steps are not likely to help: stop here, or change the settings.",
        evidence={"score": values[-1], "noise": noise},
        step=scored[-1]["step"],
    )


RULES: tuple[Callable[[Sequence[Row], int], Finding | None], ...] = (
    not_finite,
    exploding,
    collapse,
    critic_too_strong,
    vanishing,
    memorising,
    copying,
    checkerboard,
    colour_drift,
    dead_class,
    silence,
    single_tone,
    clipping,
    clicking,
    plateau,
)


def examine(rows: Sequence[Row], total: int) -> list[Finding]:
    """Ask every rule about the rows logged so far; after a blow-up nothing else is asked.

    Arguments:
        rows: Logged rows in order of steps; numbers that were not finite are None.
        total: Steps in the whole run.
    """
    findings: list[Finding] = []
    for rule in RULES:
        found = rule(rows, total)
        if found is not None:
            findings.append(found)
            if found.code in BLOW_UPS:
                break
    return findings
