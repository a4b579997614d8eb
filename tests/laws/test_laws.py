"""What every method must hold to, whatever it is: a new one is one more line in the index and in nothing here."""

from __future__ import annotations

import copy
import dataclasses
import random
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.abilities import abilities
from contrafact.base.data import Data, fingerprint
from contrafact.base.demo_texts import reviews
from contrafact.base.demos import changes, demo, ring
from contrafact.base.errors import ContrafactError, StorageError, UsageError
from contrafact.zoo.index import INDEX, Entry, find, recipe, settings_of

ZOO = Path(contrafact.__file__).parent / "zoo"
ENTRIES = list(INDEX.values())
TRAINED = [entry for entry in ENTRIES if hasattr(recipe(entry.name), "training")]
OF_NUMBERS = [entry for entry in ENTRIES if "vectors" in entry.kinds]
OF_TEXT = [entry for entry in ENTRIES if "text" in entry.kinds and "sample" in entry.abilities]
OF_PICTURES = [entry for entry in TRAINED if "pictures" in entry.kinds and "sample" in entry.abilities]
MIXED = ("r3gan",)  # of the methods over vectors that also see tables of more than numbers, one
OF_SOUND = [entry for entry in ENTRIES if "sound" in entry.kinds]
OF_SERIES = [entry for entry in ENTRIES if "series" in entry.kinds]
OF_TABLES = [
    e
    for e in ENTRIES
    if "table" in e.kinds and ("vectors" not in e.kinds or e.name in MIXED) and "sample" in e.abilities
]
BITS = np.random.default_rng(0).integers(0, 2, (300, 3))
TOY_SECONDS = 0.3
MANY, MANY_DEAR = 2500, 200
TOY_SECONDS_OF_PICTURES = 1.0  # and of sound, which is looked at as pictures, and of series, drawn step by step


def hums(count: int = 64, samples: int = 512) -> Data:
    """Hum low and high, a clip a few milliseconds."""
    draw, time = np.random.default_rng(0), np.arange(samples) / 8000
    pitch = np.where(np.arange(count) % 2, 900, 300) * draw.uniform(0.9, 1.1, count)
    waves = np.sin(2 * np.pi * pitch[:, None] * time) + 0.1 * draw.normal(size=(count, samples))
    labels = np.where(np.arange(count) % 2, "high", "low")
    return Data(kind="sound", items=(waves / 2).astype(np.float32), labels=labels, name="hums", rate=8000)


def plants(count: int = 12, steps: int = 30) -> pd.DataFrame:
    """Watch plants of two kinds grow by day: numbers with holes, a state, and what each plant is."""
    draw, hours = np.random.default_rng(0), np.arange(steps)
    frames = []
    for number in range(count):
        swing = np.sin(2 * np.pi * (hours + number) / 8) + number % 2 + 0.1 * draw.normal(size=steps)
        frame = pd.DataFrame({"plant": number, "when": pd.date_range("2024-01-01", periods=steps, freq="h")})
        frame = frame.assign(sap=swing.round(2), light=2 * swing, leaf=np.where(swing > 0.5, "open", "shut"))
        frames.append(frame.assign(kind=["fern", "moss"][number % 2]))
    made = pd.concat(frames, ignore_index=True)
    made.loc[draw.random(len(made)) < 0.05, "sap"] = np.nan
    made.attrs["kind"] = "series"
    return made


@dataclasses.dataclass(frozen=True)
class Diet:
    """A method and a kind of data that it eats."""

    entry: Entry
    kind: str

    @property
    def data(self) -> Any:
        """Small data of this kind: lines, pictures, a table with holes, zeros and ones, or points."""
        if self.kind == "table":
            return demo("patients").head(300)
        if self.kind == "pictures":
            return demo("digits").take(range(64))
        if self.kind == "text":
            return reviews(60) if self.entry.name == "causalgan" else changes(60)  # lines with attributes
        if self.kind == "sound":
            return hums()
        if self.kind == "series":
            return plants()
        return BITS if self.entry.name == "bernoulli" else ring(300)


DIETS = [
    *(Diet(entry, "vectors") for entry in OF_NUMBERS),
    *(Diet(entry, "text") for entry in OF_TEXT),
    *(Diet(entry, "pictures") for entry in OF_PICTURES),
    *(Diet(entry, "sound") for entry in OF_SOUND),
    *(Diet(entry, "series") for entry in OF_SERIES),
    *(Diet(entry, "table") for entry in OF_TABLES),
]


