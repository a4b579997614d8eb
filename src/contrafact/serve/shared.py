"""Small requests without a seed, cut from one block: what a thousand single rows cost is what one block costs.

A model draws whole blocks (1,024 rows of a table), since that is what makes a seed's rows the same however many are
asked for: a single row costs as much as a thousand. A request that names no seed wants rows, not these rows. So the
server draws a block with a seed of its own and gives each such request the next rows of it, and never the same row
twice; the answer says which seed and where (`x-contrafact-seed`, `x-contrafact-start`), and a request with both gets
the same bytes again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from contrafact.base.seeds import chosen
from contrafact.serve.served import Block, Served

AHEAD = 0.5  # share of a block after which the next one is drawn


class Shared:
    """The rows of one condition that are handed out.

    Arguments:
        served: The model.
        given: The condition.
    """

    def __init__(self, served: Served, given: Mapping[str, Any] | None) -> None:
        self.served, self.given = served, given
        self.as_lines = False  # whether rows are wanted as JSON, which the thread then writes with the block
        self._block: Block | None = None
        self._next = 0
        self._ahead: asyncio.Task[Block] | None = None

    def take(self, n: int) -> tuple[Block, int] | None:
        """Hand out the next n items at once, if there are so many."""
        if self._block is None or self._next + n > len(self._block):
            return None
        start, self._next = self._next, self._next + n
        if self._next > AHEAD * len(self._block):
            self._draw()
        return self._block, start

    async def wait(self, n: int) -> tuple[Block, int]:
        """Hand out the next n items, once they are drawn; whoever leaves does not stop the drawing for others."""
        while (found := self.take(n)) is None:
            task = self._draw()
            block = await asyncio.shield(task)
            if self._ahead is task:
                self._ahead, self._block, self._next = None, block, 0
        return found

    def _draw(self) -> asyncio.Task[Block]:
        if self._ahead is None:
            seed = chosen(None)
            work = partial(self.served.window, self.given, seed, self.served.block, self.as_lines)
            self._ahead = asyncio.get_running_loop().create_task(self.served.worker.do(work))
            self._ahead.add_done_callback(self._failed)
        return self._ahead

    def _failed(self, task: asyncio.Task[Block]) -> None:
        if (task.cancelled() or task.exception() is not None) and self._ahead is task:
            self._ahead = None
