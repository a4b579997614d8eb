"""Find the files of pictures: in a folder, in a zip (nothing is unpacked to the disk), or one file alone.

Names are relative to the folder, with forward slashes, in natural order (2 before 10). Hidden files and the
folders that macOS adds are passed over. What a zip claims to hold is checked before anything is unpacked, and
nothing is ever read beyond that claim.
"""

from __future__ import annotations

import io
import os
import re
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from contrafact.base.errors import DataError
from contrafact.tasks.notes import Notes, Unfit, counted, listed

ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif", ".npy")
TABLES = (".csv", ".tsv")
KINDS = {
    "text": (".txt", ".md", ".json", ".xml"),
    "tables": (".csv", ".tsv", ".parquet"),
}
CLUTTER = ("thumbs.db", "desktop.ini")
LARGEST_MEMBER = 256 * 2**20  # bytes of one file of a zip
FREE_TOTAL, MOST_RATIO = 2**30, 100  # a zip may hold a GiB, or a hundred times its own size


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file.

    Arguments:
        name: Its path inside the folder or the zip.
        load: Opens it, to be read and sought in; raises `Unfit` or OSError.
    """

    name: str
    load: Callable[[], IO[bytes]]


@dataclass(kw_only=True)
class Found:
    """The files of a folder, of a zip, or one alone.

    Arguments:
        name: What the data are called.
        entries: The pictures, in natural order.
        tables: CSV files beside them, which may hold labels.
        others: Names of files that are no pictures.
        faults: Names of what could not be looked into, with the reason.
        labels: A class for each entry, where they came with the pictures.
        told: Sentences about what else was found.
        endings: How the names of the files end that are wanted.
    """

    name: str
    entries: list[Entry] = field(default_factory=list)
    tables: list[Entry] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    faults: list[tuple[str, Unfit]] = field(default_factory=list)
    labels: np.ndarray | None = None
    told: list[str] = field(default_factory=list)
    endings: tuple[str, ...] = ENDINGS

    def add(self, entry: Entry) -> None:
        """Put a file where its ending says."""
        ending = PurePosixPath(entry.name).suffix.lower()
        if ending in self.endings:
            self.entries.append(entry)
        elif ending in TABLES and "/" not in entry.name:
            self.tables.append(entry)
        else:
            self.others.append(entry.name)

    def in_order(self) -> Found:
        """Put everything in natural order."""
        self.entries.sort(key=lambda entry: natural(entry.name))
        self.tables.sort(key=lambda entry: natural(entry.name))
        self.others.sort(key=natural)
        return self


def natural(name: str) -> tuple[object, ...]:
    """Make a key that sorts names as people do, folder by folder.

    >>> sorted(["a10", "a2", "b/1", "A1"], key=natural)
    ['A1', 'a2', 'a10', 'b/1']
    """
    return (*(_pieces(part) for part in name.split("/")), (name,))


def _pieces(part: str) -> tuple[object, ...]:
    """Split text into words and numbers; a number sorts by its length without zeros, then by its digits."""
    pieces = re.split("([0-9]+)", part.casefold())
    numbers = [digits.lstrip("0") for digits in pieces[1::2]]
    keys: list[object] = [*pieces]
    keys[1::2] = [(len(digits), digits) for digits in numbers]
    return tuple(keys)


def stem(name: str) -> str:
    """Cut the ending off a name, and write what can be written in two ways in one.

    >>> stem("b/x.y.png")
    'b/x.y'
    """
    folder, slash, last = unicodedata.normalize("NFC", name).rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)


def _hidden(name: str) -> bool:
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or parts[-1].lower() in CLUTTER


@contextmanager
def found_in(path: Path, endings: tuple[str, ...] = ENDINGS) -> Iterator[Found]:
    """List the files of a folder or a zip, or the one file; a zip stays open as long as the context.

    Arguments:
        path: The folder or the file.
        endings: How the names of the files end that are wanted.

    Raises:
        DataError: It is no whole zip, or claims to hold far more than it can.
    """
    if path.is_dir():
        yield _in_folder(path, endings)
    elif path.suffix.lower() == ".zip":
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
            raise _refused(path, f"It is no whole zip: {error}.", "Pack it again.") from error
        with archive:
            yield _in_zip(path, archive, endings)
    else:
        entry = Entry(name=path.name, load=lambda: path.open("rb"))
        yield Found(name=path.stem, entries=[entry], endings=endings)


def _refused(path: Path, why: str, fix: str) -> DataError:
    return DataError(f"{path} cannot be read.", why=why, fix=fix, code="E202")


def _in_folder(folder: Path, endings: tuple[str, ...]) -> Found:
    found = Found(name=folder.name or folder.resolve().name, endings=endings)
    _walk(folder, "", found, set())
    return found.in_order()


def _walk(folder: Path, prefix: str, found: Found, above: set[tuple[int, int]]) -> None:
    """Collect a folder's files and those of the folders in it; a link to a folder above is not followed."""
    try:
        here = folder.stat()
        children = list(os.scandir(folder))
    except OSError as error:
        if not prefix:
            raise
        found.faults.append((prefix, Unfit("L201", "not opened", error.strerror or str(error))))
        return
    if (here.st_dev, here.st_ino) in above:
        found.faults.append((prefix, Unfit("L201", "not followed", "it is a link to a folder that it lies in")))
        return
    for child in children:
        name = prefix + child.name
        if _hidden(name):
            continue
        if child.is_dir():
            _walk(Path(child.path), name + "/", found, above | {(here.st_dev, here.st_ino)})
        elif child.is_file():
            found.add(Entry(name=name, load=_opener(child.path)))
        else:
            found.faults.append((name, Unfit("L201", "not opened", "it is no plain file, or a link to nothing")))


