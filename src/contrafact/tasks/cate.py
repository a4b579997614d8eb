"""Effects for every row: from covariates, treatment and outcome to a model that says what treatment does to whom.

`auto` fits regressions in five ways (`zoo.MetaLearner`) and weighs them on rows that they have not seen; `tarnet`,
`cfr` and `ganite` are networks. No graph is asked for: every covariate is taken for a possible common cause of
treatment and outcome, none for a consequence. `tasks.decide` reads from a graph which columns those may be.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.codecs.table import as_frame
from contrafact.codecs.treated import FEWEST
from contrafact.tasks.table_maker import free_name

LEARNERS = ("auto", "t", "s", "x", "dr", "r")
NETWORKS = ("tarnet", "cfr", "ganite")


def cate(
    X: Any,
    t: Any,
    y: Any,
    method: str | Recipe = "auto",
    seed: int = 0,
    budget: str | None = None,
    folds: int = 2,
) -> Any:
    """Learn what a treatment does to each row, from rows that were treated and rows that were not.

    Arguments:
        X: Covariates, known before treatment: a table or an array of numbers.
        t: The treatment of each row: its levels in order, the first is what others are compared with.
        y: The outcome of each row, a number or one of two levels.
        method: auto: several learners, weighed on rows that they have not seen. t, s, x, dr, r: one kind of them.
            tarnet, cfr, ganite: networks; they take more than two levels. Or a recipe of one of these.
        seed: Seeds everything.
        budget: Time that networks may train for, all together, like "10m".
        folds: Parts of the rows; for an honest interval of the average a network is learned again without each. 1: it
            is learned once, which takes a third of the time, and the interval is too narrow. What is not a network has
            folds of its own.

    Returns:
        A model: `.effect(X_new)` an array, `.potential(X_new)` the outcome in every arm, `.ate()` the average effect,
        doubly robust, with its interval.
    """
    if folds < 1:
        raise UsageError(
            f"{folds} folds cannot be made of the rows.",
            why="An average is taken over rows that the network did not know: it is learned again without each fold.",
            fix="Give 2 or more, or 1 to learn the network once.",
            code="E579",
        )
    frame, treatment, outcome = together(X, t, y)
    made = recipe_of(method).but(treatment=treatment, outcome=outcome, **_numbers(X))
    if made.method not in NETWORKS or folds == 1:
        return made.fit(frame, seed=seed, budget=budget)
    return _crossed(made, frame, folds, seed, budget)


def _crossed(recipe: Any, frame: Any, folds: int, seed: int, budget: str | None) -> Any:
    """Fit a network, and again without each fold, if every arm has the rows for that."""
    from contrafact.causal.foretold import crossed
    from contrafact.engine.resources import seconds

    budget = None if budget is None else f"{seconds(budget) / (folds + 1):.3f}s"
    model = recipe.fit(frame, seed=seed, budget=budget)
    fewest = int(np.bincount(model.codec.treatments(frame)).min())
    if fewest - -(-fewest // folds) < FEWEST:
        return model  # whose average says that it is not crossed
    return crossed(model, frame, folds=folds, seed=seed, budget=budget)


def recipe_of(method: str | Recipe) -> Any:
    """Give the recipe of a method's name.

    Raises:
        UsageError: There is no such method, or it knows no treatment.
    """
    from contrafact.zoo.index import recipe

    if isinstance(method, Recipe):
        if not {"treatment", "outcome"} <= set(method.settings()):
            raise UsageError(
                f"{type(method).__name__} learns no effects.",
                why="It has no treatment and no outcome.",
                fix=f"Use one of: {', '.join((*LEARNERS, *NETWORKS))}.",
                code="E578",
            )
        return method
    if method in LEARNERS:
        return recipe("metalearner")(learner=method)
    if method in NETWORKS:
        return recipe(method)()
    raise UsageError(
        f"There is no method '{method}' for effects of every row.",
        why=did_you_mean(str(method), (*LEARNERS, *NETWORKS)),
        fix=f"Use one of: {', '.join((*LEARNERS, *NETWORKS))}.",
        code="E578",
    )


def together(X: Any, t: Any, y: Any) -> tuple[Any, str, str]:
    """Put covariates, treatment and outcome into one frame, and give the names of the latter two.

    Raises:
        DataError: They do not have the same number of rows.
    """
    frame = as_frame(_matrix(X))
    names = {str(name) for name in frame.columns}
    columns: list[tuple[str, Any]] = []
    for default, values in (("treatment", t), ("outcome", y)):
        cells = values.array if hasattr(values, "array") else np.asarray(values)
        if getattr(cells, "ndim", 1) != 1 or len(cells) != len(frame):
            raise DataError(
                f"There are {len(frame):,} rows of covariates, and a {default} of shape {np.shape(cells)}.",
                why="Each row has one treatment and one outcome.",
                fix="Give one entry for each row of X.",
                code="E579",
            )
        name = free_name(str(getattr(values, "name", None) or default), names)
        names.add(name)
        columns.append((name, cells))
    frame = frame.reset_index(drop=True).assign(**dict(columns))
    return frame, columns[0][0], columns[1][0]


def _matrix(X: Any) -> Any:
    """Take nested lists for an array, and one column for a matrix."""
    if hasattr(X, "columns") or hasattr(X, "to_pandas"):
        return X
    array = np.asarray(X)
    return array[:, None] if array.ndim == 1 else array


def _numbers(X: Any) -> dict[str, Any]:
    """Say of the columns of an array that they are numbers, whatever they look like."""
    array = None if hasattr(X, "columns") else _matrix(X)
    if array is None or getattr(array, "dtype", np.dtype(object)).kind not in "biuf":
        return {}
    constant = [i for i in range(array.shape[1]) if len(np.unique(array[:, i])) < 2]
    return {"columns": {f"x{i}": "number" for i in range(array.shape[1]) if i not in constant}}
