"""The model of an adversarial method over vectors: noise pushed through the generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, chosen, fold, in_blocks
from contrafact.engine.duel import Latent
from contrafact.engine.model import Model
from contrafact.engine.play import Step

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
        kept = {"generator": self.generator, **({"critic": self.critic_net} if with_critic and self.critic_net else {})}
        return {
            f"{name}/{key}": value.detach().cpu().numpy().copy()
            for name, module in kept.items()
            for key, value in module.state_dict().items()
        }

    @torch.no_grad()
    def _block(self, seed: int, block: int, candidates: int = 1) -> Tensor:
        device = next(self.generator.parameters()).device
        source = torch.Generator().manual_seed(fold(seed, "sample", block))
        step = Step(number=0, total=1, generator=source)
        noise = self.latent.draw(step, BLOCK_ROWS * candidates).to(device)
        rows: Tensor = self.generator(noise)
        return rows if candidates == 1 else self._choose(rows.unflatten(0, (BLOCK_ROWS, candidates)), step)

    def _choose(self, rows: Tensor, step: Step) -> Tensor:
        """Keep one of each row's candidates, with chances proportional to exp(logit): importance resampling."""
        assert self.critic_net is not None
        logits = self.critic_net(rows.flatten(0, 1)).reshape(rows.shape[:2])
        gumbel = -(-step.uniform(*logits.shape).to(logits.device).clamp_min(1e-12).log()).log()
        return rows[torch.arange(len(rows)), (logits + gumbel).argmax(1)]

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
    def critic(self, data: Any) -> np.ndarray:
        """Give the critic's logit for each item: higher is more real. Only differences have a meaning."""
        net = self._judge()
        rows = torch.from_numpy(self.codec.encode(data)).to(next(net.parameters()).device)
        blocks = [net(block).squeeze(1) for block in rows.split(BLOCK_ROWS)]
        logits: np.ndarray = torch.cat(blocks).cpu().numpy()
        return logits

    def refine(self, n: int, seed: int | None = None) -> Any:
        """Draw n items, each chosen from eight candidates with chances that the critic's logits give.

        Where the critic's logit is the logarithm of the density ratio (minimax, non-saturating and relativistic
        losses at their optimum), this corrects the generator towards the data; elsewhere it is a rule of thumb.
        """
        self._judge()
        return self.codec.decode(self.rows(n, chosen(seed), candidates=CANDIDATES))
