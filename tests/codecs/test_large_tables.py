"""A codec fitted to a file knows what no sample may miss, and its tokens on the disk are those in memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError
from contrafact.codecs import files, survey
from contrafact.codecs.files import TableFile
from contrafact.codecs.large import stored
from contrafact.codecs.table import TableCodec

ROWS = 6000


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 1024)
    monkeypatch.setattr(survey, "SAMPLE_ROWS", 1000)


def frame(rows: int = ROWS) -> pd.DataFrame:
    random = np.random.default_rng(0)
    age = random.integers(18, 90, rows)
    made = pd.DataFrame(
        {
            "number": np.arange(rows) + 500,
            "age": age,
            "born": 2020 - age,
            "income": random.lognormal(10, 1, rows).round(1),
            "city": random.choice([f"city {i}" for i in range(30)], rows),
            "rare": "usual",
            "steady": 1,
            "region": age % 4,
        }
    )
    made["district"] = np.array(["n", "s", "e", "w"])[made["region"]]
    made["income"] = made["income"].mask(random.random(rows) < 0.1)
    return made


def written(folder, made: pd.DataFrame) -> TableFile:
    made.to_parquet(folder / "a.parquet")
    return TableFile.open(folder / "a.parquet")


def test_with_a_sample_of_all_rows_the_codec_is_that_of_the_frame(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "SAMPLE_ROWS", ROWS)
    table = written(tmp_path, frame())
    own, whole = TableCodec.fit(table), TableCodec.fit(frame())
    assert own.to_json() == whole.to_json()
    encoded = whole.encode(frame())["tokens"]
    kept = stored(own, table)
    assert kept.dtype == encoded.dtype and (kept.rows(np.arange(ROWS)) == encoded).all()


def test_what_a_sample_would_miss_is_known(tmp_path):
    made = frame()
    made.loc[4321, ["rare", "age", "income", "city", "steady"]] = ["once", 117, 1e7 + 0.25, "atlantis", 0]
    codec = TableCodec.fit(written(tmp_path, made))
    known = {column.name: column for column in codec.schema}
    kinds = dict(zip(codec.names, codec.kinds, strict=True))
    assert known["number"].role == "key" and known["number"].origin == ROWS + 500
    assert known["rare"].words == ("once", "usual") and "atlantis" in known["city"].words
    assert kinds["rare"].counts.tolist() == [1, ROWS - 1]
    assert known["steady"].role == "integer" and kinds["steady"].counts.tolist() == [1, ROWS - 1]
    assert known["income"].step == 0.01 and kinds["income"].knots.max() == 1e7 + 0.25
    assert known["income"].holes == pytest.approx(made["income"].isna().mean())
    assert codec.schema.rows == ROWS
    decoded = codec.decode(codec.encode(made.iloc[[4321]]))
    assert decoded["city"].tolist() == ["atlantis"] and decoded["age"].tolist() == [117]


def test_one_hole_in_a_million_is_a_token(tmp_path):
    made = frame().assign(age=lambda f: f["age"].astype(float))
    made.loc[5999, "age"] = np.nan
    codec = TableCodec.fit(written(tmp_path, made))
    place = codec.names.index("age")
    assert codec.kinds[place].holes and codec.kinds[place].counts[-1] == 1


def test_a_rule_that_one_row_breaks_is_no_rule(tmp_path):
    made = frame()
    assert tied(TableCodec.fit(written(tmp_path, made))) == {"born", "region", "district"}  # all follow from the age
    made.loc[4321, "district"] = "n" if made.loc[4321, "district"] != "n" else "s"
    made.loc[1234, "born"] += 1
    assert tied(TableCodec.fit(written(tmp_path, made))) == {"region"}


def tied(codec: TableCodec) -> set[object]:
    return {name for name, tie in zip(codec.names, codec.ties, strict=True) if tie}


def test_tokens_are_counted_over_all_rows(tmp_path):
    made = frame()
    codec = TableCodec.fit(written(tmp_path, made))
    cells = codec.cells_of(made)
    for kind, part in zip(codec.kinds, cells, strict=True):
        if kind is not None:
            tokens = kind.encode(part)[0]
            assert kind.counts.tolist() == np.bincount(tokens, minlength=kind.size).tolist()


def test_more_levels_than_are_kept_are_said_to_be_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "MOST_LEVELS", 100)
    random = np.random.default_rng(0)
    made = frame().assign(street=random.choice([f"street {i}" for i in range(2000)], ROWS))
    with pytest.warns(UserWarning, match="levels in street"):
        codec = TableCodec.fit(written(tmp_path, made))
    street = codec.schema.columns[codec.schema.place("street")]
    assert 100 < len(street.words) < 2000


def test_an_infinite_number_is_named_with_its_row(tmp_path):
    made = frame()
    made.loc[4321, "income"] = np.inf
    with pytest.raises(DataError, match="Row 4321 of column 'income' holds inf"):
        TableCodec.fit(written(tmp_path, made))


def test_levels_beyond_the_sample_sort_as_all_others_do(tmp_path):
    made = frame()
    own = TableCodec.fit(written(tmp_path, made)).schema
    whole = TableCodec.fit(made).schema
    for one, other in zip(own, whole, strict=True):
        assert dataclasses.replace(one, holes=0.0) == dataclasses.replace(other, holes=0.0)
