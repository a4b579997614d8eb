"""A chain of transitions as a regulariser: generated lines should be as likely, step by step, as real ones are.

For a chain p fitted on the training lines, MC(x) = sum_t log p(x_t | x_{t-1}) over the tokens of x, its end among them,
divided by their number so that one weight serves all lengths. Rows q_t of chances in place of tokens ("soft" tokens)
have E log p = sum_t q_{t-1}' log P q_t, which is differentiable in q. Penalised is

    (mean MC(generated) - mean MC(real))^2.

MC itself must never be maximised. Its largest value is reached by one line, the loop of transitions that are likeliest
in the mean, over and over: the chain knows that this is probable text and cannot say that it is all there is. Real text
lies well below that maximum, by the entropy of the chain, and the square pulls down what is too safe as it pulls up
what is broken. It says nothing of variety beyond that; it belongs beside a loss that does.

log P is dense, symbols x symbols, but by Witten and Bell's smoothing P(w | v) = (c(v, w) + T(v) P(w)) / (c(v) + T(v)),
so that log P(w | v) = a(v) + b(w) where w was never seen after v: two vectors and a sparse matrix hold it all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Transitions:
    """log P of a chain that sees one symbol back; the last row of the table is the start of a line.

    Arguments:
        rows: a(v), symbols + 1 numbers: what every transition from v has.
        columns: b(w), symbols numbers: what every transition to w has.
        extra: What those that were seen have beyond, sparse (symbols, symbols + 1): from v in columns, to w in rows.
        end: The code of a line's end, or None where lines have none.
        real: Mean of log p a token over the lines that it was fitted on.
    """

    rows: Tensor
    columns: Tensor
    extra: Tensor
    end: int | None
    real: float = 0.0

    @classmethod
    def fit(cls, codes: Any, symbols: int, end: int | None = None) -> Transitions:
        """Count the transitions of lines, and smooth them.

        Arguments:
            codes: Lines (n, places), whole numbers below `symbols`; what follows a first end is passed over.
            symbols: How many codes there are, the end among them.
            end: The code of a line's end, or None.
        """
        lines = np.asarray(codes, dtype=np.int64)
        before, after = pairs_of(lines, symbols, end)
        keys, counts = np.unique(before * symbols + after, return_counts=True)
        froms, tos = np.divmod(keys, symbols)
        plain = _smoothed(np.bincount(after, minlength=symbols))
        totals = np.bincount(froms, weights=counts, minlength=symbols + 1)
        kinds = np.bincount(froms, minlength=symbols + 1)
        lent = np.where(kinds > 0, kinds / np.maximum(totals + kinds, 1), 1.0)
        logs = np.log((counts + kinds[froms] * plain[tos]) / (totals + kinds)[froms])
        rest = logs - np.log(lent[froms]) - np.log(plain[tos])
        places, values = torch.from_numpy(np.stack([tos, froms])), torch.from_numpy(rest).float()
        extra = torch.sparse_coo_tensor(places, values, (symbols, symbols + 1), check_invariants=True)
        a, b = (torch.from_numpy(np.log(part)).float() for part in (lent, plain))
        return cls(a, b, extra.coalesce(), end, float((counts * logs).sum() / max(counts.sum(), 1)))

    def to(self, device: Any) -> Transitions:
        """Give the same on another device."""
        return Transitions(self.rows.to(device), self.columns.to(device), self.extra.to(device), self.end, self.real)

    def mean_log(self, soft: Tensor) -> Tensor:
        """Give the mean of log p a token over lines of soft tokens.

        Arguments:
            soft: Chances (lines, places, symbols), each row of the last axis summing to 1. A place counts as far as the
                line has not ended before it.
        """
        lines, places, symbols = soft.shape
        begin = soft.new_zeros((lines, 1, symbols + 1))
        begin[..., symbols] = 1
        known = torch.nn.functional.pad(soft[:, :-1], (0, 1))
        before = torch.cat([begin, known], dim=1)
        after = torch.sparse.mm(self.extra, before.reshape(-1, symbols + 1).T).T.reshape(lines, places, symbols)
        logs = before @ self.rows + soft @ self.columns + (after * soft).sum(2)
        weights = self._alive(soft)
        mean: Tensor = (logs * weights).sum() / weights.sum()
        return mean

    def _alive(self, soft: Tensor) -> Tensor:
        """Give the chance that a line has not ended before each place."""
        if self.end is None:
            return soft.new_ones(soft.shape[:2])
        going = (1 - soft[:, :-1, self.end]).cumprod(1)
        return torch.cat([soft.new_ones((len(soft), 1)), going], dim=1)

    def steps(self, codes: Tensor) -> Tensor:
        """Give log p(x_t | x_{t-1}) of whole tokens (lines, places), 0 behind the end: a reward for every step."""
        symbols = len(self.columns)
        begin = codes.new_full((len(codes), 1), symbols)
        before = torch.cat([begin, codes[:, :-1]], dim=1)
        keys = self.extra.indices()[0] * (symbols + 1) + self.extra.indices()[1]  # in order: the matrix is coalesced
        wanted = codes * (symbols + 1) + before
        place = torch.searchsorted(keys, wanted).clamp(max=max(len(keys) - 1, 0))
        more = torch.where(keys[place] == wanted, self.extra.values()[place], self.rows.new_zeros(()))
        logs = self.rows[before.clamp(max=symbols)] + self.columns[codes] + more
        if self.end is None:
            return logs
        ended = (codes == self.end).long()
        return logs * (ended.cumsum(1) - ended == 0)


def transition_gap(chain: Transitions, soft: Tensor) -> Tensor:
    """Penalise the squared distance between generated and real lines in their mean log p a token.

    Arguments:
        chain: The chain of the training lines, with their mean.
        soft: Chances (lines, places, symbols).
    """
    return torch.square(chain.mean_log(soft) - chain.real)


def pairs_of(lines: np.ndarray, symbols: int, end: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Give each symbol before and after a step, up to each line's end; the start is the symbol `symbols`."""
    before = np.concatenate([np.full((len(lines), 1), symbols), lines[:, :-1]], axis=1)
    ended = np.zeros(lines.shape, dtype=np.int64) if end is None else (lines == end).astype(np.int64)
    kept = np.cumsum(ended, axis=1) - ended == 0
    return before[kept], lines[kept]


def _smoothed(counts: np.ndarray) -> np.ndarray:
    kinds = int((counts > 0).sum())
    smoothed: np.ndarray = (counts + kinds / len(counts)) / max(counts.sum() + kinds, 1)
    return smoothed
