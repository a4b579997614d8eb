"""Checkpoints: the whole state of a game as a verified bundle, with pointers that are renamed into place."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.errors import StorageError
from contrafact.engine.bundle import (
    arrays_from_bytes,
    arrays_to_bytes,
    digest,
    read_bundle,
    to_bytes,
    write_atomically,
    write_bundle,
)

STATE, WEIGHTS = "state.json", "state.safetensors"


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that a game needs to go on from a step as if it had never stopped.

    Arguments:
        step: Steps made.
        arrays: Weights, averages and optimisers, by name.
        facts: What else the training remembers, as JSON-ready values.
    """

    step: int
    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def _folder(root: Path, step: int) -> Path:
    return root / f"{step:09d}"


def _steps(root: Path) -> list[int]:
    return sorted((int(p.name) for p in root.iterdir() if p.is_dir() and p.name.isdigit()), reverse=True)


def save(root: Path, state: State, model: dict[str, bytes], identity: str, *, best: bool) -> None:
    """Save a state and its model, move the pointers, and drop all but the last two and the best.

    Arguments:
        root: The run's folder of checkpoints.
        state: What is needed to go on.
        model: The files of the model as it is handed out.
        identity: The run that it belongs to.
        best: Whether this is the best so far.
    """
    facts = {"step": state.step, "facts": state.facts}
    files = {**model, STATE: to_bytes(facts), WEIGHTS: arrays_to_bytes(state.arrays)}
    write_bundle(_folder(root, state.step), files, identity)
    for pointer in ("last", "best") if best else ("last",):
        point(root.parent / f"{pointer}.json", state.step, identity)
    kept = {*_steps(root)[:2], pointed(root.parent / "best.json")}
    for step in _steps(root):
        if step not in kept:
            shutil.rmtree(_folder(root, step), ignore_errors=True)


def point(path: Path, step: int, identity: str) -> None:
    """Let a pointer file name a step."""
    content = {"step": step, "run": identity}
    write_atomically(path, to_bytes({**content, "digest": digest(to_bytes(content))}))


def pointed(path: Path, identity: str | None = None) -> int | None:
    """Read the step that a pointer names, or None when it is absent, damaged or another run's."""
    try:
        content = json.loads(path.read_bytes())
        told = content.pop("digest")
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    right = digest(to_bytes(content)) == told and identity in (None, content["run"])
    return int(content["step"]) if right else None


def clean(root: Path) -> None:
    """Remove what crashes inside a save left behind."""
    for place in (root, root.parent):
        for stale in place.glob(".*"):
            if re.fullmatch(r"\..+\.\d+\.(tmp|old)", stale.name):
                shutil.rmtree(stale, ignore_errors=True) if stale.is_dir() else stale.unlink(missing_ok=True)


def read(root: Path, step: int, identity: str | None) -> State:
    """Read one checkpoint, every byte verified."""
    files = read_bundle(_folder(root, step), identity)
    facts = json.loads(files[STATE])
    return State(step=facts["step"], arrays=arrays_from_bytes(files[WEIGHTS]), facts=facts["facts"])


def newest(root: Path, identity: str) -> Iterator[State | StorageError]:
    """Give the damage met on the way, newest first, and then the newest checkpoint that is whole."""
    for step in _steps(root):
        try:
            yield read(root, step, identity)
        except StorageError as error:
            yield error
        else:
            return


def model_folders(run: Path) -> list[Path]:
    """List the folders of a run's models: the one to hand out, then the last one, then the others from the newest."""
    root = run / "checkpoints"
    if not root.is_dir():
        return []
    steps = _steps(root)
    wanted = dict.fromkeys((pointed(run / "best.json"), pointed(run / "last.json"), *steps))
    return [_folder(root, step) for step in wanted if step is not None and step in steps]
