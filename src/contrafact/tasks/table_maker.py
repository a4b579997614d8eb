"""Tables: a method is chosen, fitted once, and asked for rows or fillings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result
from contrafact.codecs.table import as_frame
from contrafact.engine.fit import Training
from contrafact.tasks.kept_rows import said_of, told_in_notes
from contrafact.zoo.index import INDEX, find, recipe

SOURCE, REAL, SYNTHETIC = "_source", "real", "synthetic"


@dataclass(kw_only=True, eq=False)
class Fitter:
    """A method and the table that it is fitted to, once, when it is first needed.

    Arguments:
        recipe: The settings.
        data: The table.
        options: seed, budget, device.
        training: The training, where the method is trained step by step.
        fitted: The model, once there is one.
    """

    recipe: Any
    data: Any
    options: dict[str, Any]
    training: Training | None = field(init=False)
    fitted: Any = None

    def __post_init__(self) -> None:
        begins = hasattr(self.recipe, "training")
        with told_in_notes():
            self.training = self.recipe.training(self.data, **self.options) if begins else None

    @property
    def model(self) -> Any:
        """The fitted model."""
        if self.fitted is None:
            if self.training is None:
                with told_in_notes():
                    self.fitted = self.recipe.fit(self.data, **self.options)
            else:
                self.fitted = self.training.model or self.training.finish()
        return self.fitted

    def like(self, data: Any, seed: int) -> Fitter:
        """Prepare the same method for another table."""
        return Fitter(recipe=self.recipe, data=data, options={**self.options, "seed": seed})

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known about the training."""
        if self.training is not None:
            return (*self.training.warnings, *said_of(self.training.method.codec))
        return () if self.fitted is None else said_of(self.fitted.codec)


class TableJob(ABC):
    """A job over a table: its training first, then its steps, then its result."""

    fitter: Fitter

    @property
    def training(self) -> Any:
        """The method's training, where it is one."""
        return self.fitter.training

    @abstractmethod
    def steps(self) -> Iterator[str]:
        """Test what is made, saying what is done."""

    @abstractmethod
    def result(self) -> Result:
        """Give what is made, the scores and the verdict, once the steps are done."""

    def finish(self) -> Result:
        """Do everything at once."""
        for _ in self.steps():
            pass
        return self.result()


def chosen_recipe(
    method: str | Recipe | None,
    usual: Recipe,
    settings: Mapping[str, Any] | None = None,
    *,
    ability: str = "sample",
    kind: str = "table",
) -> Any:
    """Make the recipe that was asked for, or the usual one.

    Arguments:
        method: A method's name, or a recipe, or None.
        usual: What None means; its settings are also those of its own name.
        settings: Settings by name.
        ability: What its model must be able to do.
        kind: What it must learn from.

    Raises:
        UsageError: The method does not learn from such data, or its models lack the ability.
    """
    if isinstance(method, str) and find(method).name != usual.method:
        made: Any = recipe(method)()
    else:
        made = usual if method is None or isinstance(method, str) else method
    entry = find(made.method)
    able = [name for name, other in INDEX.items() if kind in other.kinds and ability in other.abilities]
    if kind not in entry.kinds or (able and ability not in entry.abilities):
        raise UsageError(
            f"{entry.name} cannot {ability} {'series' if kind == 'series' else f'a {kind}'}.",
            why=f"It reads {', '.join(entry.kinds)} and can {', '.join(entry.abilities)}.",
            fix=f"Use one of: {', '.join(able or [usual.method])}.",
            code="E126",
        )
    return made.but(**(settings or {}))


def told_target(made: Any, target: Any) -> Any:
    """Tell a recipe that keeps classes apart which column holds them, where its setting was left open.

    Arguments:
        made: The recipe.
        target: The column of classes that a job knows.
    """
    is_open = "target" in made.settings() and made.target is None
    return made.but(target=target) if is_open and isinstance(target, (str, int)) else made


def able(model: Any, ability: str) -> Any:
    """Give a model back if it has an ability.

    Raises:
        UsageError: It has not.
    """
    if hasattr(model, ability):
        return model
    raise UsageError(
        f"Models of {model.recipe.method} cannot {ability}.",
        why="This job needs that ability.",
        fix="Leave --recipe out, which takes loom.",
        code="E126",
    )


def table_of(data: Any) -> Any:
    """Read pandas, polars and Arrow tables as a frame whose columns can be told apart.

    Raises:
        DataError: There are no rows or columns, or two columns share a name.
    """
    frame = as_frame(data)
    if 0 in frame.shape:
        raise DataError(
            f"These data have {frame.shape[0]} rows and {frame.shape[1]} columns.",
            why="There is nothing to learn from.",
            fix="Give at least one row and one column.",
            code="E201",
        )
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise DataError(
            f"Two columns have the name {twice!r}.",
            why="Columns are told apart by their names.",
            fix="Give every column a name of its own.",
            code="E205",
        )
    return frame


def column_named(frame: Any, name: Any) -> Any:
    """Find a column by its name, also where a command line gives a number's name as text.

    Raises:
        UsageError: There is none; the nearest names are given.
    """
    known = {str(column): column for column in frame.columns}
    if str(name) in known:
        return known[str(name)]
    raise UsageError(
        f"There is no column '{name}'.",
        why=did_you_mean(str(name), list(known)[:1000]),
        fix="Give the name of a column.",
        code="E115",
    )


def mark_of(frame: Any) -> str:
    """Give the name of the column that says where a row comes from: `_source`, unless the user has one."""
    return free_name(SOURCE, frame.columns)


def free_name(name: str, taken: Container[Any]) -> str:
    """Give a name that no column has: one that is taken gets underscores.

    >>> free_name("age", ["age", "age_"])
    'age__'
    """
    while name in taken:
        name += "_"
    return name


def beside(real: Any, made: Any) -> Any:
    """Put generated rows under the real ones, with a column that says which is which; dtypes and index are kept.

    Arguments:
        real: The user's frame.
        made: Generated rows with its columns.
    """
    import pandas as pd

    made = made[list(real.columns)].set_axis(_new_index(real.index, len(made)))
    both = pd.concat([real, made]) if len(made) else real.copy()
    for name in real.columns:
        if both[name].dtype != real[name].dtype:
            both[name] = _as(both[name], real[name].dtype)
    both.attrs = {}
    return both.assign(**{mark_of(real): [REAL] * len(real) + [SYNTHETIC] * len(made)})


def _as(column: Any, dtype: Any) -> Any:
    """Give a column a dtype, if it can hold the cells."""
    try:
        return column.astype(dtype)
    except (TypeError, ValueError):
        return column


def _new_index(index: Any, rows: int) -> Any:
    """Give new rows names that no real row has."""
    import pandas as pd

    if isinstance(index, pd.MultiIndex):
        return pd.MultiIndex.from_tuples(
            [(f"{SYNTHETIC}-{i}", *[""] * (index.nlevels - 1)) for i in range(rows)], names=index.names
        )
    if index.dtype.kind in "iu":
        first = int(index.max()) + 1 if len(index) else 0
        return pd.RangeIndex(first, first + rows, name=index.name)
    return pd.Index([f"{SYNTHETIC}-{i}" for i in range(rows)], name=index.name)
