"""Attributes of items as a frame and as conditions: levels, numbers that are cut, labels, and what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.data import Data, fingerprint
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.attributes import AttributesCodec


def lines(count: int = 60) -> Data:
    draw = np.random.default_rng(0)
    facts = {
        "mood": np.where(np.arange(count) % 2, "good", "bad"),
        "stars": draw.integers(1, 6, count),
        "length": draw.normal(10, 3, count),
    }
    return Data(kind="text", items=["a"] * count, labels=facts["mood"], name="lines", attributes=facts)


def test_labels_that_an_attribute_says_already_are_no_second_node():
    codec = AttributesCodec.fit(lines())
    assert codec.names == ("mood", "stars", "length") and codec.parents == codec.names
    assert AttributesCodec.fit(lines(), nodes=["class", "stars"]).names == ("class", "stars")
    other = Data(kind="text", items=["a"] * 4, labels=np.arange(4) % 2)
    assert AttributesCodec.fit(other).names == ("class",)


def test_numbers_stay_numbers_in_the_frame_and_are_cut_into_parts_of_equal_mass_for_the_leaf():
    data = lines()
    codec = AttributesCodec.fit(data)
    frame = codec.frame(data)
    np.testing.assert_array_equal(frame["length"], data.attributes["length"])
    parts = codec.marked(data).attributes["length"]
    assert sorted(np.unique(parts, return_counts=True)[1]) == [10] * 6
    assert codec.roles == {"mood": "category", "stars": "category", "length": "number"}
    assert "length (6 parts)" in codec.policy


def test_frames_are_shown_with_the_users_kinds_of_values():
    data = lines()
    codec = AttributesCodec.fit(data)
    shown = codec.shown(codec.frame(data))
    assert shown["stars"].dtype == np.int64 and (shown["stars"] == data.attributes["stars"]).all()
    told = codec.told(Data(kind="text", items=data.items), shown)
    assert (told.labels == data.labels).all() and told.attributes["length"].dtype == np.float64
    assert told.attributes["stars"].tolist() == data.attributes["stars"].tolist()


def test_marking_changes_nothing_of_what_was_given():
    data = lines()
    before = fingerprint(data)
    marked = AttributesCodec.fit(data, parents=["mood", "stars"]).marked(data)
    assert marked.by == ("mood", "stars") and marked.labels[0] == f"mood=bad, stars={data.attributes['stars'][0]}"
    assert fingerprint(data) == before


def test_attributes_count_in_the_fingerprint():
    one, other = lines(), lines()
    other.attributes["stars"][0] += 1
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize("given", [{"mod": "bad"}, {"mood": "so-so"}, {"length": 3}])
def test_conditions_on_what_is_not_there_are_refused_by_name(given):
    with pytest.raises(UsageError) as caught:
        AttributesCodec.fit(lines()).conditions(given)
    assert caught.value.code == "E105"


def test_missing_numbers_and_attributes_are_refused_by_name():
    holed = lines()
    holed.attributes["length"][3] = np.nan
    with pytest.raises(DataError, match="length") as caught:
        AttributesCodec.fit(holed)
    assert caught.value.code == "E555"
    with pytest.raises(DataError, match="Did you mean stars") as caught:
        AttributesCodec.fit(lines(), names={"rating": "star"}, nodes=["rating"])
    assert caught.value.code == "E590"


def test_renamed_attributes_take_the_place_of_their_sources():
    codec = AttributesCodec.fit(lines(), names={"rating": "stars"})
    assert codec.names == ("rating", "mood", "length")
