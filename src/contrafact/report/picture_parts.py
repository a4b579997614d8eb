"""A closer look at a run's pictures: class by class, beside their nearest real ones, over frequency, and in motion."""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError
from contrafact.base.seeds import generator
from contrafact.base.thumbnail import in_bytes
from contrafact.codecs.image import ImageCodec
from contrafact.report.classes import by_class
from contrafact.report.facts import Facts
from contrafact.report.figures import Figure
from contrafact.report.film import last_shot
from contrafact.report.markup import Html, element
from contrafact.report.neighbours import nearest_real
from contrafact.report.spectrum import spectrum
from contrafact.report.views import is_pictures, to_array
from contrafact.report.walk import walking

MOST_REAL = 1000


def as_learned(known: Facts, real: Any) -> Any:
    """Give a few real pictures at the size and depth that the run learned; other data as they are."""
    codec = _codec(known)
    if codec is None or real is None:
        return real
    try:
        places = np.sort(generator(0, "as learned").permutation(len(real))[:MOST_REAL])
        pictures = codec.pictures(real.take(places) if isinstance(real, Data) else np.asarray(real)[places])
    except ContrafactError:
        return real
    made = codec.decode({"pictures": pictures})
    return made if isinstance(made, Data) else Data(kind="pictures", items=made)


def _codec(known: Facts) -> ImageCodec | None:
    try:
        return ImageCodec.from_json(known.codec) if known.codec.get("codec") == "image" else None
    except TypeError:  # a damaged or a newer document
        return None


def closer_look(known: Facts, real: Any = None) -> list[Html]:
    """Look closer at a run's pictures; nothing for runs of another kind.

    Arguments:
        known: What is known of the run.
        real: The real pictures, which become part of the page, or None.
    """
    codec = _codec(known)
    if codec is None:  # other codecs may hold pictures, too
        shot = last_shot(known.run)
        return [] if real is None or shot is None else [figure.html() for figure in compared(real, shot[1])]
    truth: dict[str, np.ndarray] | None = None
    parts = []
    if real is not None:
        try:
            truth = codec.encode(real)
        except ContrafactError as error:
            parts.append(
                element("p", f"The real data cannot be shown beside the samples. {error.what}", class_="quiet")
            )
    return [*parts, *_of_model(known, truth), *_beside_real(known, codec, truth)]


def compared(real: Any, fake: Any) -> tuple[Figure, ...]:
    """Compare any pictures with real ones of the same size: nearest neighbours and spectrum; nothing for other data.

    Arguments:
        real: Real pictures.
        fake: Pictures that were made.
    """
    arrays = [to_array(real), to_array(fake)]
    if any(array is None or not is_pictures(array) for array in arrays):
        return ()
    truth, made = (array if array.ndim == 4 else array[..., None] for array in arrays if array is not None)
    if truth.shape[1:] != made.shape[1:] or truth.dtype != made.dtype:
        return ()
    limits = float(truth.min()), float(truth.max())
    truth, made = (in_bytes(array, limits).transpose(0, 3, 1, 2) for array in (truth, made))
    return tuple(figure for figure in (nearest_real(made, truth), spectrum(made, truth)) if figure is not None)


def _of_model(known: Facts, truth: dict[str, np.ndarray] | None) -> list[Html]:
    """Draw from the model that the run hands out."""
    from contrafact.nets.picture_model import PictureModel
    from contrafact.tasks.load import load

    try:
        model = load(known.run.folder)
    except ContrafactError as error:
        return [element("p", f"No model could be drawn from. {error.what}", class_="quiet")]
    if not isinstance(model, PictureModel):
        return []
    rows = by_class(model, truth)
    return [*([rows.html()] if rows else []), walking(model)]


def _beside_real(known: Facts, codec: ImageCodec, truth: dict[str, np.ndarray] | None) -> list[Html]:
    """Compare the samples drawn last with real pictures."""
    shot = last_shot(known.run)
    if truth is None or shot is None:
        return []
    try:
        fake = codec.pictures(shot[1])
    except ContrafactError:  # the samples were written by something else
        return []
    figures = (nearest_real(fake, truth["pictures"]), spectrum(fake, truth["pictures"]))
    return [figure.html() for figure in figures if figure is not None]
