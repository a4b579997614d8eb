"""Tables into files."""

from __future__ import annotations

import pandas as pd
import pytest

from contrafact.base.errors import UsageError
from contrafact.base.records import Result
from contrafact.tasks.sample import write
from contrafact.tasks.write_tables import harmless, save, write_table


def test_text_that_begins_like_a_formula_is_made_harmless_and_numbers_are_not():
    frame = pd.DataFrame({"=A1": ["=1+1", "+x", "-3.5", "@me", "plain", None], "n": [-1, 2, 3, 4, 5, 6]})
    made = harmless(frame)
    assert list(made.columns) == ["'=A1", "n"]
    assert made["'=A1"].tolist()[:5] == ["'=1+1", "'+x", "-3.5", "'@me", "plain"] and made.n.equals(frame.n)
    assert frame["=A1"][0] == "=1+1"
    levels = harmless(frame.astype({"=A1": "category"}))
    assert levels["'=A1"].tolist()[:2] == ["'=1+1", "'+x"]


def test_csv_safe_holds_for_drawn_tables_too(tmp_path):
    frame = pd.DataFrame({"a": ["=x"]})
    write(frame, str(tmp_path / "a.csv"), csv_safe=True)
    write(frame, str(tmp_path / "b.csv"))
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == "'=x,synthetic"
    assert (tmp_path / "b.csv").read_text().splitlines()[1] == "=x,synthetic"


def test_several_tables_are_numbered_and_endings_are_known(tmp_path):
    frame = pd.DataFrame({"a": [1, 2]})
    result = Result(data=[frame, frame], scores={}, verdict="done", write=save)
    assert [path.split("/")[-1] for path in result.save(tmp_path / "t.tsv")] == ["t-1.tsv", "t-2.tsv"]
    assert (tmp_path / "t-2.tsv").read_text() == "a\n1\n2\n"
    write_table(frame, str(tmp_path / "t.parquet"))
    assert pd.read_parquet(tmp_path / "t.parquet").equals(frame)
    result.save(tmp_path / "t.json")
    assert '"verdict": "done"' in (tmp_path / "t.json").read_text()
    with pytest.raises(UsageError, match="cannot be written"):
        write_table(frame, str(tmp_path / "t.xlsx"))
