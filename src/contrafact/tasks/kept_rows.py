"""What jobs say of constraints: in how many real rows they were broken, and how made rows came to keep them."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from contrafact.base.constraints import ConstraintWarning
from contrafact.codecs.keys import made_anew
from contrafact.codecs.table import COUNTED


@contextmanager
def told_in_notes() -> Iterator[None]:
    """Keep Python's own warning quiet where a job's notes say the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstraintWarning)
        yield


def rules_of(codec: Any) -> Any:
    """Give the constraints that a codec knows, or None."""
    return getattr(getattr(codec, "table", codec), "rules", None)


def said_of(codec: Any) -> tuple[str, ...]:
    """Say what is to be known of the real rows and the constraints."""
    rules = rules_of(codec)
    return () if rules is None else tuple(rules.said)


def counted(frames: Iterable[Any]) -> str:
    """Say how the rows of some frames came to keep the constraints; nothing where there are none.

    Arguments:
        frames: What models drew or filled.
    """
    sums = _summed(frames)
    if sums is None:
        return ""
    said = (
        f"Constraints: projected {sums['projected']:,} of {sums['rows']:,} rows (cells moved to the nearest that fit)."
    )
    if not sums["broken"]:
        return f"{said} All rows keep them."
    told = ", ".join(f"'{text}' in {number:,}" for text, number in sums["broken"].items())
    return f"{said} Broken by cells that were observed, and left as they are: {told}."


def _summed(frames: Iterable[Any]) -> dict[str, Any] | None:
    counts = [frame.attrs[COUNTED] for frame in frames if COUNTED in frame.attrs]
    broken: Counter[str] = Counter()
    for count in counts:
        broken.update(count["broken"])
    sums = {name: sum(count[name] for count in counts) for name in ("rows", "projected")}
    return {**sums, "broken": dict(broken)} if counts else None


def with_count(frame: Any, parts: Iterable[Any]) -> Any:
    """Let a frame that was put together from parts say how all of them came to keep constraints."""
    sums = _summed(parts)
    if sums is not None:
        frame.attrs[COUNTED] = sums
    return frame


def with_new_keys(model: Any, frame: Any, taken: Any = None) -> Any:
    """Number the keys of rows that were drawn in several parts anew, so that none stands twice.

    Arguments:
        model: Drew the rows.
        frame: All of them.
        taken: Keys that may not be given again, by column.
    """
    schema = getattr(getattr(model.codec, "table", model.codec), "schema", ())
    for column in schema:
        if column.role == "key" and len(frame):
            used = (taken or {}).get(column.name)
            keys = made_anew(column, len(frame) + (0 if used is None else len(used)))
            keys = keys if used is None else keys[~keys.isin(used)]
            frame[column.name] = keys.iloc[: len(frame)].set_axis(frame.index)
    return frame
