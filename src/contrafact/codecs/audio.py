"""Clips of sound <-> one float32 matrix N x length beside a class for each, at the rate that a network works at.

Every clip is treated alike: brought to one rate, freed of an offset and of the silence at its ends (see `waves`), cut
or filled with silence to one length, and made equally loud (its peak at .95). Then all begin with their sound, which
a network need not learn, and none is too quiet to count. The length is that of 98 % of the clips, at most 2 seconds,
and a multiple of 256, so that hops, windows and strides of powers of two always fit. `policy` says it in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.classes import MOST_CLASSES, given_labels, labels_at, learned, places_of
from contrafact.codecs.crossed import crossed, rows_of
from contrafact.codecs.waves import SILENT, as_floats, centred, heard, of_length, peak, resampled

LEVEL = 0.95
COVERED = 0.98  # share of the clips that fit into the length whole
MOST_RATE = 16_000
MOST_SECONDS = 2.0
MULTIPLE = 256


def is_sound(data: Any) -> bool:
    """Tell sound from other data: Data that say so."""
    return isinstance(data, Data) and data.kind == "sound"


def clips(data: Any) -> Iterator[np.ndarray]:
    """Read clips one by one as float32.

    Raises:
        DataError: These data are no sound, or a clip holds numbers that are none.
    """
    items = data.items if isinstance(data, Data) else data
    if isinstance(data, Data) and data.kind != "sound":
        raise _no_sound(f"{data.kind}")
    for place, item in enumerate(items):
        wave = np.asarray(item)
        if wave.ndim != 1 or wave.dtype.kind not in "iuf":
            raise _no_sound(f"item {place} is {wave.dtype} of shape {wave.shape}")
        wave = as_floats(wave)
        if not np.isfinite(wave).all():
            raise _no_sound(f"clip {place} holds missing or infinite numbers")
        yield wave


def _no_sound(held: str) -> DataError:
    return DataError(
        f"These data are no sound: {held}.",
        why="A clip is one channel of finite numbers between -1 and 1.",
        fix='Read a folder of recordings: contrafact.read(FOLDER), or give Data(kind="sound", items=..., rate=8000).',
        code="E600",
    )


@dataclass(frozen=True, kw_only=True)
class Clips:
    """What was measured of clips before anything is decided.

    Arguments:
        lengths: Samples of each at the rate worked at, without silence at the ends; 0 where it is silent.
        whole: Samples of each with it.
        differ: Whether at least two are different.
        offset: How many had an offset.
    """

    lengths: np.ndarray
    whole: np.ndarray
    differ: bool
    offset: int


def _measured(data: Any, rate: int, wanted: int) -> Clips:
    """Measure clips one by one; lengths at another rate are worked out, not resampled."""
    lengths, whole, offset = [], [], 0
    prints: set[bytes] = set()
    for wave in clips(data):
        still = centred(wave)
        offset += still is not wave
        start, end = heard(still, rate)
        lengths.append(-(-(end - start) * wanted // rate))
        whole.append(-(-len(wave) * wanted // rate))
        if len(prints) < 2:
            prints.add(wave.tobytes())
    return Clips(lengths=np.asarray(lengths), whole=np.asarray(whole), differ=len(prints) > 1, offset=offset)


@dataclass(frozen=True, kw_only=True)
class AudioCodec:
    """Translate clips of sound into a matrix and back.

    Arguments:
        rate: Samples a second that the network works at.
        length: Samples of a clip.
        seen_rate: Samples a second of the user's clips.
        shortest: Samples of the shortest clip that is heard, at `rate`, without silence at its ends.
        longest: Samples of the longest.
        cut: How many clips are longer than `length`.
        quiet: How many clips are silent.
        trimmed: How many clips had silence at their ends.
        offset: How many clips had a constant offset.
        seen: How many clips were read.
        classes: Names of the classes, empty where there are none.
        shares: Share of each class.
        numbers: Whether the user's labels are whole numbers.
        name: Name of the user's data.
        bare: Whether the user gave an array and gets one back.
        crossed: How many levels each attribute has, where the classes are all combinations of attributes.
    """

    rate: int
    length: int
    seen_rate: int
    shortest: int
    longest: int
    cut: int
    quiet: int
    trimmed: int
    offset: int
    seen: int
    classes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    numbers: bool = False
    name: str = "sound"
    bare: bool = False
    crossed: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        rate: int | None = None,
        seconds: float | None = None,
        labelled: bool = True,
        multiple: int = MULTIPLE,
    ) -> Self:
        """Learn rate, length and classes.

        Arguments:
            data: Sound with its rate, with labels or without; or an array of clips N x samples with `rate`.
            rate: Samples a second to work at; None: those of the data, at most 16,000.
            seconds: Length of a clip; None: that of 98 % of them, at most 2.
            labelled: Whether to learn the classes, where there are any.
            multiple: The length is a multiple of this.
        """
        has = _rate_of(data, rate)
        wanted = _checked_rate(min(has, MOST_RATE) if rate is None else rate)
        seen = _measured(data, has, wanted)
        _check_seen(seen)
        heard_ones = seen.lengths[seen.lengths > 0]
        length = _length(heard_ones, wanted, seconds, multiple)
        return cls(
            rate=wanted,
            length=length,
            seen_rate=has,
            shortest=int(heard_ones.min()),
            longest=int(heard_ones.max()),
            cut=int((seen.lengths > length).sum()),
            quiet=int((seen.lengths == 0).sum()),
            trimmed=int(((seen.lengths < seen.whole) & (seen.lengths > 0)).sum()),
            offset=seen.offset,
            seen=len(seen.lengths),
            name=data.name if isinstance(data, Data) else "sound",
            bare=not isinstance(data, Data),
            **(crossed(data) or _classes(data.labels if isinstance(data, Data) and labelled else None)),
        )

    @property
    def seconds(self) -> float:
        """Length of a clip in seconds."""
        return self.length / self.rate

    @property
    def conditions(self) -> np.ndarray:
        """What a network reads for each class: a row of zeros and a one, or a one for each attribute."""
        return rows_of(len(self.classes), self.crossed)

    @property
    def words(self) -> tuple[str, ...]:
        """Labels of sound are names, never read word by word."""
        return ()

    @property
    def policy(self) -> str:
        """What is done to the clips, in words."""
        said = [f"{self.length:,} samples at {self.rate:,} a second ({self.seconds:.2f} s)"]
        if self.seen_rate != self.rate:
            said[0] += f", resampled from {self.seen_rate:,}"
        if self.cut:
            said.append(f"{self.cut:,} of {self.seen:,} are longer and cut, with a short fade")
        if self.trimmed:
            said.append(f"silence at the ends is taken away ({self.trimmed:,} clips had some)")
        if self.offset:
            said.append(f"an offset is taken away ({self.offset:,} clips had one)")
        said.append(f"all are made equally loud (peak {LEVEL})")
        if self.quiet:
            said.append(f"{self.quiet:,} silent ones stay silent")
        return f"Clips have {'; '.join(said)}."

    def described(self, labels: Any) -> np.ndarray:
        """Give what a network reads for each label."""
        return np.asarray(self.conditions[self.places(labels)])

    def named(self, labels: Any) -> np.ndarray:
        """Give labels as the user's data have them, however they were written."""
        return self.labels(self.places(labels))

    def given_labels(self, data: Any) -> Any:
        """Give the labels of data, empty ones where there are none."""
        return given_labels(data)

    def places(self, labels: Any) -> np.ndarray:
        """Find the place of each label among the classes."""
        return places_of(labels, self.classes)

    def labels(self, places: np.ndarray) -> np.ndarray:
        """Give the user's labels back."""
        return labels_at(places, self.classes, self.numbers)

    def encode(self, data: Any) -> dict[str, np.ndarray]:
        """Turn clips into a matrix and the places of their classes."""
        encoded = {"waves": self.waves(data)}
        if self.classes:
            encoded["labels"] = self.places(given_labels(data))
        return encoded

    def waves(self, data: Any) -> np.ndarray:
        """Turn clips into a float32 matrix N x length, each with its peak at .95."""
        has = data.rate if isinstance(data, Data) and data.rate else self.seen_rate
        waves = np.zeros((len(data), self.length), dtype=np.float32)
        for row, wave in zip(waves, clips(data), strict=True):
            row[:] = self._one(wave, has)
        return waves

    def _one(self, wave: np.ndarray, has: int) -> np.ndarray:
        still = centred(resampled(wave, has, self.rate))
        start, end = heard(still, self.rate)
        cut = of_length(still[start:end], self.length, self.rate)
        top = peak(cut)
        return np.asarray(cut * np.float32(LEVEL / top)) if top >= SILENT else np.zeros_like(cut)

    def decode(self, encoded: Any) -> Any:
        """Turn a matrix back into the kind of object that was fitted.

        Arguments:
            encoded: Waves between -1 and 1, N x length, alone or with `labels` where there are classes.
        """
        waves = encoded["waves"] if isinstance(encoded, dict) else encoded
        items = np.clip(np.asarray(waves, dtype=np.float32), -1, 1)
        if self.bare:
            return items
        places = encoded.get("labels") if isinstance(encoded, dict) else None
        labels = None if places is None else self.labels(np.asarray(places))
        return Data(kind="sound", items=items, labels=labels, name=self.name, rate=self.rate)

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "audio", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "codec"}
        return cls(**fields)


