"""Scores of generated text: real text reaches the ceilings, noise the floors, and each failure its own score."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.demos import demo
from contrafact.metrics.line_classes import told
from contrafact.metrics.near_lines import nearest_lines
from contrafact.metrics.text import scattered, text_scores
from contrafact.metrics.variety import distinct, lengths, novelty, vocabulary

REVIEWS = demo("reviews")
TRAIN, TEST, FRESH = (REVIEWS.take(np.arange(i, i + 300)) for i in (0, 300, 600))


def of_kind(items: list[str]) -> Data:
    return Data(kind="text", items=items, labels=TRAIN.labels)


def test_fresh_real_text_scores_like_real_text() -> None:
    scores = text_scores(TRAIN, FRESH, TEST)
    assert all(s.low <= s.value <= s.high for s in scores.values())
    for name in ("bleu3", "self_bleu3", "distinct2", "vocabulary", "novelty", "copies", "agreement", "tstr_accuracy"):
        assert scores[name].value == pytest.approx(scores[name].ceiling, abs=0.06), name
    assert scores["mc_gap"].value < 0.1 and scores["lengths"].value < 1.5
    assert {score.features for score in scores.values()} == {"words"}


def test_noise_a_safe_line_and_copies_are_each_caught() -> None:
    words = scattered([line.split() for line in TRAIN.items], 0)
    noise = text_scores(TRAIN, of_kind([" ".join(line) for line in words]), TEST)
    assert noise["bleu3"].value < 0.3 and noise["mc_gap"].value > 2
    safe = text_scores(TRAIN, of_kind([TRAIN.items[0]] * 300), TEST)
    assert safe["bleu3"].value > 0.9 and safe["self_bleu5"].value > 0.99 > safe["self_bleu5"].ceiling - 0.05
    assert safe["distinct2"].value < 0.3 * safe["distinct2"].ceiling and safe["vocabulary"].value < 0.7
    assert text_scores(TRAIN, TRAIN, TEST)["copies"].value == 1


def test_wrong_classes_are_seen_in_agreement_and_in_what_the_fakes_teach() -> None:
    turned = Data(kind="text", items=FRESH.items, labels=np.where(FRESH.labels == "good", "bad", "good"))
    scores = text_scores(TRAIN, turned, TEST)
    assert scores["agreement"].value < 0.1 and scores["tstr_accuracy"].value < 0.1
    assert (told((["ab", "ba", "xy", "yx"], np.array([0, 0, 1, 1])), ["abab", "yy"]) == ["0", "1"]).all()


def test_without_a_holdout_every_second_line_takes_its_place() -> None:
    scores = text_scores(TRAIN.items, FRESH.items)
    assert scores["bleu2"].ceiling > 0.9 and scores["copies"].ceiling is not None


def test_counts_of_variety_are_those_by_hand() -> None:
    fake, train = [["a", "b", "a", "b"], ["a", "b", "c", "d"]], [["a", "b", "a", "b", "x"]]
    assert [round(distinct(fake)[n].value, 6) for n in (1, 2, 3)] == [4 / 8, round(4 / 6, 6), 1]
    assert novelty(fake, train).value == 0.5
    assert vocabulary([["a"], ["x"]], [["a", "b"], ["x", "a"]]).value == 0.75
    assert lengths([["a"] * 2, ["a"] * 4], [["a"] * 3, ["a"] * 7]).value == 2


def test_the_jackknife_is_that_of_leaving_lines_out() -> None:
    lines = [list("abca"), list("bcd"), list("xyz"), list("ab")]
    whole = distinct(lines)[2]
    left = [distinct(lines[:i] + lines[i + 1 :])[2].value for i in range(4)]
    error = 1.959964 * np.sqrt(3 / 4 * ((np.array(left) - np.mean(left)) ** 2).sum())
    assert whole.value - whole.low == pytest.approx(error, rel=1e-6)


def test_the_nearest_line_is_the_one_with_most_in_common() -> None:
    real = [["the", "cat", "sat", "on", "the", "mat"], ["a", "dog", "ran", "in", "the", "park"], ["a", "red", "bus"]]
    places, near = nearest_lines([["a", "dog", "sat", "in", "the", "park"], ["a", "red", "bus"]], real)
    assert places.tolist() == [1, 2] and near[1] == pytest.approx(1) and 0 < near[0] < 1
