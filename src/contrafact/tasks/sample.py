"""Sample: from a run's name and a number to items in a file, marked as synthetic where the format can say so."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.base.records import Result
from contrafact.base.seeds import checked_count
from contrafact.codecs.files import Blocks
from contrafact.engine.bundle import write_atomically
from contrafact.engine.model import DOCUMENT
from contrafact.tasks.load import load
from contrafact.tasks.runs import find_run
from contrafact.tasks.write_pictures import MARK, sheet, write_folder, write_zip
from contrafact.tasks.write_sound import write_sound

ASKED = {"edges": "", "effect": "rows", "impute": "table"}  # what models that draw nothing are asked, and about what


def place_of(what: str) -> Path:
    """Find the folder of a saved model, or of a run by its name."""
    folder = Path(what)
    return folder if (folder / DOCUMENT).exists() else find_run(what).folder


def model_of(what: str) -> Any:
    """Load a saved model from its folder, or the model of a run by its name."""
    return load(place_of(what))


def draw(
    what: str,
    n: int,
    *,
    given: dict[str, Any] | None,
    seed: int,
    refine: bool = False,
    lazily: bool = False,
    **options: Any,
) -> Any:
    """Draw n items from a run's model.

    Arguments:
        what: A run, or a saved model's folder.
        n: How many.
        given: Conditions.
        seed: The same seed draws the same items.
        refine: Let the critic choose among candidates.
        lazily: Whether very many rows of a table are drawn when they are written.
        options: What else some models can do: truncation, edit.
    """
    from contrafact.tasks.large import MANY_DRAWN, Drawn

    model = model_of(what)
    _check_draws(model, what)
    if lazily and n > MANY_DRAWN and hasattr(model, "blocks") and not (refine or options):
        return Drawn(model=model, n=checked_count(n), given=given, seed=seed)
    if not refine:
        return model.sample(n, given=given, seed=seed, **_able(model.sample, model, options))
    if not hasattr(model, "refine"):
        raise UsageError(
            f"{model.recipe.method} has no critic to refine with.",
            why="Only adversarial methods train one.",
            fix="Sample without --refine.",
            code="E110",
        )
    return model.refine(n, seed=seed, **_able(model.refine, model, options))


def _check_draws(model: Any, what: str) -> None:
    """Refuse a model that cannot be drawn from.

    Raises:
        UsageError: It finds arrows, or answers about items that it is given.
    """
    from contrafact.tasks.segment import DOCUMENT as OF_SEGMENT

    if hasattr(model, "edges"):
        raise UsageError(
            f"{model.recipe.method} draws nothing.",
            why="It finds arrows between columns.",
            fix="contrafact.load(RUN).edges(), or contrafact discover FILE",
            code="E126",
        )
    if not hasattr(model, "sample"):
        masks = (place_of(what) / OF_SEGMENT).exists()
        raise UsageError(
            f"{model.recipe.method} draws nothing by itself.",
            why="It answers about items that it is given.",
            fix=f"contrafact segment NEW --run {quote(what)} -o OUT" if masks else other_use(model.recipe.method, what),
            code="E126",
        )


def other_use(method: str, run: str) -> str:
    """Say what a model that draws nothing by itself is good for: a command, or a line of Python.

    Arguments:
        method: The method's name.
        run: The run, or the saved model's folder.
    """
    from contrafact.zoo.index import find

    able = find(method).abilities
    if "translate" in able:
        return f"contrafact translate NEW --run {quote(run)}{' --to CLASS' if method == 'cyclegan' else ''} -o OUT"
    return next(f"contrafact.load({run!r}).{name}({rows})" for name, rows in ASKED.items() if name in able)


def _able(draw: Callable[..., Any], model: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Give the options back if this way of drawing takes them all."""
    for name in options:
        if name not in inspect.signature(draw).parameters:
            how = " and --refine together" if draw.__name__ == "refine" and hasattr(model, "directions") else ""
            raise _unable(model, f"draw with --{name}{how}", f"Sample without --{name}.")
    return options


def _unable(model: Any, what: str, fix: str) -> UsageError:
    return UsageError(
        f"{model.recipe.method} cannot {what}.",
        why="Noise can be moved where it stands behind pictures of an adversarial model.",
        fix=fix,
        code="E126",
    )


