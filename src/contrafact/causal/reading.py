"""Graphs as people write them: statements, DOT and DAGitty.

Statements stand on lines or between semicolons: `X -> Y`, `Y <- X`, `X <-> Y` (a hidden common cause), `X -> Y -> Z`,
`{X, W} -> Y`, a name alone, `U [latent]` for a node that is never observed. A name with spaces or signs in it stands in
quotation marks. Everything after `#` or `//` is a comment. What DOT and DAGitty write between braces is the same with
fewer separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from contrafact.base.errors import DataError

ARROWS = {"->": "->", "→": "->", "<-": "<-", "←": "<-", "<->": "<->", "↔": "<->"}
_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|(?:(?<=\s)|(?<![^\n])|(?<=;))(?:\#|//)[^\n]*)
      | (?P<space>[^\S\n]+) | (?P<line>\n)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<partial>(?<!\S)(?:o->|<-o|o-o|o--|--o)(?!\S)|---?(?!>))
      | (?P<arrow><->|->|<-|[↔→←])
      | (?P<sign>[;,{}\[\]=])
      | (?P<name>(?:(?!<->|->|<-|--|[↔→←])[^\s;,"'\[\]{}=])+)
      | (?P<strange>.)""",
    re.VERBOSE | re.DOTALL,
)
_BRACED = re.compile(r"\s*(?:strict\s+)?(?P<kind>digraph|graph|dag|pdag|pag|mag)\b[^{\[]*\{", re.IGNORECASE)
_HIDDEN = {"latent", "hidden", "unobserved"}
_NO = {"no", "false", "0"}
_EXAMPLE = "Write it like this: W -> Z; Z -> X; X -> Y; W <-> X"


@dataclass(frozen=True)
class Token:
    """One word or sign of a text, with its line."""

    kind: str
    text: str
    line: int


@dataclass
class Written:
    """What has been read of a graph so far.

    Arguments:
        unit: What places are counted in: line, item.
    """

    unit: str = "line"
    places: dict[str, int] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], int] = field(default_factory=dict)
    latent: set[str] = field(default_factory=set)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes in the order in which they were met."""
        return tuple(self.places)

    @property
    def directed(self) -> tuple[tuple[str, str], ...]:
        """The arrows, as written."""
        return tuple((a, b) for a, arrow, b in self.edges if arrow == "->")

    @property
    def bidirected(self) -> tuple[tuple[str, str], ...]:
        """The hidden common causes, as written."""
        return tuple((a, b) for a, arrow, b in self.edges if arrow == "<->")

    def node(self, name: str, place: int) -> str:
        """Note a node."""
        if not isinstance(name, str) or not name.strip():
            unreadable(f"A node without a name stands in {self.unit} {place}", "A node needs a name.")
        self.places.setdefault(name, place)
        return name

    def forget(self, name: str) -> None:
        """Take a word back that was no node."""
        if not any(name in (a, b) for a, _, b in self.edges):
            self.places.pop(name, None)

    def edge(self, a: str, arrow: str, b: str, place: int) -> None:
        """Note an edge.

        Raises:
            DataError: It was there before, or leads from a node to itself.
        """
        if arrow == "<-":
            a, arrow, b = b, "->", a
        self.node(a, place)
        self.node(b, place)
        if a == b:
            raise DataError(
                f"'{a}' points to itself ({self.unit} {place}).",
                why="Nothing is its own cause at the same time.",
                fix=f"Leave it out, or slice time: '{a} before' -> '{a} after'.",
                code="E503",
            )
        before = self.edges.get((a, arrow, b)) or (self.edges.get((b, arrow, a)) if arrow == "<->" else None)
        if before:
            raise DataError(
                f"{a} {arrow} {b} is written twice ({self.unit} {before} and {self.unit} {place}).",
                why="One of them may be a slip of the pen.",
                fix="Remove one, or correct it.",
                code="E504",
            )
        self.edges[a, arrow, b] = place

    def finished(self) -> Written:
        """Give it back, if it has no cycle.

        Raises:
            DataError: It has one.
        """
        cycle = _cycle(self.nodes, self.directed)
        if cycle:
            closing = max(self.edges[a, "->", b] for a, b in pairwise(cycle))
            raise DataError(
                f"The graph has a cycle: {' -> '.join(cycle)} (closed in {self.unit} {closing}).",
                why="Arrows say what comes first; in a cycle nothing does.",
                fix=f"Turn or drop one arrow, or slice time: '{cycle[0]} before' and '{cycle[0]} after'.",
                code="E502",
            )
        return self


def unreadable(what: str, why: str) -> NoReturn:
    """Refuse a text.

    Raises:
        DataError: Always.
    """
    raise DataError(f"{what}.", why=why, fix=_EXAMPLE, code="E501")


def _cycle(nodes: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Find a cycle, first node repeated at the end; an empty list where there is none."""
    children: dict[str, list[str]] = {node: [] for node in nodes}
    for a, b in pairs:
        children[a].append(b)
    done: set[str] = set()
    for start in children:
        path, stack, upon = [start], [iter(children[start])], {start}
        while stack and start not in done:
            following = next((node for node in stack[-1] if node not in done), None)
            if following is None:
                done.add(path[-1])
                upon.remove(path.pop())
                stack.pop()
            elif following in upon:
                return [*path[path.index(following) :], following]
            else:
                path.append(following)
                upon.add(following)
                stack.append(iter(children[following]))
    return []


