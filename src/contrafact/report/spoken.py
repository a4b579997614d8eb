"""Text in the reports of runs and of judgements: to read side by side, with the nearest training line beside each.

Every line is escaped and takes its own direction, so that Arabic and Hebrew read from the right. Without real data, as
when a page is given away, no real line is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.codecs.text import NAMES, SymbolCodec
from contrafact.metrics.near_lines import nearest_lines
from contrafact.report.facts import Facts
from contrafact.report.figures import Figure
from contrafact.report.lines import Lines, Series
from contrafact.report.markup import Html, element, join, number, shorten
from contrafact.report.page import Section, head_cell, section, table

LETTERS, SHOWN, DRAWN, FRAMES, LONG = 200, 16, 400, 8, 0.995
ROWS = (
    *("mc_gap", "bleu2", "bleu3", "bleu4", "bleu5", "self_bleu2", "self_bleu3", "self_bleu4", "self_bleu5"),
    *("distinct1", "distinct2", "novelty", "copies", "lengths", "agreement", "tstr_accuracy"),
)
HOW = (
    "Beside each generated line stands the training line that shares most runs of {unit} with it, and how many of both "
    "lines' runs they share: 100% is a copy."
)


def spoken_film(taken: Sequence[tuple[int, np.ndarray]], best: int | None = None) -> list[Html]:
    """Show the same few lines over the steps of a run, the last ones first.

    Arguments:
        taken: Steps and lines.
        best: The step of the best model.
    """
    rows = []
    for step, array in reversed(taken[-FRAMES:]):
        lines = [str(line) for line in array.ravel()[: 8 if step == taken[-1][0] else 3].tolist()]
        name = f"{step:,}{' (best)' if step == best else ''}"
        rows.append(element("tr", element("th", name, scope="row"), element("td", *map(_paragraph, lines))))
    told = element("p", "What the same draws became over the steps, the last ones first.")
    return [join(told, table([head_cell("Step"), head_cell("Lines")], rows))]


def spoken_look(known: Facts, real: Any = None) -> list[Html]:
    """Draw lines from a run's model and show them, beside real ones where they are given; nothing for other runs.

    Arguments:
        known: What is known of the run.
        real: The real lines, which become part of the page, or None.
    """
    if known.codec.get("codec") != "text":
        return []
    from contrafact.tasks.load import load

    try:
        made = load(known.run.folder).sample(DRAWN, seed=0)
    except ContrafactError as error:
        return [element("p", f"No model could be drawn from. {error.what}", class_="quiet")]
    fake = made if isinstance(made, Data) else Data(kind="text", items=made)
    truth = real if isinstance(real, Data) and real.kind == "text" else None
    return [reading(fake, truth), *([lengths_figure(fake, truth).html()] if truth is not None else [])]


def compared_text(real: Any, fake: Any, scores: Mapping[str, Score]) -> tuple[Section, ...]:
    """Give the parts of a judgement's page: scores in rows, lines side by side, lengths.

    Arguments:
        real: Real lines.
        fake: Lines that were made.
        scores: What was measured.
    """
    one, other = (side if isinstance(side, Data) else Data(kind="text", items=list(side)) for side in (real, fake))
    return (
        section("Beside real text", rows_of(scores)),
        section("To read", reading(other, one)),
        section("Lengths", lengths_figure(other, one).html()),
    )


def rows_of(scores: Mapping[str, Score]) -> Html:
    """Lay the scores out as a row each for generated lines, real ones and noise."""
    heads = [head_cell("Score"), *(head_cell(side, numeric=True) for side in ("generated", "real", "noise"))]
    lines = []
    for name in (name for name in ROWS if name in scores):
        values = scores[name].value, scores[name].ceiling, scores[name].floor
        cells = [element("td", number(value), class_="number") for value in values]
        lines.append(element("tr", element("th", name, scope="row"), *cells))
    told = (
        "Good text is close to the real column in every row. Higher BLEU than real lines have together with higher "
        "self-BLEU means safe lines again and again; both depend on how many lines there are, which is the same here. "
        "Noise has real words in random order; for self-BLEU it is one line over and over."
    )
    return join(table(heads, lines), element("p", told, class_="quiet"))


def reading(fake: Data, real: Data | None = None) -> Html:
    """Lay out generated lines, beside the nearest training line and a real line of the same class.

    Arguments:
        fake: Lines that were made.
        real: Real lines, or None.
    """
    places = _spread(fake)
    chosen = fake.take(places)
    classed = chosen.labels is not None
    heads = [*(["Class"] if classed else []), "Generated"] + (
        [] if real is None else ["Nearest training line", "Shared", "Real"]
    )
    columns: list[list[Any]] = [] if chosen.labels is None else [[str(label) for label in chosen.labels]]
    columns.append([_line(line) for line in chosen.items])
    told = ""
    if real is not None:
        codec = SymbolCodec.fit(real)
        near, shared = nearest_lines(*([codec.split(line) for line in side.items] for side in (chosen, real)))
        columns.append([_line(real.items[place]) for place in near])
        columns.append([f"{share:.0%}" for share in shared])
        columns.append([_line(line) for line in _real_beside(chosen, real)])
        told = HOW.format(unit=NAMES[codec.unit])
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in zip(*columns, strict=True)]
    return join(element("p", told) if told else "", table([head_cell(head) for head in heads], rows))


def _spread(fake: Data) -> np.ndarray:
    """Choose lines to be read: the first ones, of each class as many."""
    if fake.labels is None:
        return np.arange(min(len(fake), SHOWN))
    labels = np.array([str(label) for label in fake.labels])
    names = np.unique(labels)[:SHOWN]
    each = max(SHOWN // len(names), 1)
    return np.concatenate([np.flatnonzero(labels == name)[:each] for name in names])


def _real_beside(chosen: Data, real: Data) -> list[str]:
    """Choose a real line for each generated one, of its class where both have classes."""
    order = generator(0, "real lines").permutation(len(real))
    if chosen.labels is None or real.labels is None:
        return [real.items[order[i % len(order)]] for i in range(len(chosen))]
    labels, found, used = np.array([str(label) for label in real.labels])[order], [], dict[str, int]()
    for label in map(str, chosen.labels):
        same = np.flatnonzero(labels == label)
        place = used[label] = used.get(label, -1) + 1
        found.append(real.items[order[same[place % len(same)]]] if len(same) else "")
    return found


def _text(line: Any) -> str:
    return shorten(line if isinstance(line, str) else " ".join(map(str, line)), LETTERS)


def _line(line: Any) -> Html:
    return element("span", _text(line), dir="auto")


def _paragraph(line: Any) -> Html:
    return element("div", _text(line), dir="auto")


def lengths_figure(fake: Data, real: Data) -> Figure:
    """Draw how long generated and real lines are."""
    codec = SymbolCodec.fit(real)
    sizes = [np.array([len(codec.split(line)) for line in side.items]) for side in (fake, real)]
    top = int(max(np.quantile(side, LONG) for side in sizes)) + 1
    x = np.arange(top + 1)
    curves = [np.bincount(np.minimum(side, top), minlength=top + 1) / len(side) for side in sizes]
    means = [float(side.mean()) for side in sizes]
    unit = NAMES[codec.unit]
    return Figure(
        finding=f"Generated lines have {means[0]:.1f} {unit} on average, real ones {means[1]:.1f}.",
        sentence=f"How many lines are of which length, in {unit}; longer ones are counted at the right end.",
        drawing=Lines(
            x=f"{unit} in a line",
            y="share of the lines",
            series=(Series(name="generated", x=x, y=curves[0]), Series(name="real", x=x, y=curves[1])),
        ),
    )
