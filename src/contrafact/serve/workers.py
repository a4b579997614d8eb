"""One thread for each model, which does one thing after the other, off the event loop.

A model is asked by its own thread alone, so that it needs no locks and the threads of its arithmetic never multiply.
What waits is counted when it comes: beyond the limit it is refused at once (429), with a guess at when to come again.
Work that nobody waits for any more is dropped before it begins; an answer that is sent part by part asks for its next
part when the last one has been taken, so that a slow reader holds no thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from contrafact.serve.refusals import Refusal

T = TypeVar("T")
USUAL_SECONDS, WEIGHT = 0.05, 0.1
LONGEST_WAIT_SECONDS = 60


class Worker:
    """A thread and what waits for it.

    Arguments:
        name: Whose thread it is.
        limit: Requests that wait or are being answered, at most.
    """

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit, self.open = name, limit, 0
        self._seconds = USUAL_SECONDS
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name=f"model {name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many pieces of work have not begun."""
        return len(self._waiting)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Count a request while it waits and is being answered.

        Raises:
            Refusal: There are too many already.
        """
        if self.open >= self.limit:
            raise self._full()
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    def _full(self) -> Refusal:
        seconds = min(max(round(self._seconds * self.open), 1), LONGEST_WAIT_SECONDS)
        return Refusal(
            429,
            "E704",
            f"Too many requests wait for '{self.name}'.",
            why=f"{self.open} wait or are being answered, which is the limit.",
            fix=f"Come again in {seconds} s, or ask for more rows in fewer requests.",
            headers={"retry-after": str(seconds)},
        )

    async def do(self, call: Callable[[], T]) -> T:
        """Have something done by the thread; who is cancelled while it waits takes it back."""
        loop = asyncio.get_running_loop()
        job = _Job(call, loop.create_future(), loop)
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()
        try:
            found: T = await job.future
        finally:
            self._take_back(job)
        return found

    def _take_back(self, job: _Job) -> None:
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if not self._waiting:
                    return
                job = self._waiting.popleft()
            began = time.perf_counter()
            job.run()
            self._seconds += WEIGHT * (time.perf_counter() - began - self._seconds)

    def stop(self, seconds: float = 5.0) -> None:
        """End the thread once nothing waits."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(seconds)


class _Job:
    """One piece of work and who waits for it.

    Arguments:
        call: The work.
        future: Where its result goes.
        loop: The event loop of who waits.
    """

    def __init__(self, call: Callable[[], Any], future: asyncio.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.call, self.future, self.loop = call, future, loop

    def run(self) -> None:
        try:
            self._tell(self.future.set_result, self.call())
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits for it
            self._tell(self.future.set_exception, error)

    def _tell(self, tell: Callable[[Any], None], what: Any) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(lambda: None if self.future.done() else tell(what))