def named(entry: Entry) -> str:
    return entry.name


def fed(diet: Diet) -> str:
    return diet.entry.name + (f"-{diet.kind}" if diet.kind in ("pictures", "table") else "")


def toy(entry: Entry) -> Any:
    return recipe(entry.name).toy()


def quick(entry: Entry, steps: int = 4) -> Any:
    """Give the toy settings, cut to a few steps where steps are made."""
    return toy(entry).but(steps=steps) if "steps" in toy(entry).settings() else toy(entry)


def plain(items: Any) -> Any:
    """Give what can be compared with ==."""
    items = items.items if isinstance(items, Data) else items
    if getattr(items, "attrs", {}).get("kind") == "series":  # an item is a series, not a row
        held = items.drop(columns=items.attrs["id"]).groupby(items[items.attrs["id"]], sort=False)
        return [part.astype(object).where(part.notna(), None).to_numpy().tolist() for _, part in held]
    if hasattr(items, "columns"):
        return items.astype(object).where(items.notna(), None).to_numpy().tolist()
    return np.asarray(items).tolist()


@dataclasses.dataclass
class Fitted:
    diet: Diet
    data: Any
    model: Any
    seconds: float

    @property
    def entry(self) -> Entry:
        return self.diet.entry


@pytest.fixture(scope="module", params=DIETS, ids=fed)
def fitted(request: pytest.FixtureRequest) -> Fitted:
    diet = request.param
    data, settings = diet.data, toy(diet.entry)
    settings.but(**({"steps": 2} if "steps" in settings.settings() else {})).fit(data)  # torch warms up
    began = time.process_time()
    model = settings.fit(data, seed=1)
    return Fitted(diet, data, model, time.process_time() - began)


def test_every_method_eats_something():
    translators = {entry.name for entry in ENTRIES if "sample" not in entry.abilities}  # they have laws of their own
    assert {diet.entry.name for diet in DIETS} | translators == set(INDEX)


def test_index_and_files_name_the_same_methods():
    files = {path.stem for path in ZOO.glob("*.py")} - {"__init__", "index"}
    assert files == set(INDEX)
    assert all(find(entry.recipe) is entry is find(entry.name.upper()) for entry in ENTRIES)
    assert all(getattr(contrafact.zoo, entry.recipe) is recipe(entry.name) for entry in ENTRIES)
    assert {entry.recipe for entry in ENTRIES} <= set(contrafact.zoo.__all__)


def test_a_model_has_the_abilities_that_the_index_lists(fitted):
    assert set(fitted.entry.abilities) | {"save"} == set(abilities(fitted.model))


def test_toy_settings_fit_in_a_blink(fitted):
    slow = fitted.diet.kind in ("pictures", "sound", "series")
    assert fitted.seconds <= (TOY_SECONDS_OF_PICTURES if slow else TOY_SECONDS)


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_every_setting_is_read_from_the_source_with_what_it_does(entry):
    stated, kind = settings_of(entry.name), recipe(entry.name)
    assert [setting.name for setting in stated] == [field.name for field in dataclasses.fields(kind)]
    assert all(setting.meaning.strip() and setting.type and setting.default for setting in stated)
    assert {s.name: kind().settings()[s.name] for s in stated} == kind().settings()


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_recipes_are_frozen_and_take_known_settings_by_name_only(entry):
    kind = recipe(entry.name)
    first = dataclasses.fields(kind)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(kind(), first, 1)
    with pytest.raises(TypeError):
        kind(1)
    with pytest.raises(TypeError, match="nonsense"):
        kind(nonsense=1)
    with pytest.raises(UsageError, match=f"Did you mean {first}") as caught:
        kind().but(**{first + "x": 1})
    assert caught.value.code == "E101"
    assert kind() == kind() and kind().but() == kind()


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_every_setting_refuses_what_it_cannot_hold(entry):
    for field in dataclasses.fields(recipe(entry.name)):
        if "str" in str(field.type).split(" | "):
            continue  # the name of a column may be any text
        with pytest.raises(UsageError) as caught:
            recipe(entry.name)(**{field.name: "nonsense"})
        assert caught.value.code == "E102" and field.name in caught.value.what


