"""Balance: rare classes are filled up, and something simpler may be as good."""

from __future__ import annotations

import numpy as np
import pytest
from trials import BLINK, slopes

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.tasks import helps
from contrafact.tasks.balance import balance, balancing, lacking, scores_of, verdict
from contrafact.zoo import R3GAN

TOY = R3GAN.toy().but(steps=2, width=8)


@pytest.fixture(autouse=True)
def _blink(monkeypatch):
    monkeypatch.setattr(helps, "EFFORTS", BLINK)
    monkeypatch.setattr(helps, "possible", lambda high, wide: ("flip", "turn"))


def counted(labels) -> dict[str, int]:
    return dict(zip(*np.unique(labels, return_counts=True), strict=True))


def test_what_is_lacking_fills_every_class_up():
    labels = np.repeat(["a", "b", "c"], [5, 2, 9])
    assert counted(lacking(labels, 9)) == {"a": 4, "b": 7} and counted(lacking(labels, 4)) == {"b": 2}
    assert len(lacking(labels, 0)) == 0


def test_rare_classes_are_filled_up_to_the_largest_and_every_way_is_tested():
    data = slopes({"left": 30, "right": 12, "above": 6})
    items = data.items.copy()
    result = balance(data, method=TOY, seed=1)
    assert counted(result.data.labels) == {"above": 24, "right": 18} and contrafact.balance is balance
    arms = {n.removeprefix("balanced_accuracy_") for n in result.scores if n.startswith("balanced_accuracy_")}
    assert {"nothing", "weights", "repeats", "gan"} <= arms
    assert {"recall_above_gan", "recall_left_nothing", "gain_gan_over_weights", "gain_repeats"} <= set(result.scores)
    assert result.scores["balanced_accuracy_gan"].floor == pytest.approx(1 / 3)
    assert result.verdict.startswith("Generated pictures") and (data.items == items).all()


def test_the_generator_sees_all_classes_equally_often_unless_told_otherwise():
    data = slopes({"left": 12, "right": 6})
    assert balancing(data, check="off").training.recipe.resample == "equal"
    assert balancing(data, method=R3GAN(steps=3), check="off").training.recipe.resample == "share"
    job = balancing(data, to=9, check="off", settings={"resample": "share", "steps": 3})
    assert job.training.recipe.resample == "share" and job.training.recipe.class_weights == "balanced"
    assert counted(job.finish().data.labels) == {"right": 3}


def test_the_arms_hold_what_their_names_say():
    job = balancing(slopes({"left": 30, "right": 12, "above": 6}), method=TOY)
    job.training.finish()
    job.operations = ("turn",)
    real = job.cut.arm(job.cut.train)
    arms, counts = job.arms(real, seed=0), np.bincount(real.labels)
    assert counts.tolist() == [4, 20, 8]  # above, left, right
    assert arms["nothing"] is real
    assert (arms["weights"].weights * counts).tolist() == pytest.approx([32 / 3] * 3)
    assert arms["repeats"].equal and not arms["repeats"].operations
    assert arms["classic"].equal and arms["classic"].changed.tolist() == [True, False, True]
    filled = np.bincount(arms["gan"].labels)
    assert filled.min() >= job._to_learn and not arms["gan"].equal


@pytest.mark.parametrize(
    ("data", "options", "kind", "code"),
    [
        (Data(kind="vectors", items=np.zeros((2, 2))), {}, DataError, "E242"),
        (slopes({"left": 9, "right": 6}), {"target": "klass"}, UsageError, "E115"),
        (slopes({"left": 9, "right": 9}), {}, UsageError, "E243"),
        (slopes({"left": 9, "right": 6}), {"to": 6}, UsageError, "E243"),
    ],
)
def test_what_cannot_be_balanced_is_refused_by_name(data, options, kind, code):
    with pytest.raises(kind) as caught:
        balance(data, **options)
    assert caught.value.code == code


def told(**shares: float) -> str:
    """Give the verdict on arms that are right about shares of a rare class and about all of a common one."""
    tested = np.repeat(["common", "rare"], [300, 300])
    right = {
        arm: np.tile(np.concatenate([np.ones(300, dtype=bool), np.arange(300) < share * 300]), (3, 1))
        for arm, share in shares.items()
    }
    return verdict(scores_of(right, tested))


def test_the_verdict_says_what_the_numbers_say():
    won = told(nothing=0.5, weights=0.6, repeats=0.7, gan=0.9)
    assert "helped (+20.0 points" in won and "more than repeating rare pictures (+10.0 points" in won
    lost = told(nothing=0.5, weights=0.9, repeats=0.7, gan=0.6)
    assert "and less than class weights (-15.0 points" in lost and "Class weights helped (+20.0" in lost
    same = told(nothing=0.5, weights=0.9, repeats=0.7, gan=0.9)
    assert "no differently that could be seen from class weights" in same and "and is simpler" in same
    none = told(nothing=0.9, weights=0.9, repeats=0.9, gan=0.9)
    assert "made no difference that could be seen" in none and "Highest mean recall of the classes: nothing" in none
    assert verdict({}) == "Made without a test whether they help."
