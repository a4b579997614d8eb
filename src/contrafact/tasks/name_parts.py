"""Read what the names of files say: 7_jackson_32.wav, 7_nicolas_1.wav, ... hold a class, a speaker and a number.

Names are cut at `_` and `-`. A part that stands at the same place in all names and differs among them is an
attribute, `part1`, `part2`, ... The class is the first of them that has 2 to 1,000 values, each seen at least twice:
so is no running number, which is seen once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contrafact.tasks.picture_files import natural, stem

MOST_CLASSES = 1000
MOST_SHOWN = 4
ALIKE = 0.9  # of the names must have as many parts
MOST_PARTS = 12


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What names say.

    Arguments:
        columns: A value for each file by the part's name; '' where a name is made otherwise.
        label: The part that is the class, or None.
        others: Places of the names that are made otherwise.
    """

    columns: dict[str, np.ndarray]
    label: str | None
    others: list[int]


def parts_of(names: Sequence[str]) -> Parts:
    """Cut names into parts and choose the one that is the class.

    Arguments:
        names: Paths inside a folder; only the files' own names are read.

    >>> parts_of(["7_ann_1.wav", "7_bob_2.wav", "8_ann_3.wav", "8_bob_4.wav"]).label
    'part1'
    """
    cut = [re.split("[_-]", stem(name).rpartition("/")[2]) for name in names]
    many, alike = Counter(map(len, cut)).most_common(1)[0] if cut else (0, 0)
    if not 2 <= many <= MOST_PARTS or alike < ALIKE * len(cut):
        return Parts(columns={}, label=None, others=[])
    others = [place for place, parts in enumerate(cut) if len(parts) != many]
    rows = np.array([parts if len(parts) == many else [""] * many for parts in cut])
    made_so = np.ones(len(rows), dtype=bool)
    made_so[others] = False
    columns = {
        f"part{place + 1}": np.array(column.tolist())
        for place, column in enumerate(rows.T)
        if len(np.unique(column[made_so])) > 1 and all(column[made_so])
    }
    label = next((name for name, column in columns.items() if _is_class(column[made_so])), None)
    return Parts(columns=columns, label=label, others=others)


def _is_class(column: np.ndarray) -> bool:
    _, counts = np.unique(column, return_counts=True)
    return 2 <= len(counts) <= MOST_CLASSES and int(counts.min()) >= 2


def told_of(parts: Parts) -> str:
    """Say what the parts of names hold."""
    said = []
    for name, column in parts.columns.items():
        values = sorted({str(value) for value in column if value}, key=natural)
        shown = ", ".join(values[:MOST_SHOWN]) + (", ..." if len(values) > MOST_SHOWN else "")
        said.append(f"{name} has {len(values):,} values ({shown})")
    return "; ".join(said)
