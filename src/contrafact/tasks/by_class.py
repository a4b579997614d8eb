"""Items by class: a generator that is told the class, trained on one part of the data.

Pictures and clips are drawn by `Maker` as it is; series have one of their own (`augment_series`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.engine.fit import Training
from contrafact.zoo.index import INDEX, find, recipe


@dataclass(kw_only=True, eq=False)
class Maker:
    """A generator of items by class.

    Arguments:
        training: Its training, to be finished before items are made.
        like: The data that it learns from.
    """

    training: Training
    like: Data

    def make(self, labels: Sequence[Any] | np.ndarray, seed: int) -> Data:
        """Make an item of each of these classes.

        Arguments:
            labels: As the data have them.
            seed: The same seed makes the same items.
        """
        if self.training.model is None:
            self.training.finish()
        codec = self.training.method.codec
        told = {"caption" if codec.words else "class": [str(label) for label in labels]}
        drawn = self.training.model.sample(len(labels), given=told if len(labels) else None, seed=seed)
        assert isinstance(drawn, Data)
        return replace(drawn, labels=np.asarray(labels), name=f"pictures like {self.like.name}")

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known about the items that it makes."""
        return tuple(self.training.warnings)


def maker(
    method: str | Recipe,
    data: Data,
    *,
    settings: Mapping[str, Any] | None = None,
    wish: Mapping[str, Any] | None = None,
    **options: Any,
) -> Maker:
    """Prepare a generator of pictures by class.

    Arguments:
        method: A method's name, or a recipe.
        data: What it learns from.
        settings: Settings of the recipe.
        wish: Settings that are good for the job, where a method of this name has them; a recipe is taken as it is.
        options: seed, budget, device.

    Raises:
        UsageError: The method makes no pictures, or not by class.
    """
    made: Any = recipe(method)() if isinstance(method, str) else method
    if "pictures" not in find(made.method).kinds or not hasattr(made, "training"):
        raise _classless(made)
    known = {field.name for field in dataclasses.fields(made)} if isinstance(method, str) else set()
    wanted = {name: value for name, value in (wish or {}).items() if name in known}
    training = made.but(**{**wanted, **(settings or {})}).training(data, **options)
    if not getattr(training.method.codec, "classes", ()):
        raise _classless(made)
    return Maker(training=training, like=data)


def _classless(made: Any) -> UsageError:
    return UsageError(
        f"{made.method} does not make pictures by class.",
        why="New training pictures need a class, which the generator must be told.",
        fix=f"Use one of: {', '.join(name for name in ('r3gan', 'cgan', 'acgan') if name in INDEX)}.",
        code="E109",
    )


def shared_out(n: int, labels: np.ndarray) -> np.ndarray:
    """Give n labels, each class as often as it comes among these labels, as nearly as whole numbers allow."""
    names, counts = np.unique(labels, return_counts=True)
    exact = n * counts / max(counts.sum(), 1)
    whole = np.floor(exact).astype(np.int64)
    missing = n - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
    return np.repeat(names, whole)


def places_out(n: int, labels: np.ndarray) -> np.ndarray:
    """Give n places among these labels, each class as often as it comes, and its items in turn."""
    names, counts = np.unique(shared_out(n, labels), return_counts=True)
    places = [np.resize(np.flatnonzero(labels == name), count) for name, count in zip(names, counts, strict=True)]
    return np.sort(np.concatenate([np.arange(0), *places]))
