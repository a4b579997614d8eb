"""Load a model that was saved, or the best one of a run."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from contrafact.base.errors import StorageError
from contrafact.engine.model import DOCUMENT, read_model
from contrafact.zoo.index import recipe


def load(folder: str | PathLike[str]) -> Any:
    """Make a model again from the folder that `save` or a training run wrote; every byte is verified.

    Arguments:
        folder: A saved model, a checkpoint, or a run's folder (its best model, else its newest, is loaded).

    Raises:
        StorageError: There is no model, or a file of it is damaged; the message names the file.
    """
    path = Path(folder)
    if (path / "checkpoints").is_dir() and not (path / DOCUMENT).exists():
        from contrafact.engine.checkpoints import model_folder

        found = model_folder(path)
        if found is None:
            raise StorageError(
                f"The run {path} has no model yet.",
                why="It was stopped before its first checkpoint.",
                fix="Run its command again to go on (see redo.txt).",
                code="E314",
            )
        path = found
    document, arrays = read_model(path)
    kind = recipe(document["method"])
    return kind(**document["recipe"]).restore(document["codec"], arrays, document["facts"])
