"""Augment items that a classifier sees as pictures: what the jobs over clips and over series have in common.

A fifth of each class is put aside first. The same small classifier is then trained on the real items only, with plain
changes, with generated items, and with both, by the rules of `helps`: same network, same first weights, same number of
steps for every arm, several seeds.

Generated items pass a filter before anybody learns from them: a classifier of the real ones, trained with plain
changes, must take each for the class that it was asked for. Of few real items a generator learns little that such a
classifier does not know; plain changes alone, which need no generator, are hard to beat, and the verdict says who won.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.base.records import Result, Score
from contrafact.base.seeds import fold
from contrafact.metrics.accuracy import accuracy, gain
from contrafact.tasks.by_class import places_out, shared_out
from contrafact.tasks.helps import LEAST_LEFT, LEAST_TESTED, Arm, Right, Trial, gained, points, power, seen
from contrafact.tasks.results import save

CLASSIC = "classic"
COPIES = 8  # changed copies of each real item that an arm learns from, drawn before
FILTER_SEED = 10_000  # the filter shares no first weights with the classifiers of the test
ASKED, TURNS = 2, 3  # items that are made for each that is wanted, so that the filter may choose, and how often


@dataclass(frozen=True, kw_only=True)
class Words:
    """How a job speaks of its items, and of what needs no generator.

    Arguments:
        items: Several of them: "clips".
        plain: What is done to them without a generator: "plain changes".
        enough: That this is enough, up to a word for it: "plain changes are enough: beside them".
        changes: What these changes are.
    """

    items: str
    plain: str
    enough: str
    changes: tuple[str, ...] = ()

    @property
    def arms(self) -> dict[str, str]:
        """Say what a classifier is trained on in each way."""
        return {
            "real": f"real {self.items} only",
            "classic": f"real {self.items} with {self.plain}",
            "gan": f"real and generated {self.items}",
            "both": f"real and generated {self.items} with {self.plain}",
        }


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What a kind of items brings to the job.

    Arguments:
        words: How it is spoken of.
        pictures: Turns items into pictures, with their labels.
        views: Gives pictures of changed copies of items, an array for each seed.
        copied: Changes each item at random, by a seed.
        finished: Makes what is handed out of new items.
        write: Writes it.
        notes: What must be known of the items.
    """

    words: Words
    pictures: Callable[[Data], Data]
    views: Callable[[Data, Sequence[int]], Iterator[np.ndarray]]
    copied: Callable[[Data, int], Data]
    finished: Callable[[Data], Any] = lambda made: made
    write: Callable[[Result, str], list[str]] = save
    notes: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class AugmentingItems(Trial):
    """The job over such items.

    Arguments:
        items: The user's items; those of the cut are their pictures, at the same places.
        pieces: What their kind brings.
        n: How many to make.
        kept: How many generated items passed the filter, and of how many, for each time that some were made.
        filter: What the filter's classifier learns from, once it is needed.
    """

    items: Data
    pieces: Pieces
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
        """Give the ways to train: real items only, with plain changes, with generated items, with both."""
        cut = self.cut
        real = self.items.take(cut.train)
        arms = {"real": self._arm(real)}
        arms["classic"] = self._plain(arms["real"], real, COPIES, fold(self.seed, "plain", seed))
        if self.maker is None:
            return arms
        wanted = max(round(self.n * len(cut.train) / len(cut.data)), 1)
        made = self._generated(wanted, real, fold(self.seed, "check", seed))
        if not len(made):
            return {**arms, "gan": arms["real"], "both": arms["classic"]}
        new = self._arm(made)
        arms["gan"] = arms["real"].beside(new.pictures, new.labels)
        both = arms["classic"].beside(new.pictures, new.labels)
        arms["both"] = self._plain(both, made, 1, fold(self.seed, "plain of made", seed))
        return arms

    def _arm(self, data: Data) -> Arm:
        return self.cut.course.arm(self.pieces.pictures(data), _names(data))

    def _plain(self, arm: Arm, data: Data, copies: int, seed: int) -> Arm:
        """Add changed copies of items to an arm."""
        for pictures in self.pieces.views(data, [fold(seed, number) for number in range(copies)]):
            new = self.cut.course.arm(Data(kind="pictures", items=pictures), _names(data))
            arm = arm.beside(new.pictures, new.labels)
        return arm

    def _generated(self, n: int, real: Data, seed: int) -> Data:
        """Make items of each class as often as it comes, and keep those that pass the filter, n at most."""
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
        return _together(kept, real, f"{self.pieces.words.items} like {self.items.name}")

    def _passed(self, made: Data) -> np.ndarray:
        """Tell which items a classifier of the real ones takes for the class that was asked for."""
        if self.filter is None:
            real = self.items.take(self.cut.train)
            self.filter = self._plain(self._arm(real), real, COPIES, fold(self.seed, "plain for the filter"))
        arm = self._arm(made)
        passed: np.ndarray = self.cut.course.guesses(self.filter, FILTER_SEED, arm.pictures)[0] == arm.labels
        return passed

    def made(self) -> Data:
        """Make the new items."""
        if self.maker is not None:
            return self._generated(self.n, self.items, fold(self.seed, "made"))
        places = places_out(self.n, _names(self.items))
        return self.pieces.copied(self.items.take(places), fold(self.seed, "made"))

    def result(self) -> Result:
        """Give the new items, the scores and the verdict, once the steps are done."""
        words, scores = self.pieces.words, scores_of(self.right, self.cut.labels[self.cut.test])
        made, notes = self.made(), self.pieces.notes
        if self.maker is not None:
            notes = (*notes, *self.maker.notes, _filtered(self.kept, self.n - len(made), words.items))
        return Result(
            data=self.pieces.finished(made),
            scores=scores,
            verdict=verdict(scores, words, generated=self.maker is not None),
            notes=notes,
            write=self.pieces.write,
        )


