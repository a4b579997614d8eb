"""Segment: learn masks from pairs, and say on held-out pictures whether the network was worth it.

Whole pictures are held out, never crops of a picture that was learned from. The pix2pix-type network and the plain
U-Net get the same budget; beside them stands the best single threshold. What has to be chosen (smoothing and level of
that threshold, the probability from which a pixel counts, which network is handed out) is chosen on the pictures that
were learned from; the held-out ones are read once, at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.records import Result, Score
from contrafact.base.seeds import generator
from contrafact.codecs.pairs import MOST_CLASSES, PairCodec
from contrafact.engine.bundle import to_bytes, write_atomically
from contrafact.engine.fit import Training
from contrafact.engine.resources import seconds
from contrafact.metrics.overlap import counts, dice, dice_gap, iou
from contrafact.tasks.levels import Levels
from contrafact.tasks.load import load
from contrafact.tasks.results import save
from contrafact.tasks.runs import find_run
from contrafact.tasks.write_pictures import png
from contrafact.zoo.index import recipe

METHODS = {"pix2pix": "the pix2pix-type network", "unet": "the plain U-Net"}
BASELINE = "threshold"
LEAST, MOST_TO_CHOOSE_BY, PREVIEWS = 3, 40, 6
BINS = 200
DOCUMENT = "segment.json"


@dataclass(kw_only=True)
class Job:
    """Pairs split into pictures to learn from and held-out ones, and the trainings to make.

    Arguments:
        pairs: All pairs.
        train: Places of the pairs that are learned from.
        test: Places of the held-out pairs.
        trainings: One for each method, the principal one first.
        seed: Seeds everything.
        notes: What must be known beside.
        cpu_seconds: What each training has taken.
    """

    pairs: Pairs
    train: np.ndarray
    test: np.ndarray
    trainings: dict[str, Training]
    seed: int
    notes: list[str] = field(default_factory=list)
    cpu_seconds: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path | None:
        """The run's folder, where one is kept."""
        run = next(iter(self.trainings.values())).run
        return None if run is None else run.folder

    @contextmanager
    def timed(self, name: str) -> Iterator[Training]:
        """Give one training, and note the CPU seconds that it takes."""
        began = time.process_time()
        yield self.trainings[name]
        self.cpu_seconds[name] = time.process_time() - began


