"""Re-running the same command resumes: what a run folder already holds, and what a changed setting means for it."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrafact.base.errors import CannotWrite
from contrafact.engine.bundle import digest, to_bytes, writing
from contrafact.engine.run import Run

# A run may go on with other values of these: they say how long, not what.
SAFE = frozenset({"steps"})
# What a run writes into its folder beside recipe.json.
FILES = (
    *("data.json", "env.json", "last.json", "best.json", "events.jsonl", "metrics.jsonl"),
    *("report.html", "card.md", "redo.txt"),
)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a command asks for, to be held against what a folder holds.

    Arguments:
        method: The method's name.
        settings: The recipe's settings.
        data: The data's fingerprint.
        seed: The seed.
        budget: The time allowed, as it was typed.
    """

    method: str
    settings: dict[str, Any]
    data: str
    seed: int
    budget: str | None

    @property
    def identity(self) -> str:
        """Digest everything that makes a run this run and no other."""
        lasting = {k: v for k, v in self.settings.items() if k not in SAFE}
        return digest(to_bytes([self.method, lasting, self.data, self.seed]))

    def differences(self, recipe: dict[str, Any]) -> list[str]:
        """Name what differs from a recorded recipe, safe settings left out."""
        told = recipe.get("settings", {})
        pairs = {"method": (recipe.get("method"), self.method), "seed": (recipe.get("seed"), self.seed)}
        pairs |= {k: (told.get(k), v) for k, v in _plain(self.settings).items() if k not in SAFE}
        changed = [f"{name} was {old}, is {new}" for name, (old, new) in pairs.items() if old != new]
        return changed + (["the data have changed"] if recipe.get("data") != self.data else [])


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Give settings as JSON holds them."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()}


def next_free(folder: Path) -> Path:
    """Name the first folder of this name and a number that holds nothing yet."""
    number = 2
    while (free := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    return free


def _refuse_strangers(folder: Path) -> None:
    """Refuse a folder whose files a run would replace, where no run was ever begun."""
    strange = [] if (folder / ".lock").exists() else [name for name in FILES if (folder / name).exists()]
    if strange:
        raise CannotWrite(
            f"No run is started in {folder}.",
            why=f"It is no run's folder, and a run would replace its {', '.join(strange)}.",
            fix="Give another folder with --run-dir.",
            code="E315",
        )


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which folder a run uses, whether it goes on with what is there, and the sentence that says why."""

    run: Run
    resumes: bool
    why: str = ""


def choose(folder: Path, wish: Wish, *, fresh: bool = False) -> Choice:
    """Decide whether a run starts here, goes on here, or starts in a new folder beside; nothing is overwritten.

    Arguments:
        folder: The folder that was asked for.
        wish: What is asked for now.
        fresh: Start anew whatever is there.
    """
    run = Run(folder)
    with writing(folder):
        exists = run.exists
    if not exists:
        _refuse_strangers(folder)
        return Choice(run=run, resumes=False)
    if fresh:
        return Choice(
            run=Run(next_free(folder)), resumes=False, why=f"Starting anew, as asked; the run in {folder.name} is kept."
        )
    changed = wish.differences(run.document("recipe"))
    if not changed:
        return Choice(run=run, resumes=True, why=_new_length(run, wish))
    for beside in _beside(folder):
        if not wish.differences(beside.document("recipe")):
            return Choice(run=beside, resumes=True, why=f"Going on in {beside.name}: {'; '.join(changed)}.")
    why = f"Starting a new run: {'; '.join(changed)}."
    return Choice(run=Run(next_free(folder)), resumes=False, why=why)


def _beside(folder: Path) -> list[Run]:
    """List the runs that were started beside a folder because something had changed."""
    places = folder.parent.glob(f"{glob.escape(folder.name)}-*")
    return [run for run in map(Run, places) if run.name[len(folder.name) + 1 :].isdigit() and run.exists]


def _new_length(run: Run, wish: Wish) -> str:
    """Say what is done about another length of the run."""
    recipe = run.document("recipe")
    old, new = recipe["settings"].get("steps"), wish.settings.get("steps")
    if old != new:
        return f"Going on with steps={new} in place of {old}."
    if recipe.get("budget") != wish.budget:
        return f"The budget was turned into {recipe.get('total_steps')} steps when the run began; that stays."
    return ""
