"""Augment series: more of them by class, and an honest answer to whether they help to tell the classes apart.

A table holds several series, each of one class, such as the fault that a machine had. Series are seen as pictures one
line high (`strands`); plain changes are noise, scale, shift and tempo (`series_changes`); new series come from
`shuttle`, which is told the class. What is tested, and how generated series are filtered, is that of `augment_items`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, fold
from contrafact.codecs.series import WHOLE, SeriesCodec
from contrafact.engine.fit import Training
from contrafact.tasks.augment_items import CLASSIC, AugmentingItems, Pieces, Words, refuse_classes, refuse_settings
from contrafact.tasks.by_class import Maker
from contrafact.tasks.classed_series import ClassedSeries
from contrafact.tasks.helps import Check, Cut, checked, parts
from contrafact.tasks.series_changes import CHANGES, changed
from contrafact.tasks.strands import Sight, strands_of
from contrafact.tasks.table_maker import chosen_recipe
from contrafact.tasks.write_tables import save

BY_CLASS = ("shuttle",)  # methods of series that can be told what a series is like
READING = ("time", "id", "columns")  # settings that say how the table is read
LONGEST = 512  # steps up to which series are drawn whole
SERIES = Words(items="series", plain="plain changes", enough="plain changes are enough: beside them", changes=CHANGES)


def series_pieces(classed: ClassedSeries, sight: Sight) -> Pieces:
    """Give what series bring to the job.

    Arguments:
        classed: The table.
        sight: How series become pictures.
    """
    return Pieces(
        words=SERIES,
        pictures=sight,
        views=partial(_views, sight),
        copied=partial(_copied, classed.codec),
        finished=classed.with_new,
        write=save,
        notes=classed.notes,
    )


def _views(sight: Sight, data: Data, seeds: Sequence[int]) -> Iterator[np.ndarray]:
    return (sight.pictures(changed(data.items, sight.codec, seed)) for seed in seeds)


def _copied(codec: SeriesCodec, data: Data, seed: int) -> Data:
    return replace(data, items=changed(data.items, codec, seed), name=f"series like {data.name}")


def augmenting_series(
    data: Any,
    *,
    n: int | None = None,
    target: Any = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> AugmentingItems:
    """Prepare the job over series; the arguments are those of `augment`, and the method's settings by name."""
    checked(check)
    if method == CLASSIC:
        refuse_settings(settings, SERIES, READING)
    recipe = by_class(None if method == CLASSIC else method, settings)
    classed = ClassedSeries.of(data, target, {name: getattr(recipe, name) for name in READING})
    items = classed.data
    refuse_classes(items, SERIES, check, "Name the column of classes, of which there are two or more: --target COL")
    n = len(items) if n is None else checked_count(n)
    train = np.arange(len(items)) if check == "off" else parts(classed.labels, seed)[0]
    sight = Sight.of(items.take(train).items, classed.codec)
    cut = Cut.of(sight(items), "augment", check, seed)
    pieces = series_pieces(classed, sight)
    generator = None if method == CLASSIC else series_maker(classed, recipe, train, seed=seed, **options)
    told = (classed.codec.policy,) if generator is None else generator.cut_short
    pieces = replace(pieces, notes=(*told, *pieces.notes))
    return AugmentingItems(cut=cut, maker=generator, seed=seed, items=items, pieces=pieces, n=n)


def by_class(method: str | Recipe | None, settings: Mapping[str, Any] | None = None) -> Any:
    """Make the recipe of a generator of series that is told their class.

    Raises:
        UsageError: The method makes no series, or not by class.
    """
    from contrafact.zoo.shuttle import Shuttle

    made = chosen_recipe(method, Shuttle(gaps=0.0), settings, kind="series")
    if made.method not in BY_CLASS:
        raise UsageError(
            f"{made.method} does not make series by class.",
            why="New training series need a class, which the generator must be told.",
            fix=f"Use one of: {', '.join(BY_CLASS)}.",
            code="E109",
        )
    return made


@dataclass(kw_only=True, eq=False)
class SeriesMaker(Maker):
    """A generator of series by class.

    Arguments:
        codec: Knows the columns of the whole table.
        target: The column of the class.
        longest: Steps in the longest series that it learns from.
    """

    codec: SeriesCodec
    target: Any
    longest: int

    def make(self, labels: Sequence[Any] | np.ndarray, seed: int) -> Data:
        """Make a series of each of these classes.

        Arguments:
            labels: As the data have them.
            seed: The same seed makes the same series.
        """
        asked = np.asarray(labels)
        made = np.empty(len(asked), dtype=object)
        for name in np.unique(asked):
            places, own = np.flatnonzero(asked == name), fold(seed, "series", str(name))
            drawn = self._model.sample(len(places), given={self.target: str(name)}, seed=own)
            made[places] = strands_of(self.codec, drawn)
        return Data(kind="series", items=made, labels=asked, name=f"series like {self.like.name}")

    @property
    def _model(self) -> Any:
        return self.training.model or self.training.finish()

    @property
    def cut_short(self) -> tuple[str, ...]:
        """Say that series are longer than what is drawn, where they are."""
        window = self.training.method.codec.window
        if self.longest <= window:
            return ()
        return (
            f"The generator draws pieces of {window:,} steps of series that have up to {self.longest:,}. "
            f"--set window={self.longest} draws them whole and takes longer.",
        )


def series_maker(classed: ClassedSeries, recipe: Any, train: np.ndarray, **options: Any) -> SeriesMaker:
    """Prepare a generator of series by class.

    Arguments:
        classed: The table.
        recipe: Its settings.
        train: Which series it learns from.
        options: seed, budget, device.
    """
    codec, learned = classed.codec, classed.data.take(train)
    longest = max(strand.span for strand in learned.items)
    told: dict[str, Any] = {"columns": {**(recipe.columns or {}), str(classed.target): "category"}, "id": codec.label}
    told |= {} if codec.time is None else {"time": codec.time.name}
    told |= {"window": min(longest, LONGEST)} if recipe.window is None and longest > WHOLE else {}
    training: Training = recipe.but(**told).training(classed.part(train), **options)
    return SeriesMaker(training=training, like=learned, codec=codec, target=classed.target, longest=longest)
