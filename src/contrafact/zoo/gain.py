"""GAIN: holes filled by a generator, whose critic must tell filled cells from known ones.

A row x has a mask m, 1 where a cell is known. The generator G sees the known cells, noise z in the holes, and m, and
gives a whole row; x' = m x + (1 - m) G. The critic D sees x' and a hint h, and says for each cell whether it was known.
A hint tells most of the mask, h = b m + (1 - b) / 2 with b = 1 for nine cells in ten; without it several laws of filled
rows would do as well as the right one. Both losses are about the cells that the hint leaves open (b = 0):

    D:  - sum m log D + (1 - m) log(1 - D)        G:  - sum (1 - m) log D + alpha sum m (x - G)^2

where levels, seen as one-hots, have their cross-entropy in place of the square. Numbers lie between 0 and 1, the ends
of their column; both networks have two hidden layers as wide as a row. Best guesses are means over noise, draws have
noise of their own; how far draws differ is what the critic asked for, which is little where alpha is large.

It learns from the holes that a table has. `hide` takes more cells away, other ones in each step, for tables with few.

Reference: Yoon, Jordon and van der Schaar, GAIN: missing data imputation using generative adversarial nets, ICML 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Optimizer

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, NotNegative, Positive, Sentences, Share
from contrafact.base.seeds import BLOCK_ROWS, generator
from contrafact.codecs.matrix import MatrixCodec
from contrafact.codecs.schema import Role
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.packing import bare, needed_net, weights_of
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.filled import Filled
from contrafact.nets.hidden import Hidden
from contrafact.nets.table_rows import Layout

GUESSES = 8  # draws of the noise that a best guess is the mean of


class Cells(nn.Module):
    """A row and a number for each of its cells -> as many numbers as asked for, by two hidden layers.

    Arguments:
        width: Numbers in a row.
        cells: Cells in a row.
        outputs: Numbers in a result.
    """

    def __init__(self, width: int, cells: int, outputs: int) -> None:
        super().__init__()
        sizes = [width + cells, width, width, outputs]
        layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        for layer in layers:
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.layers = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])

    def forward(self, rows: Tensor, cells: Tensor) -> Tensor:
        result: Tensor = self.layers(torch.cat([rows, cells], dim=1))
        return result


class Filler(nn.Module):
    """Known cells, and noise in the holes -> whole rows.

    Arguments:
        layout: Where numbers and one-hots stand.
        noise: The largest number of the noise.
    """

    def __init__(self, layout: Layout, noise: float) -> None:
        super().__init__()
        self.layout, self.noise = layout, noise
        self.net = Cells(layout.width, layout.scalars + layout.blocks, layout.width)

    def forward(self, rows: Tensor, mask: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Give rows, and the logits that they come from."""
        spread = wide(self.layout, mask)
        logits = self.net(spread * rows + (1 - spread) * self.noise * uniform, mask)
        scalars, blocks = self.layout.parts(logits)
        return torch.cat([scalars.sigmoid(), self.layout.softmax(blocks) if self.layout.total else blocks], 1), logits


def wide(layout: Layout, cells: Tensor) -> Tensor:
    """Give each number of a row what its cell has."""
    return torch.cat([cells[:, : layout.scalars], layout.spread(cells[:, layout.scalars :])], dim=1)


