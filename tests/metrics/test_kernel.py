"""The kernel distance."""

import numpy as np
import pytest

from contrafact.metrics import kernel
from contrafact.metrics.kernel import polynomial_mmd


def draw(seed: int, n: int, width: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width))


def test_the_distance_by_hand() -> None:
    # One column: k(x, y) = (x y + 1)^3.  Real 0 and 1, fake 2 and 3.
    within_real, within_fake = (0 * 1 + 1) ** 3, (2 * 3 + 1) ** 3
    across = ((0 * 2 + 1) ** 3 + (0 * 3 + 1) ** 3 + (1 * 2 + 1) ** 3 + (1 * 3 + 1) ** 3) / 4
    score = kernel([0.0, 1.0], [2.0, 3.0])
    assert score.value == pytest.approx(within_real + within_fake - 2 * across)
    assert (score.name, score.better, score.n) == ("kernel", "lower", 2)


def test_equal_distributions_get_zero_on_average() -> None:
    values = [kernel(draw(i, 40), draw(1000 + i, 30)).value for i in range(300)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(300) and min(values) < 0


def test_blocks_are_averaged_and_their_spread_is_the_interval() -> None:
    real, fake = draw(0, 700), draw(1, 600) + 0.3
    score = kernel(real, fake, block=100)
    assert score.low < score.value < score.high
    assert score.value == pytest.approx(polynomial_mmd(real, fake), abs=3 * (score.high - score.low))
    assert kernel(real, fake, block=100) == score != kernel(real, fake, block=100, seed=1)


def shifted_truth(shift: float, width: int) -> float:
    """The distance between N(0, I) and N(m, I): Σ C(3, j) |E x^j - E y^j|² / d^j over the moment tensors."""
    square = width * shift**2
    third = square**3 + 6 * square**2 + (3 * width + 6) * square
    return 3 * square / width + 3 * square**2 / width**2 + third / width**3


def test_the_distance_of_shifted_gaussians_is_the_closed_form_and_lies_in_the_interval() -> None:
    scores = [kernel(draw(20 + i, 400), draw(320 + i, 400) + 0.3, block=50) for i in range(60)]
    truth = shifted_truth(0.3, 4)
    values = np.array([score.value for score in scores])
    assert truth == pytest.approx(0.40843, abs=1e-4)
    assert values.mean() == pytest.approx(truth, abs=3.5 * values.std() / np.sqrt(60))
    assert np.mean([score.low <= truth <= score.high for score in scores]) >= 0.85


def test_few_rows_are_one_block() -> None:
    real, fake = draw(0, 300), draw(1, 200)
    assert kernel(real, fake).value == pytest.approx(polynomial_mmd(real, fake))
    assert np.isfinite(kernel(real[:1], fake[:1]).value)
