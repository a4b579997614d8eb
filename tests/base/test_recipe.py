"""Settings are read from values and from text, and refused with what is allowed."""

from __future__ import annotations

import dataclasses
from typing import Literal

import pytest

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, NotNegative, Positive, Recipe, Sentences, Share, Whole, read_setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cake(Recipe):
    eggs: Count = 2
    raisins: Whole = 0
    flour: Positive = 0.5
    salt: NotNegative = 0.0
    cocoa: Share = 0.1
    form: Literal["round", "long"] = "round"
    minutes: Count | None = None
    layers: tuple[Count, ...] = (1, 2)
    iced: bool = False
    wishes: Sentences | None = None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("eggs", "3", 3),
        ("eggs", " 3 ", 3),
        ("eggs", "3.0", 3),
        ("flour", "1e-3", 0.001),
        ("flour", "2", 2.0),
        ("minutes", "none", None),
        ("minutes", "None", None),
        ("minutes", "null", None),
        ("minutes", "40", 40),
        ("form", "long", "long"),
        ("layers", "3,4", (3, 4)),
        ("layers", "(3, 4)", (3, 4)),
        ("layers", "[3]", None),
        ("iced", "true", True),
        ("cocoa", "1", 1.0),
        ("wishes", "eggs <= 3; combinations(a, b)", ("eggs <= 3", "combinations(a, b)")),
        ("wishes", "'a;b' <= 1 ;", ("'a;b' <= 1",)),
        ("wishes", "none", None),
    ],
)
def test_settings_are_read_from_text(name, text, value):
    if value is None and name == "layers":
        with pytest.raises(UsageError):
            read_setting(Cake, name, text)
    else:
        read = read_setting(Cake, name, text)
        assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eggs", "0"),
        ("wishes", "eggs = 3"),
        ("wishes", 3),
        ("eggs", "1.5"),
        ("eggs", "two"),
        ("eggs", ""),
        ("eggs", "none"),
        ("eggs", 1.5),
        ("eggs", float("nan")),
        ("raisins", -1),
        ("flour", 0),
        ("flour", "nan"),
        ("flour", "inf"),
        ("flour", float("inf")),
        ("salt", -1e-9),
        ("cocoa", 1.01),
        ("form", "square"),
        ("form", "1,2"),
        ("minutes", "0"),
        ("layers", "3,x"),
    ],
)
def test_what_a_setting_cannot_hold_is_refused_with_its_name(name, value):
    with pytest.raises(UsageError) as caught:
        Cake(**{name: value})
    assert caught.value.code == "E102" and f"{name}=" in caught.value.what and caught.value.why


def test_a_typo_is_guessed_and_an_argument_without_a_name_refused():
    with pytest.raises(UsageError, match="Did you mean eggs"):
        Cake().but(egs=3)
    with pytest.raises(TypeError):
        Cake(egs=3)
    with pytest.raises(TypeError):
        Cake(3)


def test_a_copy_with_other_values_leaves_the_recipe_alone():
    cake = Cake()
    assert cake.but(eggs="5", minutes=3) == Cake(eggs=5, minutes=3)
    assert cake == Cake() and cake.settings()["eggs"] == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        cake.eggs = 3
