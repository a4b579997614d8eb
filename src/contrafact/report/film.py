"""What a generator made, over time and at the end, from the samples in a run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contrafact.engine.run import Run
from contrafact.report.figures import Figure
from contrafact.report.markup import Html, element
from contrafact.report.panels import Strip
from contrafact.report.views import View, is_text, view_of

FRAMES = 8
Shot = tuple[int, np.ndarray]


def load(path: Path) -> np.ndarray | None:
    """Read one file of samples; a damaged or an empty one is nothing."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if isinstance(array, np.ndarray) and array.ndim and array.size else None


def numbered(run: Run) -> list[tuple[int, Path]]:
    """List a run's sample files with their steps; files of other names are not ours."""
    files = (run.folder / "samples").glob("*.npy")
    return sorted((int(path.stem), path) for path in files if path.stem.isascii() and path.stem.isdigit())


def shots(run: Run, most: int = FRAMES, keep: int | None = None) -> list[Shot]:
    """Read samples at steps spread over the run: the first, the last, and one step more if it was written.

    Arguments:
        run: The run.
        most: How many.
        keep: A step that must be among them.
    """
    files = numbered(run)
    places = set(np.linspace(0, len(files) - 1, min(most, len(files))).round().astype(int).tolist())
    wanted = next((i for i, (step, _) in enumerate(files) if step == keep), None)
    if wanted is not None and wanted not in places:
        # It takes the place of the nearest frame that is neither the first nor the last.
        inner = sorted(places - {0, len(files) - 1}, key=lambda place: abs(place - wanted))
        places = (places - set(inner[:1])) | {wanted}
    read = [(files[i][0], load(files[i][1])) for i in sorted(places)]
    found = [(step, array) for step, array in read if array is not None]
    return [(step, array) for step, array in found if _alike(array, found[-1][1])]


def last_shot(run: Run) -> Shot | None:
    """Read the samples that were drawn last and can be read."""
    for step, path in reversed(numbered(run)):
        array = load(path)
        if array is not None:
            return step, array
    return None


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype.kind == other.dtype.kind and one.shape[1:] == other.shape[1:]


def film(taken: list[Shot], real: Any = None, names: list[str] | None = None, best: int | None = None) -> list[Html]:
    """Show samples over time, and the last of them larger.

    Arguments:
        taken: Steps and samples.
        real: Real data to lay beneath, or None.
        names: Names of the columns.
        best: The step of the best model.
    """
    if not taken:
        return []
    if is_text(taken[-1][1]):
        from contrafact.report.spoken import spoken_film

        return spoken_film(taken, best)
    view = view_of([array for _, array in taken], real, names)
    if view is None:
        return [element("p", "These samples are of a kind that is not drawn here.", class_="quiet")]
    figures = [strip(taken, view, best)] if len(taken) > 1 else []
    return [figure.html() for figure in [*figures, _last(*taken[-1], view)]]


def strip(taken: list[Shot], view: View, best: int | None) -> Figure:
    """Lay samples side by side, in order of their steps."""
    frames = tuple(
        (f"step {step:,}{' (best)' if step == best else ''}", view.draw(array, False)) for step, array in taken
    )
    return Figure(
        finding=f"From step {taken[0][0]:,} to step {taken[-1][0]:,}, the same noise made these.",
        sentence=f"Read it like a film, row by row. {view.how}",
        drawing=Strip(frames=frames, columns=min(4, max(2, len(frames)))),
    )


def _last(step: int, array: np.ndarray, view: View) -> Figure:
    return Figure(
        finding=f"The samples drawn last, at step {step:,}.",
        sentence=view.how + view.beside,
        drawing=view.draw(array, True),
    )
