"""The model of an adversarial method over vectors: noise pushed through the generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, chosen, fold, in_blocks
from contrafact.engine.duel import Latent
from contrafact.engine.model import Model
from contrafact.engine.packing import weights_of
from contrafact.engine.play import Step, lone_step

CANDIDATES = 8


class Pushforward(Model):
    """A generator's weights, with the critic's where they were kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its rows become the user's kind of data.
        latent: The law of the noise.
        generator: Latent rows -> encoded rows.
        critic_net: Encoded rows -> one logit a row, or None.
    """

    def __init__(
        self, recipe: Recipe, codec: Any, latent: Latent, generator: nn.Module, critic_net: nn.Module | None = None
    ) -> None:
        super().__init__(recipe, codec)
        self.latent, self.generator, self.critic_net = latent, generator, critic_net

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the generator's weights, and the critic's where asked for."""
        return weights_of(generator=self.generator, critic=self.critic_net if with_critic else None)

    @torch.no_grad()
    def _block(self, seed: int, block: int, candidates: int = 1) -> Tensor:
        device = next(self.generator.parameters()).device
        step = lone_step(fold(seed, "sample", block))
        noise = self.latent.draw(step, BLOCK_ROWS * candidates).to(device)
        rows: Tensor = self.generator(noise)
        if candidates == 1:
            return rows
        logits = self._judge()(rows).reshape(BLOCK_ROWS, candidates)
        return chosen_by_logits(rows.unflatten(0, (BLOCK_ROWS, candidates)), logits, step)

    def rows(self, n: int, seed: int, start: int = 0, candidates: int = 1) -> np.ndarray:
        """Draw encoded rows `start` to `start + n` of the endless sample that belongs to a seed."""
        pieces = in_blocks(n, lambda block: self._block(seed, block, candidates).cpu().numpy(), start=start)
        return np.concatenate(pieces)

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw n items of the fitted kind.

        Arguments:
            n: How many.
            given: No condition can be set on this model.
            seed: The same seed gives the same items, however many are drawn; None draws fresh ones.
        """
        if given:
            raise UsageError(
                f"{self.recipe.method} cannot sample given {', '.join(given)}.",
                why="It was trained without conditions.",
                fix="Sample without --given, or fit a method that takes conditions, such as gaussian.",
                code="E109",
            )
        return self.codec.decode(self.rows(n, chosen(seed)))

    def _judge(self) -> nn.Module:
        if self.critic_net is None:
            raise UsageError(
                "This model has no critic.",
                why="A saved model leaves its critic out unless it is asked for.",
                fix="Save it with with_critic=True, or use the run's folder, which keeps it.",
                code="E110",
            )
        return self.critic_net

    @torch.no_grad()
    def opinion(self, encoded: np.ndarray) -> np.ndarray:
        """Give the critic's logit for each encoded row."""
        with at_rest(self._judge()) as net:
            rows = torch.from_numpy(encoded).to(next(net.parameters()).device)
            logits: np.ndarray = torch.cat([net(block).squeeze(1) for block in rows.split(BLOCK_ROWS)]).cpu().numpy()
        return logits

    def critic(self, data: Any) -> np.ndarray:
        """Give the critic's logit for each item: higher is more real. Only differences have a meaning."""
        self._judge()
        return self.opinion(self.codec.encode(data))

    def refine(self, n: int, seed: int | None = None) -> Any:
        """Draw n items, each chosen from eight candidates with chances that the critic's logits give.

        Where the critic's logit is the logarithm of the density ratio (minimax, non-saturating and relativistic
        losses at their optimum), this corrects the generator towards the data; elsewhere it is a rule of thumb.
        """
        self._judge()
        return self.codec.decode(self.rows(n, chosen(seed), candidates=CANDIDATES))


def chosen_by_logits(rows: Tensor, logits: Tensor, step: Step) -> Tensor:
    """Keep one of each row's candidates, with chances proportional to exp(logit): importance resampling.

    Arguments:
        rows: Candidates of each row, rows x candidates x ...
        logits: The critic's logit for each.
        step: Where the chances are drawn.
    """
    gumbel = -(-step.uniform(*logits.shape).to(logits.device).clamp_min(1e-12).log()).log()
    return rows[torch.arange(len(rows)), (logits + gumbel).argmax(1)]


@contextmanager
def at_rest(net: nn.Module) -> Iterator[nn.Module]:
    """Use a network as it is used after training: its judgement depends on no other item, and leaves no trace."""
    learning = net.training
    try:
        yield net.eval()
    finally:
        net.train(learning)
