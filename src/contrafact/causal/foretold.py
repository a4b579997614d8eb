"""Fitted networks of potential outcomes: the effect for every row, and the average effect with its interval.

The average is that of doubly robust scores, from the network's answers and the chance of every arm (logistic
regressions, one for each). Where network and chances know the rows that they are averaged over, the interval is too
narrow: `crossed` learns both again without a fold of the rows, and asks them about it. `contrafact.cate` does so.
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
from contrafact.base.seeds import BLOCK_ROWS, fold
from contrafact.causal.learners.crossed import folds_of
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
    def of(cls, rows: dict[str, np.ndarray], arms: int) -> Seen:
        """Learn the chances."""
        return cls(rows=rows, chances=chances(rows, arms, rows["x"]))


def chances(rows: dict[str, np.ndarray], arms: int, x: np.ndarray, seed: int = 0) -> np.ndarray:
    """Give the chance of each arm, arms by rows.

    Arguments:
        rows: The rows to learn from, encoded.
        arms: How many arms there are.
        x: Encoded covariates of the rows that are asked about.
        seed: Seeds the choice of the penalty.
    """
    known, asked = rows["x"].astype(np.float64), x.astype(np.float64)
    found = [logistic(known, (rows["t"] == arm).astype(np.float64), None, seed).predict(asked) for arm in range(arms)]
    cut = np.clip(np.stack(found), LEAST, 1 - LEAST)
    made: np.ndarray = cut / cut.sum(0)
    return made


class Foretold(Model):
    """A network that foretells every arm.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns frames into covariates, arms and outcomes.
        net: Encoded covariates -> the outcome of every arm, called through `answers`.
        seen: The rows of a training; None once it is over.
        exam: What a model in training answers.
        means: The arms' mean outcomes, of a model whose training is over.
        crossed: The means rest on networks that did not know the rows.
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
        crossed: bool = False,
    ) -> None:
        super().__init__(recipe, codec)
        self.net, self.seen, self.exam, self._means, self.crossed = net, seen, exam, means, crossed

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
        if self._means is not None:
            return self._means
        assert self.seen is not None, "a model out of training was given its means"
        rows, codec = self.seen.rows, self.codec
        answers = self._answered(rows["x"]).T
        found = scores(rows["y"].astype(np.float64), rows["t"], answers, self.seen.chances)
        return Means.of(codec.middle + codec.spread * found, rows["t"], self.seen.chances)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights and the arms' means; critics are not kept."""
        return {**weights_of(net=self.net), **self.means.arrays()}

    def facts(self) -> dict[str, Any]:
        """Say whether the average is of rows that the network did not know."""
        return {"crossed": self.crossed}

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
        notes = () if self.crossed else NOT_CROSSED
        return self.means.difference(query, arm=arm, notes=notes, estimator=f"aipw, {self.recipe.method}")


def crossed(model: Foretold, data: Any, *, folds: int, seed: int, budget: str | None = None) -> Foretold:
    """Give the model with an average over rows that neither networks nor chances knew.

    Arguments:
        model: The fitted network.
        data: The frame that it was fitted to.
        folds: Parts of the rows; without each the network is learned again.
        seed: Seeds the folds and the networks.
        budget: Time that each of these networks may train for.
    """
    recipe: Any = model.recipe
    codec, rows = model.codec, model.codec.encode(data)
    arm, part = rows["t"], folds_of(rows["t"], folds, seed)
    found, chance = np.empty((2, len(codec.arms), len(arm)))
    for number in range(folds):
        held, kept = np.flatnonzero(part == number), np.flatnonzero(part != number)
        own = recipe.fit(data.iloc[kept], seed=fold(seed, "fold", number), budget=budget)
        found[:, held] = own.potential(data.iloc[held]).T
        known = {name: values[kept] for name, values in rows.items()}
        chance[:, held] = chances(known, len(codec.arms), rows["x"][held])
    made = Means.of(scores(codec.outcomes(data), arm, found, chance), arm, chance)
    return Foretold(recipe, codec, model.net, means=made, crossed=True)


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
    recipe: Any,
    codec: dict[str, Any],
    arrays: dict[str, np.ndarray],
    facts: dict[str, Any],
    network: Callable[[TreatedCodec], nn.Module],
) -> Foretold:
    """Make a fitted network again from what it saved.

    Arguments:
        recipe: The settings.
        codec: What the codec saved.
        arrays: The saved arrays.
        facts: What else was saved.
        network: Makes the network, for a codec.
    """
    known = TreatedCodec.from_json(codec)
    net = needed_net("net", bare(lambda: network(known)), arrays)
    return Foretold(recipe, known, net, means=Means.from_arrays(arrays), crossed=facts.get("crossed", False))
