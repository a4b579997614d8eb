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
    beeps,
    changes,
    demo,
    digits,
    grid,
    patients,
    ring,
    swiss_roll,
    tinted,
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


def test_the_beeps_of_a_class_move_as_its_name_says():
    data = beeps(80)
    assert sorted(np.unique(data.labels, return_counts=True)[1]) == [20] * 4 and {len(clip) for clip in data.items} == {
        2048
    }
    for clip, name in zip(data.items, data.labels, strict=True):
        heard = np.flatnonzero(np.abs(clip) > 0.1 * np.abs(clip).max())
        halves = np.array_split(clip[heard[0] : heard[-1]], 2)
        early, late = (np.abs(np.fft.rfft(half, 2048)).argmax() for half in halves)
        power = np.abs(np.fft.rfft(halves[0])) ** 2
        assert (np.exp(np.log(power + 1e-12).mean()) > 0.2 * power.mean()) == (name == "hiss")  # flat, as noise is
        fades = np.square(halves[0]).sum() > 4 * np.square(halves[1]).sum()
        assert {"rise": early < late, "fall": early > late, "ping": fades, "hiss": True}[name]


def test_the_reviews_follow_their_mechanism():
    data = demo("reviews")
    parts = data.attributes["parts"]
    for kind, mean in (("good", 1.417), ("bad", 2.176)):
        own = parts[data.labels == kind]
        assert abs(own.mean() - mean) < 4 * own.std() / np.sqrt(len(own))
    assert all(line.count(" and ") + 1 == n for line, n in zip(data.items, parts, strict=True))
    assert not any(" dull " in line for line, kind in zip(data.items, data.labels, strict=True) if kind == "good")


def test_each_date_is_the_same_day_on_both_sides():
    pairs = demo("dates")
    years = [target[:4] for target in pairs.target.items]
    assert all(year in source for source, year in zip(pairs.source.items, years, strict=True))
    days = pd.to_datetime(pd.Series(pairs.target.items))
    assert all(f"{d.day}" in s for d, s in zip(days, pairs.source.items, strict=True))


def test_tinted_digits_have_their_usual_ink_nine_times_in_ten():
    data = tinted(4000)
    inks, labels = data.attributes["ink"], data.labels
    assert data.items.shape == (4000, 8, 8, 3) and data.items.dtype == np.uint8
    usual = np.array(["red", "yellow", "green", "blue", "violet"])[labels % 5]
    assert np.mean(inks == usual) == pytest.approx(0.9, abs=0.015)
    red, blue = (data.items[inks == ink].astype(float).mean((0, 1, 2)) for ink in ("red", "blue"))
    assert red[0] > 3 * red[2] and blue[2] > 3 * blue[0]