def _opener(path: str) -> Callable[[], IO[bytes]]:
    return lambda: Path(path).open("rb")


def check_claim(path: Path, sizes: Iterable[int]) -> None:
    """Refuse an archive whose members claim to hold far more than it can.

    Raises:
        DataError: They hold more than a GiB, and more than a hundred times the file's size.
    """
    total, size = sum(sizes), path.stat().st_size
    if total > max(FREE_TOTAL, MOST_RATIO * size):
        why = f"It has {size:,} bytes and claims to hold {total:,}: no pictures and no sound shrink so much."
        raise _refused(path, why, "Unpack it yourself if you trust it, and give the folder.")


def _in_zip(path: Path, archive: zipfile.ZipFile, endings: tuple[str, ...]) -> Found:
    members = {_true_name(member): member for member in archive.infolist() if not member.is_dir()}
    members = {name: member for name, member in members.items() if not _hidden(name)}
    check_claim(path, (member.file_size for member in members.values()))
    cut = _wrapping(list(members))
    found = Found(name=path.stem, endings=endings)
    for name, member in members.items():
        found.add(Entry(name=name[cut:], load=_member(archive, member)))
    return found.in_order()


def _true_name(member: zipfile.ZipInfo) -> str:
    """Read a name as UTF-8 where it is, even if the zip does not say so."""
    name = member.filename.replace("\\", "/")
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _wrapping(names: list[str]) -> int:
    """Count the letters of the one folder that everything in a zip lies in, for it names no class."""
    tops = {name.split("/")[0] for name in names}
    return len(tops.pop()) + 1 if len(tops) == 1 and all("/" in name for name in names) else 0


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def load() -> IO[bytes]:
        if member.flag_bits & 1:
            raise Unfit("L201", "locked", "it is encrypted with a password")
        if member.file_size > LARGEST_MEMBER:
            limit = f"{LARGEST_MEMBER // 2**20} MiB is the limit in a zip"
            raise Unfit("L202", "too large", f"{member.file_size:,} bytes unpacked, where {limit}")
        return io.BytesIO(archive.read(member))

    return load


def no_pictures(path: Path, found: Found) -> DataError:
    """Say what a folder holds instead of pictures."""
    names = [*found.others, *(table.name for table in found.tables)]
    endings = Counter(PurePosixPath(name).suffix.lower() or "no ending" for name in names)
    held = ", ".join(f"{counted(n, 'file')} ({ending})" for ending, n in endings.most_common(4))
    what = endings.most_common(1)[0][0] if endings else ""
    kind = next((word for word, known in KINDS.items() if what in known), "")
    where = "folders" if path.is_dir() else "zips"
    tail = f": {where} of {kind} are not read by this version" if kind else ""
    fault = f" {found.faults[0][0]}: {found.faults[0][1]}." if found.faults else ""
    return DataError(
        f"{path} holds no pictures.",
        why=(f"It holds {held}{tail}." if held else "It is empty.") + fault,
        fix=f"Give a folder of {', '.join(ENDINGS[:2])}, .webp, .tif, .bmp or .gif files, or one file.",
        code="E209",
    )


def nothing_left(path: Path, found: Found, notes: Notes) -> DataError:
    """Say that every picture was skipped, and the first reasons."""
    several = len(found.entries) != 1
    return DataError(
        f"{path} cannot be read.",
        why=f"None of its {len(found.entries):,} pictures can be used. {notes.reasons()}"
        if several
        else notes.reasons(),
        fix="Mend or replace the files.",
        code="E202",
    )


def tell_others(found: Found, notes: Notes) -> None:
    """Note what lies beside the pictures and what could not be looked into."""
    for name, fault in found.faults:
        notes.skip(name, fault)
    for told in found.told:
        notes.tell("L206", told)
    if found.others:
        beside = "the pictures" if found.endings == ENDINGS else "them"
        told = f"{counted(len(found.others), 'file')} of another kind beside {beside}: {listed(found.others)}."
        notes.tell("L206", told, "They were passed over.", count=len(found.others))
