"""Tables into files: generated rows marked, formulas made harmless where that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.base.records import Result
from contrafact.codecs.cells import NUMBER
from contrafact.engine.bundle import to_bytes, write_atomically

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
    """Write a frame to a file as it is.

    Arguments:
        frame: A frame.
        out: A file that ends in .csv, .tsv or .parquet.
        csv_safe: Make text that begins like a formula harmless; in text files.
    """
    from contrafact.tasks.sample import parquet_bytes

    check_ending(out)
    ending = Path(out).suffix.lower()
    if ending == ".parquet":
        write_atomically(Path(out), parquet_bytes(frame))
    else:
        shown = harmless(frame) if csv_safe else frame
        write_atomically(Path(out), shown.to_csv(index=False, sep="\t" if ending == ".tsv" else ",").encode())
    return out


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
