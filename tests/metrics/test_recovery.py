"""How near filled cells are to what was hidden."""

from __future__ import annotations

import numpy as np

from contrafact.metrics.recovery import less, more_right, right, rmse


def test_errors_and_gains_are_as_by_hand_and_lie_in_their_intervals():
    errors, others = np.array([0.0, 3.0, 4.0, 5.0] * 20), np.array([1.0, 4.0, 5.0, 6.0] * 20)
    score, gain = rmse("rmse", errors), less("gain", errors, others)
    assert np.isclose(score.value, np.sqrt(50 / 4)) and score.low < score.value < score.high
    assert np.isclose(gain.value, np.sqrt(78 / 4) - np.sqrt(50 / 4)) and 0 < gain.low < gain.high < 1.5


def test_levels_are_counted_and_compared_on_the_same_cells():
    hits, others = np.array([True, True, True, False] * 10), np.array([True, False, True, False] * 10)
    assert right("accuracy", hits).value == 0.75
    gain = more_right("gain", hits, others)
    assert gain.value == 0.25 and gain.low > 0
    assert more_right("gain", hits, hits).low == 0
