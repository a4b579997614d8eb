"""States that follow each other unseen, and what they show: the forward and backward passes, and EM.

The passes run over all series at once, one step at a time, with each step's probabilities scaled to one; unknown cells
are left out of a step's density, which is exact where variables are apart given the state.

Reference: Rabiner, A tutorial on hidden Markov models, Proceedings of the IEEE 77, 1989.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrafact.base.seeds import generator

TRIED = (2, 4, 8, 16, 32)
ROUNDS_TO_CHOOSE = 12
LEAST_VARIANCE, PRIOR = 1e-4, 0.1  # of a variable's own; steps that every transition counts beforehand


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """States, how they follow each other, and what they show.

    Arguments:
        first: Chances of the first state.
        moves: Chances of the next state, a row for each state.
        means: states x channels.
        variances: states x channels.
    """

    first: np.ndarray
    moves: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    def shown(self, numbers: np.ndarray) -> np.ndarray:
        """Give the log density of each step under each state; unknown cells are left out.

        Arguments:
            numbers: ... x channels, NaN where unknown.
        """
        known = (~np.isnan(numbers)).astype(np.float64)
        filled = np.nan_to_num(numbers)
        weight = 1 / self.variances
        squares = (filled**2) @ weight.T - 2 * filled @ (self.means * weight).T + known @ (self.means**2 * weight).T
        return np.asarray(-0.5 * (squares + known @ np.log(2 * np.pi * self.variances).T))

    def forward(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pass forward over series: chances of states given all so far, shares of densities, and log-likelihoods.

        Arguments:
            numbers: series x steps x channels.
        """
        logs = self.shown(numbers)
        most = logs.max(-1, keepdims=True)
        shares = np.exp(logs - most)
        found, total = np.empty_like(shares), most.sum((1, 2))
        now = np.broadcast_to(self.first, shares[:, 0].shape)
        for step in range(shares.shape[1]):
            now = (now if step == 0 else now @ self.moves) * shares[:, step]
            size = np.maximum(now.sum(1, keepdims=True), 1e-300)
            now = now / size
            found[:, step], total = now, total + np.log(size[:, 0])
        return found, shares, total

    def both(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pass both ways: chances of states given everything, expected moves, and log-likelihoods."""
        found, shares, total = self.forward(numbers)
        posterior, later = np.empty_like(found), np.ones_like(found[:, 0])
        moves = np.zeros_like(self.moves)
        posterior[:, -1] = found[:, -1]
        for step in range(found.shape[1] - 2, -1, -1):
            ahead = shares[:, step + 1] * later
            size = np.einsum("ni,ij,nj->n", found[:, step], self.moves, ahead)[:, None]
            ahead = ahead / np.maximum(size, 1e-300)
            moves += self.moves * (found[:, step].T @ ahead)
            later = ahead @ self.moves.T
            own = found[:, step] * later
            posterior[:, step] = own / np.maximum(own.sum(1, keepdims=True), 1e-300)
        return posterior, moves, total

    def better(self, numbers: np.ndarray, least: np.ndarray) -> tuple[Chain, float]:
        """Make one round of EM and give the log-likelihood that the chain had before."""
        posterior, moves, total = self.both(numbers)
        flat, weights = numbers.reshape(-1, numbers.shape[-1]), posterior.reshape(-1, len(self.first))
        known = (~np.isnan(flat)).astype(np.float64)
        filled = np.nan_to_num(flat)
        mass = weights.T @ known + PRIOR
        means = (weights.T @ filled + PRIOR * self.means) / mass
        squares = (weights.T @ filled**2 + PRIOR * (self.variances + self.means**2)) / mass
        first = posterior[:, 0].sum(0) + PRIOR
        moves = moves + PRIOR / len(first)
        made = Chain(
            first=first / first.sum(),
            moves=moves / moves.sum(1, keepdims=True),
            means=means,
            variances=np.maximum(squares - means**2, least),
        )
        return made, float(total.sum())


def picked(chances: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw a state for each row of chances."""
    edges = np.cumsum(chances, axis=-1)
    found = (edges < (random.random(chances.shape[:-1]) * edges[..., -1])[..., None]).sum(-1)
    return np.asarray(np.minimum(found, chances.shape[-1] - 1))


def usual_shares(moves: np.ndarray) -> np.ndarray:
    """Give how often each state comes in the long run."""
    equations = np.vstack([moves.T - np.eye(len(moves)), np.ones(len(moves))])
    shares = np.linalg.lstsq(equations, np.append(np.zeros(len(moves)), 1.0), rcond=None)[0].clip(0)
    return np.asarray(shares / shares.sum())


def fitted(numbers: np.ndarray, states: int, rounds: int, seed: int) -> Chain:
    """Run EM from states around steps that the seed chooses."""
    flat = numbers.reshape(-1, numbers.shape[-1])
    known = ~np.isnan(flat)
    count = np.maximum(known.sum(0), 1)
    centre = np.nansum(flat, axis=0) / count
    width = np.maximum(np.nansum((flat - centre) ** 2, axis=0) / count, 1e-6)
    whole = np.flatnonzero(known.any(1))
    random = generator(seed, "states", states)
    begin = flat[whole[random.integers(len(whole), size=states)]]
    means = np.where(np.isnan(begin), centre, begin)
    moves = np.full((states, states), 0.2 / states) + 0.8 * np.eye(states)
    chain = Chain(first=np.full(states, 1 / states), moves=moves, means=means, variances=np.tile(width, (states, 1)))
    before = -np.inf
    for _ in range(rounds):
        chain, now = chain.better(numbers, LEAST_VARIANCE * width)
        if now - before < 1e-5 * abs(now):
            break
        before = now
    return chain


def chosen_states(numbers: np.ndarray, seed: int) -> int:
    """Choose how many states are likeliest for pieces that are held out."""
    if len(numbers) < 5:
        half = numbers.shape[1] // 2
        numbers = np.concatenate([numbers[:, :half], numbers[:, half : 2 * half]]) if half > 1 else numbers
    if len(numbers) < 2:
        return TRIED[0]
    order = generator(seed, "held").permutation(len(numbers))
    held = order[: max(len(order) // 5, 1)]
    kept = np.setdiff1d(order, held)
    steps = int((~np.isnan(numbers[kept])).any(-1).sum())
    able = [states for states in TRIED if states * 10 <= steps] or [1]
    scores = []
    for states in able:
        chain = fitted(numbers[kept], states, ROUNDS_TO_CHOOSE, seed)
        scores.append(float(chain.forward(numbers[held])[2].sum()))
    return able[int(np.argmax(scores))]
