"""Faces for scikit-learn: `Imputer` fills holes, `Balancer` evens out classes, `Synthesizer` draws rows.

They follow scikit-learn's habits: settings are kept as they were given, `fit` returns the estimator, what was learned
ends in an underscore. Tables of pandas come back as tables of pandas, arrays as arrays; polars and Arrow tables are
read as pandas. `method` is a method's name, a recipe of `contrafact.zoo`, or None for `loom`.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from contrafact.base.errors import DataError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import fold

TARGET = "target"


class _OfTables(BaseEstimator):  # type: ignore[misc]
    """What the faces have in common: a table of a user's own kind, and a seed."""

    def _read(self, X: Any, *, reset: bool) -> Any:
        """Check a table as scikit-learn does and give it as a frame."""
        from contrafact.codecs.table import as_frame

        if not _is_table(X):
            checked = validate_data(self, X, dtype=None, ensure_all_finite="allow-nan", reset=reset, **_least(reset))
            names = getattr(self, "feature_names_in_", None)
            return _named(checked, names)
        frame = as_frame(X)
        validate_data(self, frame, skip_check_array=True, reset=reset)
        if reset and len(frame) < 2:
            raise DataError(
                f"Found array with {len(frame)} sample(s), while a minimum of 2 is required.",
                why="A model learned from one row can only repeat it.",
                fix="Give more rows.",
                code="E206",
            )
        return frame

    def _seed(self) -> int:
        """Give the seed that the random state stands for; None draws a fresh one."""
        state = self.random_state
        if isinstance(state, (int, np.integer)):
            return int(state)
        return int(check_random_state(state).randint(np.iinfo(np.int32).max))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class Imputer(TransformerMixin, _OfTables):  # type: ignore[misc]
    """Fill the holes of a table.

    Arguments:
        method: A method that fills holes, or a recipe; None for `loom`, set to fill holes.
        n_draws: How many random fillings `draws` gives; `transform` fills in best guesses.
        random_state: Seeds everything.
    """

    def __init__(self, method: str | Recipe | None = None, n_draws: int = 5, random_state: Any = None) -> None:
        self.method = method
        self.n_draws = n_draws
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn how columns go together.

        Arguments:
            X: A table with holes.
            y: Not used.
        """
        from contrafact.tasks.table_maker import able, chosen_recipe
        from contrafact.zoo.loom import Loom

        frame = self._read(X, reset=True)
        recipe = chosen_recipe(self.method, Loom(learn="holes", holes=False), ability="impute")
        self.seed_ = self._seed()
        self.model_ = able(recipe.fit(frame, seed=self.seed_), "impute")
        return self

    def transform(self, X: Any) -> Any:
        """Fill holes with best guesses: means, and likeliest levels. Observed cells keep their values.

        Arguments:
            X: A table with the fitted columns.
        """
        check_is_fitted(self)
        frame = self._read(X, reset=False)
        return _like(X, self.model_.impute(frame))

    def draws(self, X: Any) -> list[Any]:
        """Fill holes at random, as many times as `n_draws` says.

        Arguments:
            X: A table with the fitted columns.
        """
        check_is_fitted(self)
        frame = self._read(X, reset=False)
        filled = self.model_.impute(frame, draws=self.n_draws, seed=fold(self.seed_, "draws"))
        return [_like(X, one) for one in filled]

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Give the names of the columns, which stay as they are.

        Arguments:
            input_features: Names to be used where the fitted table had none.
        """
        check_is_fitted(self)
        return _check_feature_names_in(self, input_features)


