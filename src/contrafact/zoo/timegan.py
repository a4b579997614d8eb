"""TimeGAN: a generator that works in a learned space, where a supervisor knows what the next step is like.

Five networks of recurrent units: an embedder e and a recovery r take windows x into codes h = e(x) and back; a
generator g makes codes of uniform noise z, and a supervisor s tells a code's next step, e^ = g(z), h^ = s(e^); a critic
d judges codes. Values lie between 0 and 1, the ends of the data. They are trained in three phases:

    1  embedder, recovery     10 sqrt(|x - r(h)|^2)
    2  supervisor             |h_t+1 - s(h)_t|^2                                        =: S
    3  generator, supervisor  BCE(d(h^), 1) + gamma BCE(d(e^), 1) + 100 sqrt(S) + 100 M
       embedder, recovery     10 sqrt(|x - r(h)|^2) + .1 S
       critic                 BCE(d(h), 1) + BCE(d(h^), 0) + gamma BCE(d(e^), 0), unless that is below .15 already

In the third phase the first two moves are made twice a step; M is how far means and deviations of r(h^) over a batch
are from those of x. This follows the authors' code where it differs from the paper. Where the critic's loss is below
.15 its rate is 0, as no move can be left out here; the moments of its optimiser see the step.

Reference: Yoon, Jarrett and van der Schaar, Time-series generative adversarial networks, NeurIPS 2019.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch.optim import Optimizer

from contrafact.base.recipe import Count, Positive
from contrafact.codecs.schema import Role
from contrafact.codecs.series import SeriesCodec, Windows
from contrafact.codecs.series_channels import all_channels, cells
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.packing import bare, needed_net, weights_of
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.metrics.series_held_out import Mixed
from contrafact.nets.series_items import Parts, Slices
from contrafact.nets.series_model import SeriesModel, Steps

FEWEST, SHOWN, SCORED = 8, 24, 200
THIRD = 3


class Recurrent(nn.Module):
    """Series -> series, by layers of gated recurrent units and one linear layer.

    Arguments:
        inputs: Numbers in a step.
        hidden: Units in a layer.
        outputs: Numbers in a step that comes out.
        layers: How many layers.
        bounded: Whether what comes out lies between 0 and 1.
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, layers: int, *, bounded: bool = True) -> None:
        super().__init__()
        self.units = nn.GRU(inputs, hidden, layers, batch_first=True)
        self.last = nn.Linear(hidden, outputs)
        self.bounded = bounded

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.last(self.units(x)[0])
        return found.sigmoid() if self.bounded else found


