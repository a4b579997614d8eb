"""Regressions beside a network: shares and widths as held-out cells say, and draws that cover what was hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact import zoo
from contrafact.codecs.cells import Cells
from contrafact.codecs.tokens import Tokens
from contrafact.nets.aid import shares, stretches


def test_a_column_is_given_to_whoever_is_nearer_on_held_out_cells():
    truth = np.array([1.0, -2.0, 3.0])
    right, wrong = (truth @ truth, truth @ truth, 1000), (0.0, truth @ truth, 1000)
    assert shares([right, wrong]) == pytest.approx([1.0, 0.0], abs=0.02)


def test_draws_are_stretched_until_they_lie_as_far_off_as_the_truth_does():
    assert stretches([(400.0, 100.0, 1000), (400.0, 100.0, 1000)]) == pytest.approx([2.0, 2.0])
    one, other = stretches([(100.0, 100.0, 1000), (0.6, 0.3, 2)])  # two cells do not say much
    assert one == pytest.approx(1.0, abs=0.01) and 1.0 < other < 1.1


def test_the_variance_of_a_law_is_that_of_its_draws():
    random = np.random.default_rng(0)
    numbers = np.concatenate([random.gamma(2, 3, 2000), np.zeros(300)])
    tokens = Tokens.fit(Cells(numbers=numbers, words=np.full(len(numbers), -1)), words=0)
    chances = random.dirichlet(np.full(tokens.size, 0.2), size=3)
    for law, variance in zip(chances, tokens.variance(chances), strict=True):
        drawn = tokens.decode(random.choice(tokens.size, 40_000, p=law), random.random(40_000)).numbers
        assert variance == pytest.approx(drawn.var(), rel=0.03)


def test_ninety_percent_intervals_of_few_collinear_rows_cover_what_was_hidden():
    random = np.random.default_rng(1)
    cause = random.normal(size=(240, 2))
    whole = pd.DataFrame(cause @ random.normal(size=(2, 6)) + 0.2 * random.normal(size=(240, 6))).add_prefix("x")
    hidden = random.random(whole.shape) < 0.2
    model = zoo.Loom(learn="holes", steps=150, width=64, depth=1).fit(whole.mask(hidden), seed=0)
    draws = np.stack([draw.to_numpy() for draw in model.impute(whole.mask(hidden), draws=39, seed=0)])
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    inside = (whole.to_numpy() >= low) & (whole.to_numpy() <= high)
    assert 0.82 < inside[hidden].mean() < 0.97
    narrow = (high - low)[hidden].mean() / (1.645 * 2 * whole.std().mean())
    assert narrow < 0.5  # and they say something
