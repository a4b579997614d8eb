"""Where whole jobs put what they made: never over what they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from contrafact.base.data import Data, kind_of
from contrafact.base.errors import DataError, UsageError
from contrafact.base.records import Result
from contrafact.engine.bundle import to_bytes, write_atomically
from contrafact.tasks import write_pictures, write_sound
from contrafact.tasks.sample import write


def save(result: Result, out: str) -> list[str]:
    """Write a result's data, or to a name that ends in .json its scores and verdict."""
    if Path(out).suffix.lower() == ".json":
        write_atomically(Path(out), to_bytes(result.to_json()))
        return [out]
    return write(result.data, out)


def ready(out: str, *inputs: str) -> None:
    """Refuse a place that must not be written to before the long work begins.

    Arguments:
        out: Where the answer is to be written.
        inputs: What is read; nothing is written into it or around it.

    Raises:
        UsageError: The place holds an input, or lies in one, or holds files of another origin.
    """
    place = Path(out).resolve()
    for name in inputs:
        source = Path(name).resolve()
        if source.exists() and (place == source or place in source.parents or source in place.parents):
            raise UsageError(
                f"Nothing is written to {out}.",
                why=f"The input {name} is there, and inputs are left as they are.",
                fix="Give another place beside it.",
                code="E315",
            )
    if place.is_dir():
        write_pictures.check_folder(place, _ours, "Items")


def _ours(path: Path) -> bool:
    return write_pictures.is_ours(path) or write_sound.is_ours(path)


def by_kind(job: str, ways: Mapping[str, Callable[..., Any]], data: Any) -> Callable[..., Any]:
    """Choose how a job is done for this kind of data.

    Arguments:
        job: The job's name.
        ways: How it is done, by kind of data.
        data: The data.

    Raises:
        DataError: The job does not take this kind of data yet.
    """
    known = isinstance(data, Data) or hasattr(data, "columns")
    kind = kind_of(data) if known else type(data).__name__
    if kind in ways:
        return ways[kind]
    raise DataError(
        f"{job} was given {'a table' if kind == 'table' else f'data of kind {kind}'}.",
        why=f"This version takes {', '.join(ways)}.",
        fix="Read them with contrafact.read(PATH): a file of rows is a table, a folder for each class pictures.",
        code="E242",
    )
