"""Inpaint: from a picture, a mask and a run to fillings in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.engine.bundle import write_atomically, writing
from contrafact.tasks.read import read
from contrafact.tasks.sample import model_of
from contrafact.tasks.write_pictures import as_png, is_ours, png, tile


def one_picture(path: str) -> Data:
    """Read the one picture of a file.

    Raises:
        DataError: It holds something else, or several pictures.
    """
    data = read(path)
    if isinstance(data, Data) and data.kind == "pictures" and len(data) == 1:
        return data
    held = f"{len(data)} pictures" if isinstance(data, Data) and data.kind == "pictures" else "no pictures"
    raise DataError(
        f"{path} holds {held}.",
        why="One picture is filled at a time.",
        fix="Give a picture and its mask, two files of one size.",
        code="E213",
    )


def white(mask: Data, path: str) -> np.ndarray:
    """Say which pixels of a mask are white: at least half as bright as can be.

    Raises:
        DataError: None is.
    """
    picture = np.asarray(mask.items[0], dtype=np.float64)
    bright = picture[..., :3].mean(-1) if picture.ndim == 3 else picture
    hole: np.ndarray = bright >= np.iinfo(mask.items.dtype).max / 2
    if not hole.any():
        raise DataError(
            f"The mask {path} has no hole.",
            why="White pixels are filled; its brightest pixel is dark.",
            fix="Paint what is to be filled in white on black.",
            code="E216",
        )
    return hole


def inpaint(picture: str, mask: str, run: str, *, n: int, out: str, seed: int) -> list[str]:
    """Fill the hole of a picture n times and write the fillings, and a sheet of all, as PNG files.

    Arguments:
        picture: A file with one picture, of any size.
        mask: A file with a picture of the same size, white where there is a hole.
        run: A run, or a saved model's folder.
        n: How many fillings.
        out: The folder for them.
        seed: The same seed gives the same fillings.

    Returns:
        The files: one for each filling, then the sheet, which begins with the picture and its hole in grey.
    """
    data, holes = one_picture(picture), one_picture(mask)
    sizes = [side.items.shape[1:3] for side in (data, holes)]
    if sizes[0] != sizes[1]:
        (high, wide), (mask_high, mask_wide) = sizes
        raise DataError(
            f"The mask {mask} is {mask_wide} x {mask_high} pixels, the picture {picture} {wide} x {high}.",
            why="A mask says for each pixel of its picture whether it is filled.",
            fix="Make the mask as large as the picture.",
            code="E216",
        )
    if n < 1:
        why = "At least one filling is made."
        raise UsageError(f"{n} fillings cannot be made.", why=why, fix="-n 4", code="E104")
    hole, model = white(holes, mask), model_of(run)
    if not hasattr(model, "inpaint"):
        raise UsageError(
            f"{run} cannot fill holes: it was fitted by {model.recipe.method}.",
            why="Holes are filled by a model that was trained for it.",
            fix="Train one: contrafact train FOLDER --recipe inpaint",
            code="E126",
        )
    as_png(data)
    fillings = model.inpaint(data, hole, draws=n, seed=seed)
    return _written(data, hole, [filling.items[0] for filling in fillings], Path(out), Path(picture).stem)


def _written(data: Data, hole: np.ndarray, fillings: list[np.ndarray], folder: Path, stem: str) -> list[str]:
    shown = data.items[0].copy()
    shown[hole] = np.iinfo(shown.dtype).max // 2
    width = len(str(len(fillings)))
    files = {f"{stem}-{number:0{width}}.png": png(filling) for number, filling in enumerate(fillings, 1)}
    files[f"{stem}-sheet.png"] = png(tile(np.stack([shown, *fillings])))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / name for name in files]
    taken = next((path for path in paths if path.exists() and not is_ours(path)), None)
    if taken is not None:
        raise UsageError(
            f"{taken} is there, and is no synthetic picture.",
            why="A file that was not written so is not replaced.",
            fix="Give another folder.",
            code="E315",
        )
    for path, payload in zip(paths, files.values(), strict=True):
        write_atomically(path, payload)
    return [str(path) for path in paths]
