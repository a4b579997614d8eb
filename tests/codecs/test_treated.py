"""Tables with a treatment and an outcome: what becomes of columns, and what is refused by name."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.codecs.treated import TreatedCodec


def table(rows: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "年齡": random.normal(50, 10, rows),
            "城市": random.choice(["北京", "Oslo", "Rome"], rows),
            "smokes": random.random(rows) > 0.5,
            "seen": pd.date_range("2020-01-01", periods=rows),
            "drug": random.choice(["no", "yes"], rows),
            "ldl": random.normal(size=rows),
        }
    )
    frame.loc[[3, 9], "年齡"] = np.nan
    return frame


def fitted(frame: pd.DataFrame, **names: str) -> TreatedCodec:
    return TreatedCodec.fit(frame, **{"treatment": "drug", "outcome": "ldl", **names})


def test_columns_become_numbers_and_holes_a_column_of_their_own():
    frame = table()
    codec = fitted(frame)
    rows = codec.encode(frame)
    names = [name for name, _ in codec.columns]
    assert names == ["年齡", "城市", "城市", "城市", "smokes", "seen", "年齡"] and codec.columns[-1][1] == "missing"
    assert rows["x"].shape == (60, codec.width) and np.isfinite(rows["x"]).all()
    assert rows["x"][[3, 9], 0].tolist() == [0, 0] and rows["x"][:, -1].sum() == 2
    np.testing.assert_allclose(rows["x"][:, 1:-1].mean(0), 0, atol=1e-6)
    assert rows["t"].tolist() == (frame["drug"] == "yes").astype(int).tolist()
    np.testing.assert_allclose(rows["y"] * codec.spread + codec.middle, frame["ldl"], rtol=1e-5, atol=1e-6)


def test_a_codec_comes_back_from_json_and_reads_columns_in_any_order():
    frame = table()
    codec = fitted(frame)
    again = TreatedCodec.from_json(json.loads(json.dumps(codec.to_json())))
    turned = frame[frame.columns[::-1]]
    np.testing.assert_array_equal(again.encode(turned)["x"], codec.encode(frame)["x"])
    np.testing.assert_array_equal(again.covariates(frame.drop(columns=["drug", "ldl"])), codec.covariates(frame))


def test_an_array_is_read_by_the_order_of_its_columns():
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(30, 3)), columns=["a", "b", "ldl"])
    frame["drug"] = np.arange(30) % 2
    codec = fitted(frame)
    np.testing.assert_array_equal(codec.covariates(frame[["a", "b"]].to_numpy()), codec.covariates(frame))
    with pytest.raises(DataError, match="2 covariates: a, b") as caught:
        codec.covariates(np.zeros((4, 3)))
    assert caught.value.code == "E205"


def test_levels_keep_their_order_and_outcomes_of_two_words_count_the_second():
    frame = table()
    frame["drug"] = pd.Categorical(np.arange(60) % 3, [2, 0, 1], ordered=True)
    frame["ldl"] = np.where(frame["smokes"], "well", "ill")
    codec = fitted(frame)
    assert codec.arms == (2, 0, 1) and codec.levels == ("ill", "well")
    assert codec.outcomes(frame).tolist() == frame["smokes"].astype(float).tolist()
    strange = frame.assign(drug=7)
    with pytest.raises(DataError, match="holds 7") as caught:
        codec.treatments(strange)
    assert caught.value.code == "E574"


def test_what_never_varies_is_no_column():
    frame = table()[["drug", "ldl"]].assign(same=1)
    assert fitted(frame).width == 0 and fitted(frame).encode(frame)["x"].shape == (60, 0)


@pytest.mark.parametrize(
    ("change", "names", "code", "says"),
    [
        (lambda f: f, {"treatment": None}, "E570", "treatment"),
        (lambda f: f, {"outcome": None}, "E570", "outcome"),
        (lambda f: f, {"treatment": "drugs"}, "E571", "Did you mean drug"),
        (lambda f: f, {"treatment": "ldl"}, "E571", "at once"),
        (lambda f: f.assign(drug=f["drug"].where(f.index > 3)), {}, "E572", "4 holes"),
        (lambda f: f.assign(ldl=f["ldl"].where(f.index > 0)), {}, "E572", "row 0"),
        (lambda f: f.assign(drug="yes"), {}, "E573", "never varies"),
        (lambda f: f.assign(drug=np.arange(60.0)), {}, "E574", "60 values"),
        (lambda f: f.assign(drug=(np.arange(60) < 3) * 1), {}, "E575", "3 rows"),
        (lambda f: f.assign(ldl=f["城市"]), {}, "E576", "words"),
        (lambda f: f.assign(ldl=2.0), {}, "E576", "never varies"),
        (lambda f: f.assign(ldl=f["ldl"].where(f.index != 5, np.inf)), {}, "E204", "ldl"),
        (lambda f: f.head(0), {}, "E573", "never varies"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_remedy(change, names, code, says):
    with pytest.raises(ContrafactError) as caught:
        fitted(change(table()), **names)
    assert caught.value.code == code and caught.value.why and caught.value.fix
    assert says in f"{caught.value.what} {caught.value.why}"
    assert isinstance(caught.value, UsageError) == (code in ("E570", "E571"))
