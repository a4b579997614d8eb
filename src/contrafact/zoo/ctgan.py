"""CTGAN: mixed tables by modes, a condition on one column in every row, and training by sampling.

Numbers are seen around the modes of their column (`codecs/modes.py`), levels as one-hots. A condition says of one
discrete column what it is to be. In training the column is drawn evenly and its level by the logarithm of how many
rows have it, so that rare levels are seen; the real rows are then drawn among those with that level. The generator G
is told to meet the condition by the cross-entropy of its own logits for that column, and the critic judges ten rows at
a time (PacGAN) with their conditions, by the Wasserstein distance with gradient penalty.

    G:  h1 = h0 + relu(norm(W h0)),  h2 = h1 + relu(norm(W h1))  (+ joins),  tanh for scalars, Gumbel-softmax for blocks
    C:  two layers of leaky relu with dropout, over ten rows and their conditions side by side

Conditions are drawn from the columns' true shares when rows are sampled. A row drawn under a condition holds it: the
other levels of that column are closed. Numbers to a column of many numbers cannot be given, nor two columns at once.
The paper's logarithms give nothing to a level with one row; here it is that of one row more.

Reference: Xu et al., Modeling tabular data using conditional GAN, NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, relu
from torch.optim import Optimizer

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, NotNegative, Positive, Sentences, Share
from contrafact.base.seeds import BLOCK_ROWS, Block, checked_count, chosen, fold, generator, in_blocks, joined
from contrafact.codecs.rows import RowsCodec
from contrafact.codecs.schema import Role
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.model import Model
from contrafact.engine.packing import bare, needed_net, weights_of
from contrafact.engine.penalties import wasserstein
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.metrics.held_out import score_of
from contrafact.nets.by_sampling import Law, Levels, Sampling
from contrafact.nets.pushforward import at_rest
from contrafact.nets.table_rows import Layout

EPOCHS, FEWEST_STEPS, MOST_STEPS = 300, 300, 20_000
CERTAIN = 1e9  # the logit of a level that was asked for


class Generator(nn.Module):
    """Noise and condition -> scalars and logits; each layer's input is joined to its output.

    Arguments:
        noise: Columns of noise.
        condition: Columns of the condition.
        widths: Units of each hidden layer.
        layout: Where scalars and blocks stand.
    """

    def __init__(self, noise: int, condition: int, widths: Sequence[int], layout: Layout) -> None:
        super().__init__()
        sizes = np.cumsum([noise + condition, *widths]).tolist()
        self.noise, self.layout = noise, layout
        self.layers = nn.ModuleList(nn.Linear(a, b - a) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths)
        self.last = nn.Linear(sizes[-1], layout.width)

    def forward(self, noise: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        state = torch.cat([noise, condition], dim=1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            state = torch.cat([relu(norm(layer(state))), state], dim=1)
        scalars, logits = self.layout.parts(self.last(state))
        return scalars.tanh(), logits


class Critic(nn.Module):
    """Rows with their conditions, several side by side -> one logit for all.

    Arguments:
        width: Numbers in a row and its condition.
        pac: Rows that are judged together.
        widths: Units of each hidden layer.
        dropout: Share of units that are left out.
    """

    def __init__(self, width: int, pac: int, widths: Sequence[int], dropout: float) -> None:
        super().__init__()
        sizes = [width * pac, *widths]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(sizes[-1], 1)

    def forward(self, rows: Tensor) -> Tensor:
        for layer in self.layers:
            rows = self.dropout(leaky_relu(layer(rows), 0.2))
        return self.last(rows)  # type: ignore[no-any-return]


@dataclass(kw_only=True)
class Conditional:
    """Critic against generator, both under conditions.

    Arguments:
        recipe: The settings.
        generator: Noise and conditions -> scalars and logits.
        critic: Packs of rows with conditions -> logits.
        players: Both optimisers.
        levels: The discrete columns, as conditions know them.
    """

    recipe: CTGAN
    generator: Generator
    critic: Critic
    players: dict[str, Optimizer]
    levels: Levels

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator, "critic": self.critic}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        for player in self.players.values():
            player.param_groups[0]["lr"] = self.recipe.rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the critic move, then the generator."""
        critic = Move(player="critic", loss=self.critic_loss, repeat=self.recipe.critic_steps)
        return [Phase(moves=(critic, Move(player="generator", loss=self.generator_loss)))]

    def make(self, condition: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        """Make fakes under conditions, and give their logits beside them."""
        layout = self.generator.layout
        scalars, logits = self.generator(step.normal(len(condition), self.generator.noise), condition)
        blocks = layout.gumbel_softmax(logits, step, self.recipe.heat) if layout.total else logits
        return torch.cat([layout.gate(scalars, blocks), blocks], dim=1), logits

    def packed(self, rows: Tensor, condition: Tensor) -> Tensor:
        """Put rows with their conditions side by side."""
        return torch.cat([rows, condition], dim=1).view(len(rows) // self.recipe.pac, -1)

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell packs of real rows from packs of fakes."""
        condition = self.levels.condition(batch["condition"])
        with torch.no_grad():
            fake = self.packed(self.make(condition, step)[0], condition)
        real = self.packed(self.generator.layout.rows(batch["levels"], batch["scalars"]), condition)
        on_real, on_fake, penalties = wasserstein(self.recipe.penalty)(self.critic, real, fake, step)
        return {"loss": (on_fake - on_real).mean(), **penalties, "wins": (on_real > on_fake).float().mean()}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Make fakes that the critic takes for real, and that meet their conditions."""
        condition = self.levels.condition(batch["condition"])
        fake, logits = self.make(condition, step)
        terms = {"loss": -self.critic(self.packed(fake, condition)).mean()}
        if self.levels.width:
            surprise = -self.generator.layout.log_softmax(logits)[:, self.levels.where] * condition
            terms["condition"] = surprise.sum(1).mean()
        return terms


@dataclass(frozen=True, kw_only=True)
class CTGAN(TrainedRecipe):
    """Fit the conditional generative adversarial network for tables."""

    steps: Count | None = None  # generator steps; none: 300 times over the rows, 20,000 at most, or from the budget
    batch: Count = 500  # rows in a batch, to the next multiple of pac
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;
    latent_size: Count = 128  # columns of noise
    width: Count = 256  # units in a hidden layer
    depth: Count = 2  # hidden layers
    dropout: Share = 0.5  # share of the critic's units that are left out
    pac: Count = 10  # rows that the critic judges together
    heat: Positive = 0.2  # temperature of the Gumbel-softmax (tau)
    penalty: NotNegative = 10.0  # weight of the slope's distance from 1
    critic_steps: Count = 1  # critic moves for one generator move
    rate: Positive = 2e-4  # learning rate of both players
    decay: NotNegative = 1e-6  # weight decay

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, batch=40, width=16, latent_size=8)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = RowsCodec.fit(data, constraints=self.constraints, columns=self.columns, modes=True)
        batch, levels = -(-self.batch // self.pac) * self.pac, Levels(codec)
        usual = -(-EPOCHS * codec.table.schema.rows // batch)
        method = Method(
            codec=codec,
            batch=batch,
            steps=min(max(usual, FEWEST_STEPS), MOST_STEPS),
            begin=lambda total, device: self.game(codec, device),
            model=lambda game: CTGANModel(self, codec, game.generator),
            score=score_of(codec),
            batches=lambda items, size, seed: Sampling(items, size, seed, levels),
        )
        return Training(self, data, method, **options)

    def networks(self, codec: RowsCodec) -> tuple[Generator, Critic]:
        """Make generator and critic."""
        layout, condition, widths = Layout(codec), Levels(codec).width, [self.width] * self.depth
        maker = Generator(self.latent_size, condition, widths, layout)
        return maker, Critic(layout.width + condition, self.pac, widths, self.dropout)

    def game(self, codec: RowsCodec, device: torch.device) -> Conditional:
        """Make networks and optimisers."""
        maker, critic = self.networks(codec)
        maker, critic = maker.to(device), critic.to(device)
        adam = partial(torch.optim.Adam, lr=self.rate, betas=(0.5, 0.9), weight_decay=self.decay, fused=True)
        players: dict[str, Optimizer] = {"critic": adam(critic.parameters()), "generator": adam(maker.parameters())}
        levels = Levels(codec).to(device)
        return Conditional(recipe=self, generator=maker, critic=critic, players=players, levels=levels)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> CTGANModel:
        """Make a fitted model again."""
        known = RowsCodec.from_json(codec)
        maker = bare(lambda: self.networks(known)[0])
        return CTGANModel(self, known, needed_net("generator", maker, arrays))


class CTGANModel(Model):
    """A fitted generator of rows under conditions.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into levels and scalars and back.
        net: The generator.
    """

    recipe: CTGAN
    codec: RowsCodec

    def __init__(self, recipe: CTGAN, codec: RowsCodec, net: Generator) -> None:
        super().__init__(recipe, codec)
        self.net, self.layout, self.levels = net, Layout(codec), Levels(codec)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the generator's weights; the critic, which judges rows ten at a time, is not kept."""
        return weights_of(generator=self.net)

    def rows(self, n: int, seed: int, given: dict[str, Any] | None = None) -> dict[str, np.ndarray]:
        """Draw encoded rows."""
        law = self._law(given)
        return joined(in_blocks(n, lambda block: Block(self._block(seed, block, law))))

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: What one discrete column is: {"sex": "Female"}, or one of several: {"city": "Rome|Oslo"}.
            seed: The same seed gives the same rows, however many are drawn; None draws fresh ones.
        """
        rows = self.rows(checked_count(n), chosen(seed), given)
        return self.codec.decode(rows, limits=self.codec.table.limits(given))

    def _law(self, given: dict[str, Any] | None) -> Law:
        """Read a condition, and give the true shares of what may be."""
        limits = self.codec.table.limits(given)
        own = [column for column in limits if self.codec.table.ties[column] is None]
        places = [d for d, part in enumerate(self.levels.parts) if part.column in own]
        if len(places) < len(own) or len(own) > 1:
            raise UsageError(
                f"CTGAN cannot sample given {', '.join(map(str, given or {}))}.",
                why="A condition is a level, or a set of levels, of one discrete column.",
                fix="Give one such column, or fit loom, which conditions on any columns.",
                code="E109",
            )
        counts = [part.counts.copy() for part in self.levels.parts]
        if own:
            weights = limits[own[0]].weights
            held = counts[places[0]] * weights
            counts[places[0]] = held if held.any() else weights
        return Law(self.levels, counts, places[0] if own else None)

    @torch.no_grad()
    def _block(self, seed: int, block: int, law: Law) -> dict[str, np.ndarray]:
        device = self.net.last.weight.device
        bits = law.drawn(generator(seed, "condition", block).random((BLOCK_ROWS, 2)))
        step = Step(number=0, total=1, generator=torch.Generator().manual_seed(fold(seed, "sample", block)))
        noise = step.normal(BLOCK_ROWS, self.net.noise)
        with at_rest(self.net) as net:
            scalars, logits = (part.cpu() for part in net(noise.to(device), self.levels.condition(bits).to(device)))
        if law.only is not None:  # what was asked for holds in every row
            asked = torch.where(bits < 0, bits[:, :1], bits)
            logits = logits.scatter(1, self.levels.where[asked], CERTAIN)
        blocks = self.layout.gumbel_softmax(logits, step, self.recipe.heat) if self.layout.total else logits
        return self.layout.decode(torch.cat([scalars, blocks], dim=1))