class Synthesizer(_OfTables):
    """Draw new rows like those of a table.

    Arguments:
        method: A method that draws tables, or a recipe; None for `loom`.
        random_state: Seeds everything.
    """

    def __init__(self, method: str | Recipe | None = None, random_state: Any = None) -> None:
        self.method = method
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the law of the rows.

        Arguments:
            X: A table.
            y: Not used.
        """
        from contrafact.tasks.table_maker import able, chosen_recipe
        from contrafact.zoo.loom import Loom

        frame = self._read(X, reset=True)
        self.seed_ = self._seed()
        self.model_ = able(chosen_recipe(self.method, Loom()).fit(frame, seed=self.seed_), "sample")
        self.array_ = not _is_table(X)
        return self

    def sample(self, n_samples: int = 1, given: dict[Any, Any] | None = None) -> Any:
        """Draw rows; the same ones each time.

        Arguments:
            n_samples: How many.
            given: What some columns are: a value, an interval (30, 40), a set ["a", "b"].
        """
        check_is_fitted(self)
        drawn = self.model_.sample(n_samples, given=given, seed=fold(self.seed_, "sample"))
        return drawn.to_numpy() if self.array_ else drawn


class Balancer(_OfTables):
    """Fill up rare classes with generated rows, before a classifier is trained (imbalanced-learn's `fit_resample`).

    Arguments:
        method: A method that draws tables given a class, or a recipe; None for `loom`.
        ratio: How many rows each class shall have at least, as a share of the largest; 1 makes all equal.
        random_state: Seeds everything.
    """

    def __init__(self, method: str | Recipe | None = None, ratio: float = 1.0, random_state: Any = None) -> None:
        self.method = method
        self.ratio = ratio
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Check the table and its classes; `fit_resample` does the work.

        Arguments:
            X: A table.
            y: The class of each row.
        """
        self._together(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Learn the rows and give them with new ones behind, so that no class is rare.

        Arguments:
            X: A table.
            y: The class of each row.
        """
        from contrafact.tasks.table_balance import of_classes, share_of
        from contrafact.tasks.table_maker import able, beside, chosen_recipe, mark_of, told_target
        from contrafact.tasks.table_trial import Classes
        from contrafact.zoo.loom import Loom

        frame, name = self._together(X, y)
        classes, self.seed_ = Classes.of(frame, name), self._seed()
        counts = classes.counts()
        lacking = np.maximum(share_of(int(counts.max()), self.ratio) - counts, 0)
        made = told_target(chosen_recipe(self.method, Loom()), name)
        self.model_ = able(made.fit(frame, seed=self.seed_), "sample")
        wanted = np.repeat(np.arange(len(counts)), lacking)
        made = of_classes(self.model_, classes, wanted, fold(self.seed_, "balance"))
        both = beside(frame, made).drop(columns=[mark_of(frame)])
        rows, labels = both.drop(columns=[name]), both[name]
        self.sample_indices_ = np.arange(len(frame))  # where the real rows are
        return (rows if _is_table(X) else rows.to_numpy()), _labels_like(y, labels)

    def _together(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Put the classes beside the columns, under a name that none of these has."""
        frame = self._read(X, reset=True)
        labels = np.asarray(y)
        if labels.shape != (len(frame),):
            raise DataError(
                f"There are {len(frame)} rows and classes of shape {labels.shape}.",
                why="Each row has one class.",
                fix="Give y with one entry for each row of X.",
                code="E205",
            )
        name = TARGET
        while name in map(str, frame.columns):
            name += "_"
        return frame.assign(**{name: getattr(y, "to_numpy", lambda: labels)()}), name


def _is_table(X: Any) -> bool:
    return hasattr(X, "columns")


def _least(reset: bool) -> dict[str, int]:
    return {"ensure_min_samples": 2} if reset else {}


def _named(checked: np.ndarray, names: Any) -> Any:
    """Give an array's columns names, and each the dtype that its cells have."""
    import pandas as pd

    names = [f"x{i}" for i in range(checked.shape[1])] if names is None else list(names)
    frame = pd.DataFrame(checked, columns=names)
    return frame.infer_objects() if checked.dtype == object else frame


def _like(X: Any, frame: Any) -> Any:
    """Give a frame in the form that the user's table had."""
    return frame if _is_table(X) else frame.to_numpy()


def _labels_like(y: Any, labels: Any) -> Any:
    import pandas as pd

    if isinstance(y, pd.Series):
        return labels.rename(y.name)
    return labels.to_numpy(dtype=np.asarray(y).dtype)
