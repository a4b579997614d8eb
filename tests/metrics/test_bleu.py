"""BLEU and self-BLEU equal an independent implementation, leave each line out of its own references, and are fast."""

from __future__ import annotations

import time

import numpy as np
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics import bleu, self_bleu

WORDS = [f"w{i}" for i in range(60)]


def lines(count: int, seed: int) -> list[list[str]]:
    random = np.random.default_rng(seed)
    shares = 1 / np.arange(1, 61)
    return [[*random.choice(WORDS, random.integers(1, 14), p=shares / shares.sum())] for _ in range(count)]


def by_nltk(candidates, references_of) -> dict[int, float]:
    nltk = pytest.importorskip("nltk.translate.bleu_score")
    smooth = nltk.SmoothingFunction().method1
    weights = [(1 / n,) * n for n in (2, 3, 4, 5)]
    rows = [
        nltk.sentence_bleu(references_of(i), line, weights=weights, smoothing_function=smooth)
        if line
        else [0.0] * 4  # asked for several orders at once it gives a single 0
        for i, line in enumerate(candidates)
    ]
    rows = [row if isinstance(row, list) else [row] * 4 for row in rows]
    return dict(zip((2, 3, 4, 5), np.mean(rows, axis=0).tolist(), strict=True))


def test_bleu_equals_nltk_on_two_hundred_lines() -> None:
    candidates, references = [*lines(195, 0), [], ["nowhere"], ["w0"], ["w0"] * 9, WORDS[:30]], lines(12, 1)
    found, known = bleu(candidates, references), by_nltk(candidates, lambda i: references)
    assert {n: score.value for n, score in found.items()} == pytest.approx(known, abs=1e-9)
    assert found[2].n == 200 and found[3].name == "bleu3" and found[2].low < found[2].value < found[2].high


def test_self_bleu_leaves_each_line_out() -> None:
    candidates = [*lines(18, 2), ["w1", "w1"], ["alone"]]
    known = by_nltk(candidates, lambda i: candidates[:i] + candidates[i + 1 :])
    found = self_bleu(candidates)
    assert {n: score.value for n, score in found.items()} == pytest.approx(known, abs=1e-9)
    assert found[4].name == "self_bleu4" and found[4].better == "lower"


def test_one_line_over_and_over_repeats_itself_wholly_and_different_ones_not_at_all() -> None:
    assert self_bleu([["a", "b", "c", "d", "e"]] * 5)[5].value == pytest.approx(1)
    assert self_bleu([["a", "b"], ["c", "d"]])[2].value == 0


def test_ten_thousand_against_ten_thousand_take_three_seconds_at_most() -> None:
    random = np.random.default_rng(0)
    shares = 1 / np.arange(1, 4001)
    many = random.choice(4000, (20_000, 11), p=shares / shares.sum()).tolist()
    began = time.process_time()
    bleu(many[:10_000], many[10_000:])
    assert time.process_time() - began < 3


@pytest.mark.parametrize("wrong", [["a b c"], []])
def test_whole_strings_and_nothing_are_refused(wrong) -> None:
    for call in (lambda: bleu(wrong, [["a"]]), lambda: bleu([["a"]], wrong), lambda: self_bleu(wrong)):
        with pytest.raises(DataError) as caught:
            call()
        assert caught.value.code == "E631"
