"""Augmentation inside the game: what the critic sees is changed at random, real pictures and fakes alike.

A critic that has seen each of a few pictures hundreds of times knows them by heart, and its opinion then draws the
generator towards copies. Where it never sees a picture twice in the same way it must judge what all ways have in
common. The change T is part of the critic, D(T(x)), so that the generator's gradient and the penalties go through it;
each kind of change is therefore made of gathers, products and sums, which have derivatives of every order.

What is applied to each picture with a chance p below about .8 does not come back in the samples: the map from the law
of pictures to the law of changed ones, p T + (1 - p) I, can then be undone, so that only a generator whose own law is
that of the data matches it (Karras et al. 2020, appendix C). Therefore no kind is ever certain, and of the pictures
chosen to be mirrored half stay as they are, of those to be turned a quarter.

The chance can be adaptive. Karras et al. raise it while the critic's mean sign on training pictures is high; this
has no meaning for a relativistic critic, of which only differences count. What is held to a target here is the very
thing that is to be kept small: how much more often the critic ranks training pictures above held-out ones than the
other way round, 0 where it has learned nothing by heart and 1 where it knows every one. The target is half of the gap
at which the doctor speaks; a lower one costs more quality than the gap is worth. The chance starts at what the number
of pictures suggests, and stays there where so few are held out that the gap is chance for the most part.

References:
    Zhao et al., Differentiable augmentation for data-efficient GAN training, NeurIPS 2020.
    Karras et al., Training generative adversarial networks with limited data, NeurIPS 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Literal

import torch
from torch import Tensor, nn

from contrafact.engine.play import Step

Kind = Literal["colour", "translation", "tilt", "cutout", "mirror", "turns"]
Policy = Literal["auto", "off"] | Kind | tuple[Literal["auto"] | Kind, ...] | None

# How strong each kind is: the reach of brightness and the like; of a shift, in sides; of the slopes of a row and of a
# column; the side of a hidden rectangle, in sides.
STRENGTHS: dict[Kind, float] = {
    "colour": 0.5,
    "translation": 0.125,
    "tilt": 0.1,
    "cutout": 0.5,
    "mirror": 1.0,
    "turns": 1.0,
}
AUTO: dict[Kind, float] = {"translation": 0.25, "tilt": 0.1, "cutout": 0.5, "colour": 0.2}
FIXED, MOST = 0.6, 0.8
TARGET, STRIDE = 0.3, 0.05
FEW = 2000
DRAWS = 4


def augmentation(policy: Policy, pictures: int) -> Augment | None:
    """Make the augmentation that a setting asks for.

    Arguments:
        policy: "auto" is adaptive; kinds by name are applied with a fixed chance, or beside "auto" with its own; "off"
            changes nothing; None is "auto" for few pictures, where the critic would learn them by heart, else "off".
        pictures: How many pictures there are to learn from.
    """
    if policy is None:
        policy = "auto" if pictures < FEW else "off"
    if policy == "off":
        return None
    names = (policy,) if isinstance(policy, str) else policy
    strengths = {name: STRENGTHS[name] for name in names if name != "auto"}
    if "auto" not in names:
        return Augment(strengths, chance=FIXED)
    # What a critic has learned by heart it does not forget: of few pictures much is changed from the start.
    return Augment(AUTO | strengths, chance=MOST * max(1 - pictures / FEW, 0), target=TARGET)


class Augment(nn.Module):
    """Change pictures at random, each by each kind of change with the same chance.

    Arguments:
        kinds: Kinds of change in the order in which they are made, with how strong each is.
        chance: With what chance a kind changes a picture, at the start.
        target: The gap between training and held-out pictures to which the chance is adapted; None keeps the chance.
    """

    chance: Tensor

    def __init__(self, kinds: Mapping[Kind, float], *, chance: float = 0.0, target: float | None = None) -> None:
        super().__init__()
        self.kinds, self.target = dict(kinds), target
        self.register_buffer("chance", torch.tensor(chance, dtype=torch.float64))

    def forward(self, pictures: Tensor, step: Step) -> Tensor:
        chance = float(self.chance)
        if chance <= 0:
            return pictures
        draws = step.uniform(len(pictures), len(self.kinds), 1 + DRAWS)
        for place, (kind, strength) in enumerate(self.kinds.items()):
            chosen, amounts = draws[:, place, 0] < chance, draws[:, place, 1:]
            pictures = CHANGES[kind](pictures, chosen, amounts, strength)
        return pictures

    def heed(self, row: Mapping[str, Any]) -> dict[str, float]:
        """Move the chance by one small stride towards the target, and tell what it now is.

        Arguments:
            row: Logged numbers; without `critic_gap`, or with one of a large `critic_gap_error`, the chance stays.
        """
        gap = row.get("critic_gap")
        if self.target is not None and gap is not None and row.get("critic_gap_error", 0.0) <= self.target / 2:
            self.chance += STRIDE if gap > self.target else -STRIDE
            self.chance.clamp_(0, MOST)
        return {"augmented": round(float(self.chance), 6)}


def _each(values: Tensor) -> Tensor:
    """Stretch one value a picture over its channels and pixels."""
    return values[:, None, None, None]


def colour(pictures: Tensor, chosen: Tensor, amounts: Tensor, strength: float) -> Tensor:
    """Change brightness and contrast, and of three channels the saturation; all in one weighted sum."""
    bright, full, sharp = (_each(s) for s in (strength * (2 * amounts[:, :3] - 1) * chosen[:, None]).unbind(1))
    mean = pictures.mean((1, 2, 3), keepdim=True)
    changed = pictures * (1 + sharp) - mean * sharp + bright
    if pictures.shape[1] != 3:
        return changed
    grey = pictures.mean(1, keepdim=True)
    return changed + (pictures - grey) * full


def _reflected(places: Tensor, side: int) -> Tensor:
    """Bring places outside a picture back as in a mirror at its outermost pixels."""
    return ((side - 1) - ((side - 1) - places.abs()).abs()).clamp_min(0)


def _taken(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Read each picture at whole places; pixels are flattened."""
    high, wide = pictures.shape[2:]
    places = (_reflected(rows, high) * wide + _reflected(columns, wide)).flatten(1)
    return pictures.flatten(2).gather(2, places[:, None].expand(-1, pictures.shape[1], -1))


