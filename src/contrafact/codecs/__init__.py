"""Codecs: world <-> numbers, one for each kind of data."""

from __future__ import annotations

from typing import Any


def from_json(row: dict[str, Any]) -> Any:
    """Make a codec again from what its `to_json` wrote."""
    from contrafact.codecs.audio import AudioCodec
    from contrafact.codecs.image import ImageCodec
    from contrafact.codecs.pairs import PairCodec
    from contrafact.codecs.text import SymbolCodec
    from contrafact.codecs.text_pairs import TextPairCodec
    from contrafact.codecs.vector import VectorCodec

    kinds: dict[str, Any] = {
        "audio": AudioCodec,
        "image": ImageCodec,
        "pairs": PairCodec,
        "text": SymbolCodec,
        "text pairs": TextPairCodec,
        "vector": VectorCodec,
    }
    return kinds[row["codec"]].from_json(row)
