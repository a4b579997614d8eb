"""Short captions <-> rows over a vocabulary: which words a caption holds, in whatever order.

A picture of "a red seven" is asked for by the row with a one at "red" and at "seven". Rows add up where networks read
them through linear layers, so that words learned in different captions can be put together in a new one. Words that
every caption holds, such as an article, tell nothing: they are known and silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean

MOST_WORDS = 1000
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


def words_of(caption: str) -> list[str]:
    """Cut a caption into its words, in small letters.

    >>> words_of("A red T-shirt, please.")
    ['a', 'red', 't-shirt', 'please']
    """
    return _WORD.findall(caption.casefold())


def are_captions(labels: Iterable[str]) -> bool:
    """Tell captions from names: at least one of them has several words."""
    return any(len(words_of(label)) > 1 for label in labels)


def vocabulary(captions: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Learn the words that tell captions apart, and those that every caption holds.

    Raises:
        DataError: There are more than 1,000 words.
    """
    held = [set(words_of(caption)) for caption in captions]
    silent = set.intersection(*held) if len(held) > 1 else set()
    words = sorted(set().union(*held) - silent)
    if len(words) > MOST_WORDS:
        raise DataError(
            f"These captions have {len(words):,} different words.",
            why=f"Captions are learned up to {MOST_WORDS:,} words.",
            fix="Give shorter captions of common words.",
            code="E214",
        )
    return tuple(words), tuple(sorted(silent))


def rows_of_captions(captions: Sequence[str], words: Sequence[str], silent: Sequence[str]) -> np.ndarray:
    """Give one row a caption: ones at its words.

    Arguments:
        captions: Texts, made of known words in any order.
        words: The words that have a column.
        silent: Known words without one.

    Raises:
        UsageError: A caption holds an unknown word.
    """
    places = {word: place for place, word in enumerate(words)}
    rows = np.zeros((len(captions), len(words)), dtype=np.float32)
    for row, caption in zip(rows, captions, strict=True):
        held = words_of(caption)
        unknown = [word for word in held if word not in places and word not in silent]
        if unknown:
            raise UsageError(
                f"The caption '{caption}' holds the unknown word '{unknown[0]}'.",
                why=did_you_mean(unknown[0], [*words, *silent]),
                fix="Use words of the captions that the model was fitted on.",
                code="E105",
            )
        row[[places[word] for word in held if word in places]] = 1
    return rows
