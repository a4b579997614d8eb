"""Load a model that was saved, or the best one of a run."""

from __future__ import annotations

import warnings
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
        StorageError: There is no model, or no whole one; the message names the damaged file.
    """
    path = Path(folder)
    run = (path / "checkpoints").is_dir() and not (path / DOCUMENT).exists()
    document, arrays = _newest_whole(path) if run else read_model(path)
    kind = recipe(document["method"])
    return kind(**document["recipe"]).restore(document["codec"], arrays, document["facts"])


def _newest_whole(run: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the model that a run hands out; a damaged one is named in a warning, and the next one is used."""
    from contrafact.engine.checkpoints import model_folders

    damage: list[StorageError] = []
    for folder in model_folders(run):
        try:
            found = read_model(folder)
        except StorageError as error:
            damage.append(error)
            continue
        for hurt in damage:
            warnings.warn(f"{hurt.what} {hurt.why} The model of step {int(folder.name)} is used.", stacklevel=3)
        return found
    if damage:
        raise damage[0]
    raise StorageError(
        f"The run {run} has no model yet.",
        why="It was stopped before its first checkpoint.",
        fix="Run its command again to go on (see redo.txt).",
        code="E314",
    )
