"""What models of sound hand out: peaks at one level, no number that is none, one opinion of several critics."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.nets.sound_model import levelled
from contrafact.zoo import ISTFTGAN, WaveGAN


def clips() -> Data:
    waves = np.random.default_rng(0).normal(size=(24, 512)).astype(np.float32) / 5
    return Data(kind="sound", items=waves, labels=np.array(["a", "b"] * 12), rate=8000)


def test_peaks_are_brought_to_one_level_and_silence_stays_silence():
    waves = np.array([[0.1, -0.2], [3.0, 1.0], [0.0, 0.0], [np.nan, 0.5], [np.inf, 0.0]], dtype=np.float32)
    found = levelled(waves)
    assert np.abs(found).max(1).tolist() == pytest.approx([0.95, 0.95, 0, 0.95, 0])
    assert found[0].tolist() == pytest.approx([0.475, -0.95])
    assert levelled(np.empty((0, 3))).shape == (0, 3)


def test_several_critics_give_one_opinion_of_a_clip():
    model = ISTFTGAN.toy().fit(clips())
    encoded = model.codec.encode(clips())
    assert model.opinion(encoded).shape == model.critic(clips()).shape == (24,)
    np.testing.assert_allclose(model.opinion(encoded), model.critic(clips()), rtol=1e-5)


def test_waves_are_shown_by_their_spectra_and_are_not_searched_behind():
    model = WaveGAN.toy().fit(clips())
    assert model.shown(model.rows(5, seed=0)).dtype == np.uint8
    with pytest.raises(UsageError) as caught:
        model.invert(clips())
    assert caught.value.code == "E126"
    between = model.interpolate(1, 2, 3, given={"class": "a"})
    assert np.array_equal(between.items[:1], model.sample(1, given={"class": "a"}, seed=1).items)


def test_a_sample_begins_like_the_rows_that_the_training_scores():
    model = WaveGAN.toy().fit(clips())
    assert np.array_equal(model.rows(4, seed=3)["waves"], model.sample(4, seed=3).items)
    assert model.rows(2, seed=3, start=70)["waves"].tolist() == model.rows(72, seed=3)["waves"][70:].tolist()
