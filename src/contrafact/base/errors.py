"""Every error a user can meet, drawn as a tree; each carries a code, a reason and the way out.

ContrafactError          exit 1
  UsageError             exit 2    a wrong option, name or value
  NotIdentifiable        exit 3    data of this kind cannot answer
  GateFailed             exit 4    a --require gate did not hold
  DataError              exit 65   the data cannot be read or used
  CannotWrite            exit 73   the folder cannot be written
  StorageError           exit 74   disk full, damaged file
  StoppedEarly           exit 75   run again to resume
  Busy                   exit 76   another process holds the folder
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ContrafactError(Exception):
    """Say in three lines what happened, why, and what to do.

    Arguments:
        what: What happened to the user's own thing (file, column, row, step).
        why: The reason.
        fix: What was done, or the exact command to type.
        code: A stable code for `contrafact explain CODE`.
    """

    exit_status = 1

    def __init__(self, what: str, *, why: str, fix: str, code: str) -> None:
        self.what, self.why, self.fix, self.code = what, why, fix, code
        super().__init__(f"{what}\n{why}\n{fix} [{code}]")


class UsageError(ContrafactError):
    exit_status = 2


class NotIdentifiable(ContrafactError):
    exit_status = 3


class GateFailed(ContrafactError):
    exit_status = 4


class DataError(ContrafactError):
    exit_status = 65


class CannotWrite(ContrafactError):
    exit_status = 73


class StorageError(ContrafactError):
    exit_status = 74


class StoppedEarly(ContrafactError):
    exit_status = 75


class Busy(ContrafactError):
    exit_status = 76


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Name the known words nearest to a wrong one, best first, as the end of a sentence.

    >>> did_you_mean("r3gna", ["gan", "r3gan", "markov"])
    'Did you mean r3gan?'
    >>> did_you_mean("zzz", ["gan", "r3gan"])
    'Known: gan, r3gan.'
    """
    words = sorted(known)
    plain: dict[str, list[str]] = {}
    for word in words:
        plain.setdefault(word.lower(), []).append(word)
    near = difflib.get_close_matches(given.lower(), plain, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(word for one in near for word in plain[one])}?"
    return f"Known: {', '.join(words)}."
