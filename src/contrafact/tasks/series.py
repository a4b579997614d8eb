"""Tables as series: a frame says of itself that it holds them."""

from __future__ import annotations

from typing import Any

from contrafact.base.data import Data, Kind, kind_of
from contrafact.base.errors import UsageError
from contrafact.codecs.table import as_frame


def as_series(frame: Any) -> Any:
    """Let a frame say that it holds series, so that every job takes it for that."""
    frame.attrs["kind"] = "series"
    return frame


def said_to_be(data: Any, kind: Kind | None) -> Any:
    """Take data for the kind that the user says they are: a frame holds a table or series.

    Arguments:
        data: Any data; a frame is copied before it says anything of itself.
        kind: The kind, or None.

    Raises:
        UsageError: They are of another kind.
    """
    frame = hasattr(data, "columns")
    if kind is None or not (frame or isinstance(data, Data)) or kind_of(data) == kind:
        return data
    if frame and kind in ("table", "series"):
        made = as_frame(data).copy(deep=False)
        made.attrs["kind"] = kind
        return made
    raise UsageError(
        f"The data hold {kind_of(data)}, not {kind}.",
        why="The kind was said to be another one.",
        fix="Leave the kind out.",
        code="E113",
    )
