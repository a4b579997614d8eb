"""What lies behind pictures, and ways through it.

A picture is G(z, c) of a row of noise z and a condition c. Between the noise of two pictures the straight line leaves
the law that the generator was trained on: half-way between two draws of a normal law in d dimensions, whose lengths
are near √d, lies a row of length √(d / 2). So the direction follows the arc between those of a and b, while the length
goes from the one's to the other's (White 2016):

    z(t) / |z(t)| = (sin((1 - t) ω) a / |a| + sin(t ω) b / |b|) / sin ω,   cos ω = a·b / (|a| |b|).

The uniform law fills a box, in which straight lines stay. A discrete part of the noise changes half-way.

Reference: White, Sampling generative networks, 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from torch import Tensor

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.base.seeds import checked_count, in_blocks
from contrafact.engine.duel import Latent

if TYPE_CHECKING:
    from contrafact.nets.picture_model import PictureModel

PARALLEL = 1e-4  # rows at angles of smaller sines are parallel: between them the way is straight
SHORT = 1e-12  # shorter rows have no direction


@dataclass(frozen=True, kw_only=True, eq=False)
class Latents:
    """What lies behind pictures: `len(latents)`, `latents.take(places)`.

    Arguments:
        noise: A row for each picture.
        conditions: What the networks read beside it, or None.
        labels: The conditions in the user's words, or None.
    """

    noise: np.ndarray
    conditions: np.ndarray | None = None
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.noise)

    def take(self, index: Sequence[int] | np.ndarray) -> Self:
        """Keep the rows at these places, in this order."""
        places = np.asarray(index, dtype=np.int64)
        rows = ((field.name, getattr(self, field.name)) for field in fields(self))
        kept: dict[str, Any] = {name: None if row is None else row[places] for name, row in rows}
        return replace(self, **kept)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} rows of {self.noise.shape[1]})"


def latents(model: PictureModel, n: int, seed: int, given: dict[str, Any] | None = None) -> Latents:
    """Give what lies behind the pictures that `sample` draws.

    Arguments:
        model: The model.
        n: How many.
        seed: The sample's seed.
        given: The sample's condition.
    """
    n, asked = checked_count(n), model.asked(given)
    drawn: dict[int, tuple[Any, ...]] = {}

    def block(number: int) -> np.ndarray:
        drawn[number] = model.drawn(seed, number)[1:]
        return np.asarray(drawn[number][0].cpu().numpy())

    noise = np.concatenate(in_blocks(n, block, rows=model.block))
    if asked is not None:
        rows = np.resize(asked.rows, (n, asked.rows.shape[1]))
        return Latents(noise=noise, conditions=rows, labels=np.resize(asked.labels, n))
    places = [drawn[number][1] for number in sorted(drawn)]
    if places[0] is None:
        return Latents(noise=noise)
    conditions = model.conditions(np.concatenate(places)[:n])
    assert conditions is not None
    labels = model.codec.labels(np.concatenate(places)[:n]) if model.codec.classes else None
    return Latents(noise=noise, conditions=conditions.cpu().numpy(), labels=labels)


def pixels(model: PictureModel, rows: Latents) -> np.ndarray:
    """Make the pictures behind which these rows lie, as numbers from 0 to 255.

    Blocks are filled up to their size, so that a row gives the same picture here and in a sample.
    """
    if not len(rows):
        return np.empty((0, *model.codec.shape), dtype=np.float32)
    whole = -(-len(rows) // model.block) * model.block
    filled = rows.take(np.resize(np.arange(len(rows)), whole))
    condition = None if filled.conditions is None else torch.from_numpy(filled.conditions.astype(np.float32))
    pushed = model.push(torch.from_numpy(filled.noise), None if condition is None else condition.to(model.device))
    return np.asarray((127.5 * (pushed + 1)).cpu().numpy()[: len(rows)])


def pictures(model: PictureModel, rows: Latents) -> Any:
    """Make the pictures behind which these rows lie, as the kind of object that was fitted."""
    made = model.codec.decode({"pictures": pixels(model, rows)})
    return replace(made, labels=rows.labels) if isinstance(made, Data) and rows.labels is not None else made


def truncated(rows: Latents, share: float) -> Latents:
    """Multiply the noise by a share.

    Raises:
        UsageError: It is below 0 or no number.
    """
    if not 0 <= share < np.inf:
        raise UsageError(
            f"Noise cannot be truncated by {share!r}.",
            why="It is multiplied by this number: 1 leaves it as it is, 0 draws the middle of all pictures.",
            fix="--truncation 0.7",
            code="E125",
        )
    return rows if share == 1 else replace(rows, noise=(share * rows.noise).astype(np.float32))


def of_one(given: dict[str, Any] | None, place: int) -> dict[str, Any] | None:
    """Give what is asked of the picture at a place, where a condition may list one wish for each."""
    if given is None:
        return None
    lists = {name: wish if isinstance(wish, (str, int, float)) else list(wish) for name, wish in given.items()}
    return {name: w[place % len(w)] if isinstance(w, list) and w else w for name, w in lists.items()}


def blend(law: Latent, a: Tensor, b: Tensor, share: float) -> Tensor:
    """Go a share of the way from rows of noise to others, and stay within the law.

    Arguments:
        law: The law of the noise.
        a: Rows at 0.
        b: Rows at 1.
        share: How far, 0 to 1.
    """
    a, one = torch.tensor_split(a, [law.size], dim=1)
    b, other = torch.tensor_split(b, [law.size], dim=1)
    between = _arc(a, b, share) if law.law == "normal" else (1 - share) * a + share * b
    return torch.cat([between, one if share < 0.5 else other], dim=1)


def _arc(a: Tensor, b: Tensor, share: float) -> Tensor:
    lengths = [rows.norm(dim=1, keepdim=True) for rows in (a, b)]
    one, other = (rows / length.clamp_min(SHORT) for rows, length in zip((a, b), lengths, strict=True))
    angle = (one * other).sum(1, keepdim=True).clamp(-1, 1).acos()
    turned = (((1 - share) * angle).sin() * one + (share * angle).sin() * other) / angle.sin().clamp_min(PARALLEL)
    arc = ((1 - share) * lengths[0] + share * lengths[1]) * turned
    straight = (1 - share) * a + share * b
    return torch.where((angle.sin() < PARALLEL) | (share in (0, 1)), straight, arc)


def interpolate(model: PictureModel, a: Latents, b: Latents, steps: int) -> Latents:
    """Go from one picture's latent row to another's, both ends among the steps.

    Conditions go along a straight line; a picture between two classes is labelled by the nearer one.

    Arguments:
        model: The model.
        a: The first row, one.
        b: The last row, one.
        steps: How many rows.
    """
    shares = np.linspace(0, 1, checked_count(steps))
    one, other = torch.from_numpy(a.noise), torch.from_numpy(b.noise)
    noise = [blend(model.latent, one, other, share) for share in shares]
    nearer = np.round(shares).astype(np.int64)
    conditions, labels = None, None
    if a.conditions is not None and b.conditions is not None:
        conditions = np.concatenate([(1 - share) * a.conditions + share * b.conditions for share in shares])
    if a.labels is not None and b.labels is not None:
        labels = np.concatenate([a.labels, b.labels])[nearer]
    return Latents(noise=_stacked(noise, model), conditions=conditions, labels=labels)


def walk(model: PictureModel, a: Latents, b: Latents, steps: int) -> Latents:
    """Go a closed way through the noise, from a over b and the mirror images -a and -b back to a.

    Arguments:
        model: The model.
        a: Where it starts, one row; its condition holds all the way.
        b: A second row that it passes.
        steps: How many rows; the next one would be the first again.
    """
    one, two = (torch.from_numpy(rows.noise) for rows in (a, b))
    corners = [one, two, -one, -two, one]
    noise = []
    for place in range(checked_count(steps)):
        leg, share = divmod(4 * place / steps, 1)
        noise.append(blend(model.latent, corners[int(leg)], corners[int(leg) + 1], share))
    return replace(a.take(np.zeros(steps, dtype=np.int64)), noise=_stacked(noise, model))


def _stacked(noise: list[Tensor], model: PictureModel) -> np.ndarray:
    return np.asarray(torch.cat([torch.empty(0, model.latent.width), *noise]).float().numpy())
