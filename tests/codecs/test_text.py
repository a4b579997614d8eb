"""The text codec: lines of characters, words or tokens come back as they went in."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.text import SymbolCodec


def there_and_back(data: Any, unit: Any = "auto") -> Any:
    codec = SymbolCodec.fit(data, unit=unit)
    again = SymbolCodec.from_json(json.loads(json.dumps(codec.to_json())))
    assert again == codec
    return again.decode(codec.encode(data))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))).filter(any))
def test_any_strings_come_back_by_character(lines: list[str]) -> None:
    assert there_and_back(lines, "character") == lines


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.integers() | st.text(max_size=3))).filter(any))
def test_any_tokens_come_back(lines: list[list[str | int]]) -> None:
    assert there_and_back(lines) == lines


def test_words_are_joined_by_one_blank() -> None:
    assert there_and_back(["the  cat sat ", "a dog"], "word") == ["the cat sat", "a dog"]


def test_sentences_are_read_by_word_and_everything_else_by_character() -> None:
    assert SymbolCodec.fit(["the cat sat on the mat", "a dog ran"]).unit == "word"
    assert SymbolCodec.fit(["Ada Lovelace", "Emmy Noether"]).unit == "character"
    assert SymbolCodec.fit(["春眠不覺曉", "處處聞啼鳥"]).symbols == tuple(sorted(set("春眠不覺曉處處聞啼鳥")))


def test_tuples_and_data_objects_come_back_as_such() -> None:
    assert there_and_back([(1, 2), (2,)]) == [(1, 2), (2,)]
    assert there_and_back([np.array([1, 2]), np.array([2])]) == [[1, 2], [2]]
    back = there_and_back(Data(kind="text", items=["ab", "ba"], name="names"))
    assert isinstance(back, Data) and (back.kind, back.name, back.items) == ("text", "names", ["ab", "ba"])
    assert there_and_back(pd.Series(["ab", "ba"])) == ["ab", "ba"]


def test_codes_do_not_depend_on_the_order_of_the_lines() -> None:
    assert SymbolCodec.fit(["ba", "c"]).symbols == SymbolCodec.fit(["c", "ab"]).symbols == ("a", "b", "c")


def test_an_empty_line_or_no_line_can_be_read_by_a_codec_that_was_fitted() -> None:
    codec = SymbolCodec.fit(["ab", ""])
    assert [len(codes) for codes in codec.encode(["", "a"])] == [0, 1]
    assert codec.encode([]) == [] and codec.decode([]) == []


@pytest.mark.parametrize("data", [[], [""], [[], []], ["  ", " \t"]])
def test_data_without_symbols_are_refused(data: Any) -> None:
    with pytest.raises(DataError) as caught:
        SymbolCodec.fit(data, unit="word")
    assert caught.value.code == "E201"


@pytest.mark.parametrize(
    "data", ["one string", b"bytes", 5, ["a", None], ["a", ["b"]], [[1.5]], [{"a": 1}], pd.DataFrame()]
)
def test_data_that_are_no_lines_are_refused(data: Any) -> None:
    with pytest.raises(DataError) as caught:
        SymbolCodec.fit(data)
    assert caught.value.code == "E203"


def test_an_unknown_symbol_is_named_with_its_line() -> None:
    with pytest.raises(DataError, match=r"Line 1 holds the unknown character 'ß'") as caught:
        SymbolCodec.fit(["abc"]).encode(["a", "aß"])
    assert caught.value.code == "E207"
    with pytest.raises(DataError, match="Did you mean weather"):
        SymbolCodec.fit(["the weather is fine"]).encode(["wether"])


def test_tokens_cannot_be_read_by_a_codec_of_strings() -> None:
    with pytest.raises(DataError) as caught:
        SymbolCodec.fit(["abc"]).encode([["a", "b"]])
    assert caught.value.code == "E203"
