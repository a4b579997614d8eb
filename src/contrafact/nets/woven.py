"""The model of a table: a network of any order, read column by column.

`sample` draws the columns of a block of rows in a random order, each from its law given those before; what is given is
put in first, so that conditions hold in every row and nothing is drawn in vain. `impute` leaves what is known as it is.
Several columns may be drawn in one pass, as if they did not depend on each other given those before: faster, and less
faithful.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, fold, generator, in_blocks
from contrafact.engine.model import Model
from contrafact.engine.play import own_randomness
from contrafact.nets.adversarial import loaded_net
from contrafact.nets.weave import Weave

Encoded = dict[str, np.ndarray]
EXAM_ROWS, EXAM_MASKS, SHOWN_ROWS = 1000, 4, 256


class Exam:
    """Held-out rows and the cells that are hidden from the network, the same at every look."""

    def __init__(self) -> None:
        self.tokens, self.known = torch.empty(0, 0), torch.empty(0, 0)

    def set(self, tokens: np.ndarray, seed: int, hidden: tuple[float, float]) -> None:
        """Choose the rows and the cells.

        Arguments:
            tokens: Held-out rows.
            seed: Chooses the cells.
            hidden: Between which shares of a row's cells are hidden.
        """
        random = generator(seed, "exam")
        rows = np.tile(tokens[:EXAM_ROWS], (EXAM_MASKS, 1)).astype(np.int64)
        share = random.uniform(*hidden, size=(len(rows), 1))
        known = (random.random(rows.shape) >= share) & (rows >= 0)
        self.tokens, self.known = torch.from_numpy(rows), torch.from_numpy(known)

    @property
    def asked(self) -> Tensor:
        """Which cells are to be guessed."""
        return ~self.known & (self.tokens >= 0)

    def by_row(self, surprise: Tensor) -> np.ndarray:
        """Sum the surprise at the cells asked for, over a row's cells and its masks."""
        whole: np.ndarray = (surprise * self.asked).sum(1).reshape(EXAM_MASKS, -1).sum(0).numpy()
        return whole

    @torch.no_grad()
    def surprise(self, net: Weave) -> np.ndarray:
        """Give the network's surprise at each row."""
        found = [
            net.surprise(net.hidden(net.entered(tokens, known)), tokens).T
            for tokens, known in zip(self.tokens.split(BLOCK_ROWS), self.known.split(BLOCK_ROWS), strict=True)
        ]
        return self.by_row(torch.cat(found))

    def alone(self, sizes: Sequence[int]) -> np.ndarray:
        """Give the surprise of one who knows each column's shares and nothing of the row."""
        costs = []
        for place, size in enumerate(sizes):
            column = self.tokens[:, place]
            counts = torch.bincount(column[column >= 0], minlength=size) + 0.5
            costs.append(-(counts / counts.sum()).log()[column.clamp_min(0)])
        return self.by_row(torch.stack(costs, 1))


class Woven(Model):
    """A fitted network of any order.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into tokens and back.
        net: The network.
        exam: The held-out rows, while it is being trained.
    """

    def __init__(self, recipe: Recipe, codec: Any, net: Weave, exam: Exam | None = None) -> None:
        super().__init__(recipe, codec)
        self.net, self.exam = net, exam

    def arrays(self, with_critic: bool = False) -> Encoded:
        """Copy the network's weights."""
        return {f"net/{key}": value.detach().cpu().numpy().copy() for key, value in self.net.state_dict().items()}

    def rows(self, n: int, seed: int) -> Encoded:
        """Draw a few rows, and take the exam, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        return {**self._block(seed, 0, min(n, SHOWN_ROWS)), "surprise": self.exam.surprise(self.net)}

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: What some columns are.
            seed: The same seed gives the same rows, however many are drawn; None draws fresh ones.
        """
        return self.codec.decode(self.drawn(checked_count(n), chosen(seed)))

    def drawn(self, n: int, seed: int, start: int = 0) -> Encoded:
        """Draw the encoded rows `start` to `start + n` of the endless sample that belongs to a seed."""
        pieces = in_blocks(n, lambda block: Block(self._block(seed, block)), start=start)
        return {name: np.concatenate([piece.parts[name] for piece in pieces]) for name in pieces[0].parts}

    @torch.no_grad()
    def _block(self, seed: int, block: int, rows: int = BLOCK_ROWS) -> Encoded:
        source = torch.Generator().manual_seed(fold(seed, "sample", block))
        places = len(self.net.sizes)
        order = generator(fold(seed, "order"), block).permutation(places)
        tokens = torch.full((rows, places), -1)
        entered = self.net.entered(tokens[:1], tokens[:1] >= 0).expand(rows, -1)
        for place in self._in_order(order):
            state = self.net.hidden(entered)
            logits = self.net.logits(state, place)
            tokens[:, place] = picked(logits, torch.rand(rows, generator=source))
            entered = entered + self._told(tokens[:, place], place)
        within = torch.rand(rows, len(self.codec.smooth), generator=source)
        return {"tokens": tokens.numpy().astype(np.int16), "within": within.numpy()}

    def _in_order(self, order: Sequence[int]) -> list[int]:
        """Put each second digit behind its first."""
        slots = self.codec.slots
        late = sorted(range(len(order)), key=lambda i: slots[order[i]].digit)
        return [int(order[i]) for i in late]

    def _told(self, tokens: Tensor, place: int) -> Tensor:
        """Give what a column's cells add to a row's embedding once they are known."""
        known = self.net.embed[tokens + self.net.starts[place]]
        return known - self.net.embed[self.net.total + place]


class Block:
    """Encoded rows that can be sliced."""

    def __init__(self, parts: Encoded) -> None:
        self.parts = parts

    def __getitem__(self, rows: slice) -> Block:
        return Block({name: part[rows] for name, part in self.parts.items()})


def picked(logits: Tensor, uniform: Tensor) -> Tensor:
    """Draw a token for each row: the first at which the summed chances pass a uniform number."""
    sums = logits.softmax(1).cumsum(1)
    return (sums < uniform[:, None] * sums[:, -1:]).sum(1).clamp_max(logits.shape[1] - 1)


def restored(recipe: Any, codec: Any, arrays: Encoded) -> Woven:
    """Make a fitted model again from its arrays."""
    with own_randomness(0, torch.device("cpu")):  # the weights drawn here are replaced by the loaded ones
        net = network(recipe, codec)
    loaded = loaded_net("net", net, arrays)
    assert isinstance(loaded, Weave)
    return Woven(recipe, codec, loaded)


def network(recipe: Any, codec: Any) -> Weave:
    """Make a network for a codec's columns."""
    return Weave([slot.size for slot in codec.slots], width=recipe.width, depth=recipe.depth)
