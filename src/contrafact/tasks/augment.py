"""Augment: more training items by class, and an honest answer to whether they help.

Tables, sound and series have files of their own (`table_augment`, `augment_sound`, `augment_series`); of pictures this
one says all.

Pictures come from a generator that is told the class, or are classic copies: mirrored, turned, scaled, shifted. Before
they are handed out, the same classifier is trained on real pictures only, with classic augmentation, with generated
pictures, and with both (see `helps`). A generator knows nothing that is not in its training pictures, so where classic
operations are allowed its pictures often add nothing; then the verdict says that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.data import Data, Kind
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold
from contrafact.tasks.augment_items import CLASSIC, Words, said, scores_of
from contrafact.tasks.augment_series import augmenting_series
from contrafact.tasks.augment_sound import augmenting_sound
from contrafact.tasks.by_class import maker, places_out, shared_out
from contrafact.tasks.classic import WORDS, copies
from contrafact.tasks.helps import Arm, Check, Cut, Trial, gained
from contrafact.tasks.results import by_kind, save
from contrafact.tasks.series import said_to_be
from contrafact.tasks.table_augment import augmenting_rows
from contrafact.tasks.table_trial import RowTrial

PICTURES = Words(
    items="pictures",
    plain="classic augmentation",
    enough="classic augmentation is enough: beside it",
)


@dataclass(kw_only=True, eq=False)
class Augmenting(Trial):
    """The job over pictures.

    Arguments:
        n: How many pictures to make.
    """

    n: int

    def steps(self) -> Iterator[str]:
        """Choose classic operations and train the classifiers, saying what came out after each."""
        cut = self.cut
        if not len(cut.test) and self.maker is not None:
            return
        real = cut.arm(cut.train)
        for told, chosen in cut.course.choose(real):
            self.operations = chosen
            yield told
        if len(cut.test):
            for told, right in cut.course.examine(partial(self.arms, real), cut.arm(cut.test)):
                self.right = right
                yield told

    def arms(self, real: Arm, seed: int) -> dict[str, Arm]:
        """Give the ways to train: with real pictures only, with classic operations, with generated ones, with both."""
        arms, cut = {"real": real}, self.cut
        if self.operations:
            arms["classic"] = replace(real, operations=self.operations)
        if self.maker is None:
            return arms
        labels = shared_out(max(round(self.n * len(cut.train) / len(cut.data)), 1), cut.own(cut.train))
        made = cut.course.arm(self.maker.make(labels, fold(self.seed, "check", seed)), labels.astype(str))
        arms["gan"] = real.beside(made.pictures, made.labels)
        if self.operations:
            arms["both"] = replace(arms["gan"], operations=self.operations)
        return arms

    def made(self) -> Data:
        """Make the new pictures."""
        cut, everything = self.cut, np.arange(len(self.cut.data))
        if self.maker is not None:
            return self.maker.make(shared_out(self.n, cut.own(everything)), fold(self.seed, "made"))
        places = places_out(self.n, cut.own(everything)) if self.operations else everything[:0]
        items = copies(np.asarray(cut.data.items)[places], self.operations, fold(self.seed, "made"))
        return Data(kind="pictures", items=items, labels=cut.own(places), name=f"pictures like {cut.data.name}")

    def result(self) -> Result:
        """Give the new pictures, the scores and the verdict, once the steps are done."""
        scores = scores_of(self.right, self.cut.labels[self.cut.test])
        notes = () if self.maker is None else self.maker.notes
        told = verdict(scores, self.operations, generated=self.maker is not None)
        return Result(data=self.made(), scores=scores, verdict=told, notes=notes, write=save)


def augmenting(
    data: Data,
    *,
    n: int | None = None,
    target: str | None = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> Augmenting:
    """Prepare the job over pictures; the arguments are those of `augment`, and the method's settings by name."""
    if target not in (None, "class"):
        raise UsageError(
            f"Pictures have no column '{target}'.",
            why=did_you_mean(str(target), ("class",)),
            fix="Leave the target out: pictures are told apart by their class.",
            code="E115",
        )
    n = len(data) if n is None else checked_count(n)
    method = "r3gan" if method is None else method
    if method == CLASSIC and settings:
        raise UsageError(
            f"Classic copies have no setting '{next(iter(settings))}'.",
            why="Which operations are used is measured.",
            fix="Leave --set out.",
            code="E101",
        )
    cut = Cut.of(data, "augment", check, seed)
    learned = cut.data.take(cut.train)
    generator = None if method == CLASSIC else maker(method, learned, settings=settings, seed=seed, **options)
    return Augmenting(cut=cut, maker=generator, seed=seed, n=n)


WAYS: dict[str, Callable[..., Trial | RowTrial]] = {
    "pictures": augmenting,
    "sound": augmenting_sound,
    "table": augmenting_rows,
    "series": augmenting_series,
}


def augment(
    data: Any,
    *,
    kind: Kind | None = None,
    n: int | None = None,
    target: str | None = None,
    method: str | Recipe | None = None,
    check: Check = "quick",
    seed: int = 0,
    budget: str | None = None,
    device: str | None = None,
) -> Result:
    """Make more training rows, pictures, clips or series, and test whether they help.

    Arguments:
        data: A table, or pictures or clips with classes, or a table of several series, each of one class.
        kind: What the data are, where that is not clear: "series" for a table that holds series.
        n: How many to make; by default as many as there are.
        target: The column of classes that is to be predicted better; without one no table is tested. Of series, which
            need one, it is the same in all rows of a series.
        method: A method, or a recipe: `loom` for tables, `r3gan` for pictures, `specgan` for sound, `shuttle` for
            series; "classic" for mirrored, turned and scaled copies of pictures, copies of clips at other speeds and
            with noise, and copies of series with noise, scaled, shifted and at another tempo.
        check: "quick" holds a fifth out (5 seeds for tables, 3 for others); "full" takes longer: tables are held out
            in five parts with a generator each; "off" learns from everything.
        seed: Seeds everything.
        budget: Time to train the generator for, like "10m"; the check comes on top.
        device: Where to train the generator.

    Returns:
        For a table or series, the real rows and the new ones, told apart by the column `_source`; of pictures and clips
        the new ones.
    """
    data = said_to_be(data, kind)
    prepare = by_kind("augment", WAYS, data)
    options = {"method": method, "check": check, "seed": seed, "budget": budget, "device": device}
    job: Trial | RowTrial = prepare(data, n=n, target=target, **options)
    return job.finish()


def verdict(scores: Mapping[str, Score], operations: tuple[str, ...], *, generated: bool) -> str:
    """Say whether it helped.

    Arguments:
        scores: What `scores_of` gave.
        operations: The classic operations that were chosen.
        generated: Whether there are generated pictures.
    """
    named = ", ".join(WORDS[name] for name in operations)
    none = "No classic operation did without harm on held-out training pictures."
    if not scores:
        copied = f"Classic copies by {named}." if operations else none
        return "Made without a test whether they help." if generated else copied
    classic = f"Classic augmentation ({named}) {gained(scores['gain_classic'])}." if operations else none
    return said(scores, PICTURES, classic, generated=generated)
