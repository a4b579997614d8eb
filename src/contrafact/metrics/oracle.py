"""Oracles: networks with fixed weights whose sequences are "real" and whose likelihoods are therefore known exactly.

An LSTM with all weights from N(0, 1) reads a start token and draws one of 5,000 tokens, and so on:

    i = sigmoid(W_i x + U_i h + b_i)    f = sigmoid(W_f x + U_f h + b_f)    o = sigmoid(W_o x + U_o h + b_o)
    c' = f c + i tanh(W_c x + U_c h + b_c)    h' = o tanh(c')    p = softmax(V h' + b)

with h = c = 0 at first; x is the embedding of the token read, of as many numbers as h. Rows are multiplied from the
left (x W), the gates lie in the order i, f, o, c, and the start token is 0, which is also an ordinary token.

The negative log-likelihood of generated sequences under the oracle says how believable they are, and nothing about how
varied: drawing at a low temperature buys any value. It means something only beside the generator's own likelihood of
fresh oracle sequences and a count of distinct pairs. The oracle's entropy is what its own sequences score. Entropies of
different oracles do not compare, nor do scores under them: the published figures for length 20 and for length 40 are of
different oracles, some of them made anew on every machine. The two here are made from a seed, bit for bit.

Reference: Yu, Zhang, Wang and Yu, *SeqGAN: sequence generative adversarial nets with policy gradient*, AAAI 2017.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.seeds import generator

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 128  # so many rows of 5,000 logits stay near the processor
GATES = ("i", "f", "og", "c")  # as the file of SeqGAN's weights names them
SYMBOLS = 5000


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a standard oracle is made, and what was measured of it.

    Arguments:
        hidden: Numbers in the state.
        length: Tokens of a sequence.
        entropy: Mean of -log p a token, over 20,000 sequences of its own.
        error: Standard error of that.
    """

    hidden: int
    length: int
    entropy: float
    error: float


ORACLES = {
    "short": Made(hidden=32, length=20, entropy=5.9876, error=0.0035),
    "long": Made(hidden=64, length=40, entropy=4.1750, error=0.0028),
}


