"""The model of methods that rewrite lines: one best line for each, or several draws."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.data import Data
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, chosen, fold
from contrafact.engine.model import Model
from contrafact.engine.packing import weights_of
from contrafact.nets.pushforward import at_rest
from contrafact.nets.rewriting import Rewriting
from contrafact.nets.sequence_model import Exam

BLOCK, MOST_EXAMINED = 128, 256


class RewriterModel(Model):
    """A network from lines to lines, with the critic's weights where they were kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Knows the symbols of both sides.
        net: Reads and writes.
        critic_net: Judges pairs, or None.
        exam: The held-out pairs, while it is being trained.
    """

    def __init__(
        self, recipe: Recipe, codec: Any, net: Rewriting, critic_net: nn.Module | None = None, exam: Exam | None = None
    ) -> None:
        super().__init__(recipe, codec)
        self.net, self.critic_net, self.exam = net, critic_net, exam

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights, and the critic's where asked for."""
        return weights_of(generator=self.net, critic=self.critic_net if with_critic else None)

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Rewrite the held-out lines, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        source = torch.from_numpy(self.exam.held["source"][: min(n, MOST_EXAMINED)]).long()
        return {"target": self.net.plain(self._written(source, None)).cpu().numpy()}

    def _written(self, source: Tensor, seed: int | None) -> Tensor:
        """Write lines a few at a time; each draw depends on the line's place alone."""
        found, device = [], self.net.head.bias.device
        for first in range(0, len(source), BLOCK):
            part = source[first : first + BLOCK]
            chance = None
            if seed is not None:
                stream = torch.Generator().manual_seed(fold(seed, "write", first // BLOCK))
                chance = torch.rand(BLOCK, self.net.target.places, generator=stream)[: len(part)].to(device)
            with at_rest(self.net):
                found.append(self.net.write(part.to(device), chance))
        return torch.cat(found) if found else source.new_empty(0, self.net.target.places)

    def translate(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any:
        """Rewrite lines.

        Arguments:
            data: Lines; words that were never seen can be copied.
            draws: None gives the likeliest symbol at every place; m gives a list of m random draws.
            seed: The same seed gives the same draws.
        """
        lines = list(data.items if isinstance(data, Data) else data)
        source = torch.from_numpy(self.codec.sources(lines)["source"]).long()
        if draws is None:
            return self._lines(lines, self._written(source, None), data)
        base = chosen(seed)
        return [
            self._lines(lines, self._written(source, fold(base, "draw", number)), data)
            for number in range(checked_count(draws))
        ]

    def _lines(self, sources: list[Any], written: Tensor, data: Any) -> Any:
        items = [self._line(*pair) for pair in zip(sources, written.cpu().numpy(), strict=True)]
        return replace(data, items=items) if isinstance(data, Data) else items

    def _line(self, source: Any, written: np.ndarray) -> Any:
        """Turn codes into a line, and places that were copied into what stands there."""
        target, outputs = self.codec.target, self.net.target.outputs
        symbols = self.codec.source.split(source)
        ends = np.flatnonzero(written == target.end)
        codes = written[: ends[0]] if len(ends) else written
        copied = tuple(symbols[code - outputs] for code in codes if code >= outputs)
        wider = replace(target, symbols=(*target.symbols, *copied), left_out=0, container="list")
        fresh = iter(range(len(target.symbols), len(wider.symbols)))
        return wider.decode([[next(fresh) if code >= outputs else code for code in codes]])[0]
