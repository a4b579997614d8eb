"""Features that are learned on the spot from the user's own training pictures: a one-player game of a minute.

With labels the player is a small classifier, and its features are the units before its last layer. Without labels it is
an eye alone, which learns to know a picture again when it is moved, turned or scaled a little (VICReg: the features of
two views of a picture shall be near each other, each feature shall vary over the pictures, and no two shall say the
same). Against an autoencoder of the same size and time such features follow the labels more closely and notice noise
and blends where the autoencoder does not, since they need not spend themselves on where a picture stands.

References: Bardes, Ponce and LeCun, *VICReg*, ICLR 2022 (arXiv 2105.04906).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, cross_entropy, grid_sample
from torch.optim import Optimizer

from contrafact.base.data import Data, fingerprint
from contrafact.base.seeds import fold, generator
from contrafact.codecs.image import fitting, resize
from contrafact.engine.bundle import arrays_from_bytes, arrays_to_bytes, digest, to_bytes
from contrafact.engine.items import Batches
from contrafact.engine.play import Move, Phase, Step, Terms, own_randomness, play
from contrafact.metrics.features import BLOCK, Features, Purpose, as_pictures, cuts
from contrafact.metrics.shelf import keep, kept
from contrafact.nets.classifier import FEATURES, Classifier, Eye

VERSION = 1  # of everything that shapes the features; a new one makes them anew
LONGEST, BATCH, RATE = 64, 125, 4e-3
MOST_PICTURES, MOST_HELD, MOST_BYTES = 60_000, 10_000, 2**28
FEWEST_STEPS, EPOCHS = 600, 20
MOST_GREY, MOST_COLOUR = 2200, 1500  # steps that take about a minute
MOST_CLASSES, FEWEST_A_CLASS = 1000, 5
LEAST_PICTURES = 10  # of which one can be held out
# How far a view is moved, turned and scaled: in half pictures, radians and shares.
REACH, CLASSIFIER_REACH = 0.15, 0.1
KNOWN_AMONG = 1000

Loss = Callable[[dict[str, Tensor], Step], Terms]


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How pictures reach the network: N x channels x high x wide of 8 bit, the longer side at most 64.

    Arguments:
        high: Height that the network sees.
        wide: Width that the network sees.
        low: The value that becomes 0.
        top: The value that becomes 255.
    """

    high: int
    wide: int
    low: int
    top: int

    @classmethod
    def of(cls, pictures: np.ndarray) -> Preparation:
        """Choose for pictures like these; 16 bit are read over the range that is used."""
        high, wide = fitting(pictures.shape[1], pictures.shape[2], LONGEST)
        low, top = (0, 255) if pictures.dtype == np.uint8 else (int(pictures.min()), int(pictures.max()))
        return cls(high=high, wide=wide, low=low, top=max(top, low + 1))

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """Prepare a block of pictures N x high x wide x channels."""
        block = np.moveaxis(block, 3, 1)
        if block.dtype == np.uint8 and block.shape[2:] == (self.high, self.wide):
            return np.ascontiguousarray(block)
        spread = (block.astype(np.float32) - self.low) * (255 / (self.top - self.low))
        prepared: np.ndarray = np.clip(np.rint(resize(spread, (self.high, self.wide))), 0, 255).astype(np.uint8)
        return prepared


def shares(pictures: Tensor) -> Tensor:
    """Turn 8 bit into numbers from 0 to 1."""
    return pictures.float() / 255


def moved(pictures: Tensor, draws: Tensor, reach: float) -> Tensor:
    """Move, turn and scale pictures a little.

    Arguments:
        pictures: Numbers N x channels x high x wide.
        draws: Four numbers from 0 to 1 for each picture: turn, scale, and a shift across and down.
        reach: The largest of each.
    """
    turn, size, *shift = ((2 * draws - 1) * reach).unbind(1)
    cosine, sine = (1 + size) * turn.cos(), (1 + size) * turn.sin()
    rows = torch.stack([cosine, -sine, shift[0], sine, cosine, shift[1]], dim=1).view(-1, 2, 3)
    grid = affine_grid(rows, list(pictures.shape), align_corners=False)
    return grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def vicreg(one: Tensor, other: Tensor) -> Terms:
    """Give VICReg's three terms for the features of two views of the same pictures."""
    apart = 25 * ((one - other) ** 2).mean()
    flat, alike = one.new_zeros(()), one.new_zeros(())
    for view in (one, other):
        centred = view - view.mean(0)
        flat = flat + 25 * torch.relu(1 - (centred.square().sum(0) / max(len(view) - 1, 1) + 1e-4).sqrt()).mean()
        products = (centred.t() @ centred / max(len(view) - 1, 1)).square()
        alike = alike + (products.sum() - products.diagonal().sum()) / view.shape[1]
    return {"apart": apart, "flat": flat, "alike": alike}


