"""Rows, pictures, clips and lines as bytes; rows also part by part, with the same bytes whenever they are asked again.

Files say that they are synthetic as those of the command line do: a `_source` column in CSV and Parquet, a comment in
PNG, WAV and zip; Arrow says it in the schema's metadata, and every answer in a header. Numbers in JSON are written with
all their digits.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.tasks.sample import named_apart, wants_pyarrow
from contrafact.tasks.table_maker import mark_of
from contrafact.tasks.write_pictures import MARK, files_of, png, sheet
from contrafact.tasks.write_sound import files_of as sound_files
from contrafact.tasks.write_sound import joined, rate_of, wav
from contrafact.tasks.write_tables import harmless

META = {b"contrafact": MARK.encode()}


def as_table(items: Any) -> Any:
    """Give rows of any container as a frame.

    Raises:
        UsageError: They are no rows.
    """
    import pandas as pd

    found = items.items if isinstance(items, Data) else items
    if hasattr(found, "columns"):
        return found
    if isinstance(found, np.ndarray) and found.ndim == 2:
        return pd.DataFrame(found, columns=[f"x{place}" for place in range(found.shape[1])])
    raise UsageError("These items are no rows.", why="They have more than one axis.", fix="?format=npy", code="E709")


def cells_of(column: Any) -> list[Any]:
    """Give a column's cells as JSON knows them: holes and infinities are null, moments text."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else "O"
    if kind in "biu":
        return list(column.tolist())
    if kind == "f":
        return [value if math.isfinite(value) else None for value in column.tolist()]
    empty = column.isna().to_numpy()
    return [None if hole else _cell(value) for value, hole in zip(column.tolist(), empty, strict=True)]


def _cell(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def lines_of(frame: Any) -> list[str]:
    """Write each row as a JSON object."""
    frame = named_apart(frame)
    heads = [json.dumps(name, ensure_ascii=False) + ":" for name in frame.columns]
    columns = [
        [head + json.dumps(cell, ensure_ascii=False) for cell in cells_of(frame.iloc[:, place])]
        for place, head in enumerate(heads)
    ]
    return ["{" + ",".join(cells) + "}" for cells in zip(*columns, strict=True)]


class JsonRows:
    """A JSON array of objects, part by part."""

    def __init__(self) -> None:
        self._begun = False

    def write(self, frame: Any) -> bytes:
        """Give the bytes of some rows."""
        return self.lines(lines_of(frame))

    def lines(self, lines: list[str]) -> bytes:
        """Give the bytes of some rows that are written already."""
        head = ("," if self._begun else "[") if lines else ""
        self._begun = self._begun or bool(lines)
        return (head + ",".join(lines)).encode("utf-8", "replace")

    def close(self) -> bytes:
        """Give the last bytes."""
        return b"]" if self._begun else b"[]"


class CsvRows:
    """A CSV file with a head, part by part.

    Arguments:
        safe: Make text that begins like a formula harmless.
        mark: Whether rows say that they are synthetic.
    """

    def __init__(self, safe: bool = False, mark: bool = True) -> None:
        self.safe, self.mark, self._begun = safe, mark, False

    def write(self, frame: Any) -> bytes:
        """Give the bytes of some rows."""
        frame = _marked(frame) if self.mark else frame
        text: str = (harmless(frame) if self.safe else frame).to_csv(index=False, header=not self._begun)
        self._begun = True
        return text.encode("utf-8", "replace")

    def close(self) -> bytes:
        """Give the last bytes."""
        return b""


def _marked(frame: Any) -> Any:
    return frame.assign(**{mark_of(frame): "synthetic"})


class _Taken(io.RawIOBase):
    """A file whose bytes are taken away while it is written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class ArrowRows:
    """An Arrow stream, or a Parquet file, part by part.

    Arguments:
        parquet: Whether it is a Parquet file.
        mark: Whether rows say that they are synthetic.
    """

    def __init__(self, parquet: bool = False, mark: bool = True) -> None:
        self.parquet, self.mark = parquet, mark
        self._file = _Taken()
        self._writer: Any = None
        self._schema: Any = None

    def write(self, frame: Any) -> bytes:
        """Give the bytes of some rows."""
        with wants_pyarrow():
            import pyarrow as pa
        frame = named_apart(_marked(frame) if self.mark and self.parquet else frame)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if self._writer is None:
            self._schema = _roomy(table.schema, self.mark)
            self._writer = self._opened(self._schema)
        self._writer.write_table(table.cast(self._schema))
        return self._file.take()

    def _opened(self, schema: Any) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        return pq.ParquetWriter(self._file, schema) if self.parquet else pa.ipc.new_stream(self._file, schema)

    def close(self) -> bytes:
        """Give the last bytes."""
        if self._writer is not None:
            self._writer.close()
        return self._file.take()


def _roomy(schema: Any, mark: bool) -> Any:
    """Let a column that is empty in the first part hold text later, and say that rows are synthetic."""
    import pyarrow as pa

    kinds = [own.with_type(pa.string()) if pa.types.is_null(own.type) else own for own in schema]
    return pa.schema(kinds, metadata={**(schema.metadata or {}), **(META if mark else {})})


Rows = JsonRows | CsvRows | ArrowRows


def rows_writer(form: str, *, safe: bool = False, mark: bool = True) -> Rows:
    """Make what writes rows in a form.

    Arguments:
        form: json, csv, arrow or parquet.
        safe: In CSV, make text that begins like a formula harmless.
        mark: Whether rows say that they are synthetic.
    """
    if form == "json":
        return JsonRows()
    return CsvRows(safe, mark) if form == "csv" else ArrowRows(form == "parquet", mark)


def written(items: Any, form: str, *, seed: int, safe: bool = False, mark: bool = True) -> bytes:
    """Write items in one go.

    Arguments:
        items: What a model gave.
        form: A form of their kind.
        seed: What they were drawn with.
        safe: In CSV, make text that begins like a formula harmless.
        mark: Whether rows say that they are synthetic.
    """
    makers: dict[str, Callable[[], bytes]] = {
        "npy": lambda: _npy(items),
        "png": lambda: _png(items),
        "wav": lambda: wav(joined(items), rate_of(items), f"{MARK}; seed {seed}"),
        "zip": lambda: _zip(sound_files(items, seed) if items.kind == "sound" else files_of(items)),
        "txt": lambda: "".join(f"{line}\n" for line in _lines(items)).encode("utf-8", "replace"),
    }
    if form in makers:
        return makers[form]()
    if isinstance(items, list) or (isinstance(items, Data) and items.kind == "text"):
        return json.dumps(_lines(items), ensure_ascii=False).encode("utf-8", "replace")
    rows = rows_writer(form, safe=safe, mark=mark)
    return rows.write(as_table(items)) + rows.close()


def _lines(items: Any) -> list[str]:
    found = items.items if isinstance(items, Data) else items
    return [line if isinstance(line, str) else " ".join(map(str, line)) for line in found]


def _npy(items: Any) -> bytes:
    array = items.items if isinstance(items, Data) else items.to_numpy() if hasattr(items, "columns") else items
    if array.dtype == object:
        raise UsageError("These rows are no array.", why="They hold text.", fix="?format=csv", code="E709")
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _png(items: Any) -> bytes:
    if not len(items):
        raise UsageError("No picture is no PNG.", why="n is 0.", fix='"n": 1', code="E709")
    return png(items.items[0]) if len(items) == 1 else sheet(items)


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = MARK.encode()
        for name, payload in files:
            archive.writestr(zipfile.ZipInfo(name), payload)  # with a fixed date: the same bytes again
    return buffer.getvalue()