def edits(what: str) -> list[tuple[Any, bool]]:
    """List the directions that `edit` takes: one for each measure, then the strongest ones, which go by number.

    Arguments:
        what: A run, or a saved model's folder.
    """
    model = model_of(what)
    if not hasattr(model, "directions"):
        raise _unable(model, "be edited", "Sample without --edits.")
    named, numbered = model.directions(by="measures"), model.directions()
    return [*((direction, False) for direction in named), *((direction, True) for direction in numbered)]


def write(drawn: Any, out: str, *, csv_safe: bool = False, seed: int | None = None) -> list[str]:
    """Write items to a file of the kind that its ending names; pictures and clips also one by one to a folder or a zip.

    Arguments:
        drawn: What was drawn.
        out: A file or a folder.
        csv_safe: In .csv make text harmless that begins like a formula.
        seed: What clips of sound were drawn with, for their names.

    Raises:
        UsageError: These items cannot be written to such a file, or the folder holds files of another origin.
    """
    path = Path(out)
    if isinstance(drawn, Blocks):
        from contrafact.tasks.large import save_drawn

        return save_drawn(Result(data=drawn, scores={}, verdict=""), out, csv_safe=csv_safe)
    several = _sound_writer(drawn, out, seed) or _pictures_writer(drawn, out)
    if several is not None:
        several(drawn, path)
        return [str(path)]
    makers: dict[str, Callable[[Any], bytes | None]] = {
        ".npy": _npy,
        ".npz": _npz,
        ".csv": partial(_csv, safe=csv_safe),
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
            fix="Use .npy for vectors, .csv for tables, a folder, .zip, .png or .npy for pictures, a folder, .zip "
            "or .wav for sound, .txt or .csv for text.",
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

    from contrafact.tasks.table_maker import SOURCE, SYNTHETIC, mark_of

    if hasattr(drawn, "columns"):
        return drawn.assign(**{mark_of(drawn): SYNTHETIC})
    if isinstance(drawn, Data) and drawn.kind == "text":
        classes = {} if drawn.labels is None else {"label": drawn.labels}
        return pd.DataFrame({"text": drawn.items, **classes, SOURCE: SYNTHETIC})
    array = _numbers(drawn)
    if array is None or array.ndim != 2:
        return None
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])]).assign(**{SOURCE: SYNTHETIC})


def _csv(drawn: Any, safe: bool = False) -> bytes | None:
    from contrafact.tasks.write_tables import harmless

    frame = _frame(drawn)
    if frame is None:
        return None
    text: str = (harmless(frame) if safe else frame).to_csv(index=False)
    return text.encode()


def _parquet(drawn: Any) -> bytes | None:
    frame = _frame(drawn)
    return None if frame is None else parquet_bytes(frame)


def parquet_bytes(frame: Any) -> bytes:
    """Write a frame as the bytes of a Parquet file.

    Raises:
        UsageError: Two columns share a name, or pyarrow is not installed.
    """
    with wants_pyarrow():
        return _saved(named_apart(frame).to_parquet, index=False)


def named_apart(frame: Any) -> Any:
    """Give a frame's columns names that are text.

    Raises:
        UsageError: Two columns share a name.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise UsageError(
            "A table with two columns of one name cannot be written to a Parquet file.",
            why=f"The columns are {', '.join(names[:8])}.",
            fix="Use .csv, or rename the columns of the data and fit again.",
            code="E121",
        )
    return frame.set_axis(names, axis=1)


@contextmanager
def wants_pyarrow() -> Iterator[None]:
    """Say that pyarrow is missing, where it is."""
    try:
        yield
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
    return sheet(drawn) if isinstance(drawn, Data) and drawn.kind == "pictures" and len(drawn) else None


def _pictures_writer(drawn: Any, out: str) -> Callable[[Data, Path], None] | None:
    """Choose who writes a picture a file: into a folder (no ending, or one that is there), or into a zip."""
    if not (isinstance(drawn, Data) and drawn.kind == "pictures" and len(drawn) and out):
        return None
    path = Path(out)
    folder = path.is_dir() or not path.suffix or out.endswith(("/", "\\"))
    return write_folder if folder else write_zip if path.suffix.lower() == ".zip" else None


def _sound_writer(drawn: Any, out: str, seed: int | None) -> Callable[[Data, Path], None] | None:
    """Choose who writes clips: each into a folder or a zip, or all into one .wav file."""
    if not (isinstance(drawn, Data) and drawn.kind == "sound" and len(drawn) and out):
        return None
    path = Path(out)
    known = path.is_dir() or path.suffix.lower() in ("", ".zip", ".wav") or out.endswith(("/", "\\"))
    return partial(write_sound, seed=seed) if known else None
