"""The exam of a translating network: windows of both domains, enough of them, and a fair comparison."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.errors import DataError
from contrafact.nets.domains import EXAM_WINDOWS, Exam


def held(count: int, side: int) -> dict[str, np.ndarray]:
    """Give dark pictures of one domain and bright ones of the other, each of a grey level of its own."""
    grey = np.concatenate([np.arange(count), 200 + np.arange(count)]).astype(np.uint8)
    pictures = np.broadcast_to(grey[:, None, None, None], (2 * count, 1, side, side)).copy()
    return {"pictures": pictures, "labels": np.repeat([0, 1], count)}


def examined(count: int, side: int) -> tuple[Exam, list[np.ndarray], dict[str, float]]:
    """Give the exam, the pictures that it compares with, and the score of its own windows as if translated."""
    exam, compared = Exam(), []

    def judge(real, seed):
        compared.append(real["pictures"])
        brightness = real["pictures"].mean()
        return lambda fake: {"score": abs(float(fake["pictures"].mean()) - brightness), "score_error": 1.0}

    score = exam.score(held(count, side), (8, 8), 0, judge)
    windows = (exam.windows.numpy() + 1) * 127.5
    return exam, compared, score({"pictures": windows, "labels": exam.labels})


def test_each_domain_is_compared_with_other_pictures_of_the_domain_that_it_is_translated_into():
    exam, compared, found = examined(20, 8)
    shown = np.rint((exam.windows[:, 0, 0, 0].numpy() + 1) * 127.5)
    assert set(shown[exam.labels == 1]) == set(range(0, 20, 2)) and (shown[exam.labels == 0] >= 200).all()
    assert set(compared[0][:, 0, 0, 0]) == set(range(1, 20, 2))
    assert found["score"] == pytest.approx(200, abs=1.5)  # nothing was translated
    assert found["score_error"] == pytest.approx(np.sqrt(2) / 2)


def test_of_few_large_pictures_several_windows_each_are_used():
    exam, compared, _ = examined(5, 80)
    assert len(exam.windows) == 2 * EXAM_WINDOWS
    assert all(len(part) > 50 for part in compared)
    assert len(examined(5, 12)[0].windows) == 2 * 10  # no more than pictures have room for


def test_a_domain_of_which_nothing_is_held_out_is_refused():
    with pytest.raises(DataError) as caught:
        Exam().score(held(1, 8), (8, 8), 0, lambda real, seed: None)
    assert caught.value.code == "E206"
