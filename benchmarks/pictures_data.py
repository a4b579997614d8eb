"""Pictures for benchmarks, and the independent classifier that judges them.

The judge shares no weights, seed or features with anything that trains or chooses in the package: it is a small
classifier of its own, trained here on the training pictures, its accuracy on the test pictures printed beside.
"""

from __future__ import annotations

import gzip
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, dropout, max_pool2d

from contrafact.base.data import Data
from contrafact.engine.bundle import arrays_from_bytes, arrays_to_bytes, write_atomically
from contrafact.metrics.frechet import frechet
from contrafact.metrics.neighbours import neighbours

Row = dict[str, Any]
EPOCHS, BATCH, SEED, SCALED = 5, 125, 777, 10_000
FLOOR_BLOCKS = 6


def data_folder() -> Path:
    """Find the data, or say what is missing and stop."""
    folder = Path(os.environ.get("CONTRAFACT_DATA", "data"))
    if not (folder / "images").is_dir():
        sys.exit(f"{folder / 'images'} is missing: set CONTRAFACT_DATA to the folder that holds images/mnist.")
    return folder


def _idx(part: str, ending: str) -> np.ndarray:
    found = sorted((data_folder() / "images" / "mnist").glob(f"{part}*{ending}*"))
    if not found:
        sys.exit(f"images/mnist has no {part}*{ending}*.")
    content = gzip.decompress(found[0].read_bytes())
    axes = content[3]
    shape = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


@cache
def mnist(part: str) -> Data:
    """Read MNIST's "train" or "t10k"."""
    items, labels = _idx(part, "idx3-ubyte"), _idx(part, "idx1-ubyte")
    return Data(kind="pictures", items=items, labels=labels.astype(np.int64), name=f"mnist {part}")


class Judge(nn.Module):
    """Two convolutions and two linear layers; the 128 units before the last are the features."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm1 = nn.Conv2d(1, 16, 5, padding=2), nn.BatchNorm2d(16)
        self.two, self.norm2 = nn.Conv2d(16, 32, 5), nn.BatchNorm2d(32)
        self.three, self.four = nn.Linear(32 * 5 * 5, 128), nn.Linear(128, 10)

    def features(self, pictures: Tensor) -> Tensor:
        maps = torch.relu(max_pool2d(self.norm1(self.one(pictures)), 2))
        maps = torch.relu(max_pool2d(self.norm2(self.two(maps)), 2))
        return torch.relu(self.three(maps.flatten(1)))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.four(dropout(self.features(pictures), 0.3, self.training))


def _tensor(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).unsqueeze(1).float() / 255


@torch.enable_grad()
def _train(net: Judge, data: Data) -> None:
    pictures, labels = _tensor(data.items), torch.from_numpy(data.labels)
    steps = len(pictures) // BATCH
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=1e-3, fused=True)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(pictures))
        for index in order[: steps * BATCH].split(BATCH):
            optimizer.zero_grad()
            cross_entropy(net(pictures[index]), labels[index]).backward()
            optimizer.step()
            rate.step()


@cache
def judge() -> Judge:
    """Train the judge on MNIST's training pictures, or read it where an earlier call has left it."""
    kept = Path(__file__).parent / "results" / ".judge.safetensors"
    torch.manual_seed(SEED)
    net = Judge()
    if kept.exists():
        arrays = arrays_from_bytes(kept.read_bytes())
        net.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        return net.eval()
    _train(net, mnist("train"))
    write_atomically(kept, arrays_to_bytes({name: value.numpy() for name, value in net.state_dict().items()}))
    return net.eval()


@torch.no_grad()
def seen(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the judge's features and its probabilities of the classes."""
    net, features, chances = judge(), [], []
    for block in _tensor(pictures).split(500):
        features.append(net.features(block))
        chances.append(net.four(features[-1]).softmax(1))
    return torch.cat(features).double().numpy(), torch.cat(chances).numpy()


@cache
def reference() -> Row:
    """Give the test pictures' features, the judge's accuracy, and the floor: training blocks against the test."""
    test, train = mnist("t10k"), mnist("train")
    features, chances = seen(test.items)
    blocks = [seen(train.items[i * SCALED : (i + 1) * SCALED])[0] for i in range(FLOOR_BLOCKS)]
    return {
        "features": features,
        "accuracy": float((chances.argmax(1) == test.labels).mean()),
        "floors": [frechet(features, block).value for block in blocks],
    }


def judged(fake: Data) -> Row:
    """Score 10,000 pictures of digits against the test pictures."""
    known = reference()
    features, chances = seen(fake.items)
    near = neighbours(known["features"], features)
    shares = chances.mean(0)
    row = {
        "fid": frechet(known["features"], features).value,
        "floor": float(np.mean(known["floors"])),
        **{name: near[name].value for name in ("precision", "recall", "density", "coverage")},
        "label_kl": float((shares * np.log(shares * 10)).sum()),
    }
    if fake.labels is not None:
        row["agreement"] = float((chances.argmax(1) == np.asarray(fake.labels).astype(int)).mean())
    return row


def stacked(count: int = 120_000, seed: int = 0) -> Data:
    """Stack three random training digits as the channels of one 32 x 32 picture (protocol B of the literature)."""
    digits = np.pad(mnist("train").items, ((0, 0), (2, 2), (2, 2)))
    chosen = np.random.default_rng(seed).integers(len(digits), size=(count, 3))
    items = np.empty((count, 32, 32, 3), dtype=np.uint8)
    for channel in range(3):
        items[..., channel] = digits[chosen[:, channel]]
    return Data(kind="pictures", items=items, name="stacked mnist")


def modes_of(pictures: np.ndarray) -> Row:
    """Count the triples of digits among stacked pictures, and their divergence from all 1,000 being equally likely."""
    codes = np.zeros(len(pictures), dtype=np.int64)
    for channel in range(3):
        codes = 10 * codes + seen(pictures[:, 2:-2, 2:-2, channel])[1].argmax(1)
    shares = np.bincount(codes, minlength=1000) / len(codes)
    kept = shares[shares > 0]
    return {"modes": int((shares > 0).sum()), "kl": float((kept * np.log(kept * 1000)).sum())}
