"""The application (ASGI): routes, and the order in which a request passes the doors.

It is written against the ASGI interface itself: a dozen routes need no framework, and nothing stands between the socket
and a door. No route takes a path, opens a file, or fetches anything; a name is looked up among the loaded models.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from contrafact.base.errors import did_you_mean
from contrafact.serve.access import check_access
from contrafact.serve.answering import Answer, Asked, answer
from contrafact.serve.counting import TYPE, Counts
from contrafact.serve.openapi import document
from contrafact.serve.questions import Receive, Request, check_query, question_of
from contrafact.serve.refusals import INTERNAL, Refusal, body_of, headers_of, refused
from contrafact.serve.served import ACTIONS, Served
from contrafact.serve.settings import Settings
from contrafact.serve.shared import Shared

Scope = Mapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
Load = Callable[[], list[Served]]

SECURE = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
JSON = "application/json"
RETIRE_SECONDS = 0.05
MOST_SHARED = 8  # conditions whose blocks are kept, of a model
log = logging.getLogger("contrafact.serve")


class App:
    """An ASGI application that serves models.

    Arguments:
        settings: How it behaves.
        load: Gives the models; it is called once when the server starts, in a thread, and again by `reload`.
        failed: Is told why the models cannot be loaded.
    """

    def __init__(self, settings: Settings, load: Load, failed: Callable[[Exception], None] | None = None) -> None:
        self.settings, self.counts = settings, Counts()
        self._load, self._failed = load, failed
        self.models: dict[str, Served] = {}
        self.ready = False
        self._shared: dict[tuple[str, str], Shared] = {}
        self._loading: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Load when the server starts, and end the threads when it stops."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._loading = asyncio.get_running_loop().create_task(self.reload())
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def reload(self) -> None:
        """Load the models anew; the old ones answer until the new ones are there, and stay if they cannot be loaded."""
        try:
            found = await asyncio.to_thread(self._load)
        except Exception as error:  # noqa: BLE001 - whoever runs the server is told, and decides
            log.error("The models cannot be loaded: %s", str(error).split("\n")[0])
            if not self.ready and self._failed is not None:
                self._failed(error)
            return
        old = list(self.models.values())
        self.models, self._shared, self.ready = {served.name: served for served in found}, {}, True
        await asyncio.gather(*map(_retired, old))

    def stop(self) -> None:
        """End the models' threads."""
        for served in self.models.values():
            served.worker.stop()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request = Request.of(scope, receive)
        asked = Asked()
        with asked.held:
            status = await self._ask(request, asked, send)
        if status is None:
            self.counts.gone += 1
        else:
            self.counts.answered(asked.model, asked.action, status, time.perf_counter() - began)

    async def _ask(self, request: Request, asked: Asked, send: Send) -> int | None:
        """Answer or refuse, and give the status; None where the client has gone."""
        begun = False
        try:
            found = await self._answered(request, asked)
            begun = True
            return await _sent(found, send)
        except asyncio.CancelledError:
            return None
        except Exception as error:
            if begun:  # the answer breaks off, and the connection with it: nobody takes a part for the whole
                raise
            return await self._refuse(error, send)

    async def _refuse(self, error: Exception, send: Send) -> int:
        refusal = refused(error)
        if refusal.status == INTERNAL:
            log.error("A request failed.", exc_info=error)
        body = body_of(refusal)
        headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode()), *SECURE]
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers + headers_of(refusal)})
        await send({"type": "http.response.body", "body": body})
        return refusal.status

    async def _answered(self, request: Request, asked: Asked) -> Answer:
        check_access(self.settings, request.path, request.headers)
        words = request.path.split("/")[1:]
        if words[:2] == ["v1", "models"]:
            return await self._models(request, words[2:], asked)
        pages: dict[str, Callable[[], Answer]] = {
            "/healthz": lambda: _json({"status": "ok"}),
            "/readyz": self._readiness,
            "/metrics": self._metrics,
            "/openapi.json": lambda: _json(document(self.models.values(), self.settings)),
        }
        if request.path not in pages:
            raise _nothing(request.path, pages)
        asked.action = request.path.strip("/")
        _check_method(request, "GET", "HEAD")
        check_query(request, ())
        return pages[request.path]()

    def _readiness(self) -> Answer:
        told = {"ready": self.ready, "models": sorted(self.models)}
        return _json(told, 200 if self.ready else 503)

    def _metrics(self) -> Answer:
        waiting = ((served.name, served.worker.open, served.worker.waiting) for served in self.models.values())
        return Answer(body=self.counts.text(waiting, self.ready).encode(), media=TYPE)

    async def _models(self, request: Request, words: list[str], asked: Asked) -> Answer:
        """Answer below /v1/models: the list, a model, or what it is asked."""
        if len(words) == 0 or words == [""]:
            asked.action = "models"
            _check_method(request, "GET", "HEAD")
            check_query(request, ())
            return _json({"models": [served.facts() for served in self.models.values()]})
        served = self._served(words[0])
        asked.model = served.name
        if len(words) == 1:
            asked.action = "model"
            _check_method(request, "GET", "HEAD")
            check_query(request, ())
            return _json(served.facts())
        action = "/".join(words[1:])
        if action not in served.actions:
            raise _unable(served, action)
        asked.action = action
        _check_method(request, "POST")
        question = await question_of(request, action, self.settings)
        served.check(question)
        found = await answer(served, asked, question, request, self._shared_of(served, question.given))
        self.counts.rows[served.name] += question.n if action in ("sample", "do") else 0
        return found

    def _served(self, name: str) -> Served:
        if name in self.models:
            return self.models[name]
        if not self.ready:
            raise Refusal(
                503,
                "E710",
                "The models are being loaded.",
                why="The server has just been started.",
                fix="Ask /readyz, and come again.",
                headers={"retry-after": "1"},
            )
        raise Refusal(
            404,
            "E711",
            f"There is no model '{name[:80]}'.",
            why=did_you_mean(name[:80], self.models),
            fix="GET /v1/models lists them.",
        )

    def _shared_of(self, served: Served, given: Mapping[str, Any] | None) -> Shared:
        key = served.name, json.dumps(given, sort_keys=True) if given else ""
        if key not in self._shared:
            if len(self._shared) >= MOST_SHARED * max(len(self.models), 1):
                del self._shared[next(iter(self._shared))]
            self._shared[key] = Shared(served, given or None)
        return self._shared[key]


