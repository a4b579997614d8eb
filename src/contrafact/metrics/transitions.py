"""Transition counts of sequences and the interpolated chain that they give.

Contexts are kept as a trie read backwards in time: a context of length j is a child of its own most recent j - 1
symbols. Backing off is walking up, and a key (parent, symbol) fits an integer whatever the order and alphabet.

Witten-Bell smoothing, for a context h, its shorter form h' and the number T(h) of distinct symbols seen after h:
p(w | h) = (c(h, w) + T(h) p(w | h')) / (c(h) + T(h)); the empty context leans on the uniform distribution.

References: Witten and Bell, *The zero-frequency problem*, IEEE Transactions on Information Theory 37(4), 1991.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np


@dataclass(frozen=True, eq=False)
class Transitions:
    """Counts what follows each context of up to `order` symbols.

    Arguments:
        order: Longest context.
        symbols: Size of the alphabet with the end symbol, whose code is `symbols - 1`; START, which only
            contexts hold, has code `symbols`.
        contexts: For each length 1 to order the sorted keys `parent * (symbols + 1) + symbol` of the contexts seen.
        grams: For each length 0 to order the sorted keys `context * symbols + following`.
        counts: How often each gram was seen.
        end: Whether each sequence ends in the end symbol; if not, its end is neither counted nor scored.
    """

    order: int
    symbols: int
    contexts: tuple[np.ndarray, ...]
    grams: tuple[np.ndarray, ...]
    counts: tuple[np.ndarray, ...]
    end: bool = True

    @classmethod
    def count(cls, sequences: Sequence[np.ndarray], order: int, symbols: int, *, end: bool = True) -> Transitions:
        """Count the grams of sequences of codes, given without the end symbol."""
        history, following = events(sequences, order, symbols, end=end)
        node = np.zeros(len(following), dtype=np.int64)
        contexts, grams, counts = [], [], []
        for length in range(order + 1):
            if length:
                keys, node = np.unique(node * (symbols + 1) + history[:, -length], return_inverse=True)
                contexts.append(keys)
            gram, times = np.unique(node * symbols + following, return_counts=True)
            grams.append(gram)
            counts.append(times)
        return cls(order, symbols, tuple(contexts), tuple(grams), tuple(counts), end)

    @cached_property
    def _mass(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """c(h) and T(h) of every context, by length."""
        mass = []
        for grams, counts in zip(self.grams, self.counts, strict=True):
            owner = grams // self.symbols
            totals = np.bincount(owner, weights=counts, minlength=1)
            mass.append((totals, np.bincount(owner, minlength=1).astype(np.float64)))
        return mass

    def _nodes(self, contexts: np.ndarray) -> Iterator[np.ndarray]:
        """Give the place of each context in the trie for lengths 0 to order, -1 where it was never seen."""
        node = np.zeros(len(contexts), dtype=np.int64)
        yield np.where(self._mass[0][0][node] > 0, node, -1)
        for length, keys in enumerate(self.contexts, 1):
            # An unseen parent (-1) makes a negative key, which is not found either.
            node = _find(keys, node * (self.symbols + 1) + contexts[:, -length])
            yield node

    def probabilities(self, contexts: np.ndarray) -> np.ndarray:
        """Give the distribution of the next symbol, a row for each context.

        Arguments:
            contexts: Codes (n, order), the most recent symbol last, START where there is none.
        """
        contexts = np.asarray(contexts, dtype=np.int64).reshape(len(contexts), self.order)
        chances = np.full((len(contexts), self.symbols), 1.0 / self.symbols)
        for length, nodes in enumerate(self._nodes(contexts)):
            totals, kinds = self._mass[length]
            rows = np.flatnonzero(nodes >= 0)
            node = nodes[rows]
            place, sizes = self._grams_of(length, node)
            symbol = self.grams[length][place] % self.symbols
            chances[rows] *= kinds[node, None]
            chances[np.repeat(rows, sizes), symbol] += self.counts[length][place]
            chances[rows] /= (totals + kinds)[node, None]
        return chances

    def _longest(self, contexts: np.ndarray) -> np.ndarray:
        """Give the place of each whole context, -1 where it was never seen."""
        *_, nodes = self._nodes(contexts)
        return nodes

    def leaning(self, contexts: np.ndarray, base: np.ndarray, following: np.ndarray | None = None) -> np.ndarray:
        """Mix what follows whole contexts here into the chances of another chain, by Witten and Bell's shares.

        Arguments:
            contexts: Codes (n, order).
            base: The other chain's chances: of all symbols (n, symbols), or of the following ones (n).
            following: The symbols that follow, where only their chances are wanted.
        """
        nodes, chances = self._longest(contexts), np.array(base, dtype=np.float64)
        totals, kinds = self._mass[-1]
        rows = np.flatnonzero(nodes >= 0)
        node = nodes[rows]
        if following is not None:
            place = _find(self.grams[-1], node * self.symbols + following[rows])
            times = np.where(place >= 0, self.counts[-1][place], 0) if len(node) else np.zeros(0)
            chances[rows] = (times + kinds[node] * chances[rows]) / (totals[node] + kinds[node])
            return chances
        place, sizes = self._grams_of(self.order, node)
        chances[rows] *= kinds[node, None]
        chances[np.repeat(rows, sizes), self.grams[-1][place] % self.symbols] += self.counts[-1][place]
        chances[rows] /= (totals + kinds)[node, None]
        return chances

    def _grams_of(self, length: int, node: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the places of the grams of each context, one context after the other, and how many each has."""
        first = np.searchsorted(self.grams[length], node * self.symbols)
        sizes = np.searchsorted(self.grams[length], (node + 1) * self.symbols) - first
        return np.repeat(first - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum()), sizes

    def draw(self, contexts: np.ndarray, chance: np.ndarray, leaned: Transitions | None = None) -> np.ndarray:
        """Draw what follows each context.

        The smoothed distribution is a mixture: with share c(h) / (c(h) + T(h)) one of the symbols seen after h, else
        what the shorter context gives. One number from 0 to 1 decides both, so that no row of all symbols is made.

        Arguments:
            contexts: Codes (n, order), the most recent symbol last.
            chance: A number from 0 to 1 for each.
            leaned: Counts whose whole contexts are asked first, those of a class.
        """
        drawn, left = np.full(len(contexts), -1, dtype=np.int64), np.array(chance, dtype=np.float64)
        if leaned is not None:
            leaned._draw_level(self.order, leaned._longest(contexts), drawn, left)
        for length, nodes in reversed(list(enumerate(self._nodes(contexts)))):
            self._draw_level(length, np.where(drawn < 0, nodes, -1), drawn, left)
        evenly = np.minimum((left * self.symbols).astype(np.int64), self.symbols - 1)
        return np.where(drawn < 0, evenly, drawn)

    def _draw_level(self, length: int, nodes: np.ndarray, drawn: np.ndarray, left: np.ndarray) -> None:
        """Draw the rows whose number falls into the share of what was seen; stretch the others' for the next level."""
        totals, kinds = self._mass[length]
        rows = np.flatnonzero(nodes >= 0)
        node = nodes[rows]
        reach = left[rows] * (totals + kinds)[node]
        seen = reach < totals[node]
        until, after = self._cumulated[length], rows[~seen]
        before = np.searchsorted(self.grams[length], node[seen] * self.symbols)
        place = np.searchsorted(until, until[before] + reach[seen], side="right") - 1
        drawn[rows[seen]] = self.grams[length][place] % self.symbols
        left[after] = np.clip((reach - totals[node])[~seen] / kinds[node[~seen]], 0, 1)

    @cached_property
    def _cumulated(self) -> list[np.ndarray]:
        """How often the grams before each gram were seen, by length."""
        return [np.concatenate([[0], np.cumsum(counts)]) for counts in self.counts]

    def event_log_prob(self, contexts: np.ndarray, following: np.ndarray) -> np.ndarray:
        """Give the logarithm of the probability of each symbol after its context."""
        chance = np.full(len(following), 1.0 / self.symbols)
        for length, nodes in enumerate(self._nodes(contexts)):
            totals, kinds = self._mass[length]
            seen = nodes >= 0
            node = nodes[seen]
            place = _find(self.grams[length], node * self.symbols + following[seen])
            times = np.where(place >= 0, self.counts[length][place], 0) if len(node) else np.zeros(0)
            chance[seen] = (times + kinds[node] * chance[seen]) / (totals[node] + kinds[node])
        logs: np.ndarray = np.log(chance)
        return logs

    def log_prob(self, sequences: Sequence[np.ndarray], leaned: Transitions | None = None) -> np.ndarray:
        """Give each sequence's total log-probability, its end included.

        Arguments:
            sequences: Codes without the end.
            leaned: Counts whose whole contexts are asked first, those of a class.
        """
        history, following = events(sequences, self.order, self.symbols, end=self.end)
        lengths = np.array([len(s) for s in sequences], dtype=np.int64) + self.end
        owner = np.repeat(np.arange(len(sequences)), lengths)
        logs = self.event_log_prob(history, following)
        if leaned is not None:
            logs = np.log(leaned.leaning(history, np.exp(logs), following))
        totals: np.ndarray = np.bincount(owner, weights=logs, minlength=len(sequences))
        return totals

    def arrays(self) -> dict[str, np.ndarray]:
        """Give everything as named arrays for saving."""
        held = {"shape": np.array([self.order, self.symbols, self.end], dtype=np.int64)}
        for name in ("contexts", "grams", "counts"):
            held |= {f"{name}_{i}": array for i, array in enumerate(getattr(self, name))}
        return held

    @classmethod
    def from_arrays(cls, held: Mapping[str, np.ndarray]) -> Transitions:
        """Read what `arrays` gave."""
        order, symbols, end = (int(v) for v in held["shape"])
        lists = {"contexts": order, "grams": order + 1, "counts": order + 1}
        parts = {name: tuple(np.asarray(held[f"{name}_{i}"]) for i in range(n)) for name, n in lists.items()}
        return cls(order=order, symbols=symbols, end=bool(end), **parts)