def test_the_same_seed_gives_the_same_model(fitted):
    again = toy(fitted.entry).fit(fitted.data, seed=1)
    assert again.files(with_critic=True) == fitted.model.files(with_critic=True)


def test_fitting_and_sampling_leave_the_input_and_the_global_randomness_alone(fitted):
    import torch

    data = copy.deepcopy(fitted.data)
    before = fingerprint(data), random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    model = quick(fitted.entry).fit(data, seed=3)
    model.sample(5)
    after = fingerprint(data), random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert before == after


def many(fitted) -> int:
    """Say how many items lie in several blocks: blocks of pictures, clips and series are small."""
    return MANY_DEAR if fitted.diet.kind in ("pictures", "sound", "series") else MANY


@pytest.mark.parametrize("share", [0, 1, 7, 0.4096, 1.0])
def test_a_sample_has_as_many_items_as_asked_for_of_the_kind_that_was_fitted(fitted, share):
    n = share if isinstance(share, int) else round(share * many(fitted))
    drawn = fitted.model.sample(n, seed=0)
    count = len(plain(drawn)) if fitted.diet.kind == "series" else len(drawn)
    assert count == n and type(drawn) is type(fitted.data)
    items, real = (side.items if isinstance(side, Data) else side for side in (drawn, fitted.data))
    if hasattr(real, "columns"):
        assert list(items.columns) == list(real.columns)
        assert n == 0 or (items.dtypes == real.dtypes).all()
    elif isinstance(real, np.ndarray):
        assert items.dtype == real.dtype and items.shape[1:] == real.shape[1:]
    else:
        assert all(isinstance(item, str) for item in items)


def test_a_sample_is_the_start_of_a_longer_one(fitted):
    count = many(fitted)
    whole = plain(fitted.model.sample(count, seed=5))
    assert plain(fitted.model.sample(7, seed=5)) == whole[:7]
    assert plain(fitted.model.sample(round(0.41 * count), seed=5)) == whole[: round(0.41 * count)]
    assert plain(fitted.model.sample(7, seed=6)) != whole[:7]
    assert plain(fitted.model.sample(40)) != plain(fitted.model.sample(40))


def test_fewer_than_no_items_are_refused_by_name(fitted):
    with pytest.raises(UsageError) as caught:
        fitted.model.sample(-1)
    assert caught.value.code == "E104"


def test_a_condition_that_the_model_does_not_know_is_refused_by_name(fitted):
    with pytest.raises(UsageError) as caught:
        fitted.model.sample(1, given={"nonsense": 1})
    assert caught.value.code in ("E105", "E109")


@pytest.mark.parametrize("with_critic", [False, True])
def test_a_saved_model_comes_back_the_same(fitted, with_critic, tmp_path):
    fitted.model.save(tmp_path / "m", with_critic=with_critic)
    again = contrafact.load(tmp_path / "m")
    assert again.recipe == fitted.model.recipe
    assert plain(again.sample(50, seed=2)) == plain(fitted.model.sample(50, seed=2))
    assert again.files(with_critic) == fitted.model.files(with_critic)
    if "log_prob" in fitted.entry.abilities:
        np.testing.assert_array_equal(again.log_prob(fitted.data), fitted.model.log_prob(fitted.data))
    if "encode" in fitted.entry.abilities:
        np.testing.assert_array_equal(again.encode(fitted.data), fitted.model.encode(fitted.data))
    if "critic" in fitted.entry.abilities and with_critic:
        np.testing.assert_array_equal(again.critic(fitted.data), fitted.model.critic(fitted.data))
        assert plain(again.refine(9, seed=1)) == plain(fitted.model.refine(9, seed=1))
    elif "critic" in fitted.entry.abilities:
        for ask in (lambda: again.critic(fitted.data), lambda: again.refine(1)):
            with pytest.raises(UsageError) as caught:
                ask()
            assert caught.value.code == "E110"


def test_a_saved_model_with_a_flipped_bit_is_refused_and_the_file_is_named(fitted, tmp_path):
    fitted.model.save(tmp_path / "whole")
    for file in sorted((tmp_path / "whole").iterdir()):
        for place in (0, 0.5, 0.999):
            shutil.copytree(tmp_path / "whole", tmp_path / "copy")
            payload = bytearray(file.read_bytes())
            payload[int(place * len(payload))] ^= 1
            (tmp_path / "copy" / file.name).write_bytes(payload)
            with pytest.raises(StorageError, match=file.name):
                contrafact.load(tmp_path / "copy")
            shutil.rmtree(tmp_path / "copy")


