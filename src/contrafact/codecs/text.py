"""Text: lines of characters or words, and lists of tokens <-> arrays of symbol codes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, did_you_mean

Unit = Literal["character", "word", "token"]
Symbol = str | int
SENTENCE_WORDS = 3


def lines_of(data: Any) -> list[Any]:
    """Read data as a list of strings, or of lists of tokens; nothing is changed.

    Raises:
        DataError: A line is neither a string nor a list of strings and whole numbers.
    """
    items = data.items if isinstance(data, Data) else data
    if isinstance(items, (str, bytes)) or hasattr(items, "columns") or not isinstance(items, Iterable):
        raise _wrong(f"These data are one {type(items).__name__}.")
    lines = [line.tolist() if isinstance(line, np.ndarray) else line for line in items]
    text = bool(lines) and isinstance(lines[0], str)
    for number, line in enumerate(lines):
        if not isinstance(line, str if text else (list, tuple)):
            raise _wrong(f"Line {number} is {line!r:.60}, line 0 is {lines[0]!r:.60}.")
        for token in () if text else line:
            if not isinstance(token, (str, int, np.integer)):
                raise _wrong(f"Line {number} holds the token {token!r:.60}.")
    return lines


def _wrong(what: str) -> DataError:
    return DataError(
        what,
        why="This method reads lists of strings, or lists of lists of tokens that are strings or whole numbers.",
        fix="Give one string, or one list of tokens, for each line.",
        code="E203",
    )


def _unit_of(lines: Sequence[Any]) -> Unit:
    """Choose words where most lines are sentences of spaced words, else characters; lists hold tokens."""
    if lines and not isinstance(lines[0], str):
        return "token"
    sentences = sum(len(line.split()) >= SENTENCE_WORDS for line in lines)
    return "word" if 2 * sentences > len(lines) else "character"


def _split(line: Any, unit: Unit) -> Sequence[Hashable]:
    return line.split() if unit == "word" and isinstance(line, str) else line


@dataclass(frozen=True, kw_only=True)
class SymbolCodec:
    """Translate lines into arrays of codes and back: the place of each symbol among the known ones.

    >>> codec = SymbolCodec.fit(["春眠不覺曉", "處處聞啼鳥"])
    >>> codec.decode(codec.encode(["曉鳥"]))
    ['曉鳥']

    Arguments:
        symbols: The known symbols, sorted, whole numbers first.
        unit: What a symbol is: a character, a word between blanks, or a token of a list.
        line: What a line comes back as.
        container: What the user gave and gets back.
        name: Name of the user's Data object.
    """

    symbols: tuple[Symbol, ...]
    unit: Unit
    line: Literal["text", "list", "tuple"] = "text"
    container: Literal["list", "data"] = "list"
    name: str = "data"

    @classmethod
    def fit(cls, data: Any, *, unit: Literal["auto", "character", "word"] = "auto") -> Self:
        """Learn the symbols.

        Arguments:
            data: A list of strings, a list of lists of tokens, or Data that holds one.
            unit: What a symbol of a string is; "auto" takes words where most lines are sentences, else characters.
        """
        lines = lines_of(data)
        kind: Unit = unit if unit != "auto" and lines and isinstance(lines[0], str) else _unit_of(lines)
        found = set(chain.from_iterable(_split(line, kind) for line in lines))
        symbols = sorted((_plain(symbol) for symbol in found), key=lambda s: (isinstance(s, str), s))
        if not symbols:
            raise DataError(
                f"These data have {len(lines)} lines and no symbol in them.",
                why="There is nothing to learn from.",
                fix=f"Give at least one line that holds a {kind}.",
                code="E201",
            )
        return cls(
            symbols=tuple(symbols),
            unit=kind,
            line="text" if kind != "token" else "tuple" if isinstance(lines[0], tuple) else "list",
            container="data" if isinstance(data, Data) else "list",
            name=data.name if isinstance(data, Data) else "data",
        )

    @cached_property
    def _codes(self) -> dict[Hashable, int]:
        return {symbol: code for code, symbol in enumerate(self.symbols)}

    def encode(self, data: Any) -> list[np.ndarray]:
        """Turn each line into an array of codes.

        Raises:
            DataError: A line holds a symbol that was not in the fitted data.
        """
        return [self.encode_line(line, number) for number, line in enumerate(lines_of(data))]

    def encode_line(self, line: Any, number: int = 0) -> np.ndarray:
        """Turn one line, which may be empty, into an array of codes."""
        if isinstance(line, str) != (self.line == "text"):
            raise _wrong(f"Line {number} is {line!r:.60}; the model was fitted to lines of {self.unit}s.")
        try:
            return np.array([self._codes[symbol] for symbol in _split(line, self.unit)], dtype=np.int64)
        except KeyError as error:
            unknown = error.args[0]
            raise DataError(
                f"Line {number} holds the unknown {self.unit} {unknown!r}.",
                why=f"It was not in the data. {did_you_mean(str(unknown), map(str, self.symbols[:1000]))}",
                fix="Leave the line out, or fit the model to data that hold it.",
                code="E207",
            ) from None

    def decode(self, rows: Sequence[np.ndarray]) -> Any:
        """Turn arrays of codes back into the kind of object that was fitted."""
        lines = [self._line([self.symbols[code] for code in codes]) for codes in rows]
        return Data(kind="text", items=lines, name=self.name) if self.container == "data" else lines

    def _line(self, symbols: list[Symbol]) -> Any:
        if self.line == "text":
            return (" " if self.unit == "word" else "").join(map(str, symbols))
        return tuple(symbols) if self.line == "tuple" else symbols

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "text", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "codec"}
        return cls(**fields)


def _plain(symbol: Any) -> Symbol:
    return symbol if isinstance(symbol, str) else int(symbol)
