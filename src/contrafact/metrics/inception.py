"""The Inception network that FID, KID and the inception score were defined with, for weights that the user has.

It is the network of the TensorFlow graph of 2015-12-05 with its habits: pictures are scaled to 299 x 299 by TensorFlow
1's bilinear rule (the corner of a pixel is its place, no smoothing where pictures shrink) and read as (x - 128) / 128;
average pools do not count the border; the last block takes a maximum instead; the features are the 2,048 means of the
last layer; and the 1,008 classes of the inception score are taken without their biases. Names and shapes of the weights
are those of the usual PyTorch conversion (pytorch-fid, torch-fidelity), so that its file fits once it is safetensors.

References: Szegedy et al., *Rethinking the Inception architecture*, CVPR 2016 (arXiv 1512.00567); Heusel et al.,
NeurIPS 2017 (arXiv 1706.08500).
"""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, relu

from contrafact.base.errors import DataError, StorageError, UsageError
from contrafact.engine.bundle import arrays_from_bytes
from contrafact.metrics.features import Features

Chains = dict[str, list[Any]]

SIDE, WIDTH, CLASSES = 299, 2048, 1008
SAVE = (
    "python -c \"import torch, safetensors.torch as s; s.save_file(torch.load('FILE.pth', weights_only=True), "
    "'inception.safetensors')\""
)


