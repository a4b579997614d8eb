"""The page of error and warning codes, from the catalogue that `contrafact explain` reads."""

from __future__ import annotations

from contrafact.base.codes import _FAMILIES, CODES
from made.markdown import anchor, page, plain

ABOUT = """\
Every error ends with a code in brackets, and every finding begins with one: `E` are errors, `D` is what the doctor says
of a training, `L` is what `look` finds in data. `contrafact explain CODE` prints an entry of this page, `contrafact
explain` lists them all. A code keeps its meaning from version to version; the three lines of a message (what happened,
why, what to do) may change.
"""


def family_title(family: object) -> str:
    """Give a family's own words for what its codes are about."""
    told = (family.__doc__ or "").strip().rstrip(".")
    return told[0].upper() + told[1:]


def entry(name: str) -> str:
    """Write one code."""
    told = CODES[name]
    return (
        f"### {told.code}\n\n**{plain(told.title)}.** {plain(told.cause)}\n\n"
        f"- Seen: {plain(told.evidence)}\n- Cure: {plain(told.cure)}\n"
    )


def codes_page() -> str:
    """Write the page: families in their order, codes within."""
    places = [f"[{family_title(each)}](#{anchor(family_title(each))}) ({len(each.ROWS)})" for each in _FAMILIES]
    parts = [ABOUT, " ·\n".join(places) + "\n"]
    for family in _FAMILIES:
        parts.append(f"## {family_title(family)}\n")
        parts += [entry(row[0]) for row in family.ROWS]
    return page("Codes of errors and findings", *parts)
