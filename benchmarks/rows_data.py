"""A mixed table of any length, written block by block: 15 columns, some of which depend on each other, with holes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

BLOCK = 50_000
HOLED = ("income", "score", "job", "grade", "hours")


def people(rows: int, seed: int, start: int = 0) -> pd.DataFrame:
    """Make rows of people; the same rows whatever they are made with.

    Arguments:
        rows: How many.
        seed: Seeds them.
        start: The number of the first.
    """
    random = np.random.default_rng([seed, start])
    hidden, where = random.normal(size=(rows, 4)), random.integers(0, 4, rows)
    frame = pd.DataFrame(
        {
            "id": np.arange(start, start + rows),
            "age": np.clip(45 + 12 * hidden[:, 0] + 3 * where, 18, 95).round().astype(int),
            "income": np.exp(10 + 0.5 * hidden[:, 1] + 0.3 * hidden[:, 0]).round(2),
            "hours": np.where(random.random(rows) < 0.4, 40, np.clip(38 + 9 * hidden[:, 2], 1, 99).round()),
            "gain": np.where(random.random(rows) < 0.9, 0, np.exp(6 + hidden[:, 1])).round(),
            "score": hidden[:, 3] + 0.5 * hidden[:, 0],
            "sex": np.array(["f", "m"])[(hidden[:, 0] + random.normal(size=rows) > 0).astype(int)],
            "region": np.array(["north", "south", "east", "west"])[where],
            "region_code": where + 1,
            "job": _named("job", np.minimum(random.geometric(0.12, rows) - 1, 29)),
            "city": _named("city", np.minimum((300 * random.random(rows) ** 3).astype(int), 299)),
            "married": hidden[:, 0] + random.normal(size=rows) > 0.3,
            "since": pd.Timestamp("2015-01-01") + pd.to_timedelta(random.integers(0, 3650, rows), unit="D"),
            "grade": np.array(list("ABCDE"))[np.clip((hidden[:, 3] + 2.5).astype(int), 0, 4)],
            "bought": random.poisson(np.exp(0.4 * hidden[:, 2])),
        }
    )
    return frame.assign(**{name: frame[name].mask(random.random(rows) < 0.1) for name in HOLED})


def _named(word: str, numbers: np.ndarray) -> np.ndarray:
    return np.array([f"{word} {number}" for number in range(int(numbers.max()) + 1)])[numbers]


def write_people(path: Path, rows: int, seed: int = 0) -> Path:
    """Write a Parquet file of people in row groups of 100,000."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = (
        pa.Table.from_pandas(people(min(BLOCK, rows - start), seed, start), preserve_index=False)
        for start in range(0, rows, BLOCK)
    )
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        for table in (first, *tables):
            writer.write_table(table, row_group_size=100_000)
    return path
