"""Train: from a word for data and the settings to a run folder with a model in it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import kind_of
from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.codecs.files import TableFile
from contrafact.engine.bundle import write_atomically
from contrafact.engine.fit import Training
from contrafact.engine.run import Run
from contrafact.tasks.kept_rows import said_of, told_in_notes
from contrafact.tasks.large import by_blocks
from contrafact.tasks.read import read_or_open
from contrafact.tasks.runs import run_folder
from contrafact.zoo.index import find, recipe

SHOWN_ROWS = 2000  # of a table in a file
DEFAULTS = {
    "vectors": "r3gan",
    "pictures": "r3gan",
    "table": "loom",
    "text": "markov",
    "text pairs": "rewriter",
    "sound": "specgan",
    "series": "shuttle",
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a user asked for.

    Arguments:
        what: A path or the name of a demo set.
        method: A method's name, or None for the default of this kind of data.
        settings: Settings as text, by name.
        seed: Seeds everything.
        budget: Time to use.
        run_dir: The run's own folder, or None for runs/NAME.
        device: Where to train.
        fresh: Start anew.
        kind: Force the kind of data.
    """

    what: str
    method: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    budget: str | None = None
    run_dir: str | None = None
    device: str | None = None
    fresh: bool = False
    kind: Any = None

    def redo(self) -> str:
        """Write the one command that makes this run again; a folder is named without where it lies."""
        words = ["contrafact", "train", self.what]
        words += ["--recipe", self.method] if self.method else []
        words += [w for k, v in self.settings.items() for w in ("--set", f"{k}={v}")]
        words += ["--seed", str(self.seed)]
        words += ["--budget", self.budget] if self.budget else []
        words += ["--kind", self.kind] if self.kind else []
        return shlex.join(words) + "\n"


@dataclass(kw_only=True)
class Job:
    """Data and recipe, ready to be trained; closed-form methods have no training to watch."""

    order: Order
    data: Any
    recipe: Recipe
    folder: Path
    training: Training | None
    warnings: list[str] = field(default_factory=list)

    @property
    def run(self) -> Run:
        """The run that the job writes."""
        if self.training is not None and self.training.run is not None:
            return self.training.run
        return Run(self.folder)

    @property
    def shown(self) -> Any:
        """Data to draw beside what is made; of a file some rows."""
        return (
            self.data.take(np.arange(min(SHOWN_ROWS, len(self.data))))
            if isinstance(self.data, TableFile)
            else self.data
        )

    def fit_at_once(self) -> Any:
        """Fit a closed-form method and give the model."""
        recipe: Any = self.recipe
        with told_in_notes():
            model = recipe.fit(self.data, seed=self.order.seed, run_dir=self.folder)
        self.warnings += said_of(model.codec)
        asked, self.folder = self.folder, model.kept_in or self.folder
        if self.folder != asked:
            self.warnings.append(f"{asked.name} holds another run, which is kept: this one is in {self.folder}.")
        write_atomically(self.folder / "redo.txt", self.order.redo().encode())
        return model


def choose_recipe(order: Order, kind: str) -> Recipe:
    """Make the recipe that was asked for, or the default one for this kind of data.

    Raises:
        UsageError: The method is unknown, or not for this kind of data.
        DataError: No method of this version learns this kind of data.
    """
    if order.method is None and kind not in DEFAULTS:
        raise DataError(
            f"{order.what} holds {kind}.",
            why="No method of this version learns from it yet.",
            fix="Look at it with: contrafact look",
            code="E210",
        )
    entry = find(order.method or DEFAULTS[kind])
    if kind not in entry.kinds:
        raise UsageError(
            f"{entry.name} does not learn from {kind}.",
            why=f"It reads {', '.join(entry.kinds)}.",
            fix="See which method reads what: contrafact zoo",
            code="E118",
        )
    made: Recipe = recipe(entry.name)().but(**order.settings)
    return made


def prepare(order: Order, *, keep: bool = True) -> Job:
    """Read the data and make everything ready to train.

    Arguments:
        order: What was asked for.
        keep: Whether to keep a run folder.
    """
    data = read_or_open(order.what, order.kind)
    made = choose_recipe(order, kind_of(data))
    if isinstance(data, TableFile) and not by_blocks(made):
        data = data.to_pandas()
    folder = Path(order.run_dir) if order.run_dir else run_folder(Path(order.what).stem)
    training = None
    if hasattr(made, "training"):
        options: dict[str, Any] = {"seed": order.seed, "budget": order.budget, "device": order.device}
        with told_in_notes():
            training = made.training(data, run_dir=folder if keep else None, fresh=order.fresh, **options)
        training.redo = order.redo()
        training.warnings += said_of(training.method.codec)
    return Job(order=order, data=data, recipe=made, folder=folder, training=training)
