"""What the page of a judged table adds: three sentences, column by column, pairs of columns, privacy."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from contrafact.metrics.columns import Column, Table, tables
from contrafact.metrics.table_judge import TableJudgement
from contrafact.report.drawing import Drawing
from contrafact.report.figures import Figure
from contrafact.report.markup import Html, element, join, number, shorten
from contrafact.report.page import Section, head_cell, section, table
from contrafact.report.panels import Strip
from contrafact.report.privacy_page import privacy_section
from contrafact.report.table_panels import Levels, Outline, Square

MOST_DRAWN, DRAWN_ACROSS, MOST_SQUARE, MOST_LISTED = 12, 3, 30, 100
BINS, SHOWN_LEVELS = 24, 6
KINDS = {"number": "number", "time": "date or time", "category": "category", "text": "key or free text"}


def summary(found: TableJudgement) -> tuple[str, str, str]:
    """Say in three sentences how good the fakes are, what attacks found, and what they are good for."""
    return _quality(found), _privacy(found), _usefulness(found)


def _quality(found: TableJudgement) -> str:
    scores, parts = found.scores, []
    if "shapes" in scores:
        parts.append(f"single columns agree with the real ones to {scores['shapes'].value:.1%}")
    if "pairs" in scores:
        pairs = scores["pairs"]
        beside = f"other real rows {pairs.ceiling or 0:.1%}, columns shuffled at random {pairs.floor or 0:.1%}"
        few = (
            f"among {len(found.names):,} of the {found.columns:,} columns " if len(found.names) < found.columns else ""
        )
        parts.append(f"pairs of columns {few}to {pairs.value:.1%} ({beside})")
    trees = scores["c2st_trees"]
    parts.append(f"a classifier that must pick the fake out of a real and a fake row is right in {trees.value:.0%}")
    return f"Quality: {', '.join(parts)}, where 50% is guessing."


def _privacy(found: TableJudgement) -> str:
    known = found.privacy
    succeeded = known.findings()
    tried = 1 + len(known.attacks) + len(known.risks)
    if succeeded:
        head, more = succeeded[0].rstrip("."), len(succeeded) - 1
        others = f", and {more} more finding{'s' * (more > 1)} below" if more else ""
        return (
            f"Privacy: fakes give training rows away. {head}{others}. What the {tried} attacks missed is not excluded."
        )
    repeated = f"{known.copies.value:.1%} of the fakes repeat a real row"
    if not known.attacks:
        return f"Privacy: {repeated}; nothing else could be tried without held-out real rows. That is not a proof."
    usual = f"{repeated}, {known.copies.ceiling or 0:.1%} of other real rows do"
    return f"Privacy: none of {tried} attacks did better than chance ({usual}); that is not a proof."


def _usefulness(found: TableJudgement) -> str:
    score = found.scores.get("tstr_auc") or found.scores.get("tstr_r2")
    if score is None:
        return "Usefulness: not measured; name a column that matters with --target COLUMN."
    kind = "AUC" if score.name == "tstr_auc" else "R²"
    return (
        f"Usefulness: a model trained only on fakes predicts {found.target} in real rows with {kind} "
        f"{number(score.value)}, one trained on real rows with {number(score.ceiling)}."
    )


def sections(real: Any, fake: Any, found: TableJudgement) -> tuple[Section, ...]:
    """Write the parts of the page that only tables have."""
    read = tables(real, fake)
    return (
        _columns(read, found),
        _pairs(found),
        privacy_section(found.privacy, real, fake, read[0]),
    )


def _columns(read: list[Table], found: TableJudgement) -> Section:
    order = sorted(found.shapes, key=lambda name: (np.isnan(found.shapes[name]), found.shapes[name]))
    places = {column.name: place for place, column in enumerate(read[0].columns)}
    parts: list[Html] = []
    drawn = [name for name in order if not np.isnan(found.shapes[name])][:MOST_DRAWN]
    if drawn:
        frames = tuple((f"{shorten(name, 22)} {found.shapes[name]:.3f}", _panel(read, places[name])) for name in drawn)
        worst = f"{shorten(drawn[0], 40)} is the column that differs most: {found.shapes[drawn[0]]:.1%} agree."
        how = "Outlines and bars are shares of all filled cells, real in blue and fake in orange; the worst come first."
        more = f" {len(order) - len(drawn)} more are in the table." if len(order) > len(drawn) else ""
        figure = Figure(finding=worst, sentence=how + more, drawing=Strip(frames=frames, columns=DRAWN_ACROSS))
        parts.append(figure.html())
    return section("Column by column", *parts, _column_table(read, found))


def _column_table(read: list[Table], found: TableJudgement) -> Html:
    holes = [side.holes().mean(0) for side in read]
    columns = list(enumerate(read[0].columns))
    columns.sort(key=lambda entry: found.shapes.get(entry[1].name, 2.0))
    heads = [head_cell("Column"), head_cell("Kind")]
    heads += [head_cell(name, numeric=True) for name in ("Agreement", "Empty, real", "Empty, fake")]
    rows = [
        element(
            "tr",
            element("th", shorten(column.name, 60), scope="row"),
            element("td", KINDS[column.kind]),
            element("td", number(found.shapes.get(column.name)), class_="number"),
            *(element("td", f"{float(share[place]):.1%}", class_="number") for share in holes),
        )
        for place, column in columns[:MOST_LISTED]
    ]
    left = len(columns) - MOST_LISTED
    more = element("p", f"{left:,} columns that agree better are not listed.", class_="quiet") if left > 0 else ""
    return join(table(heads, rows), more)


def _panel(read: list[Table], place: int) -> Drawing:
    column = read[0].columns[place]
    cells = [side.cells[place] for side in read]
    return _outline(column, cells) if column.scale else _levels(column, cells)


def _outline(column: Column, cells: list[np.ndarray]) -> Outline:
    real, fake = (side[~np.isnan(side)] for side in cells)
    low, high = (float(end) for end in np.quantile(real, (0.005, 0.995)))
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    shares = [np.histogram(side.clip(low, high), edges)[0] / max(len(side), 1) for side in (real, fake)]
    ends = (_end(column, low), _end(column, high))
    return Outline(edges=edges, real=shares[0], fake=shares[1], ends=ends)


def _end(column: Column, value: float) -> str:
    if column.kind != "time":
        return number(value)
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=value)
    except OverflowError:
        return number(value)
    return moment.date().isoformat()


def _levels(column: Column, cells: list[np.ndarray]) -> Levels:
    size = max(len(column.levels), 1)
    counts = [np.bincount(side[side >= 0], minlength=size) for side in cells]
    shares = [count / max(count.sum(), 1) for count in counts]
    order = np.argsort(-np.maximum(*shares), kind="stable")
    shown, rest = order[:SHOWN_LEVELS], order[SHOWN_LEVELS:]
    names = [shorten(column.levels[i], 14) for i in shown] if column.levels else [""]
    parts = [share[shown] for share in shares]
    if len(rest):
        names.append(f"{len(rest):,} more")
        parts = [np.append(part, share[rest].sum()) for part, share in zip(parts, shares, strict=True)]
    return Levels(names=tuple(names), real=parts[0], fake=parts[1])


def _pairs(found: TableJudgement) -> Section:
    apart = 1 - found.pairs
    known = ~np.isnan(apart)
    if not known.any():
        return section("Pairs of columns", element("p", "There is no pair of columns to compare.", class_="quiet"))
    means = np.where(known.any(0), np.nansum(apart, axis=0) / np.maximum(known.sum(0), 1), -1.0)
    shown = np.sort(np.argsort(-means, kind="stable")[: min(MOST_SQUARE, int((means >= 0).sum()))])
    first, second = np.unravel_index(np.nanargmax(apart), apart.shape)
    names = found.names
    finding = (
        f"{shorten(names[first], 40)} and {shorten(names[second], 40)} differ most: by {apart[first, second]:.3f}."
    )
    how = "Each field is a pair of columns, dark where its relation differs from the real one (0 is the same)."
    left = len(names) - len(shown)
    more = f" Shown are the {len(shown)} columns that differ most of {len(names)}." if left else ""
    square = Square(names=tuple(shorten(names[i], 22) for i in shown), values=apart[np.ix_(shown, shown)])
    return section("Pairs of columns", Figure(finding=finding, sentence=how + more, drawing=square).html())
