"""Find what lies behind a picture that the generator never drew.

A generator has no way back. Two steps make one (Zhu et al. 2016): a small encoder E is trained on pairs of latent rows
and the pictures drawn from them, of which the model gives as many as are wanted: it minimises |E(G(z, c)) - (z, c)|².
Its guess for the user's picture x is only near, because x is none of the model's; from there Adam moves z along the
slope of

    mean (G(z, c) - x)²  +  the same of both pictures averaged over 4 x 4 pixels  +  λ |z|² / d

for each picture alone. The second term pulls where strokes do not overlap yet, the third keeps z where noise is drawn.
The condition is the picture's label where it has one, else the nearest to the encoder's guess.

What is found is as good as its error says: the root mean square difference in grey levels of 255, beside that of the
encoder's guess and that of random rows under the same condition.

Reference: Zhu, Krähenbühl, Shechtman and Efros, Generative visual manipulation on the natural image manifold, ECCV
2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d
from torch.optim import Optimizer

from contrafact.base.data import Data
from contrafact.base.seeds import fold
from contrafact.engine.items import Batches
from contrafact.engine.play import Move, Phase, Step, Terms, own_randomness, play
from contrafact.nets.adversarial import make_optimizer
from contrafact.nets.latent import Latents, pixels
from contrafact.nets.pictures import PictureCritic

if TYPE_CHECKING:
    from contrafact.nets.picture_model import PictureModel

PAIRS, BATCH, ENCODER_STEPS, ENCODER_RATE, ENCODER_WIDTH = 4096, 32, 300, 2e-3, 32
RATE, LIKELY, COARSE = 0.1, 0.005, 4  # of the search: Adam's rate, λ, side of the averaged squares


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Inverted(Latents):
    """What was found to lie behind pictures, and how far off it is.

    Arguments:
        error: Each picture's root mean square error, in grey levels of 255.
        guess_error: The same of the encoder's guess alone.
        random_error: The same of a random latent row under the same condition.
    """

    error: np.ndarray
    guess_error: np.ndarray
    random_error: np.ndarray

    def __str__(self) -> str:
        means = [float(np.mean(errors)) for errors in (self.error, self.guess_error, self.random_error)]
        return "Off by {:.1f} grey levels; the encoder's guess by {:.1f}, random latent rows by {:.1f}.".format(*means)

    def __repr__(self) -> str:
        return f"<{super().__repr__()}: {self}>"


class EncoderGame:
    """The game of one player that guesses what lies behind the model's own pictures."""

    def __init__(self, model: PictureModel, net: nn.Module) -> None:
        self.model, self.net = model, net
        self.players: dict[str, Optimizer] = {"encoder": make_optimizer("adam", net, ENCODER_RATE, 0.9)}

    def phases(self) -> Sequence[Phase]:
        """Move the encoder, and nobody else."""
        return [Phase(moves=(Move(player="encoder", loss=self.loss),))]

    def prepare(self, step: Step) -> None:
        """Lower the rate to nothing."""
        self.players["encoder"].param_groups[0]["lr"] = ENCODER_RATE * (1 - step.fraction)

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Compare guess and truth, each part in its own variance."""
        del step
        made = self.model.push(batch["noise"], batch.get("condition"))
        noise, condition = self.net(made).tensor_split([batch["noise"].shape[1]], dim=1)
        terms = {"noise": ((noise - batch["noise"]) ** 2).mean()}
        if "condition" in batch:
            error = ((condition - batch["condition"]) ** 2).mean()
            terms["condition"] = error / batch["condition"].var().clamp_min(1e-6)
        return terms


def encoder(model: PictureModel, seed: int) -> nn.Module:
    """Train an encoder on the model's own pictures.

    Arguments:
        model: The model.
        seed: Seeds the first weights and the pictures.
    """
    drawn = model.latents(PAIRS, seed=fold(seed, "pairs"))
    items = {"noise": torch.from_numpy(drawn.noise).to(model.device)}
    if drawn.conditions is not None:
        items["condition"] = torch.from_numpy(drawn.conditions).float().to(model.device)
    with own_randomness(fold(seed, "encoder") % 2**62, torch.device("cpu")):
        net = PictureCritic(0, model.codec.shape, ENCODER_WIDTH)
        net.last = nn.Linear(net.features, sum(part.shape[1] for part in items.values()))
    game = EncoderGame(model, net.to(model.device))
    for _ in play(game, Batches(items, BATCH, fold(seed, "order")), total=ENCODER_STEPS, device=model.device):
        pass
    return net.requires_grad_(False)


def invert(model: PictureModel, data: Any, steps: int = 200, seed: int = 0) -> Inverted:
    """Find what lies behind pictures.

    Arguments:
        model: The model.
        data: Pictures like those that it was fitted on; their labels are used where it knows classes.
        steps: Steps of the search behind the encoder's guess.
        seed: Seeds the encoder.
    """
    wanted = torch.from_numpy(model.codec.pictures(data)).float() / 127.5 - 1
    net = model.remembered(("encoder", seed), lambda: encoder(model, seed))
    blocks = torch.split(wanted.to(model.device), model.block)
    guesses = torch.cat([torch.empty(0, net.last.out_features, device=model.device), *map(net, blocks)])
    noise, guessed = guesses.tensor_split([model.latent.width], dim=1)
    conditions, labels = _conditions(model, data, guessed)
    start = Latents(noise=noise.cpu().numpy(), conditions=conditions, labels=labels)
    random = model.latents(len(wanted), seed=fold(seed, "random")).noise
    found = Latents(noise=_searched(model, start, wanted, steps), conditions=conditions, labels=labels)
    errors = [_error(model, rows, wanted) for rows in (found, start, Latents(noise=random, conditions=conditions))]
    return Inverted(
        noise=found.noise,
        conditions=conditions,
        labels=labels,
        error=errors[0],
        guess_error=errors[1],
        random_error=errors[2],
    )


def _conditions(model: PictureModel, data: Any, guessed: Tensor) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Take the pictures' labels, else the known condition nearest to the guess, else the guess itself."""
    labels = data.labels if isinstance(data, Data) else None
    if not guessed.shape[1]:
        return None, None
    if not model.codec.classes:
        return guessed.cpu().numpy(), None
    if labels is not None:
        return model.codec.described(labels), model.codec.named(labels)
    table = torch.as_tensor(model.codec.conditions, dtype=torch.float32, device=guessed.device)
    places = torch.cdist(guessed, table).argmin(1).cpu().numpy()
    return model.codec.conditions[places], model.codec.labels(places)


