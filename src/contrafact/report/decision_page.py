"""The page of a decision: the rule in words, what it is worth beside treating all and none, who is treated, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contrafact import __version__
from contrafact.base.records import Score
from contrafact.report.bars import Bar
from contrafact.report.drawing import BLUE, ORANGE
from contrafact.report.figures import Figure
from contrafact.report.forest import Forest
from contrafact.report.graph_drawing import ASSUMED, graph_section
from contrafact.report.lines import Mark
from contrafact.report.markup import Html, element, number, shorten
from contrafact.report.page import Section, facts, head_cell, page, section, table, warnings
from contrafact.report.panels import Cloud, Histograms
from contrafact.report.references import cited, to_copy
from contrafact.tasks.decide import WORTH, Decision

BINS, MOST_COLUMNS = 30, 20
SPREADS = "Numbers: mean ± standard deviation. Others: the commonest level and its share."
NAMES = {"rule": "the rule", "short_rule": "the short rule", "treat_all": "treat all", "treat_none": "treat none"}


def decision_page(source: str, found: Decision, data: Any, said: Sequence[str] = ()) -> str:
    """Write the page.

    Arguments:
        source: What was read.
        found: The decision.
        data: The table that it was learned from.
        said: What must be known beside.
    """
    parts = [
        _summary(source, found, said),
        _rule(found),
        *_worth(found),
        _treated(found, data),
        *_overlap(found),
        *_graph(found),
        section("What it rests on", element("ol", *(element("li", each) for each in found.assumptions))),
        to_copy(_text(found), ("pearl2009", "robins1994", "chernozhukov2018", "athey2021")),
    ]
    return page(f"Whom to give {shorten(found.treatment, 40)}", parts)


def _summary(source: str, found: Decision, said: Sequence[str]) -> Section:
    average = found.average
    told = {
        "Data": shorten(Path(source).name, 80),
        "Treatment": found.treatment,
        "Outcome": f"{found.outcome} ({'more' if found.better == 'higher' else 'less'} is better)",
        "Cost of treating one row": f"{number(found.cost)}, in units of {found.outcome}" if found.cost else "nothing",
        "Treated by the rule": f"{found.treated:.0%} of {len(found.decisions):,} rows",
        "Average effect": f"{number(average.value)}, 95 % interval {number(average.low)} to {number(average.high)}",
        "Read by the rule": shorten(", ".join(found.covariates), 300) or "nothing",
    }
    notes = list(dict.fromkeys([*said, *found.notes]))
    return section("", element("p", found.verdict, class_="lead"), warnings(notes), facts(told))


def _rule(found: Decision) -> Section:
    lines = Html("<pre>" + "\n".join(str(element("span", line)) for line in found.rule) + "</pre>")
    told = (
        f"This short rule of at most two questions is there to be read. It treats {found.agreement:.0%} of the rows as "
        "the rule itself does, which treats a row where its own effect exceeds the cost."
    )
    return section("The rule in words", lines, element("p", told))


def _worth(found: Decision) -> Iterator[Section]:
    best = found.better_constant
    values = [(NAMES[name], found.scores[f"value_{name}"]) for name in WORTH]
    gains = [
        (f"{NAMES[name]} over {NAMES[other]}", found.scores[f"gain_{name}_over_{other}"])
        for name in ("rule", "short_rule")
        for other in ("treat_all", "treat_none")
    ]
    way = "More" if found.better == "higher" else "Less"
    value = Figure(
        finding=f"Mean {found.outcome} under each way to decide, the cost of treating counted.",
        sentence=f"Diamonds are estimates, lines their 95 % intervals; {way.lower()} is better. The dashed line is "
        f"{NAMES[best]}, the better of the two ways that need no rule.",
        drawing=_forest(values, found.outcome, found.scores[f"value_{best}"].value),
    )
    gain = Figure(
        finding=_gained(found),
        sentence="Right of the dashed line the rule is worth more, on the same rows: these intervals decide, not "
        "whether those above overlap.",
        drawing=_forest(gains, f"gained, in units of {found.outcome}", 0.0),
    )
    told = "Each row is judged by effects and rules that were learned from other rows."
    yield section("What it is worth", value.html(), gain.html(), element("p", told))


def _forest(rows: Sequence[tuple[str, Score]], x: str, zero: float) -> Forest:
    bars = tuple(Bar(name=name, value=one.value, low=one.low, high=one.high) for name, one in rows)
    return Forest(rows=bars, x=shorten(x, 80), zero=zero)


def _gained(found: Decision) -> str:
    won = [
        NAMES[other]
        for other in ("treat_all", "treat_none")
        if (found.scores[f"gain_rule_over_{other}"].low or 0.0) > 0
    ]
    if len(won) == 2:
        return "The rule is worth more than treating all and than treating none."
    return f"The rule is worth visibly more only than to {won[0]}." if won else "No gain from choosing can be seen."


def _treated(found: Decision, data: Any) -> Section:
    effect, treat = (found.decisions[name].to_numpy() for name in ("effect", "treat"))
    low, high = float(np.min(effect)), float(np.max(effect))
    least = found.cost if found.better == "higher" else -found.cost
    ends = min(low, least), max(high, least)
    edges = np.linspace(ends[0], ends[1] if ends[1] > ends[0] else ends[0] + 1, BINS + 1)
    clouds = tuple(
        Cloud(name=name, points=effect[part], color=color)
        for name, part, color in (("treated", treat, BLUE), ("not treated", ~treat, ORANGE))
        if part.any()
    )
    figure = Figure(
        finding=f"{found.treated:.0%} of the rows are treated; effects reach from {number(low)} to {number(high)}.",
        sentence=f"The effect of {found.treatment} on {found.outcome} that was learned for each row, as shares of "
        "either group.",
        drawing=Histograms(
            clouds=clouds, edges=edges, x=f"effect on {shorten(found.outcome, 60)}", marks=(Mark(name="cost", x=least),)
        ),
    )
    return section("Who is treated", figure.html(), *_who(found, data, treat))


def _who(found: Decision, data: Any, treat: np.ndarray) -> Iterator[Html]:
    """Compare the columns that the rule reads between those who are treated and the others."""
    if not found.covariates or treat.all() or not treat.any():
        return
    columns = {str(name): data[name] for name in data.columns if str(name) in found.covariates[:MOST_COLUMNS]}
    rows = [
        element(
            "tr",
            element("th", shorten(name, 60), scope="row"),
            *(element("td", _typical(column[part]), class_="number") for part in (treat, ~treat)),
        )
        for name, column in columns.items()
    ]
    heads = [head_cell("Column"), head_cell("Treated", numeric=True), head_cell("Not treated", numeric=True)]
    yield table(heads, rows)
    yield element("p", SPREADS, class_="quiet")


def _typical(column: Any) -> str:
    """Write the mean and the spread of numbers, or the commonest level and its share."""
    known = column.dropna()
    if not len(known):
        return "missing"
    if column.dtype.kind in "iuf":
        return f"{number(float(known.mean()))} ± {number(float(known.std(ddof=0)))}"
    shares = known.astype(str).value_counts(normalize=True)
    return f"{shorten(shares.index[0], 30)} {shares.iloc[0]:.0%}"


def _overlap(found: Decision) -> Iterator[Section]:
    overlap, crossed = found.overlap, getattr(found.model, "crossed", None)
    if overlap is None or crossed is None:
        return
    arms = found.model.codec.arms
    clouds = tuple(
        Cloud(name=f"{shorten(found.treatment, 30)} = {shorten(arms[arm], 20)}", points=part, color=color)
        for arm, color in ((1, BLUE), (0, ORANGE))
        if len(part := crossed.chance[crossed.t == arm])
    )
    figure = Figure(
        finding="Where the outlines lie on each other, like is compared with like.",
        sentence=f"Each row's chance of {found.treatment} = {arms[1]}, given what the rule reads.",
        drawing=Histograms(clouds=clouds, edges=np.linspace(0, 1, BINS + 1), x="chance of treatment"),
    )
    told = {"They count as": f"{overlap.effective:,.0f} rows of an experiment, of {overlap.rows:,}"}
    yield section("Who is compared with whom", element("p", overlap.words), figure.html(), facts(told))


def _graph(found: Decision) -> Iterator[Section]:
    roles = {
        **dict.fromkeys(found.covariates, "adjusted"),
        found.treatment: "treatment",
        found.outcome: "outcome",
    }
    return graph_section(found.graph, roles, ASSUMED)


def _text(found: Decision) -> str:
    """Write the paragraph for a methods section."""
    value, gain = found.scores["value_rule"], found.scores[f"gain_rule_over_{found.better_constant}"]
    names = ", ".join(found.covariates) or "nothing"
    rest = (
        f"By do-calculus {cited('pearl2009')} on the stated graph the effect is identified by adjustment."
        if found.graph is not None
        else "No graph was stated; all other columns were taken for common causes."
    )
    return " ".join(
        [
            f"A rule for {found.treatment} was learned that is to make {found.outcome} "
            f"{'larger' if found.better == 'higher' else 'smaller'}, at a cost of {number(found.cost)} for each row "
            f"treated. {rest}",
            f"Effects of single rows were learned from {names} with cross-fitting {cited('chernozhukov2018')}; a row "
            "is treated where its effect exceeds the cost.",
            f"The value of the rule is the mean of doubly robust scores {cited('robins1994')} of rows that it was not "
            f"learned from {cited('athey2021')}: {number(value.value)}, 95 % interval {number(value.low)} to "
            f"{number(value.high)}; its gain over {NAMES[found.better_constant]} is {number(gain.value)} "
            f"({number(gain.low)} to {number(gain.high)}).",
            f"Computed with contrafact {__version__}.",
        ]
    )
