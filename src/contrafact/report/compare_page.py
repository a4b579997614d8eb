"""Runs side by side: what differs between them, how they went, what they make."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from contrafact.engine.run import Run
from contrafact.report.cost import from_zero, series
from contrafact.report.facts import Facts, facts_of
from contrafact.report.figures import Figure
from contrafact.report.film import film, last_shot
from contrafact.report.lines import Lines
from contrafact.report.markup import Html, element, is_number, number
from contrafact.report.meanings import held_out
from contrafact.report.page import head_cell, page, section, show, table, warnings
from contrafact.report.panels import Strip
from contrafact.report.views import is_text, view_of

MOST_LINES = 24


def compare(runs: Sequence[Run]) -> str:
    """Write one page with runs side by side.

    Arguments:
        runs: The runs, in the order of the page.
    """
    known = [facts_of(run) for run in runs]
    names = distinct([facts.name for facts in known])
    parts = [
        section("", element("p", _verdict(known, names), class_="lead"), warnings(_cautions(known))),
        section("Results", _results(known, names)),
        section("Settings that differ", _differences(known, names)),
        section("Score over the steps", *_curves(known, names)),
        section("Samples drawn last", *_samples(known, names)),
    ]
    return page(f"{len(runs)} runs side by side", parts)


def distinct(names: Sequence[str]) -> list[str]:
    """Number names that occur more than once.

    >>> distinct(["ring", "grid", "ring"])
    ['ring (1)', 'grid', 'ring (2)']
    """
    count, seen = Counter(names), Counter[str]()
    told = []
    for name in names:
        seen[name] += 1
        told.append(f"{name} ({seen[name]})" if count[name] > 1 else name)
    return told


def _verdict(known: Sequence[Facts], names: Sequence[str]) -> str:
    scored = [
        (facts.best_score, name) for facts, name in zip(known, names, strict=True) if facts.best_score is not None
    ]
    if not scored:
        return "None of these runs has a held-out score."
    best, who = max(scored, key=lambda pair: pair[0])
    if len(scored) == 1:
        return f"Only {who} has a held-out score: {number(best)}."
    if len({held_out(facts.method) for facts in known if facts.best_score is not None}) > 1:
        told = ", ".join(f"{name} {number(score)}" for score, name in scored)
        return f"The held-out scores of these methods answer different questions: {told}. To compare them, judge them."
    second = sorted(score for score, _ in scored)[-2]
    held = [facts.data["held_out"] for facts in known if is_number(facts.data.get("held_out"))]
    luck = " Its lead is small enough to be luck." if held and best - second < _luck(best, second, min(held)) else ""
    return f"The best held-out score is {number(best)}, of {who}.{luck}"


def _luck(one: float, other: float, rows: float) -> float:
    """Give what two shares of so many rows may differ by through the choice of rows, 95 times in 100."""
    one, other = (min(max(share, 0.0), 1.0) for share in (one, other))  # some scores fall below 0
    return 1.96 * math.sqrt((one * (1 - one) + other * (1 - other)) / max(rows, 1))


def _cautions(known: Sequence[Facts]) -> list[str]:
    cautions = []
    if len({facts.fingerprint for facts in known}) > 1:
        cautions.append("These runs learned from different data: their scores are not comparable.")
    elif len({json.dumps(facts.recipe.get("seed")) for facts in known}) > 1:
        cautions.append(
            "These runs have different seeds and so hold out different rows: small differences of score may be luck."
        )
    if any(facts.state != "finished" for facts in known):
        cautions.append("Some of these runs are not finished.")
    return cautions


def _results(known: Sequence[Facts], names: Sequence[str]) -> Html:
    heads = [head_cell("Run"), head_cell("Method"), head_cell("Data"), head_cell("State")]
    heads += [head_cell(name, numeric=True) for name in ("Best score", "at step", "Steps")]
    return table(heads, [_result(facts, name) for facts, name in zip(known, names, strict=True)])


def _result(facts: Facts, name: str) -> Html:
    told = (facts.method, facts.data_name, facts.state)
    numbers = (number(facts.best_score), number(facts.best_step), number(facts.step) if facts.total else "")
    cells = [element("td", text) for text in told] + [element("td", text, class_="number") for text in numbers]
    return element("tr", element("th", name, scope="row"), *cells)


def _asked(facts: Facts) -> dict[str, Any]:
    """Give what was asked for: method, seed, budget and settings."""
    return {"method": facts.method, **{k: facts.recipe.get(k) for k in ("seed", "budget")}, **facts.settings}


def _differences(known: Sequence[Facts], names: Sequence[str]) -> Html:
    asked = [_asked(facts) for facts in known]
    every = list(dict.fromkeys(name for one in asked for name in one))
    values = {name: [show(one[name]) if name in one else "–" for one in asked] for name in every}
    differing = [name for name in every if len({show(one[name]) for one in asked if name in one}) > 1]
    body = [_setting_row(name, values[name]) for name in differing]
    # What only some of the methods have cannot be held side by side; it is listed in one row.
    rare = [name for name in every if name not in differing and not all(name in one for one in asked)]
    own = [", ".join(f"{name} {show(one[name])}" for name in rare if name in one) for one in asked]
    body += [_setting_row("of its own", own)] if any(own) else []
    if not body:
        return element("p", "None: these runs were asked for the same.")
    return table([head_cell("Setting"), *map(head_cell, names)], body)


def _setting_row(name: str, values: Sequence[str]) -> Html:
    return element("tr", element("th", name, scope="row"), *(element("td", value) for value in values))


def _curves(known: Sequence[Facts], names: Sequence[str]) -> list[object]:
    found = [
        series([row for row in facts.rows if "score" in row], "score", name)
        for facts, name in zip(known, names, strict=True)
    ]
    lines = tuple(line for line in found if line is not None)
    if not lines:
        return [element("p", "No score was measured over steps in these runs.")]
    figure = Figure(
        finding=_verdict(known, names),
        sentence="Each line is a run: how well fakes and held-out rows mix, 1 at best.",
        drawing=Lines(x="step", y="held-out score", series=lines[:MOST_LINES], limits=from_zero(lines)),
    )
    left = len(lines) - MOST_LINES
    note = element("p", f"{left} more runs are not drawn.", class_="quiet") if left > 0 else ""
    return [figure.html(), note]


def _samples(known: Sequence[Facts], names: Sequence[str]) -> list[object]:
    shots = [(name, facts, last_shot(facts.run)) for facts, name in zip(known, names, strict=True)]
    taken = [(name, facts, shot) for name, facts, shot in shots if shot is not None]
    if not taken:
        return [element("p", "These runs kept no samples.")]
    arrays = [shot[1] for _, _, shot in taken]
    same = len({(array.dtype.kind, array.shape[1:], array.ndim) for array in arrays}) == 1
    if same and not is_text(arrays[0]) and (view := view_of([*arrays, np.concatenate(arrays)])):
        frames = tuple((f"{name}, step {step:,}", view.draw(array, False)) for name, _, (step, array) in taken)
        return [
            Figure(
                finding="What each run made last, in the same frame.",
                sentence=view.how + view.beside,
                drawing=Strip(frames=frames, columns=min(4, max(2, len(frames)))),
            ).html()
        ]
    shown: list[object] = []
    for name, facts, shot in taken:
        shown += [element("h3", name), *film([shot], names=facts.column_names)]
    return shown
