"""Read WAV files of plain numbers: whole numbers of 8, 16, 24 or 32 bit, floats of 32 or 64, any channels and rate.

A WAV file is a RIFF: the word, a length, the word WAVE, then chunks, each with a name of four letters, a length and,
where that is odd, a byte more. `fmt ` says what the numbers are, `data` holds them, channel by channel for each
moment. Lengths are claims: no more is read than the file has. A program that writes into a pipe does not know the
length and claims about 2 or 4 GB; such a file is whole all the same.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

import numpy as np

WHOLE, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
PIPED = 0x7FF00000  # bytes; who claims more and has less did not know
MOST_CHUNKS = 1000
BITS = {(WHOLE, 8), (WHOLE, 16), (WHOLE, 24), (WHOLE, 32), (FLOAT, 32), (FLOAT, 64)}


@dataclass(frozen=True, kw_only=True)
class Riff:
    """Where the numbers of a WAV file lie, and what they are.

    Arguments:
        rate: Samples a second.
        channels: Channels.
        form: 1 for whole numbers, 3 for floats.
        bits: Bits of a number.
        start: Where the numbers begin.
        claimed: Bytes that the header claims.
        there: Bytes that are there.
    """

    rate: int
    channels: int
    form: int
    bits: int
    start: int
    claimed: int
    there: int

    @property
    def width(self) -> int:
        """Bytes of one moment, all channels."""
        return self.channels * self.bits // 8

    @property
    def frames(self) -> int:
        """Moments that are there."""
        return min(self.claimed, self.there) // self.width

    @property
    def piped(self) -> bool:
        """Whether who wrote the header did not know the length."""
        return self.claimed >= PIPED and self.there < self.claimed

    @property
    def missing(self) -> int:
        """Bytes that are claimed and not there."""
        return 0 if self.piped else max(self.claimed - self.there, 0)


def riff(file: IO[bytes]) -> Riff | None:
    """Read the header of a WAV file; None where it is none, or none of plain numbers."""
    size = file.seek(0, 2)
    file.seek(0)
    first = file.read(12)
    if len(first) < 12 or first[:4] != b"RIFF" or first[8:] != b"WAVE":
        return None
    kind: tuple[int, int, int, int] | None = None
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = struct.unpack("<4sI", head)
        start = file.tell()
        if name == b"data":
            return _checked(kind, start, length, size - start)
        if name == b"fmt ":
            kind = _format(file.read(min(length, 64)))
        file.seek(start + length + length % 2)
    return None


def _format(chunk: bytes) -> tuple[int, int, int, int] | None:
    """Read form, channels, rate and bits; None for numbers that are packed in another way."""
    if len(chunk) < 16:
        return None
    form, channels, rate, _, width, bits = struct.unpack("<HHIIHH", chunk[:16])
    if form == EXTENSIBLE and len(chunk) >= 26:
        form = struct.unpack("<H", chunk[24:26])[0]
    return (form, channels, rate, bits) if channels and width == channels * bits // 8 else None


def _checked(kind: tuple[int, int, int, int] | None, start: int, claimed: int, there: int) -> Riff | None:
    if kind is None or (kind[0], kind[3]) not in BITS or not kind[2]:
        return None
    form, channels, rate, bits = kind
    return Riff(rate=rate, channels=channels, form=form, bits=bits, start=start, claimed=claimed, there=there)


def numbers(file: IO[bytes], header: Riff, first: int, frames: int) -> np.ndarray:
    """Read moments as float32 between -1 and 1, a row each.

    Arguments:
        file: The file.
        header: What `riff` found.
        first: The first moment.
        frames: How many; less come where less are there.
    """
    file.seek(header.start + first * header.width)
    raw = file.read(min(frames, header.frames - first) * header.width)
    raw = raw[: len(raw) // header.width * header.width]
    return _floats(raw, header).reshape(-1, header.channels)


def _floats(raw: bytes, header: Riff) -> np.ndarray:
    if header.form == FLOAT:
        return np.frombuffer(raw, f"<f{header.bits // 8}").astype(np.float32)
    if header.bits == 8:  # the only ones without a sign
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    if header.bits == 24:
        wide = np.zeros((len(raw) // 3, 4), dtype=np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        raw = wide.tobytes()
    whole = np.frombuffer(raw, "<i2" if header.bits == 16 else "<i4")
    return whole.astype(np.float32) / np.float32(2**15 if header.bits == 16 else 2**31)
