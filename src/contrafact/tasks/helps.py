"""Does it help? One classifier is trained in several ways and asked about pictures that nobody has seen.

A fifth of each class, more of a rare one, is put aside first: neither the generator, nor the classifier, nor the choice
of classic operations sees it. Every way of training, an arm, has the same network, the same first weights, and as many
steps of as many pictures at the same rates; only the pictures differ, and how they are shown. What one arm gains over
another is measured on the same seeds and pictures, with an interval (see `metrics.accuracy`). Arms without a generator
are among them, and may win.

Classic operations are chosen within the training part, which is cut into folds. A classifier that was trained without
them is shown held-out pictures that one of them changed: where it does not know half of what it knew, such pictures are
taken to have left their class, and the operation is out; so mirrored digits are found out. Of the others those are kept
with which a classifier is right about held-out pictures as often as without, or more often.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.records import Result, Score
from contrafact.base.seeds import fold, generator
from contrafact.engine.items import Batches
from contrafact.engine.play import Step, Terms, own_randomness, play
from contrafact.engine.process import few_threads
from contrafact.metrics.accuracy import mean
from contrafact.metrics.features import as_pictures, cuts
from contrafact.metrics.learning import Lessons, Preparation, shares
from contrafact.nets.classifier import Classifier
from contrafact.tasks.by_class import Maker
from contrafact.tasks.classic import copies, possible, varied

Check = Literal["off", "quick", "full"]
TEST_SHARE, LEAST_TESTED, LEAST_LEFT = 0.2, 2, 3
RARE_SHARE, RARE_TESTED = 1 / 3, 10  # of a rare class more is tested, up to ten
BATCH = 64
KNOWN_AGAIN, MOST_CHANGED = 0.5, 500
Right = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much a check costs.

    Arguments:
        seeds: Classifiers for each arm.
        folds: Parts that the training pictures are cut into to choose classic operations.
        epochs: How often a classifier sees each training picture.
        least: Steps at least.
        most: Steps at most.
    """

    seeds: int
    folds: int
    epochs: int
    least: int
    most: int


EFFORTS = {
    "quick": Effort(seeds=3, folds=2, epochs=10, least=200, most=600),
    "full": Effort(seeds=5, folds=4, epochs=20, least=400, most=2000),
}


def checked(check: str) -> None:
    """Refuse a word for a check that is none."""
    if check not in ("off", *EFFORTS):
        raise UsageError(
            f"'{check}' is no check.",
            why=did_you_mean(check, ("off", *EFFORTS)),
            fix="--check quick: 3 seeds. --check full: 5 seeds and longer. --check off: none.",
            code="E128",
        )


def named(data: Data, job: str) -> np.ndarray:
    """Give the class of each picture as text.

    Raises:
        DataError: There are no classes, or only one.
    """
    labels = np.asarray([] if data.labels is None else [str(label) for label in data.labels])
    if len(np.unique(labels)) < 2:
        held = "no classes" if data.labels is None else "one class"
        raise DataError(
            f"{data.name} has {held}.",
            why=f"{job} makes pictures by class and asks a classifier whether they help.",
            fix="Give a folder for each class; pictures without classes: contrafact train, then contrafact sample.",
            code="E212",
        )
    return labels


