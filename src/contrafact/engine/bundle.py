"""Bundles: folders of JSON and safetensors that appear whole or not at all, and are verified when read.

A bundle is written to a temporary folder beside its place, every file is flushed to the disk, and the folder is
renamed into place. Its manifest holds a BLAKE2b digest of every file and of itself, and the owner's identity, so
that a flipped bit, a missing tail or another run's file is refused by name.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.errors import CannotWrite, ContrafactError, DataError, StorageError

MANIFEST = "manifest.json"


def digest(payload: bytes) -> str:
    """Digest bytes with BLAKE2b-128."""
    return hashlib.blake2b(payload, digest_size=16).hexdigest()


def to_bytes(document: Any) -> bytes:
    """Write a document as canonical JSON; the same document gives the same bytes."""
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"The name or symbol {text[error.start : error.end]!a} cannot be saved.",
            why="Half a character (a lone surrogate) is no Unicode text.",
            fix="Rename the column, or mend the line: read files with encoding='utf-8'.",
            code="E208",
        ) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the system's refusals to write into errors that name the path and the way out."""
    try:
        yield
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> ContrafactError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"{path} could not be written: the disk is full.",
            why=f"The system said: {os.strerror(error.errno)}.",
            fix="Free some space and run the same command again; what was saved before is intact.",
            code="E301",
        )
    if error.errno in (
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.EISDIR,
        errno.ELOOP,
    ):
        missing = error.errno == errno.ENOENT and not path.parent.exists()
        said = f"The system said: {os.strerror(error.errno)}."
        other = "Choose another folder (--run-dir or -o) or change its permissions."
        return CannotWrite(
            f"{path} cannot be written.",
            why=f"There is no folder {path.parent}." if missing else said,
            fix="Make that folder first, or choose another with -o." if missing else other,
            code="E302",
        )
    return StorageError(
        f"{path} could not be written.",
        why=f"The system said: {error.strerror or error}.",
        fix="Check the disk and run the same command again; what was saved before is intact.",
        code="E303",
    )


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries to the disk, where the system allows it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, payload: bytes) -> None:
    """Write a file and flush it to the disk."""
    with path.open("wb") as file:
        file.write(payload)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, payload: bytes) -> None:
    """Replace a file so that a reader (or a crash) sees the old or the new one, never a part."""
    with replacing(path) as waiting:
        waiting.write_bytes(payload)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place for a file that is written part by part, and put it into the other's place once it is whole."""
    with writing(path):
        waiting = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            yield waiting
            with waiting.open("r+b") as file:
                os.fsync(file.fileno())
            waiting.replace(path)
        finally:
            waiting.unlink(missing_ok=True)
        sync_folder(path.parent)


def write_bundle(folder: Path, files: Mapping[str, bytes], identity: str = "") -> None:
    """Write a folder of files with its manifest; a folder already there is replaced.

    Arguments:
        folder: Where the bundle goes.
        files: File names and contents.
        identity: Whose bundle this is; readers that name an owner refuse other owners' bundles.
    """
    table = {name: {"bytes": len(payload), "digest": digest(payload)} for name, payload in files.items()}
    manifest: dict[str, Any] = {"files": table, "identity": identity}
    manifest["digest"] = digest(to_bytes({"files": table, "identity": identity}))
    with writing(folder):
        folder = folder.resolve()
        _refuse_to_replace(folder, {*files, MANIFEST})
        folder.parent.mkdir(parents=True, exist_ok=True)
        waiting = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        shutil.rmtree(waiting, ignore_errors=True)
        try:
            waiting.mkdir()
            for name, payload in {**files, MANIFEST: to_bytes(manifest)}.items():
                write_synced(waiting / name, payload)
            sync_folder(waiting)
            _put(waiting, folder)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
        sync_folder(folder.parent)


def _refuse_to_replace(folder: Path, own: set[str]) -> None:
    """Let a bundle take the place of an older one, and of nothing else."""
    if not folder.exists():
        return
    with suppress(StorageError, TypeError):
        own = own.union(_read_manifest(folder)["files"])
    strange = sorted(path.name for path in folder.iterdir() if path.name not in own)
    if strange:
        raise CannotWrite(
            f"{folder} is not replaced.",
            why=f"It holds what was not saved with a model: {', '.join(strange[:3])}.",
            fix="Give a folder that is new, empty, or holds an older model only.",
            code="E315",
        )


def _put(waiting: Path, folder: Path) -> None:
    """Rename a finished folder into place, moving an older one out of the way first."""
    if folder.exists():
        old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        waiting.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        waiting.rename(folder)


def _damaged(path: Path, why: str) -> StorageError:
    return StorageError(
        f"{path} is damaged and was not used.",
        why=why,
        fix="An older checkpoint is used where there is one.",
        code="E311",
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        told = manifest.pop("digest")
        if set(manifest) != {"files", "identity"} or digest(to_bytes(manifest)) != told:
            raise ValueError("its own digest does not match")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(path, f"The manifest cannot be trusted: {error}.") from error
    return manifest


def read_bundle(folder: Path, identity: str | None = None) -> dict[str, bytes]:
    """Read a bundle's files after verifying every byte of them.

    Arguments:
        folder: Where the bundle is.
        identity: The owner that it must have, or None for any.

    Raises:
        StorageError: A file is missing, cut, changed or another owner's; the message names it.
    """
    manifest = _read_manifest(folder)
    if identity is not None and manifest["identity"] != identity:
        raise _damaged(folder / MANIFEST, "It belongs to another run.")
    files = {}
    for name, told in manifest["files"].items():
        path = folder / name
        try:
            payload = path.read_bytes()
        except OSError as error:
            raise _damaged(path, f"It cannot be read: {error.strerror}.") from error
        if len(payload) != told["bytes"] or digest(payload) != told["digest"]:
            raise _damaged(path, f"Its {len(payload):,} bytes do not match the digest that was written with it.")
        files[name] = payload
    return files


def arrays_to_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Pack named arrays as safetensors, in the order of their names."""
    from safetensors.numpy import save

    return bytes(save({name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}))


def arrays_from_bytes(payload: bytes) -> dict[str, np.ndarray]:
    """Unpack safetensors into writable arrays."""
    from safetensors.numpy import load

    return {name: np.array(array) for name, array in load(payload).items()}
