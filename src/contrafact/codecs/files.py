"""Tables that lie in a file: read block by block, as often as needed, and never whole.

Parquet files say in their footer what their columns hold; CSV files are read through once to find out, so that a column
that shows text in its last row is text in its first block too. The blocks together are what pandas reads in one go.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.base.seeds import BLOCK_ROWS

MOST_ROWS, MOST_CELLS = 16 * BLOCK_ROWS, 250_000  # of a block
PAGE = 2**16  # bytes of a column that a Parquet reader holds ready
TEXTS = (".csv", ".tsv")


class Blocks:
    """Rows that come block by block: `len(rows)`, `rows.columns`, `rows.blocks()`."""

    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def columns(self) -> Any:
        """The columns' names."""
        raise NotImplementedError

    def blocks(self) -> Iterator[Any]:
        """Give the rows in their order, as frames."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True, eq=False)
class TableFile(Blocks):
    """A table in a file: `len(table)`, `table.columns`, `table.blocks()`.

    Arguments:
        path: A .parquet, .csv or .tsv file.
        dtypes: What each column holds over the whole file.
        count: How many rows the file has.
        left_out: Rows that are passed over, rising.
    """

    path: Path
    dtypes: Mapping[Any, Any]
    count: int
    left_out: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @classmethod
    def open(cls, path: str | Path) -> TableFile:
        """Find out what a file holds.

        Raises:
            DataError: The file cannot be read, or has no rows.
        """
        path = Path(path)
        dtypes, count = _of_text(path) if path.suffix.lower() in TEXTS else _of_parquet(path)
        if not count or not dtypes:
            raise unreadable(path, "It has no rows.", "Give a file with at least one row.", "E201")
        return cls(path=path, dtypes=dtypes, count=count)

    def __len__(self) -> int:
        return self.count - len(self.left_out)

    @property
    def columns(self) -> Any:
        """The columns' names."""
        import pandas as pd

        return pd.Index(list(self.dtypes))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), len(self.dtypes)

    def blocks(self) -> Iterator[Any]:
        """Read the rows in their order, as frames of up to 16,384 rows each."""
        start, most = 0, rows_of_a_block(len(self.dtypes))
        for block in _raw(self.path, most, self.dtypes):
            block = _unified(block, self.dtypes).set_axis(range(start, start + len(block)))
            start += len(block)
            gone = self.left_out[slice(*np.searchsorted(self.left_out, (start - len(block), start)))]
            if len(gone):
                block = block.drop(index=gone)
            yield block
        if start != self.count:
            raise unreadable(self.path, "It changed while it was read.", "Run the same command again.")

    def take(self, rows: np.ndarray) -> Any:
        """Read some rows, in the given order.

        Arguments:
            rows: Their places among the rows that are seen.
        """
        import pandas as pd

        order, pieces, start = np.argsort(rows, kind="stable"), [], 0
        wanted = np.asarray(rows)[order]
        for block in self.blocks():
            own = wanted[slice(*np.searchsorted(wanted, (start, start + len(block))))]
            if len(own) or not start:
                pieces.append(block.iloc[own - start])
            start += len(block)
        return pd.concat(pieces).iloc[np.argsort(order, kind="stable")].reset_index(drop=True)

    def without(self, rows: np.ndarray) -> TableFile:
        """Pass over some rows."""
        seen = np.delete(np.arange(self.count), self.left_out)[rows] if len(self.left_out) else np.asarray(rows)
        return replace(self, left_out=np.union1d(self.left_out, seen).astype(np.int64))

    def to_pandas(self) -> Any:
        """Read all rows into memory, for methods that need them there, and say so."""
        import pandas as pd

        warnings.warn(f"All {len(self):,} rows of {self.path.name} are read into memory.", stacklevel=2)
        return pd.concat(list(self.blocks()), ignore_index=True)

    def fingerprint(self) -> str:
        """Digest the file, so that a run knows its data again."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
        digest.update(self.left_out.tobytes())
        return digest.hexdigest()


def opened(data: Any) -> Any:
    """Open a table's file by its name; anything else is passed on.

    Raises:
        UsageError: There is no such file.
        DataError: It is no file of a table.
    """
    if not isinstance(data, str | PathLike):
        return data
    path = Path(data)
    if not path.is_file():
        raise UsageError(
            f"There is no file '{path}'.",
            why="A method that is given a name reads the table in the file of that name.",
            fix="Give a .parquet, .csv or .tsv file, or a DataFrame.",
            code="E112",
        )
    if path.suffix.lower() not in (*TEXTS, ".parquet"):
        raise unreadable(path, f"Files ending in '{path.suffix}' are no tables.", "Use .parquet or .csv.", "E209")
    return TableFile.open(path)


def rows_of_a_block(columns: int) -> int:
    """Say how many rows a block has: 16,384, fewer where there are many columns, in steps of 1,024."""
    return int(min(max(MOST_CELLS // max(columns, 1) // BLOCK_ROWS, 1) * BLOCK_ROWS, MOST_ROWS))


def unreadable(path: Path, why: str, fix: str, code: str = "E202") -> DataError:
    """Say that a file cannot be read."""
    return DataError(f"{path} cannot be read.", why=why, fix=fix, code=code)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what readers of tables say into errors that name the file and the way out."""
    import pandas as pd

    try:
        yield
    except UnicodeDecodeError as error:
        raise unreadable(
            path,
            f"Byte {error.start} is no UTF-8 text.",
            f"Convert it: iconv -f WINDOWS-1252 -t UTF-8 '{path.name}' > utf8.csv",
            "E208",
        ) from error
    except pd.errors.EmptyDataError as error:
        fix = "Give a file with a line of column names and rows."
        raise unreadable(path, "The file is empty.", fix, "E201") from error
    except pd.errors.ParserError as error:
        raise unreadable(path, f"{error}.", "Mend that line, then run the same command again.") from error
    except ImportError as error:
        raise UsageError(
            f"{path} needs a reader that is not installed.",
            why="Parquet files are read by pyarrow.",
            fix='pip install "contrafact[data]"',
            code="E111",
        ) from error
    except ValueError as error:
        why = f"It is no whole {path.suffix.lower()} file: {error}."
        raise unreadable(path, why, "Write it again.") from error