def split(count: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hold a share of the pictures out, at least one and never all.

    Raises:
        DataError: There are too few to learn from some and test on others.
    """
    if count < LEAST:
        raise DataError(
            f"There {'is' if count == 1 else 'are'} {count} {'pair' if count == 1 else 'pairs'} of picture and mask.",
            why="Some are learned from and others held out to test on.",
            fix=f"Give at least {LEAST} pairs; ten are a sensible least.",
            code="E206",
        )
    order = generator(seed, "segment", "split").permutation(count)
    held = min(max(round(count * share), 1), count - 1)
    return np.sort(order[held:]), np.sort(order[:held])


def as_masks(target: Data, notes: list[str]) -> Data:
    """Cut grey masks that were blurred a little, as JPEG does, at the middle; leave all others as they are."""
    items = np.asarray(target.items)
    grey = items if items.ndim == 3 else items[..., 0]
    same = items.ndim == 3 or bool((items == items[..., :1]).all())
    if not same or items.dtype != np.uint8 or np.count_nonzero(np.bincount(grey.ravel())) <= MOST_CLASSES:
        return target
    if ((grey < 64) | (grey > 191)).mean() < 0.9:
        return target
    notes.append("The masks have many grey values, nearly all close to black or white: they were cut at the middle.")
    return Data(kind="pictures", items=np.where(grey > 127, 255, 0).astype(np.uint8), name=target.name)


def prepare(
    pairs: Pairs,
    *,
    folder: str | PathLike[str] | None = None,
    method: str | None = None,
    budget: str | None = None,
    share: float = 1 / 3,
    seed: int = 0,
    device: str | None = None,
    settings: dict[str, Any] | None = None,
    split_at: int | None = None,
) -> Job:
    """Split the pairs and make everything ready to train.

    Arguments:
        pairs: Pictures and their masks.
        folder: The run's own folder, or None to keep nothing on disk.
        method: One of the methods alone; None trains both, at equal budget.
        budget: Time for everything, like "10m"; None takes each method's own number of steps.
        share: The share of the pictures that is held out.
        seed: Seeds everything.
        device: Where to train.
        settings: Settings for every method, such as `steps`.
        split_at: Learn from the first so many pairs in place of a random split.
    """
    names = [_known(method)] if method else list(METHODS)
    notes = [f"{note.message} {note.cure}".strip() for note in pairs.source.notes]
    pairs = Pairs(source=pairs.source, target=as_masks(pairs.target, notes))
    every = np.arange(len(pairs))
    train, test = split(len(pairs), share, seed) if split_at is None else (every[:split_at], every[split_at:])
    each = f"{seconds(budget) / len(names):g}s" if budget else None
    trainings: dict[str, Training] = {}
    place = None if folder is None else Path(folder)
    for name in names:
        made = recipe(name)(masks=True, **(settings or {}))
        trainings[name] = made.training(pairs.take(train), seed=seed, budget=each, run_dir=place, device=device)
        first = next(iter(trainings.values())).run
        place = None if first is None else first.folder / "unet"
    return Job(pairs=pairs, train=train, test=test, trainings=trainings, seed=seed, notes=notes)


def _known(method: str) -> str:
    if method not in METHODS:
        raise UsageError(
            f"There is no way '{method}' to segment.",
            why=did_you_mean(method, METHODS),
            fix=f"--method {' or '.join(METHODS)}",
            code="E103",
        )
    return method


@dataclass(frozen=True, kw_only=True)
class Segmenter:
    """A fitted model with the probability from which a pixel counts.

    Arguments:
        model: Gives a probability for each class at each pixel.
        threshold: From which probability on a pixel is of the rarer of two classes; None takes the likeliest class.
    """

    model: Any
    threshold: float | None

    def places(self, data: Any) -> np.ndarray:
        """Give the place of a class for each pixel, N x H x W."""
        return _places(self.model.probabilities(data), self.model.codec, self.threshold)

    def masks(self, data: Any) -> np.ndarray:
        """Give masks like those that were learned from, for pictures of any size."""
        made: np.ndarray = self.model.codec.masks(self.places(data))
        return made


def _places(chances: np.ndarray, codec: PairCodec, threshold: float | None) -> np.ndarray:
    if threshold is None:
        return np.asarray(chances.argmax(1))
    rare = codec.rare[0]
    return np.where(chances[:, rare] >= threshold, rare, 1 - rare)


def chosen_threshold(chances: np.ndarray, truth: np.ndarray) -> float:
    """Choose the probability from which Dice is best.

    Arguments:
        chances: A probability for each pixel.
        truth: Whether each pixel is of the class.
    """
    bins = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
    hits, all_found = (np.bincount(part.ravel(), minlength=BINS) for part in (bins[truth], bins))
    above = [part[::-1].cumsum()[::-1].astype(float) for part in (hits, all_found)]
    return float(np.argmax(2 * above[0] / (above[1] + truth.sum()))) / BINS


def fitted(job: Job, name: str) -> Segmenter:
    """Give a trained method with its threshold, chosen on the pictures that it learned from."""
    model = job.trainings[name].model
    codec: PairCodec = model.codec
    if len(codec.classes) != 2:
        return Segmenter(model=model, threshold=None)
    some = job.pairs.take(_some(job.train))
    truth = codec.targets(some.target)[:, 0] == codec.rare[0]
    return Segmenter(model=model, threshold=chosen_threshold(model.probabilities(some.source)[:, codec.rare[0]], truth))


def _some(places: np.ndarray) -> np.ndarray:
    """Keep a few places, evenly spread."""
    which = np.linspace(0, len(places) - 1, min(len(places), MOST_TO_CHOOSE_BY)).round().astype(np.int64)
    return np.asarray(places[which])


def judged(job: Job) -> Result:
    """Score every trained method and the best threshold on the held-out pictures, and write down what came out."""
    segmenters = {name: fitted(job, name) for name in job.trainings}
    codec: PairCodec = next(iter(segmenters.values())).model.codec
    test, some = job.pairs.take(job.test), job.pairs.take(_some(job.train))
    truth = codec.targets(test.target)[:, 0]
    learned = codec.targets(some.target)[:, 0]
    levels = Levels.fit(codec.sources(some.source), learned, len(codec.classes), codec.rare)
    made = {name: one.places(test.source) for name, one in segmenters.items()}
    made[BASELINE] = levels.apply(codec.sources(test.source))
    counted = {name: counts(truth, guess, codec.rare) for name, guess in made.items()}
    best = max(job.trainings, key=lambda name: job.trainings[name].memory.best_score)
    scores = _scores(counted, best, job.seed)
    result = Result(
        data=Data(kind="pictures", items=codec.masks(made[best]), name=test.target.name),
        scores=scores,
        verdict=_verdict(scores, best, list(job.trainings), codec),
        notes=(*job.notes, *_notes(job, levels, best, segmenters)),
        write=save,
    )
    _keep(job, result, segmenters, best)
    return result


def _scores(counted: dict[str, np.ndarray], best: str, seed: int) -> dict[str, Score]:
    """Score the method that is handed out as `dice` and `iou`, then each by its name, then the differences."""
    scores = {"dice": dice(counted[best], seed=seed), "iou": iou(counted[best], seed=seed)}
    for name, one in counted.items():
        scores[f"dice_{name}"] = dice(one, seed=seed, name=f"dice_{name}")
        scores[f"iou_{name}"] = iou(one, seed=seed, name=f"iou_{name}")
    for name in counted:
        if name != best:
            gap = f"dice_gap_{name}"
            scores[gap] = dice_gap(counted[best], counted[name], seed=seed, name=gap)
    return scores


def _verdict(scores: dict[str, Score], best: str, names: list[str], codec: PairCodec) -> str:
    """Say in words which is better, or that they do not differ."""
    values = ", ".join(str(codec.classes[place]) for place in codec.rare)
    share = sum(codec.shares[place] for place in codec.rare)
    said = [f"On {scores['dice'].n} held-out pictures, mask value {values} ({share:.0%} of the pixels):"]
    named = {**{name: METHODS[name] for name in names}, BASELINE: "the best single threshold"}
    said.append("; ".join(f"{words} Dice {_interval(scores[f'dice_{name}'])}" for name, words in named.items()) + ".")
    for other in named:
        if other != best:
            said.append(_compared(named[best], named[other], scores[f"dice_gap_{other}"]))
    return " ".join(said)


def _interval(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def _compared(one: str, other: str, gap: Score) -> str:
    start = one[0].upper() + one[1:]
    if gap.low > 0:
        return f"{start} is better than {other} by {_interval(gap)}."
    if gap.high < 0:
        return f"{start} is worse than {other} by {-gap.value:.3f} [{-gap.high:.3f}, {-gap.low:.3f}]."
    return f"{start} and {other} do not differ beyond chance (by {_interval(gap)})."


def _notes(job: Job, levels: Levels, best: str, segmenters: dict[str, Segmenter]) -> list[str]:
    told = [f"Learned from {len(job.train)} pictures, tested on {len(job.test)} others."]
    told += [
        f"{name}: {job.trainings[name].step:,} steps in {spent:.0f} CPU seconds"
        for name, spent in job.cpu_seconds.items()
    ]
    if len(segmenters) > 1:
        training = job.trainings[best]
        few = training.held is training.rows
        where = "these pictures themselves, too few to hold some out" if few else "blocks held out of these pictures"
        told.append(f"{best} is handed out: it was the better one on {where}.")
    limit = segmenters[best].threshold
    told += [f"A pixel counts from probability {limit:.3f} on."] if limit is not None else []
    return [*told, f"The threshold: {levels}."]


def _keep(job: Job, result: Result, segmenters: dict[str, Segmenter], best: str) -> None:
    """Write what a later `segment PICTURE --run` needs, and some pictures to look at, into the run's folder."""
    if job.folder is None:
        return
    folders = {name: "." if place == 0 else name for place, name in enumerate(segmenters)}
    document = {
        "method": best,
        "folders": folders,
        "thresholds": {name: one.threshold for name, one in segmenters.items()},
        "train": job.train.tolist(),
        "test": job.test.tolist(),
        "cpu_seconds": {name: round(spent, 1) for name, spent in job.cpu_seconds.items()},
        **result.to_json(),
    }
    write_atomically(job.folder / DOCUMENT, to_bytes(document))
    (job.folder / "previews").mkdir(exist_ok=True)
    for place in range(min(len(job.test), PREVIEWS)):
        number = int(job.test[place])
        sides = (job.pairs.source.items[number], job.pairs.target.items[number], result.data.items[place])
        write_atomically(job.folder / "previews" / f"{number:05}.png", png(beside(*sides)))


def beside(*pictures: np.ndarray) -> np.ndarray:
    """Lay pictures of one height side by side, stretched to 8 bits and to the channels of the richest."""
    shown = [_eight_bits(picture) for picture in pictures]
    channels = 3 if any(one.shape[2] >= 3 for one in shown) else 1
    line = np.full((shown[0].shape[0], 4, channels), 255, dtype=np.uint8)
    parts = [part for one in shown for part in (np.broadcast_to(one[..., :channels], (*one.shape[:2], channels)), line)]
    return np.concatenate(parts[:-1], axis=1)


def _eight_bits(picture: np.ndarray) -> np.ndarray:
    """Give a picture with channels whose brightest pixel is white, so that masks of small numbers can be seen."""
    shown = picture[..., None] if picture.ndim == 2 else picture
    return np.asarray(np.rint(shown.astype(np.float32) * (255 / max(int(shown.max()), 1))).astype(np.uint8))


def segment(pairs: Pairs, **options: Any) -> Result:
    """Train, test on held-out pictures, and say what came out.

    Arguments:
        pairs: Pictures and their masks.
        options: Those of `prepare`.

    Returns:
        The masks of the held-out pictures, in the order of their places, with scores and verdict.
    """
    job = prepare(pairs, **options)
    for name in job.trainings:
        with job.timed(name) as training:
            training.finish()
    return judged(job)


def segmenter(folder: str | PathLike[str], method: str | None = None) -> Segmenter:
    """Load what `segment` left in a run's folder.

    Arguments:
        folder: The run's folder, or its name.
        method: One of the methods that were trained; None takes the one that was handed out.

    Raises:
        UsageError: The folder is none of `segment`, or has no such method.
    """
    place = Path(folder) if Path(folder).exists() else find_run(str(folder)).folder
    try:
        document = json.loads((place / DOCUMENT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{place} is no run of segment.",
            why=f"It holds no whole {DOCUMENT}.",
            fix="Train one: contrafact segment FOLDER --pairs MASKS -o RUN",
            code="E117",
        ) from error
    name = method or document["method"]
    if name not in document["folders"]:
        raise UsageError(
            f"{place} holds no {name}.",
            why=f"It was trained with {', '.join(document['folders'])}.",
            fix="Leave --method out.",
            code="E103",
        )
    return Segmenter(model=load(place / document["folders"][name]), threshold=document["thresholds"][name])
