"""The page of a discovery: the arrows with their confidences, what they rest on, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contrafact.report.markup import Html, element, number, shorten
from contrafact.report.page import facts, head_cell, page, paragraphs, section, table, warnings

if TYPE_CHECKING:
    import pandas as pd

    from contrafact.causal.graph import Graph

MOST = 200
READING = (
    "Confidence: the share of resampled tables in which the method finds the arrow again, or the mean chance that it "
    "gives it. Both directions of a pair are listed; where they are about as sure, the data do not tell which it is."
)


def discovered_page(source: str, edges: pd.DataFrame, graph: Graph, threshold: float, next_steps: Sequence[str]) -> str:
    """Write the page.

    Arguments:
        source: What was read.
        edges: What `discover` returned.
        graph: The arrows above the threshold.
        threshold: Their least confidence.
        next_steps: Commands to go on with.
    """
    told = edges.attrs
    first = facts(
        {
            "Method": told["method"],
            "Rows": f"{told['rows']:,}",
            "Variables": len(told["variables"]),
            "Resampled tables": told["runs"],
            "Arrows": f"{len(graph.directed)} of confidence {threshold:g} and more, none that closes a cycle",
        }
    )
    shown = edges[edges["confidence"] > 0].head(MOST)
    heads = [head_cell("From"), head_cell("To"), head_cell("Confidence", numeric=True), head_cell("In the graph")]
    drawn = set(graph.directed)
    rows = [_row(a, b, confidence, (a, b) in drawn) for a, b, confidence in shown.iloc[:, :3].itertuples(index=False)]
    steps = [element("pre", step) for step in next_steps]
    return page(
        f"Arrows in {shorten(source, 80)}",
        [
            section("", first, warnings(told["notes"])),
            section("The graph", element("pre", str(graph) or "no arrow")),
            section("Confidences", paragraphs((READING,)), table(heads, rows)),
            section("Next", *steps),
        ],
    )


def _row(source: str, target: str, confidence: float, drawn: bool) -> Html:
    cells = [element("td", shorten(name, 60)) for name in (source, target)]
    cells.append(element("td", number(confidence), class_="number"))
    return element("tr", *cells, element("td", "yes" if drawn else ""))
