"""Fetch a file over the network: only where the user asks for it in so many words, and only the very file meant."""

from __future__ import annotations

import hashlib
import urllib.request
from os import PathLike
from pathlib import Path

from contrafact.base.errors import StorageError, UsageError
from contrafact.engine.bundle import sync_folder, write_synced, writing

LARGEST = 2**30
SECONDS = 60.0


def fetch(url: str, sha256: str, to: str | PathLike[str]) -> Path:
    """Fetch a file whose digest is known; one that is there already and right is not fetched again.

    Arguments:
        url: Where it is, https only.
        sha256: Its SHA-256 in hexadecimal: another file is thrown away.
        to: Where it goes.

    Raises:
        UsageError: The address is not https, or cannot be read.
        StorageError: What came is another file.
    """
    place, wanted = Path(to), sha256.strip().lower()
    if place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == wanted:
        return place
    payload = _read(url)
    came = hashlib.sha256(payload).hexdigest()
    if came != wanted:
        raise StorageError(
            f"{url} gave another file than the one that was asked for.",
            why=f"Its SHA-256 is {came}, not {wanted}.",
            fix="Nothing was kept. Check the address and the digest.",
            code="E317",
        )
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        waiting = place.with_name(f".{place.name}.tmp")
        write_synced(waiting, payload)
        waiting.replace(place)
        sync_folder(place.parent)
    return place


def _read(url: str) -> bytes:
    try:
        if not url.startswith("https://"):
            raise ValueError("only https addresses are fetched")
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 (https only, see above)
            payload: bytes = answer.read(LARGEST + 1)
        if len(payload) > LARGEST:
            raise ValueError(f"the file is larger than {LARGEST:,} bytes")
    except (OSError, ValueError) as error:  # URLError is an OSError
        raise UsageError(
            f"{url} cannot be fetched.",
            why=f"{error}.",
            fix="Check the address and the network, or bring the file here yourself and give its path.",
            code="E317",
        ) from error
    return payload
