"""The chain of transitions as a regulariser: exact on whole tokens, smooth on soft ones, never to be maximised."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from contrafact.metrics.transitions import Transitions as Counted
from contrafact.nets.transition_gap import Transitions, transition_gap

END = 4
LINES = np.array([[0, 1, 2, 4, 4], [0, 1, 1, 2, 4], [3, 1, 4, 4, 4], [0, 1, 2, 0, 1], [4, 4, 4, 4, 4]])


def whole(codes: np.ndarray, symbols: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(codes), symbols).float()


def cut(codes: np.ndarray) -> list[np.ndarray]:
    return [line[: int(np.argmax(line == END))] if END in line else line for line in codes]


def test_whole_tokens_have_the_log_likelihood_of_the_smoothed_chain() -> None:
    ended = LINES[[0, 1, 2, 4]]
    counted = Counted.count(cut(ended), 1, END + 1)
    chain = Transitions.fit(ended, END + 1, END)
    others = np.array([[2, 2, 3, 4, 4], [0, 1, 2, 4, 0]])
    tokens = sum(len(line) + 1 for line in cut(others))
    by_counts = counted.log_prob(cut(others)).sum() / tokens
    assert float(chain.mean_log(whole(others, END + 1))) == pytest.approx(by_counts, abs=1e-5)
    steps = chain.steps(torch.from_numpy(others))
    assert float(steps.sum()) / tokens == pytest.approx(by_counts, abs=1e-5)
    assert steps[1, 4] == 0
    own = counted.log_prob(cut(ended)).sum() / sum(len(line) + 1 for line in cut(ended))
    assert chain.real == pytest.approx(own, abs=1e-6)


def test_soft_tokens_are_averages_over_whole_ones() -> None:
    chain = Transitions.fit(np.array([[0, 1, 2, 0], [1, 2, 2, 0]]), 3)
    soft = torch.softmax(torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(0)), dim=2)
    total = 0.0
    for line in product(range(3), repeat=4):
        chance = float(torch.prod(soft[0, range(4), list(line)]))
        total += chance * float(chain.mean_log(whole(np.array([line]), 3)))
    assert float(chain.mean_log(soft)) == pytest.approx(total, abs=1e-5)


def test_the_gap_is_nothing_for_real_lines_and_grows_for_safer_and_for_broken_ones() -> None:
    random = np.random.default_rng(0)
    real = np.cumsum(random.choice([0, 1, 2], p=[0.2, 0.7, 0.1], size=(300, 12)), axis=1) % 5
    chain = Transitions.fit(real, 5)
    safe = (np.arange(12)[None] + np.arange(5)[:, None]) % 5
    broken = random.integers(5, size=(300, 12))
    assert float(transition_gap(chain, whole(real, 5))) < 1e-9
    assert float(chain.mean_log(whole(safe, 5))) > chain.real > float(chain.mean_log(whole(broken, 5)))
    assert min(float(transition_gap(chain, whole(x, 5))) for x in (safe, broken)) > 0.02


def test_the_raw_maximum_is_one_loop_of_the_likeliest_transitions() -> None:
    table = np.array([[0.1, 0.8, 0.1], [0.7, 0.1, 0.2], [0.3, 0.3, 0.4]])
    random, lines = np.random.default_rng(0), np.zeros((4000, 6), dtype=np.int64)
    for place in range(6):
        shares = table[lines[:, place - 1]] if place else np.full((4000, 3), 1 / 3)
        lines[:, place] = (random.random((4000, 1)) > shares.cumsum(1)[:, :-1]).sum(1)
    chain = Transitions.fit(lines, 3)
    every = np.array(list(product(range(3), repeat=6)))
    best = every[chain.steps(torch.from_numpy(every)).sum(1).argmax()]
    assert best.tolist() in ([0, 1] * 3, [1, 0] * 3)

    likely = chain.steps(torch.from_numpy(every)).mean(1)

    def climbed(slope) -> torch.Tensor:
        """Let a generator that can give every line any chance follow a loss by exponentiated gradient."""
        logits = torch.zeros(len(every))
        for _ in range(400):
            logits -= 0.5 * slope(torch.softmax(logits, dim=0) @ likely) * likely
        return torch.softmax(logits, dim=0)

    maximised, balanced = climbed(lambda mean: -1.0), climbed(lambda mean: 2 * (mean - chain.real))
    assert every[maximised.argmax()].tolist() == best.tolist() and maximised.max() > 0.9
    assert float(maximised @ likely) > chain.real + 0.3
    assert float(balanced @ likely) == pytest.approx(chain.real, abs=0.01) and balanced.max() < 0.2
