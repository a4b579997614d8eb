"""What a training asks of its process: threads, and a hearing for signals."""

from __future__ import annotations

import ctypes
import platform
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # glibc's names for mallopt's first argument
KEPT_BYTES, LARGEST_FROM_HEAP = 512 * 2**20, 32 * 2**20


def keep_memory() -> bool:
    """Let the C library keep freed memory for the next step instead of giving it back, where it can (glibc).

    Without this a step that makes and frees megabytes asks the system for fresh pages again and again: a tenth to a
    fifth of the time of a gradient penalty over pictures. Nothing else changes; up to 512 MiB stay with the process.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return all(
        library.mallopt(name, size)
        for name, size in ((MMAP_THRESHOLD, LARGEST_FROM_HEAP), (TRIM_THRESHOLD, KEPT_BYTES))
    )


@contextmanager
def few_threads(weights: int) -> Iterator[None]:
    """Use one thread for small networks, where more of them only wait for each other."""
    before = torch.get_num_threads()
    try:
        if weights < 1_000_000:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def stop_signals(heard: list[int], armed: bool) -> Iterator[None]:
    """Note the first Ctrl-C or SIGTERM for the loop to end at the next step; a second one ends at once."""
    if not armed or threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(number: int, frame: FrameType | None) -> None:
        if heard:
            raise KeyboardInterrupt
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
