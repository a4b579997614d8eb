"""Constraints hold in every row that methods of tables draw or fill, whatever the table and the constraints are."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contrafact
from contrafact.base.constraints import ConstraintWarning
from contrafact.base.errors import UsageError
from contrafact.codecs.table import COUNTED, TableCodec
from contrafact.zoo import Loom
from contrafact.zoo.index import INDEX, recipe

ABLE = [e.name for e in INDEX.values() if "constraints" in recipe(e.name)().settings()]
DRAWING = [name for name in ABLE if "sample" in INDEX[name].abilities]
FILLING = [name for name in ABLE if "impute" in INDEX[name].abilities]
TOY = {"steps": 1, "width": 8, "depth": 1, "batch": 32}
HELD = ("start <= end", "low < high", "0 <= dose <= 5", "combinations(city, country)", "unique(number)")


def visits(rows: int = 400, seed: int = 0, *, holes: bool = True) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 200, rows), "D")
    low, city = random.gamma(2, 2, rows), random.choice(["Ulm", "Bonn", "Lyon", "Nice", "北京"], rows)
    frame = pd.DataFrame(
        {
            "number": np.arange(rows) + 7,
            "start": start,
            "end": start + pd.to_timedelta(random.integers(0, 30, rows), "D"),
            "low": low,
            "high": low + random.exponential(2, rows) + 0.01,
            "dose": random.choice([0.0, 1.5, 5.0], rows) * 0.5 + random.uniform(0, 2.5, rows),
            "city": city,
            "country": pd.Series(city).map({"Ulm": "DE", "Bonn": "DE", "Lyon": "FR", "Nice": "FR", "北京": "CN"}),
        }
    )
    if not holes:
        return frame
    gone = pd.DataFrame(random.random(frame.shape) < 0.15, columns=frame.columns).assign(number=False)
    return frame.mask(gone).astype({"number": frame.number.dtype})


def wrong(frame: pd.DataFrame, real: pd.DataFrame) -> np.ndarray:
    """Mark rows that break `HELD`, by pandas alone."""
    pairs = set(map(tuple, real[["city", "country"]].dropna().to_numpy()))
    both = frame[["city", "country"]].notna().all(axis=1)
    unseen = both & ~pd.Series(map(tuple, frame[["city", "country"]].to_numpy()), index=frame.index).isin(pairs)
    off = (frame.start > frame.end) | (frame.low >= frame.high) | (frame.dose < 0) | (frame.dose > 5)
    return (off | unseen | frame.number.duplicated()).to_numpy()


def without_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Cut the line that makes countries follow from cities, so that a combination has something to hold."""
    return frame.assign(country=frame.country.where(frame.index % 9 > 0, "EU"))


def toy(name: str) -> Any:
    made = recipe(name).toy().but(constraints=HELD)
    return made.but(steps=3) if "steps" in made.settings() else made


def test_the_methods_of_tables_take_constraints():
    assert {"loom", "independent", "copula", "smote", "ctgan"} <= set(DRAWING)
    assert {"loom", "gain", "ice", "fill", "forest", "interpolate"} <= set(FILLING)


@pytest.mark.parametrize("name", DRAWING)
def test_every_drawn_row_keeps_them_also_given_conditions(name):
    real = without_pairs(visits(150 if name == "ctgan" else 400))
    model = toy(name).fit(real, seed=0)
    for wish in (None, {"country": "FR"}):
        try:
            drawn = model.sample(1100, given=wish, seed=1)
        except UsageError:
            assert name == "smote" and wish is not None  # it conditions on its target only
            continue
        assert not wrong(drawn, real).any() and (wish is None or (drawn.country == "FR").all())
        assert drawn.attrs[COUNTED]["broken"] == {} and drawn.attrs[COUNTED]["rows"] == 1100
    assert name != "loom" or drawn.attrs[COUNTED]["projected"] == 0


