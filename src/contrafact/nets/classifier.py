"""Small networks that look at pictures: an eye, and a classifier behind it.

The eye is the classical one of MNIST: two rounds of convolution, maximum over 2 x 2, batch normalisation and ReLU, then
a layer of 128 units. Pictures under 24 pixels keep their borders, since they have no pixel to lose; pictures over 40
pixels are read in strides of 2, which costs about as much as 28 x 28 does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

FEATURES = 128
SMALL, LARGE = 24, 40


def _rounds(shape: tuple[int, int, int], width: int) -> nn.Sequential:
    channels, high, wide = shape
    stride = 2 if max(high, wide) > LARGE else 1
    small = min(high, wide) < SMALL * stride
    size, border = (3, 1) if small else (5, 0)
    layers: list[nn.Module] = []
    for inputs, outputs, step in ((channels, width, stride), (width, 2 * width, 1)):
        # The maximum first: normalising a quarter of the numbers gives the same kind of unit in half the time.
        layers += [nn.Conv2d(inputs, outputs, size, step, border), nn.MaxPool2d(2, ceil_mode=True)]
        layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten())


class Eye(nn.Module):
    """Turn a picture into 128 numbers.

    Arguments:
        shape: Channels, height and width of a picture, whose numbers lie from 0 to 1.
        width: Channels after the first convolution; twice as many after the second.
    """

    def __init__(self, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.rounds = _rounds(shape, width)
        with torch.no_grad():
            seen = self.rounds.eval()(torch.zeros(1, *shape)).shape[1]
        self.inner = nn.Linear(seen, FEATURES)
        self.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: Tensor) -> Tensor:
        units: Tensor = self.inner(self.rounds(pictures.contiguous(memory_format=torch.channels_last)))
        return units

    def features(self, pictures: Tensor) -> Tensor:
        """Give the 128 numbers."""
        units: Tensor = self(pictures)
        return units


class Classifier(nn.Module):
    """Tell the class of a picture; the 128 units before the last layer are its features.

    Arguments:
        shape: Channels, height and width of a picture, whose numbers lie from 0 to 1.
        width: Channels after the first convolution.
        classes: Number of classes.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, classes: int) -> None:
        super().__init__()
        self.eye = Eye(shape, width)
        self.forget = nn.Dropout(0.3)
        self.outer = nn.Linear(FEATURES, classes)

    def features(self, pictures: Tensor) -> Tensor:
        """Give the units before the last layer."""
        return relu(self.eye(pictures))

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.outer(self.forget(self.features(pictures)))
        return logits
