"""Markov chains against hand computations, eigenvectors and a chain that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.engine.model import read_model
from contrafact.zoo.markov import Markov

START = np.array([0.5, 0.3, 0.2])
CHAIN = np.array([[0.1, 0.6, 0.2, 0.1], [0.5, 0.1, 0.35, 0.05], [0.2, 0.2, 0.5, 0.1]])  # the last column is the end


def known_lines(count: int = 6000) -> list[str]:
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(count):
        line = [rng.choice(3, p=START)]
        while (following := rng.choice(4, p=CHAIN[line[-1]])) < 3:
            line.append(following)
        lines.append("".join("abc"[symbol] for symbol in line))
    return lines


LINES = known_lines(2500)
KNOWN = Markov(order=1).fit(LINES)
FULL = np.vstack([CHAIN, [*START, 0.0]])


def test_the_matrix_of_a_known_chain_is_found_again() -> None:
    matrix = KNOWN.matrix()
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    np.testing.assert_allclose(matrix, FULL, atol=0.025)


def test_much_data_wash_the_smoothing_out() -> None:
    lines, states = np.array([list(map("abc".index, "abcab"))]), np.zeros((4, 4))
    path = [3, *lines[0], 3]
    np.add.at(states, (path[:-1], path[1:]), 1)
    matrix = Markov(order=1).fit(["abcab"] * 5000).matrix()
    np.testing.assert_allclose(matrix, states / states.sum(axis=1, keepdims=True), atol=1e-3)


def test_log_prob_is_the_product_worked_out_by_hand() -> None:
    # Events of "ab", "b": a 1, b 2, end 2. Empty context: (c + 3 / 3) / (5 + 3).
    a, b, end = 2 / 8, 3 / 8, 3 / 8
    # After the start: a 1, b 1, so (c + 2 p) / 4; after a: b 1, so (c + p) / 2; after b: end 2, so (c + p) / 3.
    by_hand = np.log([(1 + 2 * a) / 4 * (1 + b) / 2 * (2 + end) / 3, (1 + 2 * b) / 4 * b / 3 * (2 + end) / 3])
    np.testing.assert_allclose(Markov(order=1).fit(["ab", "b"]).log_prob(["ab", "bb"]), by_hand)


def test_the_probabilities_of_all_lines_sum_to_one() -> None:
    model = Markov(order=2).fit(["ab", "b", "ba"])
    lines, total = [""], 0.0
    for _ in range(12):
        total += np.exp(model.log_prob(lines)).sum()
        lines = [line + symbol for line in lines for symbol in "ab"]
    assert 0.97 < total <= 1


def test_stationary_shares_are_the_eigenvector_and_the_frequencies() -> None:
    values, vectors = np.linalg.eig(KNOWN.matrix().T)
    vector = np.real(vectors[:, np.argmin(np.abs(values - 1))])[:3]
    shares = KNOWN.stationary()
    assert list(shares) == ["a", "b", "c"] and sum(shares.values()) == pytest.approx(1)
    np.testing.assert_allclose(list(shares.values()), vector / vector.sum(), rtol=1e-9)
    text = "".join(LINES)
    np.testing.assert_allclose(list(shares.values()), [text.count(s) / len(text) for s in "abc"], atol=2e-3)


def test_stationary_shares_exist_for_every_order() -> None:
    assert Markov(order=3).fit(LINES).stationary() == pytest.approx(KNOWN.stationary())


def test_the_entropy_rate_is_that_of_the_known_chain() -> None:
    values, vectors = np.linalg.eig(FULL.T)
    share = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    surprise = -np.sum(FULL * np.log(np.where(FULL > 0, FULL, 1)), axis=1)
    truth = share @ surprise / share.sum()
    assert KNOWN.entropy_rate() == pytest.approx(truth, abs=0.01)
    assert Markov(order=2).fit(LINES).entropy_rate() == pytest.approx(truth, abs=0.02)
    assert Markov(order=2).fit(["ab"] * 5000).entropy_rate() == pytest.approx(0, abs=0.01)


def test_samples_follow_the_chain() -> None:
    drawn = KNOWN.sample(4000, seed=0)
    np.testing.assert_allclose(Markov(order=1).fit(drawn).matrix(), KNOWN.matrix(), atol=0.025)
    lengths = np.array([[len(line) for line in lines] for lines in (drawn[:2500], LINES)])
    assert lengths.mean(axis=1)[0] == pytest.approx(lengths.mean(axis=1)[1], rel=0.06)


def test_a_sample_is_the_start_of_a_longer_one() -> None:
    assert KNOWN.sample(5, seed=1) == KNOWN.sample(2000, seed=1)[:5]
    assert KNOWN.sample(0) == [] and len(KNOWN.sample(1)) == 1


def test_a_prefix_begins_every_line_and_what_follows_depends_on_it() -> None:
    drawn = KNOWN.sample(4000, given={"prefix": "ca"}, seed=0)
    assert all(line.startswith("ca") for line in drawn)
    following = [sum(line[2:3] == symbol for line in drawn) / 4000 for symbol in ("a", "b", "c", "")]
    np.testing.assert_allclose(following, KNOWN.matrix()[0], atol=0.025)


def test_no_line_is_longer_than_the_longest() -> None:
    model = Markov(order=1, longest=4).fit(LINES)
    assert max(len(line) for line in model.sample(200, seed=0)) == 4
    assert model.sample(2, given={"prefix": "abcabc"}) == ["abcabc"] * 2


@pytest.mark.parametrize(
    ("data", "unit", "kind"),
    [
        (["春眠不覺曉", "處處聞啼鳥"], "character", str),
        (["the cat sat on the mat", "a dog sat on the log"], "word", str),
        ([[1, "x", 2], ["x"]], "token", list),
        ([(1, 2), (2, 1)], "token", tuple),
    ],
)
def test_every_kind_of_line_can_be_learnt_and_drawn(data: list[Any], unit: str, kind: type) -> None:
    model = Markov().fit(data)
    assert model.codec.unit == unit
    drawn = model.sample(20, seed=0)
    assert all(isinstance(line, kind) for line in drawn) and np.isfinite(model.log_prob(drawn)).all()


def test_words_may_be_a_prefix() -> None:
    model = Markov().fit(["the cat sat on the mat", "a dog sat on the log"])
    assert all(line.startswith("a dog") for line in model.sample(9, given={"prefix": "a dog"}))


def test_data_objects_come_back_as_such() -> None:
    drawn = Markov().fit(Data(kind="text", items=["ab", "ba"], name="names")).sample(3)
    assert isinstance(drawn, Data) and len(drawn) == 3 and drawn.name == "names"


def test_what_cannot_be_fitted_or_asked_is_refused_by_name() -> None:
    with pytest.raises(DataError) as caught:
        Markov().fit([])
    assert caught.value.code == "E201"
    for ask in (lambda: KNOWN.log_prob(["abz"]), lambda: KNOWN.sample(1, given={"prefix": "z"})):
        with pytest.raises(DataError, match="unknown character 'z'") as caught:
            ask()
        assert caught.value.code == "E207"
    with pytest.raises(UsageError, match="Did you mean prefix") as refused:
        KNOWN.sample(1, given={"prefx": "a"})
    assert refused.value.code == "E105"
    with pytest.raises(UsageError) as refused:
        KNOWN.sample(-1)
    assert refused.value.code == "E104"


def test_saving_and_restoring_keeps_every_sample(tmp_path: Path) -> None:
    KNOWN.save(tmp_path / "model")
    document, arrays = read_model(tmp_path / "model")
    again = Markov(**document["recipe"]).restore(document["codec"], arrays, document["facts"])
    assert again.sample(7, seed=3) == KNOWN.sample(7, seed=3)
    np.testing.assert_array_equal(again.log_prob(LINES[:50]), KNOWN.log_prob(LINES[:50]))


CLASSED = Data(
    kind="text",
    items=["a fine film", "a very fine film", "a poor film", "a poor poor play"] * 20,
    labels=np.array(["good", "good", "bad", "bad"] * 20),
)


def test_lines_of_a_class_are_drawn_and_judged_by_its_chain(tmp_path: Path) -> None:
    model = Markov(order=2, unit="word").fit(CLASSED)
    drawn = model.sample(200, given={"class": "bad"}, seed=0)
    assert set(drawn.labels) == {"bad"} and np.mean(["fine" in line for line in drawn.items]) < 0.1
    assert (model.log_prob(CLASSED) > model.log_prob(CLASSED.items)).all()
    both = model.sample(1000, seed=1)
    assert 0.4 < (both.labels == "bad").mean() < 0.6
    model.save(tmp_path / "m")
    again = Markov().restore(*_saved(model))
    assert again.sample(50, seed=2).items == model.sample(50, seed=2).items
    with pytest.raises(UsageError, match="no class 'bda'"):
        model.sample(1, given={"class": "bda"})


def _saved(model: Any) -> tuple[Any, Any, dict[str, Any]]:
    return model.codec.to_json(), model.arrays(), {}


def test_the_chances_of_a_class_lean_on_those_of_all_lines_by_hand() -> None:
    model = Markov(order=1).fit(Data(kind="text", items=["ab", "b"], labels=np.array([0, 1])))
    # Of all lines, after the start: a 5/14 of ... as worked out above: (1 + 2 * 2 / 8) / 4; class 0 saw a once.
    after_start = (1 + (1 + 2 * 2 / 8) / 4) / 2
    after_a = (1 + (1 + 3 / 8) / 2) / 2
    after_b = (1 + (2 + 3 / 8) / 3) / 2
    wanted = np.log(after_start * after_a * after_b)
    found = model.log_prob(Data(kind="text", items=["ab"], labels=np.array([0])))
    np.testing.assert_allclose(found, [wanted])


def test_a_low_temperature_writes_the_likeliest_and_a_high_one_anything() -> None:
    model = Markov(order=1).fit(["ab"] * 70 + ["cd"] * 30)
    assert set(model.sample(200, given={"temperature": 0.05}, seed=0)) == {"ab"}
    assert len(set(model.sample(200, given={"temperature": 20}, seed=0))) > 100
    for wrong in ("hot", 0, -1, float("nan")):
        with pytest.raises(UsageError) as caught:
            model.sample(1, given={"temperature": wrong})
        assert caught.value.code == "E632"


def test_drawing_in_levels_gives_the_smoothed_chances() -> None:
    chances = KNOWN.transitions.probabilities(np.array([[0], [4]]))
    grid = (np.arange(50_000) + 0.5) / 50_000
    for context, wanted in zip((0, 4), chances, strict=True):
        drawn = KNOWN.transitions.draw(np.full((len(grid), 1), context), grid)
        np.testing.assert_allclose(np.bincount(drawn, minlength=4) / len(grid), wanted, atol=1e-4)
