"""Holes in pictures: the inpainting network against the mean, the nearest training picture and harmonic filling.

A quarter of each picture is missing: its centre, a rectangle anywhere, or strokes of a brush. MNIST: the network learns
from the training pictures; every other test picture is filled without its class being told, and compared with the rest.
Agreement is how often an independent judge reads the digit that was there, the distance the Fréchet distance in its
features. ISBI 2012: twenty slices are learned from; the last ten are cut into crops of 64 x 64, of which the black ones
of a checkerboard are filled and compared with the white ones. They have no classes; the distance is taken in features
that are learned from crops of the twenty (`learned_features`). "Real" is what untouched pictures get.

Distance and agreement are held to their bars with the best guess, which `inpaint` gives where no number of draws is
asked for, the distance with one random draw of each hole too; both are printed for both. "Spread" is the mean distance
of two draws over the mean distance of a draw and the truth: 1 when draws vary as much as what may have been there.
"Error" is the root mean square error in the hole, in grey levels: what a blend is good at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch
from PIL import Image

from contrafact import zoo
from contrafact.base.data import Data
from contrafact.engine.play import Step
from contrafact.metrics.features import learned_features
from contrafact.metrics.frechet import frechet
from contrafact.nets.holes import boxes, centre, strokes
from pictures_data import data_folder, mnist, seen
from table import Row, Table, arguments, cpu_seconds, known, mean_range, read

KINDS = ("centre", "rectangle", "strokes")
SHARE, TRIES, TURNS = 0.25, 16, 6
LEARNED, SIDE, EVERY = 20, 64, 16
CPU_SECONDS, DIFFER = 900, 0.99
RECIPES = {"mnist": zoo.Inpaint(), "isbi2012_em": zoo.Inpaint(steps=1200)}
RIVALS = ("mean", "nearest", "diffusion")


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What is learned from, what is filled, and what fillings are held against.

    Arguments:
        learned: What the network is fitted on.
        shown: Training pictures of the size of those that are filled, for the rivals.
        pictures: What is filled.
        others: Real pictures that fillings are compared with.
        look: Gives features, and chances of the classes or None.
        labels: What the filled pictures show, or None.
    """

    learned: Any
    shown: np.ndarray
    pictures: np.ndarray
    others: np.ndarray
    look: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]
    labels: np.ndarray | None = None

    @cached_property
    def compared(self) -> np.ndarray:
        """Give the features of the other pictures."""
        return self.look(self.others)[0]

    def score(self, made: np.ndarray) -> Row:
        """Give the distance from the others and, where there are classes, how often the judge sees the right one."""
        features, chances = self.look(made)
        row = {"distance": frechet(self.compared, features).value}
        if self.labels is not None and chances is not None:
            row["agreement"] = float((chances.argmax(1) == self.labels).mean())
        return row


@cache
def digits() -> Task:
    """Fill every other test picture of MNIST."""
    train, test = mnist("train"), mnist("t10k")
    return Task(
        learned=train,
        shown=train.items,
        pictures=test.items[::2],
        others=test.items[1::2],
        look=seen,
        labels=test.labels[::2],
    )


@cache
def crops() -> Task:
    """Fill the black squares of a checkerboard over the last ten slices."""
    files = sorted((data_folder() / "images" / "isbi2012_em" / "image").glob("*.png"))
    slices = np.stack([np.asarray(Image.open(file)) for file in files])
    cut = np.lib.stride_tricks.sliding_window_view(slices, (SIDE, SIDE), axis=(1, 2))
    shown = cut[:LEARNED, ::EVERY, ::EVERY].reshape(-1, SIDE, SIDE)
    board = cut[LEARNED:, ::SIDE, ::SIDE]
    black = np.add.outer(*map(np.arange, board.shape[1:3])) % 2 == 0
    features = learned_features(Data(kind="pictures", items=cut[:LEARNED, ::SIDE, ::SIDE].reshape(-1, SIDE, SIDE)))
    return Task(
        learned=slices[:LEARNED],
        shown=shown,
        pictures=board[:, black].reshape(-1, SIDE, SIDE),
        others=board[:, ~black].reshape(-1, SIDE, SIDE),
        look=lambda pictures: (features(pictures), None),
    )


TASKS: dict[str, Callable[[], Task]] = {"mnist": digits, "isbi2012_em": crops}


def holes(kind: str, pictures: np.ndarray) -> np.ndarray:
    """Give each picture a hole of about a quarter, always the same for the same pictures."""
    count, high, wide = pictures.shape
    if kind == "centre":
        return np.broadcast_to(centre(high, wide).numpy(), pictures.shape)
    step = Step(number=0, total=1, generator=torch.Generator().manual_seed(0))
    return np.concatenate([_hole(kind, step, high, wide) for _ in range(count)])


