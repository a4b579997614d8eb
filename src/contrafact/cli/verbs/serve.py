"""serve RUN...: answer questions about fitted models over HTTP."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from contrafact.base.errors import UsageError
from contrafact.cli.answer import Answer, say

if TYPE_CHECKING:
    from contrafact.serve.settings import Settings

HELP = "serve models over HTTP: sample, impute, do, counterfactual, effect"
TOKEN = "CONTRAFACT_TOKEN"  # noqa: S105 - the name of a variable


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="RUN", help="runs or saved models; NAME=RUN gives one another name")
    parser.add_argument("--port", type=int, default=8000, help="default 8000; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1; any other address wants a token")
    parser.add_argument("--token", help=f"what requests must bear; else {TOKEN}, else made and printed where needed")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a name it may be called by")
    parser.add_argument("--max-rows", type=int, default=1_000_000, metavar="N", help="rows of an answer at most")
    parser.add_argument("--max-body", type=int, default=2**20, metavar="BYTES", help="of a request at most")
    parser.add_argument("--queue", type=int, default=128, metavar="N", help="requests that wait for a model at most")
    parser.add_argument("--workers", type=int, default=1, metavar="K", help="processes (default 1)")


def run(args: argparse.Namespace) -> Answer:
    _check(args)
    try:
        import uvicorn  # noqa: F401 - what all of it stands on
    except ImportError as error:
        raise UsageError(
            "Nothing can be served.",
            why="It needs uvicorn, which is not installed.",
            fix='pip install "contrafact[serve]"',
            code="E111",
        ) from error
    from contrafact.serve.loading import sources_of
    from contrafact.serve.running import address_of, listening, serve, with_token

    asked = _settings(args)
    settings, sources = with_token(asked), sources_of(args.what)
    listener = listening(settings)
    address = address_of(settings, listener)
    say(f"Serving {', '.join(sources)} at {address}; Ctrl-C stops it.")
    if settings.token is not None and asked.token is None:
        say(f"Token: {settings.token}   (send 'Authorization: Bearer TOKEN')")
    count = serve(settings, sources, listener)
    told = "Stopped." if settings.workers > 1 else f"Stopped after {count:,} answers."
    return Answer(text=told, verdict=told, fields={"address": address, "models": list(sources)})


def _settings(args: argparse.Namespace) -> Settings:
    from contrafact.serve.settings import Settings

    return Settings(
        host=args.host,
        port=args.port,
        token=args.token or os.environ.get(TOKEN) or None,
        allowed_hosts=tuple(args.allow_host),
        most_rows=args.max_rows,
        most_body=args.max_body,
        queue=args.queue,
        workers=args.workers,
    )


def _check(args: argparse.Namespace) -> None:
    bounds = {
        "--port": (args.port, 0, 65535),
        "--max-rows": (args.max_rows, 1, 10**9),
        "--max-body": (args.max_body, 1, 2**30),
        "--queue": (args.queue, 1, 100_000),
        "--workers": (args.workers, 1, 256),
    }
    for name, (value, least, most) in bounds.items():
        if not least <= value <= most:
            raise UsageError(
                f"{name} {value} cannot be.",
                why=f"It is from {least} to {most:,}.",
                fix=f"{name} {least or 8000}",
                code="E714",
            )
