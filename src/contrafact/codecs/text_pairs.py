"""Pairs of lines <-> two aligned matrices of codes over one list of symbols: what is read, and what is to be written.

Both sides share their symbols, so that a network can copy from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError
from contrafact.codecs.text import MOST_SYMBOLS, Asked, SymbolCodec, lines_of


def is_text_pairs(data: Any) -> bool:
    """Tell pairs of lines from other data."""
    return isinstance(data, Pairs) and data.source.kind == data.target.kind == "text"


@dataclass(frozen=True, kw_only=True)
class TextPairCodec:
    """Translate pairs of lines into matrices, and written lines back.

    Arguments:
        source: How the lines that are read are coded.
        target: How the lines that are written are coded; its symbols are those of the source.
    """

    source: SymbolCodec
    target: SymbolCodec

    @classmethod
    def fit(cls, pairs: Any, *, unit: Asked = "auto", most: int | None = MOST_SYMBOLS) -> Self:
        """Learn the symbols of both sides together, and the width of each.

        Arguments:
            pairs: Pairs of text.
            unit: What a symbol is; "auto" chooses for both sides together.
            most: The most symbols; rarer ones become one unknown symbol.

        Raises:
            DataError: These are no pairs of lines, or there is no symbol in them.
        """
        if not is_text_pairs(pairs):
            raise DataError(
                f"These data are no pairs of lines: {pairs!r:.60}.",
                why="Rewriting is learned from lines and what each of them becomes.",
                fix="Give a file with 'source TAB target' in each line: contrafact.read(FILE, kind='text pairs')",
                code="E630",
            )
        sides = [lines_of(side) for side in (pairs.source, pairs.target)]
        both = SymbolCodec.fit([*sides[0], *sides[1]], unit=unit, most=most)
        source, target = (replace(both.widened(side), container="data", name=pairs.target.name) for side in sides)
        return cls(source=source, target=target)

    @property
    def policy(self) -> str:
        """How both sides are read, in words."""
        cut = [
            f"{side.cut:.1%} of the {name} are longer than {side.longest:,} and are learned only so far."
            for name, side in (("lines", self.source), ("lines that they become", self.target))
            if side.cut
        ]
        return " ".join([replace(self.source, cut=0.0).policy, *cut])

    def encode(self, pairs: Pairs) -> dict[str, np.ndarray]:
        """Turn pairs into `source` and `target`, each int32 (pairs, longest), with `_lengths` beside (see `matrix`)."""
        source = self.sources(pairs.source)
        target = self.target.matrix(pairs.target)
        return {**source, "target": target["codes"], "target_lengths": target["lengths"]}

    def sources(self, data: Any) -> dict[str, np.ndarray]:
        """Turn lines that are to be rewritten into `source` and `source_lengths`."""
        matrix = self.source.matrix(data)
        return {"source": matrix["codes"], "source_lengths": matrix["lengths"]}

    def decode(self, encoded: Any) -> Data:
        """Turn the codes of targets, or a dictionary that holds them, back into lines."""
        codes = encoded["target"] if isinstance(encoded, Mapping) else encoded
        written: Data = self.target.decode(codes)
        return written

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "text pairs", "source": self.source.to_json(), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{side: SymbolCodec.from_json(row[side]) for side in ("source", "target")})
