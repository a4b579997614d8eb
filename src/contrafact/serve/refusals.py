"""Refusals: every error as a status and one JSON object, code, message, why and fix; ours without a traceback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from contrafact.base.errors import ContrafactError, NotIdentifiable, StorageError, UsageError

Headers = list[tuple[bytes, bytes]]
UNPROCESSABLE, INTERNAL = 422, 500


class Refusal(UsageError):
    """A request that is not answered.

    Arguments:
        status: The HTTP status.
        headers: What the answer says beside.
        close: Whether the connection is closed, because the rest of the request is not read.
    """

    def __init__(
        self,
        status: int,
        code: str,
        what: str,
        *,
        why: str,
        fix: str,
        headers: Mapping[str, str] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(what, why=why, fix=fix, code=code)
        self.status, self.headers, self.close = status, dict(headers or {}), close


def refused(error: Exception) -> Refusal:
    """Make a refusal of any error.

    What a user can mend is 400 or 422; an error that is none of ours is a bug of this package, 500, and says no more.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ContrafactError) and not isinstance(error, StorageError):
        status = 400 if isinstance(error, UsageError) and not isinstance(error, NotIdentifiable) else UNPROCESSABLE
        return Refusal(status, error.code, error.what, why=error.why, fix=error.fix)
    return Refusal(
        INTERNAL,
        "E001",
        "Something that should not happen happened.",
        why="This is a fault of the server, not yours.",
        fix="The server's own log holds the details: report them.",
    )


def body_of(refusal: Refusal) -> bytes:
    """Write a refusal as JSON."""
    told: dict[str, Any] = {
        "code": refusal.code,
        "message": refusal.what,
        "why": refusal.why,
        "fix": refusal.fix,
    }
    return json.dumps(told).encode()


def headers_of(refusal: Refusal) -> Headers:
    """Give the headers of a refusal."""
    found = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in refusal.headers.items()]
    return [*found, (b"connection", b"close")] if refusal.close else found
