"""The standard scores of generated text, each beside what real lines get (the ceiling) and what noise gets (the floor).

One figure alone can be bought: likelihood and BLEU by writing the safest lines again and again, variety by writing
noise. So local believability (BLEU, mc_gap), variety (self-BLEU, distinct) and memory (copies, novelty) stand together,
and every one that depends on how many lines there are is measured on as many real ones.

Noise is real text whose tokens were dealt out to the lines anew: their shares are right, nothing else is. Lines are
cut into words where most are sentences, else into characters; the score says which.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.codecs.text import NAMES, SymbolCodec, lines_of
from contrafact.metrics.bleu import bleu, self_bleu
from contrafact.metrics.gaps import need, transition_scores
from contrafact.metrics.inputs import at_most
from contrafact.metrics.line_classes import class_scores
from contrafact.metrics.variety import copies_of_lines, distinct, lengths, novelty, vocabulary

MOST = 10_000  # lines a side
RUNS = {"word": 2, "token": 2, "character": 4}  # symbols of the longest n-gram that tells classes
Tokens = list[Sequence[Hashable]]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Side:
    """Lines, whole and cut into tokens, with their classes."""

    lines: list[Any]
    tokens: Tokens
    labels: np.ndarray | None

    def take(self, places: np.ndarray) -> _Side:
        labels = None if self.labels is None else self.labels[places]
        return _Side(lines=[self.lines[i] for i in places], tokens=[self.tokens[i] for i in places], labels=labels)

    def few(self, most: int, seed: int, purpose: str) -> _Side:
        return self if len(self.lines) <= most else self.take(at_most(np.arange(len(self.lines)), most, seed, purpose))


def text_scores(real: Any, fake: Any, holdout: Any = None, seed: int = 0) -> dict[str, Score]:
    """Score generated lines against the lines that a model was trained on.

    Above 10,000 lines a side a seeded choice is used, except in the search for copies.

    Arguments:
        real: The training lines, strings or lists of tokens, or Data with labels.
        fake: Generated lines, with labels where they were asked for.
        holdout: Real lines kept away from training; without them every second training line takes their place.
        seed: Seeds every choice.

    Returns:
        mc_gap, mc_gap_reverse and mc_tv; bleu2..5 and self_bleu2..5; distinct1..3, vocabulary, novelty, copies and
        lengths; agreement and tstr_accuracy where all sides have labels.
    """
    codec = SymbolCodec.fit(real)
    trained, made = _side(real, codec), _side(fake, codec)
    places = np.arange(len(trained.lines))
    train = trained if holdout is not None else trained.take(places[::2])
    kept = _side(holdout, codec) if holdout is not None else trained.take(places[1::2])
    need(train.lines, made.lines, kept.lines)
    innocent = copies_of_lines(*_hashable(kept.lines, train.lines)).value
    found = [replace(copies_of_lines(*_hashable(made.lines, trained.lines)), ceiling=innocent)]
    found += _of_sides(
        train.few(MOST, seed, "train"),
        made.few(MOST, seed, "made"),
        kept.few(MOST, seed, "kept"),
        seed,
        RUNS[codec.unit],
    )
    return {score.name: replace(score, features=NAMES[codec.unit]) for score in found}


def _of_sides(train: _Side, made: _Side, kept: _Side, seed: int, run: int) -> Iterator[Score]:
    yield from transition_scores(train.tokens, made.tokens, kept.tokens, seed=seed).values()
    size = min(len(train.lines), len(made.lines))
    real, fake = (side.few(size, seed, "as many").tokens for side in (train, made))
    noise = scattered(real, seed)
    yield from _believable(fake, real, noise, kept.tokens)
    yield from _varied(fake, real)
    yield from _like_real(fake, real, noise, kept.tokens, train.tokens, seed)
    labels = train.labels, made.labels, kept.labels
    if all(side is not None and len(np.unique(side)) > 1 for side in labels):
        yield from class_scores(*((s.tokens, s.labels) for s in (train, made, kept)), longest=run)  # type: ignore[arg-type,misc]


def _believable(fake: Tokens, real: Tokens, noise: Tokens, kept: Tokens) -> Iterator[Score]:
    worst, best = bleu(noise, kept), bleu(real, kept)
    for order, score in bleu(fake, kept).items():
        yield replace(score, floor=worst[order].value, ceiling=best[order].value)


def _varied(fake: Tokens, real: Tokens) -> Iterator[Score]:
    """Score variety beside that of as many real lines; the floor is one line over and over."""
    if len(fake) > 1:
        best = self_bleu(real)
        for order, score in self_bleu(fake).items():
            yield replace(score, floor=1.0, ceiling=best[order].value)
    ceilings = distinct(real)
    for order, score in distinct(fake).items():
        yield replace(score, floor=0.0, ceiling=ceilings[order].value)


def _like_real(fake: Tokens, real: Tokens, noise: Tokens, kept: Tokens, train: Tokens, seed: int) -> Iterator[Score]:
    yield replace(vocabulary(fake, kept, seed), floor=0.0, ceiling=vocabulary(real, kept, seed).value)
    yield replace(novelty(fake, train, seed), floor=0.0, ceiling=novelty(kept, train, seed).value)
    middle = int(np.median([len(line) for line in kept]))
    still = lengths([range(middle)] * len(fake), kept, seed).value
    yield replace(lengths(fake, kept, seed), floor=still, ceiling=lengths(real, kept, seed).value)


def scattered(lines: Tokens, seed: int) -> Tokens:
    """Deal all tokens out to the lines anew, each line keeping its length."""
    tokens = list(chain.from_iterable(lines))
    order = iter(generator(seed, "scattered").permutation(len(tokens)))
    return [[tokens[next(order)] for _ in line] for line in lines]


def _side(data: Any, codec: SymbolCodec) -> _Side:
    lines = lines_of(data)
    labels = data.labels if isinstance(data, Data) else None
    cut = [codec.split(line) for line in lines]
    return _Side(lines=lines, tokens=cut, labels=None if labels is None else np.asarray(labels))


def _hashable(*sides: Sequence[Any]) -> Iterator[list[Hashable]]:
    for lines in sides:
        yield [line if isinstance(line, str) else tuple(line) for line in lines]
