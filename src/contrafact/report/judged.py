"""The answer of `judge`: scores, what to make of them, and a look at both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, kind_of
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.privacy import Privacy
from contrafact.metrics.table_judge import TableJudgement
from contrafact.report.figures import Figure
from contrafact.report.markup import Html, clean, element, number
from contrafact.report.page import Section, page, paragraphs, section, warnings, write
from contrafact.report.picture_parts import compared
from contrafact.report.tables import ARROWS, interval, score_table
from contrafact.report.views import to_array, view_of

PRIVACY = "Attacks tried: {}. One that fails is no proof that the fakes are private; another one may succeed."
COPIED = 0.01  # of all fakes, beyond what held-out rows repeat
DISCLOSURE = ("singling_out", "linkability", "inference")
GIVEN_AWAY = 0.02  # of AUC, beyond a coin's and the interval
MOST_SHOWN = 5000
NO_HOLDOUT = (
    "No real data were held out, so nothing here can tell whether the generator learned its training data by heart: "
    "give holdout=, real items that it never saw."
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Scores of fakes against real data.

    Arguments:
        scores: Scores by name.
        title: What was judged.
        notes: What must be known to read the scores.
        figures: Real items beside fakes.
        summary: What came out, in sentences for someone who reads nothing else.
        parts: Further parts of the page; like figures they may show real items.
        privacy: What attacks on a table's privacy found.
    """

    scores: dict[str, Score]
    title: str = "Fakes against real data"
    notes: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    summary: tuple[str, ...] = ()
    parts: tuple[Section, ...] = ()
    privacy: Privacy | None = None

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the report to a file as one offline page."""
        head = [paragraphs(self.summary)] if self.summary else []
        parts = [section("", *head, warnings(self.notes)), section("Scores", score_table(self.scores)), *self.parts]
        if self.figures:
            parts.append(section("Side by side", *(figure.html() for figure in self.figures)))
        return write(path, page(self.title, parts))

    def to_json(self) -> dict[str, Any]:
        """Give title, scores and notes as JSON-ready values; what shows real items stays out."""
        scores = {name: score.to_json() for name, score in self.scores.items()}
        told: dict[str, Any] = {"title": self.title, "scores": scores, "notes": list(self.notes)}
        told |= {"summary": list(self.summary)} if self.summary else {}
        return told | ({"privacy": self.privacy.to_json()} if self.privacy else {})

    def _repr_html_(self) -> Html:
        figures = [figure.html() for figure in self.figures]
        head = element("h3", self.title), paragraphs(self.summary), warnings(self.notes)
        return element("div", *head, score_table(self.scores), *figures)

    def __str__(self) -> str:
        heads = ("score", "value", "95% interval", "floor", "ceiling", "n")
        rows = [heads, *map(_cells, self.scores.values())]
        widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
        lines = ["  ".join(_padded(cell, widths[i], i > 0) for i, cell in enumerate(row)).rstrip() for row in rows]
        told = [*map(clean, self.summary), *([""] if self.summary else []), *map(clean, self.notes)]
        return "\n".join([clean(self.title), "", *lines, "", *told]).rstrip()


def _cells(score: Score) -> tuple[str, ...]:
    value = f"{number(score.value)} {ARROWS.get(score.better, '')}"
    return clean(score.name), value, interval(score), number(score.floor), number(score.ceiling), number(score.n)


def _padded(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)


def judge(
    real: Any, fake: Any, holdout: Any = None, target: str | None = None, seed: int = 0, features: Any = None
) -> Report:
    """Score any generator's output against real data.

    Arguments:
        real: What the generator learned from.
        fake: What it made.
        holdout: Real data that it never saw; needed for the scores that notice memorised rows.
        target: A column of special interest in a table.
        seed: Seeds subsamples and resampling.
        features: What pictures are compared in: features, or a callable with a name; by default learned from `real`.

    Returns:
        A report: `report.scores`, `print(report)`, `report.save("x.html")`.
    """
    from contrafact.tasks.judge import scores, table_judgement

    if "series" in (kind_of(real), kind_of(fake)) and features is None:
        return _of_series(real, fake, scores(real, fake, holdout=holdout, target=target, seed=seed), holdout)
    if hasattr(real, "columns") and hasattr(fake, "columns") and features is None:
        return _of_table(real, fake, table_judgement(real, fake, holdout=holdout, target=target, seed=seed), holdout)
    found = scores(real, fake, holdout=holdout, target=target, seed=seed, features=features)
    name = real.name if isinstance(real, Data) else "real data"
    return Report(
        scores=found,
        title=f"{len(fake):,} fakes against {len(real):,} items of {name}",
        notes=notes_on(found, holdout is not None),
        figures=(*side_by_side(real, fake, found), *compared(real, fake)),
        parts=_to_hear(real, fake, found),
    )


def _to_hear(real: Any, fake: Any, found: Mapping[str, Score]) -> tuple[Section, ...]:
    if "bleu2" in found:
        from contrafact.report.spoken import compared_text

        return compared_text(real, fake, found)
    if not (isinstance(real, Data) and real.kind == "sound"):
        return ()
    from contrafact.report.sound import compared_sound

    return compared_sound(real, fake, found)


def _of_series(real: Any, fake: Any, found: dict[str, Score], holdout: Any) -> Report:
    from contrafact.report.series import compared_series, series_sections

    return Report(
        scores=found,
        title=f"Generated series of {len(fake):,} rows against real ones of {len(real):,} rows",
        notes=notes_on(found, holdout is not None),
        figures=compared_series(real, fake),
        parts=series_sections(),
    )


def _of_table(real: Any, fake: Any, found: TableJudgement, holdout: Any) -> Report:
    from contrafact.report.judged_table import sections, summary

    return Report(
        scores=found.scores,
        title=f"{len(fake):,} fakes against {len(real):,} real rows",
        notes=(*found.notes, *notes_on(found.scores, holdout is not None)),
        figures=side_by_side(real, fake, found.scores),
        summary=summary(found),
        parts=sections(real, fake, found),
        privacy=found.privacy,
    )


def notes_on(scores: Mapping[str, Score], holdout: bool) -> tuple[str, ...]:
    """Say what must be known to read scores of memory and privacy."""
    notes = [] if holdout else [NO_HOLDOUT]
    copies = scores.get("copies")
    if copies is not None and copies.low > (copies.ceiling or 0) + COPIED:
        notes.append(f"{copies.value:.0%} of the fakes repeat an item of the real data.")
    member = scores.get("membership_auc")
    if member is not None and member.low > max(member.ceiling or 0, 0.5) + GIVEN_AWAY:
        notes.append(
            f"Training items lie closer to the fakes than unseen ones do: AUC {member.value:.2f} for an attacker."
        )
    for name in dict.fromkeys(score.features for score in scores.values() if score.features):
        notes.append(f"Measured in the features {name}: compare figures of the same features only.")
    attacks = [name for name in ("copies", "membership_auc", *DISCLOSURE) if name in scores]
    return (*notes, PRIVACY.format(_listed(attacks))) if attacks else tuple(notes)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def side_by_side(real: Any, fake: Any, scores: Mapping[str, Score]) -> tuple[Figure, ...]:
    """Draw fakes over or beside real items; nothing for kinds that are not drawn."""
    if isinstance(real, Data) and real.kind not in ("vectors", "pictures", "table"):
        return ()
    names = [str(column) for column in getattr(real, "columns", [])]
    arrays = _mixed(real, fake) if names else (to_array(real), to_array(fake))
    if arrays[0] is None or arrays[1] is None or arrays[0].dtype.kind == "U":
        return ()
    view = view_of([arrays[1]], arrays[0], names)
    if view is None or not view.overlay:
        return ()
    return (Figure(finding=_found(scores), sentence=view.how + view.beside, drawing=view.draw(arrays[1], True)),)


def _found(scores: Mapping[str, Score]) -> str:
    believable, reached = scores.get("precision"), scores.get("coverage")
    if believable is None or reached is None:
        return "Real items and fakes."
    near = f"{reached.value:.0%} of the real items have a fake close by"
    return f"{believable.value:.0%} of the fakes lie where real items do; {near}."


def _mixed(real: Any, fake: Any) -> tuple[Any, Any]:
    """Turn two frames into numbers: a frame of one or two number columns as it is, others by their levels too."""
    from contrafact.metrics.mixed import mixed_rows

    plain = to_array(real), to_array(fake[list(real.columns)])
    if plain[0] is not None and plain[1] is not None:
        return plain
    one, other = mixed_rows(*(frame.iloc[_some(frame)] for frame in (real, fake)))
    return one, other


def _some(frame: Any) -> np.ndarray:
    return np.sort(generator(0, "shown").permutation(len(frame))[:MOST_SHOWN])
