"""Text in pictures: every script is drawn where a font for it is installed, and named by a key where none is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from contrafact.report.markup import clean, shorten

FIRST = "DejaVu Sans"  # matplotlib brings it along
LONGEST = 36

# Fonts with the letters that DejaVu lacks, as the common systems name them; Han shapes differ by language, simplified
# Chinese goes first.
OTHERS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Heiti SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Hiragino Sans",
    "Yu Gothic",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Arial Unicode MS",
    "Droid Sans Fallback",
    "Noto Sans Devanagari",
    "Nirmala UI",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Thai",
    "Leelawadee UI",
    "Noto Sans Hebrew",
    "Noto Sans Arabic",
    "Noto Sans Ethiopic",
    "Noto Sans Symbols 2",
)


@cache
def _files() -> dict[str, str]:
    """Find the files of those fonts that are installed."""
    from matplotlib.font_manager import fontManager

    known = {FIRST, *OTHERS}
    return {
        font.name: font.fname for font in reversed(fontManager.ttflist) if font.name in known and font.style == "normal"
    }


@cache
def _letters(family: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(_files()[family]).get_charmap())
    except (OSError, RuntimeError):  # a damaged or foreign font file is as good as none
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class Lettering:
    """How the words of one picture are written.

    Arguments:
        families: The fonts to use, in order.
        keys: Words that no font can write, with the plain keys that stand for them in the picture.
    """

    families: tuple[str, ...] = (FIRST,)
    keys: dict[str, str] = field(default_factory=dict)

    def __call__(self, word: object) -> str:
        """Give what to draw for a word."""
        text = clean(word)
        return self.keys.get(text) or shorten(text, LONGEST)


def lettering(words: Iterable[object]) -> Lettering:
    """Find the fonts that write these words, and keys for the words that no installed font can write.

    Arguments:
        words: Every text of a picture.
    """
    missing = {text: set(map(ord, text)) - _letters(FIRST) for text in dict.fromkeys(map(clean, words))}
    needed = {text: letters for text, letters in missing.items() if letters}
    if not needed:
        return Lettering()
    families = [FIRST]
    for family in (name for name in OTHERS if name in _files()):
        helped = [letters for letters in needed.values() if letters & _letters(family)]
        if helped:
            families.append(family)
            for letters in helped:
                letters -= _letters(family)
    unwritable = [text for text, letters in needed.items() if letters]
    return Lettering(families=tuple(families), keys={text: f"[{i}]" for i, text in enumerate(unwritable, start=1)})
