"""What a symbol of a text is: chosen from the lines and said; letters stay whole, rare words are never written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contrafact.base.data import Data, Pairs
from contrafact.base.demos import demo
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.clusters import clusters
from contrafact.codecs.subwords import learn
from contrafact.codecs.text import SymbolCodec
from contrafact.codecs.text_pairs import TextPairCodec

FAMILY, FLAG, ACCENT, SKIN = "👨‍👩‍👧", "🇨🇭", "e\u0301", "👍🏽"


def stored(codec: SymbolCodec) -> SymbolCodec:
    again = SymbolCodec.from_json(json.loads(json.dumps(codec.to_json())))
    assert again == codec
    return again


def test_a_letter_is_what_people_see_as_one() -> None:
    assert clusters(f"a{FAMILY}{FLAG}{ACCENT}{SKIN}한") == ["a", FAMILY, FLAG, ACCENT, SKIN, "한"]
    assert clusters("हिन्दी")[0] == "हि" and "".join(clusters("हिन्दी")) == "हिन्दी"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(st.sampled_from("ab 👨‍👩🇨🇭́🏽한ㄱᄀ각ᆨ\u200dשلü春"), max_size=12))
def test_letters_are_those_of_an_independent_implementation(text: str) -> None:
    regex = pytest.importorskip("regex")
    mine = clusters(text)
    assert "".join(mine) == text
    if "\u200d" not in text:  # a joiner keeps whatever follows it here, and only emoji there
        assert mine == regex.findall(r"\X", text)


def test_scripts_without_spaces_are_read_by_character_names_too_and_sentences_by_word() -> None:
    chosen = {
        "character": (["今天 天气 很好 我们 去"] * 30, ["ฉันไป ตลาด กับ เพื่อน"] * 30, ["Ada Lovelace"] * 30),
        "word": (["the cat sat on the mat"] * 30, ["오늘 날씨가 아주 좋네요"] * 30),
    }
    for unit, texts in chosen.items():
        for lines in texts:
            assert SymbolCodec.fit(lines, most=6000).unit == unit


def test_many_words_that_are_hardly_repeated_are_cut_into_pieces_and_none_is_lost() -> None:
    random = np.random.default_rng(0)
    stems, ends = (
        ["".join(random.choice(list("abdegiklmnorstu"), 5)) for _ in range(400)],
        ["s", "ing", "ed", "er", "ly"],
    )
    words = [stem + end for stem in stems for end in ends for _ in range(1)]
    lines = [" ".join(random.choice(words, 14)) + ", so far." for _ in range(300)]
    assert len(set(" ".join(lines).split())) > 1500
    codec = stored(SymbolCodec.fit(lines, most=600))
    assert codec.unit == "subword" and codec.unknown is None and len(codec.symbols) <= 600
    assert codec.decode(codec.encode(lines)) == lines
    assert (
        codec.decode(codec.encode(["  two  blanks "])) == ["  two  blanks "]
        if set("wk") <= set("".join(lines))
        else True
    )
    assert "piece" in codec.policy


def test_the_first_merges_are_the_most_frequent_pairs() -> None:
    # In " aaab", " aab", " ab" (twice) and " b": blank-a 4, a-b 4, a-a 3; of equals the first in order of letters.
    letters, merges = learn(["aaab aab", "ab ab b"], size=100, least=2)
    assert letters == [" ", "a", "b"] and merges == [(" ", "a"), (" a", "a"), (" a", "b")]
    assert learn(["aaab aab", "ab ab b"], size=4)[1] == [(" ", "a")]


def test_words_and_the_marks_glued_to_them_are_apart_and_come_back_together() -> None:
    lines = ['he said: "wheel." (the end)', "a wheel , and the end", "wheel! wheel? ... end"] * 3
    codec = stored(SymbolCodec.fit(lines, unit="word"))
    assert codec.decode(codec.encode(lines)) == lines
    assert sum("wheel" in str(symbol) for symbol in codec.symbols) == 1


def test_rare_words_are_one_unknown_word_that_is_read_and_never_written() -> None:
    often = [f"w{i}" for i in range(2100)]
    lines = [" ".join(often[i : i + 30]) for i in range(0, 2100, 30)] * 2 + ["once w0 w1 w2 w3"]
    codec = stored(SymbolCodec.fit(lines, most=6000))
    assert (codec.unit, codec.left_out, codec.unknown, codec.end) == ("word", 1, 2100, 2101)
    assert "1 rarer ones" in codec.policy and "never written" in codec.policy
    assert codec.encode(["once w0"])[0].tolist()[0] == codec.unknown
    assert codec.decode([np.array([codec.unknown, codec.encode(["w5"])[0][0], codec.end, 3])]) == ["w5"]
    with pytest.raises(DataError) as caught:
        codec.encode_line("once", known=True)
    assert caught.value.code == "E207"


def test_the_matrix_is_filled_up_with_ends_and_comes_back_with_its_classes() -> None:
    data = Data(kind="text", items=["ab", "", "cab"], labels=np.array([3, 1, 3]), name="x")
    codec = stored(SymbolCodec.fit(data, labelled=True))
    made = codec.matrix(data)
    assert made["codes"].dtype == np.int32 and made["codes"].tolist() == [[0, 1, 3, 3], [3, 3, 3, 3], [2, 0, 1, 3]]
    assert made["lengths"].tolist() == [2, 0, 3] and made["labels"].tolist() == [1, 0, 1]
    back = codec.decode(made)
    assert back.items == data.items and back.labels.tolist() == [3, 1, 3]
    assert codec.conditions.shape == (2, 2) and codec.shares == (1 / 3, 2 / 3)
    with pytest.raises(UsageError, match="no class '4'"):
        codec.places([4])


def test_long_lines_are_cut_and_equal_ones_have_no_end() -> None:
    codec = SymbolCodec.fit(["ab"] * 150 + ["a" * 1_000_000])
    assert codec.longest == 3 and "0.7% of the lines are longer" in codec.policy
    assert codec.matrix(["a" * 50])["lengths"].tolist() == [3]
    assert SymbolCodec.fit(["x" * 10**6, "y"]).longest == 256
    fixed = SymbolCodec.fit([[1, 2, 3], [3, 2, 1]])
    assert (fixed.longest, fixed.ends) == (3, False) and fixed.decode(fixed.matrix([[1, 1, 2]])) == [[1, 1, 2]]


def test_a_codec_that_was_saved_before_is_still_read() -> None:
    old = {"codec": "text", "symbols": ["a", "b"], "unit": "word", "line": "text", "container": "list", "name": "data"}
    assert SymbolCodec.from_json(old).decode([np.array([0, 1])]) == ["a b"]


def test_pairs_share_their_symbols_and_come_back() -> None:
    pairs = demo("dates").take(np.arange(300))
    codec = TextPairCodec.fit(pairs)
    again = TextPairCodec.from_json(json.loads(json.dumps(codec.to_json())))
    made = again.encode(pairs)
    assert codec.source.symbols == codec.target.symbols and codec.source.unit == "character"
    assert again.decode(made).items == pairs.target.items
    assert made["source"].shape[1] > made["target"].shape[1] == 10
    with pytest.raises(DataError) as caught:
        TextPairCodec.fit(pairs.source)
    assert caught.value.code == "E630"


def test_pairs_of_unequal_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="2 lines and 1 partners"):
        Pairs(source=Data(kind="text", items=["a", "b"]), target=Data(kind="text", items=["a"]))