def _searched(model: PictureModel, start: Latents, wanted: Tensor, steps: int) -> np.ndarray:
    """Move each row's noise towards its picture, a block at a time."""
    found = [np.empty((0, model.latent.width), dtype=np.float32)]
    for first in range(0, len(start), model.block):
        rows = start.take(range(first, min(first + model.block, len(start))))
        found.append(_search(model, rows, wanted[first : first + model.block].to(model.device), steps))
    return np.concatenate(found)


def _search(model: PictureModel, rows: Latents, wanted: Tensor, steps: int) -> np.ndarray:
    noise = torch.from_numpy(rows.noise).to(model.device).requires_grad_()
    condition = None if rows.conditions is None else torch.from_numpy(rows.conditions).float().to(model.device)
    optimizer = torch.optim.Adam([noise], lr=RATE, betas=(0.9, 0.99))
    coarse = avg_pool2d(wanted, COARSE, ceil_mode=True)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = RATE * min(1, 2 * (1 - step / steps))
        made = model.generator(noise, condition)
        error = ((made - wanted) ** 2).mean((1, 2, 3)).sum()
        blurred = ((avg_pool2d(made, COARSE, ceil_mode=True) - coarse) ** 2).mean((1, 2, 3)).sum()
        loss = error + blurred + LIKELY * (noise**2).mean(1).sum()
        (noise.grad,) = torch.autograd.grad(loss, [noise])
        optimizer.step()
        if model.latent.law == "uniform":
            noise.data.clamp_(-1, 1)
    return np.asarray(noise.detach().cpu().numpy())


def _error(model: PictureModel, rows: Latents, wanted: Tensor) -> np.ndarray:
    levels = 127.5 * (wanted.cpu().numpy() + 1)
    return np.asarray(np.sqrt(((pixels(model, rows) - levels) ** 2).mean((1, 2, 3))))
