"""One model of a table: it draws rows, conditions on any columns, fills holes and tells how likely a row is.

Every cell becomes a token (`codecs/tokens.py`). A network is shown a row with some cells hidden and learns the law of
each hidden cell given the known ones, p(x_j | x_S): cross-entropy, a proper score of every one of these laws. Drawing a
row column by column in any order asks for d of them, one for each number of known cells; so the share of hidden cells
is uniform from 0 to 1 (Uria et al. 2014). Their likelihood averaged over all orders would weigh a row's loss by
d / (number hidden): then the rows with one cell hidden make most of the noise in the gradient. Here each hidden cell
counts alike, which asks for the same laws, is calmer, and learns best where little is known, which is where all
drawing begins. Of some rows three cells or fewer are shown, so that questions with one or two conditions, which a
share seldom asks where columns are many, are answered as well. No adversary takes part; at one column a pass none was
seen to improve it.

For holes alone a row is rarely hidden by more than half (`learn="holes"`); linear regressions then have a part in best
guesses, as large as held-out rows say (`nets/aid.py`).

With `latent` a row of many numbers is pressed into few, and those are learned (`codecs/latent.py`).

With `epsilon` the model is differentially private: gradients of single rows are clipped and noised, and all else that
rows would tell is counted with noise, left out or refused. `codecs/bought.py` lists what, and what is not covered.

References:
    Uria, Murray and Larochelle, A deep and tractable density estimator, ICML 2014.
    Hoogeboom et al., Autoregressive diffusion models, ICLR 2022.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, NotNegative, Positive, Sentences, Share
from contrafact.codecs.bought import Bought, check_public
from contrafact.codecs.design import Design
from contrafact.codecs.files import opened
from contrafact.codecs.large import encoded, some_rows, some_tokens
from contrafact.codecs.latent import Components, LatentCodec, check_latent
from contrafact.codecs.schema import Role
from contrafact.codecs.sharing import shared
from contrafact.codecs.table import TableCodec
from contrafact.engine.adam import AdamW
from contrafact.engine.average import Average
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.items import batches, parts
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.engine.private import ByCoin, private_batch, private_steps
from contrafact.engine.private_fit import PrivateTraining, nothing
from contrafact.nets.adversarial import cosine
from contrafact.nets.aid import AidExam
from contrafact.nets.autoencoder import Autoencoder
from contrafact.nets.exam import ROWS as EXAM_ROWS
from contrafact.nets.exam import Exam
from contrafact.nets.pressed import Pressed
from contrafact.nets.private import PrivateWoven, leaning
from contrafact.nets.private_game import PrivateGame
from contrafact.nets.weave import Weave
from contrafact.nets.woven import Encoded, Woven, bonds_between, network, restored

AID_ROWS, AID_COLUMNS = 50_000, 512  # that regressions beside the network take
HIDDEN: dict[str, tuple[float, float]] = {"all": (0.0, 1.0), "holes": (0.05, 0.5)}
FEW_ROWS, FEW_CELLS = 0.3, 4  # share of rows of which fewer cells than so many are shown


@dataclass(kw_only=True)
class Hiding:
    """One player that guesses hidden cells.

    Arguments:
        recipe: The settings.
        net: The network that is trained.
        average: Its running average, which is what gets used.
        players: Its optimiser.
    """

    recipe: Loom
    net: Weave
    average: Average
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"net": self.net, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rate: it rises quickly, then falls along half a cosine."""
        risen = min((step.number + 1) / max(self.recipe.warm_up * step.total, 1), 1.0)
        rate = cosine(step, self.recipe.rate, self.recipe.rate * self.recipe.rate_end)
        self.players["network"].param_groups[0]["lr"] = rate * risen * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="network", loss=self.loss, then=self.average.update),))]

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Hide cells and count the surprise at them."""
        tokens = batch["tokens"].long()
        there = tokens >= 0
        hidden = self.cells(tokens.shape, step) & there
        surprise = self.net.surprise(self.net.hidden(self.net.entered(tokens, there & ~hidden)), tokens)
        return {"surprise": (surprise * hidden.T).sum() / hidden.sum().clamp_min(1)}

    def cells(self, shape: torch.Size, step: Step) -> Tensor:
        """Choose the cells that are hidden."""
        low, high = HIDDEN[self.recipe.learn]
        share = low + (high - low) * step.uniform(shape[0], 1)
        hidden = step.uniform(*shape) < share
        if self.recipe.learn == "holes":
            return hidden
        shown = (step.uniform(shape[0], 1) * FEW_CELLS).floor()
        rank = step.uniform(*shape).argsort(1).argsort(1)
        return torch.where(step.uniform(shape[0], 1) < FEW_ROWS, rank >= shown, hidden)


@dataclass(frozen=True, kw_only=True)
class Loom(TrainedRecipe):
    """Fit one network to a table that draws, conditions, fills and judges rows."""

    steps: Count | None = None  # steps; none: chosen from the rows, or from the budget
    batch: Count | None = None  # rows in a batch; none: 512, fewer where there are few rows
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    learn: Literal["all", "holes"] = "all"  # any question, or only how to fill holes in rows that are mostly known
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;
    holes: bool = True  # holes are part of the data: drawn again, and telling; otherwise they are only unknown
    share_safe: bool = False  # keep no level of fewer than five rows and no end of a scale
    epsilon: Positive | None = None  # differential privacy: how much a row may change what is learned; none: no proof
    delta: Positive | None = None  # chance that epsilon leaves out; none: a tenth of one in as many rows as there are
    bounds: dict[str, tuple[float | str, float | str] | str] | None = None  # with epsilon: public ends: age=17..90
    levels: dict[str, tuple[bool | int | float | str, ...] | str] | None = None  # with epsilon: public levels: sex=F|M
    clip: Positive = 10.0  # with epsilon: the longest gradient of a row
    latent: Count | None = None  # numbers that a row is pressed into, for many columns of numbers; none: as they are
    latent_by: Literal["pca", "autoencoder"] | None = None  # with latent: what presses them; none: pca
    width: Count = 256  # numbers in the hidden state
    depth: Count = 2  # residual blocks
    rate: Positive = 3e-3  # learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.05  # share of the run in which the rate rises to its start
    decay: NotNegative = 0.01  # weight decay
    half_life: NotNegative = 100_000  # rows after which a weight's part in the average has halved

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=32, depth=1, batch=64)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        data = opened(data)
        check_latent(self)
        if self.epsilon is not None:
            return self.private(data, **options)
        check_public(self)
        codec = self.codec(data, options.get("seed", 0))
        _check_slots(codec)
        recipe = self.filled({"batch": usual_batch(codec.schema.rows)})
        exam, rows, sizes = Exam(), encoded(codec, data), [slot.size for slot in codec.slots]
        tokens = some_tokens(rows)
        bonds = bonds_between(tokens, sizes)
        aid = aid_exam(codec, data, rows, options.get("seed", 0)) if self.learn == "holes" else None
        kind = Woven if self.latent is None else Pressed
        method = Method(
            codec=codec,
            batch=recipe.batch or 1,
            steps=usual_steps(codec.schema.rows),
            begin=lambda total, device: recipe.game(codec, tokens, device),
            model=lambda game: kind(recipe, codec, game.average.module, bonds).examined(exam, aid),
            score=lambda held, seed: against_shares(held, seed, HIDDEN[self.learn], exam, sizes),
            batches=batches,
            encoded=rows,
        )
        return Training(self, data, method, **options)

    def codec(self, data: Any, seed: int) -> Any:
        """Read the columns; with `latent`, learn a code of the rows first, from all of them."""
        if self.latent is not None:
            press = partial(Autoencoder.fit, seed=seed) if self.latent_by == "autoencoder" else Components.fit
            return LatentCodec.fit(data, self.latent, press, columns=self.columns)
        fitted = shared if self.share_safe else TableCodec.fit
        return fitted(data, columns=self.columns, holes=self.holes, constraints=self.constraints)

    def private(self, data: Any, **options: Any) -> Training:
        """Prepare a training that is differentially private."""
        bought = Bought.by(data, self)
        codec, rows = bought.codec, bought.codec.schema.rows
        _check_slots(codec, self.epsilon)
        recipe = self.filled({"batch": private_batch(rows)})
        rate = min((recipe.batch or 1) / rows, 1.0)
        asked: dict[str, Any] = {"hidden": HIDDEN[self.learn], "clip": self.clip, "rows": rows}

        def begin(total: int, device: torch.device) -> PrivateGame:
            net = leaning(network(recipe, codec), bought.shares).to(device)
            return PrivateGame(recipe.hiding(net), **asked, spent=(rate, total), left=bought.noise_left)

        method = Method(
            codec=codec,
            batch=recipe.batch or 1,
            steps=private_steps(rows),
            begin=begin,
            model=lambda game: PrivateWoven.of(game.average.module, recipe, codec, bought.told(game.spent, self.clip)),
            score=nothing,
            batches=lambda items, size, seed: ByCoin(items, rate),
            fewest=sys.maxsize,
        )
        return PrivateTraining(self, bought.frame, method, **options)

    def game(self, codec: TableCodec, tokens: np.ndarray, device: torch.device) -> Hiding:
        """Make the network and its optimiser."""
        net = network(self, codec)
        net.begin(tokens)
        net.to(device)
        return self.hiding(net)

    def hiding(self, net: Weave) -> Hiding:
        """Make a network's optimiser and its average."""
        weights = [{"params": list(net.parameters()), "weight_decay": self.decay}]
        player = AdamW(weights, lr=self.rate, betas=(0.9, 0.99), fused=True)
        average = Average(net, self.half_life, self.batch or 1)
        return Hiding(recipe=self, net=net, average=average, players={"network": player})

    def restore(self, codec: dict[str, Any], arrays: Encoded, facts: dict[str, Any]) -> Woven:
        """Make a fitted model again."""
        if self.latent is not None:
            press = Autoencoder if self.latent_by == "autoencoder" else Components
            pressed = LatentCodec.from_json(codec, arrays, press)
            return Pressed.of(restored(self, pressed, arrays, None))
        known = TableCodec.from_json(codec)
        model = restored(self, known, arrays, Design(known))
        return PrivateWoven.of(model.net, self, known, facts["privacy"]) if "privacy" in facts else model


