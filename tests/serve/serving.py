"""Stand-ins and a client for the server's tests."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pandas as pd

from contrafact.base.data import Data
from contrafact.base.seeds import checked_count, chosen, generator
from contrafact.serve.app import App
from contrafact.serve.served import Served
from contrafact.serve.settings import Settings


def asking(app: App, base: str = "http://127.0.0.1:8000") -> httpx.AsyncClient:
    """Open a client that needs no socket; what the application raises is raised here."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base)


async def asked(app: App, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """Ask as a socket would, with a path that no client mends, and give the status."""
    named = {"host": "localhost", "content-type": "application/json", **headers}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    sent: list[Any] = []
    came = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        return came.pop() if came else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


def serving(model: Any, name: str = "own", **settings: Any) -> App:
    """Serve one model."""
    own = Settings(**settings)
    return App(own, lambda: [Served.of(name, model, own)])


def people(rows: int = 300) -> pd.DataFrame:
    """Make a table with a column of each kind."""
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": draw.integers(18, 90, rows),
            "weight": draw.normal(70, 12, rows).round(1),
            "sex": draw.choice(["F", "M"], rows),
            "smokes": draw.random(rows) < 0.3,
            "since": pd.to_datetime("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, rows), "D"),
        }
    )


def treated(rows: int = 300) -> pd.DataFrame:
    """Make a table of which the graph is known: Z -> X, Z -> Y, X -> Y."""
    draw = np.random.default_rng(1)
    z = draw.integers(0, 2, rows)
    x = (draw.random(rows) < 0.2 + 0.5 * z).astype(int)
    y = (draw.random(rows) < 0.2 + 0.4 * x + 0.2 * z).astype(int)
    return pd.DataFrame({"Z": z, "X": x, "Y": y})


class Clips:
    """A model of sound: noise, a function of the seed."""

    recipe, codec = SimpleNamespace(method="wavegan"), SimpleNamespace()

    def sample(self, n: int, given: Any = None, seed: int | None = None) -> Data:
        waves = generator(chosen(seed), "clips").uniform(-0.5, 0.5, (checked_count(n), 80))
        return Data(kind="sound", items=waves.astype(np.float32), rate=8000)


class Slow:
    """A model that waits for a sign before it answers, and counts its answers."""

    recipe, codec = SimpleNamespace(method="loom"), SimpleNamespace()

    def __init__(self) -> None:
        self.go, self.begun, self.count = threading.Event(), threading.Event(), 0
        self.go.set()

    def sample(self, n: int, given: Any = None, seed: int | None = None) -> pd.DataFrame:
        self.begun.set()
        assert self.go.wait(10)
        self.count += 1
        return pd.DataFrame({"x": np.arange(n) + (seed or 0)})


class Parts(Slow):
    """A model of a table that draws part by part."""

    drawn = 0

    def blocks(self, n: int, given: Any = None, seed: int | None = None) -> Any:
        for start in range(0, n, 4096):
            self.drawn += 1
            yield self.sample(n, seed=seed).iloc[start : start + 4096]


class Broken:
    """A model with a bug that shows only when it is asked."""

    recipe, codec = SimpleNamespace(method="loom"), SimpleNamespace()

    def sample(self, n: int, given: Any = None, seed: int | None = None) -> pd.DataFrame:
        if seed != 0:
            raise ZeroDivisionError("/secret/path divided")
        return pd.DataFrame({"x": np.arange(n)})