def _missing(wanted: np.ndarray, kept: Sequence[Data]) -> np.ndarray:
    """Give the labels that no item has been kept for yet."""
    had = np.concatenate([wanted[:0], *(np.asarray(data.labels) for data in kept)])
    names, counts = np.unique(wanted, return_counts=True)
    left = [max(int(count - (had == name).sum()), 0) for name, count in zip(names, counts, strict=True)]
    return np.repeat(names, left)


def _first(asked: np.ndarray, passed: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Choose the first items of each class among those that passed, as many as are missing."""
    few = [passed[asked[passed] == name][: int((missing == name).sum())] for name in np.unique(missing)]
    return np.sort(np.concatenate(few))


def _together(parts: Sequence[Data], like: Data, name: str) -> Data:
    """Put items of several draws together; none at all have no items."""
    items = [item for part in parts for item in part.items]
    assert like.labels is not None
    labels = np.concatenate([np.asarray(like.labels)[:0], *(np.asarray(part.labels) for part in parts)])
    rate = parts[0].rate if parts else like.rate
    return Data(kind=like.kind, items=items, labels=labels, name=name, rate=rate)


def _names(data: Data) -> np.ndarray:
    assert data.labels is not None
    return np.array([str(label) for label in data.labels])


def _filtered(kept: Sequence[tuple[int, int]], short: int, items: str) -> str:
    """Say how many generated items passed the filter, and how many are missing for that reason."""
    passed, asked = (sum(pair[side] for pair in kept) for side in (0, 1))
    less = f" So {short:,} {items} fewer were made than were asked for." if short else ""
    return (
        f"Of {asked:,} {items} that were generated {passed:,} ({passed / max(asked, 1):.0%}) passed the filter: a "
        f"classifier of the real {items} takes them for their class. No others are used or written." + less
    )


def refuse_settings(settings: Mapping[str, Any] | None, words: Words, known: Sequence[str] = ()) -> None:
    """Refuse settings of plain changes, which have none.

    Arguments:
        settings: What was asked for.
        words: How the items are spoken of.
        known: Settings that say how the data are read.
    """
    unknown = [name for name in settings or {} if name not in known]
    if unknown:
        *most, last = words.changes
        raise UsageError(
            f"{words.plain.capitalize()} have no setting '{unknown[0]}'.",
            why=f"They are {', '.join(most)} and {last}, each a little.",
            fix=f"With --recipe {CLASSIC} only {', '.join(known)} can be set." if known else "Leave --set out.",
            code="E101",
        )


def refuse_classes(data: Data, words: Words, check: str, fix: str) -> None:
    """Refuse items of fewer than two classes, or of classes too small to test with.

    Arguments:
        data: The items.
        words: How they are spoken of.
        check: Whether there is a test.
        fix: How to get classes.
    """
    names, counts = np.unique(np.asarray([] if data.labels is None else _names(data)), return_counts=True)
    if len(names) < 2:
        raise DataError(
            f"{data.name} has {'one class' if len(names) else 'no classes'}.",
            why=f"augment makes {words.items} by class and asks a classifier whether they help.",
            fix=fix,
            code="E212",
        )
    least = int(counts.argmin())
    if check != "off" and counts[least] < LEAST_TESTED + LEAST_LEFT:
        raise DataError(
            f"Class '{names[least]}' has {counts[least]} {words.items}.",
            why=f"To see whether it helps, {LEAST_TESTED} of a class are tested, and {LEAST_LEFT} learned from.",
            fix=f"Add {words.items}, leave that class out, or do without the check: --check off",
            code="E241",
        )


def scores_of(right: Right, tested: np.ndarray) -> dict[str, Score]:
    """Score each arm, what each gains over real items only, and what generated ones add to plain changes.

    Arguments:
        right: Who was right, seeds x items for each arm.
        tested: The classes of those items.
    """
    if not right:
        return {}
    floor = float(np.unique(tested, return_counts=True)[1].max() / len(tested))
    scores = [accuracy(f"accuracy_{name}", rows, floor=floor) for name, rows in right.items()]
    scores += [gain(f"gain_{name}", rows, right["real"]) for name, rows in right.items() if name != "real"]
    if "both" in right:
        scores.append(gain("gain_gan_beside_classic", right["both"], right["classic"]))
    return {score.name: score for score in scores}


def verdict(scores: Mapping[str, Score], words: Words, *, generated: bool) -> str:
    """Say whether it helped.

    Arguments:
        scores: What `scores_of` gave.
        words: How the items are spoken of.
        generated: Whether there are generated items.
    """
    if not scores:
        return "Made without a test whether they help."
    plain = f"{words.plain.capitalize()} ({', '.join(words.changes)}) {gained(scores['gain_classic'])}."
    return said(scores, words, plain, generated=generated)


def said(scores: Mapping[str, Score], words: Words, plain: str, *, generated: bool) -> str:
    """Say what generated items did, what was done without a generator, who was best, and what could not be seen.

    Arguments:
        scores: What `scores_of` gave.
        words: How the items are spoken of.
        plain: The sentence about what needs no generator.
        generated: Whether there are generated items.
    """
    arms = {name: scores[f"accuracy_{name}"] for name in words.arms if f"accuracy_{name}" in scores}
    best = max(arms, key=lambda name: arms[name].value)
    most = f"Most often right: {words.arms[best]}, {arms[best].value:.1%}."
    limit = power([score for name, score in scores.items() if name.startswith("gain_")], words.items)
    return " ".join([*([_generated(scores, words)] if generated else []), plain, most, limit]).strip()


def _generated(scores: Mapping[str, Score], words: Words) -> str:
    """Say what generated items did, alone and beside what needs no generator."""
    items = f"Generated {words.items}"
    alone, beside = scores["gain_gan"], scores.get("gain_gan_beside_classic")
    if beside is None:
        return f"{items} {gained(alone)}."
    if seen(beside) == 1:
        return f"{items} helped, also beside {words.plain} ({points(beside)})."
    if seen(alone) < 1:
        told = "did not help" if seen(alone) == 0 else "did harm"
        return f"{items} {told} ({points(alone)}; beside {words.plain} {points(beside)})."
    enough = words.enough if seen(scores["gain_classic"]) == 1 else f"beside {words.plain}"
    added = "they add nothing that could be seen" if seen(beside) == 0 else "they do harm"
    return f"{items} helped where there was nothing else ({points(alone)}), but {enough} {added} ({points(beside)})."
