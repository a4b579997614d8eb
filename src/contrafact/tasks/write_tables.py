"""Tables into files: generated rows marked, formulas made harmless where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.base.records import Result
from contrafact.codecs.cells import NUMBER
from contrafact.codecs.files import Blocks
from contrafact.engine.bundle import replacing, to_bytes, write_atomically

GROUP_ROWS = 16 * 1024  # of a Parquet file that is written block by block
ENDINGS = (".csv", ".tsv", ".parquet", ".json")
STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(frame: Any) -> Any:
    """Copy a frame so that no spreadsheet takes its text for a formula.

    Text that begins with = + - @, a tab or a carriage return, and is no number, gets an apostrophe in front; names of
    columns do, too.

    Arguments:
        frame: A frame.
    """
    made = frame.copy()
    for place in range(made.shape[1]):
        column = made.iloc[:, place]
        if column.dtype.kind in "biufcmM":
            continue
        shown = column.astype(object)
        cells = [_harmless(cell) for cell in shown.tolist()]
        if any(new is not old for new, old in zip(cells, shown.tolist(), strict=True)):
            made.isetitem(place, type(column)(cells, index=column.index, dtype=object))
    return made.set_axis([_harmless(name) for name in made.columns], axis=1)


def _harmless(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(STARTS) and not NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def check_ending(out: str) -> None:
    """Refuse a name that no table can be written to, before the long work begins.

    Raises:
        UsageError: Its ending is unknown.
    """
    if Path(out).suffix.lower() not in ENDINGS:
        raise UsageError(
            f"Tables cannot be written to '{out}'.",
            why=f"Known endings are {', '.join(ENDINGS)}.",
            fix="-o filled.csv",
            code="E121",
        )


def write_table(frame: Any, out: str, *, csv_safe: bool = False) -> str:
    """Write a table to a file as it is.

    Arguments:
        frame: A frame, or rows that come block by block: these are written so.
        out: A file that ends in .csv, .tsv or .parquet.
        csv_safe: Make text that begins like a formula harmless; in text files.
    """
    from contrafact.tasks.sample import parquet_bytes

    check_ending(out)
    ending = Path(out).suffix.lower()
    if isinstance(frame, Blocks):
        with replacing(Path(out)) as waiting:
            if ending == ".parquet":
                parquet_blocks(frame.blocks(), waiting)
            else:
                _text_blocks(frame.blocks(), waiting, "\t" if ending == ".tsv" else ",", csv_safe)
    elif ending == ".parquet":
        write_atomically(Path(out), parquet_bytes(frame))
    else:
        shown = harmless(frame) if csv_safe else frame
        write_atomically(Path(out), shown.to_csv(index=False, sep="\t" if ending == ".tsv" else ",").encode())
    return out


def _text_blocks(blocks: Iterator[Any], path: Path, sep: str, csv_safe: bool) -> None:
    with path.open("wb") as file:
        for number, frame in enumerate(blocks):
            shown = harmless(frame) if csv_safe else frame
            file.write(shown.to_csv(index=False, sep=sep, header=number == 0).encode())


def parquet_blocks(blocks: Iterator[Any], path: Path) -> None:
    """Write frames of the same columns to one Parquet file, in row groups of 16,384 rows or little more.

    Raises:
        UsageError: Two columns share a name, or pyarrow is not installed.
    """
    from contrafact.tasks.sample import named_apart, wants_pyarrow

    with wants_pyarrow(), ExitStack() as stack:
        import pyarrow as pa
        import pyarrow.parquet as pq

        writer, held = None, []
        for frame in blocks:
            table = pa.Table.from_pandas(named_apart(frame), preserve_index=False)
            if writer is None:
                schema = _roomy(table.schema)
                writer = stack.enter_context(pq.ParquetWriter(path, schema))
            held.append(table.cast(schema))
            if sum(map(len, held)) >= GROUP_ROWS:
                writer.write_table(pa.concat_tables(held))
                held = []
        if held and writer is not None:
            writer.write_table(pa.concat_tables(held))


def _roomy(schema: Any) -> Any:
    """Let a column that is empty in the first block hold text later."""
    import pyarrow as pa

    kinds = [own.with_type(pa.string()) if pa.types.is_null(own.type) else own for own in schema]
    return pa.schema(kinds, metadata=schema.metadata)


def numbered(out: str, count: int) -> list[str]:
    """Name the files of several tables: of filled.csv filled-1.csv, filled-2.csv and so on."""
    path = Path(out)
    return [str(path.with_name(f"{path.stem}-{i}{path.suffix}")) for i in range(1, count + 1)]


def save(result: Result, out: str, *, csv_safe: bool = False) -> list[str]:
    """Write a result's table, or to a name that ends in .json its scores and verdict.

    Several tables are numbered.

    Arguments:
        result: What a job gave.
        out: A file.
        csv_safe: Make text that begins like a formula harmless.
    """
    check_ending(out)
    if Path(out).suffix.lower() == ".json":
        write_atomically(Path(out), to_bytes(result.to_json()))
        return [out]
    if isinstance(result.data, list):
        places = numbered(out, len(result.data))
        return [write_table(frame, place, csv_safe=csv_safe) for frame, place in zip(result.data, places, strict=True)]
    return [write_table(result.data, out, csv_safe=csv_safe)]