@dataclass(frozen=True, eq=False)
class Oracle:
    """An LSTM of fixed weights.

    Arguments:
        embedding: What is read for each token (symbols, hidden).
        inputs: W of all gates side by side (hidden, 4 hidden), in the order i, f, o, c.
        states: U likewise.
        biases: b likewise (4 hidden).
        output: V (hidden, symbols).
        output_bias: b of the output.
        length: Tokens of a sequence.
        start: The token that is read first.
    """

    embedding: np.ndarray
    inputs: np.ndarray
    states: np.ndarray
    biases: np.ndarray
    output: np.ndarray
    output_bias: np.ndarray
    length: int
    start: int = 0

    @classmethod
    def made(cls, name: str = "short", *, seed: int = 0) -> Oracle:
        """Make one of the standard oracles, `short` or `long`; other seeds make others of the same size.

        Arguments:
            name: Which.
            seed: The standard ones have seed 0.
        """
        if name not in ORACLES:
            raise UsageError(
                f"There is no oracle '{name}'.", why=did_you_mean(name, ORACLES), fix="short or long", code="E635"
            )
        return cls.drawn(hidden=ORACLES[name].hidden, length=ORACLES[name].length, seed=seed)

    @classmethod
    def drawn(cls, *, hidden: int, length: int, symbols: int = SYMBOLS, seed: int = 0) -> Oracle:
        """Draw all weights from N(0, 1).

        Arguments:
            hidden: Numbers in the state.
            length: Tokens of a sequence.
            symbols: Different tokens.
            seed: Seed of the weights.
        """
        random = generator(seed, "oracle", hidden, symbols)

        def normal(*shape: int) -> np.ndarray:
            return random.standard_normal(shape).astype(np.float32)

        return cls(
            embedding=normal(symbols, hidden),
            inputs=normal(hidden, 4 * hidden),
            states=normal(hidden, 4 * hidden),
            biases=normal(4 * hidden),
            output=normal(hidden, symbols),
            output_bias=normal(symbols),
            length=length,
        )

    @classmethod
    def read(cls, path: str | PathLike[str], length: int = 20) -> Oracle:
        """Read the weights that the SeqGAN project published, as an .npz file with its names.

        Arguments:
            path: The file.
            length: Tokens of a sequence.
        """
        with np.load(path, allow_pickle=False) as file:
            names = ["embedding", "Wo", "bo", *(f"{kind}{gate}" for kind in "WUb" for gate in GATES)]
            missing = [name for name in names if name not in file]
            if missing:
                raise DataError(
                    f"{path} holds no oracle: {', '.join(missing[:4])} are missing.",
                    why=f"The weights bear the names {', '.join(names)}.",
                    fix="Give the oracle of the SeqGAN project, converted to .npz; or Oracle.made('short').",
                    code="E635",
                )
            held = {name: np.asarray(file[name], dtype=np.float32) for name in names}
        inputs, states, biases = (np.concatenate([held[kind + gate] for gate in GATES], axis=-1) for kind in "WUb")
        return cls(held["embedding"], inputs, states, biases, held["Wo"], held["bo"], length)

    @property
    def symbols(self) -> int:
        """How many different tokens there are."""
        return len(self.output_bias)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Draw sequences (n, length); each row is a function of the seed and its place.

        A token is drawn by inverting the cumulative distribution in two levels, with one uniform number a token.
        """
        import torch

        from contrafact.nets.vocabulary import chosen

        chance = torch.from_numpy(generator(seed, "oracle", "sample").random((n, self.length), dtype=np.float32))
        made = torch.empty((n, self.length), dtype=torch.int64)
        for rows in _blocks(n):
            walk = _Walk(self, len(range(n)[rows]))
            for place in range(self.length):
                logits = walk.logits()
                weights = (logits - logits.amax(1, keepdim=True)).exp_()
                made[rows, place] = chosen(weights, chance[rows, place])
                walk.read(made[rows, place])
        return made.numpy()

    def log_prob(self, sequences: Any) -> np.ndarray:
        """Give the log-likelihood of each sequence of tokens from 0 to `symbols` - 1, the sum over its tokens."""
        import torch

        codes = np.asarray(sequences, dtype=np.int64)
        if codes.ndim != 2 or (codes.size and not 0 <= codes.min() <= codes.max() < self.symbols):
            raise DataError(
                f"These are no sequences of this oracle: an array of shape {codes.shape}.",
                why=f"It reads rows of whole numbers from 0 to {self.symbols - 1}.",
                fix="Give an array (sequences, tokens).",
                code="E636",
            )
        targets, found = torch.from_numpy(codes), np.zeros(len(codes))
        for rows in _blocks(len(codes)):
            walk = _Walk(self, len(targets[rows]))
            for place in range(codes.shape[1]):
                logits, wanted = walk.logits(), targets[rows, place]
                found[rows] += (logits.gather(1, wanted[:, None])[:, 0] - logits.logsumexp(1)).numpy()
                walk.read(wanted)
        return found

    def nll(self, sequences: Any) -> tuple[float, float]:
        """Give the mean of -log p a token, and its standard error over sequences."""
        values = -self.log_prob(sequences) / max(np.shape(sequences)[1], 1)
        return float(values.mean()), float(values.std() / math.sqrt(max(len(values), 1)))


def _blocks(n: int) -> Iterator[slice]:
    for first in range(0, n, ROWS):
        yield slice(first, min(first + ROWS, n))


class _Walk:
    """The state of some sequences that are read token by token.

    Arguments:
        oracle: The weights.
        rows: How many sequences.
    """

    def __init__(self, oracle: Oracle, rows: int) -> None:
        import torch

        arrays = (oracle.embedding, oracle.inputs, oracle.states, oracle.biases, oracle.output, oracle.output_bias)
        self.embedding, self.inputs, self.states, self.biases, self.output, self.output_bias = map(
            torch.from_numpy, arrays
        )
        self.hidden = self.cell = torch.zeros((rows, len(oracle.inputs)))
        self.read(torch.full((rows,), oracle.start))

    def read(self, tokens: Tensor) -> None:
        """Take one token of each sequence in."""
        from torch import addmm

        gates = addmm(addmm(self.biases, self.embedding[tokens], self.inputs), self.hidden, self.states)
        enter, forget, out, new = gates.chunk(4, dim=1)
        self.cell = forget.sigmoid() * self.cell + enter.sigmoid() * new.tanh()
        self.hidden = out.sigmoid() * self.cell.tanh()

    def logits(self) -> Tensor:
        """Give what decides the next token."""
        from torch import addmm

        return addmm(self.output_bias, self.hidden, self.output)