@pytest.mark.parametrize("diet", [diet for diet in DIETS if diet.entry in TRAINED], ids=fed)
def test_stopping_and_resuming_is_one_fit(diet, tmp_path):
    data, settings = diet.data, toy(diet.entry)
    if diet.kind in ("pictures", "sound") or (settings.steps or 18) < 14:
        settings = settings.but(steps=18)  # a lazy penalty comes in steps 0 and 16
    whole = settings.fit(data, seed=4)
    parts = settings.training(data, seed=4, run_dir=tmp_path / "r")
    for progress in parts:
        if progress.step >= 14:
            break
    del parts
    resumed = settings.training(data, seed=4, run_dir=tmp_path / "r")
    assert next(iter(resumed)).step > 10
    del resumed
    assert settings.fit(data, seed=4, run_dir=tmp_path / "r").files(with_critic=True) == whole.files(with_critic=True)
    assert plain(contrafact.load(tmp_path / "r").sample(9, seed=0)) == plain(whole.sample(9, seed=0))


@pytest.mark.parametrize("diet", DIETS, ids=fed)
def test_fitting_again_in_the_same_folder_gives_the_same_and_other_data_another_folder(diet, tmp_path):
    data, settings = diet.data, quick(diet.entry)
    first = settings.fit(data, seed=1, run_dir=tmp_path / "r").files()
    assert settings.fit(data, seed=1, run_dir=tmp_path / "r").files() == first
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    other = data.take(range(50)) if isinstance(data, Data) else data[:50]
    settings.fit(other, seed=1, run_dir=tmp_path / "r")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r", "r-2"]
    assert contrafact.load(tmp_path / "r").files() == first


def numbers() -> dict[str, Any]:
    """Give tables and arrays that hurt."""
    draw = np.random.default_rng(0)
    points, bits = draw.normal(size=(50, 2)), draw.integers(0, 2, (50, 2))
    holed, far = points.copy(), points.copy()
    holed[3, 1], far[3, 1] = np.nan, np.inf
    nullable = pd.DataFrame(
        {
            "n": pd.array(bits[:, 0], dtype="Int64"),
            "yes": pd.array(bits[:, 1] > 0, dtype="boolean"),
            "x": 1.0 * bits[:, 0],
        }
    )
    return {
        "NaN": holed,
        "infinite": far,
        "no rows": points[:0],
        "no columns": points[:, :0],
        "one row": points[:1],
        "two rows": bits[:2],
        "one column": points[:, :1],
        "a flat array": bits[:, 0],
        "a constant column": np.column_stack([bits[:, 0], np.ones(50)]),
        "nothing but constants": np.ones((50, 2)),
        "nearly nothing but constants": np.vstack([np.zeros((60, 2)), [[1, 1]]]),
        "all missing": np.full((50, 2), np.nan),
        "1e30": 1e30 * points,
        "1e299": 1e299 * points,
        "1e305": 1e305 * points,
        "one outlier": np.vstack([points, [[1e30, 0]]]),
        "1e-30": 1e-30 * points,
        "1e-305": 1e-305 * points,
        "far from zero": 1e15 + points,
        "integers": draw.integers(0, 9, (50, 2)),
        "huge whole numbers": draw.integers(0, 2**63, (50, 2), dtype=np.uint64),
        "booleans": bits > 0,
        "half floats": points.astype(np.float16),
        "items of two axes": draw.integers(0, 2, (50, 2, 2)),
        "nested lists": bits.tolist(),
        "ragged lists": [[1, 2], [3]],
        "columns of one name": pd.DataFrame(bits, columns=["a", "a"]),
        "strange names": pd.DataFrame(bits, columns=["血 型", "<script>alert(1)</script>\x1b[31m"]),
        "numbers for names": pd.DataFrame(bits),
        "nullable columns": nullable,
        "nullable holes": nullable.mask(nullable["x"] > 0),
        "an index of one value": pd.DataFrame(bits, index=[1] * 50),
        "text": pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}),
        "dates": pd.DataFrame({"a": pd.date_range("2020", periods=5)}),
        "categories": pd.DataFrame({"a": pd.Categorical([1, 2, 1])}),
        "an int of 400 digits": pd.DataFrame({"a": [10**400, 1]}),
        "complex numbers": points * 1j,
        "nothing": None,
        "a word": "hello",
        "a number": 3,
        "a dictionary": {"a": [1, 2]},
        "lines": ["ab", "c"],
    }


