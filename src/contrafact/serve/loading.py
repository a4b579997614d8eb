"""Models by the names that a user gives them: verified, loaded, and served under ids that are never paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from contrafact.base.errors import UsageError
from contrafact.serve.served import Served
from contrafact.serve.settings import Settings

LONGEST_NAME = 64
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Sources = dict[str, str]


def sources_of(words: Sequence[str]) -> Sources:
    """Find the folders that are to be served, each with an id.

    Arguments:
        words: Runs or saved models, each as RUN or NAME=RUN.

    Raises:
        UsageError: There is no such run, or a name cannot be an id.
    """
    from contrafact.tasks.sample import place_of

    found: Sources = {}
    for word in words:
        name, sign, what = word.partition("=")
        named = bool(sign) and NAME.fullmatch(name) is not None and not Path(word).exists()
        folder = place_of(what if named else word).resolve()
        own = name if named else _free(_plain(folder.name), found)
        if own in found:
            raise UsageError(
                f"Two models would be called '{own}'.",
                why="Each has an id of its own.",
                fix=f"contrafact serve {own}-a=RUN {own}-b=RUN",
                code="E713",
            )
        found[own] = str(folder)
    return found


def _plain(name: str) -> str:
    """Make an id of a folder's name."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_NAME].strip("-") or "model"


def _free(name: str, taken: Sources) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name[: LONGEST_NAME - 6]}-{number}", number + 1
    return free


def load_all(sources: Sources, settings: Settings) -> list[Served]:
    """Load models, every byte verified; none is served if one is damaged.

    Arguments:
        sources: Folders by id.
        settings: The server's.

    Raises:
        StorageError: A model is missing or damaged; the message names the file.
    """
    from contrafact.tasks.load import load

    found: list[Served] = []
    with ExitStack() as started:
        for name, folder in sources.items():
            found.append(Served.of(name, load(folder), settings))
            started.callback(found[-1].worker.stop)
        started.pop_all()  # all are whole: their workers go on
    return found
