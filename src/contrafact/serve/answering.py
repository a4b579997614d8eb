"""From a question to an answer: who draws, how it is sent, and what happens when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from contrafact.base.seeds import chosen
from contrafact.serve.formats import FORMS, TYPES, form_of
from contrafact.serve.questions import Question, Receive, Request, wrong
from contrafact.serve.served import Block, Served
from contrafact.serve.settings import SHARED_ROWS
from contrafact.serve.shared import Shared
from contrafact.serve.writing import JsonRows, written

T = TypeVar("T")
ROWS = ("table", "vectors")


@dataclass(kw_only=True)
class Asked:
    """What a request turned out to ask, for the counts.

    Arguments:
        model: The model's name.
        action: What it was asked.
        held: What is let go of when the answer has been sent: a place in the model's queue.
    """

    model: str = ""
    action: str = "none"
    held: ExitStack = field(default_factory=ExitStack)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent.

    Arguments:
        body: The bytes, or the last of them.
        media: Their media type.
        status: The HTTP status.
        headers: What is said beside.
        parts: Bytes that come first, part by part.
    """

    body: bytes = b""
    media: str
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    parts: AsyncIterator[bytes] | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """How an answer is to look.

    Arguments:
        form: Its form.
        safe: In CSV, whether text that begins like a formula is made harmless.
        receive: Tells when the client has gone.
    """

    form: str
    safe: bool
    receive: Receive


async def answer(served: Served, asked: Asked, question: Question, request: Request, shared: Shared) -> Answer:
    """Answer a question about a model.

    Arguments:
        served: The model.
        asked: What it is asked; it holds a place in the queue until the answer has been sent.
        question: What exactly.
        request: Says in what form.
        shared: Where small requests without a seed are cut from.
    """
    action = asked.action
    wish = _wish(served, action, question, request)
    asked.held.enter_context(served.worker.admitted())
    few = question.n <= min(SHARED_ROWS, served.block)
    if action == "sample" and question.seed is None and few and served.cuts and served.settings.share:
        return await _from_shared(served, shared, question, wish)
    if question.start is not None:
        return await _from_window(served, question, wish)
    seed = chosen(question.seed)
    if action == "sample" and served.goes_in_parts(question, wish.form):
        return await _in_parts(served, question, seed, wish)
    way = partial(served.way(action), question, seed, wish.form, wish.safe)
    return _told(wish.form, seed, None, body=await unless_gone(wish.receive, served.worker.do(way)))


def _wish(served: Served, action: str, question: Question, request: Request) -> Wish:
    """Read how an answer is to look; what is no draw is a table."""
    draws = action in ("sample", "do")
    kind = served.kind if draws and served.kind in FORMS else "table"
    form = form_of(kind, question.n if draws else 0, request.query, request.headers.get("accept", ""))
    return Wish(form=form, safe=_truth(request.query.get("csv_safe", "")), receive=request.receive)


def _truth(text: str) -> bool:
    if text.lower() in ("", "0", "false", "1", "true"):
        return text.lower() in ("1", "true")
    raise wrong("'csv_safe' cannot be that.", "It is 1 or 0.", "?csv_safe=1")


def _told(form: str, seed: int, start: int | None, **rest: Any) -> Answer:
    """Make an answer that says where it comes from."""
    headers = [(b"x-contrafact-seed", str(seed).encode()), (b"x-contrafact-source", b"synthetic")]
    if start is not None:
        headers.append((b"x-contrafact-start", str(start).encode()))
    if form != "json":
        headers.append((b"content-disposition", f'attachment; filename="synthetic.{form}"'.encode()))
    return Answer(media=TYPES[form], headers=tuple(headers), **rest)


def _as_lines(served: Served, wish: Wish) -> bool:
    """Tell whether an answer is cut from rows that were written as JSON with their block."""
    return wish.form == "json" and served.kind in ROWS


async def _from_shared(served: Served, shared: Shared, question: Question, wish: Wish) -> Answer:
    shared.as_lines = shared.as_lines or _as_lines(served, wish)
    found = shared.take(question.n)
    if found is None:
        found = await unless_gone(wish.receive, shared.wait(question.n))
    block, start = found
    return await _cut(served, block, start, question.n, wish)


async def _from_window(served: Served, question: Question, wish: Wish) -> Answer:
    if not served.cuts:
        raise wrong("'start' is not for this model.", "Its samples are not cut.", "Leave it out.")
    assert question.seed is not None, "a window has a seed"
    start, as_lines = question.start or 0, _as_lines(served, wish)
    work = partial(served.window, question.given, question.seed, start + question.n, as_lines)
    block = await unless_gone(wish.receive, served.worker.do(work))
    return await _cut(served, block, start, question.n, wish)


async def _cut(served: Served, block: Block, start: int, n: int, wish: Wish) -> Answer:
    """Write some items of a block."""
    if _as_lines(served, wish):
        lines = block.lines if block.has_lines else await served.worker.do(lambda: block.lines)
        rows = JsonRows()
        body = rows.lines(lines[start : start + n]) + rows.close()
    else:
        write = partial(written, form=wish.form, seed=block.seed, safe=wish.safe)
        body = await asyncio.to_thread(lambda: write(block.cut(start, n)))
    return _told(wish.form, block.seed, start, body=body)


async def _in_parts(served: Served, question: Question, seed: int, wish: Wish) -> Answer:
    """Begin an answer that comes part by part; what can be refused is refused with the first part."""
    parts = served.parts(question, seed, wish.form, wish.safe)
    first = await unless_gone(wish.receive, served.worker.do(partial(next, parts, b"")))
    return _told(wish.form, seed, None, parts=_following(served, first, parts, wish.receive))


async def _following(served: Served, first: bytes, parts: Iterator[bytes], receive: Receive) -> AsyncIterator[bytes]:
    """Give the parts, each drawn when the one before has been taken; stop when the client has gone."""
    gone = asyncio.ensure_future(receive())
    try:
        part: bytes | None = first
        while part is not None:
            if gone.done():
                raise asyncio.CancelledError
            yield part
            part = await served.worker.do(partial(next, parts, None))
    finally:
        gone.cancel()


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Wait for work, and drop it when the client has gone.

    Arguments:
        receive: Comes back when the client has gone.
        work: What is waited for.
    """
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise asyncio.CancelledError
        return task.result()
    finally:
        gone.cancel()
        task.cancel()
