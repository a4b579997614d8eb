"""Letters as people see them: a base with its accents, a flag, a family of emoji, a Korean syllable.

Unicode writes many of them as several code points. A generator that drew code points one by one could end a line in
half an emoji, or put an accent on a blank; so these clusters are the characters. The rules are those of Unicode's
annex 29 (extended grapheme clusters), with one simplification: whatever follows a zero-width joiner stays with it.

Reference: *Unicode Standard Annex 29: Unicode Text Segmentation*.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby

JOINER = "\u200d"
EXTENDING = ("Mn", "Me", "Mc")
PLANES = (range(0x300, 0x20000), range(0xE0000, 0xE0200))
TAGS = range(0xE0020, 0xE0080)
OTHERS = (0x200C, *range(0x1F3FB, 0x1F400))  # the non-joiner, and skin tones
OPEN = "".join(chr(code) for code in range(0xAC00, 0xD7A4, 28))  # Korean syllables that take a last consonant
LEADING, VOWEL, LAST = "\u1100-\u115f", "\u1160-\u11a7", "\u11a8-\u11ff"
HANGUL = f"[{LEADING}]*(?:[{VOWEL}]+|[{OPEN}][{VOWEL}]*|[\uac00-\ud7a3])[{LAST}]*|[{LEADING}]+|[{LAST}]+"
WIDE_SCRIPTS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


@cache
def _pattern() -> re.Pattern[str]:
    """Compile what a cluster is."""
    codes = [c for plane in PLANES for c in plane if unicodedata.category(chr(c)) in EXTENDING or c in TAGS]
    spans: list[str] = []
    for _, run in groupby(enumerate(sorted({*codes, *OTHERS})), lambda pair: pair[1] - pair[0]):
        found = [code for _, code in run]
        spans.append(f"{chr(found[0])}-{chr(found[-1])}")
    after = f"[{''.join(spans)}]*"
    flag = "[\U0001f1e6-\U0001f1ff]{2}"
    return re.compile(f"(?:{HANGUL}|{flag}|\r\n|.){after}(?:{JOINER}.?{after})*", re.DOTALL)


def clusters(line: str) -> list[str]:
    """Cut a line into its letters as people see them.

    >>> clusters("e\u0301a")
    ['e\u0301', 'a']
    """
    return list(line) if line.isascii() else _pattern().findall(line)


def without_spaces(lines: list[str]) -> bool:
    """Tell whether most letters belong to scripts that are written without spaces: Chinese, Japanese, Thai, ..."""
    text = "".join(lines[:10_000])[:1_000_000]
    letters = len(re.sub(r"[\W\d_]", "", text))
    return 2 * len(WIDE_SCRIPTS.findall(text)) > letters > 0
