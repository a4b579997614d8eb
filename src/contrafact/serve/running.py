"""Run the server: its socket, its process or processes, and its end.

SIGTERM and Ctrl-C stop it: no new connection is taken, running answers are finished (for `stop_seconds` at most).
SIGHUP loads the models anew, unless it comes from a closing terminal. Worker processes read their orders from an
environment variable of their own, so that no token stands on a command line.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvicorn

from contrafact.base.errors import CannotWrite, ContrafactError
from contrafact.serve.app import App
from contrafact.serve.connections import TimedProtocol
from contrafact.serve.loading import Sources, load_all
from contrafact.serve.settings import Settings

ORDERS = "CONTRAFACT_SERVE"
BACKLOG, AT_ONCE = 1024, 16  # connections that wait to be taken, and that are taken before others are answered
SWITCH_SECONDS = 0.0005  # how long the loop waits for a thread that computes in Python
HEALTH_SECONDS = 30  # after which a worker process that says nothing is started again


def with_token(settings: Settings) -> Settings:
    """Make a token where other machines can reach the server and nobody has set one."""
    if settings.local or settings.token is not None:
        return settings
    return replace(settings, token=secrets.token_urlsafe(24))


def listening(settings: Settings) -> socket.socket:
    """Take the port.

    Raises:
        CannotWrite: It is taken, or may not be taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, so that asyncio sends without delay
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((settings.host, settings.port))
    except OSError as error:
        found.close()
        raise CannotWrite(
            f"The server cannot listen on {settings.host}, port {settings.port}.",
            why=f"The system said: {error.strerror or error}.",
            fix="Choose another port with --port, or 0 for a free one.",
            code="E714",
        ) from error
    found.set_inheritable(True)
    return found


def address_of(settings: Settings, listener: socket.socket) -> str:
    """Give the server's address as a URL."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


class Stopping(uvicorn.Server):
    """A server that a signal stops without ending the process, and that loads anew at SIGHUP."""

    app: App

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen: few connections are taken at once, many may wait."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)
        if hasattr(signal, "SIGHUP") and _in_main_thread() and not _on_terminal():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGHUP, lambda: self._kept(loop.create_task(self.app.reload())))

    def _kept(self, task: asyncio.Task[None]) -> None:
        """Hold a task, which the loop itself would let go of before it ends."""
        self._reloading = task


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _on_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


@contextmanager
def _signals_end_here() -> Iterator[None]:
    """Let the server hand its signals on to nobody once it has stopped."""
    old = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def config_of(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """Set up the HTTP server: no access log, no forwarded addresses, no WebSockets, and a clock on each connection."""
    return uvicorn.Config(
        app,
        http=TimedProtocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=AT_ONCE if settings.workers == 1 else BACKLOG,
        timeout_worker_healthcheck=HEALTH_SECONDS,
        limit_concurrency=settings.connections,
        timeout_keep_alive=settings.idle_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=max(round(settings.stop_seconds), 1),
        **more,
    )


def serve(settings: Settings, sources: Sources, listener: socket.socket) -> int:
    """Serve until a signal comes.

    Arguments:
        settings: How.
        sources: Folders by id.
        listener: The port.

    Returns:
        How many requests were answered; 0 where several processes did.

    Raises:
        ContrafactError: The models cannot be loaded.
    """
    if settings.workers > 1:
        return _serve_by_several(settings, sources, listener)
    trouble: list[Exception] = []

    def failed(error: Exception) -> None:
        trouble.append(error)
        server.should_exit = True

    app = App(settings, lambda: load_all(sources, settings), failed)
    server = Stopping(config_of(app, settings))
    server.app = app
    sys.setswitchinterval(SWITCH_SECONDS)
    with _signals_end_here(), listener:
        server.run(sockets=[listener])
    if trouble:
        raise trouble[0]
    return int(server.server_state.total_requests)


def _serve_by_several(settings: Settings, sources: Sources, listener: socket.socket) -> int:
    """Let several processes take connections from one port; one that dies is started again."""
    from uvicorn.supervisors import Multiprocess

    check_loading(settings, sources)
    os.environ[ORDERS] = json.dumps({"settings": settings.to_json(), "sources": sources})
    try:
        with listener:
            config = config_of("contrafact.serve.running:from_orders", settings, factory=True, workers=settings.workers)
            Multiprocess(config, sockets=[listener]).run()
    finally:
        del os.environ[ORDERS]
    return 0


def check_loading(settings: Settings, sources: Sources) -> None:
    """Load once before processes are started, so that what cannot be loaded is said here and not by each of them."""
    for served in load_all(sources, settings):
        served.worker.stop()


def from_orders() -> App:
    """Make the application of a worker process."""
    sys.setswitchinterval(SWITCH_SECONDS)
    orders = json.loads(os.environ[ORDERS])
    settings = Settings.from_json(orders["settings"])
    return App(settings, lambda: load_all(orders["sources"], settings), _end_process)


def _end_process(error: Exception) -> None:
    """End a worker process whose models cannot be loaded."""
    code = error.exit_status if isinstance(error, ContrafactError) else 1
    print(str(error).split("\n")[0], file=sys.stderr, flush=True)
    os._exit(code)
