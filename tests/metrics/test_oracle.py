"""Oracles: their likelihood is that of a plain LSTM, their samples follow it, and seeds make them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from contrafact.base.errors import DataError, UsageError
from contrafact.metrics.oracle import GATES, ORACLES, Oracle

SMALL = Oracle.drawn(hidden=6, length=3, symbols=5, seed=3)
LINES = np.array(list(product(range(5), repeat=3)))


def by_torch(oracle: Oracle, lines: np.ndarray) -> np.ndarray:
    """Work the likelihood out with torch's own LSTM cell, whose gates lie in the order i, f, g, o."""
    width = oracle.inputs.shape[0]
    cell = torch.nn.LSTMCell(width, width).double()
    order = [0, 1, 3, 2]

    def turned(matrix: np.ndarray) -> torch.Tensor:
        parts = np.split(matrix, 4, axis=-1)
        return torch.from_numpy(np.concatenate([parts[i] for i in order], axis=-1)).double()

    with torch.no_grad():
        cell.weight_ih.copy_(turned(oracle.inputs).T)
        cell.weight_hh.copy_(turned(oracle.states).T)
        cell.bias_ih.copy_(turned(oracle.biases))
        cell.bias_hh.zero_()
        state = tuple(torch.zeros(len(lines), width).double() for _ in range(2))
        total, token = torch.zeros(len(lines)).double(), torch.full((len(lines),), oracle.start)
        for place in range(lines.shape[1]):
            state = cell(torch.from_numpy(oracle.embedding).double()[token], state)
            logits = state[0] @ torch.from_numpy(oracle.output).double() + torch.from_numpy(oracle.output_bias)
            token = torch.from_numpy(lines[:, place])
            total += torch.log_softmax(logits, 1)[range(len(lines)), token]
    return total.numpy()


def test_likelihoods_are_those_of_a_plain_lstm_and_sum_to_one() -> None:
    found = SMALL.log_prob(LINES)
    np.testing.assert_allclose(found, by_torch(SMALL, LINES), atol=1e-4)
    assert np.exp(found).sum() == pytest.approx(1, abs=1e-5)


def test_samples_come_as_often_as_their_likelihood_says() -> None:
    drawn = SMALL.sample(20_000, seed=1)
    counts = np.bincount((drawn * [25, 5, 1]).sum(1), minlength=125)
    expected = 20_000 * np.exp(SMALL.log_prob(LINES))
    assert (((counts - expected) ** 2 / expected)[expected > 5]).sum() < 1.6 * (expected > 5).sum()
    entropy = -(np.exp(SMALL.log_prob(LINES)) * SMALL.log_prob(LINES)).sum() / 3
    assert SMALL.nll(drawn)[0] == pytest.approx(entropy, abs=4 * SMALL.nll(drawn)[1])


def test_a_seed_makes_the_same_oracle_and_the_same_rows_whatever_their_number() -> None:
    again = Oracle.drawn(hidden=6, length=3, symbols=5, seed=3)
    assert (again.output == SMALL.output).all() and (again.sample(300, 5)[:7] == SMALL.sample(7, 5)).all()
    assert not (Oracle.drawn(hidden=6, length=3, symbols=5, seed=4).output == SMALL.output).all()


def test_the_standard_oracles_have_the_entropy_that_is_written_beside_them() -> None:
    oracle, made = Oracle.made("short"), ORACLES["short"]
    value, error = oracle.nll(oracle.sample(400, seed=7))
    assert value == pytest.approx(made.entropy, abs=4 * error) and made.error < 0.01
    assert (oracle.symbols, oracle.length) == (5000, 20)


def test_published_weights_are_read_by_their_names(tmp_path) -> None:
    parts = {
        f"{kind}{gate}": part
        for kind, side in (("W", SMALL.inputs), ("U", SMALL.states), ("b", SMALL.biases))
        for gate, part in zip(GATES, np.split(side, 4, axis=-1), strict=True)
    }
    np.savez(tmp_path / "o.npz", embedding=SMALL.embedding, Wo=SMALL.output, bo=SMALL.output_bias, **parts)
    read = Oracle.read(tmp_path / "o.npz", length=3)
    assert (read.log_prob(LINES) == SMALL.log_prob(LINES)).all()
    np.savez(tmp_path / "half.npz", embedding=SMALL.embedding)
    with pytest.raises(DataError, match="Wo, bo"):
        Oracle.read(tmp_path / "half.npz")


def test_unknown_oracles_and_unknown_tokens_are_refused() -> None:
    with pytest.raises(UsageError, match="no oracle 'shrt'"):
        Oracle.made("shrt")
    with pytest.raises(DataError) as caught:
        SMALL.log_prob([[0, 5, 1]])
    assert caught.value.code == "E636"
