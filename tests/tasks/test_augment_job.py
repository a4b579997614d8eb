"""Augment: new pictures by class, a test on pictures that nothing has seen, and a verdict that may say no."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from trials import BLINK, slopes

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.tasks import helps
from contrafact.tasks.augment import augment, augmenting, verdict
from contrafact.tasks.augment_items import scores_of
from contrafact.tasks.by_class import places_out, shared_out
from contrafact.zoo import R3GAN

TOY = R3GAN.toy().but(steps=2, width=8)


@pytest.fixture(autouse=True)
def _blink(monkeypatch):
    monkeypatch.setattr(helps, "EFFORTS", BLINK)
    monkeypatch.setattr(helps, "possible", lambda high, wide: ("flip", "turn"))


@pytest.fixture
def pictures() -> Data:
    return slopes({"left": 24, "right": 12})


def test_new_pictures_have_the_classes_of_the_old_ones_and_the_inputs_stay(pictures, tmp_path):
    items, before = pictures.items.copy(), torch.random.get_rng_state()
    result = augment(pictures, n=9, method=TOY, seed=1)
    assert isinstance(result, contrafact.Result) and contrafact.augment is augment
    assert len(result.data) == 9 and result.data.items.shape == (9, 8, 8) and result.data.items.dtype == np.uint8
    assert dict(zip(*np.unique(result.data.labels, return_counts=True), strict=True)) == {"left": 6, "right": 3}
    assert (pictures.items == items).all() and torch.equal(torch.random.get_rng_state(), before)
    arms = {name.removeprefix("accuracy_") for name in result.scores if name.startswith("accuracy_")}
    assert {"real", "gan"} <= arms <= {"real", "classic", "gan", "both"}
    assert all(score.low <= score.value <= score.high and score.n == 12 for score in result.scores.values())
    assert "Generated pictures" in result.verdict and "With 12 test pictures" in result.verdict

    assert result.save(tmp_path / "new") == [str(tmp_path / "new")]
    written = sorted((tmp_path / "new").rglob("*.png"))
    assert [path.parent.name for path in written].count("left") == 6
    assert all("Synthetic" in Image.open(path).text["Description"] for path in written)
    result.save(tmp_path / "scores.json")
    assert '"verdict"' in (tmp_path / "scores.json").read_text()
    assert "accuracy_gan" in str(result) and "<ul>" in result._repr_html_()


def test_the_same_seed_makes_the_same_pictures_and_scores(pictures):
    one, same, other = (augment(pictures, n=4, method=TOY, seed=seed, check=check) for seed, check in
                        ((1, "quick"), (1, "quick"), (2, "off")))  # fmt: skip
    assert (one.data.items == same.data.items).all() and one.scores == same.scores and one.verdict == same.verdict
    assert (one.data.items != other.data.items).any() and other.scores == {}
    assert other.verdict == "Made without a test whether they help."


def test_neither_generator_nor_classifier_learns_from_a_tested_picture(pictures):
    job = augmenting(pictures, n=4, method=TOY)
    tested = {job.cut.data.items[place].tobytes() for place in job.cut.test}
    assert tested and not tested & {item.tobytes() for item in job.maker.like.items}
    job.training.finish()
    shown = job.arms(job.cut.arm(job.cut.train), seed=0)["gan"].pictures
    assert len(shown) == len(job.cut.train) + 3  # as many to a real picture as in the end
    assert not tested & {item.tobytes() for item in shown}
    again = job.arms(job.cut.arm(job.cut.train), seed=1)["gan"].pictures
    assert (shown[: len(job.cut.train)] == again[: len(job.cut.train)]).all() and (shown[-3:] != again[-3:]).any()


def test_classic_copies_are_changed_real_pictures_and_train_no_generator(pictures):
    job = augmenting(pictures, n=50, method="classic")
    assert job.training is None
    job.operations = ("flip",)
    made = job.made()
    flipped = {item[::-1].tobytes(): label for item, label in zip(pictures.items, pictures.labels, strict=True)}
    assert len(made) == 50
    assert all(flipped[item.tobytes()] == label for item, label in zip(made.items, made.labels, strict=True))
    result = augment(pictures, method="classic", check="off")
    assert "classic operation" in result.verdict or "Classic copies by" in result.verdict


def test_few_copies_of_sorted_items_are_of_every_class():
    labels = np.repeat(["none", "drift", "shake"], [8, 2, 2])
    assert sorted(labels[places_out(6, labels)]) == ["drift", "none", "none", "none", "none", "shake"]
    assert places_out(12, labels).tolist() == list(range(12))
    assert len(places_out(30, labels)) == 30 and len(places_out(0, labels)) == 0


def test_shares_are_kept_as_nearly_as_whole_numbers_allow():
    labels = np.repeat([3, 1, 2], [50, 30, 20])
    assert dict(zip(*np.unique(shared_out(7, labels), return_counts=True), strict=True)) == {1: 2, 2: 1, 3: 4}
    assert len(shared_out(0, labels)) == 0 and shared_out(5, labels).dtype == labels.dtype


@pytest.mark.parametrize(
    ("data", "options", "kind", "code"),
    [
        (Data(kind="vectors", items=np.zeros((2, 2))), {}, DataError, "E242"),
        (Data(kind="text", items=["a"]), {}, DataError, "E242"),
        ([1, 2], {}, DataError, "E242"),
        (slopes({"left": 9, "right": 9}), {"method": "gaussian"}, UsageError, "E109"),
        (slopes({"left": 9, "right": 9}), {"method": "infogan"}, UsageError, "E109"),
        (slopes({"left": 9, "right": 9}), {"method": "r3gna"}, UsageError, "E103"),
        (slopes({"left": 9, "right": 9}), {"n": -1}, UsageError, "E104"),
        (slopes({"left": 9, "right": 9}), {"check": "no"}, UsageError, "E128"),
    ],
)
def test_what_cannot_be_augmented_is_refused_by_name(data, options, kind, code):
    with pytest.raises(kind) as caught:
        augment(data, **options)
    assert caught.value.code == code
    if code == "E242":
        assert "This version takes pictures" in str(caught.value)


def told(real: float, classic: float | None, gan: float, both: float | None, n: int = 400) -> str:
    """Give the verdict on arms that are right about nested sets of pictures."""
    shares = {"real": real, "classic": classic, "gan": gan, "both": both}
    right = {name: np.tile(np.arange(n) < share * n, (3, 1)) for name, share in shares.items() if share is not None}
    operations = ("mirror", "turn") if classic is not None else ()
    return verdict(scores_of(right, np.repeat(["a", "b"], n // 2)), operations, generated=True)


def test_the_verdict_says_what_the_numbers_say():
    assert told(0.8, 0.85, 0.85, 0.95).startswith("Generated pictures helped, also beside classic augmentation (+10.0")
    enough = told(0.8, 0.95, 0.9, 0.95)
    assert "helped where there was nothing else (+10.0" in enough and "classic augmentation is enough" in enough
    assert "Most often right: real pictures with classic augmentation, 95.0%" in enough
    assert told(0.8, 0.95, 0.8, 0.95).startswith("Generated pictures did not help (+0.0 points")
    assert told(0.9, 0.95, 0.8, 0.95).startswith("Generated pictures did harm (-10.0 points")
    alone = told(0.8, None, 0.9, None)
    assert alone.startswith("Generated pictures helped (+10.0") and "No classic operation" in alone
    harmed = told(0.8, 0.8, 0.9, 0.7)
    assert "they do harm (-10.0" in harmed and "mirroring left to right, turning by up to 15 degrees" in harmed
    assert "Most often right: real pictures only" in told(0.9, 0.8, 0.8, 0.8)
