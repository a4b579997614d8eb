"""The forms in which rows, pictures, clips and lines are sent, chosen by ?format= or by Accept."""

from __future__ import annotations

from collections.abc import Mapping

from contrafact.serve.refusals import Refusal

TABLE, PICTURES, SOUND, TEXT = "table", "pictures", "sound", "text"
TYPES: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "npy": "application/octet-stream",
    "png": "image/png",
    "zip": "application/zip",
    "wav": "audio/wav",
    "txt": "text/plain; charset=utf-8",
}
# The first is what is sent where nobody says otherwise.
FORMS: dict[str, tuple[str, ...]] = {
    "table": ("json", "csv", "arrow", "parquet"),
    "series": ("json", "csv", "arrow", "parquet"),
    "vectors": ("json", "csv", "arrow", "parquet", "npy"),
    "pictures": ("zip", "png", "npy"),
    "sound": ("zip", "wav"),
    "text": ("txt", "json"),
}
FEW = {"pictures": "png", "sound": "wav"}  # of a single item


def form_of(kind: str, n: int, query: Mapping[str, str], accept: str) -> str:
    """Choose the form of an answer.

    Arguments:
        kind: What is sent.
        n: How many.
        query: May name a format.
        accept: The Accept header.

    Raises:
        Refusal: There is no such form of this kind.
    """
    known = FORMS[kind]
    usual = FEW.get(kind, known[0]) if n == 1 else known[0]
    if "format" in query:
        if query["format"] in known:
            return query["format"]
        raise _unknown(kind, f"'{query['format'][:40]}' is none of them.")
    wished = accepted(accept)
    if not wished:
        return usual
    for media in wished:
        for form in (usual, *known):
            if _meets(TYPES[form].split(";")[0], media):
                return form
    raise _unknown(kind, "The Accept header names none of them.")


def accepted(accept: str) -> list[str]:
    """List the media types of an Accept header, best first.

    >>> accepted("text/csv;q=.5, application/json, image/png;q=0")
    ['application/json', 'text/csv']
    """
    found = []
    for place, part in enumerate(accept[:2000].split(",")):
        media, *words = (word.strip().lower() for word in part.split(";"))
        weight = next((_weight(word[2:]) for word in words if word.startswith("q=")), 1.0)
        if media and weight > 0:
            found.append((-weight, place, media))
    return [media for _, _, media in sorted(found)]


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def _meets(media: str, wished: str) -> bool:
    return wished in ("*/*", media) or (wished.endswith("/*") and media.startswith(wished[:-1]))


def _unknown(kind: str, why: str) -> Refusal:
    known = FORMS[kind]
    return Refusal(
        406,
        "E709",
        f"The answer cannot be sent in that form: {kind} come as {', '.join(known)}.",
        why=why,
        fix=f"?format={known[0]}, or 'Accept: {TYPES[known[0]].split(';')[0]}'",
    )
