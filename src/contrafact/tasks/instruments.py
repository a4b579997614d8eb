"""Instruments: whatever looks at a picture and gives a mask or a count, in Python or as a command.

A command is a line such as `mytool --fast {picture} {out}`. It is split into words once, `{picture}` and `{out}` are
replaced by the names of files, and it is started without a shell, so that nothing in a name is ever obeyed. What it
writes to `{out}` is its mask; where it writes none, the last word of its standard output is its count.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.tasks.pictures import picture as read_picture
from contrafact.tasks.write_pictures import png

Instrument = Callable[[np.ndarray], Any]
TIMEOUT = 60.0
PICTURE, OUT = "{picture}", "{out}"
_NAMED = re.compile(r"([\w][\w .-]*)=(.+)", re.DOTALL)
MOST_SAID = 300


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program that is started for each picture.

    Arguments:
        words: The command, word by word, with `{picture}` and, for masks, `{out}`.
        timeout: Seconds after which it is stopped.
    """

    words: tuple[str, ...]
    timeout: float = TIMEOUT

    def __call__(self, picture: np.ndarray) -> np.ndarray | float:
        """Give the mask or the count of a picture."""
        with tempfile.TemporaryDirectory(prefix="contrafact-") as folder:
            names = {PICTURE: Path(folder) / "picture.png", OUT: Path(folder) / "out.png"}
            names[PICTURE].write_bytes(png(picture))
            said = self._run([_filled(word, names) for word in self.words])
            return read_picture(names[OUT]) if names[OUT].exists() else self._number(said)

    def _run(self, words: list[str]) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - words of the user's own command, and no shell
                words, capture_output=True, stdin=subprocess.DEVNULL, timeout=self.timeout, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise self._failed(f"It did not end within {self.timeout:g} seconds.") from error
        except OSError as error:
            raise self._failed(f"It could not be started: {error.strerror or error}.") from error
        told = done.stderr.decode("utf-8", "replace").strip()[-MOST_SAID:]
        if done.returncode:
            raise self._failed(f"It ended with status {done.returncode}" + (f" and said: {told}" if told else "."))
        return done.stdout.decode("utf-8", "replace")

    def _number(self, said: str) -> float:
        try:
            return float(said.split()[-1])
        except (IndexError, ValueError):
            kept = f"it wrote no file to {OUT}" if any(OUT in word for word in self.words) else "it has no {out}"
            raise self._failed(f"Its output ends in no number, and {kept}.") from None

    def _failed(self, why: str) -> DataError:
        return DataError(
            f"The instrument '{shlex.join(self.words)}' failed.",
            why=why,
            fix=f"Try it by hand on one picture, with file names for {PICTURE} and {OUT}.",
            code="E244",
        )


def _filled(word: str, names: Mapping[str, Path]) -> str:
    for place, path in names.items():
        word = word.replace(place, str(path))
    return word


def command(line: str, timeout: float = TIMEOUT) -> tuple[str, Command]:
    """Read a command line, `NAME=` before it or not, and give its name and what starts it.

    >>> command("otsu=python otsu.py {picture} {out}")[0]
    'otsu'
    """
    found = _NAMED.fullmatch(line.strip())
    name, line = (found[1].strip(), found[2]) if found else ("", line)
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise _unread(line, f"{error}.") from None
    if not any(PICTURE in word for word in words):
        raise _unread(line, f"It does not say where the picture's name goes: {PICTURE}.")
    scripts = [word for word in words if word.endswith((".py", ".sh", ".R", ".jl"))]
    return name or Path(scripts[0] if scripts else words[0]).stem, Command(words=words, timeout=timeout)


def _unread(line: str, why: str) -> UsageError:
    fix = "--instrument 'mytool {picture} {out}' for masks, --instrument 'mytool {picture}' for counts."
    return UsageError(f"The instrument '{line}' cannot be read.", why=why, fix=fix, code="E244")


def named(instruments: Any, timeout: float = TIMEOUT) -> dict[str, Instrument]:
    """Give instruments by name.

    Arguments:
        instruments: A callable or a command line, several of them, or a mapping from names.
        timeout: Seconds that a command may take.
    """
    if isinstance(instruments, Mapping):
        pairs = [(str(name), one) for name, one in instruments.items()]
    else:
        every: Sequence[Any] = instruments if isinstance(instruments, list | tuple) else [instruments]
        pairs = [("", one) for one in every]
    made: dict[str, Instrument] = {}
    for name, one in pairs:
        given, call = command(one, timeout) if isinstance(one, str) else (getattr(one, "__name__", "instrument"), one)
        name, number = name or given, 2
        first = name
        while name in made:
            name, number = f"{first}-{number}", number + 1
        made[name] = call
    return made


def asked(name: str, instrument: Instrument, picture: np.ndarray) -> np.ndarray | float:
    """Show an instrument a copy of a picture, and give its mask or its count.

    Raises:
        DataError: It raised something, or gave neither.
    """
    try:
        answer = instrument(picture.copy())
    except ContrafactError:
        raise
    except Exception as error:  # whatever a stranger's code raises
        raise DataError(
            f"The instrument '{name}' failed.",
            why=f"It raised {type(error).__name__}: {error}".split("\n")[0],
            fix="Try it on one picture: a callable gets an array high x wide (x channels).",
            code="E244",
        ) from error
    array = np.asarray(answer)
    if array.ndim == 0 and array.dtype.kind in "biuf" and np.isfinite(array):
        return float(array)
    if array.ndim == 3 and array.shape[:2] == picture.shape[:2] and bool((array == array[..., :1]).all()):
        array = array[..., 0]  # a grey mask that was written in colour
    if array.shape[:2] == picture.shape[:2] and array.dtype.kind in "biu":
        return array
    raise useless(name, f"It gave {array.dtype} of shape {array.shape} for a picture of {picture.shape[:2]}.")


def useless(name: str, why: str) -> DataError:
    """Say that an instrument's answer cannot be used."""
    return DataError(
        f"The answer of the instrument '{name}' cannot be used.",
        why=why,
        fix="Give a number, or a mask of the picture's size: true or false, or the values of your own masks.",
        code="E245",
    )
