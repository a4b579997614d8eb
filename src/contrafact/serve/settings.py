"""What a server may be asked for and how long it waits; nothing here is learned from a request."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from ipaddress import ip_address
from typing import Any, Self

LOOPBACK = ("localhost", "127.0.0.1", "::1")
WINDOW_ROWS = 16 * 1024  # rows of a sample in which `start` may lie
PART_ROWS = 4096  # rows from which a table is drawn and sent part by part
SHARED_ROWS = 64  # rows up to which requests without a seed are cut from one block
MOST_DRAWS = 1000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a server behaves.

    Arguments:
        host: The address that it listens on.
        port: The port; 0 takes a free one.
        token: What requests must bear; None lets everybody on this machine ask.
        allowed_hosts: Names, beside its own, by which it may be called.
        most_rows: Rows or items of one answer at most.
        most_bytes: Bytes of the items of one answer at most, where it is made in one go.
        most_body: Bytes of a request's body at most.
        queue: Requests that wait for one model, or are being answered, at most.
        connections: Open connections at most.
        request_seconds: Within which a request has come whole.
        send_seconds: After which a client that reads nothing is left.
        idle_seconds: After which a connection without a request is closed.
        stop_seconds: How long running answers may take after SIGTERM.
        workers: Processes.
        share: Whether small requests without a seed are cut from one block.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    most_rows: int = 1_000_000
    most_bytes: int = 2**28
    most_body: int = 2**20
    queue: int = 128
    connections: int = 1024
    request_seconds: float = 8.0
    send_seconds: float = 8.0
    idle_seconds: float = 5.0
    stop_seconds: float = 30.0
    workers: int = 1
    share: bool = True

    @property
    def local(self) -> bool:
        """Whether only programs on this machine can reach it."""
        return is_loopback(self.host)

    def to_json(self) -> dict[str, Any]:
        """Give the settings as JSON-ready values, for a worker process."""
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        own = {known.name: row[known.name] for known in fields(cls)}
        return cls(**{**own, "allowed_hosts": tuple(own["allowed_hosts"])})


def is_loopback(host: str) -> bool:
    """Tell whether an address or name is this machine's own.

    >>> is_loopback("127.0.0.2"), is_loopback("0.0.0.0")
    (True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
