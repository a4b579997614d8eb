"""See, do, imagine: items of a causal model of attributes, as they are seen, as they are set, and the same otherwise.

Seen under a condition come the items that have an attribute, with whatever tends to come along. Set, the attribute
moves and what causes it keeps its law. Imagined, it is the very same unit, its own noise and all, in another world: the
same seed draws the same units in every world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.causal.graph import Graph
from contrafact.report.clips import Shown, clip_table
from contrafact.report.facts import Facts
from contrafact.report.figures import Figure
from contrafact.report.markup import Html, element, join, shorten
from contrafact.report.page import Section, head_cell, section, table
from contrafact.report.panels import Rows

COLUMNS, SPOKEN, COUNTED, MOST_WORLDS = 10, 4, 2000, 8
SEEN = "The first row is drawn as the data are; then come items that have it, and items for which it was set."
IMAGINED = "Each column is one unit with its own noise: down it only what was set, and what follows from it, may move."
TURNED = {  # lines stand in columns
    SEEN: "The first column is drawn as the data are; then come lines that have it, and lines for which it was set.",
    IMAGINED: "Each row is one unit with its own noise: along it only what was set, and what follows, may move.",
}
Row = tuple[str, Data]


def galleries(model: Any, do: Mapping[str, Any], seed: int = 0) -> list[Section]:
    """Draw a model's items in the worlds of a setting.

    Arguments:
        model: A model of items that follow from attributes.
        do: What is set.
        seed: Seeds the units.
    """
    shown = SHOWN.get(model.codec.kind)
    if shown is None or not do:
        return []
    width = COLUMNS if model.codec.kind == "pictures" else SPOKEN
    seen, told = _seen(model, do, width, seed)
    parts = [element("p", _shares(model, do, seed)), element("p", told) if told else "", shown(seen, SEEN)]
    return [
        section("See and do", *parts),
        section("Imagine", shown(_imagined(model, do, width, seed), IMAGINED)),
    ]


def galleries_of_run(known: Facts) -> list[Section]:
    """Draw the items of a run that learned attributes with a graph; nothing for other runs."""
    from contrafact.tasks.load import load

    if known.codec.get("codec") != "attributes" or not known.recipe.get("settings", {}).get("graph"):
        return []
    try:
        model = load(known.run.folder)
    except ContrafactError as error:
        return [section("See and do", element("p", f"No model could be drawn from. {error.what}", class_="quiet"))]
    return galleries(model, usual_setting(model))


def usual_setting(model: Any) -> dict[str, str]:
    """Choose what a page of a run sets: the attribute of fewest levels that something else goes along with."""
    graph = Graph(model.recipe.graph or "")
    parents = {node: len(graph.parents(node)) + len(graph.spouses(node)) for node in graph}
    named = [one for one in model.codec.attributes if not one.numeric and len(one.levels) > 1]
    ranked = sorted(named, key=lambda one: (not parents.get(one.name, 0), len(one.levels)))
    return {ranked[0].name: ranked[0].levels[0]} if ranked else {}


def _seen(model: Any, do: Mapping[str, Any], width: int, seed: int) -> tuple[list[Row], str]:
    """Draw items as they come, with the attributes, and with the attributes set."""
    written = _written(do)
    rows = [("as it is", model.sample(width, seed=seed))]
    told = ""
    try:
        rows.append((f"seen {written}", model.sample(width, given=dict(do), seed=seed)))
    except UsageError as refused:  # next to nobody has it
        told = refused.what
    return [*rows, (f"do({written})", model.do(**do).sample(width, seed=seed))], told


def _imagined(model: Any, do: Mapping[str, Any], width: int, seed: int) -> list[Row]:
    """Draw the same units in every world of what is set first, all else that is set as asked."""
    name = next(iter(do))
    levels = next((one.levels for one in model.codec.attributes if one.name == name and not one.numeric), (do[name],))
    values = list(dict.fromkeys([str(do[name]), *levels]))[:MOST_WORLDS]
    rows = [("as it is", model.sample(width, seed=seed))]
    return [
        *rows,
        *((f"{name} = {value}", model.do(**{**do, name: value}).sample(width, seed=seed)) for value in values),
    ]


def _shares(model: Any, do: Mapping[str, Any], seed: int) -> str:
    """Say how the attribute that moves most with what is set comes, as it is, where it is seen and where it is set."""
    found = {"as it is": model.attributes(COUNTED, seed=seed)}
    with suppress(UsageError):  # next to nobody has it, which is told beside the gallery
        found["where it is seen"] = model.attributes(COUNTED, dict(do), seed)
    found["where it is set"] = model.do(**do).attributes(COUNTED, seed=seed)
    others = [one.name for one in model.codec.attributes if one.name not in do and not one.numeric]
    if not others:
        return ""
    shares = {name: {w: f[name].astype(str).value_counts(normalize=True) for w, f in found.items()} for name in others}
    name, level = _moved_most(shares)
    told = ", ".join(f"{own.get(level, 0):.0%} {world}" for world, own in shares[name].items())
    return f"{name} = {shorten(level, 40)}: {told} ({COUNTED:,} units each)."


def _moved_most(shares: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """Find the level whose share differs most between the world as it is and another."""

    def moved(key: tuple[str, str]) -> float:
        own = shares[key[0]]
        return max(abs(float(other.get(key[1], 0) - own["as it is"][key[1]])) for other in own.values())

    return max(((name, level) for name, own in shares.items() for level in own["as it is"].index), key=moved)


def _pictures(rows: Sequence[Row], sentence: str) -> Html:
    items = np.concatenate([np.asarray(data.items) for _, data in rows])
    items = items[..., 0] if items.ndim == 4 and items.shape[3] not in (3, 4) else items
    finding = "; ".join(name for name, _ in rows)
    drawing = Rows(names=tuple(shorten(name, 30) for name, _ in rows), items=items)
    return Figure(finding=f"Rows: {shorten(finding, 160)}.", sentence=sentence, drawing=drawing).html()


def _clips(rows: Sequence[Row], sentence: str) -> Html:
    heads = [f"unit {place + 1}" for place in range(SPOKEN)]
    cells = [
        (
            name,
            {
                head: Shown(clip=np.asarray(clip), told=f"generated: {name}")
                for head, clip in zip(heads, data.items, strict=True)
            },
        )
        for name, data in rows
    ]
    return join(element("p", sentence), clip_table(cells, heads, rows[0][1].rate or 1))


def _lines(rows: Sequence[Row], sentence: str) -> Html:
    heads = [head_cell(name) for name, _ in rows]
    lines = [
        element("tr", *(element("td", element("span", shorten(str(item), 200), dir="auto")) for item in unit))
        for unit in zip(*(data.items for _, data in rows), strict=True)
    ]
    return join(element("p", TURNED[sentence]), table(heads, lines))


SHOWN: Mapping[str, Callable[[Sequence[Row], str], Html]] = {"pictures": _pictures, "sound": _clips, "text": _lines}


def _written(do: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in do.items())
