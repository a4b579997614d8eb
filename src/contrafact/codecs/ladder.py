"""The tokens of a column as steps of a standard normal number, for models that join columns by correlations.

Numbers stand by their size, levels by their own order or else by what the rest of their rows says: by the rows' mean
score on the first principal component of all columns. A hole stands last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtr

from contrafact.codecs.cells import Cells
from contrafact.codecs.design import Design
from contrafact.codecs.marginal import shares
from contrafact.codecs.table import TableCodec
from contrafact.codecs.tokens import Tokens

EDGE = 1e-9  # no cell lies nearer to the ends of a law
MOST_COLUMNS, MOST_SCORED = 2000, 20_000


class Ladder:
    """The tokens of a column as steps of a standard normal number.

    Arguments:
        column: The column's place.
        kind: Its tokens.
        words: Its words in the order in which they stand.
    """

    def __init__(self, column: int, kind: Tokens, words: np.ndarray) -> None:
        self.column = column
        numbers = np.argsort(kind.means, kind="stable")
        self.order = np.concatenate([numbers, kind.numbers + words, [kind.hole] if kind.holes else []]).astype(np.int64)
        self.place = np.argsort(self.order)
        self.edges = np.concatenate([[0.0], np.cumsum(shares(kind)[self.order])])
        self.edges[-1] = 1.0
        self.smooth = np.arange(kind.size) >= len(kind.points)
        self.smooth &= np.arange(kind.size) < kind.numbers

    def span(self, tokens: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the ends of each cell's interval, as shares; a number in a bin has one point, an unknown cell all."""
        place = self.place[tokens]
        low, high = self.edges[place], self.edges[place + 1]
        inside = self.smooth[tokens]
        point = np.clip(low + within * (high - low), EDGE, 1 - EDGE)
        low, high = np.where(inside, point, low), np.where(inside, point, high)
        return np.where(tokens < 0, 0.0, low), np.where(tokens < 0, 1.0, high)

    def cells_at(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the token, and the share of its interval, that normal numbers belong to."""
        u = np.clip(ndtr(z), EDGE, 1 - EDGE)
        place = np.clip(np.searchsorted(self.edges, u, side="right") - 1, 0, len(self.order) - 1)
        width = self.edges[place + 1] - self.edges[place]
        return self.order[place], np.divide(u - self.edges[place], width, out=np.full(len(u), 0.5), where=width > 0)


def ladders_of(codec: TableCodec, orders: dict[str, np.ndarray]) -> list[Ladder]:
    """Make the ladders of the columns that do not follow from others."""
    free = [(i, k) for i, k in enumerate(codec.kinds) if k is not None and k.size and codec.ties[i] is None]
    return [Ladder(i, kind, orders.get(f"order/{i}", np.arange(kind.words))) for i, kind in free]


def orders_of(codec: TableCodec, data: Any) -> dict[str, np.ndarray]:
    """Put the levels without an order of their own into the order of their rows' mean score."""
    design, cells = Design(codec), codec.cells_of(data)
    step = -(-codec.schema.rows // MOST_SCORED)
    cells = [part and Cells(numbers=part.numbers[::step], words=part.words[::step]) for part in cells]
    scores = _scores(design.matrix(cells, -(-codec.schema.rows // step)))
    found = {}
    for part in design.parts:
        own, column = cells[part.column], codec.schema.columns[part.column]
        if own is not None and part.levels is not None and column.role != "ordered":
            words, there = codec.kind(part.column).words, own.words >= 0
            total = np.bincount(own.words[there], weights=scores[there], minlength=words)
            count = np.bincount(own.words[there], minlength=words)
            found[f"order/{part.column}"] = np.argsort(total / np.maximum(count, 1), kind="stable")
    return found


def _scores(values: np.ndarray) -> np.ndarray:
    """Give each row's score on the first principal component of standardised columns."""
    if not values.size or values.shape[1] > MOST_COLUMNS:
        return np.zeros(len(values))
    known = ~np.isnan(values)
    away = np.where(known, values - np.where(known, values, 0).sum(0) / np.maximum(known.sum(0), 1), 0.0)
    sd = np.sqrt((away**2).mean(0))
    away = away / np.where(sd > 0, sd, 1.0)
    return np.asarray(away @ np.linalg.eigh(away.T @ away)[1][:, -1])