class Convolution(nn.Module):
    """Convolve without bias, normalise with kept statistics, and cut at 0; borders keep the size unless strided."""

    def __init__(self, inputs: int, outputs: int, size: int | tuple[int, int], stride: int = 1, same: bool = True):
        super().__init__()
        high, wide = (size, size) if isinstance(size, int) else size
        border = (high // 2, wide // 2) if same else (0, 0)
        self.conv = nn.Conv2d(inputs, outputs, (high, wide), stride, border, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, pictures: Tensor) -> Tensor:
        return relu(self.bn(self.conv(pictures)))


def average(pictures: Tensor) -> Tensor:
    """Average over 3 x 3 without counting the border."""
    return avg_pool2d(pictures, 3, stride=1, padding=1, count_include_pad=False)


def largest(pictures: Tensor) -> Tensor:
    """Take the maximum over 3 x 3."""
    return max_pool2d(pictures, 3, stride=1, padding=1)


def halved(pictures: Tensor) -> Tensor:
    """Take the maximum over 3 x 3 in strides of 2."""
    return max_pool2d(pictures, 3, stride=2)


class Mixed(nn.Module):
    """Lay the results of several chains of convolutions, and of a pool, over each other.

    Arguments:
        inputs: Channels that come in.
        chains: For each chain its name and its convolutions: outputs, size, and stride where it is 2. A list of two
            in the last place is a fork: both see the same.
        pool: What the last chain does first.
        pooled: Channels of the convolution after the pool; 0 for none.
    """

    def __init__(self, inputs: int, chains: Chains, pool: Any, pooled: int) -> None:
        super().__init__()
        self.pool, self.chains = pool, {name: self._chain(inputs, name, steps) for name, steps in chains.items()}
        if pooled:
            self.branch_pool = Convolution(inputs, pooled, 1)
        self.pooled = bool(pooled)

    def _chain(self, inputs: int, name: str, steps: list[Any]) -> list[list[str]]:
        """Make the convolutions of a chain and give their names, a list for each place."""
        places = []
        for number, step in enumerate(steps, start=1):
            forks = step if isinstance(step, list) else [step]
            own = name if len(steps) == 1 else f"{name}_{number}"
            names = [own + ("ab"[i] if len(forks) > 1 else "") for i in range(len(forks))]
            for full, (outputs, size, *strided) in zip(names, forks, strict=True):
                stride = strided[0] if strided else 1
                self.add_module(full, Convolution(inputs, outputs, size, stride, same=not strided))
            inputs = forks[0][0]
            places.append(names)
        return places

    def forward(self, pictures: Tensor) -> Tensor:
        results = []
        for places in self.chains.values():
            seen = pictures
            for names in places:
                seen = torch.cat([self.get_submodule(name)(seen) for name in names], dim=1)
            results.append(seen)
        seen = self.pool(pictures)
        return torch.cat([*results, self.branch_pool(seen) if self.pooled else seen], dim=1)


def _narrow(inputs: int, pooled: int) -> Mixed:
    chains: Chains = {
        "branch1x1": [(64, 1)],
        "branch5x5": [(48, 1), (64, 5)],
        "branch3x3dbl": [(64, 1), (96, 3), (96, 3)],
    }
    return Mixed(inputs, chains, average, pooled)


def _long(width: int) -> Mixed:
    down, across = (7, 1), (1, 7)
    chains: Chains = {
        "branch1x1": [(192, 1)],
        "branch7x7": [(width, 1), (width, across), (192, down)],
        "branch7x7dbl": [(width, 1), (width, down), (width, across), (width, down), (192, across)],
    }
    return Mixed(768, chains, average, 192)


def _wide(inputs: int, pool: Any) -> Mixed:
    fork = [(384, (1, 3)), (384, (3, 1))]
    chains: Chains = {
        "branch1x1": [(320, 1)],
        "branch3x3": [(384, 1), fork],
        "branch3x3dbl": [(448, 1), (384, 3), fork],
    }
    return Mixed(inputs, chains, pool, 192)


class Inception(nn.Module):
    """Give the 2,048 features of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, 2, same=False)
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3, same=False)
        self.Conv2d_2b_3x3 = Convolution(32, 64, 3)
        self.Conv2d_3b_1x1 = Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3, same=False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _narrow(192, 32), _narrow(256, 64), _narrow(288, 64)
        down: Chains = {"branch3x3": [(384, 3, 2)], "branch3x3dbl": [(64, 1), (96, 3), (96, 3, 2)]}
        self.Mixed_6a = Mixed(288, down, halved, 0)
        self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e = map(_long, (128, 160, 160, 192))
        down = {
            "branch3x3": [(192, 1), (320, 3, 2)],
            "branch7x7x3": [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2)],
        }
        self.Mixed_7a = Mixed(768, down, halved, 0)
        self.Mixed_7b, self.Mixed_7c = _wide(1280, average), _wide(2048, largest)
        self.fc = nn.Linear(WIDTH, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        """Give features of 8 bit pictures N x 3 x high x wide."""
        seen = (scaled(pictures.float(), SIDE) - 128) / 128
        seen = halved(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(seen))))
        seen = halved(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(seen)))
        for name, block in self.named_children():
            if name.startswith("Mixed"):
                seen = block(seen)
        return seen.mean((2, 3))

    def chances(self, features: Tensor) -> Tensor:
        """Give the chance of each of 1,008 classes, as the inception score takes them: without the biases."""
        return torch.softmax(features @ self.fc.weight.t(), dim=1)


def scaled(pictures: Tensor, side: int) -> Tensor:
    """Scale to a square by TensorFlow 1's bilinear rule: place i lies at i · size / side."""
    for axis in (2, 3):
        size = pictures.shape[axis]
        place = torch.arange(side, dtype=torch.float32) * torch.tensor(size / side, dtype=torch.float32)
        low = place.long()
        share = (place - low).view(-1, *[1] * (3 - axis))
        one, other = pictures.index_select(axis, low), pictures.index_select(axis, (low + 1).clamp(max=size - 1))
        pictures = one + (other - one) * share
    return pictures


def load(path: str | PathLike[str]) -> Features:
    """Read weights from a local safetensors file; see `inception_features`.

    Raises:
        UsageError: The file is a pickle, or there is none.
        StorageError: It does not hold the weights of this network.
    """
    place = Path(path)
    payload = _payload(place)
    with torch.device("meta"):  # no first weights are drawn
        net = Inception()
    try:
        weights = {name: torch.from_numpy(array) for name, array in arrays_from_bytes(payload).items()}
        net.load_state_dict(weights, assign=True)
    except Exception as error:  # safetensors and torch raise kinds of their own
        raise StorageError(
            f"{place} does not hold the Inception weights of FID.",
            why=str(error).splitlines()[0],
            fix="They are 2,048 features and 1,008 classes, under the names of the usual PyTorch conversion.",
            code="E316",
        ) from error
    net.eval().requires_grad_(False)
    name = f"inception-{hashlib.sha256(payload).hexdigest()[:8]}"

    @torch.no_grad()
    def look(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = net(torch.from_numpy(_in_colour(block)))
        return rows.numpy(), net.chances(rows).double().numpy()

    return Features(name=name, look=look, width=WIDTH, facts={"kind": "inception"}, block=50)


def _payload(place: Path) -> bytes:
    try:
        payload = place.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{place} cannot be read.",
            why=f"The system said: {error.strerror or error}.",
            fix="Give the path of a safetensors file; nothing is downloaded.",
            code="E112",
        ) from error
    if payload[:2] in (b"PK", b"\x80\x02") or place.suffix in (".pth", ".pt", ".pkl"):
        raise UsageError(
            f"{place} is a pickle, which is never read.",
            why="Reading a pickle runs whatever code it holds.",
            fix=f"Convert it, if you trust it: {SAVE}",
            code="E316",
        )
    return payload


def _in_colour(block: np.ndarray) -> np.ndarray:
    """Give 8 bit pictures in three channels, grey ones three times the same."""
    if block.dtype == np.uint8 and block.shape[3] in (1, 3):
        return np.ascontiguousarray(np.moveaxis(np.broadcast_to(block, (*block.shape[:3], 3)), 3, 1))
    raise DataError(
        f"Inception cannot look at pictures of {block.shape[3]} channels and {8 * block.itemsize} bit.",
        why="It was trained on 8 bit pictures in three channels; grey ones can be repeated.",
        fix="Give such pictures, or use the learned features: leave features out.",
        code="E213",
    )
