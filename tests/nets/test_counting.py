import numpy as np
import torch

from contrafact.metrics.transitions import Transitions, events
from contrafact.nets.counting import Counts


def lines() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 12, (200, 7))


def test_ratios_are_those_of_smoothed_chains_of_neighbouring_orders():
    known, new = lines()[:150], lines()[150:]
    counts = Counts.of_lines(known, np.ones_like(known, dtype=bool), 12, 13)
    chains = [Transitions.count(list(known), order, 13, end=False) for order in (0, 1, 2)]
    logs = [chain.event_log_prob(*events(list(new), order, 13, end=False)) for order, chain in enumerate(chains)]
    targets = torch.from_numpy(new)
    found = counts.of(counts.keys(targets).flatten(0, 1), targets.flatten()).numpy()
    # the chains there give a share to an end that never comes; it cancels in ratios but for the last order's base
    np.testing.assert_allclose(found[:, 1], logs[2] - logs[1], atol=0.02)
    np.testing.assert_allclose(found[:, 0], logs[1] - logs[0], atol=0.05)


def test_what_is_added_to_all_symbols_is_what_is_said_of_each():
    known = lines()
    counts = Counts.of_lines(known, np.ones_like(known, dtype=bool), 12, 13)
    keys = counts.keys(torch.from_numpy(known[:9])).flatten(0, 1)
    logits = torch.zeros(len(keys), 12)
    counts.add(logits, keys, torch.tensor([2.0, -1.0]))
    for symbol in range(12):
        each = counts.of(keys, torch.full((len(keys),), symbol))
        torch.testing.assert_close(logits[:, symbol], each @ torch.tensor([2.0, -1.0]))


def test_with_both_gains_at_one_the_ratios_turn_shares_into_the_longest_chain():
    known = lines()
    counts = Counts.of_lines(known, np.ones_like(known, dtype=bool), 12, 13)
    shares = (np.bincount(known.ravel(), minlength=12) + 1) / (known.size + 12)
    logits = torch.from_numpy(np.log(shares)).float().repeat(50, 1)
    counts.add(logits, counts.keys(torch.from_numpy(known[:8])).flatten(0, 1)[:50], torch.ones(2))
    torch.testing.assert_close(logits.exp().sum(1), torch.ones(50), rtol=1e-4, atol=1e-4)


def test_contexts_that_never_came_say_nothing():
    counts = Counts.of_lines(np.array([[0, 1, 2]]), np.ones((1, 3), dtype=bool), 4, 5)
    assert counts.of(torch.tensor([[3, 3 * 6 + 3]]), torch.tensor([1])).tolist() == [[0.0, 0.0]]


def test_keys_of_one_place_are_those_of_all_places():
    targets = torch.from_numpy(lines()[:5])
    counts = Counts.of_lines(lines(), np.ones_like(lines(), dtype=bool), 12, 13)
    every = counts.keys(targets)
    for place in range(7):
        assert (counts.keys_at(targets, place) == every[:, place]).all()
