"""Augment sound: more training clips by class, and an honest answer to whether they help.

A fifth of each class is put aside first. The same small classifier of log-mel spectrograms is then trained on the real
clips only, with plain changes (noise, shift, loudness, speed), with generated clips, and with both, by the rules of
`helps`: same network, same first weights, same number of steps for every arm, several seeds.

Generated clips pass a filter before anybody learns from them: a classifier of the real clips, trained with plain
changes, must take each for the class that it was asked for. Of few real clips a generator learns little that such a
classifier does not know; plain changes alone, which need no generator, are hard to beat, and the verdict says who won.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold
from contrafact.metrics.accuracy import accuracy, gain
from contrafact.metrics.sound_features import Hearing, as_clips, log_mel
from contrafact.tasks.by_class import Maker, shared_out
from contrafact.tasks.helps import LEAST_LEFT, LEAST_TESTED, Arm, Check, Cut, Right, Trial, gained, points, seen
from contrafact.tasks.results import save
from contrafact.tasks.sound_changes import changed
from contrafact.zoo.index import INDEX, find, recipe

CLASSIC = "classic"
COPIES = 8  # changed copies of each real clip that an arm learns from, drawn before
FILTER_SEED = 10_000  # the filter shares no first weights with the classifiers of the test
ASKED, TURNS = 2, 3  # clips that are made for each that is wanted, so that the filter may choose, and how often
ARMS = {
    "real": "real clips only",
    "classic": "real clips with plain changes",
    "gan": "real and generated clips",
    "both": "real and generated clips with plain changes",
}


@dataclass(kw_only=True, eq=False)
class AugmentingSound(Trial):
    """The job over sound.

    Arguments:
        sound: The user's clips; those of the cut are their pictures, at the same places.
        hearing: How clips become pictures.
        n: How many clips to make.
        kept: How many generated clips passed the filter, and of how many, for each time that some were made.
        filter: What the filter's classifier learns from, once it is needed.
    """

    sound: Data
    hearing: Hearing
    n: int
    kept: list[tuple[int, int]] = field(default_factory=list)
    filter: Arm | None = None

    def steps(self) -> Iterator[str]:
        """Train the classifiers, saying what came out after each."""
        cut = self.cut
        if not len(cut.test):
            return
        for told, right in cut.course.examine(self.arms, cut.arm(cut.test)):
            self.right = right
            yield told

    def arms(self, seed: int) -> dict[str, Arm]:
        """Give the ways to train: real clips only, with plain changes, with generated clips, with both."""
        cut, course = self.cut, self.cut.course
        real = self.sound.take(cut.train)
        arms = {"real": course.arm(log_mel(real, self.hearing), _names(real))}
        arms["classic"] = self._plain(arms["real"], real, COPIES, fold(self.seed, "plain", seed))
        if self.maker is None:
            return arms
        wanted = max(round(self.n * len(cut.train) / len(cut.data)), 1)
        made = self._generated(wanted, real, fold(self.seed, "check", seed))
        if not len(made):
            return {**arms, "gan": arms["real"], "both": arms["classic"]}
        new = course.arm(log_mel(made, self.hearing), _names(made))
        arms["gan"] = arms["real"].beside(new.pictures, new.labels)
        both = arms["classic"].beside(new.pictures, new.labels)
        arms["both"] = self._plain(both, made, 1, fold(self.seed, "plain of made", seed))
        return arms

    def _plain(self, arm: Arm, data: Data, copies: int, seed: int) -> Arm:
        """Add changed copies of clips to an arm."""
        clips, rate = as_clips(data, self.hearing.rate)
        for number in range(copies):
            pictures = self.hearing(changed(clips, rate, fold(seed, number)))
            new = self.cut.course.arm(Data(kind="pictures", items=pictures), _names(data))
            arm = arm.beside(new.pictures, new.labels)
        return arm

    def _generated(self, n: int, real: Data, seed: int) -> Data:
        """Make clips of each class as often as it comes, and keep those that pass the filter, n at most."""
        assert self.maker is not None and real.labels is not None
        wanted = shared_out(n, real.labels)
        kept: list[Data] = []
        for turn in range(TURNS):
            missing = _missing(wanted, kept)
            if not len(missing):
                break
            asked = np.repeat(missing, ASKED)
            made = self.maker.make(asked, fold(seed, turn))
            passed = np.flatnonzero(self._passed(made))
            self.kept.append((len(passed), len(asked)))
            kept.append(made.take(_first(asked, passed, missing)))
        return _together(kept, real, f"clips like {self.sound.name}")

    def _passed(self, made: Data) -> np.ndarray:
        """Tell which clips a classifier of the real ones takes for the class that was asked for."""
        course = self.cut.course
        if self.filter is None:
            real = self.sound.take(self.cut.train)
            arm = course.arm(log_mel(real, self.hearing), _names(real))
            self.filter = self._plain(arm, real, COPIES, fold(self.seed, "plain for the filter"))
        arm = course.arm(log_mel(made, self.hearing), _names(made))
        passed: np.ndarray = course.guesses(self.filter, FILTER_SEED, arm.pictures)[0] == arm.labels
        return passed

    def made(self) -> Data:
        """Make the new clips."""
        if self.maker is not None:
            return self._generated(self.n, self.sound, fold(self.seed, "made"))
        places = np.resize(np.arange(len(self.sound)), self.n)
        clips, rate = as_clips(self.sound.take(places))
        items = changed(clips, rate, fold(self.seed, "made"))
        return replace(self.sound.take(places), items=items, name=f"clips like {self.sound.name}", rate=rate, notes=())

    def result(self) -> Result:
        """Give the new clips, the scores and the verdict, once the steps are done."""
        scores = scores_of(self.right, self.cut.labels[self.cut.test])
        data = self.made()
        notes = () if self.maker is None else (*self.maker.notes, _filtered(self.kept, self.n - len(data)))
        told = verdict(scores, generated=self.maker is not None)
        return Result(data=data, scores=scores, verdict=told, notes=notes, write=save)


def _missing(wanted: np.ndarray, kept: Sequence[Data]) -> np.ndarray:
    """Give the labels that no clip has been kept for yet."""
    had = np.concatenate([wanted[:0], *(np.asarray(data.labels) for data in kept)])
    names, counts = np.unique(wanted, return_counts=True)
    left = [max(int(count - (had == name).sum()), 0) for name, count in zip(names, counts, strict=True)]
    return np.repeat(names, left)


def _first(asked: np.ndarray, passed: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Choose the first clips of each class among those that passed, as many as are missing."""
    few = [passed[asked[passed] == name][: int((missing == name).sum())] for name in np.unique(missing)]
    return np.sort(np.concatenate(few))


