"""Transition counts and their Witten-Bell smoothing."""

import numpy as np
import pytest

from contrafact.metrics.transitions import Transitions, encode, events, fit_transitions

START = 3  # of an alphabet a = 0, b = 1, end = 2


def toy() -> list[np.ndarray]:
    """ab, aa, b."""
    return [np.array([0, 1]), np.array([0, 0]), np.array([1])]


def random_sequences(seed: int, n: int = 40, symbols: int = 7) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, symbols - 1, rng.integers(0, 9)) for _ in range(n)]


def test_order_zero_mixes_the_frequencies_with_the_uniform_distribution() -> None:
    # 3 a, 2 b, 3 ends: 8 tokens, 3 kinds.
    chances = Transitions.count(toy(), 0, 3).probabilities(np.zeros((1, 0), dtype=int))
    np.testing.assert_allclose(chances, [[(3 + 1) / 11, (2 + 1) / 11, (3 + 1) / 11]])


def test_order_one_is_witten_bell_by_hand() -> None:
    model = Transitions.count(toy(), 1, 3)
    below = np.array([4, 3, 4]) / 11
    # after a: b, a, end once each; after b: end twice; after START: a twice, b once.
    after_a = (np.array([1, 1, 1]) + 3 * below) / 6
    after_b = (np.array([0, 0, 2]) + 1 * below) / 3
    at_start = (np.array([2, 1, 0]) + 2 * below) / 5
    np.testing.assert_allclose(model.probabilities(np.array([[0], [1], [START]])), [after_a, after_b, at_start])


def test_an_unseen_context_takes_the_shorter_one() -> None:
    one, two = Transitions.count(toy(), 1, 3), Transitions.count(toy(), 2, 3)
    np.testing.assert_allclose(two.probabilities(np.array([[1, 0]])), one.probabilities(np.array([[0]])))


def test_log_prob_of_a_sequence_includes_its_end() -> None:
    model = Transitions.count(toy(), 1, 3)
    chances = model.probabilities(np.array([[START], [0], [1]]))
    expected = np.log(chances[0, 0]) + np.log(chances[1, 1]) + np.log(chances[2, 2])
    np.testing.assert_allclose(model.log_prob([np.array([0, 1])]), [expected])


@pytest.mark.parametrize("order", range(6))
def test_rows_sum_to_one_and_agree_with_log_prob_at_every_order(order: int) -> None:
    seen, other = random_sequences(0), random_sequences(1)
    model = Transitions.count(seen, order, 7)
    contexts, following = events(other, order, 7)
    chances = model.probabilities(contexts)
    np.testing.assert_allclose(chances.sum(1), 1)
    assert (chances > 0).all()
    each = np.log(chances[np.arange(len(following)), following])
    assert model.log_prob(other).sum() == pytest.approx(each.sum())


@pytest.mark.parametrize("order", [0, 3])
def test_saved_arrays_give_the_same_chain(order: int) -> None:
    model = Transitions.count(random_sequences(0), order, 7)
    again = Transitions.from_arrays(model.arrays())
    np.testing.assert_array_equal(model.log_prob(random_sequences(1)), again.log_prob(random_sequences(1)))


def test_no_sequences_leave_the_uniform_distribution() -> None:
    model = Transitions.count([], 2, 4)
    np.testing.assert_allclose(model.log_prob([np.array([0, 1])]), [-3 * np.log(4)])
    assert model.log_prob([]).shape == (0,)


def test_without_an_end_nothing_is_counted_or_scored_for_it() -> None:
    model = Transitions.count(toy(), 0, 3, end=False)
    np.testing.assert_allclose(model.log_prob([np.array([0])]), [np.log((3 + 2 / 3) / 7)])
    assert model.log_prob([np.array([], dtype=int)])[0] == 0


def test_the_end_symbol_inside_a_sequence_is_refused() -> None:
    with pytest.raises(ValueError, match="3 symbols allow 0"):
        Transitions.count([np.array([0, 2])], 1, 3)


def test_a_large_alphabet_and_a_high_order_do_not_overflow() -> None:
    rng = np.random.default_rng(0)
    sequences = [rng.integers(0, 99_999, 20) for _ in range(50)]
    model = Transitions.count(sequences, 5, 100_001)
    assert (model.log_prob(sequences) > 10 * model.log_prob([s[::-1] for s in sequences]) / 11).all()


def test_counting_leaves_the_sequences_alone() -> None:
    sequences = random_sequences(0)
    kept = [s.copy() for s in sequences]
    Transitions.count(sequences, 2, 7).log_prob(sequences)
    assert all((a == b).all() for a, b in zip(sequences, kept, strict=True))


def test_strings_and_lists_of_words_are_fitted_alike() -> None:
    letters = fit_transitions(["ab", "aa", "b"], order=1)
    words = fit_transitions([["a", "b"], ["a", "a"], ["b"]], order=1)
    assert letters.log_prob("ab") == pytest.approx(words.log_prob(["a", "b"]))
    assert letters.per_token(["ab"]) == pytest.approx(letters.log_prob("ab") / 3)


def test_an_unknown_symbol_is_unlikely_but_possible() -> None:
    chain = fit_transitions(["abab", "abba"], order=2)
    assert -np.inf < chain.log_prob("axb") < chain.log_prob("abb")
    assert encode(["ax"], chain.vocabulary)[0].tolist() == [0, 2]
