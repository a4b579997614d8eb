"""A server on a real port: slow clients are closed while others are answered, and SIGTERM lets answers finish."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Slow, serving

from contrafact.serve.running import Stopping, config_of, listening
from contrafact.serve.settings import Settings

SECONDS = 0.6
HEAD = b"POST /v1/models/own/sample HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@contextmanager
def running(app: Any) -> Iterator[int]:
    """Serve in a thread and give the port."""
    listener = listening(Settings(port=0))
    server = Stopping(config_of(app, app.settings))
    server.app = app
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    port = listener.getsockname()[1]
    try:
        while not app.ready:
            time.sleep(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
    assert not thread.is_alive()


@pytest.fixture
def port() -> Iterator[int]:
    with running(serving(Slow(), request_seconds=SECONDS, send_seconds=SECONDS, idle_seconds=1)) as number:
        yield number


def connected(port: int, first: bytes = b"", room: int | None = None) -> socket.socket:
    made = socket.socket()
    if room is not None:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    made.settimeout(10)
    made.connect(("127.0.0.1", port))
    made.sendall(first)
    return made


def closed_after(made: socket.socket) -> float:
    """Wait until the other side closes, and say how long that took."""
    began = time.monotonic()
    try:
        while made.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


def trickling(port: int) -> float:
    """Send a byte of a head now and then, until the other side has had enough."""
    began = time.monotonic()
    with connected(port, b"GET /healthz HTTP/1.1\r\n") as made:
        try:
            while time.monotonic() - began < 10:
                made.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            pass
    return time.monotonic() - began


def test_half_sent_requests_are_closed_while_others_are_answered(port: int) -> None:
    halves = [
        b"",
        b"GET /heal",
        HEAD,
        HEAD + b"Content-Length: 50\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nContent-Length: 9\r\n",
    ]
    slow = [connected(port, half) for half in halves * 12]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(20):
            assert client.get("/healthz").status_code == 200
    assert max(map(closed_after, slow)) < 4 * SECONDS
    for made in slow:
        made.close()


def test_bytes_that_trickle_do_not_buy_time(port: int) -> None:
    assert trickling(port) < 4 * SECONDS


def test_the_second_request_of_a_connection_is_timed_too(port: int) -> None:
    with connected(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") as made:
        assert made.recv(65536).startswith(b"HTTP/1.1 200")
        made.sendall(b"GET /heal")
        assert closed_after(made) < 4 * SECONDS


def test_requests_that_come_together_are_all_answered(port: int) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(port, one * 3) as made:
        found = b""
        while found.count(b"200 OK") < 3:
            found += made.recv(65536)


def test_a_client_that_reads_nothing_is_left(port: int) -> None:
    body = json.dumps({"n": 300_000, "seed": 1}).encode()
    words = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with connected(port, words, room=4096), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:

        def held(count: int) -> bool:
            return f'open_requests{{model="own"}} {count}' in client.get("/metrics").text

        began = time.monotonic()
        for count in (1, 0):
            while not held(count):
                assert time.monotonic() - began < 20
                time.sleep(0.02)


def test_a_large_body_is_refused_on_the_wire(port: int) -> None:
    with connected(port, HEAD + b"Content-Length: 200000000\r\n\r\n") as made:
        assert made.recv(65536).startswith(b"HTTP/1.1 413")
        assert closed_after(made) < SECONDS


def test_a_command_serves_until_sigterm_and_finishes_what_runs(models: Any, tmp_path: Path) -> None:
    models["bell"].save(tmp_path / "The Bell")
    words = [sys.executable, "-m", "contrafact", "serve", "The Bell", "--port", "0", "--json"]
    environment = {**os.environ, "CONTRAFACT_TOKEN": "open-sesame"}
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        address = next(line for line in process.stderr if "http://" in line).split(" at ")[1].split(";")[0]
        own = {"authorization": "Bearer open-sesame"}
        with httpx.Client(base_url=address, headers=own) as client:
            while client.get("/readyz").status_code != 200:
                time.sleep(0.05)
            assert client.get("/metrics", headers={"authorization": ""}).status_code == 401
            with client.stream(
                "POST", "/v1/models/the-bell/sample?format=csv", json={"n": 300_000, "seed": 1}
            ) as answer:
                process.send_signal(signal.SIGTERM)
                lines = sum(part.count("\n") for part in answer.iter_text())
        assert lines == 300_001
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert json.loads(out)["models"] == ["the-bell"]
    assert "open-sesame" not in out + err


def test_a_port_that_is_taken_is_named(port: int) -> None:
    from contrafact.base.errors import CannotWrite

    with pytest.raises(CannotWrite, match=str(port)):
        listening(Settings(port=port))