async def _retired(served: Served) -> None:
    """End a model's thread once the answers that have begun are sent."""
    while served.worker.open:
        await asyncio.sleep(RETIRE_SECONDS)
    await asyncio.to_thread(served.worker.stop)


def _check_method(request: Request, *known: str) -> None:
    if request.method not in known:
        raise Refusal(
            405,
            "E712",
            f"{request.method[:20]} is not for this address.",
            why=f"It takes {' and '.join(known)}.",
            fix="GET /openapi.json says what each address takes.",
            headers={"allow": ", ".join(known)},
            close=True,
        )


def _nothing(path: str, pages: Iterable[str]) -> Refusal:
    known = [*pages, "/v1/models"]
    return Refusal(
        404, "E711", "There is nothing at this address.", why=did_you_mean(path[:80], known), fix="GET /openapi.json"
    )


def _unable(served: Served, action: str) -> Refusal:
    can = ", ".join(served.actions) or "nothing"
    known = action in ACTIONS
    return Refusal(
        404,
        "E711",
        f"'{served.name}' cannot {action}." if known else f"'{action[:80]}' is nothing that a model can be asked.",
        why=f"It was fitted by {served.method} and can: {can}.",
        fix=f"GET /v1/models/{served.name} tells what it can do.",
        close=True,
    )


def _json(content: Any, status: int = 200) -> Answer:
    return Answer(body=json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"), media=JSON, status=status)


async def _sent(found: Answer, send: Send) -> int:
    """Send an answer, whole or part by part."""
    headers = [(b"content-type", found.media.encode()), *SECURE, *found.headers]
    if found.parts is None:
        headers.append((b"content-length", str(len(found.body)).encode()))
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    if found.parts is not None:
        async for part in found.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": found.body})
    return found.status