@pytest.mark.parametrize("name", FILLING)
def test_every_filled_row_keeps_them_but_for_what_observed_cells_break(name):
    if name == "forest":
        pytest.importorskip("lightgbm")
    real = without_pairs(visits(150 if name == "forest" else 400))
    asked = real.copy()
    asked.loc[3, ["start", "end"]] = [pd.Timestamp("2026-05-01"), pd.Timestamp("2026-02-01")]
    asked.loc[4, ["low", "high"]] = [3.0, np.nan]
    before = asked.copy(deep=True)
    model = toy(name).fit(real, seed=0)
    for filled in (model.impute(asked), *model.impute(asked, draws=2, seed=1)):
        assert np.flatnonzero(wrong(filled, real)).tolist() == [3]
        assert filled.attrs[COUNTED]["broken"] == {"start <= end": 1}
        assert all((filled[c][asked[c].notna()] == asked[c].dropna()).all() for c in asked)
    pd.testing.assert_frame_equal(asked, before)


def test_loom_keeps_them_by_construction_and_would_not_without_its_masks(monkeypatch):
    real = without_pairs(visits())
    model = Loom(**TOY, constraints=HELD).fit(real, seed=0)
    assert model.sample(2000, seed=1).attrs[COUNTED]["projected"] == 0
    assert model.sample(2000, seed=1, passes=1).attrs[COUNTED]["projected"] == 0
    assert model.impute(real, draws=1, seed=1)[0].attrs[COUNTED]["projected"] == 0
    monkeypatch.setattr(TableCodec, "plan", lambda codec, limits=None: None)
    assert model.sample(2000, seed=1).attrs[COUNTED]["projected"] > 500  # moved, and counted
    monkeypatch.setattr(TableCodec, "frame_of", lambda codec, cells, *_, **__: cells)
    cells, columns = model.sample(2000, seed=1), list(real.columns)
    assert (cells[columns.index("low")].numbers >= cells[columns.index("high")].numbers).any()


def test_columns_keep_their_shapes_and_what_goes_together_still_does():
    real = without_pairs(visits(2000, holes=False))
    settings_of = {"steps": 160, "width": 48, "depth": 1, "batch": 128}
    held, free = (
        Loom(**settings_of, constraints=texts).fit(real, seed=0).sample(4000, seed=1) for texts in (HELD, None)
    )
    for name in ("start", "end", "low", "high", "dose"):
        ranks = [np.searchsorted(np.sort(real[name]), frame[name]) / len(real) for frame in (held, free)]
        gaps = [np.abs(np.sort(own) - (np.arange(len(own)) + 0.5) / len(own)).max() for own in ranks]
        assert gaps[0] < max(gaps[1], 0.02) + 0.06, name
    shares = [frame.country.value_counts(normalize=True).sort_index() for frame in (held, real)]
    assert np.abs(shares[0] - shares[1]).max() < 0.08
    stays = [np.quantile((frame.end - frame.start).dt.days, np.linspace(0, 1, 21)) for frame in (held, free, real)]
    assert np.abs(stays[0] - stays[2]).mean() < np.abs(stays[1] - stays[2]).mean()


def test_conditions_that_no_row_can_keep_are_refused_by_name():
    real = without_pairs(visits())
    model = Loom(**TOY, constraints=HELD).fit(real, seed=0)
    for wish in ({"city": "Ulm", "country": "FR"}, {"start": "2026-06-01", "end": (None, "2026-02-01")}):
        with pytest.raises(UsageError, match="contradicts the constraint") as caught:
            model.sample(10, given=wish)
        assert caught.value.code == "E143"
    drawn = model.sample(500, given={"start": ("2026-03-01", "2026-04-01"), "city": "Lyon|Ulm"}, seed=0)
    assert drawn.start.between("2026-03-01", "2026-04-01").all() and not wrong(drawn, real).any()
    empty = model.sample(200, given={"end": None}, seed=0)  # a hole keeps what it has a part in
    assert empty.end.isna().all() and not wrong(empty, real).any()


