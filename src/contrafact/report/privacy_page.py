"""The part of a page that says which attacks on privacy were tried, and how far each came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.metrics.columns import Table
from contrafact.metrics.disclosure import Risk
from contrafact.metrics.membership import ALARMS, MEANINGS, Attack
from contrafact.metrics.privacy import NearPair, Privacy
from contrafact.report.markup import Html, element, join, number, shorten
from contrafact.report.page import Section, head_cell, paragraphs, section, table, warnings
from contrafact.report.tables import interval

MOST_COLUMNS, MOST_INFERRED = 10, 8
HOLDS_ROWS = "This part shows real rows: do not pass the page on where the real data may not go."
PAIRS = (
    "The nearest pairs of a fake and a real row. Distance 0 is a copy; cells that differ are bold. A near pair is no "
    "verdict: look whether it is a common kind of row (the usual distance between neighbouring real rows there is "
    "given beside) or somebody's own."
)
WAYS = {
    "singling_out": "a condition that holds for one fake holds for exactly one real row",
    "linkability": "two halves of a row have the same nearest fake",
    "inference": "the nearest fake tells a hidden cell",
}


def privacy_section(found: Privacy, real: Any, fake: Any, read: Table) -> Section:
    """Write what attacks found.

    Arguments:
        found: What they found.
        real: The real frame, for the nearest pairs.
        fake: The generated frame.
        read: The real frame as it was compared, which says what columns are.
    """
    exact = f"{found.exact:,} of {len(fake):,} fakes repeat a real row exactly, in the cells that are compared."
    parts = [paragraphs((exact, *found.findings(), *found.notes()))]
    parts += [_attacks(found.attacks)] if found.attacks else []
    parts += [_risks(found.risks, found.inferred)] if found.risks else []
    return section("Privacy", *parts, _pairs(found.nearest, real, fake, read))


def _attacks(attacks: Sequence[Attack]) -> Html:
    heads = [head_cell("Membership attack"), head_cell("AUC", numeric=True)]
    heads += [head_cell(f"Found at {rate:.3g}", numeric=True) for rate in ALARMS]
    heads.append(head_cell("AUC, outlying", numeric=True))
    rows = [
        element(
            "tr",
            element("th", attack.name, element("small", MEANINGS[attack.name]), scope="row"),
            *(_cell(score) for score in (attack.auc, *(attack.found.get(rate) for rate in ALARMS), attack.outlying)),
        )
        for attack in attacks
    ]
    one = attacks[0]
    said = (
        f"{one.members:,} training rows and {one.others:,} held-out rows were ranked. AUC 0.5 is a coin, 1 finds every "
        "training row. Found at 0.01: the share of training rows found while a hundredth of held-out rows are taken "
        "for such; chance finds as many. Outlying: the hundredth furthest from other rows. Blank: too few rows."
    )
    return join(element("h3", "Who was in the training data?"), table(heads, rows), element("p", said, class_="quiet"))


def _cell(score: Score | None) -> Html:
    if score is None:
        return element("td", "", class_="number")
    return element("td", number(score.value), element("small", f" ({interval(score)})"), class_="number")


def _risks(risks: Sequence[Risk], inferred: Sequence[Risk]) -> Html:
    heads = [head_cell("Attack")]
    heads += [head_cell(name, numeric=True) for name in ("Training rows", "Held-out rows", "Guessing", "Risk")]
    others = [risk for risk in inferred if risk not in risks][:MOST_INFERRED]
    rows = [_risk_row(risk, WAYS[risk.name]) for risk in risks] + [_risk_row(risk, "") for risk in others]
    said = (
        "Shares of right guesses. The risk is what works on training rows beyond held-out rows; what works on both is "
        "knowledge that any useful data give. Void: no better than guessing, so that the risk says nothing. The worst "
        "column is named for inference: the worst of many is a little above 0 by chance."
    )
    title = "Singling out, linking, inferring"
    return join(element("h3", title), table(heads, rows), element("p", said, class_="quiet"))


def _risk_row(risk: Risk, way: str) -> Html:
    name = risk.name.replace("_", " ") + (f" of {shorten(risk.column, 40)}" if risk.column else "")
    shares = (f"{share:.1%}" for share in (risk.main, risk.control, risk.baseline))
    value = element("td", "void", class_="number") if risk.void else _cell(risk.score)
    head = element("th", name, element("small", way) if way else "", scope="row")
    return element("tr", head, *(element("td", share, class_="number") for share in shares), value)


def _pairs(pairs: Sequence[NearPair], real: Any, fake: Any, read: Table) -> Html:
    if not pairs:
        return Html("")
    names = [name for name, column in zip(real.columns, read.columns, strict=True) if column.kind != "text"]
    shown = names[:MOST_COLUMNS]
    heads = [head_cell("Distance", numeric=True), head_cell("Usual", numeric=True), head_cell("")]
    heads += [head_cell(shorten(name, 24)) for name in shown]
    rows = [row for pair in pairs for row in _pair_rows(pair, real[shown], fake[shown])]
    left = f" {len(names) - len(shown)} more columns are not shown." if len(names) > len(shown) else ""
    note = element("p", PAIRS + left, class_="quiet")
    return join(element("h3", "Nearest pairs"), warnings((HOLDS_ROWS,)), note, table(heads, rows))


def _pair_rows(pair: NearPair, real: Any, fake: Any) -> list[Html]:
    sides = [[str(cell) for cell in frame.iloc[row]] for frame, row in ((fake, pair.fake), (real, pair.real))]
    differ = np.array([one != other for one, other in zip(*sides, strict=True)], dtype=bool)
    written = [
        [
            element("td", element("b", shorten(cell, 24)) if off else shorten(cell, 24))
            for cell, off in zip(side, differ, strict=True)
        ]
        for side in sides
    ]
    figures = [element("td", number(value), class_="number") for value in (pair.distance, pair.usual)]
    blank = [element("td", ""), element("td", "")]
    return [
        element("tr", *figures, element("td", f"fake {pair.fake:,}", class_="number"), *written[0]),
        element("tr", *blank, element("td", f"real {pair.real:,}", class_="number"), *written[1]),
    ]
