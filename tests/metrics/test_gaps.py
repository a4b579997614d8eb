"""What chains of transitions say about generated sequences."""

import numpy as np
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics import mc_gap, mc_gap_reverse, mc_tv, signed_gap, transition_scores

TABLE = np.array([[0.8, 0.1, 0.1, 0.0], [0.0, 0.7, 0.2, 0.1], [0.1, 0.0, 0.5, 0.4], [0.5, 0.4, 0.0, 0.1]])


def walks(seed: int, n: int = 150, length: int = 20) -> list[str]:
    rng = np.random.default_rng(seed)
    steps = np.zeros((n, length), dtype=np.int64)
    steps[:, 0] = rng.integers(0, 4, n)
    for t in range(1, length):
        steps[:, t] = (rng.random((n, 1)) > TABLE[steps[:, t - 1]].cumsum(1)).sum(1)
    return ["".join("abcd"[s] for s in row) for row in steps]


def shuffled(lines: list[str]) -> list[str]:
    rng = np.random.default_rng(9)
    return ["".join(rng.permutation(list(line))) for line in lines]


def test_sequences_of_the_same_chain_score_near_their_ceiling() -> None:
    scores = transition_scores(walks(0), walks(1), walks(2))
    assert scores["mc_gap"].low == 0
    assert scores["mc_gap"].value < 5 * scores["mc_gap"].ceiling < scores["mc_gap"].floor
    assert abs(scores["mc_gap_reverse"].value) < 0.05
    assert scores["mc_tv"].value < 1.5 * scores["mc_tv"].ceiling < 0.2


def test_broken_continuity_is_below_zero_and_playing_safe_above() -> None:
    assert signed_gap(walks(0), shuffled(walks(1)), walks(2)) < -0.3
    assert signed_gap(walks(0), ["a" * 20] * 50, walks(2)) > 0.2


def test_broken_continuity_is_far_from_the_ceiling_on_every_score() -> None:
    good = transition_scores(walks(0), walks(1), walks(2))
    bad = transition_scores(walks(0), shuffled(walks(1)), walks(2))
    for name, score in bad.items():
        assert score.low > good[name].high, name


def test_a_missing_transition_is_punished_by_the_reverse_chain() -> None:
    narrow = [line.replace("d", "a") for line in walks(1)]
    assert mc_gap_reverse(walks(0), narrow, walks(2)).low > 0.2


def test_the_gap_lies_in_its_interval_and_is_the_size_of_the_signed_gap() -> None:
    score = mc_gap(walks(0), shuffled(walks(1)), walks(2))
    assert 0 < score.low <= score.value <= score.high
    assert score.value == pytest.approx(abs(signed_gap(walks(0), shuffled(walks(1)), walks(2))))


def test_disjoint_alphabets_lie_almost_as_far_apart_as_tables_can() -> None:
    other = [line.translate(str.maketrans("abcd", "wxyz")) for line in walks(1)]
    score = mc_tv(walks(0), other, walks(2))
    assert 0.8 < score.low <= score.value <= score.high <= 1


def test_equal_tables_lie_at_zero() -> None:
    assert mc_tv(walks(0), walks(2), walks(2)).value == 0


def test_scores_repeat_for_a_seed_and_leave_the_global_state_alone() -> None:
    before = np.random.get_state()[1].copy()
    assert transition_scores(walks(0), walks(1), walks(2), seed=3) == transition_scores(
        walks(0), walks(1), walks(2), seed=3
    )
    assert (np.random.get_state()[1] == before).all()


def test_two_short_sequences_give_finite_scores() -> None:
    for score in transition_scores(["ab", ""], ["a", "b"], ["ba", "a"]).values():
        assert np.isfinite([score.value, score.low, score.high, score.ceiling]).all()
        assert score.low <= score.value <= score.high


def test_no_sequences_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="no generated sequences"):
        mc_gap(["ab"], [], ["ab"])
