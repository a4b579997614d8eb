"""Networks that read one line and write another, with a pointer: symbols are written from the list or copied.

Each symbol comes with chance 1 - g from a softmax over the known symbols and with chance g from the line that was read,
where the attention points (See et al. 2017):

    p(v) = (1 - g) softmax(v) + g * sum over places s with symbol v of a_s

Copying needs no knowledge of the symbol, so that words never seen before can be carried over.

References:
    Bahdanau, Cho and Bengio, Neural machine translation by jointly learning to align and translate, ICLR 2015.
    See, Liu and Manning, Get to the point: summarization with pointer-generator networks, ACL 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from contrafact.nets.sequences import Lines, LSTMCore, State
from contrafact.nets.vocabulary import chosen

LEAST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Lines that were read.

    Arguments:
        symbols: Their codes, lines x places.
        keys: What attention compares with, lines x places x width.
        values: What attention gives.
        there: Which places belong to the lines.
    """

    symbols: Tensor
    keys: Tensor
    values: Tensor
    there: Tensor


class Reader(nn.Module):
    """Lines -> what attention works on: memories that go along the line both ways.

    Arguments:
        lines: What the lines look like.
        width: Numbers in the memories together.
        dropout: Share of numbers hidden while training.
    """

    def __init__(self, lines: Lines, width: int, dropout: float) -> None:
        super().__init__()
        self.lines = lines
        self.entry = nn.Embedding(lines.symbols + 2, width)
        self.both = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)
        self.keys = nn.Linear(width, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, symbols: Tensor) -> Heard:
        """Read lines."""
        values, _ = self.both(self.dropout(self.entry(symbols)))
        values = self.dropout(values)
        there = self.lines.counted(symbols)
        return Heard(symbols=symbols, keys=self.keys(values), values=values, there=there)


def attended(query: Tensor, heard: Heard) -> tuple[Tensor, Tensor]:
    """Give where each query points, lines x queries x places, and what is found there."""
    scores = query @ heard.keys.transpose(1, 2) / query.shape[2] ** 0.5
    pointed = scores.masked_fill(~heard.there[:, None], -torch.inf).softmax(dim=2)
    return pointed, pointed @ heard.values


class Rewriting(nn.Module):
    """A line that was read and the beginning of another -> the next symbol.

    Arguments:
        source: What lines that are read look like.
        target: What lines that are written look like; both have the same symbols.
        width: Numbers in the memories.
        dropout: Share of numbers hidden while training.
    """

    def __init__(self, source: Lines, target: Lines, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.source, self.target = source, target
        self.reader = Reader(source, width, dropout)
        self.core = LSTMCore(width, width)
        self.query = nn.Linear(width, width, bias=False)
        self.join = nn.Linear(2 * width, width)
        self.head = nn.Linear(width, target.outputs)
        self.copy = nn.Linear(width, 1)
        self.dropout = nn.Dropout(dropout)

    def begin(self, rows: int) -> State:
        """Give the state before anything was written."""
        return self.core.begin(rows, self.head.bias)

    def step(self, before: Tensor, state: State, heard: Heard) -> tuple[Tensor, Tensor, Tensor, State]:
        """Give log-softmax, log-chance to copy and pointers of places, from the symbols before them, and the state."""
        hidden, after = self.core.run(self.dropout(self.reader.entry(before)), state)
        pointed, found = attended(self.query(hidden), heard)
        joined = self.dropout(torch.tanh(self.join(torch.cat([hidden, found], dim=2))))
        return self.head(joined), self.copy(joined)[:, :, 0], pointed, after

    def log_chances(self, source: Tensor, target: Tensor) -> Tensor:
        """Give log p of each symbol of known lines, lines x places; 0 behind their ends."""
        before = functional.pad(target[:, :-1], (1, 0), value=self.target.start)
        heard = self.reader(source)
        logits, copy, pointed, _ = self.step(before, self.begin(len(target)), heard)
        own = target.clamp_max(self.target.outputs - 1)[:, :, None]
        written = logits.gather(2, own)[:, :, 0] - logits.logsumexp(2)
        same = (heard.symbols[:, None] == target[:, :, None]) & heard.there[:, None]
        copied = (pointed * same).sum(2).clamp_min(LEAST).log()
        either = torch.logaddexp(written + functional.logsigmoid(-copy), copied + functional.logsigmoid(copy))
        return either * self.target.counted(target)

    def chances(self, before: Tensor, state: State, heard: Heard) -> tuple[Tensor, State]:
        """Give the chances of what comes next, lines x (symbols + places): places stand for unknown symbols there."""
        logits, copy, pointed, after = self.step(before[:, None], state, heard)
        share = torch.sigmoid(copy)
        found = functional.pad(logits[:, 0].softmax(1) * (1 - share), (0, heard.symbols.shape[1]))
        if self.target.unknown is not None:
            found[:, self.target.unknown] = 0
        columns = heard.symbols.clamp_max(self.target.outputs - 1)
        if self.target.unknown is not None:
            place = torch.arange(columns.shape[1], device=columns.device) + self.target.outputs
            columns = torch.where(heard.symbols == self.target.unknown, place, columns)
        return found.scatter_add_(1, columns, pointed[:, 0] * share * heard.there), after

    @torch.no_grad()
    def write(self, source: Tensor, chance: Tensor | None = None) -> Tensor:
        """Write a line for each that is read: codes, and beyond them places of the source that are copied.

        Arguments:
            source: Lines that are read.
            chance: Numbers from 0 to 1, lines x places; None takes the likeliest symbol each time.
        """
        heard, state = self.reader(source), self.begin(len(source))
        last = torch.full((len(source),), self.target.start, device=source.device)
        found = torch.full((len(source), self.target.places), self.target.end, device=source.device)
        going = torch.ones(len(source), dtype=torch.bool, device=source.device)
        for place in range(self.target.places):
            chances, state = self.chances(last, state, heard)
            drawn = chances.argmax(1) if chance is None else chosen(chances, chance[:, place])
            found[:, place] = torch.where(going, drawn, found[:, place])
            going = going & (drawn != self.target.end)
            last = self.plain(drawn)
            if not going.any():
                break
        return found

    def plain(self, written: Tensor) -> Tensor:
        """Turn places that were copied into the unknown symbol."""
        if self.target.unknown is None:
            return written
        return torch.where(written >= self.target.outputs, self.target.unknown, written)


class PairCritic(nn.Module):
    """A line that was read and one that was written -> a logit at each place: whether what stands there is right.

    Arguments:
        source: What lines that are read look like.
        target: What lines that are written look like.
        width: Numbers in the memories.
        dropout: Share of numbers hidden while training.
    """

    def __init__(self, source: Lines, target: Lines, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.reader = Reader(source, width, dropout)
        self.core = LSTMCore(width, width)
        self.query = nn.Linear(width, width, bias=False)
        self.head = nn.Sequential(nn.Linear(2 * width, width), nn.LeakyReLU(0.1), nn.Linear(width, 1))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Judge every place, lines x places."""
        entered = self.reader.dropout(self.reader.entry(target))
        hidden, _ = self.core.run(entered, self.core.begin(len(target), entered))
        _, found = attended(self.query(hidden), self.reader(source))
        logits: Tensor = self.head(torch.cat([hidden, found], dim=2))[:, :, 0]
        return logits
