"""The run folder: what a run was told, what it measured, and what it saved, with typed readers.

recipe.json  data.json  env.json  events.jsonl  metrics.jsonl  samples/  checkpoints/<step>/  last.json  best.json
"""

from __future__ import annotations

import io
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import numpy as np

from contrafact.base.errors import Busy, CannotWrite
from contrafact.engine.bundle import to_bytes, write_atomically, writing

SCHEMA = 1


def environment() -> dict[str, Any]:
    """Name the machine's kind and the versions that a result depends on; no path and no user name."""
    versions = {}
    for name in ("contrafact", "torch", "numpy", "pandas", "scikit-learn", "safetensors"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "versions": versions,
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read a JSON-lines file; a last line that a crash cut short is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            break
        if not isinstance(row, dict):
            break
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Run:
    """A run's folder and what can be read from it.

    Arguments:
        folder: The run's own folder.
    """

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints are."""
        return self.folder / "checkpoints"

    @property
    def exists(self) -> bool:
        """Whether a run was ever started here."""
        return (self.folder / "recipe.json").exists()

    def document(self, name: str) -> dict[str, Any]:
        """Read one of the run's JSON documents; an absent or unreadable one is empty."""
        try:
            content = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def metrics(self) -> list[dict[str, Any]]:
        """Read the rows that were measured, in order of steps."""
        return read_lines(self.folder / "metrics.jsonl")

    def events(self) -> list[dict[str, Any]]:
        """Read what happened: started, resumed, saved, the doctor's findings, finished."""
        return read_lines(self.folder / "events.jsonl")

    def samples(self) -> list[Path]:
        """List the sample files drawn over time from the same seed, in order of steps."""
        kept = [path for path in (self.folder / "samples").glob("*") if path.suffix in (".npy", ".csv")]
        own = [path for path in kept if path.stem.isdecimal()]
        return sorted(own, key=lambda path: int(path.stem))

    @property
    def state(self) -> str:
        """One word: finished, stopped, running or unfinished."""
        kinds: list[str] = [
            event["event"]
            for event in self.events()
            if event.get("event") in ("started", "resumed", "finished", "stopped")
        ]
        if not kinds:
            return "unfinished"
        if kinds[-1] in ("finished", "stopped"):
            return kinds[-1]
        return "running" if is_held(self.folder) else "unfinished"


class Writer:
    """The only hand that writes into a run's folder; it holds the folder's lock while it lives.

    Arguments:
        run: The run to write.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        with writing(run.folder):
            run.folder.mkdir(parents=True, exist_ok=True)
            (run.folder / "samples").mkdir(exist_ok=True)
            run.checkpoints.mkdir(exist_ok=True)
        self._lock = take_lock(run.folder)
        self._began = time.monotonic()
        self._log: IO[str] | None = None

    def document(self, name: str, content: dict[str, Any]) -> None:
        """Write one of the run's JSON documents."""
        write_atomically(self.run.folder / f"{name}.json", to_bytes(content))

    def text(self, name: str, content: str) -> None:
        """Write a text file into the folder."""
        write_atomically(self.run.folder / name, content.encode())

    def event(self, event: str, **facts: Any) -> None:
        """Add a line to events.jsonl."""
        line = json.dumps({"event": event, "time": round(time.time(), 3), **facts}, ensure_ascii=False)
        path = self.run.folder / "events.jsonl"
        with writing(path), path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def metrics(self, row: dict[str, Any]) -> None:
        """Add a row to metrics.jsonl, with the seconds since this process took the run up."""
        path = self.run.folder / "metrics.jsonl"
        with writing(path):
            if self._log is None:
                self._log = path.open("a", encoding="utf-8")
            row = {**row, "seconds": round(time.monotonic() - self._began, 3)}
            self._log.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._log.flush()

    def samples(self, step: int, array: np.ndarray) -> None:
        """Keep what was drawn at a step, to be looked at."""
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        write_atomically(self.run.folder / "samples" / f"{step:09d}.npy", buffer.getvalue())

    def table(self, step: int, frame: Any) -> None:
        """Keep rows that are no mere numbers."""
        write_atomically(self.run.folder / "samples" / f"{step:09d}.csv", frame.to_csv(index=False).encode())

    def sync_metrics(self) -> None:
        """Flush the measured rows to the disk, before a checkpoint that follows them."""
        if self._log is not None:
            with writing(self.run.folder / "metrics.jsonl"):
                os.fsync(self._log.fileno())

    def cut_metrics(self, steps: int) -> None:
        """Drop the rows that were measured after this many steps, and what a crash left half-written."""
        if self._log is not None:
            self._log.close()
            self._log = None
        kept = [row for row in self.run.metrics() if row["step"] <= steps]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
        write_atomically(self.run.folder / "metrics.jsonl", lines.encode())
        for path in self.run.samples():
            if int(path.stem) > steps:
                path.unlink()

    def close(self) -> None:
        """Close the log and let go of the folder."""
        if self._log is not None:
            self._log.close()
            self._log = None
        self._lock.close()


def _lock_file(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _lock_patiently(file: IO[str]) -> None:
    """Try for a tenth of a second: someone may only be asking whether the folder is held."""
    for _ in range(4):
        try:
            return _lock_file(file)
        except OSError:
            time.sleep(0.025)
    return _lock_file(file)


def take_lock(folder: Path) -> IO[str]:
    """Hold a folder for this process; the system lets go of it when the process ends, however it ends.

    Raises:
        Busy: Another process holds it.
    """
    path = folder / ".lock"
    with writing(path):
        file = path.open("a+", encoding="utf-8")
    try:
        _lock_patiently(file)
    except OSError:
        file.seek(0)
        told = file.read().strip() or "an unknown process"
        file.close()
        raise Busy(
            f"The folder {folder} is in use.",
            why=f"It is held by {told}.",
            fix="Wait for it to end, or give another folder with --run-dir.",
            code="E304",
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}")
    file.flush()
    return file


def is_held(folder: Path) -> bool:
    """Tell whether another process holds the folder."""
    if not (folder / ".lock").exists():
        return False
    try:
        take_lock(folder).close()
    except (Busy, CannotWrite):
        return True
    return False


@contextmanager
def written(run: Run) -> Iterator[Writer]:
    """Hold a run's folder for the length of a block."""
    writer = Writer(run)
    try:
        yield writer
    finally:
        writer.close()
