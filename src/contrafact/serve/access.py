"""Who may ask: the host that was called, the page that calls, and the token that it bears, in this order.

A web page of anybody can make a browser on this machine send requests to 127.0.0.1, and a name that is bound anew
(DNS rebinding) makes them look like requests to the page's own site. So a server listens to its own names only (Host),
to no page of another site (Origin, Sec-Fetch-Site), for every method, reading or writing; and it grants nobody else's
page anything (no Access-Control header is ever sent). Off this machine nothing but /healthz is answered without a
token.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from contrafact.serve.refusals import Refusal
from contrafact.serve.settings import LOOPBACK, Settings

OPEN = ("/healthz",)  # answered without a token


def check_access(settings: Settings, path: str, headers: Mapping[str, str]) -> None:
    """Let a request pass that may be answered.

    Arguments:
        settings: Names and token of the server.
        path: What is asked for.
        headers: The request's headers, names in small letters.

    Raises:
        Refusal: The host, the origin or the token is wrong.
    """
    host = headers.get("host", "")
    _check_host(settings, host)
    _check_origin(host, headers)
    if settings.token is not None and path not in OPEN:
        _check_token(settings.token, headers.get("authorization", ""))


def name_of(host: str) -> str | None:
    """Give the name in a Host header, without its port; None where it is no host.

    >>> name_of("[::1]:8000"), name_of("LocalHost:80"), name_of("a@b"), name_of("evil.org/127.0.0.1")
    ('::1', 'localhost', None, None)
    """
    if not host or len(host) > 255 or any(sign in host for sign in "@/\\?#%, \t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        if parts.port is not None and not 0 < parts.port < 65536:
            return None
        return parts.hostname
    except ValueError:
        return None


def _check_host(settings: Settings, host: str) -> None:
    name = name_of(host)
    if name is not None and (name in _names(settings) or (not settings.local and _is_address(name))):
        return
    raise Refusal(
        421,
        "E701",
        "This server does not answer to that host.",
        why="The Host header is none of its names, which may mean that a web page was bound to its address.",
        fix="Call it by its own address, or start it with --allow-host NAME.",
    )


def _names(settings: Settings) -> tuple[str, ...]:
    return (*LOOPBACK, settings.host.lower(), *(name.lower() for name in settings.allowed_hosts))


def _is_address(name: str) -> bool:
    """Tell a number from a name: a page that was bound anew comes with a name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _check_origin(host: str, headers: Mapping[str, str]) -> None:
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    own = origin is None or origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")
    if own and site in ("none", "same-origin"):
        return
    raise Refusal(
        403,
        "E702",
        "Pages of other sites may not ask this server.",
        why="The Origin or Sec-Fetch-Site header is that of another site.",
        fix="Ask from a program, or through a server of your own.",
    )


def _check_token(token: str, given: str) -> None:
    scheme, _, own = given.partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(own.strip().encode(), token.encode()):
        return
    raise Refusal(
        401,
        "E703",
        "This server wants a token.",
        why="The request bears none, or another one.",
        fix="Send the header 'Authorization: Bearer TOKEN'; the server printed it when it was started.",
        headers={"www-authenticate": "Bearer"},
    )
