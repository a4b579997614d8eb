"""What a model may be able to do, one Protocol a verb; verbs ask for an ability, never for a class."""

from __future__ import annotations

from os import PathLike
from typing import Any, Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Saves(Protocol):
    def save(self, folder: str | PathLike[str], with_critic: bool = False) -> None: ...


@runtime_checkable
class Samples(Protocol):
    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any: ...


@runtime_checkable
class Scores(Protocol):
    """Gives the logarithm of the probability (density) of each item."""

    def log_prob(self, data: Any) -> np.ndarray: ...


@runtime_checkable
class Criticises(Protocol):
    """Gives a critic's opinion of each item: higher is more real."""

    def critic(self, data: Any) -> np.ndarray: ...


@runtime_checkable
class Refines(Protocol):
    """Draws samples that the critic has helped to choose or to move."""

    def refine(self, n: int, seed: int | None = None) -> Any: ...


@runtime_checkable
class Encodes(Protocol):
    """Gives what lies behind each item: a row of numbers, or a frame of codes."""

    def encode(self, data: Any) -> Any: ...


@runtime_checkable
class Translates(Protocol):
    """Makes of each picture the mask or the picture that belongs to it: one best guess, or several draws."""

    def translate(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any: ...


@runtime_checkable
class Inpaints(Protocol):
    """Fills the holes of pictures, and leaves all else as it is."""

    def inpaint(self, pictures: Any, masks: Any, draws: int | None = None, seed: int | None = None) -> Any: ...


@runtime_checkable
class Imputes(Protocol):
    """Fills the holes of a copy of a table: one best guess, or several random draws."""

    def impute(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any: ...


@runtime_checkable
class Forecasts(Protocol):
    """Says how series go on: one best guess, or several futures."""

    def forecast(self, data: Any, steps: int, draws: int | None = None, seed: int | None = None) -> Any: ...


@runtime_checkable
class Intervenes(Protocol):
    """Gives the model of the world in which some variables are set: `do(X=1)`."""

    def do(self, **settings: Any) -> Any: ...


@runtime_checkable
class Imagines(Protocol):
    """Gives the same rows in the world in which some variables had been set."""

    def counterfactual(
        self, data: Any, do: dict[str, Any], draws: int | None = None, seed: int | None = None
    ) -> Any: ...


@runtime_checkable
class FindsEdges(Protocol):
    """Gives arrows between the columns of a table, with a confidence each."""

    def edges(self) -> Any: ...


@runtime_checkable
class Affects(Protocol):
    """Says what a treatment does to each row, what each arm would give, and the average effect."""

    def effect(self, data: Any) -> np.ndarray: ...

    def potential(self, data: Any) -> np.ndarray: ...

    def ate(self) -> Any: ...


ABILITIES: dict[str, type] = {
    "save": Saves,
    "sample": Samples,
    "log_prob": Scores,
    "critic": Criticises,
    "refine": Refines,
    "encode": Encodes,
    "translate": Translates,
    "inpaint": Inpaints,
    "impute": Imputes,
    "forecast": Forecasts,
    "do": Intervenes,
    "counterfactual": Imagines,
    "edges": FindsEdges,
    "effect": Affects,
}


def abilities(model: object) -> list[str]:
    """Name the abilities that a model has."""
    return [name for name, protocol in ABILITIES.items() if isinstance(model, protocol)]
