"""The page of a what-if question: the graph with what is set, what follows from it, one row in both worlds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from contrafact import __version__
from contrafact.report.bars import Bar, Bars
from contrafact.report.drawing import BLUE, ORANGE, Sign
from contrafact.report.figures import Figure
from contrafact.report.graph_drawing import graph_section
from contrafact.report.lines import Mark
from contrafact.report.markup import Html, element, number, shorten
from contrafact.report.page import Section, facts, head_cell, page, paragraphs, section, table, warnings
from contrafact.report.panels import Cloud, Histograms
from contrafact.report.references import cited, to_copy
from contrafact.report.table_panels import Levels
from contrafact.tasks.whatif import Answered

BINS, MOST_FIGURES, FEW, MOST_LEVELS, MOST_DRAWS, SPREAD_FROM = 30, 12, 8, 8, 5, 20
SPREADS = "Numbers: mean ± standard deviation. Others: the commonest level and its share."
SIGNS = (Sign(name="as it is", color=BLUE), Sign(name="as set", color=ORANGE))


def whatif_page(
    source: str, method: str, found: Answered, said: Sequence[str] = (), gallery: Sequence[Section] = ()
) -> str:
    """Write the page.

    Arguments:
        source: The run that was asked.
        method: The method of its model.
        found: The answer.
        said: What must be known beside.
        gallery: Items in the worlds of the question, where the model has any.
    """
    parts = [
        _summary(source, method, found, said, items=bool(gallery)),
        *_graph(found),
        *gallery,
        *(_row(found) if found.rung == 3 else _columns(found)),
        section("What it rests on", element("ol", *(element("li", each) for each in found.assumptions))),
        to_copy(*_methods(method, found)),
    ]
    return page(f"What if {shorten(_asked(found), 80)}", parts)


def _asked(found: Answered) -> str:
    return ", ".join(f"{name} = {value}" for name, value in found.do.items())


def _summary(source: str, method: str, found: Answered, said: Sequence[str], *, items: bool) -> Section:
    follow = ", ".join([*found.changed, *(["the items"] if items else [])]) or "nothing"
    whose = "This very row, with its own noise" if found.rung == 3 else "New units, each in both worlds"
    lead = f"{whose}: {_asked(found)} is set, and by the graph it moves {shorten(follow, 200)}."
    told = {
        "Run": shorten(source, 80),
        "Model": method,
        "Rung": {2: "2, do: what follows from setting", 3: "3, imagine: what would have been"}[found.rung],
        "Rows shown": f"{len(found.rows):,}",
        "Fitted to": f"{found.learned_from:,} rows" if found.learned_from else None,
        "Noise found by": ", ".join(found.how) or None,
        "Effective sample size": f"{found.effective:.0%} of the draws of hidden causes" if found.how else None,
    }
    return section("", element("p", lead, class_="lead"), warnings([*said, *found.notes]), facts(told))


def _graph(found: Answered) -> Iterator[Section]:
    roles = {**dict.fromkeys(found.changed, "changed"), **dict.fromkeys(found.do, "set")}
    return graph_section(found.graph, roles, "To set a node is to cut what points to it; all else goes on as before.")


def _columns(found: Answered) -> Iterator[Section]:
    """Show each column that follows, without and with what is set."""
    if not len(found.rows):
        return
    names = list(found.changed)
    figures = [_column(name, found).html() for name in names[:MOST_FIGURES]]
    if names:
        rows = [_compared(name, found) for name in names]
        heads = [head_cell("Column"), head_cell("As it is", numeric=True), head_cell("As set", numeric=True)]
        told = [SPREADS]
        told += [f"The first {MOST_FIGURES} of {len(names)} columns are drawn."] if len(names) > MOST_FIGURES else []
        yield section("Before and after", table(heads, rows), paragraphs(told), *figures)
    else:
        yield section("Before and after", element("p", "By the graph no column follows from what is set."))


def _is_number(column: Any) -> bool:
    return column.dtype.kind in "iuf" and column.nunique() > FEW


def _column(name: str, found: Answered) -> Figure:
    before, after = found.before[name], found.rows[name]
    if _is_number(before) or _is_number(after):
        return _outlines(name, before, after)
    return _levels(name, before, after)


def _outlines(name: str, before: Any, after: Any) -> Figure:
    sides = [np.asarray(part.dropna(), dtype=np.float64) for part in (before, after)]
    known = np.concatenate(sides)
    low, high = np.quantile(known, [0.001, 0.999]) if len(known) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    clouds = tuple(
        Cloud(name=sign.name, points=part, color=sign.color) for part, sign in zip(sides, SIGNS, strict=True)
    )
    means = [float(part.mean()) if len(part) else float("nan") for part in sides]
    finding = f"{shorten(name, 60)}: {number(means[0])} on average as it is, {number(means[1])} as set."
    return Figure(
        finding=finding,
        sentence="Heights are shares of all rows; a two-thousandth at each end may lie outside of the frame.",
        drawing=Histograms(clouds=clouds, edges=edges, x=shorten(name, 60)),
    )


def _levels(name: str, before: Any, after: Any) -> Figure:
    shares = [part.astype(str).value_counts(normalize=True) for part in (before, after)]
    levels = (shares[0].add(shares[1], fill_value=0)).sort_values(ascending=False).index[:MOST_LEVELS]
    ordered = sorted(levels, key=_by_value)
    sides = [np.array([float(part.get(level, 0.0)) for level in ordered]) for part in shares]
    moved = int(np.argmax(np.abs(sides[1] - sides[0]))) if ordered else 0
    finding = f"{shorten(name, 60)} never varies."
    if ordered:
        share = [f"{side[moved]:.0%}" for side in sides]
        finding = f"{shorten(name, 60)} = {shorten(ordered[moved], 30)}: {share[0]} as it is, {share[1]} as set."
    return Figure(
        finding=finding,
        sentence="Lengths of bars are shares of all rows.",
        drawing=Levels(names=tuple(shorten(each, 30) for each in ordered), real=sides[0], fake=sides[1], signs=SIGNS),
    )


def _by_value(level: str) -> tuple[int, float, str]:
    try:
        return 0, float(level), level
    except ValueError:
        return 1, 0.0, level


def _compared(name: str, found: Answered) -> Html:
    cells = [element("td", _told(part[name]), class_="number") for part in (found.before, found.rows)]
    return element("tr", element("th", shorten(name, 60), scope="row"), *cells)


def _told(column: Any) -> str:
    """Write the mean and the spread of numbers, or the commonest level and its share."""
    if column.dtype.kind in "iufb" and column.notna().any():
        return f"{number(float(column.mean()))} ± {number(float(column.std(ddof=0)))}"
    shares = column.astype(str).value_counts(normalize=True)
    return f"{shorten(shares.index[0], 30)} {shares.iloc[0]:.0%}"


def _row(found: Answered) -> Iterator[Section]:
    """Show the row in both worlds, and how far draws of it lie apart."""
    drawn = found.rows.head(MOST_DRAWS)
    heads = [head_cell("Column"), head_cell("Is", numeric=True)]
    labels = ["Would have been"] if len(found.rows) == 1 else [f"Draw {i + 1}" for i in range(len(drawn))]
    heads += [head_cell(label, numeric=True) for label in labels]
    rows = [_cells(name, found, drawn) for name in dict.fromkeys([*found.do, *found.changed, *_others(found)])]
    wide = len(found.rows) >= SPREAD_FROM
    figures = [_draws(name, found).html() for name in found.changed[:MOST_FIGURES] if wide and _spreads(name, found)]
    told = f"The first {MOST_DRAWS} of {len(found.rows):,} draws." if len(found.rows) > MOST_DRAWS else ""
    note = "What is set and what follows from it stands in bold; all other cells stay as they are."
    yield section(
        "The row in both worlds", table(heads, rows), element("p", f"{note} {told}", class_="quiet"), *figures
    )


def _others(found: Answered) -> list[str]:
    graph = found.graph
    return [str(name) for name in found.before.columns if graph is None or str(name) in graph]


def _cells(name: str, found: Answered, drawn: Any) -> Html:
    moved = name in found.do or name in found.changed
    values = [found.before[name].iloc[0], *drawn[name]]
    cells = [element("td", _cell(value), class_="number") for value in values[:1]]
    cells += [
        element("td", element("strong", _cell(value)) if moved else _cell(value), class_="number")
        for value in values[1:]
    ]
    return element("tr", element("th", shorten(name, 60), scope="row"), *cells)


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else shorten(value, 40)


def _spreads(name: str, found: Answered) -> bool:
    return bool(found.rows[name].astype(str).nunique() > 1)


def _draws(name: str, found: Answered) -> Figure:
    if not _is_number(found.rows[name]):
        return _drawn_levels(name, found)
    points = np.asarray(found.rows[name].dropna(), dtype=np.float64)
    now = float(found.before[name].iloc[0])
    low, high = (float(each) for each in np.quantile(points, [0.025, 0.975]))
    ends = min(points.min(), now), max(points.max(), now)
    edges = np.linspace(*ends, BINS + 1)
    cloud = Cloud(name="would have been", points=points, color=ORANGE)
    return Figure(
        finding=f"{shorten(name, 60)} is {_cell(now)}; 95 % of the draws lie between {number(low)} and {number(high)}.",
        sentence="What the row leaves open of what would have been, as shares of the draws.",
        drawing=Histograms(
            clouds=(cloud,), edges=edges, x=shorten(name, 60), marks=(Mark(name=f"is {_cell(now)}", x=now),)
        ),
    )


def _drawn_levels(name: str, found: Answered) -> Figure:
    shares = found.rows[name].astype(str).value_counts(normalize=True)
    levels = sorted(shares.index[:MOST_LEVELS], key=_by_value)
    bars = tuple(Bar(name=shorten(level, 30), value=float(shares[level])) for level in levels)
    told = ", ".join(f"{shorten(level, 30)} in {shares[level]:.0%}" for level in levels)
    return Figure(
        finding=f"{shorten(name, 60)} is {_cell(found.before[name].iloc[0])}; it would have been {told} of the draws.",
        sentence="What the row leaves open of what would have been, as shares of the draws.",
        drawing=Bars(bars=bars, x=f"share of draws of {shorten(name, 60)}"),
    )


def _methods(method: str, found: Answered) -> tuple[str, list[str]]:
    """Write the paragraph for a methods section, and name what it cites."""
    keys = ["pearl2009", *(["xia2021"] if method == "ncm" else []), *(["balke1994"] if method == "discrete" else [])]
    learned = f" to {found.learned_from:,} rows" if found.learned_from else ""
    how = {"ncm": f" against a critic {cited('xia2021')}", "discrete": f" as response types {cited('balke1994')}"}
    parts = [f"A structural causal model ({method}) was fitted{learned}{how.get(method, '')} on the stated graph."]
    if found.rung == 2:
        parts.append(
            f"{len(found.rows):,} units were drawn under do({_asked(found)}) {cited('pearl2009')}, and the same units "
            "without it."
        )
    else:
        parts.append(
            f"For one row the noise was found ({', '.join(found.how)}), {_asked(found)} was set, and the model was run "
            f"again with that noise {cited('pearl2009')}."
        )
        if any("Gumbel" in each for each in found.how):
            keys.append("oberst2019")
            parts.append(f"Levels follow a Gumbel-max model {cited('oberst2019')}.")
        if found.effective < 1:
            parts.append(f"The effective sample size of hidden causes was {found.effective:.0%} of the draws.")
    return " ".join([*parts, f"Computed with contrafact {__version__}."]), keys
