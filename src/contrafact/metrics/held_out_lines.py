"""While text is trained: how far chains of symbols are from telling drawn lines from held-out ones, both ways.

A smoothed chain that was counted from training lines finds broken lines surprising, and lines of clichés not surprising
enough: the gap to its surprise at held-out lines is one half. The other half is the chain that was counted from drawn
lines: where they leave things out, held-out lines surprise it more than they surprise a chain counted from as many
training lines.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.metrics.transitions import Transitions

ORDER = 2
Encoded = dict[str, np.ndarray]


def _lines(encoded: Encoded, end: int) -> list[np.ndarray]:
    """Cut rows of codes at their ends."""
    codes = np.asarray(encoded["codes"], dtype=np.int64)
    lengths = np.where((codes == end).any(1), (codes == end).argmax(1), codes.shape[1])
    return [row[:length] for row, length in zip(codes, lengths, strict=True)]


class HeldOutLines:
    """Scores drawn lines against held-out ones: exp of minus both gaps, and 1 is as good as more real lines.

    Arguments:
        held: Held-out lines.
        end: The code of a line's end; all other codes are below it.
        ends: Whether lines end where they like.
    """

    def __init__(self, held: Encoded, end: int, ends: bool) -> None:
        self.end, self.ends = end, ends
        self.held = _lines(held, end)
        self.symbols = sum(len(line) + ends for line in self.held)

    def _counted(self, lines: list[np.ndarray]) -> Transitions:
        return Transitions.count(lines, ORDER, self.end + 1, end=self.ends)

    def beside(self, rows: Encoded) -> Any:
        """Give what scores drawn lines, beside the lines that are trained on."""
        trained = _lines(rows, self.end)
        chain = self._counted(trained)
        usual = chain.log_prob(self.held).sum() / self.symbols
        known: dict[int, float] = {}

        def score(fake: Encoded) -> dict[str, float]:
            lines = _lines(fake, self.end)
            symbols = np.array([len(line) + self.ends for line in lines])
            own = chain.log_prob(lines)
            gap = own.sum() / max(symbols.sum(), 1) - usual
            many = min(len(lines), len(trained))
            if many not in known:
                known[many] = self._counted(trained[:many]).log_prob(self.held).sum() / self.symbols
            missing = known[many] - self._counted(lines[:many]).log_prob(self.held).sum() / self.symbols
            error = float(np.std(own - (gap + usual) * symbols) * len(lines) ** 0.5 / max(symbols.sum(), 1))
            value = float(np.exp(-abs(gap) - max(missing, 0.0)))
            return {
                "score": value,
                "score_error": value * error,
                "transition_gap": float(gap),
                "missing": float(missing),
            }

        return score


def held_out_lines(held: Encoded, end: int, ends: bool) -> HeldOutLines:
    """Prepare a score of drawn lines against held-out ones."""
    return HeldOutLines(held, end, ends)