def parts(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose the places to train on and those to test on, a fifth of each class, more of a rare one.

    Raises:
        DataError: A class has too few pictures to be cut.
    """
    names, counts = np.unique(labels, return_counts=True)
    few = [
        f"'{name}' has {count}" for name, count in zip(names, counts, strict=True) if count < LEAST_TESTED + LEAST_LEFT
    ]
    if few:
        raise DataError(
            f"Class {few[0]} pictures{f', and {len(few) - 1} more classes have too few' if len(few) > 1 else ''}.",
            why=f"To see whether it helps, {LEAST_TESTED} of a class are tested, and {LEAST_LEFT} learned from.",
            fix="Add pictures, leave that class out, or do without the check: --check off",
            code="E241",
        )
    random, tested = generator(seed, "test part"), np.zeros(len(labels), dtype=bool)
    for name, count in zip(names, counts, strict=True):
        chosen = random.permutation(np.flatnonzero(labels == name))
        rare = min(int(RARE_SHARE * count), RARE_TESTED)
        tested[chosen[: max(round(TEST_SHARE * count), rare, LEAST_TESTED)]] = True
    return np.flatnonzero(~tested), np.flatnonzero(tested)


@dataclass(frozen=True, kw_only=True, eq=False)
class Arm:
    """One way to train the classifier.

    Arguments:
        pictures: What it is trained on, N x channels x high x wide of 8 bit.
        labels: The place of each one's class.
        operations: Classic operations, drawn afresh each time a picture is shown.
        changed: For each class whether operations change its pictures; None: all are changed.
        equal: Show all classes equally often, repeating pictures of the rare ones.
        weights: What each class counts in the loss; None: all the same.
    """

    pictures: np.ndarray
    labels: np.ndarray
    operations: tuple[str, ...] = ()
    changed: np.ndarray | None = None
    equal: bool = False
    weights: np.ndarray | None = None

    def beside(self, pictures: np.ndarray, labels: np.ndarray) -> Arm:
        """Add pictures."""
        return replace(
            self,
            pictures=np.concatenate([self.pictures, pictures]),
            labels=np.concatenate([self.labels, labels]),
        )

    def at(self, places: np.ndarray) -> Arm:
        """Keep the pictures at these places."""
        return replace(self, pictures=self.pictures[places], labels=self.labels[places])


Arms = Callable[[int], Mapping[str, Arm]]


@dataclass(frozen=True, kw_only=True)
class Course:
    """What all arms have in common.

    Arguments:
        preparation: How pictures reach the network.
        classes: Names of the classes, by place.
        channels: Channels of a picture.
        effort: Seeds and folds.
        steps: Steps of each training.
        seed: Seeds everything.
    """

    preparation: Preparation
    classes: tuple[str, ...]
    channels: int
    effort: Effort
    steps: int
    seed: int

    @classmethod
    def of(cls, data: Data, labels: np.ndarray, check: str, seed: int) -> Course:
        """Choose for a training part."""
        pictures, effort = as_pictures(data), EFFORTS[check]
        return cls(
            preparation=Preparation.of(pictures),
            classes=tuple(map(str, np.unique(labels))),
            channels=pictures.shape[3],
            effort=effort,
            steps=min(max(effort.epochs * len(pictures) // BATCH, effort.least), effort.most),
            seed=fold(seed, "does it help"),
        )

    def arm(self, data: Data, labels: np.ndarray) -> Arm:
        """Prepare pictures and number their classes."""
        pictures = as_pictures(data)
        blocks = [self.preparation(pictures[part]) for part in cuts(pictures.shape)]
        return Arm(pictures=np.concatenate(blocks), labels=np.searchsorted(self.classes, labels))

    def guesses(self, arm: Arm, seed: int, *asked: np.ndarray) -> list[np.ndarray]:
        """Train a classifier on an arm and let it classify pictures.

        Arguments:
            arm: What it is trained on, and how.
            seed: Seeds first weights, order and operations.
            asked: What it is asked about: one or several arrays of prepared pictures.

        Returns:
            The place of a class for each picture of each array.
        """
        seed = fold(self.seed, "classifier", seed)
        items = {"pictures": torch.from_numpy(arm.pictures), "labels": torch.from_numpy(arm.labels)}
        with few_threads(0):
            net = self._network(seed)
            batches = Batches(items, BATCH, fold(seed, "batches"), groups=items["labels"] if arm.equal else None)
            for _ in play(Lessons(net, _classify(net, arm)), batches, total=self.steps, seed=fold(seed, "steps")):
                pass
            net.eval()
            return [_classified(net, pictures) for pictures in asked]

    def _network(self, seed: int) -> Classifier:
        shape = self.channels, self.preparation.high, self.preparation.wide
        with own_randomness(fold(seed, "weights"), torch.device("cpu")):
            return Classifier(shape, 16 if self.channels == 1 else 24, len(self.classes))

    def examine(self, arms: Arms, test: Arm, *, balanced: bool = False) -> Iterator[tuple[str, Right]]:
        """Train every arm on every seed, saying what came out after each.

        Arguments:
            arms: Gives the arms of a seed by name.
            test: What the classifiers are asked about.
            balanced: Whether all classes count the same.

        Yields:
            A sentence, and who was right so far: seeds x pictures for each arm.
        """
        rows: dict[str, list[np.ndarray]] = {}
        for seed in range(self.effort.seeds):
            for name, arm in arms(seed).items():
                right = self.guesses(arm, seed, test.pictures)[0] == test.labels
                rows.setdefault(name, []).append(right)
                share = mean(right[None], test.labels if balanced else None)
                told = f"check: seed {seed + 1} of {self.effort.seeds}, {name}: {share:.1%} right"
                yield told, {arm: np.stack(each) for arm, each in rows.items()}

    def choose(self, arm: Arm) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Choose classic operations that leave classes alone and that a classifier loses nothing by.

        Arguments:
            arm: The training part.

        Yields:
            A sentence, and the choice so far.
        """
        plain, known = self._plain(arm)
        alone: dict[str, float] = {}
        for name, share in known.items():
            if share < KNOWN_AGAIN:
                yield (
                    f"classic: {name} changes classes: {max(share, 0):.0%} of what was told right is told right still",
                    (),
                )
                continue
            alone[name] = self._held_out(replace(arm, operations=(name,)))
            yield f"classic: {name} {alone[name] - plain:+.1%} on held-out training pictures", ()
        kept = tuple(name for name, value in alone.items() if value >= plain)
        if len(kept) > 1:
            best = max(kept, key=lambda name: alone[name])
            together = self._held_out(replace(arm, operations=kept))
            kept = kept if together >= alone[best] else (best,)
        yield f"classic: {', '.join(kept) or 'none'} chosen", kept

    def _folds(self, labels: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Cut the training part: number, the places that are learned from, and those that are held out."""
        order = generator(self.seed, "folds").permutation(len(labels))
        order = order[np.argsort(labels[order], kind="stable")]  # dealt out class by class
        which = np.empty(len(order), dtype=np.int64)
        which[order] = np.arange(len(order)) % self.effort.folds
        for number in range(self.effort.folds):
            yield number, np.flatnonzero(which != number), np.flatnonzero(which == number)

    def _held_out(self, arm: Arm) -> float:
        """Give the share of training pictures that classifiers of the other folds are right about."""
        right = 0
        for number, rest, held in self._folds(arm.labels):
            right += int((self.guesses(arm.at(rest), number, arm.pictures[held])[0] == arm.labels[held]).sum())
        return right / len(arm.labels)

    def _plain(self, arm: Arm) -> tuple[float, dict[str, float]]:
        """Give the held-out share without operations, and for each what is left of it when pictures are changed by it.

        What guessing gets counts as nothing: 1 where changed pictures are told as well, 0 where they might be guessed.
        """
        names = possible(self.preparation.high, self.preparation.wide)
        rows: list[np.ndarray] = []
        right = 0
        for number, rest, held in self._folds(arm.labels):
            few = generator(self.seed, "changed", number).permutation(held)[:MOST_CHANGED]
            changed = [_changed(arm.pictures[few], name, fold(self.seed, name, number)) for name in names]
            told, *others = self.guesses(arm.at(rest), number, arm.pictures[held], arm.pictures[few], *changed)
            right += int((told == arm.labels[held]).sum())
            rows.append(np.stack([other == arm.labels[few] for other in others]))
        shares = np.concatenate(rows, axis=1).mean(1)
        chance = np.bincount(arm.labels).max() / len(arm.labels)
        left = (shares[1:] - chance) / max(shares[0] - chance, 1e-9)
        return right / len(arm.labels), dict(zip(names, left.tolist(), strict=True))


def _changed(pictures: np.ndarray, operation: str, seed: int) -> np.ndarray:
    """Change each picture N x channels x high x wide by one operation."""
    made = copies(np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)), (operation,), seed)
    return np.ascontiguousarray(made.transpose(0, 3, 1, 2))


def _classify(net: nn.Module, arm: Arm) -> Callable[[dict[str, Tensor], Step], Terms]:
    weights = None if arm.weights is None else torch.as_tensor(arm.weights, dtype=torch.float32)
    changed = None if arm.changed is None else torch.from_numpy(arm.changed)

    def loss(batch: dict[str, Tensor], step: Step) -> Terms:
        pictures = shares(batch["pictures"])
        views = varied(pictures, arm.operations, step)
        if changed is not None:
            views = torch.where(changed[batch["labels"]][:, None, None, None], views, pictures)
        return {"surprise": cross_entropy(net(views), batch["labels"], weights)}

    return loss


@torch.no_grad()
def _classified(net: nn.Module, pictures: np.ndarray) -> np.ndarray:
    parts = [net(shares(torch.from_numpy(pictures[part]))).argmax(1) for part in cuts(pictures.shape)]
    guesses: np.ndarray = torch.cat(parts).numpy()
    return guesses


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """The user's pictures, cut into what is learned from and what is tested on.

    Arguments:
        data: All pictures.
        labels: Their classes as text.
        train: Places of the pictures that are learned from.
        test: Places of the pictures that are tested on; none without a check.
        course: What the arms of the check have in common.
    """

    data: Data
    labels: np.ndarray
    train: np.ndarray
    test: np.ndarray
    course: Course

    @classmethod
    def of(cls, data: Data, job: str, check: str, seed: int) -> Cut:
        """Cut the pictures, if there is a check.

        Arguments:
            data: All pictures.
            job: The job's name, for messages.
            check: How thoroughly to check.
            seed: Seeds everything.
        """
        checked(check)
        labels, everything = named(data, job), np.arange(len(data))
        train, test = (everything, everything[:0]) if check == "off" else parts(labels, seed)
        course = Course.of(data.take(train), labels[train], "quick" if check == "off" else check, seed)
        return cls(data=data, labels=labels, train=train, test=test, course=course)

    def arm(self, places: np.ndarray) -> Arm:
        """Prepare some of the pictures for the classifier."""
        return self.course.arm(self.data.take(places), self.labels[places])

    def own(self, places: np.ndarray) -> np.ndarray:
        """Give labels as the user has them."""
        assert self.data.labels is not None
        labels: np.ndarray = np.asarray(self.data.labels)[places]
        return labels


@dataclass(kw_only=True, eq=False)
class Trial(ABC):
    """A job that makes pictures and tests whether they help: its training first, then its steps, then its result.

    Arguments:
        cut: The user's pictures.
        maker: The generator; None where a job does without.
        seed: Seeds everything.
        operations: The classic operations that were chosen.
        right: Who was right, seeds x pictures for each arm.
    """

    cut: Cut
    maker: Maker | None
    seed: int
    operations: tuple[str, ...] = ()
    right: Right = field(default_factory=dict)

    @property
    def data(self) -> Data:
        """The user's pictures."""
        return self.cut.data

    @property
    def training(self) -> Any:
        """The generator's training, where there is one."""
        return None if self.maker is None else self.maker.training

    @abstractmethod
    def steps(self) -> Iterator[str]:
        """Choose classic operations and train the classifiers, saying what came out after each."""

    @abstractmethod
    def result(self) -> Result:
        """Give the new pictures, the scores and the verdict, once the steps are done."""

    def finish(self) -> Result:
        """Do everything at once."""
        if self.training is not None:
            self.training.finish()
        for _ in self.steps():
            pass
        return self.result()


def points(score: Score) -> str:
    """Write a gain in points of per cent.

    >>> points(Score(name="gain", value=0.012, low=-0.001, high=0.025, n=9, better="higher"))
    '+1.2 points, -0.1 to +2.5'
    """
    return f"{100 * score.value:+.1f} points, {100 * score.low:+.1f} to {100 * score.high:+.1f}"


def seen(score: Score) -> int:
    """Say which way a gain goes: 1 or -1 where its interval does not hold 0, else 0."""
    return int(score.low > 0) - int(score.high < 0)


def gained(score: Score) -> str:
    """Say in words what a way of training gained."""
    word = {1: "helped", 0: "made no difference that could be seen", -1: "did harm"}[seen(score)]
    return f"{word} ({points(score)})"


def power(gains: list[Score], items: str = "pictures") -> str:
    """Say how small a gain may be that would not have been noticed."""
    if not gains:
        return ""
    widest = max((score.high - score.low) / 2 for score in gains)
    return f"With {gains[0].n:,} test {items}, gains under {100 * widest:.1f} points cannot be told from none."
