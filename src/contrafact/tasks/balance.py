"""Balance: fill up rare classes with generated items, and say whether something simpler does as well.

Tables have a file of their own (`table_balance`); of pictures this one says all.

The generator sees all classes equally often while it learns, and makes what each class lacks. Then the same classifier
is trained on the pictures as they are; with class weights in its loss; with pictures of rare classes repeated; with
repeats that are mirrored, turned, scaled or shifted; and with the generated ones (see `helps`). What counts is the mean
of the classes' recalls on held-out real pictures, for a classifier that never names a rare class is seldom wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold
from contrafact.metrics.accuracy import accuracy, gain
from contrafact.tasks.by_class import maker
from contrafact.tasks.helps import Arm, Check, Cut, Right, Trial, gained, points, power, seen
from contrafact.tasks.results import by_kind, save
from contrafact.tasks.table_balance import balancing_rows, share_of
from contrafact.tasks.table_trial import RowTrial

TARGET = "class"
EVEN = {"class_weights": "balanced", "resample": "equal"}
MOST_RECALLS = 20
BASELINES = {
    "weights": "class weights",
    "repeats": "repeating rare pictures",
    "classic": "classic copies of rare pictures",
}
ARMS = {"nothing": "nothing", **BASELINES, "gan": "generated pictures"}


def lacking(labels: np.ndarray, to: int) -> np.ndarray:
    """Give the label of each picture that is to be made, so that every class has at least so many."""
    names, counts = np.unique(labels, return_counts=True)
    return np.repeat(names, np.maximum(to - counts, 0))


@dataclass(kw_only=True, eq=False)
class Balancing(Trial):
    """The job over pictures.

    Arguments:
        to: How many pictures every class is to have at least.
    """

    to: int

    def steps(self) -> Iterator[str]:
        """Choose classic operations and train the classifiers, saying what came out after each."""
        cut = self.cut
        if not len(cut.test):
            return
        real = cut.arm(cut.train)
        for told, chosen in cut.course.choose(real):
            self.operations = chosen
            yield told
        for told, right in cut.course.examine(partial(self.arms, real), cut.arm(cut.test), balanced=True):
            self.right = right
            yield told

    def _repeated(self, real: Arm) -> Arm:
        """Show all classes equally often; classic operations change those that were filled up."""
        counts = np.bincount(real.labels, minlength=len(self.cut.course.classes))
        return replace(real, equal=True, changed=counts < self._to_learn)

    @property
    def _to_learn(self) -> int:
        """How many pictures every class of the training part is to have."""
        return max(round(self.to * len(self.cut.train) / len(self.cut.data)), 1)

    def arms(self, real: Arm, seed: int) -> dict[str, Arm]:
        """Give the ways to train: as things are, with class weights, repeats, changed repeats, generated pictures."""
        cut, counts = self.cut, np.bincount(real.labels, minlength=len(self.cut.course.classes))
        arms = {"nothing": real, "weights": replace(real, weights=len(real.labels) / (len(counts) * counts))}
        arms["repeats"] = replace(self._repeated(real), changed=None)
        if self.operations:
            arms["classic"] = replace(self._repeated(real), operations=self.operations)
        if self.maker is not None:
            labels = lacking(cut.own(cut.train), self._to_learn)
            made = cut.course.arm(self.maker.make(labels, fold(self.seed, "check", seed)), labels.astype(str))
            arms["gan"] = real.beside(made.pictures, made.labels)
        return arms

    def result(self) -> Result:
        """Give the new pictures, the scores and the verdict, once the steps are done."""
        assert self.maker is not None
        labels = lacking(self.cut.own(np.arange(len(self.cut.data))), self.to)
        scores = scores_of(self.right, self.cut.labels[self.cut.test])
        made = self.maker.make(labels, fold(self.seed, "made"))
        return Result(data=made, scores=scores, verdict=verdict(scores), notes=self.maker.notes, write=save)


def balancing(
    data: Data,
    *,
    target: str | None = TARGET,
    to: int | None = None,
    ratio: float = 1.0,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> Balancing:
    """Prepare the job over pictures; the arguments are those of `balance`, and the method's settings by name."""
    target = TARGET if target is None else target
    if target != TARGET:
        raise UsageError(
            f"Pictures have no column '{target}'.",
            why=did_you_mean(target, (TARGET,)),
            fix="--target class: the folder that a picture lies in, or what labels.csv says.",
            code="E115",
        )
    cut = Cut.of(data, "balance", check, seed)
    counts = np.unique(cut.labels, return_counts=True)[1]
    to = share_of(int(counts.max()), ratio) if to is None else checked_count(to)
    if to <= counts.min():
        raise UsageError(
            f"Every class of {data.name} has {counts.min():,} pictures or more.",
            why="There is nothing to fill up.",
            fix=f"Ask for more in each class: --to {2 * counts.max()}",
            code="E243",
        )
    learned = cut.data.take(cut.train)
    generator = maker(method or "r3gan", learned, settings=settings, wish=EVEN, seed=seed, **options)
    return Balancing(cut=cut, maker=generator, seed=seed, to=to)


