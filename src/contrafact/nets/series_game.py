"""Teaching the network of series: looking back, and both ways over hidden cells.

Half the windows of a batch are read looking back: every step's law is scored at once, as when series are drawn or go
on. In the others cells are hidden (a span of all variables, a span of some of them, or cells here and there) and told
from both sides. Either way some cells of each step are shown to the second part, and the surprise at the others is what
is learned: a proper score of every law that drawing and filling ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.seeds import fold
from contrafact.engine.average import Average
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.adversarial import cosine, rising
from contrafact.nets.series_items import Parts, tensors
from contrafact.nets.series_model import NUMBER, UNKNOWN
from contrafact.nets.series_net import Cells, SeriesNet

SPANS, OF_ALL, LONGEST = 0.75, 0.55, 0.6  # shares of windows with spans, with spans of all variables; of a window
EXAM_WINDOWS = 96
Uniform = Callable[..., Tensor]


def hidden_cells(uniform: Uniform, rows: int, steps: int, count: int) -> Tensor:
    """Choose the cells that are hidden, windows x steps x variables.

    Arguments:
        uniform: Draws uniform numbers of a shape.
        rows: Windows.
        steps: Steps in each.
        count: Variables.
    """
    kind, long, begin, share = uniform(rows, 4)[:, :, None, None].unbind(1)
    length = (1 + long**2 * (steps * LONGEST)).floor()
    first = (begin * (steps - length + 1)).floor()
    place = torch.arange(steps, device=kind.device)[None, :, None]
    some = uniform(rows, 1, count) < torch.where(kind < OF_ALL, 1.0, 0.5)
    span = (place >= first) & (place < first + length) & some
    apart = uniform(rows, steps, count) < 0.05 + 0.9 * share
    return torch.where(kind < SPANS, span, apart)


def surprise(net: SeriesNet, batch: dict[str, Tensor], uniform: Uniform, *, back: bool) -> tuple[Tensor, Tensor]:
    """Give -log p of the cells that were not shown, and which these are.

    Arguments:
        net: The network.
        batch: Windows.
        uniform: Draws uniform numbers of a shape.
        back: Whether steps look back, or both ways over hidden cells.
    """
    values, points = batch["values"], batch["points"]
    there = points != UNKNOWN
    known = there if back else there & ~hidden_cells(uniform, *values.shape)
    guide, reach = net.guided(values, known, batch["phases"], back=back)
    cells = Cells(values=values, points=points, known=known, guide=guide, reach=reach, phases=batch["phases"])
    states = net.states(net.entered(cells, batch["told"], batch["traits"]), back=back)
    shown = uniform(*values.shape) < uniform(*values.shape[:2], 1)
    beside = there & shown if back else known | (there & shown)
    asked = there & ~beside
    blurred = values + (2 * uniform(*values.shape) - 1) * net.blurs
    found = net.law(states, cells.but(beside)).surprise(torch.where(points == NUMBER, blurred, values), points)
    return torch.where(asked, found, torch.zeros_like(found)), asked


@dataclass(kw_only=True)
class Weaving:
    """One player that tells unknown cells of series.

    Arguments:
        net: The network that is trained.
        average: Its running average, which is what gets used.
        players: Its optimiser.
        rates: The learning rate at the start, and the share of it that is left at the end.
        back: The share of windows that are read looking back.
        warm_up: The share of the run over which the rate rises.
    """

    net: SeriesNet
    average: Average
    players: dict[str, Optimizer]
    rates: tuple[float, float]
    back: float
    warm_up: float = 0.05

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"net": self.net, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rate: it rises quickly, then falls along half a cosine."""
        rate = cosine(step, self.rates[0], self.rates[0] * self.rates[1])
        self.players["network"].param_groups[0]["lr"] = rate * rising(step, self.warm_up) * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="network", loss=self.loss, then=self.average.update),))]

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Count the surprise at what was not shown, looking back and both ways."""
        rows = len(batch["values"])
        cut = round(rows * self.back)
        terms = {}
        for name, part, back in (("back", slice(0, cut), True), ("between", slice(cut, rows), False)):
            own = {key: value[part] for key, value in batch.items()}
            if len(own["values"]):
                found, asked = surprise(self.net, own, step.uniform, back=back)
                terms[name] = found.sum() / asked.sum().clamp_min(1) * (len(own["values"]) / rows)
        return terms


@dataclass(kw_only=True)
class Exam:
    """Held-out windows and what is hidden in them, by which a model in training is judged.

    Arguments:
        batch: The windows.
        seed: Chooses what is hidden.
        back: The share of windows that are read looking back.
    """

    batch: dict[str, Tensor]
    seed: int
    back: float

    @classmethod
    def of(cls, parts: Parts, held: np.ndarray, codec: Any, seed: int, back: float) -> Exam:
        """Take windows of held-out parts, evenly spread."""
        starts = parts.starts(held)
        some = starts[np.unique(np.linspace(0, len(starts) - 1, EXAM_WINDOWS).astype(np.int64))]
        return cls(batch=tensors(parts.panel.cut(some, parts.window), codec), seed=fold(seed, "exam"), back=back)

    @torch.no_grad()
    def surprise(self, net: SeriesNet) -> np.ndarray:
        """Give the mean surprise at a cell of each window."""
        source = torch.Generator().manual_seed(self.seed)
        found = []
        device = net.start.device
        batch = {name: part.to(device) for name, part in self.batch.items()}
        for back, weight in ((True, self.back), (False, 1 - self.back)):
            told, asked = surprise(net, batch, lambda *s: torch.rand(s, generator=source).to(device), back=back)
            found.append(weight * told.sum((1, 2)) / asked.sum((1, 2)).clamp_min(1))
        return np.asarray((found[0] + found[1]).cpu().numpy(), dtype=np.float64)

    def alone(self) -> float:
        """Give the mean surprise at a cell for whoever knows only each variable's own law in these windows."""
        values, points = self.batch["values"].flatten(0, 1), self.batch["points"].flatten(0, 1).long()
        sums, count = 0.0, 0
        for place in range(values.shape[1]):
            own = points[:, place]
            there = own[own != UNKNOWN]
            shares = torch.bincount(there + 1).double() / max(len(there), 1)
            sums -= float(len(there) * (shares * shares.clamp_min(1e-12).log()).sum())
            numbers = values[own == NUMBER, place].double()
            if len(numbers) > 1:
                sums += len(numbers) * (0.5 + float(torch.log(numbers.std(correction=0).clamp_min(1e-3) * 2.5066)))
            count += len(there)
        return sums / max(count, 1)


class Against:
    """Scores a model in training by the share of held-out cells' own spread that it takes away.

    Arguments:
        exam: What is asked.
    """

    def __init__(self, exam: Exam) -> None:
        self.usual = exam.alone()

    def beside(self, rows: Any) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
        """Give what scores; the rows that are trained on play no part."""
        return self

    def __call__(self, found: dict[str, np.ndarray]) -> dict[str, float]:
        """Score what the model in training answered."""
        own = found["surprise"]
        left = float(np.exp(min(own.mean() - self.usual, 50.0)))  # of the spread that cells have by themselves
        return {"score": 1 - left, "score_error": left * float(own.std()) / len(own) ** 0.5}
