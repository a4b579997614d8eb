"""What looking at a table finds, and what it does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.demos import demo
from contrafact.tasks.look import look

ROWS = 600


def plain() -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {"x": random.normal(size=ROWS), "城市": random.choice(["Oslo", "北京"], ROWS), "y": random.integers(0, 2, ROWS)}
    )


def said(frame: pd.DataFrame, target: str | None = None) -> dict[str, str]:
    return {finding.code: finding.message for finding in look(frame, target).findings}


def test_a_plain_table_has_no_finding():
    assert said(plain(), "y") == {}


def test_each_column_is_told_what_it_is_taken_for():
    seen = look(plain().assign(id=np.arange(ROWS), when="2020-01-05"))
    assert {row["column"]: row["taken for"] for row in seen.schema} == {
        "x": "number",
        "城市": "category",
        "y": "integer",
        "id": "key",
        "when": "constant",
    }


@pytest.mark.parametrize(
    ("code", "names", "change"),
    [
        ("L105", "'n/a'", lambda f: f.assign(x=f["x"].round(1).astype(str).mask(f.index < 3, "n/a"))),
        ("L107", "'lists'", lambda f: f.assign(lists=[[1]] * ROWS)),
        ("L108", "'number'", lambda f: f.assign(number=np.arange(ROWS) + 7)),
        ("L109", "'note'", lambda f: f.assign(note=[f"patient {i} was seen again" for i in range(ROWS)])),
        ("L110", "1,200 levels", lambda f: pd.concat([f] * 4).assign(z=[f"z{i % 1200}" for i in range(4 * ROWS)])),
        ("L111", "'land' follows from '城市'", lambda f: f.assign(land=f["城市"].map({"Oslo": "NO", "北京": "CN"}))),
        ("L112", "'x' go with '城市'", lambda f: f.assign(x=f["x"].mask((f["城市"] == "Oslo") & (f["y"] == 1)))),
        ("L113", "'leak' alone tells", lambda f: f.assign(leak=(f["y"] + (f.index == 5)) % 2)),
    ],
)
def test_each_trouble_is_found_by_its_name(code, names, change):
    frame = change(plain().assign(城市=lambda f: f["城市"]))
    found = said(frame, "y")
    assert names in found[code]


def test_holes_by_chance_are_not_blamed_on_a_column():
    frame = plain()
    frame.loc[np.random.default_rng(1).random(ROWS) < 0.2, "x"] = np.nan
    assert "L112" not in said(frame)
    assert "'blood_pressure' go with 'age'" in said(demo("patients"))["L112"]


def test_odd_tables_are_looked_at_without_a_crash():
    for frame in (
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({"a": [None] * 3}),
        pd.DataFrame({(1, 2): [1, 2]}),
        pd.DataFrame({"a": [1, "x", None, 2.5]}),
        pd.DataFrame({"a": [np.inf, 1.0, 2.0], "b": [1, 2, 3]}),
    ):
        assert look(frame).headline
