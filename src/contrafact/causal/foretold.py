"""Fitted networks of potential outcomes: the effect for every row, and the average effect with its interval.

The average is that of doubly robust scores, from the network's answers and the chance of every arm (logistic
regressions, one for each). Network and chances are learned from the rows that they are averaged over: the interval
does not count that. `contrafact.cate` with its own regressions cross-fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.effects import Effect
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS
from contrafact.causal.learners.linear import logistic
from contrafact.causal.scores import LEAST, Means, scores
from contrafact.codecs.treated import TreatedCodec
from contrafact.engine.fit import Method, Training
from contrafact.engine.model import Model
from contrafact.engine.packing import bare, needed_net, weights_of
from contrafact.nets.potential import FactualExam

NOT_CROSSED = (
    "Network and chances were learned from the rows that are averaged over: the interval may be too narrow.",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What a network in training needs for the average effect.

    Arguments:
        rows: All rows, encoded.
        chances: The chance of each arm: arms by rows.
    """

    rows: dict[str, np.ndarray]
    chances: np.ndarray

    @classmethod
    def of(cls, rows: dict[str, np.ndarray], arms: int, seed: int = 0) -> Seen:
        """Learn the chances."""
        x = rows["x"].astype(np.float64)
        found = np.stack(
            [logistic(x, (rows["t"] == arm).astype(np.float64), None, seed).predict(x) for arm in range(arms)]
        )
        found = np.clip(found, LEAST, 1 - LEAST)
        return cls(rows=rows, chances=found / found.sum(0))


class Foretold(Model):
    """A network that foretells every arm.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns frames into covariates, arms and outcomes.
        net: Encoded covariates -> the outcome of every arm, called through `answers`.
        seen: The rows of a training; None once it is over.
        exam: What a model in training answers.
        means: The arms' mean outcomes, of a model whose training is over.
    """

    codec: TreatedCodec

    def __init__(
        self,
        recipe: Recipe,
        codec: TreatedCodec,
        net: nn.Module,
        *,
        seen: Seen | None = None,
        exam: FactualExam | None = None,
        means: Means | None = None,
    ) -> None:
        super().__init__(recipe, codec)
        self.net, self.seen, self.exam, self._means = net, seen, exam, means

    def answers(self, x: Tensor) -> Tensor:
        """Give the outcome of every arm, standardised, from encoded covariates."""
        found: Tensor = self.net(x)
        return found

    @torch.no_grad()
    def _answered(self, x: np.ndarray) -> np.ndarray:
        device = next(self.net.parameters()).device
        learning = self.net.training
        self.net.eval()
        parts = torch.split(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)), BLOCK_ROWS)
        found = [self.answers(part.to(device)).cpu().numpy() for part in parts if len(part)]
        self.net.train(learning)
        arms = len(self.codec.arms)
        return np.concatenate([np.empty((0, arms), dtype=np.float32), *found]).astype(np.float64)

    @property
    def means(self) -> Means:
        """The arms' mean outcomes, by doubly robust scores."""
        if self.seen is None:
            assert self._means is not None, "a model out of training was given its means"
            return self._means
        rows, codec = self.seen.rows, self.codec
        answers = self._answered(rows["x"]).T
        found = scores(rows["y"].astype(np.float64), rows["t"], answers, self.seen.chances)
        return Means.of(codec.middle + codec.spread * found, rows["t"], self.seen.chances)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights and the arms' means; critics are not kept."""
        return {**weights_of(net=self.net), **self.means.arrays()}

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Answer the exam, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        return {"potential": self._answered(self.exam.rows["x"])}

    def potential(self, data: Any) -> np.ndarray:
        """Give the outcome of each row in every arm: rows by arms.

        Arguments:
            data: A frame with the fitted covariates, or an array with as many columns.
        """
        return self.codec.middle + self.codec.spread * self._answered(self.codec.standardised(data))

    def effect(self, data: Any) -> np.ndarray:
        """Give what treatment does to each row; of more than two arms, a column for each but the first.

        Arguments:
            data: A frame with the fitted covariates, or an array with as many columns.
        """
        made = self.potential(data)
        found = made[:, 1:] - made[:, :1]
        return np.asarray(found[:, 0] if found.shape[1] == 1 else found)

    def ate(self, arm: int = 1) -> Effect:
        """Give the average effect of an arm against the first, in the rows that were learned from.

        Arguments:
            arm: Which arm; 1 is the second.
        """
        codec = self.codec
        compared = f": {codec.arms[0]} -> {codec.arms[arm]}" if len(codec.arms) > 2 else ""
        query = f"ATE({codec.treatment}{compared}, {codec.outcome})"
        return self.means.difference(query, arm=arm, notes=NOT_CROSSED, estimator=f"aipw, {self.recipe.method}")


def foretelling(
    recipe: Any,
    data: Any,
    *,
    steps: int,
    begin: Callable[[TreatedCodec, np.ndarray, int, torch.device], Any],
    net: Callable[[Any], nn.Module],
    **options: Any,
) -> Training:
    """Prepare the training of a network that foretells every arm.

    Arguments:
        recipe: The settings, with treatment, outcome, columns and batch.
        data: A frame.
        steps: Steps, where nobody says.
        begin: Makes the game, from the codec, each row's arm, all steps and the device.
        net: Gives a game's network that answers.
        options: What a training takes: seed, budget, run_dir, device.
    """
    codec = TreatedCodec.fit(data, treatment=recipe.treatment, outcome=recipe.outcome, columns=recipe.columns)
    rows, exam = codec.encode(data), FactualExam()
    seen = Seen.of(rows, len(codec.arms))
    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=steps,
        begin=lambda total, device: begin(codec, rows["t"], total, device),
        model=lambda game: Foretold(recipe, codec, net(game), seen=seen, exam=exam),
        score=exam.set,
        encoded=rows,
    )
    return Training(recipe, data, method, **options)


def foretold_again(
    recipe: Any, codec: dict[str, Any], arrays: dict[str, np.ndarray], network: Callable[[TreatedCodec], nn.Module]
) -> Foretold:
    """Make a fitted network again from what it saved.

    Arguments:
        recipe: The settings.
        codec: What the codec saved.
        arrays: The saved arrays.
        network: Makes the network, for a codec.
    """
    known = TreatedCodec.from_json(codec)
    net = needed_net("net", bare(lambda: network(known)), arrays)
    return Foretold(recipe, known, net, means=Means.from_arrays(arrays))
