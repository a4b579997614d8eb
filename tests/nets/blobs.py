"""A generator whose every effect is known: it draws one soft spot."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from contrafact import zoo
from contrafact.codecs.image import ImageCodec
from contrafact.engine.duel import Latent
from contrafact.nets.picture_model import PictureModel

SIDE, LATENT = 16, 5
RIGHT, DOWN, BRIGHT, SIZE, NOTHING = range(LATENT)


class Spot(nn.Module):
    """Draw a spot whose place, light and size are the columns of the noise; the last column does nothing.

    A condition makes the ground light and the spot dark.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(LATENT, 4, bias=False)
        self.second = nn.Linear(4, 4, bias=False)
        with torch.no_grad():
            self.first.weight.zero_()
            for column, gain in ((RIGHT, 2.0), (DOWN, 1.5), (BRIGHT, 0.25), (SIZE, 0.1)):
                self.first.weight[column, column] = gain
            self.second.weight.copy_(torch.eye(4))
        self.requires_grad_(False).eval()

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        across, along, light, growth = self.second(self.first(noise)).unbind(1)
        ticks = torch.arange(SIDE, dtype=torch.float32) - (SIDE - 1) / 2
        x, y = ticks - across[:, None], ticks - along[:, None]
        spread = 2 * (2 * growth).exp()[:, None]
        spot = torch.exp(-(y**2) / (2 * spread))[:, :, None] * torch.exp(-(x**2) / (2 * spread))[:, None, :]
        picture = (torch.sigmoid(1 + light)[:, None, None] * spot)[:, None]
        if condition is not None:
            picture = torch.where(condition[:, 1, None, None, None] > 0.5, 1 - picture, picture)
        return 2 * picture - 1


def codec(classes: tuple[str, ...] = ()) -> ImageCodec:
    return ImageCodec(
        high=SIDE,
        wide=SIDE,
        channels=1,
        flat=True,
        depth=8,
        low=0,
        top=255,
        seen=(SIDE, SIDE),
        classes=classes,
        shares=tuple(1 / len(classes) for _ in classes),
    )


def model(classes: tuple[str, ...] = ()) -> PictureModel:
    return PictureModel(zoo.R3GAN(), codec(classes), Latent(size=LATENT), Spot())


def rows(**columns: float) -> np.ndarray:
    """Give one row of noise by the names of its columns."""
    row = np.zeros((1, LATENT), dtype=np.float32)
    for name, value in columns.items():
        row[0, {"right": RIGHT, "down": DOWN, "bright": BRIGHT, "size": SIZE}[name]] = value
    return row
