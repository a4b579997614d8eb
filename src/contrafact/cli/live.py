"""Show a training as it goes: two live lines and a picture on a terminal, a line a minute in a pipe."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.cli.answer import printable
from contrafact.cli.draw import pictures, scatter
from contrafact.engine.fit import Progress, Training
from contrafact.engine.items import each

BETWEEN_PICTURES, BETWEEN_LINES = 0.5, 60.0
BAR, DRAWN = 24, 1024
SHOWN = ("score", "precision", "recall", "coverage", "critic/loss", "generator/loss")


def _clock(seconds: float) -> str:
    whole = round(seconds) if np.isfinite(seconds) else 0
    return f"{whole // 60}:{whole % 60:02d}"


def bar(progress: Progress) -> str:
    """Write the line with the bar, the time left and the score."""
    done = progress.step / progress.total
    filled = "█" * int(done * BAR)
    score = progress.row.get("score")
    told = f"  score {score:.3f}" if score is not None else ""
    left = _clock(progress.seconds_left)
    return f"{filled:░<{BAR}} {done:4.0%}  step {progress.step:,}/{progress.total:,}  {left} left{told}"


def key_values(progress: Progress) -> str:
    """Write one line of key=value pairs."""
    numbers = {k: f"{v:.4g}" for k, v in progress.row.items() if isinstance(v, float) and k in SHOWN}
    pairs = {"step": progress.step, "total": progress.total, "left": _clock(progress.seconds_left), **numbers}
    return " ".join(f"{k}={v}" for k, v in pairs.items())


def picture(real: Any, shown: Any, *, color: bool) -> str:
    """Draw what was made beside what is real, where it can be drawn."""
    if isinstance(shown, Data) and shown.kind not in ("pictures", "vectors"):
        return ""
    made = shown.items if isinstance(shown, Data) else np.asarray(shown)
    if isinstance(shown, Data) and shown.kind == "pictures":
        return pictures(made)
    told = real.items if isinstance(real, Data) else np.asarray(real)
    if made.ndim == told.ndim == 2 and made.shape[1] >= 2 and made.dtype != object and told.dtype != object:
        return scatter(told[:2000], made[:2000], color=color)
    return ""


class Screen:
    """Redraws its lines in place on a terminal."""

    def __init__(self) -> None:
        self.height = 0

    def draw(self, text: str) -> None:
        """Replace what was drawn before."""
        up = f"\x1b[{self.height}F\x1b[J" if self.height else ""
        sys.stderr.write(up + text + "\n")
        sys.stderr.flush()
        self.height = text.count("\n") + 1


def watched(training: Training, data: Any, *, quiet: bool) -> Iterator[Progress]:
    """Pass a training's progress on while showing it on standard error."""
    terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not quiet
    color = terminal and "NO_COLOR" not in os.environ
    screen, last, sentence = Screen(), float("-inf"), ""
    for progress in training:
        now, ends = time.monotonic(), progress.step == progress.total
        for finding in progress.findings:
            sentence = f"{finding.code} {finding.message} {finding.cure}"
            if not terminal and not quiet:
                print(printable(f"doctor: {sentence}"), file=sys.stderr)
        if terminal and (now - last > BETWEEN_PICTURES or ends):
            last = now
            shown = training.live.codec.decode(each(training.live.rows(DRAWN, seed=0), lambda part: part[:DRAWN]))
            lines = [
                picture(data, shown, color=color),
                bar(progress),
                printable(sentence)[:100] or "The doctor sees nothing wrong.",
            ]
            screen.draw("\n".join(line for line in lines if line))
        elif not terminal and not quiet and (now - last > BETWEEN_LINES or ends):
            last = now
            print(key_values(progress), file=sys.stderr)
        yield progress