@dataclass(kw_only=True)
class Embedding:
    """The five networks' game.

    Arguments:
        recipe: The settings.
        nets: The networks by name.
        players: Their optimisers.
        steps: Steps of each phase.
    """

    recipe: TimeGAN
    nets: dict[str, Recurrent]
    players: dict[str, Optimizer]
    steps: int

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return dict(self.nets)

    def prepare(self, step: Step) -> None:
        """Put the learning rates where the settings put them."""
        for player in self.players.values():
            player.param_groups[0]["lr"] = self.recipe.rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Learn the space, then its dynamics, then play."""
        embed, supervise = Move(player="space", loss=self.embed), Move(player="dynamics", loss=self.supervise)
        generate, adapt = Move(player="generator", loss=self.generate), Move(player="adapting", loss=self.adapt)
        third = (generate, adapt, generate, adapt, Move(player="critic", loss=self.judge))
        return [
            Phase(moves=(embed,), steps=self.steps),
            Phase(moves=(supervise,), steps=self.steps),
            Phase(moves=third),
        ]

    def noise(self, x: Tensor, step: Step) -> Tensor:
        """Draw noise for windows."""
        return step.uniform(*x.shape)

    def _rebuilt(self, x: Tensor) -> tuple[Tensor, Tensor]:
        codes = self.nets["embedder"](x)
        return codes, 10 * (mse_loss(self.nets["recovery"](codes), x) + 1e-12).sqrt()

    def _supervised(self, codes: Tensor) -> Tensor:
        return mse_loss(self.nets["supervisor"](codes)[:, :-1], codes[:, 1:])

    def embed(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Rebuild windows from their codes."""
        return {"rebuilt": self._rebuilt(batch["x"])[1]}

    def supervise(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell the next step's code."""
        return {"next": self._supervised(self.nets["embedder"](batch["x"]).detach())}

    def adapt(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Keep rebuilding windows, and make their dynamics easy to tell."""
        codes, rebuilt = self._rebuilt(batch["x"])
        return {"rebuilt": rebuilt, "next": 0.1 * self._supervised(codes)}

    def generate(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Convince the critic, follow the dynamics, and match means and deviations."""
        x = batch["x"]
        raw = self.nets["generator"](self.noise(x, step))
        told = self.nets["supervisor"](raw)
        made = self.nets["recovery"](told)
        critic = self.nets["critic"]
        spreads = (made.var(0, correction=0) + 1e-6).sqrt() - (x.var(0, correction=0) + 1e-6).sqrt()
        moments = spreads.abs().mean() + (made.mean(0) - x.mean(0)).abs().mean()
        codes = self.nets["embedder"](x).detach()
        return {
            "fooled": _against(critic(told), 1.0),
            "fooled_raw": self.recipe.gamma * _against(critic(raw), 1.0),
            "next": 100 * (self._supervised(codes) + 1e-12).sqrt(),
            "moments": 100 * moments,
        }

    def judge(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell codes of windows from those made of noise."""
        with torch.no_grad():
            codes = self.nets["embedder"](batch["x"])
            raw = self.nets["generator"](self.noise(batch["x"], step))
            told = self.nets["supervisor"](raw)
        critic = self.nets["critic"]
        terms = {
            "real": _against(critic(codes), 1.0),
            "fake": _against(critic(told), 0.0),
            "fake_raw": self.recipe.gamma * _against(critic(raw), 0.0),
        }
        if sum(float(term.detach()) for term in terms.values()) <= self.recipe.least:
            self.players["critic"].param_groups[0]["lr"] = 0.0
        return terms


def _against(logits: Tensor, truth: float) -> Tensor:
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


@dataclass(frozen=True, kw_only=True)
class TimeGAN(TrainedRecipe):
    """Train the five networks in three phases."""

    steps: Count | None = None  # steps of all three phases together; none: 3,000, or from the budget
    batch: Count = 128  # windows in a batch
    time: str | int | None = None  # the column of time stamps; none: it is looked for
    id: str | int | None = None  # the column that tells series apart; none: it is looked for
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    window: Count | None = None  # steps in a window; none: whole short series, else four periods
    hidden: Count = 24  # units in a layer, and numbers in a code
    layers: Count = 3  # recurrent layers of each network
    rate: Positive = 1e-3  # learning rate of all
    gamma: Positive = 1.0  # weight of codes that the supervisor has not touched
    least: Positive = 0.15  # the critic rests while its loss is below

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, batch=8, window=6, hidden=6, layers=1)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = SeriesCodec.fit(data, time=self.time, id=self.id, window=self.window, columns=self.columns)
        panel = codec.panel(data)
        parts = Parts.of(panel, codec.window)
        numbers = all_channels(codec, panel)
        low, high = numbers.min(0), numbers.max(0)
        ends = {"low": low, "width": np.where(high > low, high - low, 1.0)}
        scaled = ((numbers - low) / ends["width"]).astype(np.float32)
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=3000,
            begin=lambda total, device: self.game(scaled.shape[1], total, device),
            model=lambda game: TimeGANModel(self, codec, game.nets, ends),
            score=lambda held, seed: Mixed(scaled, parts, held["parts"], seed),
            batches=partial(Slices, scaled=scaled, parts=parts),
            fewest=FEWEST if parts.count >= FEWEST else sys.maxsize,
            encoded=parts.items,
        )
        return Training(self, data, method, **options)

    def networks(self, count: int) -> dict[str, Recurrent]:
        """Make the five networks."""
        size, layers = self.hidden, self.layers
        return {
            "embedder": Recurrent(count, size, size, layers),
            "recovery": Recurrent(size, size, count, layers),
            "generator": Recurrent(count, size, size, layers),
            "supervisor": Recurrent(size, size, size, max(layers - 1, 1)),
            "critic": Recurrent(size, size, 1, layers, bounded=False),
        }

    def game(self, count: int, total: int, device: torch.device) -> Embedding:
        """Make the networks and their optimisers."""
        nets = {name: net.to(device) for name, net in self.networks(count).items()}

        def player(*names: str) -> Optimizer:
            return torch.optim.Adam([w for name in names for w in nets[name].parameters()], lr=self.rate)

        players = {
            "space": player("embedder", "recovery"),
            "dynamics": player("supervisor"),
            "generator": player("generator", "supervisor"),
            "adapting": player("embedder", "recovery"),
            "critic": player("critic"),
        }
        return Embedding(recipe=self, nets=nets, players=players, steps=max(total // THIRD, 1))

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> TimeGANModel:
        """Make a fitted model again."""
        made = bare(lambda: self.networks(len(arrays["low"])))
        nets = {name: needed_net(name, made[name], arrays) for name in ("generator", "supervisor", "recovery")}
        return TimeGANModel(self, SeriesCodec.from_json(codec), nets, {k: arrays[k] for k in ("low", "width")})


class TimeGANModel(SeriesModel):
    """What is left to draw with: generator, supervisor and recovery.

    Arguments:
        recipe: The settings.
        codec: Knows the variables.
        nets: The networks by name.
        ends: The least value and the width of each channel.
    """

    def __init__(
        self, recipe: TimeGAN, codec: SeriesCodec, nets: dict[str, Recurrent], ends: dict[str, np.ndarray]
    ) -> None:
        super().__init__(recipe, codec)
        self.nets, self.ends = nets, ends

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights that drawing needs."""
        return {
            **weights_of(**{name: self.nets[name] for name in ("generator", "supervisor", "recovery")}),
            **self.ends,
        }

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Draw some windows while the model is being trained, and as the networks make them."""
        drawn = self._block(self.codec.heads, seed, 0)
        shown = {name: part[: max(min(n, SHOWN), 2)] for name, part in drawn.items()}
        return {**shown, "scaled": self.made(SCORED, seed).numpy()}

    def drawn(self, heads: Windows, seed: int) -> Steps:
        """Draw windows, and put them on the variables' scales."""
        made = self.made(len(heads["first"]), seed).numpy().astype(np.float64)
        return cells(self.codec, made * self.ends["width"] + self.ends["low"])

    @torch.no_grad()
    def made(self, count: int, seed: int) -> Tensor:
        """Make windows of noise, between 0 and 1."""
        device = next(self.nets["generator"].parameters()).device
        shape = (count, self.codec.window, len(self.ends["low"]))
        noise = torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(device)
        found: Tensor = self.nets["recovery"](self.nets["supervisor"](self.nets["generator"](noise)))
        return found.cpu()
