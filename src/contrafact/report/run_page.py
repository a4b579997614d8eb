"""The report of one run, read from its folder alone; it is written while the run goes on, and after."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.engine.bundle import write_atomically
from contrafact.engine.run import Run
from contrafact.report.card import card
from contrafact.report.cost import all_series, cost_figures, from_zero, why
from contrafact.report.facts import Facts, facts_of
from contrafact.report.figures import Figure
from contrafact.report.film import film, shots
from contrafact.report.galleries import galleries_of_run
from contrafact.report.lines import Lines, Mark
from contrafact.report.markup import Html, clean, element, is_number, join, number
from contrafact.report.meanings import held_out
from contrafact.report.page import Section, facts, page, paragraphs, section, warnings, write
from contrafact.report.picture_parts import as_learned, closer_look
from contrafact.report.series import series_look
from contrafact.report.sound import rate_of_run, sound_film, sound_look
from contrafact.report.spoken import spoken_look
from contrafact.report.tables import score_table, settings_table, timeline
from contrafact.zoo.index import settings_of

SCORED = ("score", "precision", "recall", "coverage")


def run_report(run: Run, real: Any = None) -> str:
    """Write the report of a run as one page.

    Arguments:
        run: The run's folder.
        real: Real data to draw beneath the samples; they become part of the page. None shows no real item.
    """
    known = facts_of(run)
    parts = [
        _summary(known),
        *_training(known),
        section("What it makes", *_samples(known, real)),
        *galleries_of_run(known),
        section("A closer look", *closer) if (closer := closer_look(known, real)) else None,
        _cost(known),
        section("Scores", score_table(known.scores)) if known.scores else None,
        section("Settings", _settings(known)),
        section("How to make it again", *_again(known)),
    ]
    return page(f"Run {known.name}", [part for part in parts if part is not None])


def write_run_report(run: Run, real: Any = None) -> Path:
    """Write `report.html` and the model card `card.md` into a run's folder and give the report's path.

    Arguments:
        run: The run's folder.
        real: Real data to draw beneath the samples, or None.
    """
    path = write(run.folder / "report.html", run_report(run, real))
    write_atomically(run.folder / "card.md", card(facts_of(run)).encode())
    return path


def _summary(known: Facts) -> Section:
    notes = []
    if known.state in ("running", "unfinished"):
        notes.append(f"This run is {known.state}: the page shows what there is up to step {known.step:,}.")
    if known.state == "stopped":
        notes.append(f"This run was stopped at step {known.step:,}; the same command goes on from there.")
    if not known.recipe:
        notes.append("The folder holds no readable recipe.json: what was asked for is not known.")
    return section("", element("p", known.sentence, class_="lead"), warnings(notes), _head(known))


def _head(known: Facts) -> Html:
    entry = known.entry
    method = join(element("strong", known.method), f": {entry.line}") if entry else known.method
    total = "none: fitted in closed form" if known.closed_form else f"{known.step:,} of {known.total or 0:,}"
    best = f"{known.best_step:,} (score {number(known.best_score)})" if known.best_step is not None else None
    return facts(
        {
            "State": known.state,
            "Method": method,
            "From": f"{entry.paper}, {entry.year}" if entry else None,
            "Data": known.data_line,
            "Steps": total if known.recipe else None,
            "Best step": best,
            "Seed": known.recipe.get("seed"),
            "Budget": known.recipe.get("budget"),
        }
    )


def _training(known: Facts) -> list[Section]:
    if known.closed_form and not known.rows:
        return []
    return [
        section("What the training doctor said", _doctor(known)),
        section("Score over the steps", *_curve(known)),
    ]


def _doctor(known: Facts) -> Html:
    told = timeline(known.events)
    if told:
        codes = sorted({str(event["code"]) for event in known.events if event.get("code")})
        hint = f"contrafact explain {codes[0]}" if codes else ""
        more = element("p", "What a code means: ", element("code", hint), class_="quiet") if hint else ""
        return join(told, more)
    if not known.rows:
        return element("p", "Nothing was measured, so there was nothing to watch.")
    return element("p", "Nothing to report: none of its rules found anything wrong.")


def _curve(known: Facts) -> list[object]:
    rows = [row for row in known.rows if "score" in row]
    lines = all_series(rows, SCORED)
    if not lines:
        return [element("p", "No score was measured over steps in this run.")]
    marks = () if known.best_step is None else (Mark(name=f"best: {known.best_step:,}", x=known.best_step),)
    figure = Figure(
        finding=_course(known, rows),
        sentence=f"{held_out(known.method)[1]} Handed out is the latest model that is not clearly worse than the best "
        "one; it is marked here.",
        drawing=Lines(x="step", y="held-out score", series=lines, marks=marks, limits=from_zero(lines)),
    )
    held = known.data.get("held_out")
    if not isinstance(held, int):
        return [figure.html()]
    note = f"{held:,} held-out rows; the best of several looks at the same rows is a little flattered by luck."
    return [figure.html(), element("p", note, class_="quiet")]


def _course(known: Facts, rows: Sequence[Mapping[str, Any]]) -> str:
    """Tell the course of the score in a sentence."""
    values = [row["score"] for row in rows if is_number(row["score"])]
    if known.best_step is None or not values:
        return "The held-out score over the steps."
    last = values[-1]
    began = f"The held-out score was best at step {known.best_step:,}, {number(known.best_score)}"
    if known.best_step == rows[-1]["step"]:
        return f"{began}, its last: more steps may help."
    if (known.best_score or 0) - last > 0.05:
        return f"{began}, and fell to {number(last)} by the end."
    return f"{began}, and ended at {number(last)}."


def _samples(known: Facts, real: Any) -> list[Html]:
    if rate_of_run(known) is not None and (heard := [*sound_look(known, real), *sound_film(known)]):
        return heard
    if spoken := spoken_look(known, real):
        return [*spoken, *film(shots(known.run, keep=known.best_step), best=known.best_step)]
    if drawn := series_look(known, real):
        return drawn
    taken = shots(known.run, keep=known.best_step)
    if taken:
        return film(taken, as_learned(known, real), known.column_names, known.best_step)
    command = f"contrafact sample {shlex.quote(clean(known.name))} -n 100 -o FILE"
    return [element("p", "No samples were kept in this folder. Draw some: ", element("code", command))]


def _cost(known: Facts) -> Section | None:
    figures = cost_figures(known.rows, known.balance)
    if not figures:
        return None
    return section("Cost analysis", paragraphs(why(known.rows)), *(figure.html() for figure in figures))


def _settings(known: Facts) -> Html:
    settings = known.settings
    if not settings:
        return element("p", "No settings are written down.")
    try:
        stated = settings_of(known.method)
    except (UsageError, OSError, StopIteration):
        stated = []
    meanings = {setting.name: setting.meaning for setting in stated}
    return settings_table(settings, meanings, {s.name: s.default for s in stated if s.default})


def _again(known: Facts) -> list[object]:
    versions = known.environment.get("versions")
    pairs: dict[str, object] = {
        key.capitalize(): value for key, value in known.environment.items() if key != "versions"
    }
    if isinstance(versions, dict):
        pairs["Versions"] = ", ".join(f"{name} {version}" for name, version in versions.items())
    pairs["Data fingerprint"] = known.fingerprint
    command = element("pre", known.redo) if known.redo else element("p", "The command was not written down.")
    return [command, facts(pairs)]