def test_the_same_rows_come_whatever_the_cuts_and_after_saving(tmp_path):
    real = without_pairs(visits())
    model = Loom(**TOY, constraints=HELD).fit(real, seed=0)
    many, few = model.sample(1500, seed=3), model.sample(40, seed=3)
    pd.testing.assert_frame_equal(many.head(40), few)
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    pd.testing.assert_frame_equal(again.sample(40, seed=3), few)
    assert again.recipe.constraints == HELD and again.codec.rules.texts == HELD


FORMS = {
    "int": lambda x: np.floor(x * 3).astype(int),
    "small": lambda x: np.floor(x / 4).astype("int8"),
    "float": lambda x: x,
    "float32": lambda x: x.astype("float32"),
    "grid": lambda x: x.round(1),
    "text": lambda x: np.array([f"{v:.1f}" for v in x], dtype=object),
    "free": lambda x: np.array([repr(float(v)) for v in x], dtype=object),
    "Int64": lambda x: pd.array(np.floor(x * 2).astype(int), dtype="Int64"),
}
DATES = {
    "days": lambda x: pd.Timestamp("2026-01-01") + pd.to_timedelta(np.floor(x * 4), "D"),
    "minutes": lambda x: pd.Timestamp("2026-01-01") + pd.to_timedelta(np.floor(x * 999), "min"),
}


@st.composite
def cases(draw: Any) -> tuple[pd.DataFrame, list[str], list[tuple[str, str, bool]], float | None]:
    """Give a table, constraints, its pairs of columns in order, and a bound on its first column."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows, count = draw(st.integers(25, 200)), draw(st.integers(2, 4))
    dates = draw(st.booleans()) and draw(st.booleans())
    forms = DATES if dates else FORMS
    base, frame = random.normal(9, 5, rows), {}
    for number in range(count):
        frame[f"c{number}"] = pd.Series(forms[draw(st.sampled_from(sorted(forms)))](base))
        base = base + random.exponential(3, rows) * (random.random(rows) < 0.6)
        base = random.permutation(base) if draw(st.integers(0, 5)) == 0 else base  # real rows that break the order
    table = pd.DataFrame(frame)
    for name in table:
        if table[name].dtype.kind not in "iu" and draw(st.integers(0, 2)) == 0:
            table[name] = table[name].mask(random.random(rows) < 0.25)
    pairs = [(f"c{i}", f"c{i + 1}", draw(st.booleans())) for i in range(count - 1)]
    texts = [f"{low} {'<' if strict else '<='} {high}" for low, high, strict in pairs]
    bound = None if dates else draw(st.one_of(st.none(), st.floats(-2, 12).map(lambda x: round(x, 2))))
    if bound is not None:
        texts.append(f"c0 >= {bound}")
    return table, texts, pairs, bound


def off(frame: pd.DataFrame, pairs: list[tuple[str, str, bool]], bound: float | None) -> np.ndarray:
    read = {c: pd.to_numeric(frame[c]) if frame[c].dtype.kind not in "mM" else frame[c] for c in frame}
    found = np.zeros(len(frame), dtype=bool)
    for low, high, strict in pairs:
        bad = read[low] >= read[high] if strict else read[low] > read[high]
        found |= bad.fillna(False).to_numpy(dtype=bool)
    return found if bound is None else found | (read["c0"] < bound).fillna(False).to_numpy(dtype=bool)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_any_order_and_bound_holds_in_any_table(case):
    table, texts, pairs, bound = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstraintWarning)
        model = Loom(**TOY, constraints=texts).fit(table, seed=0)
        plain = recipe("independent")(constraints=texts).fit(table)
    for drawn in (model.sample(300, seed=1), plain.sample(300, seed=1)):
        assert not off(drawn, pairs, bound).any()
        assert (drawn.dtypes.astype(str) == table.dtypes.astype(str)).all()
    for filled in (model.impute(table), model.impute(table, draws=1, seed=1)[0]):
        told, broken = filled.attrs[COUNTED]["broken"], off(filled, pairs, bound)
        assert bool(broken.any()) == bool(told) and all(count <= broken.sum() for count in told.values())
        assert not (broken & table.notna().all(axis=1).to_numpy() & ~off(table, pairs, bound)).any()
