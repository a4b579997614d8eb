import random

import numpy as np
import pytest

import contrafact
from contrafact.base.abilities import abilities
from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.zoo.index import INDEX
from contrafact.zoo.rewriter import Rewriter, pairs_of

WORDS = [f"w{number}" for number in range(12)]


def kept(count: int, seed: int) -> list[tuple[str, str]]:
    """Give lines of words with what is left of them without 'the'; some words come once."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        words = [draw.choice([*WORDS, "the", "the"]) for _ in range(5)]
        words[draw.randrange(5)] = f"rare{seed}x{number}" if number % 2 else "the"
        found.append((" ".join(words), " ".join(word for word in words if word != "the") or "w0"))
    return found


@pytest.fixture(scope="module")
def fitted():
    recipe = Rewriter(steps=220, width=32, batch=32, rate=0.01, dropout=0.0, adversarial=False)
    return recipe.fit(kept(400, 0), seed=0)


def test_words_are_left_out_and_words_never_seen_are_copied(fitted):
    asked = kept(40, 1)
    made = fitted.translate([source for source, _ in asked])
    assert np.mean([line == target for line, (_, target) in zip(made, asked, strict=True)]) > 0.6
    assert any("rare1x" in line for line in made)


def test_a_saved_model_and_data_objects_give_the_same_lines(fitted, tmp_path):
    lines = [source for source, _ in kept(9, 2)]
    fitted.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m").translate(Data(kind="text", items=lines))
    assert again.items == fitted.translate(lines) == [fitted.translate([line])[0] for line in lines]
    draws = fitted.translate(lines, draws=2, seed=0)
    assert draws == fitted.translate(lines, draws=2, seed=0) and len(draws) == 2
    assert fitted.translate([]) == []


def test_a_critic_joins_at_the_end_and_stopping_and_resuming_is_one_fit(tmp_path):
    pairs, recipe = kept(60, 0), Rewriter.toy()
    whole = recipe.fit(pairs, seed=1)
    parts = recipe.training(pairs, seed=1, run_dir=tmp_path / "r")
    rows = {}
    for progress in parts:
        rows[progress.step] = progress.row
        if progress.step >= 14:
            break
    assert "critic/loss" not in rows[9] and "critic/loss" in rows[12] and "generator/reward" in rows[12]
    del parts
    again = recipe.fit(pairs, seed=1, run_dir=tmp_path / "r")
    assert again.files(with_critic=True) == whole.files(with_critic=True)
    assert set(INDEX["rewriter"].abilities) | {"save"} == set(abilities(whole))


def test_pairs_are_read_from_tuples_and_from_lines_with_a_tab():
    one, other = pairs_of([("a b", "b")]), pairs_of(Data(kind="text", items=["a b\tb"]))
    assert one.source.items == other.source.items == ["a b"] and one.target.items == other.target.items == ["b"]


@pytest.mark.parametrize("data", [[], ["no tab"], ["a\tb\tc"], [("a",)], [("a", 1)], "a\tb"])
def test_what_is_no_pair_is_named(data):
    with pytest.raises(DataError) as caught:
        Rewriter.toy().fit(data)
    assert caught.value.code == "E646"