def _rate_of(data: Any, rate: int | None) -> int:
    """Give the samples a second of data."""
    has = data.rate if isinstance(data, Data) else rate
    if has is None:
        raise UsageError(
            "How many samples a second do these clips have?",
            why="An array of numbers does not say it.",
            fix='Give Data(kind="sound", items=array, rate=8000), or rate=8000 beside an array.',
            code="E603",
        )
    return _checked_rate(has)


def _checked_rate(rate: int) -> int:
    if not 100 <= rate <= 1_000_000:
        raise UsageError(
            f"Sound of {rate:,} samples a second is not read.",
            why="Usual are 8,000 (telephone) to 48,000 (studio).",
            fix="Give a rate between 100 and 1,000,000.",
            code="E604",
        )
    return int(rate)


def _check_seen(seen: Clips) -> None:
    """Refuse clips from which nothing can be learned."""
    if len(seen.lengths) == 0 or not (seen.lengths > 0).any():
        raise DataError(
            "No clip can be heard." if len(seen.lengths) else "There are no clips.",
            why=f"A clip whose peak is below {SILENT} of the range is silent.",
            fix="Give recordings of something; see them with: contrafact look FOLDER",
            code="E601",
        )
    if not seen.differ:
        raise DataError(
            "All clips are the same." if len(seen.lengths) > 1 else "There is one clip.",
            why="A generator learns how clips differ.",
            fix="Give clips that vary; a few hundred are a sensible least.",
            code="E201" if len(seen.lengths) > 1 else "E206",
        )


def _length(heard_ones: np.ndarray, rate: int, seconds: float | None, multiple: int) -> int:
    """Choose the length: what was asked for, or that of 98 % of the clips, at most 2 seconds; rounded up."""
    if seconds is not None and not 0 < seconds <= 60:
        raise UsageError(
            f"Clips of {seconds} seconds are not made.",
            why="A clip is learned as one item, of 60 seconds at most.",
            fix="Give seconds between 0 and 60, such as 1.",
            code="E604",
        )
    usual = float(np.quantile(heard_ones, COVERED, method="higher"))
    samples = min(usual, MOST_SECONDS * rate) if seconds is None else seconds * rate
    return max(-(-int(np.ceil(samples)) // multiple), 1) * multiple


def _classes(labels: Any) -> dict[str, Any]:
    """Learn the classes, their shares, and whether labels are whole numbers."""
    classes, shares, numbers = learned(labels)
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"These clips have {len(classes):,} different labels.",
            why=f"Classes are learned up to {MOST_CLASSES:,}.",
            fix="Give fewer classes, or train without: --set conditional=no.",
            code="E214",
        )
    return {"classes": classes, "shares": shares, "numbers": numbers}