def lines() -> dict[str, Any]:
    """Give texts that hurt."""
    return {
        "nothing": [],
        "empty lines only": ["", ""],
        "an empty line among others": ["ab", "", "ba"],
        "one line": ["abc"],
        "one symbol": ["a"],
        "the same line over and over": ["aaaa"] * 20,
        "Chinese": ["春眠不覺曉", "處處聞啼鳥"],
        "emoji": ["😀👩‍👩‍👧 ok", "e\u0301"],
        "markup and control codes": ["<script>\x1b[31m", "\x00\u202e"],
        "a lone surrogate": ["a\udcff", "b"],
        "line breaks": ["a\nb", "c\u2028d"],
        "blanks": ["   ", "\t"],
        "a very long line": ["ab" * 5000],
        "lists of tokens": [[1, "x"], ["x"]],
        "lists of floats": [[1.5], [2.5]],
        "bytes": [b"ab"],
        "one word": "hello",
        "a table": pd.DataFrame({"a": ["x"]}),
        "nobody": None,
        "mixed lines": ["ab", 3],
        "data without an item": Data(kind="text", items=[]),
    }


def pictures() -> dict[str, Any]:
    """Give pictures that hurt."""
    draw = np.random.default_rng(0)

    def some(*shape: int, kind: Any = np.uint8) -> np.ndarray:
        return draw.integers(0, 256, shape).astype(kind)

    def told(items: Any, labels: Any = None) -> Data:
        return Data(kind="pictures", items=items, labels=None if labels is None else np.asarray(labels))

    few = some(12, 6, 6)
    return {
        "no pictures": told(few[:0], []),
        "one picture": told(few[:1], ["a"]),
        "three pictures": told(few[:3], ["a", "b", "a"]),
        "all the same": told(np.repeat(few[:1], 12, axis=0), ["a", "b"] * 6),
        "one pixel": told(some(12, 1, 1), ["a", "b"] * 6),
        "one pixel high": told(some(12, 1, 9), ["a", "b"] * 6),
        "tall and narrow": told(some(12, 60, 2), ["a", "b"] * 6),
        "black but for one pixel": told(np.eye(36, dtype=np.uint8).reshape(36, 6, 6) * 255, ["a", "b"] * 18),
        "colours": told(some(12, 6, 6, 3), ["a", "b"] * 6),
        "five channels": told(some(12, 5, 7, 5), ["a", "b"] * 6),
        "sixteen bits": told(200 * some(12, 6, 6, kind=np.uint16), ["a", "b"] * 6),
        "one class": told(few, ["a"] * 12),
        "a class for each": told(few, np.arange(12)),
        "a class of one": told(few, ["a"] * 11 + ["b"]),
        "no classes": told(few),
        "captions": told(few, ["ein roter Balken", "blauer Balken!", ""] * 4),
        "Chinese classes": told(few, ["七 紅", "<script>\x1b[31m"] * 6),
        "pictures of floats": told(few.astype(float), ["a", "b"] * 6),
        "a bare array": some(12, 6, 6, 3),
    }


