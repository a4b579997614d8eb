"""Constraints on a table's rows, as a user writes them, read by a grammar of their own.

    age >= 18                     numbers and dates between ends: also `0 <= dose <= 5`, `visit < 2026-01-01`
    start <= end                  one column against another, also in chains: `low <= middle < high`
    combinations(city, country)   only together as they are seen in the data
    unique(id)                    no value twice

    constraint  = comparison | "combinations(" term "," term ... ")" | "unique(" term ")"
    comparison  = term sign term [sign term ...]        signs of one direction: < <= or > >=
    term        = a column's name, a number, a date; in quotes where it holds a sign, a comma or a semicolon

A missing value keeps every constraint that it has a part in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from contrafact.base.errors import UsageError, did_you_mean

PIECE = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|<=|>=|=<|=>|==|!=|<>|[<>≤≥=]|,|[^\"'`<>=!≤≥,]+|.")
CALL = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)
SIGNS = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}
WRONG = ("=<", "=>", "==", "!=", "<>", "=")
WORDS = ("combinations", "unique")


class ConstraintWarning(UserWarning):
    """Real rows break a constraint."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One term below another.

    Arguments:
        text: The constraint that it is a part of.
        lower: The smaller term.
        upper: The larger term.
        strict: Whether they may not be equal.
    """

    text: str
    lower: str
    upper: str
    strict: bool


@dataclass(frozen=True, kw_only=True)
class Together:
    """Columns that keep to what is seen (`word` is "combinations"), or have no value twice ("unique").

    Arguments:
        text: The constraint.
        word: Which of the two.
        columns: The columns' names.
    """

    text: str
    word: str
    columns: tuple[str, ...]


Parsed = Comparison | Together


def parsed(constraints: Sequence[str] | None) -> list[Parsed]:
    """Read constraints.

    Raises:
        UsageError: One cannot be read; what is wrong with it is said.
    """
    return [part for text in constraints or () for part in _parsed(" ".join(text.split()))]


def _parsed(text: str) -> list[Parsed]:
    pieces = PIECE.findall(text)
    signs = [piece for piece in pieces if piece in SIGNS or piece in WRONG]
    call = CALL.fullmatch(text)
    if call and (call[1] in WORDS or not signs):
        return [_together(text, call[1], call[2])]
    if not signs:
        raise _unread(text, "It has no sign such as <= and is no combinations(...) or unique(...).")
    wrong = next((sign for sign in signs if sign in WRONG), None)
    if wrong is not None:
        raise _unread(text, f"'{wrong}' is no sign of a constraint; they are < <= > >=.")
    return _comparisons(text, pieces)


def _together(text: str, word: str, inside: str) -> Together:
    if word not in WORDS:
        raise _unread(text, f"'{word}' is unknown. {did_you_mean(word, WORDS)}")
    columns = [unquoted(part) for part in _split(PIECE.findall(inside), {","})]
    if "" in columns or len(set(columns)) < len(columns):
        raise _unread(text, "A name in the brackets is empty or stands there twice.")
    if word == "combinations" and len(columns) < 2:
        raise _unread(text, "A combination has two columns or more.")
    if word == "unique" and len(columns) != 1:
        raise _unread(text, "One column is unique; keys of several columns are not made by this version.")
    return Together(text=text, word=word, columns=tuple(columns))


def _comparisons(text: str, pieces: list[str]) -> list[Parsed]:
    signs = [SIGNS[piece] for piece in pieces if piece in SIGNS]
    terms = _split(pieces, set(SIGNS))
    if any(not unquoted(term) for term in terms):
        raise _unread(text, "A side of a sign is empty.")
    if len({sign[0] for sign in signs}) > 1:
        raise _unread(text, "Its signs do not point in one direction.")
    if signs[0][0] == ">":
        signs, terms = signs[::-1], terms[::-1]
    pairs = zip(terms[:-1], terms[1:], signs, strict=True)
    return [Comparison(text=text, lower=low, upper=high, strict=sign in "<>") for low, high, sign in pairs]


def _split(pieces: list[str], at: set[str]) -> list[str]:
    """Put pieces together between separators; quotes stay."""
    found = [""]
    for piece in pieces:
        if piece in at:
            found.append("")
        else:
            found[-1] += piece
    return [part.strip() for part in found]


def unquoted(term: str) -> str:
    """Take the quotes off a term."""
    return term[1:-1] if len(term) > 1 and term[0] == term[-1] and term[0] in "\"'`" else term


def _unread(text: str, why: str) -> UsageError:
    return UsageError(
        f"The constraint '{text}' cannot be read.",
        why=why,
        fix='Write for example "age >= 18", "start <= end", "combinations(city, country)" or "unique(id)".',
        code="E141",
    )
