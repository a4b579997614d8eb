"""Graphs as other programs write them: .cg, GML, BIF and networkx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contrafact.causal.reading import Statements, Written, tokens, unquoted, unreadable

_GML = re.compile(r'(?P<text>"[^"]*")|(?P<open>\[)|(?P<close>\])|(?P<word>[^\s\[\]"]+)|(?P<line>\n)')
_BIF_VARIABLE = re.compile(r'^\s*variable\s+("[^"]+"|[^\s{]+)')
_BIF_LAW = re.compile(r"^\s*probability\s*\(([^)]*)\)")
_NO = {"no", "false", "0"}


def read_cg(text: str) -> Written:
    """Read .cg text: node names under <NODES>, edges under <EDGES>."""
    written, part = Written(), ""
    for place, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        word = line.strip()
        if re.fullmatch(r"<\w+>", word):
            part = word.upper()
        elif word and part == "<NODES>":
            written.node(word, place)
        elif word and part == "<EDGES>":
            known = len(written.places)
            Statements(tokens(word), written, strict=True, first=place).body()
            if len(written.places) > known:
                unreadable(
                    f"Line {place} of the graph names '{written.nodes[-1]}'", "It is not among the nodes under <NODES>."
                )
    return written.finished()


def _gml_items(text: str) -> Iterator[tuple[str, str, int]]:
    line = 1
    for found in _GML.finditer(re.sub(r"(?m)^\s*#.*$", "", text)):
        if found.lastgroup == "line":
            line += 1
        else:
            yield str(found.lastgroup), found[0].strip('"'), line


def _gml_block(items: Iterator[tuple[str, str, int]]) -> list[tuple[str, Any, int]]:
    """Read `key value` pairs up to the closing bracket; a value in brackets is a list of the same kind."""
    block: list[tuple[str, Any, int]] = []
    for kind, key, line in items:
        if kind == "close":
            return block
        kind, value, _ = next(items, ("close", "", line))
        if kind == "close":
            unreadable(f"Line {line} of the graph has a key '{key}' without a value", "GML is made of keys and values.")
        block.append((key.lower(), _gml_block(items) if kind == "open" else value, line))
    return block


def read_gml(text: str) -> Written:
    """Read GML text; an edge with `bidirected 1` or `dir "both"` is a hidden common cause."""
    whole = {key: value for key, value, _ in _gml_block(_gml_items(text))}
    graph = whole.get("graph")
    if not isinstance(graph, list):
        unreadable("The text is no GML", "It has no graph [ ... ].")
    if ("directed", "0") in [(key, value) for key, value, _ in graph]:
        unreadable("The GML graph is undirected", "What follows from a graph is known only when edges have directions.")
    written, names = Written(), {}
    for key, block, line in graph:
        facts = {k: v for k, v, _ in block} if isinstance(block, list) else {}
        if key == "node":
            names[facts.get("id", "")] = written.node(facts.get("label") or facts.get("id", ""), line)
            if _hidden(facts):
                written.latent.add(names[facts.get("id", "")])
    for key, block, line in graph:
        if key == "edge":
            facts = {k: v for k, v, _ in block}
            ends = [names.get(facts.get(end, "")) for end in ("source", "target")]
            if None in ends:
                unreadable(f"Line {line} of the graph has an edge to a node that is not there", "Its id is unknown.")
            written.edge(str(ends[0]), "<->" if _both(facts) else "->", str(ends[1]), line)
    return written.finished()


def _hidden(facts: dict[str, Any]) -> bool:
    marks = (facts.get(key) for key in ("latent", "hidden", "unobserved"))
    return any(mark is not None and str(mark).lower() not in _NO for mark in marks) or (
        str(facts.get("observed", "yes")).lower() in _NO
    )


def _both(facts: dict[str, Any]) -> bool:
    return str(facts.get("dir", "")).lower() == "both" or str(facts.get("bidirected", "no")).lower() not in _NO


def read_bif(text: str) -> Written:
    """Read the graph of a BIF file; its tables are left where they are."""
    written = Written()
    for place, line in enumerate(text.splitlines(), 1):
        if found := _BIF_VARIABLE.match(line):
            written.node(_bif_name(found[1]), place)
        elif found := _BIF_LAW.match(line):
            child, *parents = (_bif_name(name) for name in re.split(r"[|,]", found[1]) if name.strip())
            for parent in parents:
                if parent not in written.places or child not in written.places:
                    unreadable(f"Line {place} of the graph names '{parent}'", "No variable of that name comes before.")
                written.edge(parent, "->", child, place)
    if not written.places:
        unreadable("The text is no BIF", "It names no variable.")
    return written.finished()


def _bif_name(word: str) -> str:
    word = word.strip()
    return unquoted(word) if word.startswith('"') else word


def from_networkx(graph: Any) -> Written:
    """Take nodes and edges over from a networkx graph."""
    if not graph.is_directed():
        unreadable("The networkx graph is undirected", "Arrows need a direction: make it a DiGraph.")
    written = Written(unit="edge")
    for node, facts in graph.nodes(data=True):
        written.node(str(node), 0)
        if _hidden(facts):
            written.latent.add(str(node))
    for place, (a, b, facts) in enumerate(graph.edges(data=True), 1):
        written.edge(str(a), "<->" if _both(facts) else "->", str(b), place)
    return written.finished()