def _together(parts: Sequence[Data], like: Data, name: str) -> Data:
    """Put clips of several draws together; none at all have no items."""
    items = [clip for part in parts for clip in part.items]
    assert like.labels is not None
    labels = np.concatenate([np.asarray(like.labels)[:0], *(np.asarray(part.labels) for part in parts)])
    rate = parts[0].rate if parts else like.rate
    return Data(kind="sound", items=items, labels=labels, name=name, rate=rate)


def _names(data: Data) -> np.ndarray:
    assert data.labels is not None
    return np.array([str(label) for label in data.labels])


def _filtered(kept: Sequence[tuple[int, int]], short: int) -> str:
    """Say how many generated clips passed the filter, and how many are missing for that reason."""
    passed, asked = (sum(pair[side] for pair in kept) for side in (0, 1))
    less = f" So {short:,} clips fewer were made than were asked for." if short else ""
    return (
        f"Of {asked:,} clips that were generated {passed:,} ({passed / max(asked, 1):.0%}) passed the filter: a "
        "classifier of the real clips takes them for their class. No others are used or written." + less
    )


def augmenting_sound(
    data: Data,
    *,
    n: int | None = None,
    target: str | None = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> AugmentingSound:
    """Prepare the job over sound; the arguments are those of `augment`.

    Arguments:
        settings: Settings of the method, by name.
        options: budget, device.
    """
    _refuse(data, target, method, settings, check)
    n = len(data) if n is None else checked_count(n)
    hearing = Hearing.of(*as_clips(data))
    cut = Cut.of(log_mel(data, hearing), "augment", check, seed)
    learned = data.take(cut.train)
    generator = None if method == CLASSIC else sound_maker(method or "specgan", learned, settings, seed=seed, **options)
    return AugmentingSound(cut=cut, maker=generator, seed=seed, sound=data, hearing=hearing, n=n)


def _refuse(data: Data, target: str | None, method: Any, settings: Mapping[str, Any] | None, check: str) -> None:
    """Refuse what the job cannot do, before the long work."""
    if target not in (None, "class"):
        why, fix = did_you_mean(str(target), ("class",)), "Leave the target out: clips are told apart by their class."
        raise UsageError(f"Sound has no column '{target}'.", why=why, fix=fix, code="E115")
    if method == CLASSIC and settings:
        name = next(iter(settings))
        raise UsageError(
            f"Plain changes have no setting '{name}'.",
            why="They are noise, shift, loudness and speed, each a little.",
            fix="Leave --set out.",
            code="E101",
        )
    names, counts = np.unique(np.asarray([] if data.labels is None else _names(data)), return_counts=True)
    if len(names) < 2:
        raise DataError(
            f"{data.name} has {'one class' if len(names) else 'no classes'}.",
            why="augment makes clips by class and asks a classifier whether they help.",
            fix="Give a folder for each class; clips without classes: contrafact train, then contrafact sample.",
            code="E212",
        )
    least = int(counts.argmin())
    if check != "off" and counts[least] < LEAST_TESTED + LEAST_LEFT:
        raise DataError(
            f"Class '{names[least]}' has {counts[least]} clips.",
            why=f"To see whether it helps, {LEAST_TESTED} of a class are tested, and {LEAST_LEFT} learned from.",
            fix="Add clips, leave that class out, or do without the check: --check off",
            code="E241",
        )


def sound_maker(method: str | Recipe, data: Data, settings: Mapping[str, Any] | None = None, **options: Any) -> Maker:
    """Prepare a generator of clips by class.

    Arguments:
        method: A method's name, or a recipe.
        data: What it learns from.
        settings: Settings of the recipe.
        options: seed, budget, device.

    Raises:
        UsageError: The method makes no sound, or not by class.
    """
    made: Any = recipe(method)() if isinstance(method, str) else method
    if "sound" not in find(made.method).kinds or not hasattr(made, "training"):
        raise _classless(made)
    training = made.but(**(settings or {})).training(data, **options)
    if not getattr(training.method.codec, "classes", ()):
        raise _classless(made)
    return Maker(training=training, like=data)


def _classless(made: Any) -> UsageError:
    return UsageError(
        f"{made.method} does not make clips by class.",
        why="New training clips need a class, which the generator must be told.",
        fix=f"Use one of: {', '.join(name for name in ('specgan', 'istftgan', 'wavegan') if name in INDEX)}.",
        code="E109",
    )


def scores_of(right: Right, tested: np.ndarray) -> dict[str, Score]:
    """Score each arm, what each gains over real clips only, and what generated ones add to plain changes.

    Arguments:
        right: Who was right, seeds x clips for each arm.
        tested: The classes of those clips.
    """
    if not right:
        return {}
    floor = float(np.unique(tested, return_counts=True)[1].max() / len(tested))
    scores = [accuracy(f"accuracy_{name}", rows, floor=floor) for name, rows in right.items()]
    scores += [gain(f"gain_{name}", rows, right["real"]) for name, rows in right.items() if name != "real"]
    if "both" in right:
        scores.append(gain("gain_gan_beside_classic", right["both"], right["classic"]))
    return {score.name: score for score in scores}


def verdict(scores: Mapping[str, Score], *, generated: bool) -> str:
    """Say whether it helped.

    Arguments:
        scores: What `scores_of` gave.
        generated: Whether there are generated clips.
    """
    if not scores:
        return "Made without a test whether they help."
    plain = f"Plain changes (noise, shift, loudness, speed) {gained(scores['gain_classic'])}."
    arms = {name: scores[f"accuracy_{name}"] for name in ARMS if f"accuracy_{name}" in scores}
    best = max(arms, key=lambda name: arms[name].value)
    most = f"Most often right: {ARMS[best]}, {arms[best].value:.1%}."
    widest = max((score.high - score.low) / 2 for name, score in scores.items() if name.startswith("gain_"))
    limit = f"With {arms[best].n:,} test clips, gains under {100 * widest:.1f} points cannot be told from none."
    return " ".join([*([_generated(scores)] if generated else []), plain, most, limit])


def _generated(scores: Mapping[str, Score]) -> str:
    """Say what generated clips did, alone and beside plain changes."""
    alone, beside = scores["gain_gan"], scores["gain_gan_beside_classic"]
    if seen(beside) == 1:
        return f"Generated clips helped, also beside plain changes ({points(beside)})."
    if seen(alone) < 1:
        told = "did not help" if seen(alone) == 0 else "did harm"
        return f"Generated clips {told} ({points(alone)}; beside plain changes {points(beside)})."
    enough = "plain changes are enough: " if seen(scores["gain_classic"]) == 1 else ""
    added = "they add nothing that could be seen" if seen(beside) == 0 else "they do harm"
    beside_it = f"{enough}beside {'them' if enough else 'plain changes'} {added} ({points(beside)})"
    return f"Generated clips helped where there was nothing else ({points(alone)}), but {beside_it}."