class Lessons:
    """The game in which one network learns features.

    Arguments:
        net: The network.
        loss: What it minimises.
    """

    def __init__(self, net: nn.Module, loss: Loss) -> None:
        self.loss = loss
        adam = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-3, fused=True)
        self.players: dict[str, Optimizer] = {"eye": adam}

    def prepare(self, step: Step) -> None:
        """Let the rate rise along a cosine for three tenths of the steps and fall to nothing after."""
        rising = step.fraction < 0.3
        height = (1 - math.cos(math.pi * (step.fraction / 0.3 if rising else (1 - step.fraction) / 0.7))) / 2
        for group in self.players["eye"].param_groups:
            group["lr"] = RATE * (0.04 + 0.96 * height if rising else height)

    def phases(self) -> Sequence[Phase]:
        """Play one phase to the end."""
        return (Phase(moves=(Move(player="eye", loss=self.loss),)),)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """All that learned features follow from, beside the pictures.

    Arguments:
        shape: Channels, height and width that the network sees.
        preparation: How pictures become that.
        classes: Names of the classes, none without labels.
        seed: Seeds everything.
        steps: Training steps.
        version: Of this file.
    """

    shape: tuple[int, int, int]
    preparation: Preparation
    classes: tuple[str, ...]
    seed: int
    steps: int
    version: int = VERSION

    def network(self) -> Classifier | Eye:
        """Make the network with its first weights."""
        width = 16 if self.shape[0] == 1 else 24
        with own_randomness(fold(self.seed, "weights"), torch.device("cpu")):
            return Classifier(self.shape, width, len(self.classes)) if self.classes else Eye(self.shape, width)


