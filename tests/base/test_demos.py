"""Demo sets are made on the spot, always the same, and what is known about them is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.data import fingerprint
from contrafact.base.demos import (
    CHANGES,
    DEMOS,
    FOLLOWS,
    changes,
    demo,
    digits,
    grid,
    patients,
    ring,
    swiss_roll,
    tones,
)
from contrafact.base.errors import UsageError


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_set_is_always_the_same(name):
    assert fingerprint(demo(name)) == fingerprint(demo(name))
    assert DEMOS[name][1]


def test_an_unknown_demo_set_is_guessed():
    with pytest.raises(UsageError, match="Did you mean ring") as caught:
        demo("rng")
    assert caught.value.code == "E108"


def test_another_seed_gives_other_rows():
    assert fingerprint(ring(50, seed=1)) != fingerprint(ring(50, seed=2))


@pytest.mark.parametrize(("make", "modes", "sd"), [(ring, 8, 0.01), (grid, 25, 0.05)])
def test_mixtures_follow_their_truth(make, modes, sd):
    data = make(20_000)
    assert data.items.shape == (20_000, 2) and data.items.dtype == np.float32
    assert data.truth.means.shape == (modes, 2) and data.truth.sd == sd
    away = data.items - data.truth.means[data.labels]
    assert away.std() == pytest.approx(sd, rel=0.03) and np.abs(away.mean(0)).max() < 0.02 * sd + 3 * sd / 141
    assert np.bincount(data.labels) / 20_000 == pytest.approx(np.full(modes, 1 / modes), abs=0.01)


def test_the_ring_lies_on_the_unit_circle():
    assert np.linalg.norm(ring(10).truth.means, axis=1) == pytest.approx(np.ones(8))


def test_the_other_shapes_are_as_described():
    assert swiss_roll(30).items.shape == (30, 2)
    assert digits().items.shape == (1797, 8, 8) and digits().items.dtype == np.uint8 and digits().items.max() == 255
    clips = tones(5)
    assert len(clips) == 5 and clips.rate == 8000
    assert all(
        clip.shape == (4000,) and clip.dtype == np.float32 and np.abs(clip).max() <= 0.8001 for clip in clips.items
    )


def test_patients_have_holes_a_rare_outcome_and_a_bias():
    frame = patients()
    assert 0.02 <= frame["readmitted"].mean() <= 0.06
    assert frame["blood_pressure"].isna().mean() == pytest.approx(0.13, abs=0.05)
    assert frame["smoker"].isna().mean() == pytest.approx(0.06, abs=0.02)
    young = frame["age"] < 45
    assert frame.loc[young, "blood_pressure"].isna().mean() > 2 * frame.loc[~young, "blood_pressure"].isna().mean()
    naive = frame.groupby("treated")["recovery_days"].mean()
    assert naive[1] > naive[0]  # the treated fare worse, as they were worse before
    assert frame.attrs["true_effects"]["treated -> recovery_days"] < -2


def test_the_true_effects_agree_with_a_fresh_simulation_in_which_treatment_is_dealt_by_lot():
    random, n = np.random.default_rng(7), 400_000
    age = np.clip(random.normal(56, 16, n), 18, 95).round()
    female, smoker = random.random(n) < 0.52, random.random(n) < 1 / (1 + np.exp(1.2 - 0.01 * (60 - age)))
    severity = random.standard_normal(n) + 0.02 * (age - 56)
    dealt = random.random(n) < 0.5
    days = np.maximum(12 + 3 * severity + 0.06 * (age - 56) + 1.5 * smoker + random.gamma(2, 1.5, n), 1)
    days = np.where(dealt, np.maximum(days - 2.5 - 0.5 * female, 0.5), days)
    again = -3.55 + severity + 0.7 * smoker - 1.2 * dealt + random.logistic(0, 1, n) > 0
    told = pd.DataFrame([patients(seed=s).attrs["true_effects"] for s in range(10)]).mean()
    assert days[dealt].mean() - days[~dealt].mean() == pytest.approx(told["treated -> recovery_days"], abs=0.05)
    assert again[dealt].mean() - again[~dealt].mean() == pytest.approx(told["treated -> readmitted"], abs=0.006)


def test_changes_follow_their_chain():
    assert pytest.approx(np.ones(6)) == FOLLOWS.sum(1)
    lines = [line.split() for line in changes(4000).items]
    assert all(len(line) == 16 and set(line) <= set(CHANGES) for line in lines)
    codes = np.array([[CHANGES.index(chord) for chord in line] for line in lines])
    counts = np.zeros((6, 6))
    np.add.at(counts, (codes[:, :-1], codes[:, 1:]), 1)
    np.testing.assert_allclose(counts / counts.sum(1, keepdims=True), FOLLOWS, atol=0.02)
