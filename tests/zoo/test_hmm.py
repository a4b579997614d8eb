from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest

from contrafact.nets.series_chain import Chain, chosen_states, fitted, usual_shares
from contrafact.zoo.hmm import HMM

CHAIN = Chain(
    first=np.array([0.6, 0.4]),
    moves=np.array([[0.9, 0.1], [0.3, 0.7]]),
    means=np.array([[0.0, 1.0], [3.0, -1.0]]),
    variances=np.array([[1.0, 0.5], [0.3, 2.0]]),
)


def walked(steps: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random, states = np.random.default_rng(seed), [0]
    for _ in range(steps - 1):
        states.append(int(random.random() > CHAIN.moves[states[-1], 0]))
    own = np.array(states)
    return own, CHAIN.means[own] + np.sqrt(CHAIN.variances[own]) * random.normal(size=(steps, 2))


def by_hand(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Add the density of every path of states: the likelihood, and the chances of each step's state."""
    total, posterior = 0.0, np.zeros((len(x), 2))
    for path in product((0, 1), repeat=len(x)):
        p = CHAIN.first[path[0]] * np.prod([CHAIN.moves[a, b] for a, b in pairwise(path)])
        for step, state in enumerate(path):
            known = ~np.isnan(x[step])
            z = (x[step] - CHAIN.means[state])[known]
            v = CHAIN.variances[state][known]
            p *= np.exp(-0.5 * (z**2 / v).sum()) / np.sqrt(np.prod(2 * np.pi * v))
        total += p
        for step, state in enumerate(path):
            posterior[step, state] += p
    return float(np.log(total)), posterior / posterior.sum(1, keepdims=True)


def test_the_likelihood_and_the_states_are_those_of_adding_up_all_paths():
    x = walked(7)[1]
    x[2, 0], x[4] = np.nan, np.nan
    posterior, moves, total = CHAIN.both(x[None])
    likelihood, states = by_hand(x)
    assert total[0] == pytest.approx(likelihood, abs=1e-9)
    np.testing.assert_allclose(posterior[0], states, atol=1e-9)
    assert moves.sum() == pytest.approx(len(x) - 1)


def test_em_never_loses_likelihood_and_finds_the_chain():
    x = walked(4000)[1][None]
    likelihoods, chain = [], fitted(x, 2, 1, seed=0)
    for _ in range(30):
        chain, now = chain.better(x, np.full(2, 1e-6))
        likelihoods.append(now)
    assert (np.diff(likelihoods) > -1e-2).all()
    order = np.argsort(chain.means[:, 0])
    np.testing.assert_allclose(chain.means[order], CHAIN.means, atol=0.12)
    np.testing.assert_allclose(chain.moves[order][:, order], CHAIN.moves, atol=0.05)


def test_two_states_are_enough_for_two():
    assert chosen_states(walked(3000)[1].reshape(15, 200, 2), seed=0) == 2


def test_a_chains_usual_shares_do_not_change_by_a_step():
    shares = usual_shares(CHAIN.moves)
    np.testing.assert_allclose(shares @ CHAIN.moves, shares, atol=1e-12)


def framed(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"day": pd.date_range("2000", periods=len(x)), "a": x[:, 0], "b": x[:, 1]})


def test_drawn_series_stay_in_states_as_long_as_the_real_ones():
    x = walked(3000)[1]
    drawn = HMM(states=2, window=50).fit(framed(x)).sample(80, seed=0)
    assert drawn["a"].autocorr(1) == pytest.approx(pd.Series(x[:, 0]).autocorr(1), abs=0.08)
    np.testing.assert_allclose(drawn[["a", "b"]].std(), x.std(0), rtol=0.1)


def test_a_gap_is_filled_by_the_state_that_both_sides_tell():
    x = walked(300)[1]
    frame = framed(x)
    frame.loc[150:152, "a"] = np.nan
    model = HMM(states=2).fit(frame)
    own = Chain(**model.arrays())
    scale = model.codec.variables[0]
    panel = model.codec.panel(frame)
    numbers = np.where(panel.points[:300] == -2, np.nan, panel.values[:300].astype(float))
    told = own.both(numbers[None])[0][0][150:153] @ own.means
    filled = model.impute(frame)["a"][150:153].to_numpy()
    np.testing.assert_allclose(filled, scale.untold(told[:, 0]) + scale.column.origin, atol=1e-4)
    draws = np.stack([f["a"][150:153].to_numpy() for f in model.impute(frame, draws=60, seed=1)])
    np.testing.assert_allclose(draws.mean(0), filled, atol=0.7)


def test_real_series_are_likelier_than_shuffled_ones():
    x = walked(600)[1]
    model = HMM(states=2).fit(framed(x))
    mixed = framed(np.random.default_rng(0).permutation(x))
    assert model.log_prob(framed(x))[0] > model.log_prob(mixed)[0] + 20