def class_names(labels: Any, pictures: int) -> tuple[str, ...]:
    """Name the classes that a classifier can learn from these labels; none where it cannot."""
    if labels is None or np.ndim(labels) != 1:
        return ()
    names = sorted({str(label) for label in labels})
    learnable = 2 <= len(names) <= min(MOST_CLASSES, pictures // FEWEST_A_CLASS) and pictures >= LEAST_PICTURES
    return tuple(names) if learnable else ()


def learn(data: Any, seed: int, *, purpose: Purpose, steps: int | None) -> Features:
    """Learn features from training pictures, or take them from the shelf; see `learned_features`."""
    pictures = as_pictures(data)
    labels = data.labels if isinstance(data, Data) else None
    lesson = _lesson(pictures, labels, fold(seed, "features", purpose), steps)
    told = [] if labels is None else [str(label) for label in labels]
    key = digest(to_bytes({"pictures": fingerprint(pictures), "labels": told, "lesson": asdict(lesson)}))
    files = kept("features", key)
    if files is None:
        files = _learned(lesson, pictures, told)
        keep("features", key, files)
    return _features(lesson, files, key)


def _lesson(pictures: np.ndarray, labels: Any, seed: int, steps: int | None) -> Lesson:
    preparation, classes = Preparation.of(pictures), class_names(labels, len(pictures))
    if steps is None:
        most = MOST_GREY if pictures.shape[3] == 1 else MOST_COLOUR
        steps = min(max(EPOCHS * len(pictures) // BATCH, FEWEST_STEPS), most)
        steps = steps if classes else steps // 2  # two views a picture
    shape = pictures.shape[3], preparation.high, preparation.wide
    return Lesson(shape=shape, preparation=preparation, classes=classes, seed=seed, steps=steps)


def _learned(lesson: Lesson, pictures: np.ndarray, labels: list[str]) -> dict[str, bytes]:
    order = generator(lesson.seed, "held out").permutation(len(pictures))
    held = min(len(order) // 10, MOST_HELD)
    most = min(MOST_PICTURES, max(MOST_BYTES // math.prod(lesson.shape), 1))
    shown, unseen = (_shown(lesson, pictures, labels, part) for part in (order[held:][:most], order[:held]))
    net = lesson.network()
    game = Lessons(net, _classify(net) if lesson.classes else _recognise(net))
    batches = Batches(shown, min(BATCH, max(len(order) - held, 8)), fold(lesson.seed, "batches"))
    for _ in play(game, batches, total=lesson.steps, seed=fold(lesson.seed, "steps")):
        pass
    arrays = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    weights = arrays_to_bytes(arrays)
    facts = {
        "kind": "classifier" if lesson.classes else "views",
        "held_out_accuracy": _accuracy(net.eval(), lesson, unseen) if held else None,
        "pictures": len(pictures),
        "held_out_pictures": held,
        "steps": lesson.steps,
        "weights": digest(weights),
    }
    return {"weights.safetensors": weights, "features.json": to_bytes(facts)}


def _shown(lesson: Lesson, pictures: np.ndarray, labels: list[str], places: np.ndarray) -> dict[str, Tensor]:
    """Prepare the pictures at these places, in blocks, and number their classes."""
    blocks = [lesson.preparation(pictures[places[part]]) for part in cuts((len(places), *pictures.shape[1:]))]
    shown = {"pictures": torch.from_numpy(np.concatenate(blocks))} if blocks else {}
    if lesson.classes:
        number = {name: i for i, name in enumerate(lesson.classes)}
        shown["labels"] = torch.tensor([number[labels[place]] for place in places])
    return shown


def _classify(net: nn.Module) -> Loss:
    def loss(batch: dict[str, Tensor], step: Step) -> Terms:
        pictures = shares(batch["pictures"])
        # Moved pictures, because features must not know the training pictures better than others.
        views = moved(pictures, step.uniform(len(pictures), 4), CLASSIFIER_REACH)
        return {"surprise": cross_entropy(net(views), batch["labels"])}

    return loss


def _recognise(net: nn.Module) -> Loss:
    def loss(batch: dict[str, Tensor], step: Step) -> Terms:
        pictures = shares(batch["pictures"])
        draws = step.uniform(len(pictures), 8)
        views = torch.cat([moved(pictures, draws[:, :4], REACH), moved(pictures, draws[:, 4:], REACH)])
        return vicreg(*net(views).chunk(2))

    return loss


@torch.no_grad()
def _accuracy(net: nn.Module, lesson: Lesson, unseen: dict[str, Tensor]) -> float:
    """Give the share of unseen pictures that are classified right, or known again among 1,000 in a moved view."""
    if lesson.classes:
        guesses = [net(shares(part)).argmax(1) for part in torch.split(unseen["pictures"], BLOCK)]
        return float((torch.cat(guesses) == unseen["labels"]).float().mean())
    pictures = unseen["pictures"][:KNOWN_AMONG]
    draws = torch.from_numpy(generator(lesson.seed, "views").random((len(pictures), 4), dtype=np.float32))
    rows, others = (
        torch.cat([net(part) for part in torch.split(views, BLOCK)])
        for views in (shares(pictures), moved(shares(pictures), draws, REACH))
    )
    return float((torch.cdist(rows, others).argmin(1) == torch.arange(len(rows))).float().mean())


def _features(lesson: Lesson, files: dict[str, bytes], key: str) -> Features:
    facts = json.loads(files["features.json"])
    net = lesson.network()
    net.load_state_dict({n: torch.from_numpy(a) for n, a in arrays_from_bytes(files["weights.safetensors"]).items()})
    net.eval()

    @torch.no_grad()
    def look(block: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        rows = net.features(shares(torch.from_numpy(lesson.preparation(block))))
        if not isinstance(net, Classifier):
            return rows.numpy(), None
        return rows.numpy(), torch.softmax(net.outer(rows).double(), dim=1).numpy()

    accuracy = facts["held_out_accuracy"]
    what = "held-out accuracy" if lesson.classes else "held-out views known again"
    told = f" ({what} {accuracy:.3f})".replace(" 0.", " .") if accuracy is not None else ""
    name = f"{facts['kind']}-{key[:8]}{told}"
    return Features(name=name, look=look, width=FEATURES, classes=lesson.classes, facts=facts)
