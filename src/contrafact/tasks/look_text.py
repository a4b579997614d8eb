"""Look at text: how many lines, how long, in what units they will be read, and what in them may hurt."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.records import Finding
from contrafact.codecs.text import MOST_SYMBOLS, NAMES, SymbolCodec
from contrafact.tasks.notes import counted, finding

VERY_LONG = 10_000  # characters
MANY_TARGETS = 0.05  # of the pairs
SPOILT = re.compile("[ÃÂ][\u0080-\u00bf]|â€|\ufffd")  # UTF-8 that was read as Windows-1252, and what was lost
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
Seen = tuple[str, list[dict[str, Any]], list[Finding], list[str]]


def look_at_text(data: Data) -> Seen:
    """Look at lines: headline, schema, findings, sentences."""
    codec = SymbolCodec.fit(data, most=MOST_SYMBOLS)
    classes = "" if data.labels is None else f", {len(np.unique(data.labels))} classes"
    findings = [*data.notes, *_findings(data.items)]
    return f"{counted(len(data), 'line')} of text{classes}", [_schema(data.items, codec)], findings, _told(codec)


def look_at_text_pairs(pairs: Pairs) -> Seen:
    """Look at pairs of lines: headline, schema with a row for each side, findings, sentences."""
    sides = {"source": pairs.source.items, "target": pairs.target.items}
    both = SymbolCodec.fit([line for lines in sides.values() for line in lines], most=MOST_SYMBOLS)
    schema = [{"side": name, **_schema(lines, both)} for name, lines in sides.items()]
    findings = [*pairs.source.notes, *_findings(sides["target"], twice=False), *_of_pairs(*sides.values())]
    return f"{counted(len(pairs), 'pair')} of lines", schema, findings, _told(both)


def _schema(lines: Sequence[str], codec: SymbolCodec) -> dict[str, Any]:
    sizes = [len(codec.split(line)) for line in lines]
    return {
        "lines": len(lines),
        "read by": codec.unit,
        f"different {NAMES[codec.unit]}": len({symbol for line in lines for symbol in codec.split(line)}),
        "shortest": min(sizes),
        "median": int(np.median(sizes)),
        "longest": max(sizes),
    }


def _told(codec: SymbolCodec) -> list[str]:
    return [f"A network would read them so: {codec.policy}", "A Markov chain reads every line whole."]


def _findings(lines: Sequence[str], twice: bool = True) -> Iterator[Finding]:
    again = len(lines) - len(set(lines))
    if again and twice:
        told = f"{counted(again, 'line is an exact copy of another', 'lines are exact copies of others')}."
        yield finding("L103", told, "Drop them, or keep them knowingly.", rows=again)
    long = [len(line) for line in lines if len(line) > VERY_LONG]
    if long:
        told = f"{counted(len(long), 'line')} of more than {VERY_LONG:,} characters, the longest of {max(long):,}."
        yield finding("L256", told, "A network learns only how they begin: cut them into items.", lines=len(long))
    yield from _odd(lines)


def _odd(lines: Sequence[str]) -> Iterator[Finding]:
    spoilt = sum(bool(SPOILT.search(line)) for line in lines)
    if spoilt:
        told = f"{counted(spoilt, 'line')} with letters that were read in a wrong encoding, such as {_first(lines)!r}."
        yield finding("L257", told, "Read the original again as what it is, and save it as UTF-8.", lines=spoilt)
    odd = Counter(character for line in lines for character in CONTROLS.findall(line))
    if odd:
        names = ", ".join(f"{_name(c)} {n:,} times" for c, n in odd.most_common(4))
        yield finding("L258", f"Characters that cannot be seen: {names}.", "Drop them, or they will be learned.")
    padded = sum(line != line.strip() for line in lines)
    if padded:
        told = f"{counted(padded, 'line')} with blanks at an end."
        yield finding("L259", told, "Read by character they are learned; strip the lines.", lines=padded)


def _first(lines: Sequence[str]) -> str:
    found = next(match for line in lines if (match := SPOILT.search(line)))
    return found[0]


def _name(character: str) -> str:
    return f"U+{ord(character):04X}" + (f" ({unicodedata.name(character, '').lower()})" if ord(character) > 159 else "")


def _of_pairs(sources: Sequence[str], targets: Sequence[str]) -> Iterator[Finding]:
    same = sum(one == other for one, other in zip(sources, targets, strict=True))
    if same:
        told = f"{counted(same, 'pair')} of two equal lines."
        yield finding("L260", told, "They teach copying; drop them if they are mistakes.", pairs=same)
    becomes: dict[str, set[str]] = {}
    for source, target in zip(sources, targets, strict=True):
        becomes.setdefault(source, set()).add(target)
    several = sum(len(found) > 1 for found in becomes.values())
    if several > MANY_TARGETS * len(sources):
        told = f"{counted(several, 'line becomes', 'lines become')} different things in different pairs."
        yield finding("L261", told, "Exact matches cannot be expected of them.", lines=several)
