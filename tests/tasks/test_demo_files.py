"""Demo sets as files are read back as what they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contrafact.base.data import Data, Pairs
from contrafact.base.demos import DEMOS, demo
from contrafact.base.errors import UsageError
from contrafact.tasks.demo_files import write_demo
from contrafact.tasks.read import read

PICTURES = ("digits", "tinted")


@pytest.mark.parametrize("name", [name for name in DEMOS if name not in PICTURES])
def test_a_demo_set_is_read_back_from_its_files(name, tmp_path):
    place, count = write_demo(name, str(tmp_path / ("files" + Path(_default(name)).suffix)))
    before, again = demo(name), read(place)
    assert len(again) == len(before) == count
    if isinstance(before, Pairs):
        assert again.target.items == before.target.items
    elif not isinstance(before, Data):
        assert list(again.columns) == list(before.columns)
    elif before.labels is not None and before.kind != "vectors":
        assert sorted(map(str, again.labels)) == sorted(map(str, before.labels))


def _default(name: str) -> str:
    data = demo(name)
    if isinstance(data, Data):
        return {"text": "a.txt", "vectors": "a.npy"}.get(data.kind, "a")
    return "a.txt" if isinstance(data, Pairs) else "a.csv"


def test_pictures_come_in_a_folder_for_each_class_and_are_not_called_synthetic(tmp_path):
    place, _ = write_demo("digits", str(tmp_path / "my photos"))
    assert sorted(path.name for path in Path(place).iterdir()) == [str(digit) for digit in range(10)]
    again = read(place)
    assert again.items.shape == (1797, 8, 8)
    assert np.bincount(again.labels.astype(int)).tolist() == np.bincount(demo("digits").labels).tolist()
    assert b"ynthetic" not in next(Path(place).rglob("*.png")).read_bytes()


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "p.csv").write_text("mine")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.png").write_text("mine")
    for name, place in (("patients", "p.csv"), ("digits", "photos")):
        with pytest.raises(UsageError) as refused:
            write_demo(name, str(tmp_path / place))
        assert refused.value.code == "E315"
    assert (tmp_path / "p.csv").read_text() == "mine"
