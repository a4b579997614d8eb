"""Hidden Markov model: a few hidden states follow each other, and each has its own law of a step.

p(x, s) = p(s_1) prod_t p(s_t | s_{t-1}) prod_t N(x_t; m_{s_t}, v_{s_t}), the variances of each state's variables apart.
EM alternates the states' posterior, by one pass forward and one backward (Baum, Petrie, Soules and Weiss 1970), with
weighted means, variances and shares of transitions. The passes run over all stretches at once, one step at a time, with
each step's probabilities scaled to one. Unknown cells are left out of a step's density, which is exact here. Words are
taken as numbers, 0 and 1 each.

How many states: as many as are likeliest for the stretches that are held out. Given the states everything is known in
closed form: drawing, filling gaps (from both sides), going on from the state at the end.

Reference: Rabiner, A tutorial on hidden Markov models, Proceedings of the IEEE 77, 1989.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.recipe import Count, Recipe
from contrafact.base.seeds import generator
from contrafact.codecs.schema import Role
from contrafact.codecs.series import SeriesCodec, Windows
from contrafact.codecs.series_channels import cells, channels
from contrafact.codecs.series_panel import Panel
from contrafact.engine.record import record
from contrafact.nets.series_chain import Chain, chosen_states, fitted, picked, usual_shares
from contrafact.nets.series_model import UNKNOWN, Fills, Follows, Steps

PIECE = 200  # steps that are passed over as one; long series are cut
MOST_STEPS = 40_000


@dataclass(frozen=True, kw_only=True)
class HMM(Recipe):
    """Fit hidden states by EM."""

    states: Count | None = None  # how many hidden states; none: chosen on stretches that are held out
    rounds: Count = 40  # rounds of EM at most
    time: str | int | None = None  # the column of time stamps; none: it is looked for
    id: str | int | None = None  # the column that tells series apart; none: it is looked for
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    window: Count | None = None  # steps in a drawn series; none: whole short series, else four periods

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> HMMModel:
        """Run EM; the seed chooses where it begins, budget and device play no part."""
        codec = SeriesCodec.fit(data, time=self.time, id=self.id, window=self.window, columns=self.columns)
        numbers = pieces_of(codec, codec.panel(data))
        states = self.states or chosen_states(numbers, seed)
        chain = fitted(numbers, states, self.rounds, seed)
        model = HMMModel(self, codec, chain)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> HMMModel:
        """Make the model again from what it saved."""
        return HMMModel(self, SeriesCodec.from_json(codec), Chain(**arrays))

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(states=3, rounds=3, window=12)


class HMMModel(Fills, Follows):
    """A fitted chain.

    Arguments:
        recipe: The settings.
        codec: Knows the variables.
        chain: The states.
    """

    def __init__(self, recipe: HMM, codec: SeriesCodec, chain: Chain) -> None:
        super().__init__(recipe, codec)
        self.chain = chain

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the chances, means and variances."""
        return dict(vars(self.chain))

    def log_prob(self, data: Any) -> np.ndarray:
        """Give the log density of each series, in the order of their first rows; numbers count in robust deviations.

        Steps that are far apart, with a long gap between them, are taken as separate.
        """
        panel = self.codec.panel(data)
        found = np.zeros(int(panel.owners.max()) + 1)
        for begin, end, owner in zip(panel.begins, panel.ends, panel.owners, strict=True):
            own = channels(self.codec, panel.values[begin:end], panel.points[begin:end])
            found[owner] += self.chain.forward(own[None])[2][0]
        return found

    def drawn(self, heads: Windows, seed: int) -> Steps:
        """Draw windows from the states' usual shares."""
        random = generator(seed, "states")
        usual = usual_shares(self.chain.moves)
        states = picked(np.broadcast_to(usual, (len(heads["first"]), len(usual))), random)
        return cells(self.codec, self._shown(self._walked(states, self.codec.window, random), random))

    def _walked(self, states: np.ndarray, steps: int, random: np.random.Generator) -> np.ndarray:
        """Follow states for some steps, the first included."""
        found = [states]
        for _ in range(steps - 1):
            found.append(picked(self.chain.moves[found[-1]], random))
        return np.stack(found, axis=-1)

    def _shown(self, states: np.ndarray, random: np.random.Generator) -> np.ndarray:
        means, spread = self.chain.means[states], np.sqrt(self.chain.variances[states])
        return np.asarray(means + spread * random.standard_normal(means.shape))

    def follow(self, panel: Panel, last: np.ndarray, steps: int, draws: int, seed: int) -> Steps:
        """Draw how stretches go on from the state at their end."""
        random = generator(seed, "states")
        ends = []
        for begin, end in zip(panel.begins[last].tolist(), panel.ends[last].tolist(), strict=True):
            part = slice(max(begin, end - PIECE), end)
            known = channels(self.codec, panel.values[part], panel.points[part])
            ends.append(self.chain.forward(known[None])[0][0, -1])
        chances = np.broadcast_to(np.stack(ends) @ self.chain.moves, (draws, len(last), len(self.chain.first)))
        walked = self._walked(picked(chances, random), steps, random)
        return cells(self.codec, self._shown(walked, random))

    def fill(self, panel: Panel, seed: int | None) -> Steps:
        """Fill gaps by the states that both sides tell: with means, or a draw of states and cells."""
        values, points = panel.values.copy(), panel.points.copy()
        random = None if seed is None else generator(seed, "states")
        for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
            holes = panel.points[begin:end] == UNKNOWN
            if not holes.any():
                continue
            known = channels(self.codec, panel.values[begin:end], panel.points[begin:end])
            if random is None:
                told = self.chain.both(known[None])[0][0] @ self.chain.means
            else:
                told = self._shown(self._traced(known, random), random)
            made = cells(self.codec, told)
            for whole, part in zip((values, points), made, strict=True):
                whole[begin:end][holes] = part[holes]
        return values, points

    def _traced(self, known: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Draw the states of a stretch given what is known: forward, then back."""
        forward = self.chain.forward(known[None])[0][0]
        found = np.empty(len(known), dtype=np.int64)
        chances = forward[-1]
        for step in range(len(known) - 1, -1, -1):
            found[step] = picked((chances / max(chances.sum(), 1e-300))[None], random)[0]
            chances = forward[step - 1] * self.chain.moves[:, found[step]]
        return found


def pieces_of(codec: SeriesCodec, panel: Panel) -> np.ndarray:
    """Give stretches as channels, cut into pieces of one length; behind the ends everything is unknown."""
    length = min(PIECE, int(panel.lengths.max()))
    parts = []
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        own = channels(codec, panel.values[begin:end], panel.points[begin:end])
        for first in range(0, len(own), length):
            part = own[first : first + length]
            parts.append(np.concatenate([part, np.full((length - len(part), own.shape[1]), np.nan)]))
    most = max(MOST_STEPS // length, 1)
    return np.stack(parts[:: -(-len(parts) // most)])