def sounds() -> dict[str, Any]:
    """Give clips that hurt."""
    draw = np.random.default_rng(0)

    def told(items: Any, labels: Any = None, rate: int | None = 8000) -> Data:
        return Data(kind="sound", items=items, labels=None if labels is None else np.asarray(labels), rate=rate)

    few = hums(12).items
    holed = few.copy()
    holed[3, 7] = np.nan
    return {
        "no clips": told(few[:0], []),
        "one clip": told(few[:1], ["a"]),
        "three clips": told(few[:3], ["a", "b", "a"]),
        "all the same": told(np.repeat(few[:1], 12, axis=0), ["a", "b"] * 6),
        "silence": told(0 * few, ["a", "b"] * 6),
        "half of it silence": told(few * (np.arange(12) % 2)[:, None], ["a", "b"] * 6),
        "holes": told(holed, ["a", "b"] * 6),
        "whole numbers": told((20_000 * few).astype(np.int16), ["a", "b"] * 6),
        "unequal lengths": told([clip[: 40 * (place + 1)] for place, clip in enumerate(few)], ["a", "b"] * 6),
        "one sample each": told(draw.normal(size=(12, 1)).astype(np.float32), ["a", "b"] * 6),
        "a click": told(np.eye(12, 512, dtype=np.float32), ["a", "b"] * 6),
        "an odd rate": told(few, ["a", "b"] * 6, rate=11_025),
        "a very low rate": told(few, ["a", "b"] * 6, rate=100),
        "no rate": told(few, ["a", "b"] * 6, rate=None),
        "one class": told(few, ["a"] * 12),
        "a class for each": told(few, np.arange(12)),
        "no classes": told(few),
        "Chinese classes": told(few, ["七 紅", "<script>\x1b[31m"] * 6),
        "two channels": told(np.stack([few, few], axis=2), ["a", "b"] * 6),
    }


def courses() -> dict[str, Any]:
    """Give series that hurt."""
    draw, day = np.random.default_rng(0), pd.date_range("2024-01-01", periods=60, freq="D")
    usual = pd.DataFrame({"date": day, "x": draw.normal(size=60), "y": draw.normal(size=60).round(1)})
    holed, empty = usual.copy(), usual.copy()
    holed.loc[10:30, ["x", "y"]], empty[["x", "y"]] = np.nan, np.nan
    lengths = np.repeat(np.arange(6), [1, 2, 5, 9, 20, 23])
    panel = usual.assign(unit=lengths)
    return {
        "no rows": usual[:0],
        "one row": usual[:1],
        "three rows": usual[:3],
        "five rows": usual[:5],
        "all missing": empty,
        "a long gap": holed,
        "nothing but the time": usual[["date"]],
        "a constant": usual.assign(x=1.0),
        "nothing but constants": usual.assign(x=1.0, y=2),
        "time stamps that come twice": pd.concat([usual, usual[:5]]),
        "time stamps that are missing": usual.assign(date=usual["date"].where(draw.random(60) < 0.9)),
        "out of order": usual.sample(frac=1, random_state=0),
        "uneven steps": usual.assign(date=day + pd.to_timedelta(draw.integers(0, 10**9, 60), "ms")),
        "half the steps": usual[draw.random(60) < 0.5],
        "a stamp far away": usual.assign(date=[pd.Timestamp("1970-01-01"), *day[1:]]),
        "months": usual.assign(date=pd.date_range("2020-01-31", periods=60, freq="ME")),
        "business days": usual.assign(date=pd.bdate_range("2024-01-01", periods=60)),
        "a zone": usual.assign(date=day.tz_localize("Asia/Shanghai")),
        "text for dates": usual.assign(date=day.strftime("%d.%m.%Y")),
        "no time": usual[["x", "y"]],
        "unequal lengths": panel,
        "names for series": panel.assign(unit=panel["unit"].map("unit {}".format)),
        "Chinese names": panel.rename(columns={"x": "温度", "unit": "编号", "date": "时间"}),
        "only words": usual.assign(x=np.where(usual["x"] > 0, "on", "off"))[["date", "x"]],
        "words among numbers": usual.assign(x=[*usual["x"].astype(str)[1:], "n/a"]),
        "1e30": usual.assign(x=1e30 * usual["x"]),
        "one outlier": usual.assign(x=[1e12, *usual["x"][1:]]),
        "infinite": usual.assign(x=[np.inf, *usual["x"][1:]]),
        "whole numbers": usual.assign(x=draw.integers(0, 5, 60)),
        "booleans": usual.assign(x=usual["x"] > 0),
        "nullable": usual.assign(x=pd.array(draw.integers(0, 99, 60), dtype="Int64")).mask(usual["x"] > 1),
        "a trend": usual.assign(x=np.arange(60) + 0.5),
        "nothing": None,
    }


