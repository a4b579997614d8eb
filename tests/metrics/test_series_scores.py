from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics.series import series_scores
from contrafact.metrics.series_windows import windows_of

STEPS = 60  # of training a judge, in tests


def waves(count: int, seed: int, period: int = 12, noise: float = 0.3, lag: int = 0) -> pd.DataFrame:
    """Make series of two variables: a wave of a random phase, and its echo."""
    random, hours = np.random.default_rng(seed), np.arange(48)
    frames = []
    for number in range(count):
        first = random.integers(period)
        x = np.sin(2 * np.pi * (hours + first) / period) + noise * random.normal(size=48)
        y = np.sin(2 * np.pi * (hours + first + lag) / period) + noise * random.normal(size=48)
        frames.append(pd.DataFrame({"series": number, "time": hours, "x": x, "y": y}))
    return pd.concat(frames, ignore_index=True)


REAL = waves(60, 0)


@pytest.fixture(scope="module")
def same():
    return series_scores(REAL, waves(60, 1), steps=STEPS)


def test_series_of_the_same_process_score_as_other_real_series_do(same):
    assert same["discriminative"].value < 0.2 and same["discriminative"].floor > 0.3
    assert same["predictive"].value == pytest.approx(same["predictive"].ceiling, rel=0.15)
    for name in ("autocorrelation", "spectrum", "marginals", "crosscorrelation"):
        assert same[name].value < 0.4 * same[name].floor, name


@pytest.mark.parametrize(
    ("fake", "worse"),
    [
        ({"period": 7}, ("discriminative", "autocorrelation", "spectrum")),
        ({"noise": 1.0}, ("discriminative", "spectrum", "marginals")),
        ({"lag": 6}, ("discriminative", "crosscorrelation")),
    ],
)
def test_each_fault_is_seen_by_the_scores_that_look_for_it(same, fake, worse):
    found = series_scores(REAL, waves(60, 1, **fake), steps=STEPS // 2)
    for name in worse:
        assert found[name].low > same[name].value, name
        assert found[name].low <= found[name].value <= found[name].high


def test_scores_are_functions_of_the_seed_and_leave_randomness_alone(same):
    import torch

    state = torch.get_rng_state()
    again = series_scores(REAL, waves(60, 1), steps=STEPS)
    assert again == same and torch.equal(state, torch.get_rng_state())


def test_windows_of_other_blocks_share_no_step():
    long = pd.DataFrame({"day": pd.date_range("2020", periods=2000), "x": np.arange(2000.0)})
    (windows,) = windows_of(long)
    held, kept = windows.split(0.5, 0)
    steps = [set(np.round(part.values, 6).ravel().tolist()) for part in (held, kept)]
    assert len(held) and len(kept) and not steps[0] & steps[1]
    alone = windows.lone().values
    assert len(np.unique(np.round(alone, 6))) == alone.size


def test_gaps_are_filled_alike_on_both_sides_and_words_become_channels():
    frame = REAL.assign(state=np.where(REAL["x"] > 0, "up", "down"))
    holed = frame.copy()
    holed.loc[::7, "x"] = np.nan
    one, other = windows_of(frame, holed)
    assert one.names == ("x", "y", "state=down", "state=up") and not np.isnan(other.values).any()


def test_a_generated_table_may_name_its_series_in_a_column_of_its_own():
    real = REAL[REAL["series"] < 1].drop(columns="series")
    one, other = windows_of(real, waves(5, 3))
    assert len(np.unique(other.blocks)) >= 5 and len(np.unique(one.blocks)) == 1


def test_a_constant_gets_finite_scores():
    found = series_scores(REAL, REAL.assign(x=0.0, y=1.0), steps=10)
    assert all(np.isfinite([score.value, score.low, score.high]).all() for score in found.values())


def test_series_of_other_variables_or_of_two_steps_are_refused():
    with pytest.raises(DataError) as caught:
        series_scores(REAL, REAL.drop(columns="y"))
    assert caught.value.code == "E205"
    with pytest.raises(DataError) as short:
        series_scores(REAL, REAL[REAL["time"] < 2])
    assert short.value.code == "E658"
