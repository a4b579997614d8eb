"""Fitting a codec to a table in a file, and encoding it onto the disk: three readings, a block at a time.

The first reading finds a sample and what no sample may miss (`codecs/survey.py`); the codec is fitted to that. The
second counts every token over all rows and drops what the sample wrongly took for a rule between columns. The third
writes the tokens to the disk.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from contrafact.codecs.files import TableFile
from contrafact.codecs.inference import schema_of
from contrafact.codecs.survey import MOST_LEVELS, SAMPLE_ROWS, Survey, survey
from contrafact.codecs.ties import Tie, holds
from contrafact.engine.stored import Stored

if TYPE_CHECKING:
    from contrafact.codecs.table import TableCodec

Fitted = TypeVar("Fitted", bound="TableCodec")


def fitted(
    kind: type[Fitted],
    table: TableFile,
    *,
    columns: Mapping[str, Any] | None,
    holes: bool,
    constraints: Sequence[str] | None = None,
) -> Fitted:
    """Fit a codec to a file.

    Arguments:
        kind: The codec's class.
        table: The file.
        columns: What the user says some columns are.
        holes: Whether a hole is something to be learned, or only unknown.
        constraints: What all rows keep; combinations, and what breaks a constraint, are looked for in the sample.
    """
    found = survey(table)
    schema = found.completed(schema_of(found.sample, columns))
    codec = kind.fit_to(found.sample, schema, holes=holes, constraints=constraints)
    _tell(found, codec, constraints)
    return _counted(codec, table)


def _tell(found: Survey, codec: TableCodec, constraints: Sequence[str] | None) -> None:
    """Say what is known of the sample only."""
    if constraints:
        warnings.warn(
            f"Combinations, and rows that break a constraint, were looked for in {len(found.sample):,} of "
            f"{found.rows:,} rows.",
            stacklevel=4,
        )
    roles = {str(column.name): column for column in codec.schema if column.learned}
    lost = [name for name in found.unknown() if name in roles and not roles[name].numeric]
    if lost:
        warnings.warn(
            f"More than {MOST_LEVELS:,} levels in {', '.join(lost[:8])}: those that {SAMPLE_ROWS:,} rows chosen by the "
            "seed lack are unknown to the model.",
            stacklevel=4,
        )


def _counted(codec: Fitted, table: TableFile) -> Fitted:
    """Count all tokens over all rows, and keep the ties that hold in all of them."""
    counts = [None if kind is None else np.zeros(kind.size) for kind in codec.kinds]
    ties: list[Tie | None] = list(codec.ties)
    for block in table.blocks():
        cells = codec.cells_of(block)
        tokens = [None if k is None or c is None else k.encode(c)[0] for k, c in zip(codec.kinds, cells, strict=True)]
        for count, own in zip(counts, tokens, strict=True):
            if count is not None and own is not None:
                count += np.bincount(own[own >= 0], minlength=len(count))
        ties = [tie if tie and holds(tie, place, cells, tokens) else None for place, tie in enumerate(ties)]
    pairs = zip(codec.kinds, counts, strict=True)
    kinds = [None if kind is None or count is None else replace(kind, counts=count) for kind, count in pairs]
    return replace(codec, kinds=tuple(kinds), ties=tuple(ties))


def encoded(codec: TableCodec, data: Any) -> Any:
    """Encode a table: in memory, or where it lies in a file, on the disk."""
    return stored(codec, data) if isinstance(data, TableFile) else codec.encode(data)


def some_tokens(rows: Any) -> np.ndarray:
    """Give the tokens of encoded rows; of those on the disk, of 50,000 that do not depend on a seed."""
    tokens: np.ndarray = rows.some(SAMPLE_ROWS, 0) if isinstance(rows, Stored) else rows["tokens"]
    return tokens


def some_rows(data: Any, places: np.ndarray) -> Any:
    """Give a few rows of a table as a frame."""
    from contrafact.codecs.table import as_frame

    return data.take(places) if isinstance(data, TableFile) else as_frame(data).iloc[places]


def stored(codec: TableCodec, table: TableFile, *, holes: bool = True) -> Stored:
    """Write the tokens of a file to the disk; where in their intervals numbers lie is left out.

    Arguments:
        codec: Knows the columns.
        table: The file.
        holes: As for `TableCodec.encode`.
    """

    def blocks() -> Iterator[np.ndarray]:
        for block in table.blocks():
            yield codec.encode(block, holes=holes)["tokens"]

    return Stored.of("tokens", blocks())
