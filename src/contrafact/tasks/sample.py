"""Sample: from a run's name and a number to items in a file, marked as synthetic where the format can say so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.engine.bundle import write_atomically
from contrafact.engine.model import DOCUMENT
from contrafact.tasks.load import load
from contrafact.tasks.runs import find_run

MARK = "Synthetic: made by a generative model with contrafact"


def place_of(what: str) -> Path:
    """Find the folder of a saved model, or of a run by its name."""
    folder = Path(what)
    return folder if (folder / DOCUMENT).exists() else find_run(what).folder


def model_of(what: str) -> Any:
    """Load a saved model from its folder, or the model of a run by its name."""
    return load(place_of(what))


def draw(what: str, n: int, *, given: dict[str, Any] | None, seed: int, refine: bool = False) -> Any:
    """Draw n items from a run's model.

    Arguments:
        what: A run, or a saved model's folder.
        n: How many.
        given: Conditions.
        seed: The same seed draws the same items.
        refine: Let the critic choose among candidates.
    """
    model = model_of(what)
    if not refine:
        return model.sample(n, given=given, seed=seed)
    if not hasattr(model, "refine"):
        raise UsageError(
            f"{model.recipe.method} has no critic to refine with.",
            why="Only adversarial methods train one.",
            fix="Sample without --refine.",
            code="E110",
        )
    return model.refine(n, seed=seed)


def write(drawn: Any, out: str) -> list[str]:
    """Write items to a file of the kind that its ending names.

    Raises:
        UsageError: These items cannot be written to such a file.
    """
    path = Path(out)
    makers = {
        ".npy": _npy,
        ".npz": _npz,
        ".csv": _csv,
        ".parquet": _parquet,
        ".txt": _txt,
        ".png": _png,
    }
    payload = makers[path.suffix.lower()](drawn) if path.suffix.lower() in makers else None
    if payload is None:
        kind = drawn.kind if isinstance(drawn, Data) else "table" if hasattr(drawn, "columns") else "vectors"
        raise UsageError(
            f"{kind.capitalize()} cannot be written to '{out}'.",
            why=f"Known endings are {', '.join(makers)}, each for its kind of data.",
            fix="Use .npy for vectors, .csv for tables, .png or .npy for pictures, .txt for text.",
            code="E121",
        )
    write_atomically(path, payload)
    return [str(path)]


def _numbers(drawn: Any) -> np.ndarray | None:
    items = drawn.items if isinstance(drawn, Data) else drawn.to_numpy() if hasattr(drawn, "columns") else drawn
    return items if isinstance(items, np.ndarray) and items.dtype != object else None


def _saved(save: Any, *args: Any, **kwargs: Any) -> bytes:
    buffer = io.BytesIO()
    save(buffer, *args, **kwargs)
    return buffer.getvalue()


def _npy(drawn: Any) -> bytes | None:
    array = _numbers(drawn)
    return None if array is None else _saved(np.save, array, allow_pickle=False)


def _npz(drawn: Any) -> bytes | None:
    array = _numbers(drawn)
    return None if array is None else _saved(np.savez_compressed, items=array, source=np.array(MARK))


def _frame(drawn: Any) -> Any:
    import pandas as pd

    if hasattr(drawn, "columns"):
        mark = "_source"
        while mark in drawn.columns:  # a column of the user's own
            mark += "_"
        return drawn.assign(**{mark: "synthetic"})
    array = _numbers(drawn)
    if array is None or array.ndim != 2:
        return None
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])]).assign(_source="synthetic")


def _csv(drawn: Any) -> bytes | None:
    frame = _frame(drawn)
    return None if frame is None else frame.to_csv(index=False).encode()


def _parquet(drawn: Any) -> bytes | None:
    frame = _frame(drawn)
    if frame is None:
        return None
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise UsageError(
            "A table with two columns of one name cannot be written to a Parquet file.",
            why=f"The columns are {', '.join(names[:8])}.",
            fix="Use .csv, or rename the columns of the data and fit again.",
            code="E121",
        )
    try:
        return _saved(frame.set_axis(names, axis=1).to_parquet, index=False)
    except ImportError as error:
        raise UsageError(
            "A Parquet file cannot be written.",
            why="It needs pyarrow, which is not installed.",
            fix='pip install "contrafact[data]", or use .csv',
            code="E111",
        ) from error


def _txt(drawn: Any) -> bytes | None:
    items = drawn.items if isinstance(drawn, Data) else drawn
    if not isinstance(items, list):
        return None
    return "".join((item if isinstance(item, str) else " ".join(map(str, item))) + "\n" for item in items).encode()


def _png(drawn: Any) -> bytes | None:
    from PIL import Image, PngImagePlugin

    if not (isinstance(drawn, Data) and drawn.kind == "pictures" and len(drawn)):
        return None
    if drawn.items.ndim == 4 and drawn.items.shape[-1] not in (1, 3, 4):
        return None
    info = PngImagePlugin.PngInfo()
    info.add_text("Description", MARK)
    return _saved(Image.fromarray(tile(drawn.items)).save, format="PNG", pnginfo=info)


def tile(items: np.ndarray, gap: int = 1) -> np.ndarray:
    """Lay pictures out in a grid that is about square."""
    items = items[..., 0] if items.ndim == 4 and items.shape[-1] == 1 else items
    across = max(round(len(items) ** 0.5), 1)
    down = -(-len(items) // across)
    high, wide = items.shape[1] + gap, items.shape[2] + gap
    sheet = np.full((down * high + gap, across * wide + gap, *items.shape[3:]), 255, dtype=np.uint8)
    for index, item in enumerate(items):
        y, x = index // across * high + gap, index % across * wide + gap
        sheet[y : y + items.shape[1], x : x + items.shape[2]] = item
    return sheet
