"""The page of an effect: the graph, the proof, who is compared with whom, all methods, challenges, words to cite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact import __version__
from contrafact.causal.refute import Challenged
from contrafact.causal.two_worlds import TwoWorlds
from contrafact.report.bars import Bar
from contrafact.report.drawing import BLUE, ORANGE
from contrafact.report.figures import Figure
from contrafact.report.forest import Forest
from contrafact.report.graph_drawing import ASSUMED, graph_section
from contrafact.report.lines import Level, Lines, Series
from contrafact.report.markup import Html, element, join, number, shorten
from contrafact.report.page import Section, facts, head_cell, page, paragraphs, section, table, warnings
from contrafact.report.panels import Cloud, Histograms
from contrafact.report.references import cited, references_for, to_copy
from contrafact.tasks.effect import Answered, several

if TYPE_CHECKING:
    from contrafact.causal.estimate.doubly import Estimate
    from contrafact.causal.estimate.study import Study

BINS = 30
RUNGS = {1: "1, see", 2: "2, do", 3: "3, imagine"}


def effect_page(source: str, found: Answered, tried: Challenged | None = None, worlds: TwoWorlds | None = None) -> str:
    """Write the page.

    Arguments:
        source: What was read.
        found: The effect and what was learned on the way.
        tried: Challenges to it.
        worlds: Two models that prove that there is no single answer.
    """
    plan = found.plan
    title = f"What {shorten(plan.treatment, 40)} does to {shorten(plan.outcome, 40)}"
    parts = [
        _summary(source, found, tried),
        *graph_section(plan.graph, _roles(found), ASSUMED),
        *_proof(found),
        *_worlds(worlds),
        *_overlap(found),
        *_estimates(found),
        *_curve(found),
        *_challenges(tried),
        _assumptions(found),
        _methods(found, tried),
    ]
    return page(title, parts)


def _refused(found: Answered) -> bool:
    return found.plan.found is not None and not found.plan.found.identifiable and found.effect.kind == "bounds"


def _summary(source: str, found: Answered, tried: Challenged | None) -> Section:
    effect, plan = found.effect, found.plan
    if effect.kind == "bounds":
        head = "Not identifiable: no amount of such data can settle it. " if _refused(found) else ""
        lead = f"{head}Data and graph allow every value between {number(effect.low)} and {number(effect.high)}."
    else:
        lead = f"{effect.query} = {number(effect.value)}, 95 % interval {number(effect.low)} to {number(effect.high)}."
    told = {
        "Data": shorten(Path(source).name, 80),
        "Question": effect.query,
        "Rung": RUNGS.get(effect.rung),
        "Way": effect.strategy,
        "Adjusted for": ", ".join(plan.adjusted_for) or ("nothing" if plan.strategy == "adjustment" else None),
        "Through": ", ".join(plan.through),
        "Estimator": effect.estimator,
        "Rows": f"{effect.n:,}",
        "Challenges": tried.verdict if tried else None,
    }
    return section("", element("p", lead, class_="lead"), warnings(found.warnings), facts(told))


def _roles(found: Answered) -> dict[str, str]:
    plan = found.plan
    roles = {**dict.fromkeys(plan.adjusted_for, "adjusted"), **dict.fromkeys(plan.through, "through")}
    return {**roles, plan.treatment: "treatment", plan.outcome: "outcome"}


def _proof(found: Answered) -> Iterator[Section]:
    verdict = found.plan.found
    if verdict is None:
        return
    if not verdict.identifiable:
        settle = element("ul", *(element("li", each) for each in verdict.remedies))
        words = element("p", "What would settle it:") if verdict.remedies else ""
        yield section("Why there is no single answer", element("p", verdict.why), words, settle)
        return
    steps = [
        join(
            element("tr", element("td", str(place), class_="number"), element("td", f"{step.before} = {step.after}")),
            element("tr", element("td", ""), element("td", f"{step.rule}: {step.reason}", class_="quiet")),
        )
        for place, step in enumerate(verdict.derivation, 1)
    ]
    body: list[object] = [element("p", verdict.why), element("pre", found.effect.formula or verdict.expression)]
    if found.plan.strategy == "adjustment" and set(found.plan.adjusted_for) != set(verdict.adjusted_for):
        sets = ["{" + ", ".join(each) + "}" for each in verdict.adjustment_sets[:6]]
        body.append(element("p", f"Minimal sets that would do: {', '.join(sets)}. The one used is the most exact."))
    if steps:
        body.append(table([head_cell("", numeric=True), head_cell("Step")], steps))
    yield section("The proof", *body)


def _worlds(worlds: TwoWorlds | None) -> Iterator[Section]:
    if worlds is None:
        return
    from contrafact.report.worlds import world_figures

    figures = [figure.html() for figure in world_figures(worlds)]
    yield section("Two worlds", element("p", worlds.words), *figures, paragraphs(worlds.notes))


def _overlap(found: Answered) -> Iterator[Section]:
    study, overlap = found.study, found.effect.overlap
    if study is None or overlap is None:
        return
    body: list[object] = [element("p", overlap.words)]
    if not study.is_amount and study.plan.strategy == "adjustment":
        body.append(_chances(study).html())
    told = {
        "Rows compared": f"{overlap.rows:,}",
        "Set aside": f"{overlap.trimmed:,}",
        "They count as": f"{overlap.effective:,.0f} rows of an experiment",
    }
    yield section("Who is compared with whom", *body, facts(told))


def _chances(study: Study) -> Figure:
    low, high = study.ends
    levels = study.treatment.levels
    chance = study.known.chance[:, high]
    sides = ((high, BLUE), (low, ORANGE))
    clouds = tuple(
        Cloud(
            name=f"{study.treatment.name} = {shorten(levels[level], 20)}",
            points=chance[study.treatment.codes == level],
            color=colour,
        )
        for level, colour in sides
    )
    return Figure(
        finding="Where the outlines lie on each other, like is compared with like.",
        sentence=f"Each row's chance of {study.treatment.name} = {levels[high]}, given what was adjusted for.",
        drawing=Histograms(clouds=clouds, edges=np.linspace(0, 1, BINS + 1), x="chance of treatment"),
    )


def _estimates(found: Answered) -> Iterator[Section]:
    effect = found.effect
    if effect.kind == "bounds" or effect.value is None:
        return
    others = {name: one for name, one in several(found).items() if name != effect.estimator}
    rows: dict[str, Any] = {effect.estimator: effect, **others, **_without_or_with(found)}
    bars = tuple(
        Bar(name=name, value=float(one.value), low=one.low, high=one.high)
        for name, one in rows.items()
        if one.value is not None
    )
    apart = max(bar.value for bar in bars) - min(bar.value for bar in bars)
    finding = f"{len(bars)} methods lie within {number(apart)} of each other." if len(bars) > 1 else str(effect)
    figure = Figure(
        finding=finding,
        sentence="Diamonds are estimates, lines their 95 % intervals, the dashed line is no effect; the first counts.",
        drawing=Forest(rows=bars, x=effect.query),
    )
    yield section("The estimate", figure.html(), paragraphs(effect.notes))


def _without_or_with(found: Answered) -> dict[str, Estimate]:
    """Give the estimate that is not the answer, where one was aided."""
    if found.aided is None:
        return {}
    aided, taken = found.aided, found.aided.taken
    return {"without aid": aided.without} if taken is aided.beside else {"with aid": aided.beside}


def _curve(found: Answered) -> Iterator[Section]:
    study = found.study
    if study is None or not study.is_amount or study.plan.strategy != "adjustment":
        return
    curve = study.curve
    series = Series(name="mean outcome", x=curve.doses, y=curve.values, low=curve.low, high=curve.high)
    figure = Figure(
        finding=f"What {study.plan.outcome} would be at each {study.treatment.name}.",
        sentence="The line is the mean outcome if all rows had this dose; the band is its 95 % interval, dose by dose.",
        drawing=Lines(
            x=study.treatment.name,
            y=study.plan.outcome,
            series=(series,),
            levels=(Level(name="mean", value=float(study.outcome.mean())),),
        ),
    )
    yield section("Dose and response", figure.html())


def _challenges(tried: Challenged | None) -> Iterator[Section]:
    if tried is None:
        return
    rows = [
        element(
            "tr",
            element("th", check.name, scope="row"),
            element("td", "pass" if check.passed else element("strong", "FAIL")),
            element("td", check.words),
        )
        for check in tried.checks
    ]
    body: list[object] = [table([head_cell("Challenge"), head_cell(""), head_cell("What was seen")], rows)]
    body.append(paragraphs(tried.notes))
    if tried.hidden is not None:
        body += _hidden(tried)
    yield section("Challenges", *body)


def _hidden(tried: Challenged) -> Iterator[Html]:
    hidden = tried.hidden
    assert hidden is not None
    yield element("p", element("strong", hidden.words))
    nearest = sorted(hidden.times.items(), key=lambda pair: pair[1])[:8]
    told = {
        "Robustness value": f"{hidden.value:.1%}; {hidden.significant:.1%} undo its significance",
        "E-value": f"{number(hidden.e)}; {number(hidden.e_end)} for the end of the interval",
        "Times as strong": ", ".join(f"{times:.1f} x {name}" for name, times in nearest if times < 1000),
    }
    yield facts(told)


def _assumptions(found: Answered) -> Section:
    rests = element("ol", *(element("li", each) for each in found.effect.assumptions))
    return section("What it rests on", rests)


def _methods(found: Answered, tried: Challenged | None) -> Section:
    return to_copy(_text(found, tried), references_for(found.effect, tried is not None))


def _text(found: Answered, tried: Challenged | None) -> str:
    """Write the paragraph for a methods section."""
    effect, plan = found.effect, found.plan
    parts = [f"We asked for {effect.query}."]
    if plan.found is not None:
        parts.append(
            f"By do-calculus {cited('pearl2009')} on the stated graph it is "
            f"{'identified (' + plan.found.strategy + ')' if plan.found.identifiable else 'not identified'}."
        )
    else:
        parts.append("No graph was stated; all other columns were taken for common causes.")
    if plan.strategy == "adjustment":
        names = ", ".join(plan.adjusted_for) or "nothing"
        parts.append(f"We adjusted for {names}.")
    parts.append(_how(found))
    if effect.overlap is not None and effect.overlap.trimmed:
        parts.append(f"{effect.overlap.trimmed:,} rows without comparable ones were set aside.")
    if tried is not None:
        parts.append(f"Of {len(tried.checks)} challenges {tried.passed} were withstood.")
        if tried.hidden is not None:
            parts.append(f"The robustness value {cited('cinelli2020')} is {tried.hidden.value:.1%}.")
    return " ".join([*parts, f"Computed with contrafact {__version__}."])


def _how(found: Answered) -> str:
    effect = found.effect
    ways = {
        "aipw": f"The effect was estimated by augmented inverse probability weighting {cited('robins1994')} with "
        f"five-fold cross-fitting {cited('chernozhukov2018')}",
        "partially linear": f"The effect of one unit was estimated in a partially linear model {cited('robinson1988')} "
        f"with five-fold cross-fitting {cited('chernozhukov2018')}",
        "front-door aipw": f"The effect was estimated through its mediators, doubly robust {cited('fulcher2020')}",
        "wald": f"The effect was estimated by Wald's ratio {cited('imbens1994')}",
        "2sls": f"The effect was estimated by two-stage least squares {cited('imbens1994')}",
        "plug-in": "The identified formula was computed on shares of rows, with a bootstrap interval",
    }
    if effect.kind == "bounds":
        return f"Bounds were computed ({effect.estimator}): {number(effect.low)} to {number(effect.high)}."
    told = ways.get(effect.estimator, f"The effect was estimated by {effect.estimator}")
    if found.study is not None and effect.estimator == "aipw":
        told += f" ({found.study.known.choice}, chosen on held-out folds)"
    return f"{told}: {number(effect.value)}, 95 % interval {number(effect.low)} to {number(effect.high)}."