def ranged(path: Path, frame: Any, start: int = 0) -> Any:
    """Give a frame of a text file back if its rows have no more cells than there are names.

    Raises:
        DataError: They have.
    """
    import pandas as pd

    if frame.index.equals(pd.RangeIndex(start, start + len(frame))):
        return frame
    raise unreadable(path, "Its rows have more cells than there are column names.", "Give every column a name.")


def _raw(path: Path, rows: int, dtypes: Mapping[Any, Any] | None = None) -> Iterator[Any]:
    """Read a file's blocks as their reader gives them."""
    return _texts(path, rows, dtypes) if path.suffix.lower() in TEXTS else _batches(path, rows)


def _texts(path: Path, rows: int, dtypes: Mapping[Any, Any] | None) -> Iterator[Any]:
    import pandas as pd

    known = None if dtypes is None else {name: dtype for name, dtype in dtypes.items() if dtype != np.dtype(object)}
    sep, start = "\t" if path.suffix.lower() == ".tsv" else ",", 0
    with (
        reading(path),
        pd.read_csv(path, sep=sep, encoding="utf-8-sig", low_memory=False, chunksize=rows, dtype=known) as chunks,
    ):
        for chunk in chunks:
            yield ranged(path, chunk, start)
            start += len(chunk)


def _batches(path: Path, rows: int, columns: list[str] | None = None) -> Iterator[Any]:
    with reading(path):
        import pyarrow as pa
        import pyarrow.parquet as pq

        # A row group may be the whole file: its pages are read one after another, not all at once.
        with pq.ParquetFile(path, buffer_size=PAGE, pre_buffer=False) as file:
            held: list[Any] = []
            for batch in file.iter_batches(batch_size=rows, columns=columns, use_threads=False):
                held.append(batch)
                while sum(map(len, held)) >= rows:
                    whole = pa.Table.from_batches(held)
                    yield _as_frame(whole.slice(0, rows))
                    held = [part for part in whole.slice(rows).to_batches() if len(part)]
            if held:
                yield _as_frame(pa.Table.from_batches(held))


