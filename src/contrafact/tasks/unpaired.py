"""Translate a folder of pictures or a file of lines with any model that translates, with pairs or without."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.tasks.rewrite import rewrite_file
from contrafact.tasks.sample import model_of
from contrafact.tasks.translate import Translated, translate_files


def translate(what: str, run: str, out: str, *, to: str | None = None) -> Translated:
    """Make a PNG from each picture of a file, a folder or a zip, or a line from each line of a file.

    Arguments:
        what: The pictures, or the file of lines.
        run: A run, or a saved model's folder.
        out: The folder that is written to; for lines a file.
        to: The class to translate into, where the model knows several.
    """
    model = model_of(run)
    wish = {} if to is None else {"to": to}
    _check(model, run, wish)
    if model.recipe.method == "rewriter":
        return rewrite_file(model, what, out)
    codec = getattr(model.codec, "source", model.codec)  # a codec of pairs knows what it reads by this name

    def make(batch: np.ndarray) -> np.ndarray:
        made = model.translate(batch, **wish)
        items: np.ndarray = np.asarray(getattr(made, "items", made))
        first: np.ndarray = items[0]
        return first

    return translate_files(what, out, make, channels=codec.channels, bits=codec.depth)


def _check(model: Any, run: str, wish: dict[str, str]) -> None:
    """Refuse what the model cannot do before anything is read."""
    if not hasattr(model, "translate"):
        raise UsageError(
            f"{run} cannot translate: it was fitted by {model.recipe.method}.",
            why="Pictures are translated by a model that was trained for it.",
            fix="Train one on a folder with two classes: contrafact train FOLDER --recipe cyclegan",
            code="E126",
        )
    known = "to" in inspect.signature(model.translate).parameters
    if wish and not known:
        raise UsageError(
            f"{model.recipe.method} translates in one way only.",
            why="It was trained on pairs; there are no classes to choose from.",
            fix="Leave --to out.",
            code="E109",
        )
    if known and not wish:
        names = " or ".join(model.codec.classes)
        raise UsageError(
            "It is not said what the pictures shall become.",
            why=f"The model translates into {names}.",
            fix=f"--to {model.codec.classes[-1]}",
            code="E109",
        )
