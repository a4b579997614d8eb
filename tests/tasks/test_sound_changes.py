"""Plain changes of clips."""

import numpy as np
import pytest

from contrafact.base.demos import beeps
from contrafact.tasks.sound_changes import FASTEST, at_speed, changed

CLIPS = beeps(12).items


def test_changes_are_a_function_of_the_seed_and_leave_the_clips_as_they_are() -> None:
    before = [clip.copy() for clip in CLIPS]
    one, same, other = changed(CLIPS, 8000, 1), changed(CLIPS, 8000, 1), changed(CLIPS, 8000, 2)
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not any(np.array_equal(a[:500], b[:500]) for a, b in zip(one, other, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(CLIPS, before, strict=True))


def test_changed_clips_stay_within_the_range_and_about_as_long() -> None:
    for old, new in zip(CLIPS, changed(CLIPS, 8000, 3), strict=True):
        assert new.dtype == np.float32 and np.abs(new).max() <= 1
        assert len(old) * (1 - FASTEST) - 1 <= len(new) <= len(old) / (1 - FASTEST) + 401


def test_a_faster_clip_is_shorter_and_higher() -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(4000) / 8000).astype(np.float32)
    faster = at_speed(tone, 1.25)
    assert len(faster) == 3200
    assert np.abs(np.fft.rfft(faster)).argmax() / 3200 * 8000 == pytest.approx(625, abs=3)


def test_clips_without_sound_can_be_changed() -> None:
    empty, single, silent = changed(
        [np.zeros(0, np.float32), np.ones(1, np.float32), np.zeros(100, np.float32)], 8000, 0
    )
    assert np.isfinite(single).all() and not empty.any() and not silent.any()
