"""Codecs: world <-> numbers, one for each kind of data."""

from __future__ import annotations

from typing import Any


def from_json(row: dict[str, Any]) -> Any:
    """Make a codec again from what its `to_json` wrote."""
    from contrafact.codecs.image import ImageCodec
    from contrafact.codecs.pairs import PairCodec
    from contrafact.codecs.text import SymbolCodec
    from contrafact.codecs.vector import VectorCodec

    kinds: dict[str, Any] = {"image": ImageCodec, "pairs": PairCodec, "vector": VectorCodec, "text": SymbolCodec}
    return kinds[row["codec"]].from_json(row)
