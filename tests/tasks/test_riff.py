"""Plain WAV files are read as libsndfile reads them, number by number."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from contrafact.tasks.riff import numbers, riff

WAVE = np.random.default_rng(0).uniform(-1, 1, (501, 2)).astype(np.float32)


def written(subtype: str, form: str = "WAV", wave: np.ndarray = WAVE) -> io.BytesIO:
    file = io.BytesIO()
    soundfile.write(file, wave, 11_025, format=form, subtype=subtype)
    return file


@pytest.mark.parametrize("form", ["WAV", "WAVEX"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_plain_form_is_read_exactly(form, subtype):
    file = written(subtype, form)
    header = riff(file)
    assert header is not None and (header.rate, header.channels, header.frames) == (11_025, 2, 501)
    file.seek(0)
    wanted, _ = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")
    np.testing.assert_array_equal(numbers(file, header, 0, 10**9), wanted)
    np.testing.assert_array_equal(numbers(file, header, 100, 7), wanted[100:107])


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "IMA_ADPCM"])
def test_packed_numbers_are_left_to_others(subtype):
    assert riff(written(subtype)) is None


def test_a_claim_beyond_the_end_is_told_from_a_pipe():
    whole = written("PCM_16").getvalue()
    place = whole.index(b"data") + 4
    cut, pipe = riff(io.BytesIO(whole[:500])), whole[:place] + struct.pack("<I", 2**32 - 1) + whole[place + 4 : -400]
    assert cut is not None and cut.missing == len(whole) - 500 and not cut.piped
    header = riff(io.BytesIO(pipe))
    assert header is not None and header.piped and not header.missing and header.frames == 401
    assert len(numbers(io.BytesIO(pipe), header, 0, 10**12)) == 401


@pytest.mark.parametrize("size", range(0, 60, 3))
def test_a_header_that_breaks_off_is_no_header_or_has_no_sound(size):
    header = riff(io.BytesIO(written("PCM_16").getvalue()[:size]))
    assert header is None or header.frames <= 4


def test_other_chunks_of_odd_length_are_stepped_over():
    whole = written("PCM_16").getvalue()
    place = whole.index(b"data")
    header = riff(io.BytesIO(whole[:place] + b"junk" + struct.pack("<I", 3) + b"abc\0" + whole[place:]))
    assert header is not None and header.frames == 501