def _as_frame(table: Any) -> Any:
    return table.to_pandas().reset_index(drop=True)


def _unified(block: Any, dtypes: Mapping[Any, Any]) -> Any:
    """Give a block the dtypes of the whole file."""
    return block.astype({name: dtype for name, dtype in dtypes.items() if block[name].dtype != dtype})


def _of_parquet(path: Path) -> tuple[dict[Any, Any], int]:
    """Read from a Parquet file's footer what its columns hold, and from the columns what the footer leaves open."""
    with reading(path):
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            count, shown = file.metadata.num_rows, _as_frame(file.schema_arrow.empty_table())
            empty = _columns_with_holes(file.metadata)
    if not shown.columns.is_unique:
        twice = shown.columns[shown.columns.duplicated()][0]
        raise unreadable(path, f"Two columns have the name {twice!r}.", "Give every column a name of its own.", "E205")
    found = {name: shown[name].dtype for name in shown.columns}
    for name, dtype in found.items():
        if dtype.name == "category":
            found[name] = _categories(path, name)
        elif getattr(dtype, "kind", "O") in "iub" and _is_plain(dtype) and str(name) in empty:
            found[name] = np.dtype(object if dtype.kind == "b" else np.float64)
    return found, count


def _is_plain(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype)


def _columns_with_holes(footer: Any) -> set[str]:
    """Name the columns that have a hole, or may have one."""
    found = set()
    for group in range(footer.num_row_groups):
        for place in range(footer.num_columns):
            part = footer.row_group(group).column(place)
            counted = part.is_stats_set and part.statistics.has_null_count
            if not counted or part.statistics.null_count:
                found.add(part.path_in_schema)
    return found


def _categories(path: Path, name: Any) -> Any:
    """Put the categories of all blocks together."""
    import pandas as pd

    found: dict[Any, None] = {}
    ordered = False
    for block in _batches(path, MOST_ROWS, [str(name)]):
        found |= dict.fromkeys(block[name].cat.categories)
        ordered = bool(block[name].cat.ordered)
    return pd.CategoricalDtype(list(found), ordered=ordered)


def _of_text(path: Path) -> tuple[dict[Any, Any], int]:
    """Read through a text file to find what its columns hold."""
    seen: dict[Any, set[Any]] = {}
    count = 0
    for block in _raw(path, MOST_ROWS):
        count += len(block)
        for name in block.columns:
            seen.setdefault(name, set()).add(_nature(block[name]))
    return {name: _common(natures) for name, natures in seen.items()}, count


def _nature(column: Any) -> Any:
    """Give a block's dtype; None where all is empty, `object` where truths stand beside holes."""
    if column.isna().all():
        return None
    return column.dtype


def _common(natures: set[Any]) -> Any:
    """Find the dtype that pandas gives a column when it reads all blocks at once."""
    import pandas as pd

    found = natures - {None}
    kinds = {dtype.kind if isinstance(dtype, np.dtype) else "text" for dtype in found}
    if not found:
        return np.dtype(np.float64)
    if kinds <= {"b", "O"}:
        return np.dtype(bool) if natures == {np.dtype(bool)} else np.dtype(object)
    if kinds <= {"i", "u", "f"}:
        return np.result_type(*found, *([np.float64] if None in natures else []))
    return next((dtype for dtype in found if not isinstance(dtype, np.dtype)), pd.Series(["a"]).dtype)
