"""Markov chains: the next symbol depends on the last k symbols and on nothing before them.

A line s_1 ... s_n has the probability p(s_1 | start) p(s_2 | s_1) ... p(end | s_{n-k+1} ... s_n). Its maximum over all
chains of order k lies at the shares of counts c(h, s) / c(h) for each context h of k symbols, which call everything
that was not seen impossible. Witten and Bell set aside a share for the unseen that grows with T(h), the number of
different symbols seen after h, and give it out as the context h' that is one symbol shorter would:
p(s | h) = (c(h, s) + T(h) p(s | h')) / (c(h) + T(h)), down to all symbols alike. As c(h) grows this is the share again.

Lines of classes have a chain each, which leans on the chain of all lines in the same way, the class k being one more
symbol at the far end of the context: p(s | h, k) = (c_k(h, s) + T_k(h) p(s | h)) / (c_k(h) + T_k(h)).

A temperature t draws from shares of p^(1/t): below 1 the likely gets likelier. It buys believability with variety.

Reference: Witten and Bell, *The zero-frequency problem: estimating the probabilities of novel events in adaptive text
compression*, IEEE Transactions on Information Theory 37(4), 1991 (their method C).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Count, Recipe
from contrafact.base.seeds import BLOCK_ROWS, chosen, generator, in_blocks
from contrafact.codecs.text import SymbolCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record
from contrafact.metrics.transitions import Transitions

CHUNK_CELLS = 2**22


@dataclass(frozen=True, kw_only=True)
class Markov(Recipe):
    """Count what follows the last few symbols.

    >>> names = Markov(order=1).fit(["anna", "hanna", "ann"])
    >>> bool(names.log_prob(["anna"]) > names.log_prob(["haha"]))
    True
    """

    order: Count = 2  # how many symbols back the next one looks
    unit: Literal["auto", "character", "word", "subword"] = "auto"  # what a symbol is; auto: words in sentences
    longest: Count = 1000  # no sample is longer than this many symbols
    conditional: bool = True  # learn classes, where the lines have them

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> MarkovModel:
        """Count; budget and device play no part in a closed form."""
        codec = SymbolCodec.fit(data, unit=self.unit, labelled=self.conditional)
        lines, by_class = codec.encode(data), []
        if codec.classes:
            places = codec.places(data.labels)
            by_class = [[lines[i] for i in np.flatnonzero(places == k)] for k in range(len(codec.classes))]
        counted = [Transitions.count(part, self.order, len(codec.symbols) + 1) for part in (lines, *by_class)]
        model = MarkovModel(self, codec, counted[0], tuple(counted[1:]))
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> MarkovModel:
        """Make the model again from what it saved."""
        known = SymbolCodec.from_json(codec)
        kept = [_named(arrays, f"class_{number}_") for number in range(len(known.classes))]
        by_class = tuple(Transitions.from_arrays(counts) for counts in kept)
        return MarkovModel(self, known, Transitions.from_arrays(arrays), by_class)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(order=1, longest=50)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Wanted:
    """What is asked of lines that are to be drawn."""

    prefix: np.ndarray
    asked: int | None
    temperature: float


def _temperature(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0.01 <= number <= 100:
        raise UsageError(
            f"The temperature {value!r} is no number from 0.01 to 100.",
            why="Chances are raised to the power of 1 / temperature.",
            fix="--given temperature=0.8",
            code="E632",
        )
    return number


def _named(arrays: dict[str, np.ndarray], begin: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(begin): array for name, array in arrays.items() if name.startswith(begin)}


class MarkovModel(Model):
    """A chain over the symbols of lines; the end of a line is a symbol of its own.

    Arguments:
        recipe: The settings.
        codec: The symbols.
        transitions: What was counted over all lines.
        by_class: What was counted over the lines of each class.
    """

    recipe: Markov
    codec: SymbolCodec

    def __init__(
        self, recipe: Markov, codec: SymbolCodec, transitions: Transitions, by_class: tuple[Transitions, ...] = ()
    ) -> None:
        super().__init__(recipe, codec)
        self.transitions, self.by_class = transitions, by_class
        self.end, self.start = len(codec.symbols), len(codec.symbols) + 1

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the counts."""
        held = self.transitions.arrays()
        for number, counts in enumerate(self.by_class):
            held |= {f"class_{number}_{name}": array for name, array in counts.arrays().items()}
        return held

    def log_prob(self, data: Any) -> np.ndarray:
        """Give each line's log-probability, its end included; that given its class where the data have labels."""
        lines, totals = self.codec.encode(data), np.empty(len(data))
        labels = data.labels if isinstance(data, Data) else None
        if labels is None or not self.by_class:
            return self.transitions.log_prob(lines)
        places = self.codec.places(labels)
        for number, counts in enumerate(self.by_class):
            rows = np.flatnonzero(places == number)
            totals[rows] = self.transitions.log_prob([lines[i] for i in rows], leaned=counts)
        return totals

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw lines.

        Arguments:
            n: Number of lines.
            given: `{"prefix": ..., "class": ..., "temperature": ...}`: how every line begins, of which class it is, and
                how far chances are sharpened (below 1) or evened out; each may be left out.
            seed: Makes the draw repeatable.
        """
        wanted, start = self._wanted(given or {}), chosen(seed)
        blocks = in_blocks(n, lambda block: self._block(generator(start, "sample", block), wanted))
        codes = [codes for block in blocks for codes, _ in block]
        return self.codec.decode({"codes": codes, "labels": [place for block in blocks for _, place in block]})

    def _wanted(self, given: dict[str, Any]) -> _Wanted:
        able = ["prefix", "temperature", *(["class"] if self.by_class else [])]
        for name in given:
            if name not in able:
                raise UsageError(
                    f"Lines cannot be drawn given {name!r}.",
                    why=did_you_mean(str(name), able),
                    fix=f"Give {', '.join(able)}: given={{'prefix': ...}}, or --given prefix=...",
                    code="E105",
                )
        prefix = self.codec.encode_line(given["prefix"]) if "prefix" in given else np.empty(0, dtype=np.int64)
        asked = int(self.codec.places([given["class"]])[0]) if "class" in given else None
        return _Wanted(prefix=prefix, asked=asked, temperature=_temperature(given.get("temperature", 1.0)))

    def _classes(self, stream: np.random.Generator, asked: int | None) -> np.ndarray:
        if asked is not None or not self.by_class:
            return np.full(BLOCK_ROWS, asked or 0)
        edges = np.cumsum(self.codec.shares)
        return np.searchsorted(edges / edges[-1], stream.random(BLOCK_ROWS), side="right")

    def _block(self, stream: np.random.Generator, wanted: _Wanted) -> list[tuple[np.ndarray, int]]:
        """Draw a block of lines, one place of all of them at a time."""
        prefix, classes = wanted.prefix, self._classes(stream, wanted.asked)
        order, begun = self.recipe.order, len(prefix)
        lines = np.full((BLOCK_ROWS, order + max(begun, self.recipe.longest)), self.start, dtype=np.int64)
        lines[:, order : order + begun] = prefix
        lengths = np.full(BLOCK_ROWS, lines.shape[1] - order)
        alive = np.arange(BLOCK_ROWS)
        for place in range(order + begun, lines.shape[1]):
            chance = stream.random(BLOCK_ROWS)[alive]  # drawn for all, so that a line does not depend on the others
            drawn = self._next(lines[alive, place - order : place], chance, classes[alive], wanted.temperature)
            lines[alive, place] = drawn
            lengths[alive[drawn == self.end]] = place - order
            alive = alive[drawn != self.end]
            if not len(alive):
                break
        cut = [line[order : order + length] for line, length in zip(lines, lengths, strict=True)]
        return list(zip(cut, classes.tolist(), strict=True))

    def _next(self, contexts: np.ndarray, chance: np.ndarray, classes: np.ndarray, temperature: float) -> np.ndarray:
        """Draw what follows each context."""
        drawn = np.empty(len(contexts), dtype=np.int64)
        for number in range(max(len(self.by_class), 1)):
            rows = np.flatnonzero(classes == number)
            leaned = self.by_class[number] if self.by_class else None
            if temperature == 1:
                drawn[rows] = self.transitions.draw(contexts[rows], chance[rows], leaned)
            else:
                drawn[rows] = self._sharpened(contexts[rows], chance[rows], leaned, temperature)
        return drawn

    def _sharpened(
        self, contexts: np.ndarray, chance: np.ndarray, leaned: Transitions | None, temperature: float
    ) -> np.ndarray:
        """Draw from powers of the chances by inverting their cumulative distribution; like contexts are read once."""
        distinct, owner = np.unique(contexts, axis=0, return_inverse=True)
        drawn, size = np.empty(len(contexts), dtype=np.int64), CHUNK_CELLS // self.start + 1
        for first in range(0, len(distinct), size):
            chances = self.transitions.probabilities(distinct[first : first + size])
            if leaned is not None:
                chances = leaned.leaning(distinct[first : first + size], chances)
            powers = np.exp(np.log(chances / chances.max(axis=1, keepdims=True)) / temperature)
            edges = np.cumsum(powers, axis=1)
            edges = edges / edges[:, -1:] + np.arange(len(edges))[:, None]
            rows = np.flatnonzero((owner >= first) & (owner < first + size))
            place = owner[rows] - first
            found = np.searchsorted(edges.ravel(), place + chance[rows], side="right") - place * self.start
            drawn[rows] = np.clip(found, 0, self.end)
        return drawn

    def matrix(self) -> np.ndarray:
        """Give the chain that sees one symbol back: a row for each symbol, and one last for the start of a line.

        The columns are the symbols and, last, the end of the line. As the next line starts where one ends, the last
        row and the last column are one state, and the matrix is square.
        """
        whole = self.transitions
        short = replace(whole, order=1, contexts=whole.contexts[:1], grams=whole.grams[:2], counts=whole.counts[:2])
        return short.probabilities(np.array([*range(self.end), self.start])[:, None])

    def stationary(self) -> dict[str | int, float]:
        """Give each symbol's share in endless text by the chain that sees one symbol back, the ends left out.

        The share solves p M = p with sum p = 1, where M is `matrix()`; one of the equations says nothing new and gives
        its place to the sum.
        """
        matrix = self.matrix()
        equations = matrix.T - np.eye(len(matrix))
        equations[-1] = 1.0
        share = np.linalg.solve(equations, np.append(np.zeros(self.end), 1.0))[:-1]
        return dict(zip(self.codec.symbols, (share / share.sum()).tolist(), strict=True))

    def entropy_rate(self) -> float:
        """Give the uncertainty about the next symbol (ends are symbols too), in nats.

        It is the entropy of what follows a context, averaged over the contexts as often as they were seen: these
        shares are the stationary ones of the unsmoothed chain, in which every line's end leads to a start.
        """
        contexts, total, size = self._contexts(), 0.0, CHUNK_CELLS // self.start + 1
        weights = np.bincount(self.transitions.grams[-1] // self.start, weights=self.transitions.counts[-1])
        for first in range(0, len(contexts), size):
            chances = self.transitions.probabilities(contexts[first : first + size])
            total -= float(weights[first : first + size] @ (chances * np.log(chances)).sum(axis=1))
        return total / float(weights.sum())

    def _contexts(self) -> np.ndarray:
        """Read the longest contexts off the trie of contexts: each key holds its parent and its oldest symbol."""
        contexts = np.empty((1, 0), dtype=np.int64)
        for keys in self.transitions.contexts:
            parent, symbol = np.divmod(keys, self.start + 1)
            contexts = np.column_stack([symbol, contexts[parent]])
        return contexts