def _hole(kind: str, step: Step, high: int, wide: int) -> np.ndarray:
    """Draw several holes and keep the one that is nearest to a quarter."""
    if kind == "rectangle":
        drawn = boxes(step.uniform(TRIES, 1, 4), high, wide, 0.3, 0.85)[:, 0]
    else:
        radius, count = 0.05 + 0.07 * step.uniform(TRIES), 2 + step.integers(TURNS - 2, TRIES)
        drawn = strokes(step.uniform(TRIES, TURNS, 2), radius, count, high, wide)
    away = (drawn.flatten(1).float().mean(1) - SHARE).abs()
    return drawn[away.argmin()][None].numpy()


def mean_fill(task: Task, hole: np.ndarray) -> np.ndarray:
    """Put the mean of all training pictures into the holes."""
    mean = np.rint(task.shown.mean(0)).astype(np.uint8)
    return np.where(hole, mean, task.pictures)


def nearest_fill(task: Task, hole: np.ndarray) -> np.ndarray:
    """Put into each hole the pixels of the training picture that is nearest where pixels are known."""
    known_pixels = torch.from_numpy(~hole).flatten(1).float()
    given = torch.from_numpy(task.pictures / np.float32(255)).flatten(1) * known_pixels
    nearest, place = torch.full((len(given),), torch.inf), torch.zeros(len(given), dtype=torch.long)
    for start, block in _blocks(task.shown):
        shown = torch.from_numpy(block / np.float32(255)).flatten(1)
        away = torch.addmm(known_pixels @ shown.square().T, given, shown.T, alpha=-2)  # less what is the same for all
        least, which = away.min(1)
        place = torch.where(least < nearest, start + which, place)
        nearest = torch.minimum(nearest, least)
    return np.where(hole, task.shown[place.numpy()], task.pictures)


def _blocks(pictures: np.ndarray, size: int = 2000) -> Iterator[tuple[int, np.ndarray]]:
    return ((start, pictures[start : start + size]) for start in range(0, len(pictures), size))


def diffusion_fill(task: Task, hole: np.ndarray) -> np.ndarray:
    """Fill each hole with the harmonic function of its rim: every pixel the mean of its neighbours."""
    from scipy.sparse import csr_matrix, diags, eye, kron
    from scipy.sparse.linalg import spsolve

    def path(length: int) -> Any:
        return diags([1.0, 1.0], [-1, 1], shape=(length, length))

    high, wide = hole.shape[1:]
    beside = csr_matrix(kron(path(high), eye(wide)) + kron(eye(high), path(wide)))
    laplace = csr_matrix(diags(np.asarray(beside.sum(1)).ravel()) - beside)
    made = task.pictures.copy()
    for picture, missing in zip(made.reshape(len(made), -1), hole.reshape(len(hole), -1), strict=True):
        rows = laplace[missing]
        solved = spsolve(rows[:, missing].tocsc(), -rows[:, ~missing] @ picture[~missing].astype(float))
        picture[missing] = np.rint(solved).clip(0, 255)
    return made


FILLS: dict[str, Callable[[Task, np.ndarray], np.ndarray]] = {
    "mean": mean_fill,
    "nearest": nearest_fill,
    "diffusion": diffusion_fill,
}


def off(ones: np.ndarray, others: np.ndarray, hole: np.ndarray) -> float:
    """Give the mean over pictures of the root mean square difference inside the hole."""
    squares = np.square(ones.astype(float) - others) * hole
    return float(np.sqrt(squares.sum((1, 2)) / hole.sum((1, 2))).mean())


def rival(setting: str, method: str) -> Row:
    """Score a filling that learns nothing, or pictures without any hole."""
    task, found = TASKS[setting](), {}
    for kind in KINDS:
        hole = holes(kind, task.pictures)
        made = task.pictures if method == "real" else FILLS[method](task, hole)
        found[kind] = {**task.score(made), "error": off(made, task.pictures, hole), "hole": float(hole.mean())}
    return {"holes": found}


def trained(setting: str, seed: int) -> Row:
    """Train the network and score its fillings: one draw, and the best guess."""
    task = TASKS[setting]()
    training = RECIPES[setting].training(task.learned, seed=seed)
    model, seconds = cpu_seconds(training.finish)
    found = {kind: filled(task, model, holes(kind, task.pictures), seed) for kind in KINDS}
    return {"holes": found, "cpu_seconds": seconds, "steps": training.step, "said": list(training.memory.said)}