WAYS: dict[str, Callable[..., Balancing | RowTrial]] = {"pictures": balancing, "table": balancing_rows}


def balance(
    data: Any,
    *,
    target: str | None = None,
    to: int | None = None,
    ratio: float = 1.0,
    method: str | Recipe | None = None,
    check: Check = "quick",
    seed: int = 0,
    budget: str | None = None,
    device: str | None = None,
) -> Result:
    """Fill up rare classes with generated rows or pictures, and test whether they help.

    Arguments:
        data: A table, or pictures with classes.
        target: What is to be balanced: a column of classes; of pictures "class", which need not be said.
        to: How many every class shall have at least.
        ratio: The same as a share of the largest class, where `to` is not given; 1 makes all classes equal.
        method: A method that makes rows or pictures by class, or a recipe: `loom` for tables; `r3gan` for pictures,
            which then sees all classes equally often.
        check: "quick" holds a fifth out (5 seeds for tables, 3 for pictures); "full" takes longer: tables are held out
            in five parts with a generator each; "off" learns from everything.
        seed: Seeds everything.
        budget: Time to train the generator for, like "10m"; the check comes on top.
        device: Where to train the generator.

    Returns:
        For a table, the real rows and the new ones, told apart by the column `_source`. Of pictures those that were
        missing: put them beside the real ones.
    """
    prepare = by_kind("balance", WAYS, data)
    options = {"method": method, "check": check, "seed": seed, "budget": budget, "device": device}
    job: Balancing | RowTrial = prepare(data, target=target, to=to, ratio=ratio, **options)
    return job.finish()


def scores_of(right: Right, tested: np.ndarray) -> dict[str, Score]:
    """Score each arm by the mean recall of the classes, what each gains, and the recall of single classes.

    Arguments:
        right: Who was right, seeds x pictures for each arm.
        tested: The classes of those pictures.
    """
    if not right:
        return {}
    names, counts = np.unique(tested, return_counts=True)
    floor = 1 / len(names)
    scores = [accuracy(f"balanced_accuracy_{arm}", rows, tested, floor=floor) for arm, rows in right.items()]
    scores += [gain(f"gain_{arm}", rows, right["nothing"], tested) for arm, rows in right.items() if arm != "nothing"]
    scores += [
        gain(f"gain_gan_over_{arm}", right["gan"], right[arm], tested)
        for arm in BASELINES
        if arm in right and "gan" in right
    ]
    for name in names[np.argsort(counts, kind="stable")][:MOST_RECALLS]:
        scores += [accuracy(f"recall_{name}_{arm}", rows[:, tested == name]) for arm, rows in right.items()]
    return {score.name: score for score in scores}


def verdict(scores: Mapping[str, Score]) -> str:
    """Say whether generated pictures helped, and whether more than what is simpler."""
    if not scores:
        return "Made without a test whether they help."
    arms = {arm: scores[f"balanced_accuracy_{arm}"] for arm in ARMS if f"balanced_accuracy_{arm}" in scores}
    simple = max((arm for arm in BASELINES if arm in arms), key=lambda arm: arms[arm].value)
    over = scores[f"gain_gan_over_{simple}"]
    word = {1: "and more than", 0: "and no differently that could be seen from", -1: "and less than"}[seen(over)]
    if seen(scores["gain_gan"]) < 1 and seen(over) == 0:
        word = "nor could a difference be seen from"
    told = f"Generated pictures {gained(scores['gain_gan'])}, {word} {BASELINES[simple]} ({points(over)})."
    kept = (
        ""
        if seen(over) == 1
        else f" {BASELINES[simple].capitalize()} {gained(scores[f'gain_{simple}'])}, and is simpler."
    )
    best = max(arms, key=lambda arm: arms[arm].value)
    most = f" Highest mean recall of the classes: {ARMS[best]}, {arms[best].value:.1%}"
    most += "." if best == "nothing" else f"; with nothing {arms['nothing'].value:.1%}."
    return f"{told}{kept}{most} {power([score for name, score in scores.items() if name.startswith('gain_')])}"
