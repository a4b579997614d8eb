"""Tables and lists that several pages show: scores, settings, and what the training doctor said."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import Any

from contrafact.base.records import Score
from contrafact.report.markup import Html, element, join, number
from contrafact.report.meanings import meaning
from contrafact.report.page import head_cell, show, table

ARROWS = {"higher": "↑", "lower": "↓"}
SAID = {
    "finding": "finding",
    "rolled back": "rolled back",
    "damaged": "damaged file",
    "stopped": "stopped",
    "resumed": "resumed",
}
BAD = ("D201", "D202", "D210")


def score_table(scores: Mapping[str, Score]) -> Html:
    """Write scores with direction, interval, anchors and a line on what each of them says."""
    heads = [head_cell("Score")]
    heads += [head_cell(name, numeric=True) for name in ("Value", "95% interval", "Floor", "Ceiling", "n")]
    heads.append(head_cell("Floor … ceiling"))
    note = (
        "↑ higher is better, ↓ lower is better. The interval says how far luck of sampling may move the value. The "
        "floor is what noise or shuffled data get, the ceiling what real data get when held against real data; n is "
        "the number of fakes behind the value."
    )
    return join(table(heads, [_score_row(score) for score in scores.values()]), element("p", note, class_="quiet"))


def _score_row(score: Score) -> Html:
    cells = (
        f"{number(score.value)} {ARROWS.get(score.better, '')}",
        interval(score),
        number(score.floor),
        number(score.ceiling),
        number(score.n),
    )
    line = meaning(score.name)
    name = element("th", score.name, element("small", line) if line else "", scope="row")
    return element("tr", name, *(element("td", cell, class_="number") for cell in cells), element("td", gauge(score)))


def interval(score: Score) -> str:
    """Write a score's interval; nothing where there is none."""
    if math.isnan(score.low) or math.isnan(score.high):
        return ""
    return f"{number(score.low)} to {number(score.high)}"


def gauge(score: Score) -> Html:
    """Draw where a score and its interval lie between its floor (left) and its ceiling (right)."""
    floor, ceiling = score.floor, score.ceiling
    if floor is None or ceiling is None or not math.isfinite(score.value) or not math.isfinite(ceiling - floor):
        return Html("")
    # When the floor is as good as the ceiling, or better, the anchors do not order anything.
    if (ceiling - floor) * (1 if score.better == "higher" else -1) <= 0:
        return Html("")

    def place(value: float) -> float:
        return min(max(100 * (value - floor) / (ceiling - floor), 0), 100)

    low, high = sorted(place(end) if math.isfinite(end) else place(score.value) for end in (score.low, score.high))
    band = element("i", style=f"left:{low:.1f}%;width:{high - low:.1f}%")
    dot = element("b", style=f"left:{place(score.value):.1f}%")
    share = f"{place(score.value):.0f}% of the way from floor to ceiling"
    return element("span", band, dot, class_="gauge", role="img", aria_label=share, title=share)


def settings_table(
    settings: Mapping[str, Any], meanings: Mapping[str, str] | None = None, defaults: Mapping[str, str] | None = None
) -> Html:
    """Write settings with their meanings; those that differ from their defaults stand out.

    Arguments:
        settings: Values by name.
        meanings: What each setting does.
        defaults: The default of each, as it stands in the source.
    """
    meanings, defaults = meanings or {}, defaults or {}
    heads = [head_cell("Setting"), head_cell("Value"), *([head_cell("What it does")] if meanings else [])]
    return table(heads, [_setting_row(name, settings[name], meanings, defaults) for name in settings])


def _setting_row(name: str, value: Any, meanings: Mapping[str, str], defaults: Mapping[str, str]) -> Html:
    changed = name in defaults and not is_default(value, defaults[name])
    usual = element("small", f" (default {show(default_of(defaults[name]))})", class_="quiet") if changed else ""
    said = join(show(value), usual)
    told = [element("td", meanings.get(name, ""), class_="quiet")] if meanings else []
    cells = [element("th", name, scope="row"), element("td", said), *told]
    return element("tr", *cells, class_="changed" if changed else None)


def default_of(source: str) -> Any:
    """Read a default from its source; one that must be computed is given as it stands."""
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return source


def is_default(value: Any, source: str) -> bool:
    """Tell whether a value read from JSON is the default that the source states, or one left open by it (None).

    >>> is_default([1, 2], "(1, 2)"), is_default(0.5, "0.5"), is_default(3, "2"), is_default(3, "None")
    (True, True, False, True)
    """
    default = default_of(source)
    return default is None or bool((list(default) if isinstance(default, tuple) else default) == value)


def timeline(events: Sequence[Mapping[str, Any]]) -> Html:
    """Write what happened in a training, with what the doctor said, in order; nothing when nothing happened."""
    told = [event for event in events if event.get("event") in SAID]
    return element("ol", *map(_happening, told), class_="timeline") if told else Html("")


def _happening(event: Mapping[str, Any]) -> Html:
    kind, code = event["event"], event.get("code")
    when = " · ".join(str(part) for part in (_step(event), SAID[kind], code) if part)
    words = str(event.get("message") or " ".join(str(event[k]) for k in ("what", "why") if event.get(k)))
    cure = join(" ", element("em", event["cure"])) if event.get("cure") else ""
    bad = kind in ("rolled back", "damaged") or code in BAD
    return element("li", element("span", when, class_="when"), words, cure, class_="bad" if bad else None)


def _step(event: Mapping[str, Any]) -> str:
    step = event.get("step")
    return f"step {step:,}" if isinstance(step, int) else ""
