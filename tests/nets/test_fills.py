"""The exam of a filling network: windows that none is compared with itself in, and enough of them."""

from __future__ import annotations

import numpy as np

from contrafact.nets.fills import EXAM_WINDOWS, Exam, ExamScore


def held(count: int, side: int) -> dict[str, np.ndarray]:
    """Give pictures each of a grey level of its own, which is its label too."""
    grey = np.arange(count, dtype=np.uint8)
    pictures = np.broadcast_to(grey[:, None, None, None], (count, 1, side, side)).copy()
    return {"pictures": pictures, "labels": grey.astype(np.int64)}


def greys(exam: Exam) -> list[int]:
    return np.rint((exam.pictures[:, 0, 0, 0].numpy() + 1) * 127.5).astype(int).tolist()


def test_half_of_the_pictures_are_filled_and_compared_with_the_other_half():
    exam = Exam()
    whole = exam.set(held(20, 8), (8, 8))["pictures"]
    assert greys(exam) == list(range(0, 20, 2)) == exam.labels.tolist()
    assert whole[:, 0, 0, 0].tolist() == list(range(1, 20, 2))
    assert exam.holes.shape == (10, 8, 8) and exam.holes.any((1, 2)).all()


def test_of_few_large_pictures_several_windows_each_are_used():
    exam = Exam()
    whole = exam.set(held(20, 80), (8, 8))["pictures"]
    assert len(whole) + len(exam.pictures) >= EXAM_WINDOWS
    assert set(greys(exam)) == set(range(0, 20, 2)) and set(whole[:, 0, 0, 0]) == set(range(1, 20, 2))
    assert greys(exam) == exam.labels.tolist()
    exam.set(held(20, 12), (8, 8))
    assert len(exam.pictures) == 20  # no more windows than a picture has room for


def test_a_handful_of_pictures_is_filled_and_compared_with():
    exam = Exam()
    whole = exam.set(held(3, 8), (8, 8))["pictures"]
    assert len(whole) == len(exam.pictures) == 3


def test_all_windows_are_scored_whatever_is_trained_on():
    score = ExamScore(lambda fake: {"count": float(len(fake["pictures"]))})
    assert score.beside(held(2, 8))(held(5, 8)) == {"count": 5.0}
