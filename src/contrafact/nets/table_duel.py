"""Adversarial recipes over mixed tables: the players of a duel over vectors, seeing rows of levels and scalars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, Block, in_blocks, joined
from contrafact.engine.duel import DuelGame, Latent, Scene
from contrafact.engine.fit import Method, Score, Training
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.nets.adversarial import (
    Networks,
    Rules,
    begin_duel,
    law,
    plain_networks,
    restored,
    vector_training,
)
from contrafact.nets.pushforward import Pushforward, at_rest
from contrafact.nets.table_rows import Layout, RowCritic, RowGenerator

Encoded = dict[str, np.ndarray]


class TablePushforward(Pushforward):
    """A generator of mixed rows, with its critic where that was kept."""

    def __init__(
        self, recipe: Recipe, codec: Any, latent: Latent, generator: nn.Module, critic_net: nn.Module | None = None
    ) -> None:
        super().__init__(recipe, codec, latent, generator, critic_net)
        self.layout = Layout(codec)

    def rows(self, n: int, seed: int, start: int = 0, candidates: int = 1) -> Any:
        """Draw encoded rows `start` to `start + n` of the endless sample that belongs to a seed."""

        def draw(block: int) -> Block:
            return Block(self.layout.decode(self._block(seed, block, candidates).cpu()))

        return joined(in_blocks(n, draw, start=start))

    @torch.no_grad()
    def opinion(self, encoded: Any) -> np.ndarray:
        """Give the critic's logit for each encoded row."""
        device = next(self.generator.parameters()).device
        sides = [torch.split(torch.from_numpy(encoded[name]), BLOCK_ROWS) for name in ("levels", "scalars")]
        with at_rest(self._judge()) as net:
            logits = [net(self.layout.rows(*part).to(device)).squeeze(1) for part in zip(*sides, strict=True)]
        found: np.ndarray = torch.cat(logits).cpu().numpy() if logits else np.empty(0, dtype=np.float32)
        return found


def table_networks(recipe: Any, codec: Any, networks: Networks) -> tuple[nn.Module, nn.Module]:
    """Make a method's networks over vectors see rows of levels and scalars."""
    layout = Layout(codec)
    generator, critic = networks(recipe, layout.width)
    return RowGenerator(generator, layout), RowCritic(critic, layout)


def row_training(
    recipe: Any,
    data: Any,
    *,
    codec: Any,
    score: Callable[[Any, int], Score],
    rules: Rules,
    steps: int = 8_000,
    **options: Any,
) -> Training:
    """Prepare the training of an adversarial recipe over vectors or a mixed table.

    Arguments:
        recipe: The settings.
        data: What to learn from.
        codec: Turns the data into rows, or into levels and scalars, and back.
        score: Makes what scores fakes against held-out rows.
        rules: What sets the method apart.
        steps: Steps where nobody says how many.
        options: seed, budget, run_dir, device, fresh.
    """
    if not hasattr(codec, "gates"):
        return vector_training(recipe, data, codec=codec, score=score, rules=rules, steps=steps, **options)
    layout = Layout(codec)
    latent = law(recipe, layout.width)

    def scene(batch: dict[str, Tensor]) -> Scene:
        return Scene(real=layout.rows(batch["levels"], batch["scalars"]))

    def begin(total: int, device: torch.device) -> DuelGame:
        game = begin_duel(recipe, layout.width, _over(rules, codec), device)
        layout.to(device)
        game.scene = scene
        return game

    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=steps,
        begin=begin,
        model=lambda game: TablePushforward(recipe, codec, latent, game.average.module, game.critic),
        score=score,
        balance=dict(zip(("critic/loss", "generator/loss"), rules.loss.balance, strict=True)),
    )
    return Training(recipe, data, method, **options)


def _over(rules: Rules, codec: Any) -> Rules:
    return replace(rules, networks=lambda recipe, width: table_networks(recipe, codec, rules.networks))


def row_restored(recipe: Any, codec: Any, arrays: Encoded, networks: Networks = plain_networks) -> Pushforward:
    """Make a fitted model of vectors or of a mixed table again from its arrays."""
    if not hasattr(codec, "gates"):
        return restored(recipe, codec, arrays, networks)
    generator, critic = bare(lambda: table_networks(recipe, codec, networks))
    loaded = needed_net("generator", generator, arrays)
    latent = law(recipe, Layout(codec).width)
    return TablePushforward(recipe, codec, latent, loaded, loaded_net("critic", critic, arrays))
