"""Text: lines of characters, words or pieces of words, and lists of tokens <-> arrays of symbol codes.

A code is a symbol's place among the known ones. Where rare words are not learned, the code after the last is the
unknown word, which a generator reads and never writes. The code after these is the end of a line. The matrix that
networks read has a row for each line, filled up with the end. `policy` says all of this in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, did_you_mean
from contrafact.codecs.classes import MOST_CLASSES, given_labels, labels_at, learned, places_of
from contrafact.codecs.clusters import clusters
from contrafact.codecs.crossed import crossed
from contrafact.codecs.subwords import Pair, cut, learn, words_of
from contrafact.codecs.units import GLUE, SENTENCE_WORDS, Unit, apart, kept_words, unit_of

__all__ = ["SENTENCE_WORDS", "SymbolCodec", "Unit", "lines_of"]

Symbol = str | int
Asked = Literal["auto", "character", "word", "subword"]
MOST_SYMBOLS = 6000  # a network's word list
PIECES = 4000  # pieces of words
COVERED = 0.99
LONGEST = {"character": 256, "word": 96, "subword": 128, "token": 256}  # symbols of a row at most
NAMES = {"character": "characters", "word": "words", "subword": "pieces of words", "token": "tokens"}


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


def _unit_of(lines: Sequence[Any], asked: Asked, most: int | None) -> Unit:
    if lines and not isinstance(lines[0], str):
        return "token"
    return asked if asked != "auto" else unit_of(lines, most)


@dataclass(frozen=True, kw_only=True)
class SymbolCodec:
    """Translate lines into arrays of codes and back: the place of each symbol among the known ones.

    >>> codec = SymbolCodec.fit(["春眠不覺曉", "處處聞啼鳥"])
    >>> codec.decode(codec.encode(["曉鳥"]))
    ['曉鳥']

    Arguments:
        symbols: The known symbols, sorted, whole numbers first.
        unit: What a symbol is: a character, a word between blanks, a piece of a word, or a token of a list.
        line: What a line comes back as.
        container: What the user gave and gets back.
        name: Name of the user's Data object.
        clusters: Whether a character is a letter with all its accents and joiners, or a single code point.
        glued: Whether marks at a word's ends are symbols of their own, which hold where they were glued on.
        merges: The merges of subwords, left and right one after the other.
        longest: Width of the matrix that networks read, the end of a line in it.
        ends: Whether lines end where they like; lines that are all of one length have no end in the matrix.
        cut: Share of the lines that do not fit it.
        left_out: How many different symbols are too rare to be learned.
        unknown_share: Share of the text that they are.
        classes: Names of the classes; empty where there are none, or none were asked for.
        shares: Share of each class.
        numbers: Whether the user's labels are whole numbers.
        crossed: How many levels each attribute has, where the classes are all combinations of attributes.
    """

    symbols: tuple[Symbol, ...]
    unit: Unit
    line: Literal["text", "list", "tuple"] = "text"
    container: Literal["list", "data"] = "list"
    name: str = "data"
    clusters: bool = False
    glued: bool = False
    merges: tuple[str, ...] = ()
    longest: int = 0
    ends: bool = True
    cut: float = 0.0
    left_out: int = 0
    unknown_share: float = 0.0
    classes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    numbers: bool = False
    crossed: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        unit: Asked = "auto",
        most: int | None = None,
        longest: int | None = None,
        labelled: bool = False,
    ) -> Self:
        """Learn the symbols.

        Arguments:
            data: A list of strings, a list of lists of tokens, or Data that holds one.
            unit: What a symbol of a string is; "auto" chooses (see `codecs.units`).
            most: The most symbols; rarer ones become one unknown symbol. None: all are kept, and no word is cut.
                Networks give MOST_SYMBOLS.
            longest: Width of the matrix; None: what 99 % of the lines need, within bounds.
            labelled: Whether to learn the classes.

        Raises:
            DataError: There is no symbol, or there are too many classes.
        """
        lines = lines_of(data)
        kind = _unit_of(lines, unit, most)
        merges = _merges(lines, most) if kind == "subword" else ()
        glued = kind == "word" and not any(GLUE in line for line in lines)
        split = _Splitter(kind, True, glued, merges)
        counts = Counter(map(_plain, chain.from_iterable(split(line) for line in lines)))
        if not counts:
            raise _nothing(len(lines), kind)
        kept = _kept(counts, kind, most)
        lost = len(counts) - len(kept)
        return cls(
            symbols=tuple(sorted(kept, key=lambda s: (isinstance(s, str), s))),
            unit=kind,
            line="text" if kind != "token" else "tuple" if isinstance(lines[0], tuple) else "list",
            container="data" if isinstance(data, Data) else "list",
            name=data.name if isinstance(data, Data) else "data",
            clusters=True,
            glued=glued,
            merges=merges,
            left_out=lost,
            unknown_share=1 - sum(counts[s] for s in kept) / sum(counts.values()) if lost else 0.0,
            **_width([len(split(line)) for line in lines], kind, longest),
            **_classes(data if labelled else None),
        )

    def widened(self, data: Any, longest: int | None = None) -> Self:
        """Give the same codec with a matrix as wide as other lines need.

        Arguments:
            data: The lines.
            longest: The width; None: what 99 % of them need, within bounds.
        """
        return replace(self, **_width([len(self.split(line)) for line in lines_of(data)], self.unit, longest))

    @property
    def end(self) -> int:
        """The code of a line's end, which is the highest: as many codes lie below it."""
        return len(self.symbols) + (self.left_out > 0)

    @property
    def unknown(self) -> int | None:
        """The code of words that were too rare to be learned; None where there are none."""
        return len(self.symbols) if self.left_out else None

    @property
    def size(self) -> int:
        """How many codes a network reads: the symbols, the unknown one and the end."""
        return self.end + 1

    @property
    def conditions(self) -> np.ndarray:
        """What a network reads for each class: a row of zeros and a one."""
        return np.eye(len(self.classes), dtype=np.float32)

    @property
    def policy(self) -> str:
        """How the text is read, in words."""
        said = [f"The lines are read by {self.unit}: {len(self.symbols):,} different {NAMES[self.unit]}."]
        if self.left_out:
            said.append(
                f"{self.left_out:,} rarer ones ({self.unknown_share:.1%} of the text) are read as one unknown "
                f"{self.unit}, which is never written."
            )
        if self.cut:
            said.append(f"{self.cut:.1%} of the lines are longer than {self.longest:,} and are learned only so far.")
        return " ".join(said)

    @cached_property
    def _codes(self) -> dict[Hashable, int]:
        return {symbol: code for code, symbol in enumerate(self.symbols)}

    @cached_property
    def split(self) -> _Splitter:
        """Cuts a line into its symbols."""
        return _Splitter(self.unit, self.clusters, self.glued, self.merges)

    def encode(self, data: Any) -> list[np.ndarray]:
        """Turn each line into an array of codes, without its end.

        Raises:
            DataError: A line holds a symbol that was not in the fitted data, and none was too rare to be learned.
        """
        return [self.encode_line(line, number) for number, line in enumerate(lines_of(data))]

    def encode_line(self, line: Any, number: int = 0, known: bool = False) -> np.ndarray:
        """Turn one line, which may be empty, into an array of codes.

        Arguments:
            line: The line.
            number: Its number, for messages.
            known: Whether all symbols must be known, as those of a prefix that is to be written.
        """
        if isinstance(line, str) != (self.line == "text"):
            raise _wrong(f"Line {number} is {line!r:.60}; the model was fitted to lines of {self.unit}s.")
        symbols = self.split(line)
        if self.unknown is not None and not known:
            return np.array([self._codes.get(symbol, self.unknown) for symbol in symbols], dtype=np.int64)
        try:
            return np.array([self._codes[symbol] for symbol in symbols], dtype=np.int64)
        except KeyError as error:
            raise self._strange(error.args[0], number) from None

    def _strange(self, unknown: Any, number: int) -> DataError:
        return DataError(
            f"Line {number} holds the unknown {self.unit} {unknown!r}.",
            why=f"It was not in the data, or too rare. {did_you_mean(str(unknown), map(str, self.symbols[:1000]))}",
            fix="Leave the line out, or fit the model to data that hold it.",
            code="E207",
        )

    def matrix(self, data: Any) -> dict[str, np.ndarray]:
        """Turn lines into what networks read.

        Returns:
            `codes` int32 (lines, longest), filled up with `end`; `lengths` int64, the symbols of each row without its
            end; `labels` int64, the places of the classes, where there are classes. A row whose length is `longest`
            has no end in it: its line was cut, or all lines are of this one length.
        """
        rows = self.encode(data)
        codes = np.full((len(rows), self.longest), self.end, dtype=np.int32)
        lengths = np.array([min(len(row), self.longest) for row in rows], dtype=np.int64)
        for place, (row, length) in enumerate(zip(rows, lengths, strict=True)):
            codes[place, :length] = row[:length]
        encoded: dict[str, np.ndarray] = {"codes": codes, "lengths": lengths}
        if self.classes:
            encoded["labels"] = self.places(given_labels(data))
        return encoded

    def decode(self, encoded: Any) -> Any:
        """Turn codes back into the kind of object that was fitted; a line stops at its first end.

        Arguments:
            encoded: An array of codes for each line, or the dictionary of `matrix`; its lengths may be left out.
        """
        given = encoded if isinstance(encoded, Mapping) else {"codes": encoded}
        lines = [self._line([self.symbols[code] for code in self._until_end(codes)]) for codes in given["codes"]]
        if self.container == "list":
            return lines
        places = given.get("labels")
        labels = None if places is None or not self.classes else self.labels(places)
        return Data(kind="text", items=lines, labels=labels, name=self.name)

    def _until_end(self, codes: Any) -> np.ndarray:
        row = np.asarray(codes, dtype=np.int64)
        ends = np.flatnonzero(row == self.end)
        row = row[: ends[0]] if len(ends) else row
        return row[row < len(self.symbols)]

    def _line(self, symbols: list[Symbol]) -> Any:
        if self.line == "text":
            text = (" " if self.unit == "word" else "").join(map(str, symbols))
            if self.glued:
                return text.replace(f" {GLUE}", "").replace(f"{GLUE} ", "").replace(GLUE, "")
            return text.removeprefix(" ") if self.unit == "subword" else text
        return tuple(symbols) if self.line == "tuple" else symbols

    def places(self, labels: Any) -> np.ndarray:
        """Find the place of each label among the classes."""
        return places_of(labels, self.classes)

    def labels(self, places: Any) -> np.ndarray:
        """Give the user's labels back."""
        return labels_at(places, self.classes, self.numbers)

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "text", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "codec"}
        return cls(**fields)


