"""From a request to a question: its body read up to a limit, its words checked before anything is computed.

Only JSON and CSV are read. Arrow and Parquet are written, never read: a small Parquet file can unfold to any size, and
an Arrow file is believed where it says that its texts begin and end.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from contrafact.base.errors import did_you_mean
from contrafact.serve.refusals import Refusal
from contrafact.serve.settings import MOST_DRAWS, WINDOW_ROWS, Settings

Receive = Callable[[], Awaitable[Any]]
LARGEST_SEED = 2**63 - 1
LONGEST_TEXT, LONGEST_QUERY, MOST_CHOICES = 10_000, 500, 100_000
BIG_BODY = 2**17  # bytes of JSON that are not read on the event loop


@dataclass(frozen=True, kw_only=True)
class Request:
    """What has come of a request, beside its body.

    Arguments:
        method: GET, POST, ...
        path: What is asked for.
        query: The words behind the question mark.
        headers: Names in small letters.
        receive: Gives the rest.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    receive: Receive

    @classmethod
    def of(cls, scope: Mapping[str, Any], receive: Receive) -> Request:
        """Read what the server says of a request."""
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        query = scope["query_string"].decode("latin-1")
        return cls(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers=headers,
            receive=receive,
        )


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a model is asked.

    Arguments:
        n: How many rows or items.
        given: Conditions.
        seed: Seeds the draws; None: the server draws one and tells it.
        start: The first row of a window into a sample of whole blocks.
        draws: Random draws in the place of a best guess.
        do: What is set.
        query: A causal question.
        rows: Rows as records, or as the text of a CSV file.
    """

    n: int = 1
    given: Mapping[str, Any] | None = None
    seed: int | None = None
    start: int | None = None
    draws: int | None = None
    do: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None
    rows: list[Mapping[str, Any]] | str | None = None


FIELDS: dict[str, tuple[str, ...]] = {
    "sample": ("n", "given", "seed", "start"),
    "do": ("n", "do", "seed"),
    "impute": ("rows", "draws", "seed"),
    "counterfactual": ("rows", "do", "draws", "seed"),
    "effect": ("query", "rows", "seed"),
}
QUERY_WORDS = ("format", "csv_safe")


async def question_of(request: Request, action: str, settings: Settings) -> Question:
    """Read what a request asks.

    Raises:
        Refusal: It is too large, cannot be read, or asks for what nobody can be given.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    with_rows = "rows" in FIELDS[action]
    if kind not in ("application/json", *(("text/csv",) if with_rows else ())):
        raise Refusal(
            415,
            "E707",
            "The body is of a type that is not read here.",
            why=f"It is called '{kind[:80]}'." if kind else "It does not say what it is.",
            fix="Send JSON with 'Content-Type: application/json'" + (", or CSV with text/csv." if with_rows else "."),
            close=True,
        )
    own = ("seed", "draws") if kind == "text/csv" else ()
    check_query(request, (*QUERY_WORDS, *own))
    body = await body_of(request, settings.most_body)
    if kind == "text/csv":
        words = {name: _whole_text(request.query[name]) for name in own if name in request.query}
        return checked({**words, "rows": _text(body)}, action, settings)
    return checked(await _json(body), action, settings)


def check_query(request: Request, known: tuple[str, ...]) -> None:
    """Refuse words behind the question mark that nothing reads."""
    for name in request.query:
        if name not in known:
            raise wrong(f"'{name[:80]}' is not known here.", did_you_mean(name[:80], known), "Leave it out.")


