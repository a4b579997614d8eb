"""How questions are read from text."""

from __future__ import annotations

import re
from typing import NoReturn

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.causal.query import EFFECTS, Event, Query, Setting, Value
from contrafact.causal.reading import unquoted

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>->|_\{|[(){}\[\]|,=:])
      | (?P<minus>-(?=\s))
      | (?P<name>(?:(?!_\{|->)[^\s(){}\[\]|,=:"'])+))""",
    re.VERBOSE,
)
_WIDE = str.maketrans("（），｜＝：［］｛｝", "(),|=:[]{}")
_SAME = {"CATE": "ATE", "ETT": "ATT", "ATET": "ATT", "ATC": "ATU"}
_EXAMPLES = "Ask for example P(Y | do(X)), P(Y | do(X), Z), ATE(X, Y), or P(Y_{X=1} | X=0, Y=0)."
_NUMBER = re.compile(r"[+-]?\d+")


def number(text: str) -> Value:
    """Read a number where there is one.

    >>> number("1"), number("0.5"), number("high")
    (1, 0.5, 'high')
    """
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def read_query(text: str) -> Query:
    """Read a question.

    Raises:
        UsageError: It cannot be read.
    """
    if not isinstance(text, str) or not text.strip():
        raise UsageError("There is no question.", why="The text is empty.", fix=_EXAMPLES, code="E506")
    reader = _Reader(text)
    query = reader.query()
    if reader.peek("-"):
        reader.next()
        query = _difference(query, reader.query(), reader)
    if reader.at < len(reader.words):
        reader.fail(f"it goes on with '{reader.words[reader.at][1]}' after its end")
    return query


def _difference(one: Query, other: Query, reader: _Reader) -> Query:
    from dataclasses import replace

    if (one.name, other.name) != ("E", "E") or one.outcomes[0].node != other.outcomes[0].node:
        reader.fail("only two means of the same node can be compared")
    return replace(one, less=other)


class _Reader:
    """Read a question word by word."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.words: list[tuple[str, str]] = []
        place = 0
        parts = re.split(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", text)
        plain = "".join(part if number % 2 else part.translate(_WIDE) for number, part in enumerate(parts)).rstrip()
        while place < len(plain):
            found = _TOKEN.match(plain, place)
            if not found:
                self.fail(f"'{plain[place:].strip()[:12]}' makes no sense there")
            self.words.append((str(found.lastgroup), found[0].strip()))
            place = found.end()

    def fail(self, why: str) -> NoReturn:
        raise UsageError(f"The question '{self.text}' cannot be read: {why}.", why=_EXAMPLES, fix=_FIX, code="E506")

    def peek(self, *signs: str) -> bool:
        kind, word = self.words[self.at] if self.at < len(self.words) else ("end", "")
        return kind not in ("quoted", "name") and word in signs

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.words):
            self.fail("it ends too early")
        self.at += 1
        return self.words[self.at - 1]

    def sign(self, wanted: str) -> None:
        kind, word = self.next()
        if word != wanted or kind in ("quoted", "name"):
            self.fail(f"'{wanted}' is expected where '{word}' stands")

    def name(self) -> str:
        kind, word = self.next()
        if kind not in ("quoted", "name"):
            self.fail(f"a name is expected where '{word}' stands")
        return unquoted(word) if kind == "quoted" else word

    def value(self) -> Value:
        kind, word = self.next()
        if kind not in ("quoted", "name"):
            self.fail(f"a value is expected where '{word}' stands")
        return unquoted(word) if kind == "quoted" else number(word)

    def query(self) -> Query:
        name = self.name()
        if name == "P":
            return self._probability("P", "(", ")")
        if name == "E":
            return self._probability("E", "[", "]") if self.peek("[") else self._probability("E", "(", ")")
        effect = _SAME.get(name.upper(), name.upper())
        if effect not in EFFECTS:
            known = did_you_mean(name, ["P", "E", *EFFECTS])
            self.fail(f"'{name}' is no kind of question; {known[0].lower() + known[1:].rstrip('.')}")
        return self._effect(effect)

    def _probability(self, name: str, opening: str, closing: str) -> Query:
        self.sign(opening)
        outcomes = self._events()
        do, conditions = self._conditions()
        self.sign(closing)
        if name == "E" and (len(outcomes) != 1 or outcomes[0].value is not None):
            self.fail("a mean is that of one node, without a value")
        if do and any(event.do for event in (*outcomes, *conditions)):
            self.fail("do( ) and _{ } cannot be mixed")
        if do:
            outcomes, conditions = ([Event(e.node, e.value, do) for e in part] for part in (outcomes, conditions))
        return Query(name=name, outcomes=tuple(outcomes), conditions=tuple(conditions))

    def _effect(self, name: str) -> Query:
        self.sign("(")
        treatment, low, high, written = self.name(), 0, 1, self.peek(":")
        if written:
            self.sign(":")
            low = self.value()  # type: ignore[assignment]
            self.sign("->")
            high = self.value()  # type: ignore[assignment]
        self.sign(",")
        outcome = self.name()
        do, conditions = self._conditions()
        self.sign(")")
        if do:
            self.fail(f"{name} says itself what is set")
        return Query(
            name=name,
            outcomes=(Event(outcome),),
            conditions=tuple(conditions),
            treatment=treatment,
            low=low,
            high=high,
            written=written,
        )

    def _events(self) -> list[Event]:
        events = [self._event()]
        while self.peek(","):
            self.sign(",")
            events.append(self._event())
        return events

    def _event(self) -> Event:
        node = self.name()
        if node == "do" and self.peek("("):
            self.fail("do( ) belongs behind the bar '|'")
        do: tuple[Setting, ...] = ()
        if self.peek("_{"):
            self.sign("_{")
            do = self._settings()
            self.sign("}")
        value = None
        if self.peek("="):
            self.sign("=")
            value = self.value()
        return Event(node, value, do)

    def _settings(self) -> tuple[Setting, ...]:
        settings = [self._setting()]
        while self.peek(","):
            self.sign(",")
            settings.append(self._setting())
        return tuple(settings)

    def _setting(self) -> Setting:
        event = self._event()
        return Setting(event.node, None, event) if event.do else Setting(event.node, event.value)

    def _conditions(self) -> tuple[tuple[Setting, ...], list[Event]]:
        do: tuple[Setting, ...] = ()
        conditions: list[Event] = []
        while self.peek(",", "|") if do or conditions else self.peek("|"):
            self.next()
            if self.words[self.at : self.at + 2] == [("name", "do"), ("sign", "(")]:
                self.name()
                self.sign("(")
                do = (*do, *self._settings())
                self.sign(")")
            else:
                conditions.append(self._event())
        return do, conditions


_FIX = "A name with spaces or signs in it stands in quotation marks; values follow '=': P(Y=1 | do(\"dose level\"=2))."
