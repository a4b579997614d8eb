"""What a symbol of a text is to be: a character, a word, or a piece of a word.

Words where lines are sentences of spaced words and the words come again: what a network has seen once it cannot learn
to use. Characters for scripts without spaces, for names, codes and dates. Pieces of words where sentences hold many
words that are hardly ever repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from contrafact.codecs.clusters import without_spaces

Unit = Literal["character", "word", "subword", "token"]

SENTENCE_WORDS = 3
FEW_WORDS = 2000  # as many are all learned as words, however rare
ENOUGH_WORDS = 100  # from fewer words nobody can tell how often they come again
LONG_TAIL = 0.05  # share of the text that would be lost as unknown words
ONCE = 0.2  # share of the text in words that are seen once, above which short lines are spelt
SHORT_LINE = 48  # characters of a short line
GLUE = "\u2060"  # Unicode's word joiner: stands in a mark's symbol where the mark is glued to its word
OPENING, CLOSING = "\"'“‘«„([{¿¡", "\"'”’».,;:!?…)]}。、！？؟،؛"


def unit_of(lines: Sequence[str], most: int | None = None) -> Unit:
    """Choose what a symbol is.

    Arguments:
        lines: Strings.
        most: The most words that can be learned; None: any number, and then no word is ever cut.
    """
    sentences = sum(len(line.split()) >= SENTENCE_WORDS for line in lines)
    if 2 * sentences <= len(lines) or without_spaces(list(lines)):
        return "character"
    if most is None:
        return "word"
    counts = Counter(piece for line in lines for word in line.split() for piece in apart(word))
    total, once = sum(counts.values()), sum(count == 1 for count in counts.values())
    short = sorted(map(len, lines))[len(lines) // 2] <= SHORT_LINE
    if total > ENOUGH_WORDS and short and once > ONCE * total:
        return "character"
    kept = kept_words(counts, most)
    return "subword" if 1 - sum(counts[word] for word in kept) / total > LONG_TAIL else "word"


def kept_words(counts: Counter[str], most: int) -> list[str]:
    """Choose the words that are learned: all of a few; of many those that are seen twice, the most frequent first."""
    if len(counts) <= min(FEW_WORDS, most):
        return list(counts)
    again = sorted((word for word, count in counts.items() if count > 1), key=lambda word: (-counts[word], word))
    return again[:most]


def apart(word: str) -> list[str]:
    """Part a word from the marks at its ends, so that "wheel" and "wheel." are one word.

    >>> [piece.replace(GLUE, "_") for piece in apart('(wheel."')]
    ['(_', 'wheel', '_."']
    """
    left, right = word.lstrip(OPENING), word.rstrip(CLOSING)
    if not left or not right or len(left) == len(right) == len(word):
        return [word]
    begin, end = len(word) - len(left), len(right)
    if begin >= end:
        return [word]
    pieces = [word[:begin] + GLUE, word[begin:end], GLUE + word[end:]]
    return [piece for piece in pieces if piece != GLUE]