def rows_of(layout: Layout, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Read encoded rows as rows for networks and their masks; holes are zeros in both."""
    mask = ~batch.isnan()
    levels = torch.where(mask, batch, -1.0)[:, layout.scalars :].long()
    return layout.rows(levels, batch[:, : layout.scalars].nan_to_num()), mask.to(batch.dtype)


@dataclass(kw_only=True)
class Guessing:
    """A filler against a critic that looks for filled cells.

    Arguments:
        recipe: The settings.
        filler: Fills rows.
        critic: Filled rows and hints -> a logit for each cell.
        players: Both optimisers.
    """

    recipe: GAIN
    filler: Filler
    critic: Cells
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.filler, "critic": self.critic}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        for player in self.players.values():
            player.param_groups[0]["lr"] = self.recipe.rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the critic move, then the filler."""
        return [
            Phase(
                moves=(Move(player="critic", loss=self.critic_loss), Move(player="generator", loss=self.generator_loss))
            )
        ]

    def filled(self, batch: Tensor, step: Step) -> tuple[Tensor, ...]:
        """Fill a batch, and give rows, mask, the filler's rows and logits, and what the hint leaves open."""
        layout = self.filler.layout
        rows, mask = rows_of(layout, batch)
        if self.recipe.hide:
            mask = mask * (step.uniform(*mask.shape) >= self.recipe.hide)
        made, logits = self.filler(rows, mask, step.uniform(*rows.shape))
        unsaid = (step.uniform(*mask.shape) >= self.recipe.hint).to(mask.dtype)
        return rows, mask, made, logits, unsaid

    def judged(self, rows: Tensor, mask: Tensor, made: Tensor, unsaid: Tensor) -> Tensor:
        """Give the critic's logits for the cells of filled rows."""
        spread = wide(self.filler.layout, mask)
        judged: Tensor = self.critic(spread * rows + (1 - spread) * made, mask * (1 - unsaid) + unsaid / 2)
        return judged

    def critic_loss(self, batch: Tensor, step: Step) -> Terms:
        """Tell known cells from filled ones where the hint leaves it open."""
        with torch.no_grad():
            rows, mask, made, _, unsaid = self.filled(batch, step)
        logits = self.judged(rows, mask, made, unsaid)
        return {"loss": (unsaid * (softplus(logits) - mask * logits)).mean()}

    def generator_loss(self, batch: Tensor, step: Step) -> Terms:
        """Make filled cells pass for known ones, and give known cells back."""
        rows, mask, made, logits, unsaid = self.filled(batch, step)
        judged = self.judged(rows, mask, made, unsaid)
        fooled = (unsaid * (1 - mask) * softplus(-judged)).mean()
        return {"loss": fooled, "known": self.recipe.alpha * (mask * self.away(rows, made, logits)).mean()}

    def away(self, rows: Tensor, made: Tensor, logits: Tensor) -> Tensor:
        """Say for each cell how far it is from the true one."""
        layout = self.filler.layout
        (true, ones), (guess, _) = layout.parts(rows), layout.parts(made)
        if not layout.total:
            return (true - guess) ** 2
        surprise = -layout.sums(ones * layout.log_softmax(logits[:, layout.scalars :]))
        return torch.cat([(true - guess) ** 2, surprise], dim=1)


@dataclass(frozen=True, kw_only=True)
class GAIN(TrainedRecipe):
    """Fit a generator that fills holes, to a table that has some."""

    steps: Count | None = None  # steps of both players; none: 10,000, or from the budget
    batch: Count = 128  # rows in a batch
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;
    hint: Share = 0.9  # share of the mask that the critic is told
    alpha: NotNegative = 100.0  # weight of giving known cells back
    noise: Positive = 0.01  # the largest number of the noise in the holes; known numbers lie from 0 to 1
    hide: Share = 0.0  # share of the known cells that are taken for holes, other ones in each step
    rate: Positive = 1e-3  # learning rate of both players

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, batch=32)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step.

        Raises:
            DataError: There are no holes to learn from.
        """
        codec = MatrixCodec.fit(data, constraints=self.constraints, columns=self.columns)
        if not self.hide and not codec.holes:
            raise DataError(
                "These data have no holes.",
                why="GAIN learns how to fill holes from those that there are.",
                fix="Take some cells away in each step: --set hide=0.2; or fit loom, which needs no holes.",
                code="E258",
            )
        exam = Hidden(codec.scalars)
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=10_000,
            begin=lambda total, device: self.game(codec, device),
            model=lambda game: GAINModel(self, codec, game.filler, exam),
            score=exam.set,
        )
        return Training(self, data, method, **options)

    def networks(self, codec: MatrixCodec) -> tuple[Filler, Cells]:
        """Make filler and critic."""
        layout = Layout(codec)
        cells = layout.scalars + layout.blocks
        return Filler(layout, self.noise), Cells(layout.width, cells, cells)

    def game(self, codec: MatrixCodec, device: torch.device) -> Guessing:
        """Make networks and optimisers."""
        filler, critic = self.networks(codec)
        filler, critic = filler.to(device), critic.to(device)
        players: dict[str, Optimizer] = {
            name: torch.optim.Adam(net.parameters(), lr=self.rate, fused=True)
            for name, net in (("critic", critic), ("generator", filler))
        }
        return Guessing(recipe=self, filler=filler, critic=critic, players=players)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> GAINModel:
        """Make a fitted model again."""
        known = MatrixCodec.from_json(codec)
        filler = bare(lambda: self.networks(known)[0])
        return GAINModel(self, known, needed_net("generator", filler, arrays))


class GAINModel(Filled):
    """A fitted filler.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables with holes into matrices and back.
        filler: Fills rows.
        exam: What a model in training answers.
    """

    codec: MatrixCodec

    def __init__(self, recipe: GAIN, codec: MatrixCodec, filler: Filler, exam: Hidden | None = None) -> None:
        super().__init__(recipe, codec, {})
        self.filler, self.exam = filler, exam

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the filler's weights; the critic is not kept."""
        return weights_of(generator=self.filler)

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Fill the rows of the exam, and say how far off that is, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        layout, shown = self.filler.layout, self.exam.shown
        scalars, blocks = self.made(shown, generator(seed, "exam"))
        answers = [scalars, layout.best(torch.from_numpy(blocks)).numpy()] if layout.total else [scalars]
        cells = np.where(np.isnan(shown), np.concatenate(answers, axis=1), shown)
        return {"cells": cells, "error": self.exam.errors(cells)}

    @torch.no_grad()
    def made(self, matrix: np.ndarray, stream: np.random.Generator, times: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Fill encoded rows, and give numbers and shares of levels, means over several draws of the noise."""
        layout, device = self.filler.layout, next(self.filler.parameters()).device
        found = [np.empty((0, layout.width), dtype=np.float32)]
        for part in torch.split(torch.from_numpy(matrix), BLOCK_ROWS):
            rows, mask = rows_of(layout, part.to(device))
            noise = stream.random((times, len(part), layout.width), dtype=np.float32)
            made = [self.filler(rows, mask, torch.from_numpy(one).to(device))[0] for one in noise]
            found.append(torch.stack(made).mean(0).cpu().numpy())
        whole = np.concatenate(found)
        return whole[:, : layout.scalars], whole[:, layout.scalars :]

    def cells(self, known: Any, stream: np.random.Generator | None) -> list[Any]:
        """Give the cells of a table with its holes filled."""
        matrix = self.codec.matrix(known)
        hollow = np.isnan(matrix).any(1)
        scalars = np.zeros((len(matrix), self.filler.layout.scalars), dtype=np.float32)
        blocks = np.zeros((len(matrix), self.filler.layout.total), dtype=np.float32)
        own, times = (generator(0, "guesses"), GUESSES) if stream is None else (stream, 1)
        scalars[hollow], blocks[hollow] = self.made(matrix[hollow], own, times)
        return self.codec.into(scalars, blocks, known, stream)