def try_everything(entry: Entry, data: Any) -> None:
    """Fit, draw, score and save: each gives a result or one of our errors, and no warning."""
    try:
        model = quick(entry, 2 if isinstance(data, Data) else 4).fit(data, seed=0)
    except ContrafactError as error:
        assert error.code.startswith(("E2", "E6")) and error.what and error.why and error.fix
        return
    drawn = model.sample(9, seed=0)
    if "series" in entry.kinds:
        try_the_rest(model, data, drawn)
        return
    assert len(drawn) == 9
    if "log_prob" in entry.abilities:
        scored = model.log_prob(drawn)
        assert scored.shape == (9,) and np.isfinite(scored).all()
        assert model.log_prob(data).shape == (len(data),)
    if "encode" in entry.abilities:
        encoded = np.asarray(model.encode(data))
        assert encoded.ndim == 2 and len(encoded) == len(data) and np.isfinite(encoded).all()
    if "critic" in entry.abilities:
        assert np.isfinite(model.critic(data)).all()
        assert len(model.refine(3, seed=0)) == 3
    if isinstance(data, Data) and data.kind == "pictures":
        assert drawn.items.shape[1:] == data.items.shape[1:] and drawn.items.dtype == data.items.dtype
    if hasattr(data, "columns"):
        assert drawn.columns.tolist() == data.columns.tolist() and drawn.dtypes.tolist() == data.dtypes.tolist()
    try:
        model.files(with_critic=True)
    except ContrafactError as error:
        assert error.code == "E208"


def try_the_rest(model: Any, data: Any, drawn: Any) -> None:
    """Fill and continue series, and compare what comes out with what went in."""
    assert len(plain(drawn)) == 9
    assert [str(kind) for name, kind in drawn.dtypes.items() if name in data] == [str(kind) for kind in data.dtypes]
    if hasattr(model, "impute"):
        for filled in (model.impute(data), *model.impute(data, draws=1, seed=0)):
            pd.testing.assert_frame_equal(filled.where(data.notna()), data.where(data.notna()), check_dtype=False)
            moving = [v.column.name for v in model.codec.variables if v.column.name in data]
            assert not filled[moving].isna().any().any()
    if hasattr(model, "forecast"):
        ahead = model.forecast(data, 3)
        assert list(ahead.columns) == list(data.columns) and len(ahead) == 3 * model.codec.series
    if hasattr(model, "log_prob"):
        assert model.log_prob(data).shape == (model.codec.series,)
    model.files(with_critic=True)


@pytest.mark.parametrize("entry", OF_NUMBERS, ids=named)
@pytest.mark.parametrize("case", numbers())
def test_numbers_that_hurt_give_a_result_or_a_named_error(entry, case):
    try_everything(entry, numbers()[case])


@pytest.mark.parametrize("entry", OF_TEXT, ids=named)
@pytest.mark.parametrize("case", lines())
def test_text_that_hurts_gives_a_result_or_a_named_error(entry, case):
    try_everything(entry, lines()[case])


@pytest.mark.parametrize("entry", OF_PICTURES, ids=named)
@pytest.mark.parametrize("case", pictures())
def test_pictures_that_hurt_give_a_result_or_a_named_error(entry, case):
    try_everything(entry, pictures()[case])


@pytest.mark.parametrize("entry", OF_SOUND, ids=named)
@pytest.mark.parametrize("case", sounds())
def test_sound_that_hurts_gives_a_result_or_a_named_error(entry, case):
    try_everything(entry, sounds()[case])


@pytest.mark.parametrize("entry", OF_SERIES, ids=named)
@pytest.mark.parametrize("case", courses())
def test_series_that_hurt_give_a_result_or_a_named_error(entry, case):
    try_everything(entry, courses()[case])


@pytest.mark.parametrize("entry", OF_NUMBERS, ids=named)
def test_missing_and_infinite_cells_are_named_by_row_and_column(entry):
    for case in ("NaN", "infinite"):
        with pytest.raises(ContrafactError, match="Row 3 of column 'x1'") as caught:
            quick(entry).fit(numbers()[case])
        assert caught.value.code == "E204"


@pytest.mark.parametrize("entry", OF_NUMBERS, ids=named)
def test_a_run_folder_holds_frames_of_mixed_types(entry, tmp_path):
    frame = numbers()["nullable columns"]
    quick(entry).fit(frame, run_dir=tmp_path / "r")
    drawn = contrafact.load(tmp_path / "r").sample(5, seed=0)
    assert drawn.dtypes.tolist() == frame.dtypes.tolist()
