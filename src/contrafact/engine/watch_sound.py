"""The doctor's rules on sound: silence, a single tone, a range that is cut off, clicks, in the samples of each check.

A sign must hold in three checks in a row past a quarter of the run, in a fifth of the fakes at least, and in a tenth
more of them than of real clips, whose share is logged beside as `real_SIGN` where it is not zero.
"""

from __future__ import annotations

from collections.abc import Sequence

from contrafact.base.records import Finding
from contrafact.engine.logged import Row, always, evaluated, in_play

CHECKS, MANY, BEYOND = 3, 0.2, 0.1


def _shown(rows: Sequence[Row], total: int, name: str) -> Row | None:
    """Give the last check where a sign holds: in a fifth of the fakes, and a tenth more than of real clips."""
    late = [r for r in evaluated(in_play(rows)) if r["step"] >= total / 4 and r.get(name) is not None]
    usual = late[-1].get(f"real_{name}", 0.0) if late else 0.0
    if not always(late, name, CHECKS, lambda share: share > max(MANY, usual + BEYOND)):
        return None
    return late[-1]


def _said(row: Row | None, name: str, code: str, what: str, cure: str) -> Finding | None:
    if row is None:
        return None
    evidence = {key: row[key] for key in (name, f"real_{name}") if key in row}
    return Finding(code=code, message=what.format(share=row[name]), cure=cure, evidence=evidence, step=row["step"])


def silence(rows: Sequence[Row], total: int) -> Finding | None:
    """Many fakes are silent."""
    cure = "Make more steps, or lower the rates; a critic that wins too much starves the generator (see its gradient)."
    return _said(_shown(rows, total, "silent"), "silent", "D240", "{share:.0%} of the fakes are silent.", cure)


def single_tone(rows: Sequence[Row], total: int) -> Finding | None:
    """Many fakes are one steady tone or a buzz that never changes."""
    what = "{share:.0%} of the fakes are one steady tone: a whistle, a hum, or a buzz that never changes."
    cure = "Make more steps, or lower the rates; let critics of several resolutions and periods listen."
    return _said(_shown(rows, total, "tone"), "tone", "D241", what, cure)


def clipping(rows: Sequence[Row], total: int) -> Finding | None:
    """Many fakes are cut off at the ends of their range."""
    what = "{share:.0%} of the fakes are clipped: their samples crowd at the ends of the range."
    cure = "Lower the generator's rate; make sure that real clips are brought to a peak below 1."
    return _said(_shown(rows, total, "clipped"), "clipped", "D242", what, cure)


def clicking(rows: Sequence[Row], total: int) -> Finding | None:
    """Many fakes are a click in silence."""
    what = "{share:.0%} of the fakes are a click of a few milliseconds in silence."
    cure = "Make more steps; where real clips are cut at full level, fade their ends."
    return _said(_shown(rows, total, "click"), "click", "D243", what, cure)