def _find(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Find each wanted key's place among sorted keys, -1 where it is missing."""
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def events(
    sequences: Sequence[np.ndarray], order: int, symbols: int, *, end: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Lay sequences of codes out as (context, following symbol) pairs.

    Returns:
        Contexts (n, order), the most recent symbol last, and the n symbols that follow them.

    Raises:
        ValueError: A code is not a symbol, or is the end symbol.
    """
    lengths = np.array([len(s) for s in sequences], dtype=np.int64)
    codes = np.concatenate([np.zeros(0, dtype=np.int64), *(np.asarray(s, dtype=np.int64) for s in sequences)])
    if len(codes) and not 0 <= codes.min() <= codes.max() < symbols - 1:
        raise ValueError(f"codes lie in {codes.min()}..{codes.max()}, but {symbols} symbols allow 0..{symbols - 2}")
    spans = lengths + order + 1
    starts = np.cumsum(spans) - spans
    padded = np.full(spans.sum(), symbols, dtype=np.int64)
    padded[starts + spans - 1] = symbols - 1
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    padded[np.repeat(starts + order, lengths) + within] = codes
    scored = lengths + end
    step = np.arange(scored.sum()) - np.repeat(np.cumsum(scored) - scored, scored)
    place = np.repeat(starts + order, scored) + step
    return padded[place[:, None] - np.arange(order, 0, -1)], padded[place]


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain over the symbols themselves; symbols never seen in fitting share one code.

    Arguments:
        transitions: The counts.
        vocabulary: The code of each known symbol.
    """

    transitions: Transitions
    vocabulary: Mapping[Hashable, int]

    def encode(self, sequences: Iterable[Sequence[Hashable]]) -> list[np.ndarray]:
        """Turn symbols into codes."""
        return encode(sequences, self.vocabulary)

    def log_prob(self, sequence: Sequence[Hashable]) -> float:
        """Give the total log-probability of one sequence."""
        return float(self.log_probs([sequence])[0])

    def log_probs(self, sequences: Iterable[Sequence[Hashable]]) -> np.ndarray:
        """Give the total log-probability of each sequence."""
        return self.transitions.log_prob(self.encode(sequences))

    def per_token(self, sequences: Iterable[Sequence[Hashable]]) -> float:
        """Give the mean log-probability of a token, each end counted as one."""
        codes = self.encode(sequences)
        tokens = sum(len(c) + self.transitions.end for c in codes)
        return float(self.transitions.log_prob(codes).sum() / max(tokens, 1))


def vocabulary_of(sequences: Iterable[Sequence[Hashable]]) -> dict[Hashable, int]:
    """Number the distinct symbols in order of first appearance."""
    return {symbol: code for code, symbol in enumerate(dict.fromkeys(chain.from_iterable(sequences)))}


def encode(sequences: Iterable[Sequence[Hashable]], vocabulary: Mapping[Hashable, int]) -> list[np.ndarray]:
    """Turn symbols into codes; unknown symbols get the first free code."""
    unknown = len(vocabulary)
    return [np.array([vocabulary.get(symbol, unknown) for symbol in s], dtype=np.int64) for s in sequences]


def fit_transitions(sequences: Sequence[Sequence[Hashable]], order: int = 2, end: bool = True) -> Chain:
    """Fit the smoothed chain of an order to sequences of hashable symbols, or to strings.

    Arguments:
        sequences: Strings, or lists of symbols.
        order: Symbols that the next one depends on.
        end: Whether ending is an event of its own.
    """
    vocabulary = vocabulary_of(sequences)
    codes = encode(sequences, vocabulary)
    return Chain(Transitions.count(codes, order, len(vocabulary) + 2, end=end), vocabulary)
