"""What a classifier says of pictures."""

import math

import numpy as np
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics import agreement, inception_score, label_kl, perfect_stacks, stacked_modes

SURE = np.eye(4)


def test_the_inception_score_of_sure_and_varied_pictures_is_the_number_of_classes() -> None:
    assert inception_score(np.tile(SURE, (25, 1)), splits=1).value == pytest.approx(4)
    assert inception_score(np.tile(SURE[0], (100, 1))).value == pytest.approx(1)  # one class only
    assert inception_score(np.full((100, 4), 0.25)).value == pytest.approx(1)  # no idea


def test_the_inception_score_by_hand() -> None:
    chances = np.array([[0.9, 0.1], [0.3, 0.7]])
    mean = chances.mean(0)
    divergence = np.mean([sum(p * math.log(p / m) for p, m in zip(row, mean, strict=True)) for row in chances])
    assert inception_score(chances, splits=1).value == pytest.approx(math.exp(divergence))


def test_the_inception_score_averages_its_parts() -> None:
    chances = np.random.default_rng(0).dirichlet(np.full(5, 0.3), 500)
    score = inception_score(chances)
    assert 1 < score.low < score.value < score.high < 5
    # Parts know less of the whole variety than all together.
    assert score.value < inception_score(chances, splits=1).value


@pytest.mark.parametrize("chances", [[[0.5, 0.6]], [[1.5, -0.5]], [0.5, 0.5], np.empty((0, 3))])
def test_what_are_no_chances_is_refused(chances: object) -> None:
    with pytest.raises(DataError) as caught:
        inception_score(chances)
    assert caught.value.code == "E225"


def test_the_divergence_of_labels_by_hand() -> None:
    # Fakes 3/4 and 1/4 against real 1/2 and 1/2.
    score = label_kl([0, 0, 1, 1], [0, 0, 0, 1], 2)
    assert score.value == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert score.low <= score.value <= score.high
    assert label_kl([0, 1, 2], [2, 1, 0], 3).value == 0


def test_a_class_that_no_real_picture_shows_is_dear_but_not_infinite() -> None:
    score = label_kl([0] * 99, [1] * 10, 2)
    assert score.value == pytest.approx(math.log(99.5 / 0.5))


def test_a_perfect_sampler_of_labels_meets_the_ceiling() -> None:
    rng = np.random.default_rng(0)
    scores = [label_kl(rng.integers(0, 10, 2000), rng.integers(0, 10, 1000), 10) for _ in range(200)]
    assert np.mean([score.value for score in scores]) == pytest.approx(scores[0].ceiling, rel=0.1)


def test_agreement_counts_the_classes_that_were_asked_for() -> None:
    score = agreement([1, 1, 2, 3], np.array(["1", "2", "2", "9"]), ceiling=0.99)
    assert score.value == 0.5 and score.ceiling == 0.99
    assert score.floor == pytest.approx(0.5 * 0.25 + 0.25 * 0.5)  # "1" twice asked once seen, "2" once asked twice seen
    assert 0 < score.low < 0.5 < score.high < 1


def stacks(places: np.ndarray) -> np.ndarray:
    """Make pictures of 2 x 2 whose channels show the digits of these numbers as grey."""
    digits = np.stack([places // 100, places // 10 % 10, places % 10], axis=1)
    return np.broadcast_to(digits[:, None, None, :], (len(places), 2, 2, 3)).astype(np.uint8)


def read(pictures: np.ndarray) -> np.ndarray:
    return pictures[:, 0, 0]


def test_stacked_digits_are_counted_by_their_three_channels() -> None:
    even = stacked_modes(stacks(np.arange(1000)), read)
    assert even["modes"].value == 1000 and even["reverse_kl"].value == pytest.approx(0, abs=1e-12)
    half = stacked_modes(stacks(np.arange(500)), read)
    assert half["modes"].value == 500 and half["reverse_kl"].value == pytest.approx(math.log(2))
    one = stacked_modes(stacks(np.full(70, 123)), read)
    assert one["modes"].value == 1 and one["reverse_kl"].value == pytest.approx(one["reverse_kl"].floor)


def test_a_perfect_sampler_of_stacks_meets_the_known_figures() -> None:
    hit, even, _ = perfect_stacks(26_000)
    assert hit == pytest.approx(1000, abs=0.01)
    assert even == pytest.approx(0.0193, abs=0.00006) and even > 999 / 52_000  # the first term of its series
    mnist = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    uneven = perfect_stacks(26_000, mnist / mnist.sum())
    assert uneven[1] == pytest.approx(0.0236, abs=0.00006) and 0.0008 < uneven[2] < 0.0013


def test_the_expectation_for_a_perfect_sampler_agrees_with_simulation() -> None:
    shares = np.array([0.6, 0.3, 0.1])
    hit, even, spread = perfect_stacks(200, shares, channels=2)
    chances = np.outer(shares, shares).ravel()
    counts = np.random.default_rng(0).multinomial(200, chances, size=4000)
    part = counts / 200
    divergences = (part * np.log(np.where(part > 0, part * 9, 1))).sum(1)
    assert even == pytest.approx(divergences.mean(), abs=4 * divergences.std() / math.sqrt(4000))
    assert spread == pytest.approx(divergences.std(), rel=0.15)
    assert hit == pytest.approx((counts > 0).sum(1).mean(), abs=0.05)


def test_a_perfect_sampler_lies_in_its_own_interval() -> None:
    scores = stacked_modes(stacks(np.random.default_rng(0).integers(0, 1000, 5000)), read)["reverse_kl"]
    assert scores.low < scores.ceiling < scores.high
