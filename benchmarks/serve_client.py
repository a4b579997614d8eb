"""A small HTTP client for load: connections that stay open, questions sent at their times whatever has been answered.

Open loop: question i is due at i / rate, on the connection of its turn, and its time runs from when it was due, so that
a server that falls behind is seen to (no coordinated omission). Closed loop: each client asks again at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Words = Callable[[int], dict[str, Any]]


@dataclass(kw_only=True)
class Load:
    """What came back.

    Arguments:
        seconds: From when each question was due to its last byte, of those that were answered.
        statuses: How many of each.
        took: Seconds from the first question to the last answer.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    took: float = 0.0

    def at(self, share: float) -> float:
        """Give a quantile of the times, in milliseconds."""
        ranked = sorted(self.seconds)
        return 1000 * ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else float("nan")

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.statuses[200] / self.took


class Line:
    """One connection.

    Arguments:
        port: Of the server.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str, words: dict[str, Any]) -> int:
        """Send a question, read the whole answer, and give its status."""
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        assert self.reader is not None
        body = json.dumps(words).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        self.writer.write(head.encode() + b"\r\n\r\n" + body)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
        await self.reader.readexactly(length)
        if "connection: close" in lines:
            self.close()
        return int(lines[0].split()[1])

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None


async def closed_loop(port: int, path: str, words: Words, clients: int, seconds: float) -> Load:
    """Let clients ask again as soon as they are answered."""
    load, began, number = Load(), time.perf_counter(), 0

    async def client() -> None:
        nonlocal number
        line = Line(port)
        while time.perf_counter() - began < seconds:
            number += 1
            due = time.perf_counter()
            status = await line.ask(path, words(number))
            load.statuses[status] += 1
            if status == 200:
                load.seconds.append(time.perf_counter() - due)
            else:
                await asyncio.sleep(0.02)
        line.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    load.took = time.perf_counter() - began
    return load


async def open_loop(port: int, path: str, words: Words, clients: int, rate: float, seconds: float) -> Load:
    """Ask at a rate, on so many connections in turn."""
    load, began = Load(), time.perf_counter()

    async def client(first: int) -> None:
        line = Line(port)
        for number in range(first, int(rate * seconds), clients):
            due = began + number / rate
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            status = await line.ask(path, words(number))
            load.statuses[status] += 1
            load.seconds.append(time.perf_counter() - due)
        line.close()

    await asyncio.gather(*(client(first) for first in range(clients)))
    load.took = time.perf_counter() - began
    return load
