"""What every code means: cause, evidence and cure, for `contrafact explain CODE`."""

from __future__ import annotations

from dataclasses import dataclass

from contrafact.base.codes import (
    bounds,
    causal,
    data,
    decisions,
    discovery,
    effects,
    looking,
    mechanisms,
    sequences,
    serving,
    storage,
    training,
    use,
)
from contrafact.base.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Code:
    """One code.

    Arguments:
        code: Its name: E for errors, D for the training doctor, L for looking at data.
        title: What happened.
        cause: Why it happens.
        evidence: What was measured or seen.
        cure: What helps.
    """

    code: str
    title: str
    cause: str
    evidence: str
    cure: str


_FAMILIES = (
    use,
    data,
    storage,
    causal,
    effects,
    bounds,
    mechanisms,
    decisions,
    discovery,
    training,
    looking,
    sequences,
    serving,
)
CODES: dict[str, Code] = {row[0]: Code(*row) for family in _FAMILIES for row in family.ROWS}


def find(code: str) -> Code:
    """Find what a code means.

    Raises:
        UsageError: There is no such code.
    """
    if code.upper() in CODES:
        return CODES[code.upper()]
    raise UsageError(
        f"There is no code '{code}'.", why=did_you_mean(code.upper(), CODES), fix="contrafact explain", code="E122"
    )
