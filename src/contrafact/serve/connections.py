"""Connections with a clock: a request comes whole within some seconds, and an answer is read, or the socket is closed.

The HTTP server below (uvicorn with h11) closes connections that are idle between requests, and waits for ever for the
second half of a request, and for whoever does not read. Half-sent requests are cheap to make by the thousand
(slow-loris), so each connection has one clock: it starts with the first byte that is awaited and stops when the request
is there, head and body; it starts again when the system's buffers are full and stops when the client has read on.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS, SEND_SECONDS = 8.0, 8.0


class TimedProtocol(H11Protocol):
    """A connection that is closed when its client is too slow."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = getattr(self.app, "settings", None)
        self.request_seconds = getattr(settings, "request_seconds", REQUEST_SECONDS)
        self.send_seconds = getattr(settings, "send_seconds", SEND_SECONDS)
        self._reading: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None

    @property
    def awaiting(self) -> bool:
        """Whether a part of a request is still to come."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        self._await_request()
        super().data_received(data)
        if not self.awaiting:
            self._reading = stopped(self._reading)

    def _await_request(self) -> None:
        if self._reading is None and self.awaiting:
            self._reading = self.loop.call_later(self.request_seconds, self.transport.abort)

    def on_response_complete(self) -> None:
        """Go on to the next request; what has come of it already is timed anew."""
        self._reading = stopped(self._reading)
        super().on_response_complete()
        if self.conn.trailing_data[0] or not self._between_requests:
            self._await_request()

    @property
    def _between_requests(self) -> bool:
        """Whether the last request was read to its end."""
        return not self.cycle.more_body

    def pause_writing(self) -> None:
        super().pause_writing()
        self._sending = self._sending or self.loop.call_later(self.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._sending = stopped(self._sending)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading, self._sending = stopped(self._reading), stopped(self._sending)
        super().connection_lost(exc)


Clock = asyncio.TimerHandle | None


def stopped(clock: Clock) -> Clock:
    """Stop a clock, where one runs, and give what stands in its place."""
    if clock is not None:
        clock.cancel()
    return None
