"""Small networks that look at pictures: a classifier and an autoencoder with the same eye.

The eye is the classical one of MNIST: two rounds of convolution, maximum over 2 x 2, batch normalisation and ReLU, then
a layer of 128 units, the features. Pictures under 24 pixels keep their borders, since they have no pixel to lose;
pictures over 40 pixels are read in strides of 2, which costs about as much as 28 x 28 does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

FEATURES = 128
SMALL, LARGE = 24, 40


def _convolution(inputs: int, outputs: int, stride: int, small: bool) -> nn.Conv2d:
    size = 3 if small else 5
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=1 if small else 0)


def eye(shape: tuple[int, int, int], width: int) -> nn.Sequential:
    """Make the two convolutions.

    Arguments:
        shape: Channels, height and width of a picture.
        width: Channels after the first convolution; twice as many after the second.
    """
    channels, high, wide = shape
    stride = 2 if max(high, wide) > LARGE else 1
    small = min(high, wide) < SMALL * stride
    layers: list[nn.Module] = []
    for inputs, outputs, step in ((channels, width, stride), (width, 2 * width, 1)):
        # The maximum first: normalising a quarter of the numbers gives the same kind of unit at half the time.
        layers += [_convolution(inputs, outputs, step, small), nn.MaxPool2d(2, ceil_mode=True)]
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten())


def _seen(look: nn.Module, shape: tuple[int, int, int]) -> int:
    with torch.no_grad():
        return int(look.eval()(torch.zeros(1, *shape)).shape[1])


class Classifier(nn.Module):
    """Tell the class of a picture; the 128 units before the last layer are its features.

    Arguments:
        shape: Channels, height and width of a picture, whose numbers lie from 0 to 1.
        classes: Number of classes.
        width: Channels after the first convolution.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int, width: int) -> None:
        super().__init__()
        self.eye = eye(shape, width)
        self.inner = nn.Linear(_seen(self.eye, shape), FEATURES)
        self.forget = nn.Dropout(0.3)
        self.outer = nn.Linear(FEATURES, classes)
        self.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]

    def features(self, pictures: Tensor) -> Tensor:
        """Give the units before the last layer."""
        return relu(self.inner(self.eye(pictures.contiguous(memory_format=torch.channels_last))))

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.outer(self.forget(self.features(pictures)))
        return logits


class Autoencoder(nn.Module):
    """Squeeze a picture into 128 numbers, its features, and draw it again from them.

    Arguments:
        shape: Channels, height and width of a picture, whose numbers lie from 0 to 1.
        width: Channels after the first convolution.
    """

    def __init__(self, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        channels, high, wide = shape
        self.size, self.quarter = (high, wide), (-(-high // 4), -(-wide // 4))
        self.eye = eye(shape, width)
        self.inner = nn.Linear(_seen(self.eye, shape), FEATURES)
        self.outer = nn.Linear(FEATURES, 2 * width * self.quarter[0] * self.quarter[1])
        self.middle = nn.Sequential(
            nn.BatchNorm2d(2 * width), nn.ReLU(), nn.Conv2d(2 * width, width, 3, padding=1), nn.BatchNorm2d(width)
        )
        self.last = nn.Conv2d(width, channels, 3, padding=1)
        self.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]

    def features(self, pictures: Tensor) -> Tensor:
        """Give the code of each picture."""
        code: Tensor = self.inner(self.eye(pictures.contiguous(memory_format=torch.channels_last)))
        return code

    def forward(self, pictures: Tensor) -> Tensor:
        seeds = self.outer(self.features(pictures)).unflatten(1, (-1, *self.quarter))
        half = interpolate(seeds, scale_factor=2.0, mode="nearest")
        drawn: Tensor = self.last(relu(interpolate(self.middle(half), size=self.size, mode="bilinear")))
        return drawn
