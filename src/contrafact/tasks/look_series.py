"""Look at series: how the table is read, and what may hurt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from contrafact.base.records import Finding
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_layout import TIME_NAME
from contrafact.codecs.series_panel import Panel

FEW_STEPS, MANY_GAPS = 200, 0.3
SHOWN = 5


def look_at_series(frame: Any) -> tuple[str, list[dict[str, Any]], list[Finding], list[str]]:
    """Give what was seen: a headline, a row for each column, findings, and how the table is read.

    Arguments:
        frame: A table of series.
    """
    codec = SeriesCodec.fit(frame)
    panel = codec.panel(frame)
    rows = [{"column": str(codec.layout.schema.columns[p].name), **told} for p, told in sorted(_roles(codec).items())]
    headline = f"series: {len(frame):,} rows and {frame.shape[1]} columns"
    return headline, rows, list(_findings(codec, panel)), [codec.policy]


def _roles(codec: SeriesCodec) -> dict[int, dict[str, Any]]:
    layout = codec.layout
    found: dict[int, dict[str, Any]] = {}
    for place, column in enumerate(layout.schema):
        part = "not learned"
        for name, places in (
            ("time", (layout.time,)),
            ("tells series", (layout.id,)),
            ("attribute", layout.attributes),
            ("variable", layout.variables),
        ):
            part = name if place in places else part
        found[place] = {"type": column.dtype, "missing": f"{column.holes:.1%}", "part": part, "": column.said()}
    return found


def _findings(codec: SeriesCodec, panel: Panel) -> Iterator[Finding]:
    lost = [int((panel.rows[begin:end] < 0).sum()) for begin, end in zip(panel.begins, panel.ends, strict=True)]
    if sum(lost):
        message = f"{sum(lost):,} time stamps are not there between the first and the last."
        cure = "They are taken for steps of which nothing is known."
        yield Finding(code="L270", message=message, cure=cure, evidence={"steps": float(sum(lost))})
    cut = len(panel.begins) - codec.series
    if cut > 0:
        message = f"Gaps longer than a window cut the series in {cut} more places."
        cure = "Nothing is learned across them. A longer window sees further: --set window=200"
        yield Finding(code="L271", message=message, cure=cure, evidence={"cuts": float(cut)})
    if codec.clock.kind == "uneven":
        message = "The time stamps are uneven: rows are taken in order, and the steps between them are learned."
        cure = "Bring them to equal steps if that is what they are: df.resample('1h', on='time').mean()"
        yield Finding(code="L272", message=message, cure=cure)
    if codec.steps < FEW_STEPS:
        message = f"There are {codec.steps:,} steps in all."
        cure = "A network learns little from so few; var and seasonal are the better choice."
        yield Finding(code="L273", message=message, cure=cure, evidence={"steps": float(codec.steps)})


def might_be_series(frame: Any) -> Finding | None:
    """Say that a table may hold series: a column named like a time whose dates rise from row to row."""
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if column.dtype.kind == "M" and TIME_NAME.match(str(name)) and len(column) > SHOWN:
            rising = np.diff(column.astype("int64").to_numpy()) > 0
            if column.notna().all() and rising.all():
                message = f"Column {name!r} rises from row to row: these may be series."
                return Finding(code="L274", message=message, cure="As such: contrafact look FILE --kind series")
    return None
