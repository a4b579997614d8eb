"""A shelf for what is dear to compute and can be computed again: bundles, named by the digest of what they follow from.

The folder is `CONTRAFACT_CACHE`, else `~/.cache/contrafact`. Nothing depends on it: a shelf that cannot be written and
a bundle that is damaged cost time and a warning, no more.
"""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from pathlib import Path

from contrafact.base.errors import ContrafactError
from contrafact.engine.bundle import read_bundle, write_bundle


class ShelfWarning(UserWarning):
    """Something kept could not be used, or something could not be kept."""


def folder() -> Path:
    """Give the folder of the shelf."""
    return Path(os.environ.get("CONTRAFACT_CACHE") or Path.home() / ".cache" / "contrafact")


def kept(kind: str, key: str) -> dict[str, bytes] | None:
    """Give what was kept under a key, or None where there is nothing that can be trusted.

    Arguments:
        kind: What sort of thing it is: the name of a sub-folder.
        key: Digest of everything that it follows from.
    """
    place = folder() / kind / key
    try:
        return read_bundle(place, identity=key) if place.exists() else None
    except (ContrafactError, OSError) as error:
        _warn(f"{error} It is computed again.")
        return None


def keep(kind: str, key: str, files: dict[str, bytes]) -> None:
    """Keep files under a key, whole or not at all; what another process kept meanwhile stays."""
    place = folder() / kind / key
    with suppress(ContrafactError, OSError):
        read_bundle(place, identity=key)
        return
    try:
        write_bundle(place, files, identity=key)
    except (ContrafactError, OSError) as error:
        _warn(f"{error} It will be computed again when it is needed again.")


def _warn(text: str) -> None:
    warnings.warn(" ".join(text.split()), ShelfWarning, stacklevel=4)