async def body_of(request: Request, most: int) -> bytes:
    """Read a body up to a limit.

    Raises:
        Refusal: It is longer; what is beyond is not read.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:20]) > most:
        raise _too_large(most)
    parts, size = [], 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(most: int) -> Refusal:
    return Refusal(
        413,
        "E705",
        "The body is too large.",
        why=f"This server reads {most:,} bytes at most.",
        fix="Send fewer rows in a request, or start it with --max-body BYTES.",
        close=True,
    )


def wrong(what: str, why: str, fix: str) -> Refusal:
    """Say what is wrong in a request."""
    return Refusal(400, "E706", what, why=why, fix=fix)


async def _json(body: bytes) -> Mapping[str, Any]:
    found = await asyncio.to_thread(read_json, body) if len(body) > BIG_BODY else read_json(body)
    if isinstance(found, dict):
        return found
    raise wrong("The body is no JSON object.", "A question is an object with names.", '{"n": 10, "seed": 1}')


def read_json(body: bytes) -> Any:
    """Read JSON without what JSON does not know, such as NaN and half characters.

    Raises:
        Refusal: It is none.
    """
    try:
        found = json.loads(body, parse_constant=_no_constant)
        if b"\\u" in body:
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        why = (
            "It is nested too deeply." if isinstance(error, RecursionError) else f"The reader said: {str(error)[:200]}."
        )
        raise wrong("The body is no JSON.", why, '{"n": 10, "seed": 1}') from None
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong("The body is no UTF-8 text.", f"Byte {error.start} is none.", "Convert it to UTF-8.") from None


def _whole_text(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) < 20 else text


def checked(words: Mapping[str, Any], action: str, settings: Settings) -> Question:
    """Check every word of a question.

    Raises:
        Refusal: One is unknown or cannot be what it is.
    """
    for name in words:
        if name not in FIELDS[action]:
            why = did_you_mean(name[:80], FIELDS[action])
            raise wrong(f"'{name[:80]}' is not known here.", why, "Leave it out.")
    found = Question(
        n=_count(words, "n", settings.most_rows, 1),
        given=_conditions(words.get("given")),
        seed=_whole(words, "seed", LARGEST_SEED),
        start=_whole(words, "start", WINDOW_ROWS),
        draws=_whole(words, "draws", MOST_DRAWS, least=1),
        do=_settings(words.get("do")),
        query=_query(words.get("query")),
        rows=_records(words.get("rows")),
    )
    _check_together(found, action, settings)
    return found


def _check_together(found: Question, action: str, settings: Settings) -> None:
    """Check what must stand together."""
    if found.start is not None and (found.seed is None or found.start + found.n > WINDOW_ROWS):
        why = f"It says where rows begin in the first {WINDOW_ROWS:,} of a seed's sample."
        raise wrong("'start' cannot be used so.", why, '{"n": 1, "seed": 7, "start": 12}')
    if action in ("do", "counterfactual") and not found.do:
        raise wrong("Nothing is set.", "A what-if question says what would be otherwise.", '"do": {"X": 1}')
    if action in ("impute", "counterfactual") and found.rows is None:
        raise wrong("There are no rows.", "The question is about rows.", '"rows": [{"X": 1, "Y": null}]')
    if isinstance(found.rows, list) and len(found.rows) * (found.draws or 1) > settings.most_rows:
        raise _too_many(len(found.rows) * (found.draws or 1), settings.most_rows)


def _too_many(n: int, most: int) -> Refusal:
    shown = f"{n:,}" if n < 10**15 else "So many"
    return Refusal(
        422,
        "E708",
        f"{shown} rows are too many for one answer.",
        why=f"This server gives {most:,} at most.",
        fix="Ask several times with other seeds, or start it with --max-rows N.",
    )


def check_most(n: int, most: int) -> None:
    """Refuse more than what is given at once."""
    if n > most:
        raise _too_many(n, most)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _count(words: Mapping[str, Any], name: str, most: int, usual: int) -> int:
    value = words.get(name, usual)
    if not _is_whole(value) or value < 0:
        raise wrong(f"'{name}' is no count.", "A number of items is a whole number, 0 or more.", f'"{name}": 100')
    check_most(value, most)
    return int(value)


def _whole(words: Mapping[str, Any], name: str, most: int, least: int = 0) -> int | None:
    value = words.get(name)
    if value is None:
        return None
    if not _is_whole(value) or not least <= value <= most:
        raise wrong(
            f"'{name}' cannot be that.", f"It is a whole number from {least} to {most:,}.", f'"{name}": {least}'
        )
    return int(value)


def _is_cell(value: Any) -> bool:
    """Tell whether a value is one that a cell of a table may hold."""
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return abs(value) < 2**63
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _conditions(given: Any) -> Mapping[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, dict) and all(map(_is_condition, given.values())):
        return given
    why = "It is an object; what a column may be is a value, a list of values, or an interval as text."
    raise wrong("'given' cannot be read.", why, '"given": {"age": "30..40", "sex": ["F", "M"]}')


def _is_condition(value: Any) -> bool:
    cells = value if isinstance(value, list) else [value]
    return 0 < len(cells) <= MOST_CHOICES and all(_is_cell(cell) and cell is not None for cell in cells)


def _settings(do: Any) -> Mapping[str, Any]:
    if do is None:
        return {}
    if isinstance(do, dict) and all(_is_cell(value) and value is not None for value in do.values()):
        return do
    raise wrong("'do' cannot be read.", "It is an object with a value for each node that is set.", '"do": {"X": 1}')


def _query(query: Any) -> str | None:
    if query is None or (isinstance(query, str) and len(query) <= LONGEST_QUERY):
        return query
    why = f"It is text of {LONGEST_QUERY} characters at most."
    raise wrong("'query' cannot be read.", why, '"query": "ATE(X, Y)"')


def _records(rows: Any) -> list[Mapping[str, Any]] | str | None:
    if rows is None or isinstance(rows, str):
        return rows
    if isinstance(rows, list) and all(isinstance(row, dict) and all(map(_is_cell, row.values())) for row in rows):
        return rows
    why = "They are a list of objects, each with a number, a text, true, false or null for a column."
    raise wrong("'rows' cannot be read.", why, '"rows": [{"X": 1, "Y": null}]')
