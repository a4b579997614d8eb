from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.captions import are_captions, rows_of_captions, vocabulary, words_of
from contrafact.codecs.image import ImageCodec


def data(labels: list[object]) -> Data:
    draw = np.random.default_rng(0)
    items = draw.integers(0, 256, (len(labels), 4, 4), dtype=np.uint8)
    return Data(kind="pictures", items=items, labels=np.array(labels))


CAPTIONS = data(["A red seven.", "a blue one", "a red one"] * 3)


def test_words_are_read_in_any_script_without_marks_and_capitals():
    assert words_of("Ein GROSSER, roter Punkt -- 7!") == ["ein", "grosser", "roter", "punkt", "7"]
    assert words_of("紅色 七") == ["紅色", "七"]
    assert words_of("don't T-shirt x") == ["don't", "t-shirt", "x"]
    assert words_of("...") == []


def test_one_label_of_several_words_makes_captions():
    assert are_captions(["seven", "a one"]) and not are_captions(["seven", "one", "t-shirt"])


def test_words_of_every_caption_are_silent_and_the_others_have_a_column():
    assert vocabulary(["a red seven", "blue a one"]) == (("blue", "one", "red", "seven"), ("a",))
    rows = rows_of_captions(["seven a red", "blue", ""], ("blue", "one", "red", "seven"), ("a",))
    assert rows.tolist() == [[0, 0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_an_unknown_word_is_refused_and_the_nearest_one_named():
    with pytest.raises(UsageError, match="unknown word 'bleu'") as caught:
        ImageCodec.fit(CAPTIONS, captions=True).described(["a bleu seven"])
    assert caught.value.code == "E105" and "blue" in caught.value.why


def test_captions_may_be_many_and_words_may_not():
    many = [f"x{i // 40} y{i % 40}" for i in range(1600)]
    codec = ImageCodec.fit(data(list(many)), captions=None)
    assert len(codec.classes) == 1600 and len(codec.words) == 80 and codec.conditions.shape == (1600, 80)
    with pytest.raises(DataError, match="1,600 different labels") as caught:
        ImageCodec.fit(data(list(many)))
    assert caught.value.code == "E214"
    with pytest.raises(DataError, match="1,200 different words") as caught:
        ImageCodec.fit(data([f"a{i} b{i}" for i in range(600)]), captions=None)
    assert caught.value.code == "E214"


def test_captions_in_any_order_give_one_row_and_unseen_ones_the_sum_of_their_words():
    codec = ImageCodec.fit(CAPTIONS, captions=None)
    rows = codec.described(["a red seven", "seven, red!", "a blue seven"])
    assert (rows[0] == rows[1]).all()
    blue, red = codec.words.index("blue"), codec.words.index("red")
    assert (rows[2] - rows[0]).nonzero()[0].tolist() == sorted([blue, red])
    assert codec.named(["a blue seven"]).tolist() == ["a blue seven"]


def test_the_rows_of_a_data_set_are_those_of_its_captions_and_come_back_as_they_were():
    codec = ImageCodec.fit(CAPTIONS, captions=None)
    encoded = codec.encode(CAPTIONS)
    assert (codec.conditions[encoded["labels"]] == codec.described(CAPTIONS.labels)).all()
    assert codec.decode(encoded).labels.tolist() == CAPTIONS.labels.tolist()
    assert ImageCodec.from_json(codec.to_json()) == codec


@pytest.mark.parametrize("labels, captions", [([7, 3] * 5, True), (["seven", "one"] * 5, None), (["a b"] * 9, None)])
def test_numbers_names_and_a_single_caption_are_classes(labels, captions):
    codec = ImageCodec.fit(data(labels), captions=captions)
    assert not codec.words
    assert codec.conditions.tolist() == np.eye(len(set(labels))).tolist()
    assert codec.described(labels[:1]).sum() == 1 and codec.named(labels[:1]).tolist() == labels[:1]


def test_classes_are_not_read_word_by_word_unless_asked():
    assert ImageCodec.fit(CAPTIONS).conditions.tolist() == np.eye(3).tolist()
