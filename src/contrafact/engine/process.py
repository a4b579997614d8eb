"""What a training asks of its process: threads, and a hearing for signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch


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
