"""Grades: the laws are those that are stated."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.errors import UsageError
from contrafact.tasks.grades import USUAL, grade

USED = (20.0, 220.0)
FLAT = np.full((40, 30, 30, 1), 120.0)


def test_gaussian_noise_has_the_spread_that_is_stated_and_no_mean():
    noise = grade("gaussian=.1").apply(FLAT, USED, 0) - FLAT
    assert noise.std() == pytest.approx(20, rel=0.02) and abs(noise.mean()) < 0.5


def test_poisson_noise_keeps_the_mean_and_varies_with_the_light():
    for level in (70.0, 170.0):
        made = grade("poisson=25").apply(FLAT * 0 + level, USED, 0)
        assert made.mean() == pytest.approx(level, abs=1)
        assert made.var() == pytest.approx(200 * (level - 20) / 25, rel=0.05)


def test_contrast_keeps_each_mean_and_a_share_of_each_distance():
    pictures = np.random.default_rng(0).uniform(0, 255, (3, 5, 6, 2))
    made = grade("contrast=.25").apply(pictures, USED, 0)
    assert made.mean((1, 2)) == pytest.approx(pictures.mean((1, 2)))
    assert made.std((1, 2)) == pytest.approx(pictures.std((1, 2)) / 4)


def test_plain_and_density_leave_pictures_alone_and_noise_is_a_function_of_the_seed():
    assert all(one.apply(FLAT, USED, 0) is FLAT for one in USUAL if one.law in ("plain", "density"))
    noisy = grade("gaussian=.1")
    assert (noisy.apply(FLAT, USED, 1) == noisy.apply(FLAT, USED, 1)).all()
    assert (noisy.apply(FLAT, USED, 1) != noisy.apply(FLAT, USED, 2)).any()
    assert grade("poisson=30").name == "poisson-30" and USUAL[0].name == "plain"


@pytest.mark.parametrize("text", ["blur=2", "gausian=.1", "gaussian", "gaussian=", "gaussian=0", "contrast=-1",
                                  "density=inf", "plain=1"])  # fmt: skip
def test_what_is_no_grade_is_refused(text):
    with pytest.raises(UsageError) as caught:
        grade(text)
    assert caught.value.code == "E246"
