"""Clips in a page: a player beside a picture of the spectrum, laid out in a table.

Sound is dear: half a second at 8 kHz takes 11 kilobytes in a page, two at 16 kHz 85. So a table has a budget; where it
does not hold all rows, the last ones are left out, and the table says so.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contrafact.base.thumbnail import png
from contrafact.metrics.sound_features import Hearing
from contrafact.report.markup import Html, element, join
from contrafact.report.page import head_cell, table
from contrafact.tasks.write_sound import wav

LONGEST_SECONDS = 4
PICTURE_WIDTH, BANDS = 150, 64
RECORDED = "A recording that the generator learned from"
MOST_BYTES = 1_200_000  # of WAV files in one table, which take a third more in a page


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """One clip of a table.

    Arguments:
        clip: A row of numbers between -1 and 1.
        told: What it is, for those who cannot see; and below it, where `note` is empty.
        note: What stands below it.
        made: Whether it is synthetic.
    """

    clip: np.ndarray
    told: str
    note: str = ""
    made: bool = True


Row = tuple[str, Mapping[str, Shown]]


def clip_table(rows: Sequence[Row], heads: Sequence[str], rate: int, most: int = MOST_BYTES) -> Html:
    """Lay clips out, a row a name.

    Arguments:
        rows: Names, and the clips of each by the head of their column.
        heads: The columns.
        rate: Samples a second.
        most: Bytes of all WAV files.
    """
    kept = _affordable(rows, rate, most)
    every = [shown.clip for _, cells in rows for shown in cells.values()]
    hearing = _looking(every, rate)
    lines = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(element("td", _cell(cells[head], rate, hearing) if head in cells else "") for head in heads),
        )
        for name, cells in rows[:kept]
    ]
    whole = table([head_cell(head) for head in ("", *heads)], lines)
    left = len(rows) - kept
    note = f"{left:,} more rows are left out, so that this page stays small." if left else ""
    return join(whole, element("p", note, class_="quiet")) if note else whole


def _affordable(rows: Sequence[Row], rate: int, most: int) -> int:
    """Count the rows whose clips fit into so many bytes; one row is always shown."""
    sizes = [sum(2 * min(len(s.clip), LONGEST_SECONDS * rate) for s in cells.values()) for _, cells in rows]
    return max(int((np.cumsum(sizes) <= most).sum()), min(len(rows), 1))


def _looking(clips: Sequence[np.ndarray], rate: int) -> Hearing:
    """Choose windows for looking: as long as the longest clip, and with finer bands than are compared."""
    longest = max(clips, key=len)[: LONGEST_SECONDS * rate]
    hearing = Hearing.of([longest], rate)
    return Hearing(
        rate=rate, length=hearing.length, window=hearing.window, hop=hearing.hop, pooled=hearing.pooled, bands=BANDS
    )


def _cell(shown: Shown, rate: int, hearing: Hearing) -> Html:
    clip = shown.clip[: LONGEST_SECONDS * rate]
    note = element("small", shown.note, class_="quiet") if shown.note else ""
    return join(spectrogram(clip, hearing, shown.told), player(clip, rate, shown), note)


def player(clip: np.ndarray, rate: int, shown: Shown) -> Html:
    """Write a player that holds its clip."""
    file = wav(clip, rate) if shown.made else wav(clip, rate, RECORDED)
    source = f"data:audio/wav;base64,{base64.b64encode(file).decode()}"
    style = f"display:block;width:{PICTURE_WIDTH}px;height:2rem"
    return element("audio", controls="", preload="none", src=source, aria_label=shown.told, style=style)


def spectrogram(clip: np.ndarray, hearing: Hearing, told: str) -> Html:
    """Draw when which tones are loud: time from left to right, low tones at the foot."""
    from matplotlib import colormaps

    levels = hearing.picture(np.asarray(clip, dtype=np.float32))[::-1]
    colours = (colormaps["magma"](levels)[:, :, :3] * 255).astype(np.uint8)
    data = base64.b64encode(png(colours)).decode()
    style = f"display:block;width:{PICTURE_WIDTH}px;height:{PICTURE_WIDTH // 2}px"
    return element("img", src=f"data:image/png;base64,{data}", alt=f"Spectrum of {told}", style=style)
