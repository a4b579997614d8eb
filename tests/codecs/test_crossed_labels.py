"""Combinations of attributes as classes, and the codecs that read each attribute by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.audio import AudioCodec
from contrafact.codecs.crossed import combined, crossed, rows_of
from contrafact.codecs.image import ImageCodec
from contrafact.codecs.text import SymbolCodec
from contrafact.nets.sequence_model import lines_of
from contrafact.nets.sequences import Summed, rows_of_classes

FACTS = {"ink": np.array(["red", "blue", "red", "blue"]), "digit": np.array(["1", "1", "7", "1"])}
NAMES = combined(["ink", "digit"], [FACTS["ink"], FACTS["digit"]])


def marked(kind: str, items: object) -> Data:
    return Data(kind=kind, items=items, labels=NAMES, attributes=FACTS, by=("ink", "digit"), rate=8000)


def test_all_combinations_are_classes_those_that_were_never_seen_too():
    found = crossed(marked("text", list("abcd")))
    assert found["classes"] == ("ink=blue, digit=1", "ink=blue, digit=7", "ink=red, digit=1", "ink=red, digit=7")
    assert found["shares"] == (0.5, 0.0, 0.25, 0.25) and found["crossed"] == (2, 2)
    assert crossed(Data(kind="text", items=["a"])) is None and crossed(["a"]) is None


def test_values_with_commas_make_no_two_combinations_the_same():
    one, other = combined(["a", "b"], [["x, b=y"], ["z"]]), combined(["a", "b"], [["x"], ["y, b=z"]])
    assert one[0] != other[0]


def test_a_class_has_a_one_for_each_attribute():
    rows = rows_of(6, (2, 3))
    assert rows.shape == (6, 5) and (rows.sum(1) == 2).all() and len(np.unique(rows, axis=0)) == 6
    assert rows[4].tolist() == [0, 1, 0, 1, 0]
    assert (rows_of(3, ()) == np.eye(3)).all()


def test_every_kind_of_codec_reads_attributes_by_themselves_and_comes_back_from_json():
    draw = np.random.default_rng(0)
    pictures = marked("pictures", draw.integers(0, 255, (4, 8, 8)).astype(np.uint8))
    clips = marked("sound", list(draw.normal(size=(4, 900)).astype(np.float32) / 4))
    for data, kind in ((pictures, ImageCodec), (clips, AudioCodec)):
        codec = kind.fit(data)
        assert codec.crossed == (2, 2) and kind.from_json(codec.to_json()) == codec
        told = codec.described(["ink=blue, digit=7"])  # never seen
        assert told.tolist() == [[1, 0, 0, 1]]
        assert codec.conditions[codec.encode(data)["labels"]].tolist()[0] == [0, 1, 1, 0]
    lines = SymbolCodec.fit(marked("text", ["a b", "b a", "a a", "b b"]), labelled=True)
    assert lines.crossed == (2, 2) and SymbolCodec.from_json(lines.to_json()) == lines


def test_lines_read_a_combination_as_the_sum_of_its_levels():
    codec = SymbolCodec.fit(marked("text", ["a b", "b a", "a a", "b b"]), labelled=True)
    rows = rows_of_classes(lines_of(codec), 3)
    assert isinstance(rows, Summed)
    blue1, blue7, red1, red7 = rows(torch.arange(4))
    torch.testing.assert_close(blue1 - blue7, red1 - red7)
    torch.testing.assert_close(red7, rows.rows.weight[1] + rows.rows.weight[3])


def test_too_many_combinations_are_refused_with_their_number():
    facts = {name: np.arange(40) for name in ("a", "b")}
    data = Data(kind="text", items=["x"] * 40, labels=np.arange(40).astype(str), attributes=facts, by=("a", "b"))
    with pytest.raises(DataError, match="1,600 combinations") as caught:
        crossed(data)
    assert caught.value.code == "E214"