class _Splitter:
    """Cuts lines into symbols; words that were cut once are remembered.

    Arguments:
        unit: What a symbol is.
        whole: Whether characters are letters with all their accents.
        glued: Whether marks at a word's ends are symbols of their own.
        merges: The merges of subwords.
    """

    def __init__(self, unit: Unit, whole: bool, glued: bool, merges: Sequence[str]) -> None:
        self.unit, self.whole, self.glued = unit, whole, glued
        self.ranks: dict[Pair, int] = {pair: i for i, pair in enumerate(zip(merges[::2], merges[1::2], strict=True))}
        self.known: dict[str, list[str]] = {}

    def __call__(self, line: Any) -> Sequence[Any]:
        if not isinstance(line, str):
            return line  # type: ignore[no-any-return]
        if self.unit == "word" and not self.glued:
            return line.split()
        if self.unit in ("word", "subword"):
            words = words_of(line) if self.unit == "subword" else line.split()
            return [piece for word in words for piece in self._pieces(word)]
        return clusters(line) if self.whole else line

    def _pieces(self, word: str) -> list[str]:
        if word not in self.known:
            self.known[word] = cut(word, self.ranks) if self.unit == "subword" else apart(word)
        return self.known[word]


def _plain(symbol: Any) -> Symbol:
    return symbol if isinstance(symbol, str) else int(symbol)


