"""Does it help: a fair cut, fair arms, and operations that are found out where they are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from trials import BLINK, slopes

from contrafact.base.errors import DataError, UsageError
from contrafact.metrics.accuracy import gain
from contrafact.tasks import helps
from contrafact.tasks.helps import Cut, gained, parts, power


@pytest.fixture(autouse=True)
def _blink(monkeypatch):
    monkeypatch.setattr(helps, "EFFORTS", BLINK)


def test_a_fifth_of_each_class_and_more_of_a_rare_one_is_put_aside():
    labels = np.repeat(["many", "some", "rare", "five"], [200, 50, 15, 5])
    train, test = parts(labels, seed=0)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(270))
    counted = dict(zip(*np.unique(labels[test], return_counts=True), strict=True))
    assert counted == {"many": 40, "some": 10, "rare": 5, "five": 2}
    assert (parts(labels, seed=0)[1] == test).all()
    assert (parts(labels, seed=1)[1] != test).any()


def test_a_class_that_cannot_be_cut_is_named():
    data = slopes({"left": 9, "right": 4, "above": 3})
    with pytest.raises(DataError, match="'above' has 3 pictures, and 1 more") as caught:
        Cut.of(data, "augment", "quick", 0)
    assert caught.value.code == "E241" and "--check off" in caught.value.fix
    assert len(Cut.of(data, "augment", "off", 0).test) == 0


@pytest.mark.parametrize(("labels", "told"), [(None, "no classes"), (["a"] * 30, "one class")], ids=["none", "one"])
def test_pictures_without_classes_are_refused(labels, told):
    data = slopes({"left": 30})
    with pytest.raises(DataError, match=told) as caught:
        Cut.of(replace(data, labels=None if labels is None else np.array(labels)), "augment", "quick", 0)
    assert caught.value.code == "E212"


def test_a_check_with_a_typo_is_refused_with_a_guess():
    with pytest.raises(UsageError, match="Did you mean quick") as caught:
        Cut.of(slopes({"left": 9, "right": 9}), "augment", "quik", 0)
    assert caught.value.code == "E128"


def course_of(data, steps=25):
    cut = Cut.of(data, "augment", "quick", 0)
    return cut, replace(cut.course, steps=steps)


def test_equal_arms_give_equal_answers_and_leave_the_global_random_state_alone():
    cut, course = course_of(slopes({"left": 20, "right": 20}))
    real, test = cut.arm(cut.train), cut.arm(cut.test)
    before = torch.random.get_rng_state()
    found = list(course.examine(lambda seed: {"one": real, "other": real}, test))
    assert len(found) == 4 and "seed 1 of 2, one:" in found[0][0]
    right = found[-1][1]
    assert right["one"].shape == (2, len(cut.test)) and (right["one"] == right["other"]).all()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (course.guesses(real, 0, test.pictures)[0] == course.guesses(real, 0, test.pictures)[0]).all()


def test_real_pictures_of_the_same_kind_are_seen_to_help_and_wrong_labels_to_harm():
    cut, course = course_of(slopes({"left": 100, "right": 100, "above": 100, "below": 100}, noise=90), 50)
    everything, test = cut.arm(cut.train), cut.arm(cut.test)
    few = everything.at(np.arange(12))
    wrong = replace(everything, labels=(everything.labels + 1) % 4)
    arms = {"real": few, "more": everything, "wrong": few.beside(wrong.pictures, wrong.labels)}
    right = list(course.examine(lambda seed: arms, test))[-1][1]
    assert gain("more", right["more"], right["real"]).low > 0
    assert gain("wrong", right["wrong"], right["real"]).high < 0


def test_an_operation_that_changes_the_class_is_found_out_and_a_harmless_one_kept():
    cut, course = course_of(slopes({"left": 60, "right": 60}, noise=60), 40)
    said = list(course.choose(cut.arm(cut.train)))
    chosen = said[-1][1]
    assert {"mirror", "quarter"}.isdisjoint(chosen) and chosen
    told = {sentence.split()[1]: sentence for sentence, _ in said[:-1]}
    assert all("changes classes: 0% of what" in told[name] for name in ("mirror", "quarter"))
    assert float(told["flip"].split()[2].rstrip("%")) > -10


def test_only_classes_that_are_marked_are_changed_and_weights_move_the_guesses():
    cut, course = course_of(slopes({"left": 30, "right": 30}, noise=120))
    real, test = cut.arm(cut.train), cut.arm(cut.test)
    marked = replace(real, operations=("mirror",), changed=np.array([False, False]))
    plain = replace(real, operations=("mirror",))
    told = [course.guesses(arm, 0, test.pictures)[0] for arm in (real, marked, plain)]
    assert (told[1] == told[0]).all() and (told[2] != told[0]).any()
    left, right = (
        course.guesses(replace(real, weights=np.array(weights)), 0, test.pictures)[0]
        for weights in ([50.0, 1.0], [1.0, 50.0])
    )
    assert (left == 0).mean() > 0.9 and (right == 1).mean() > 0.9


def test_words_for_gains():
    better = gain("gain", np.ones((3, 50)), np.zeros((3, 50)))
    none = gain("gain", np.ones((3, 50)), np.ones((3, 50)))
    assert gained(better).startswith("helped (+100.0 points")
    assert gained(none).startswith("made no difference that could be seen (+0.0 points")
    assert "did harm" in gained(gain("gain", np.zeros((3, 50)), np.ones((3, 50))))
    assert power([]) == "" and "With 50 test pictures, gains under" in power([none])
