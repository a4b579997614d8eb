"""Byte-pair merges: pieces between letters and words, learned from the lines.

Every word starts as its letters (its leading blank among them). The pair of neighbours that is most frequent over all
words becomes a piece of its own, again and again, until there are as many pieces as were asked for. Frequent words end
as one piece, rare ones are spelt by several; no word is unknown whose letters are known. A word is cut by applying the
merges in the order in which they were learned.

Counts are kept by pair together with the words that hold it, so that a merge touches these words only.

Reference: Sennrich, Haddow and Birch, *Neural Machine Translation of Rare Words with Subword Units*, 2016.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from contrafact.codecs.clusters import clusters

LONGEST_WORD = 64  # letters; longer runs without a blank are cut, so that one of 10^6 letters costs no more than others
WORDS = re.compile(rf"(?: ?[^\s]{{1,{LONGEST_WORD}}})|\s+?(?= ?\S|$)|\s", re.DOTALL)
Pair = tuple[str, str]


def words_of(line: str) -> list[str]:
    """Cut a line into words, each with its leading blank; a blank before the first makes it like the others."""
    return WORDS.findall(" " + line)


def learn(lines: Iterable[str], size: int, least: int = 2) -> tuple[list[str], list[Pair]]:
    """Learn merges.

    Arguments:
        lines: The text.
        size: How many pieces there may be, letters included.
        least: A pair that is seen less often is not merged.

    Returns:
        The letters, sorted, and the merges in their order.
    """
    counts = Counter(word for line in lines for word in words_of(line))
    words = [clusters(word) for word in counts]
    letters = sorted({letter for word in words for letter in word})
    return letters, _merges(words, list(counts.values()), size - len(letters), least)


def _merges(words: list[list[str]], counts: list[int], most: int, least: int) -> list[Pair]:
    """Merge the most frequent pair, again and again; of equally frequent ones the first in order of letters."""
    seen: Counter[Pair] = Counter()
    held: dict[Pair, set[int]] = defaultdict(set)
    for number, (word, count) in enumerate(zip(words, counts, strict=True)):
        for pair in pairwise(word):
            seen[pair] += count
            held[pair].add(number)
    heap = [(-count, pair) for pair, count in seen.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    while heap and len(merges) < most:
        count, pair = heapq.heappop(heap)
        if -count != seen[pair]:  # an old count: the pair has a newer entry, or is gone
            continue
        if -count < least:
            break
        merges.append(pair)
        changed = _apply(pair, words, counts, held, seen)
        for other in changed:
            if seen[other] > 0:
                heapq.heappush(heap, (-seen[other], other))
    return merges


def _apply(
    pair: Pair, words: list[list[str]], counts: list[int], held: dict[Pair, set[int]], seen: Counter[Pair]
) -> set[Pair]:
    """Merge a pair in all words that hold it; return the pairs whose counts changed."""
    changed: set[Pair] = set()
    for number in held.pop(pair, ()):
        word, count = words[number], counts[number]
        new = joined(word, pair)
        if len(new) == len(word):
            continue
        for old in pairwise(word):
            seen[old] -= count
            changed.add(old)
        for fresh in pairwise(new):
            seen[fresh] += count
            held[fresh].add(number)
            changed.add(fresh)
        words[number] = new
    return changed


def joined(word: Sequence[str], pair: Pair) -> list[str]:
    """Write each occurrence of a pair as one piece, from left to right.

    >>> joined(["a", "b", "a", "b"], ("a", "b"))
    ['ab', 'ab']
    """
    pieces: list[str] = []
    place = 0
    while place < len(word):
        if place + 1 < len(word) and (word[place], word[place + 1]) == pair:
            pieces.append(word[place] + word[place + 1])
            place += 2
        else:
            pieces.append(word[place])
            place += 1
    return pieces


def cut(word: str, ranks: dict[Pair, int]) -> list[str]:
    """Cut one word into pieces by the merges that were learned.

    Arguments:
        word: A word with its leading blank.
        ranks: The place of each merge in their order.
    """
    pieces = clusters(word)
    while len(pieces) > 1:
        pair = min(pairwise(pieces), key=lambda p: ranks.get(p, len(ranks)))
        if pair not in ranks:
            break
        pieces = joined(pieces, pair)
    return pieces
