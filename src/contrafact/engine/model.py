"""What every fitted model can do: save itself as a verified bundle, to be loaded by its method's name."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.errors import StorageError
from contrafact.base.recipe import Recipe
from contrafact.engine.bundle import MANIFEST, arrays_from_bytes, arrays_to_bytes, read_bundle, to_bytes, write_bundle

FORMAT = 1
DOCUMENT, ARRAYS = "model.json", "model.safetensors"


class Model:
    """A fitted thing. Subclasses add the abilities that they have, and give their arrays and facts.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its numbers become the user's kind of data.
    """

    def __init__(self, recipe: Recipe, codec: Any) -> None:
        self.recipe, self.codec = recipe, codec
        self.kept_in: Path | None = None  # the run folder, where one was kept

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the fitted numbers by name."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """Give what else is needed to make the model again, as JSON-ready values."""
        return {}

    def files(self, with_critic: bool = False) -> dict[str, bytes]:
        """Give the model as the files of a bundle."""
        document = {
            "format": FORMAT,
            "method": self.recipe.method,
            "recipe": self.recipe.settings(),
            "codec": self.codec.to_json(),
            "facts": self.facts(),
        }
        return {DOCUMENT: to_bytes(document), ARRAYS: arrays_to_bytes(self.arrays(with_critic))}

    def save(self, folder: str | PathLike[str], with_critic: bool = False) -> None:
        """Write the model to a folder of JSON and safetensors; the critic stays out unless asked for."""
        write_bundle(Path(folder), self.files(with_critic), identity="model")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} fitted by {self.recipe}>"


def read_model(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a saved model's document and arrays, verified."""
    files = read_bundle(folder) if (folder / MANIFEST).exists() else {}
    if DOCUMENT not in files or ARRAYS not in files:
        raise StorageError(
            f"{folder} holds no model.",
            why=f"A model is a folder with {DOCUMENT} and {ARRAYS}.",
            fix="Give the folder that model.save or a training run wrote.",
            code="E312",
        )
    document = json.loads(files[DOCUMENT])
    if document["format"] > FORMAT:
        raise StorageError(
            f"{folder} was written by a newer version (format {document['format']}).",
            why=f"This version reads formats up to {FORMAT}.",
            fix="pip install --upgrade contrafact",
            code="E313",
        )
    return document, arrays_from_bytes(files[ARRAYS])
