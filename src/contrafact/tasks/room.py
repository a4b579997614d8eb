"""Make room for a large array: in memory, or in a temporary file that vanishes with the array."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.engine.bundle import writing

IN_MEMORY = 2**30  # bytes


def room_for(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Make an array of this shape that holds nothing yet; one of more than a GiB is mapped to a temporary file.

    Arguments:
        shape: Its shape.
        dtype: The type of its numbers.

    Raises:
        StorageError: The disk has no room for it.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY:
        return np.empty(shape, dtype)
    with writing(Path(tempfile.gettempdir())), tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)  # a full disk is told here, not by a crash while writing
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)
