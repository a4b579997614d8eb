"""One model of series: it draws them, goes on from where they end, fills gaps, and takes conditions.

A window of steps is shown to one network in two ways (`nets/series_net.py`). Looking back, it learns the law of each
step given all steps before: p(x) = prod_t prod_v p(x_tv | x_<t, x_t,<v), the chain rule, by which series are drawn and
continued. Looking both ways it learns the law of hidden cells given whatever cells are known, p(x_tv | x_S): spans of
all variables, of some, and single cells, by which gaps are filled. Both are cross-entropies, proper scores of the very
laws that are asked for later; no adversary takes part. What is known of a whole series (its attributes) is the first
token, and the cycles of the calendar stand beside each step.

The law of a number is a mixture of normal laws, so that it can be skewed and have several peaks. Its middles are
counted from what straight rules tell, a vector autoregression forwards and one backwards in time, in units of what
those miss: the network begins as that, and learns what is left.

References:
    Uria, Murray and Larochelle, A deep and tractable density estimator, ICML 2014 (any order).
    Vaswani et al., Attention is all you need, NeurIPS 2017 (the trunk).
    Bishop, Mixture density networks, 1994 (the laws).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import torch

from contrafact.base.lined import lined
from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.schema import Role
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_cells import UNKNOWN
from contrafact.engine.adam import AdamW
from contrafact.engine.average import Average
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.items import split
from contrafact.engine.packing import bare, needed_net
from contrafact.nets.series_game import Against, Exam, Weaving
from contrafact.nets.series_items import FARTHEST, Parts, WindowBatches
from contrafact.nets.series_net import SeriesNet
from contrafact.nets.series_straight import Straight, usual_order
from contrafact.nets.series_woven import WovenSeries

FEWEST = 8  # parts, under which none is held out
CELLS = 24_000  # steps x variables in a batch, about


@dataclass(frozen=True, kw_only=True)
class Shuttle(TrainedRecipe):
    """Fit one network to series that draws, continues and fills them."""

    steps: Count | None = None  # steps; none: chosen from the series, or from the budget
    batch: Count | None = None  # windows in a batch; none: chosen from the size of a window
    time: str | int | None = None  # the column of time stamps; none: it is looked for
    id: str | int | None = None  # the column that tells series apart; none: it is looked for
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    window: Count | None = None  # steps that are seen together; none: whole short series, else four periods
    gaps: Share = 0.5  # share of learning that goes to gaps; the rest goes to drawing and going on
    width: Count = 64  # numbers in the hidden state, a multiple of four
    depth: Count = 2  # blocks of the trunk
    rate: Positive = 3e-3  # learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    decay: NotNegative = 0.01  # weight decay
    half_life: NotNegative = 20_000  # windows after which a weight's part in the average has halved

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, width=16, depth=1, batch=8, window=6)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = SeriesCodec.fit(data, time=self.time, id=self.id, window=self.window, columns=self.columns)
        panel = codec.panel(data)
        parts = Parts.of(panel, codec.window)
        seed = options.get("seed", 0)
        fewest = FEWEST if parts.count >= FEWEST else sys.maxsize
        kept, held = (part["parts"] for part in split(parts.items, seed, fewest))
        exam = Exam.of(parts, held, codec, seed, 1 - self.gaps)
        recipe = self.filled({"batch": usual_batch(codec)})
        straight = straight_of(codec, parts, kept)
        method = Method(
            codec=codec,
            batch=recipe.batch or 1,
            steps=usual_steps(codec),
            begin=lambda total, device: recipe.game(codec, straight, device),
            model=lambda game: WovenSeries(recipe, codec, game.average.module).examined(exam),
            score=lambda held, seed: Against(exam),
            batches=partial(WindowBatches, parts=parts, codec=codec),
            fewest=fewest,
            encoded=parts.items,
        )
        return Training(self, data, method, **options)

    def game(self, codec: SeriesCodec, straight: Straight, device: torch.device) -> Weaving:
        """Make the network and its optimiser."""
        net = network(self, codec)
        net.begin(straight)
        net.to(device)
        weights = [{"params": list(net.parameters()), "weight_decay": self.decay}]
        player = AdamW(weights, lr=self.rate, betas=(0.9, 0.99), fused=True)
        return Weaving(
            net=net,
            average=Average(net, self.half_life, self.batch or 1),
            players={"network": player},
            rates=(self.rate, self.rate_end),
            back=1 - self.gaps,
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, Any], facts: dict[str, Any]) -> WovenSeries:
        """Make a fitted model again."""
        known = SeriesCodec.from_json(codec)
        return WovenSeries(self, known, needed_net("net", bare(lambda: network(self, known)), arrays))


def network(recipe: Shuttle, codec: SeriesCodec) -> SeriesNet:
    """Make a network for a codec's variables."""
    return SeriesNet(
        sizes=[variable.size for variable in codec.variables],
        smooth=[variable.smooth for variable in codec.variables],
        order=order_of(codec),
        blurs=[variable.blur for variable in codec.variables],
        traits=[variable.size for variable in codec.attributes],
        phases=codec.phases(codec.heads["first"][:1], 1).shape[-1],
        window=codec.window,
        width=recipe.width + -recipe.width % 4,
        depth=recipe.depth,
    )


def order_of(codec: SeriesCodec) -> int:
    """Say how many steps the straight rules look back."""
    return usual_order(codec.window, codec.period, len(codec.variables), codec.steps)


def straight_of(codec: SeriesCodec, parts: Parts, kept: np.ndarray) -> Straight:
    """Solve for the straight rules, from runs of steps in parts that are learned from."""
    panel = parts.panel
    known = panel.points != UNKNOWN
    numbers = np.where(known, panel.values.astype(np.float64).clip(-FARTHEST, FARTHEST), np.nan)
    mine = np.isin(parts.owner, kept)
    found: list[np.ndarray] = []
    phases: list[np.ndarray] = []
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        rows = np.flatnonzero(mine[begin:end]) + begin
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else ():
            found.append(lined(numbers[run]))
            phases.append(codec.phases(panel.steps[run], 1)[:, 0].astype(np.float64))
    return Straight.fit(found, order_of(codec), phases)


def usual_batch(codec: SeriesCodec) -> int:
    """Choose how many windows are in a batch."""
    return int(min(max(CELLS // (codec.window * len(codec.variables)), 16), 128))


def usual_steps(codec: SeriesCodec) -> int:
    """Choose how many steps there are: two for each window that overlaps no other, from 250 to 2,500.

    Long windows are few; more steps than that were seen to learn them by heart and to tell later times worse.
    """
    return int(min(max(2 * codec.steps // codec.window, 250), 2500))