def translation(pictures: Tensor, chosen: Tensor, amounts: Tensor, strength: float) -> Tensor:
    """Shift by whole pixels; what comes in from outside is mirrored."""
    places = []
    for axis, side in enumerate(pictures.shape[2:]):
        reach = int(strength * side)
        shift = (amounts[:, axis] * (2 * reach + 1)).floor().long() - reach
        places.append(torch.arange(side, device=pictures.device) + (shift * chosen)[:, None])
    return _taken(pictures, places[0][:, :, None], places[1][:, None, :]).view(pictures.shape)


def tilt(pictures: Tensor, chosen: Tensor, amounts: Tensor, strength: float) -> Tensor:
    """Scale, turn and shear a little around the middle, and read between pixels.

    torch's own resampling has no second derivative over its input, which the penalties need.
    """
    high, wide = pictures.shape[2:]
    slopes = strength * (2 * amounts - 1) * chosen[:, None]
    stretch_y, lean_y, stretch_x, lean_x = (s[:, None, None] for s in slopes.unbind(1))
    y = (torch.arange(high, device=pictures.device) - (high - 1) / 2)[:, None]
    x = torch.arange(wide, device=pictures.device) - (wide - 1) / 2
    rows = y + stretch_y * y + lean_y * x + (high - 1) / 2
    columns = x + stretch_x * x + lean_x * y + (wide - 1) / 2
    whole = rows.floor(), columns.floor()
    rest = [(line - start).flatten(1)[:, None] for line, start in zip((rows, columns), whole, strict=True)]
    corners = [
        _taken(pictures, whole[0].long() + down, whole[1].long() + right)
        * (rest[0] if down else 1 - rest[0])
        * (rest[1] if right else 1 - rest[1])
        for down, right in product((0, 1), (0, 1))
    ]
    return sum(corners[1:], corners[0]).view(pictures.shape)


def cutout(pictures: Tensor, chosen: Tensor, amounts: Tensor, strength: float) -> Tensor:
    """Hide a rectangle behind the middle grey."""
    inside = []
    for axis, side in enumerate(pictures.shape[2:]):
        centre = (amounts[:, axis] * side).floor()
        inside.append((torch.arange(side, device=pictures.device) - centre[:, None]).abs() < strength * side / 2)
    hidden = inside[0][:, :, None] & inside[1][:, None, :] & chosen[:, None, None]
    return pictures.masked_fill(hidden[:, None], 0.0)


def mirror(pictures: Tensor, chosen: Tensor, amounts: Tensor, strength: float) -> Tensor:
    """Swap left and right, of half of those chosen."""
    return torch.where(_each(chosen & (amounts[:, 0] < 0.5 * strength)), pictures.flip(3), pictures)


def turns(pictures: Tensor, chosen: Tensor, amounts: Tensor, strength: float) -> Tensor:
    """Turn by quarters, or by halves where a picture is not square; one share of those chosen stays upright."""
    quarters = [1, 2, 3] if pictures.shape[2] == pictures.shape[3] else [2]
    drawn = (amounts[:, 0] * (len(quarters) + 1)).floor() * chosen * strength
    turned = pictures
    for place, quarter in enumerate(quarters, start=1):
        turned = torch.where(_each(drawn == place), pictures.rot90(quarter, (2, 3)), turned)
    return turned


CHANGES: dict[Kind, Callable[[Tensor, Tensor, Tensor, float], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "tilt": tilt,
    "cutout": cutout,
    "mirror": mirror,
    "turns": turns,
}
