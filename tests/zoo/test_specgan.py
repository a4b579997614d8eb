"""The default for clips: learns which class sounds how, shows pictures, and refuses what it cannot do."""

from __future__ import annotations

import json

import numpy as np
import pytest

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.zoo import SpecGAN


def hums(count: int = 96, samples: int = 512) -> Data:
    """Hum low or high, by class."""
    draw, time = np.random.default_rng(0), np.arange(samples) / 8000
    pitch = np.where(np.arange(count) % 2, 2000, 300) * draw.uniform(0.95, 1.05, count)
    waves = np.sin(2 * np.pi * pitch[:, None] * time + draw.uniform(0, 6, (count, 1)))
    labels = np.where(np.arange(count) % 2, "high", "low")
    return Data(kind="sound", items=(waves / 2).astype(np.float32), labels=labels, name="hums", rate=8000)


def pitch(clip: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(clip)).argmax() * 8000 / len(clip))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound") / "run"
    recipe = SpecGAN(steps=60, width=8, batch=16, bands=16, latent_size=8, augment="off")
    return recipe.fit(hums(), seed=0, run_dir=folder), folder


def test_it_sings_the_class_that_is_asked_for(fitted):
    model = fitted[0]
    low, high = (model.sample(20, given={"class": name}, seed=1) for name in ("low", "high"))
    assert set(low.labels) == {"low"} and low.rate == 8000 and low.items.shape == (20, 512)
    assert np.mean([pitch(clip) < 800 for clip in low.items]) > 0.8
    assert np.mean([pitch(clip) > 1200 for clip in high.items]) > 0.8


def test_clips_are_equally_loud_and_come_with_their_classes(fitted):
    drawn = fitted[0].sample(30, seed=2)
    assert np.abs(drawn.items).max(1) == pytest.approx(0.95, abs=1e-5)
    assert 5 < (drawn.labels == "low").sum() < 25


def test_a_run_keeps_pictures_to_look_at_and_says_how_clips_are_learned(fitted):
    folder = fitted[1]
    shown = np.load(sorted((folder / "samples").glob("*.npy"))[-1])
    assert shown.dtype == np.uint8 and shown.shape[1:] == (16, 8)
    assert json.loads((folder / "data.json").read_text())["codec"]["codec"] == "spectrogram"
    assert contrafact.load(folder).sample(3, seed=1).items.tolist() == fitted[0].sample(3, seed=1).items.tolist()


def test_clips_between_two_clips_are_made_and_edits_are_refused(fitted):
    model = fitted[0]
    between = model.interpolate(1, 2, 5, given={"class": "low"})
    assert np.array_equal(between.items[:1], model.sample(1, given={"class": "low"}, seed=1).items)
    for ask in (model.directions, lambda: model.sample(1, edit={"slant": 1.0})):
        with pytest.raises(UsageError) as caught:
            ask()
        assert caught.value.code == "E126"


def test_sound_is_not_exported_as_if_it_were_pictures(fitted):
    from contrafact.tasks.export import graph_of

    with pytest.raises(UsageError) as caught:
        graph_of(fitted[0], 0)
    assert caught.value.code == "E126" and "specgan" in caught.value.what


def test_a_notebook_shows_a_row_of_spectra_for_each_class(fitted):
    page = fitted[0]._repr_html_()
    assert page.count("data:image/png") == 2 and "<th>low</th>" in page


def test_the_critic_hears_noise(fitted):
    model, data = fitted[0], hums()
    noise = Data(
        kind="sound", items=np.random.default_rng(1).normal(size=(40, 512)) / 5, labels=["low"] * 40, rate=8000
    )
    assert model.critic(data).mean() > model.critic(noise).mean()
