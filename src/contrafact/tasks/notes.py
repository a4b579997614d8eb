"""Collect what is skipped or changed while data are read: each thing by name, and a count where there are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contrafact.base.records import Finding

SINGLE_NOTES = 20


class Unfit(ValueError):
    """Say why one item among many cannot be used; it is skipped, and the others are read.

    Arguments:
        code: The code of the note.
        kind: The reason in a few words; items of the same kind are counted together.
        detail: What is particular to this item.
    """

    def __init__(self, code: str, kind: str, detail: str) -> None:
        self.code, self.kind, self.detail = code, kind, detail
        super().__init__(f"{kind}: {detail}")


def listed(names: Iterable[str], most: int = 8) -> str:
    """List names, the rest as a number.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most:,} more" if len(every) > most else "")


def counted(n: int, word: str, words: str = "") -> str:
    """Write a number with its noun.

    >>> counted(1, "picture"), counted(2000, "picture")
    ('1 picture', '2,000 pictures')
    """
    return f"{n:,} {word}" if n == 1 else f"{n:,} {words or word + 's'}"


def finding(code: str, message: str, cure: str, **evidence: float) -> Finding:
    """Say what may hurt.

    Arguments:
        code: Its code.
        message: What is the matter.
        cure: What to do.
        evidence: The numbers behind it.
    """
    return Finding(code=code, message=message, cure=cure, evidence=evidence)


class Notes:
    """Keep notes while reading: 20 single ones for each reason, then their number.

    Arguments:
        before: What every message begins with.
    """

    def __init__(self, before: str = "") -> None:
        self._before = before
        self._told: list[Finding] = []
        self._skipped: dict[tuple[str, str], list[Finding]] = {}

    def skip(self, name: str, fault: Unfit, done: str = "It was skipped.") -> None:
        """Note that one item is left out."""
        finding = Finding(code=fault.code, message=f"{self._before}{name}: {fault}.", cure=done)
        self._skipped.setdefault((fault.code, fault.kind), []).append(finding)

    def tell(self, code: str, message: str, done: str = "", **evidence: float) -> None:
        """Note something about the whole."""
        self._told.append(Finding(code=code, message=self._before + message, cure=done, evidence=evidence))

    def reasons(self, most: int = 3) -> str:
        """Give the first reasons for which items were skipped, as a sentence."""
        firsts = [finding.message for group in self._skipped.values() for finding in group]
        return " ".join(firsts[:most]) + (f" And {len(firsts) - most:,} more." if len(firsts) > most else "")

    def all(self) -> tuple[Finding, ...]:
        """Give every note: what was skipped, then what was changed."""
        skipped = [f for (_, kind), group in self._skipped.items() for f in _cut(self._before + kind, group)]
        return (*skipped, *self._told)


def _cut(kind: str, group: Sequence[Finding]) -> list[Finding]:
    more = len(group) - SINGLE_NOTES
    if more <= 0:
        return list(group)
    last = group[0]
    told = f"{more:,} more {'item' if more == 1 else 'items'}: {kind}."
    ending = Finding(code=last.code, message=told, cure="They were skipped.", evidence={"count": float(more)})
    return [*group[:SINGLE_NOTES], ending]
