"""The model card: a page of Markdown that travels with the model."""

from __future__ import annotations

import html
import re

from contrafact.report.facts import Facts
from contrafact.report.markup import clean, number
from contrafact.report.page import show
from contrafact.report.tables import ARROWS, interval

LIMITS = (
    "Everything that this model makes is synthetic: no row, picture, clip or line of it has been observed.",
    "A good score is no guarantee of privacy. A generator may repeat, or reveal, what it learned from; attacks that "
    "fail prove nothing about other attacks.",
    "It makes what its training data show, with their gaps and biases, and less of what is rare in them.",
    "It says nothing about causes: what would happen if something were changed is another question.",
    "The held-out score was used to choose the step, so it is a little better than on new data.",
)


def written(text: object) -> str:
    """Escape a text for Markdown, in which HTML counts too.

    >>> print(written("a|b *c* <i>"))
    a\\|b \\*c\\* &lt;i&gt;
    """
    return re.sub(r"([\\`*_\[\]|#~])", r"\\\1", html.escape(clean(text), quote=False))


def card(known: Facts) -> str:
    """Write the model card of a run."""
    entry = known.entry
    method = f"{entry.recipe}: {entry.line} ({entry.paper}, {entry.year})" if entry else known.method
    about = {
        "Method": method,
        "State": known.state,
        "Data": known.data_line,
        "Data fingerprint": known.fingerprint,
        "Steps": "none: fitted in closed form" if known.closed_form else f"{known.step:,} of {known.total or 0:,}",
        "Best step": known.best_step,
        "Held-out score": number(known.best_score),
        "Seed": known.recipe.get("seed"),
    }
    lines = [f"# Model card: {written(known.name)}", "", written(known.sentence), ""]
    lines += [f"- **{name}**: {written(value)}" for name, value in about.items() if value not in (None, "")]
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in LIMITS)]
    lines += _scores(known) + _settings(known)
    if known.redo:
        lines += ["", "## How to make it again", "", *(f"    {clean(line)}" for line in known.redo.splitlines())]
    return "\n".join(lines) + "\n"


def _scores(known: Facts) -> list[str]:
    if not known.scores:
        return []
    head = [
        "",
        "## Scores",
        "",
        "| score | value | 95% interval | floor | ceiling | n |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return head + [
        f"| {written(s.name)} | {number(s.value)} {ARROWS.get(s.better, '')} | {interval(s)} | {number(s.floor)} | "
        f"{number(s.ceiling)} | {number(s.n)} |"
        for s in known.scores.values()
    ]


def _settings(known: Facts) -> list[str]:
    if not known.settings:
        return []
    rows = [f"| {written(name)} | {written(show(value))} |" for name, value in sorted(known.settings.items())]
    return ["", "## Settings", "", "| setting | value |", "|---|---|", *rows]
