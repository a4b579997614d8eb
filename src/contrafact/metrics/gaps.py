"""What a chain of transitions says about generated sequences.

A chain fitted on the training sequences scores every generated token. Scoring below real test sequences means broken
local continuity; scoring above means too safe, repeating the likeliest turns. The reverse chain, fitted on generated
sequences, punishes the transitions that they lack.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.spread import bootstrap_ratio, percentiles
from contrafact.metrics.transitions import Chain, Transitions, encode, events, fit_transitions, vocabulary_of

Sequences = Sequence[Sequence[Hashable]]

ROWS_AT_ONCE = 256


def mc_gap(real_train: Sequences, fake: Sequences, real_test: Sequences, order: int = 2, seed: int = 0) -> Score:
    """Measure how far generated tokens are from test tokens in likelihood under the chain of the training set.

    The value is the absolute gap in nats a token; `signed_gap` tells on which side. The ceiling is what as many real
    sequences would get by chance, the floor what the test sequences get with their symbols in random order.
    """
    need(real_train, fake, real_test)
    chain = fit_transitions(real_train, order)
    scored = {name: _scored(chain, x) for name, x in (("fake", fake), ("test", real_test))}
    draws = bootstrap_ratio(*scored["fake"], seed, "fake") - bootstrap_ratio(*scored["test"], seed, "test")
    gap = _mean(scored["fake"]) - _mean(scored["test"])
    low, high = percentiles(gap, draws)
    shuffled = _mean(_scored(chain, _shuffled(real_test, seed)))
    chance = bootstrap_ratio(*scored["test"], seed, "chance").std() * math.sqrt(1 + len(real_test) / len(fake))
    return Score(
        name="mc_gap",
        value=abs(gap),
        low=0.0 if low <= 0 <= high else min(abs(low), abs(high)),
        high=max(abs(low), abs(high)),
        n=len(fake),
        better="lower",
        floor=abs(shuffled - _mean(scored["test"])),
        ceiling=float(chance * math.sqrt(2 / math.pi)),
    )


def signed_gap(real_train: Sequences, fake: Sequences, real_test: Sequences, order: int = 2) -> float:
    """Give the gap with its sign: below 0 broken local continuity, above 0 too safe."""
    chain = fit_transitions(real_train, order)
    return chain.per_token(fake) - chain.per_token(real_test)


def mc_gap_reverse(
    real_train: Sequences, fake: Sequences, real_test: Sequences, order: int = 2, seed: int = 0
) -> Score:
    """Measure what test tokens lose in likelihood when the chain is fitted on generated instead of real sequences.

    Both chains see the same number of sequences and the same alphabet.
    """
    need(real_train, fake, real_test)
    size = min(len(real_train), len(fake))
    vocabulary = vocabulary_of([*real_train, *fake, *real_test])
    test = encode(real_test, vocabulary)
    logs = [
        Transitions.count(_few(encode(x, vocabulary), size, seed), order, len(vocabulary) + 2).log_prob(test)
        for x in (real_train, fake)
    ]
    lost, sizes = logs[0] - logs[1], _sizes(test)
    low, high = percentiles(value := _mean((lost, sizes)), bootstrap_ratio(lost, sizes, seed, "reverse"))
    return Score(name="mc_gap_reverse", value=value, low=low, high=high, n=size, better="lower", ceiling=0.0)


def mc_tv(real_train: Sequences, fake: Sequences, real_test: Sequences, seed: int = 0) -> Score:
    """Measure the total variation between the smoothed bigram tables of generated and test sequences.

    Small samples lie apart by chance: the ceiling is what the same number of training sequences gets.
    """
    need(real_train, fake, real_test)
    vocabulary = vocabulary_of([*real_train, *fake, *real_test])
    train, made, test = (encode(x, vocabulary) for x in (real_train, fake, real_test))
    symbols, size = len(vocabulary) + 2, min(len(train), len(made))
    value, sides = _table_distance(_few(made, size, seed), test, symbols)
    draws = [bootstrap_ratio(*side, seed, name) for side, name in zip(sides, ("fake", "test"), strict=True)]
    low, high = percentiles(value, draws[0] - draws[1])
    return Score(
        name="mc_tv",
        value=value,
        low=max(low, 0.0),
        high=min(max(high, value), 1.0),
        n=size,
        better="lower",
        floor=1.0,
        ceiling=_table_distance(_few(train, size, seed), test, symbols)[0],
    )


def transition_scores(
    real_train: Sequences, fake: Sequences, real_test: Sequences, order: int = 2, seed: int = 0
) -> dict[str, Score]:
    """Give all scores of transitions: mc_gap, mc_gap_reverse, mc_tv."""
    scores = (
        mc_gap(real_train, fake, real_test, order, seed),
        mc_gap_reverse(real_train, fake, real_test, order, seed),
        mc_tv(real_train, fake, real_test, seed),
    )
    return {score.name: score for score in scores}


Scored = tuple[np.ndarray, np.ndarray]


def _table_distance(a: list[np.ndarray], b: list[np.ndarray], symbols: int) -> tuple[float, tuple[Scored, Scored]]:
    """Give half the sum of |p_a - p_b| over bigrams, and each sequence's part in it.

    The distance is the mean over a's bigrams of s/2 less that over b's, s being the sign of the table's difference
    there: sequences are resampled by these signs, without counting the tables again.
    """
    chains = [Transitions.count(x, 1, symbols) for x in (a, b)]
    pairs = [events(x, 1, symbols) for x in (a, b)]
    weights = [np.bincount(h[:, 0], minlength=symbols + 1) / max(len(h), 1) for h, _ in pairs]
    total, signs = 0.0, [np.zeros(len(following)) for _, following in pairs]
    contexts = np.flatnonzero(weights[0] + weights[1])
    for start in range(0, len(contexts), ROWS_AT_ONCE):
        block = contexts[start : start + ROWS_AT_ONCE]
        tables = [w[block, None] * c.probabilities(block[:, None]) for w, c in zip(weights, chains, strict=True)]
        difference = tables[0] - tables[1]
        total += float(np.abs(difference).sum()) / 2
        for sign, (history, following) in zip(signs, pairs, strict=True):
            held = np.flatnonzero((history[:, 0] >= block[0]) & (history[:, 0] <= block[-1]))
            rows = np.searchsorted(block, history[held, 0])
            sign[held] = np.sign(difference[rows, following[held]]) / 2
    sums = [_by_sequence(sign, x) for sign, x in zip(signs, (a, b), strict=True)]
    return total, ((sums[0], _sizes(a)), (sums[1], _sizes(b)))


def _by_sequence(values: np.ndarray, sequences: list[np.ndarray]) -> np.ndarray:
    owner = np.repeat(np.arange(len(sequences)), _sizes(sequences))
    return np.bincount(owner, weights=values, minlength=len(sequences))


def _sizes(sequences: list[np.ndarray]) -> np.ndarray:
    """Count the tokens of each sequence, its end being one."""
    return np.array([len(s) + 1 for s in sequences], dtype=np.int64)


def _scored(chain: Chain, sequences: Sequences) -> Scored:
    codes = chain.encode(sequences)
    return chain.transitions.log_prob(codes), _sizes(codes)


def _mean(scored: Scored) -> float:
    return float(scored[0].sum() / scored[1].sum())


def _shuffled(sequences: Sequences, seed: int) -> list[list[Hashable]]:
    rng = generator(seed, "shuffled")
    return [[s[i] for i in rng.permutation(len(s))] for s in sequences]


def _few(sequences: list[np.ndarray], size: int, seed: int) -> list[np.ndarray]:
    if len(sequences) <= size:
        return sequences
    return [sequences[i] for i in generator(seed, "few").choice(len(sequences), size, replace=False)]


def need(real_train: Sequences, fake: Sequences, real_test: Sequences) -> None:
    """Refuse to compare where one of the three sides is empty."""
    for name, sequences in (("training", real_train), ("generated", fake), ("test", real_test)):
        if not len(sequences):
            raise DataError(
                f"There are no {name} sequences.",
                why="The transitions of each of the three sets are compared.",
                fix="Give at least one sequence each.",
                code="E221",
            )
