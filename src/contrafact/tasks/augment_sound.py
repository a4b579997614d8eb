"""Augment sound: more training clips by class, and an honest answer to whether they help.

Clips are seen as log-mel spectrograms; plain changes are noise, shift, loudness and speed. What is tested, and how
generated clips are filtered, is that of `augment_items`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count
from contrafact.metrics.sound_features import Hearing, as_clips, log_mel
from contrafact.tasks.augment_items import CLASSIC, AugmentingItems, Pieces, Words, refuse_classes, refuse_settings
from contrafact.tasks.by_class import Maker
from contrafact.tasks.helps import Check, Cut
from contrafact.tasks.sound_changes import changed
from contrafact.zoo.index import INDEX, find, recipe

CLIPS = Words(
    items="clips",
    plain="plain changes",
    enough="plain changes are enough: beside them",
    changes=("noise", "shift", "loudness", "speed"),
)


def sound_pieces(hearing: Hearing) -> Pieces:
    """Give what sound brings to the job.

    Arguments:
        hearing: How clips become pictures.
    """
    pictures = partial(log_mel, hearing=hearing)
    return Pieces(words=CLIPS, pictures=pictures, views=partial(_views, hearing), copied=_copied)


def _views(hearing: Hearing, data: Data, seeds: Sequence[int]) -> Iterator[np.ndarray]:
    clips, rate = as_clips(data, hearing.rate)
    return (hearing(changed(clips, rate, seed)) for seed in seeds)


def _copied(data: Data, seed: int) -> Data:
    if not len(data):
        return data
    clips, rate = as_clips(data)
    return replace(data, items=changed(clips, rate, seed), name=f"clips like {data.name}", rate=rate, notes=())


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
) -> AugmentingItems:
    """Prepare the job over sound; the arguments are those of `augment`, and the method's settings by name."""
    if target not in (None, "class"):
        why, fix = did_you_mean(str(target), ("class",)), "Leave the target out: clips are told apart by their class."
        raise UsageError(f"Sound has no column '{target}'.", why=why, fix=fix, code="E115")
    if method == CLASSIC:
        refuse_settings(settings, CLIPS)
    classes = "Give a folder for each class; clips without classes: contrafact train, then contrafact sample."
    refuse_classes(data, CLIPS, check, classes)
    n = len(data) if n is None else checked_count(n)
    hearing = Hearing.of(*as_clips(data))
    cut = Cut.of(log_mel(data, hearing), "augment", check, seed)
    learned = data.take(cut.train)
    generator = None if method == CLASSIC else sound_maker(method or "specgan", learned, settings, seed=seed, **options)
    return AugmentingItems(cut=cut, maker=generator, seed=seed, items=data, pieces=sound_pieces(hearing), n=n)


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