def filled(task: Task, model: Any, hole: np.ndarray, seed: int) -> Row:
    """Fill holes of one kind and measure what came of it."""
    truth = task.pictures
    one, other = model.inpaint(truth, hole, draws=2, seed=seed)
    guess = model.inpaint(truth, hole)
    varied = np.ptp(np.where(hole, truth, truth[hole].min()).reshape(len(truth), -1), axis=1) > 0
    differ = (one != other).any((1, 2))
    return {
        **task.score(one),
        "error": off(one, truth, hole),
        "guess": {**task.score(guess), "error": off(guess, truth, hole)},
        "spread": off(one, other, hole) / off(one, truth, hole),
        "differ": float(differ[varied].mean()),
        "kept": all(bool((made[~hole] == truth[~hole]).all()) for made in (one, other, guess)),
    }


def shown(setting: str, kind: str, method: str, rows: list[Row]) -> dict[str, str]:
    """Write one method on one kind of hole, mean and range over the seeds."""

    def text(name: str, digits: int) -> str:
        values = [row[name] for row in rows if name in row]
        return mean_range(values, digits) if len(values) > 1 else f"{values[0]:.{digits}f}" if values else ""

    told = {"distance": 2, "agreement": 3, "error": 1, "spread": 2}
    return {"pictures": setting, "hole": kind, "method": method, **{name: text(name, n) for name, n in told.items()}}


def judge(table: Table, setting: str, kind: str, rivals: dict[str, Row], ours: list[Row]) -> None:
    """Hold the best guesses and the draws against every rival."""
    best = min(RIVALS, key=lambda name: rivals[name]["distance"])
    limit = rivals[best]["distance"]
    for name, rows in (("best guess", [row["guess"] for row in ours]), ("a draw", ours)):
        worst = max(row["distance"] for row in rows)
        claim = f"{setting}, {kind}: {name}'s distance less than all fills'"
        table.bar(claim, worst < limit, f"{worst:.2f}, {best} {limit:.2f}")
    if "agreement" in ours[0]:
        best = max(RIVALS, key=lambda name: rivals[name]["agreement"])
        limit, worst = rivals[best]["agreement"], min(row["guess"]["agreement"] for row in ours)
        claim = f"{setting}, {kind}: best guess's agreement more than all fills'"
        table.bar(claim, worst > limit, f"{worst:.3f}, {best} {limit:.3f}")
    kept, least = all(row["kept"] for row in ours), min(row["differ"] for row in ours)
    table.bar(f"{setting}, {kind}: bit-equal outside the hole", kept, "all pictures" if kept else "not all")
    table.bar(
        f"{setting}, {kind}: two draws differ inside", least >= DIFFER, f"{least:.4f} of holes that hid something"
    )


def main() -> None:
    parser = arguments(__doc__, gate_seeds=2, full_seeds=5)
    parser.add_argument("--sets", nargs="+", choices=list(TASKS), default=list(TASKS), help="which pictures")
    options = read(parser)
    table = Table("inpaint", options)
    found = {setting: measured(table, setting, options.seeds) for setting in options.sets}
    table.show([line for setting, (rivals, ours) in found.items() for line in lines(setting, rivals, ours)])
    table.line()
    for setting, (rivals, ours) in found.items():
        for kind in KINDS:
            judge(table, setting, kind, *of_kind(kind, rivals, ours))
        slowest = max(row["cpu_seconds"] for row in ours)
        table.bar(f"{setting}: <= {CPU_SECONDS} CPU seconds a training", slowest <= CPU_SECONDS, f"{slowest:.0f}")
    table.write()


def measured(table: Table, setting: str, seeds: int) -> tuple[dict[str, Row], list[Row]]:
    """Give the rivals' rows, which are the same for all seeds, and the network's for each seed."""
    rivals = {
        name: table.row(name, setting, 0, {"share": SHARE}, lambda: rival(setting, name))  # noqa: B023
        for name in ("real", *RIVALS)
    }
    settings = {"share": SHARE, **known(RECIPES[setting])}
    ours = [
        table.row("inpaint", setting, seed, settings, lambda: trained(setting, seed))  # noqa: B023
        for seed in range(seeds)
    ]
    return rivals, ours


def of_kind(kind: str, rivals: dict[str, Row], ours: list[Row]) -> tuple[dict[str, Row], list[Row]]:
    """Give what was found of one kind of hole."""
    return {name: row["holes"][kind] for name, row in rivals.items()}, [row["holes"][kind] for row in ours]


def lines(setting: str, rivals: dict[str, Row], ours: list[Row]) -> Iterator[dict[str, str]]:
    """Write all methods on all kinds of holes."""
    for kind in KINDS:
        others, draws = of_kind(kind, rivals, ours)
        yield from (shown(setting, kind, name, [row]) for name, row in others.items())
        yield shown(setting, kind, "inpaint, a draw", draws)
        yield shown(setting, kind, "inpaint, best guess", [row["guess"] for row in draws])


if __name__ == "__main__":
    sys.exit(main())
