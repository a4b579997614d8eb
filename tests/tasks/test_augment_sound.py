"""Augment for sound: new clips by class that passed a filter, a test on unseen ones, and a verdict that may say no."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from trials import BLINK

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.base.errors import DataError, UsageError
from contrafact.base.records import Score
from contrafact.cli import main
from contrafact.tasks import augment_items, helps
from contrafact.tasks.augment import augment
from contrafact.tasks.augment_items import scores_of, verdict
from contrafact.tasks.augment_sound import CLIPS, augmenting_sound
from contrafact.tasks.helps import Effort
from contrafact.zoo import SpecGAN

TOY = SpecGAN.toy().but(steps=1)


@pytest.fixture(autouse=True)
def _blink(monkeypatch):
    monkeypatch.setattr(helps, "EFFORTS", BLINK)
    monkeypatch.setattr(augment_items, "COPIES", 2)


@pytest.fixture
def clips() -> Data:
    return beeps(48)


class Parrot:
    """A generator that gives real clips of the class that is asked for, or of the wrong one."""

    training, notes = None, ()

    def __init__(self, data: Data, share: float = 1.0) -> None:
        self.data, self.share = data, share

    def make(self, labels, seed: int) -> Data:
        draw, known = np.random.default_rng(seed), np.asarray(self.data.labels)
        names = list(np.unique(known))
        said = [n if draw.random() < self.share else names[(names.index(n) + 1) % len(names)] for n in labels]
        places = [int(draw.choice(np.flatnonzero(known == name))) for name in said]
        return replace(self.data.take(places), labels=np.asarray(labels))


def test_new_clips_have_the_classes_of_the_old_ones_and_the_inputs_stay(clips, tmp_path):
    before, state = [clip.copy() for clip in clips.items], torch.random.get_rng_state()
    result = augment(clips, n=8, method=TOY, seed=1)
    assert isinstance(result, contrafact.Result) and result.data.kind == "sound" and result.data.rate == 8000
    assert len(result.data) <= 8 and "passed the filter" in result.notes[-1]
    assert all(np.array_equal(a, b) for a, b in zip(clips.items, before, strict=True))
    assert torch.equal(torch.random.get_rng_state(), state)
    arms = {name.removeprefix("accuracy_") for name in result.scores if name.startswith("accuracy_")}
    assert arms == {"real", "classic", "gan", "both"}
    assert all(score.low <= score.value <= score.high and score.n == 16 for score in result.scores.values())
    assert "Generated clips" in result.verdict and "With 16 test clips" in result.verdict


def test_plain_copies_are_written_as_synthetic_by_class(clips, tmp_path):
    result = augment(clips, n=12, method="classic", check="off", seed=1)
    assert len(result.data) == 12 and result.scores == {} and result.verdict.startswith("Made without a test")
    result.save(tmp_path / "more")
    written = sorted((tmp_path / "more").rglob("*.wav"))
    assert len(written) == 12 and {path.parent.name for path in written} <= {"rise", "fall", "ping", "hiss"}
    assert all(b"Synthetic" in path.read_bytes() for path in written)
    again = contrafact.read(tmp_path / "more")
    assert sorted(again.labels) == sorted(result.data.labels)


def test_the_same_seed_makes_the_same_clips_and_scores(clips):
    one, same = (augment(clips, n=4, method="classic", seed=1) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one.data.items, same.data.items, strict=True))
    assert one.scores == same.scores and one.verdict == same.verdict


def test_the_filter_keeps_clips_of_the_class_that_was_asked_for(clips, monkeypatch):
    monkeypatch.setattr(helps, "EFFORTS", {"quick": Effort(seeds=1, folds=2, epochs=1, least=40, most=40)})
    monkeypatch.setattr(augment_items, "COPIES", 6)
    job = augmenting_sound(clips, n=20, method="classic", seed=0)
    job.maker = Parrot(beeps(200, seed=9), share=0.5)
    made = job.made()
    passed, asked = (sum(pair[side] for pair in job.kept) for side in (0, 1))
    assert 0.3 < passed / asked < 0.7 and len(made) == 20
    own = {clip.tobytes(): label for clip, label in zip(job.maker.data.items, job.maker.data.labels, strict=True)}
    assert np.mean([own[clip.tobytes()] == label for clip, label in zip(made.items, made.labels, strict=True)]) > 0.9
    job.maker = Parrot(job.maker.data, share=0.0)
    assert len(job.made()) <= 6


def test_a_generator_of_which_nothing_passes_adds_nothing(clips):
    job = augmenting_sound(clips, n=8, method="classic", seed=0)
    job.maker, job._passed = Parrot(clips), lambda made: np.zeros(len(made), dtype=bool)
    arms = job.arms(0)
    assert len(arms["gan"].labels) == len(arms["real"].labels) and len(arms["both"].labels) == len(
        arms["classic"].labels
    )
    result = job.result()
    assert len(result.data) == 0 and "8 clips fewer" in result.notes[-1]


@pytest.mark.parametrize(
    ("data", "options", "error", "code"),
    [
        (replace(beeps(40), labels=None), {}, DataError, "E212"),
        (beeps(16).take([0, 1, 2, 4, 5, 6, 8]), {}, DataError, None),
        (beeps(40), {"target": "colour"}, UsageError, "E115"),
        (beeps(40), {"method": "classic", "settings": {"steps": "3"}}, UsageError, "E101"),
        (beeps(40), {"method": "r3gan"}, UsageError, "E109"),
        (beeps(40), {"method": TOY.but(conditional=False)}, UsageError, "E109"),
        (beeps(40), {"check": "fast"}, UsageError, "E128"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(data, options, error, code):
    with pytest.raises(error) as caught:
        augmenting_sound(data, **options)
    assert code is None or caught.value.code == code


def test_the_verdict_says_no_where_nothing_is_gained_and_yes_where_something_is():
    def told(**gains: tuple[float, float, float]) -> str:
        scores = [
            Score(name=name, value=v, low=low, high=high, n=50, better="higher")
            for name, (v, low, high) in gains.items()
        ]
        arms = [
            Score(name=f"accuracy_{a}", value=0.5, low=0.4, high=0.6, n=50, better="higher") for a in ("real", "both")
        ]
        return verdict({score.name: score for score in (*scores, *arms)}, CLIPS, generated=True)

    none, some, harm = (0.0, -0.02, 0.02), (0.1, 0.05, 0.15), (-0.1, -0.15, -0.05)
    said = told(gain_classic=some, gain_gan=none, gain_gan_beside_classic=none)
    assert said.startswith("Generated clips did not help") and "speed) helped" in said
    assert told(gain_classic=none, gain_gan=harm, gain_gan_beside_classic=none).startswith("Generated clips did harm")
    assert "also beside plain changes" in told(gain_classic=none, gain_gan=some, gain_gan_beside_classic=some)
    assert "plain changes are enough" in told(gain_classic=some, gain_gan=some, gain_gan_beside_classic=none)


def test_scores_are_gains_over_real_clips_alone():
    right = {"real": np.zeros((2, 10), bool), "classic": np.ones((2, 10), bool)}
    scores = scores_of(right, np.repeat(["a", "b"], 5))
    assert (
        scores["gain_classic"].value == 1 and scores["accuracy_real"].floor == 0.5 and scores_of({}, np.array([])) == {}
    )


def test_the_command_line_writes_clips_and_says_the_verdict(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["augment", "beeps", "--recipe", "classic", "-n", "6", "-o", "more", "-q"]) == 0
    out = capsys.readouterr().out
    assert "Made 6 clips in more" in out and "Plain changes" in out
    assert len(list((tmp_path / "more").rglob("*.wav"))) == 6