def _check_slots(codec: TableCodec, epsilon: float | None = None) -> None:
    if codec.slots or codec.schema.rows == 1:  # a single row is refused by the training
        return
    why, fix = "Each is always the same, a key, or free text", "Give columns that vary, or say what they are"
    if epsilon is not None:
        why = f"At epsilon {epsilon:g} no level and no part of a scale stood out from the noise of its count"
        fix = "Give more rows, a larger epsilon, or public levels (levels=NAME=a|b); or say what columns are"
    raise DataError(
        "No column of these data can be learned.",
        why=f"{why}:\n{codec.schema}",
        fix=f"{fix}: --set columns=NAME=category",
        code="E201",
    )


def aid_exam(codec: TableCodec, data: Any, rows: Any, seed: int) -> AidExam | None:
    """Fit regressions to the rows that are trained on, to be held against the network on the others.

    Of many rows some are enough for them; of many columns they are left out.
    """
    design = Design(codec)
    if design.width > AID_COLUMNS:
        return None
    trained, held = parts(rows, seed, AID_ROWS)
    some = np.concatenate([trained, held[:EXAM_ROWS]])
    values = design.matrix(codec.cells_of(some_rows(data, some)), len(some))
    own = np.arange(len(some))
    return AidExam(codec, design, values, own[: len(trained)], own[len(trained) :])


def usual_batch(rows: int) -> int:
    """Choose a batch: an eighth of the rows, from 16 to 512."""
    return int(min(max(rows // 8, 16), 512))


def usual_steps(rows: int) -> int:
    """Choose how many steps there are: forty times over the rows, from 300 steps to 2,000."""
    return int(min(max(40 * rows // usual_batch(rows), 300), 2000))


def against_shares(
    held: Encoded, seed: int, hidden: tuple[float, float], exam: Exam, sizes: Sequence[int]
) -> Callable[[Encoded], dict[str, float]]:
    """Prepare the exam and return what scores it: the share of the columns' own surprise that the others take away.

    Arguments:
        held: Held-out rows.
        seed: Chooses the cells that are hidden.
        hidden: Between which shares of a row.
        exam: What the model in training answers.
        sizes: How many tokens each column has.
    """
    exam.set(held["tokens"], seed, hidden)
    usual = exam.alone(sizes)

    def score(found: Encoded) -> dict[str, float]:
        share = found["surprise"].mean() / usual.mean()
        error = (found["surprise"] - share * usual).std() / usual.mean() / len(usual) ** 0.5
        return {"score": float(1 - share), "score_error": float(error)}

    return score