def unquoted(text: str) -> str:
    """Take quotation marks and escapes off a name."""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text[1:-1])


def tokens(text: str) -> Iterator[Token]:
    """Cut a text into words and signs; comments and spaces are left out."""
    line = 1
    for found in _TOKEN.finditer(text):
        kind, word = str(found.lastgroup), found[0]
        if kind == "quoted":
            yield Token("name", unquoted(word), line)
        elif kind not in ("comment", "space"):
            yield Token(kind, word, line)
        line += word.count("\n")


class Statements:
    """Read statements from tokens, with or without separators between them.

    Arguments:
        found: The tokens.
        written: Notes what is read.
        strict: Whether a new statement needs a new line or a semicolon before it.
    """

    def __init__(self, found: Iterable[Token], written: Written, *, strict: bool, first: int = 0) -> None:
        self.tokens = [t for t in found if strict or t.kind != "line"]
        self.written, self.strict, self.at, self.first = written, strict, 0, first

    def _peek(self, *texts: str) -> bool:
        return self.at < len(self.tokens) and (not texts or self.tokens[self.at].text in texts)

    def _next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _place(self, token: Token) -> int:
        return self.first or token.line

    def _where(self, token: Token) -> str:
        return f"{self.written.unit.capitalize()} {self._place(token)} of the graph"

    def _kind(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else "end"

    def body(self, closing: str | None = None) -> list[str]:
        """Read statements up to a closing brace or the end, and give the nodes that they name."""
        named: list[str] = []
        while self._peek():
            if self._peek(closing or "}"):
                self._next()
                if closing is None:
                    unreadable("A brace is closed that was never opened", "Braces come in pairs.")
                return named
            if self._peek(";", ",", "\n") and (closing or not self._peek(",")):
                self._next()
                continue
            named += self._statement(inside=closing is not None)
        if closing:
            unreadable("A brace is never closed", "Braces come in pairs; the text ends before.")
        return named

    def _statement(self, *, inside: bool) -> list[str]:
        start = self.tokens[self.at]
        groups = [self._group()]
        if self._peek("="):  # a setting of the whole drawing, as in rankdir=LR
            self._next()
            if self._peek():
                self._next()
            self.written.forget(groups[0][0])
            return []
        arrows: list[Token] = []
        while self._kind() in ("arrow", "partial"):
            arrows.append(self._arrow())
            groups.append(self._group(after=arrows[-1]))
        facts = self._facts()
        self._join(groups, arrows, facts)
        if self.strict and not inside and self._peek() and not self._peek(";", "\n"):
            self._unseparated(start)
        return [name for group in groups for name in group]

    def _unseparated(self, start: Token) -> NoReturn:
        token = self.tokens[self.at]
        unreadable(
            f"{self._where(token)} cannot be read from '{token.text}' on",
            "Statements stand on lines of their own or between semicolons; names with spaces in quotation marks.",
        )

    def _arrow(self) -> Token:
        token = self._next()
        if token.kind == "partial":
            unreadable(
                f"{self._where(token)} has an edge '{token.text}' without a known direction",
                "What follows from a graph is known only when every edge is -> , <- or <-> .",
            )
        return token

    def _group(self, after: Token | None = None) -> list[str]:
        """Read a name or a group in braces."""
        if self._kind() != "name" and not self._peek("{"):
            token = after or self.tokens[self.at]
            what = "has an arrow that leads nowhere" if after else f"cannot be read at '{token.text}'"
            unreadable(f"{self._where(token)} {what}", "A name is expected there.")
        token = self._next()
        if token.text == "{" and token.kind == "sign":
            return list(dict.fromkeys(self.body("}")))
        if not self.strict and token.text == "subgraph":
            if not self._peek("{"):
                self._next()  # its name
            return self._group()
        return [self.written.node(token.text, self._place(token))]

    def _facts(self) -> dict[str, str]:
        """Read `[key=value, flag]`."""
        facts: dict[str, str] = {}
        while self._peek("["):
            opened = self._next()
            while self._peek() and not self._peek("]"):
                key = self._next().text
                value = "yes"
                if self._peek("="):
                    self._next()
                    value = self._next().text if self._peek() and not self._peek("]") else ""
                if key.strip(";, \n"):
                    facts[key.lower()] = value.lower()
            if not self._peek():
                unreadable(f"{self._where(opened)} opens '[' and never closes it", "Brackets come in pairs.")
            self._next()
        return facts

    def _join(self, groups: list[list[str]], arrows: list[Token], facts: dict[str, str]) -> None:
        if not arrows:
            hidden = bool(_HIDDEN & {key for key, value in facts.items() if value not in _NO})
            if hidden or facts.get("observed") in _NO:
                self.written.latent.update(groups[0])
            if not self.strict and facts and groups[0] and groups[0][0] in ("node", "edge", "graph"):
                self.written.forget(groups[0][0])  # how a drawing looks
            return
        turn = {"both": "<->", "back": "<-"}.get(facts.get("dir", ""))
        for left, token, right in zip(groups, arrows, groups[1:], strict=False):
            arrow = ARROWS[token.text]
            for a in left:
                for b in right:
                    self.written.edge(a, turn if turn and arrow == "->" else arrow, b, self._place(token))


def read_statements(text: str) -> Written:
    """Read statements on lines or between semicolons."""
    written = Written()
    Statements(tokens(text), written, strict=True).body()
    return written.finished()


def read_braced(text: str) -> Written:
    """Read DOT or DAGitty text."""
    head = _BRACED.match(_uncommented(text))
    if not head:
        unreadable("The text is neither DOT nor DAGitty", "It does not begin with digraph { or dag {.")
    if head["kind"].lower() not in ("digraph", "dag"):
        unreadable(
            f"A '{head['kind']}' has edges without a known direction",
            "What follows from a graph is known only when every edge is -> , <- or <-> .",
        )
    written = Written()
    found = [token for token in tokens(text) if token.kind != "line"]
    opened = next(place for place, token in enumerate(found) if token.text == "{")
    reader = Statements(found[opened + 1 :], written, strict=False)
    reader.body("}")
    if reader._peek():
        unreadable(f"{reader._where(found[opened + 1 + reader.at])} goes on after the last brace", "One graph a text.")
    return written.finished()


def _uncommented(text: str) -> str:
    kept = (found[0] for found in _TOKEN.finditer(text) if found.lastgroup != "comment")
    return "".join(kept)


def read_text(text: str) -> Written:
    """Read a graph in any of the formats; the text itself tells which."""
    from contrafact.causal.foreign import read_bif, read_cg, read_gml

    bare = _uncommented(text).lstrip("\ufeff \t\n")
    if re.match(r"<NODES>", bare, re.IGNORECASE):
        return read_cg(text)
    if re.match(r"(Creator\b.*\n\s*|Version\b.*\n\s*)*graph\s*\[", bare):
        return read_gml(text)
    if re.match(r"(network|variable)\b[^;\n]*\{", bare):
        return read_bif(text)
    return read_braced(text) if _BRACED.match(bare) else read_statements(text.removeprefix("\ufeff"))


def read_file(path: str | PathLike[str]) -> Written:
    """Read a file in any of the formats.

    Raises:
        DataError: There is no such file, or it is no text.
    """
    try:
        return read_text(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no text.", why=f"Byte {error.start} is not UTF-8.", fix="Save it as UTF-8.", code="E208"
        ) from None
    except FileNotFoundError:
        fix = f'Check the path, or write the graph itself: "X -> Y". You gave {str(path)!r}.'
        raise DataError(f"{path} is not there.", why="There is no such file.", fix=fix, code="E202") from None


def read_edges(edges: str | PathLike[str] | Iterable[Any]) -> Written:
    """Read text in any of the formats, a file, or a list of statements, pairs and triples."""
    if isinstance(edges, str):
        return read_text(edges)
    if isinstance(edges, PathLike):
        return read_file(edges)
    if hasattr(edges, "edges") or isinstance(edges, bytes | dict):
        what = f"A {type(edges).__name__} is not text, nor a list of edges"
        unreadable(what, "Graph.from_networkx takes networkx graphs; lists hold statements, pairs or triples.")
    written = Written(unit="item")
    for place, item in enumerate(edges, 1):
        if isinstance(item, str):
            Statements(tokens(item), written, strict=True, first=place).body()
        else:
            written.edge(*_triple(item, place), place)
    return written.finished()


def _triple(item: Any, place: int) -> tuple[str, str, str]:
    parts = tuple(item) if isinstance(item, tuple | list) else ()
    if len(parts) == 2:
        parts = (parts[0], "->", parts[1])
    if len(parts) != 3 or parts[1] not in ARROWS or not all(isinstance(part, str) for part in parts):
        unreadable(f"Item {place}, {item!r}, is no edge", 'An edge is "X -> Y", ("X", "Y") or ("X", "<->", "Y").')
    return parts[0], ARROWS[parts[1]], parts[2]