def _merges(lines: Sequence[str], most: int | None) -> tuple[str, ...]:
    _, pairs = learn(lines, min(PIECES, most or PIECES))
    return tuple(chain.from_iterable(pairs))


def _kept(counts: Counter[Any], unit: Unit, most: int | None) -> list[Any]:
    """Choose the symbols that are learned; only words are left out for being seen once."""
    if most is None or (len(counts) <= most and unit != "word"):
        return list(counts)
    if unit == "word":
        return kept_words(counts, most)
    return sorted(counts, key=lambda symbol: (-counts[symbol], str(symbol)))[:most]


def _width(lengths: Sequence[int], unit: Unit, longest: int | None) -> dict[str, Any]:
    """Choose the width of the matrix: what 99 % of the lines need with their ends, which equal lines do not have."""
    if not lengths:
        return {"longest": longest or 1, "ends": True, "cut": 0.0}
    ends = len(set(lengths)) > 1
    needed = sorted(lengths)[min(int(COVERED * len(lengths)), len(lengths) - 1)] + ends
    chosen = longest or max(min(needed, LONGEST[unit]), 1)
    cut = sum(length + ends > chosen for length in lengths) / len(lengths)
    return {"longest": chosen, "ends": ends or cut > 0, "cut": cut}


def _classes(data: Any) -> dict[str, Any]:
    if found := crossed(data):
        return found
    classes, shares, numbers = learned(data.labels if isinstance(data, Data) else None)
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"These lines have {len(classes):,} different labels.",
            why=f"Classes are learned up to {MOST_CLASSES:,}.",
            fix="Give fewer classes, or train without: --set conditional=no.",
            code="E214",
        )
    return {"classes": classes, "shares": shares, "numbers": numbers}


def _nothing(lines: int, unit: Unit) -> DataError:
    return DataError(
        f"These data have {lines} lines and no symbol in them.",
        why="There is nothing to learn from.",
        fix=f"Give at least one line that holds a {unit}.",
        code="E201",
    )
