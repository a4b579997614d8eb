"""Do the holes of a column go with the other columns? A test of "missing completely at random", in words.

A linear model guesses from the other columns, cut into groups, whether a row's cell is missing; its guesses for rows
that it was not fitted to have an area under the ROC curve (AUC) of 1/2 where the other columns tell nothing. An AUC
clearly above says that holes are not there completely at random (not MCAR). It does not say more: holes that depend on
observed columns alone (MAR) are filled soundly by a method that sees these; holes that depend on the missing value
itself (MNAR) look the same, because that value is what nobody has.

Reference: Little, *A test of missing completely at random for multivariate data with missing values*, JASA 83, 1988
(the question; his test compares means of normal numbers, this one any columns).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.codecs.table import TableCodec
from contrafact.metrics.spread import Z, auc, auc_error
from contrafact.tasks.look_tables import counts_of, grouped

LOOKED_ROWS, LOOKED_COLUMNS, ASKED_COLUMNS = 3000, 30, 20
FEWEST, FOLDS, RIDGE = 20, 3, 10.0
SHUFFLES = 40  # of the holes, that show what chance does
CLEARLY = 3.5  # standard deviations of these above a half
SURE, NAMED, SHOWN = 1e-3, 3, 8


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Whether the other columns tell where a column's holes are.

    Arguments:
        column: The column.
        holes: How many it has.
        auc: How well the other columns tell; 0.5 is not at all. None where there are too few to ask.
        low: The lower end of its 95 % interval.
        high: The upper end.
        clear: Whether they do beyond chance.
        goes_with: The columns that tell most.
        numeric: Whether it holds numbers.
    """

    column: Any
    holes: int
    auc: float | None = None
    low: float | None = None
    high: float | None = None
    clear: bool = False
    goes_with: tuple[Any, ...] = ()
    numeric: bool = True

    def to_json(self) -> dict[str, Any]:
        """Give the finding as JSON-ready values."""
        return {**vars(self), "column": str(self.column), "goes_with": [str(name) for name in self.goes_with]}


def sentences(found: list[Pattern]) -> list[str]:
    """Say what was found, and what it means for filling; columns of which the same is to be said stand together."""
    said = [_telltale(pattern) for pattern in found if pattern.clear]
    silent = [pattern for pattern in found if pattern.auc is not None and not pattern.clear]
    if silent:
        said.append(
            f"Holes in {_named(silent)}: no other column tells where they are. As far as can be seen they are there "
            f"completely at random (MCAR), and filling is sound; {_unseen(silent)}"
        )
    few = [pattern for pattern in found if pattern.auc is None]
    if few:
        said.append(
            f"Holes in {_named(few)}: too few, or too few other cells, to ask what they go with. Filling assumes that "
            "observed columns explain them (MAR)."
        )
    return said


def _telltale(pattern: Pattern) -> str:
    names = ", ".join(map(str, pattern.goes_with)) or "several columns together"
    return (
        f"Holes in {pattern.column} go with {names} (AUC {pattern.auc:.2f}, {pattern.low:.2f} to {pattern.high:.2f}; "
        ".5 is chance): not completely at random. Filling is sound if the observed columns explain them (MAR), and "
        f"dropping these rows is not; {_unseen([pattern])}"
    )


def _named(found: list[Pattern]) -> str:
    names = [
        str(p.column) if p.auc is None else f"{p.column} (AUC {p.auc:.2f}, {p.low:.2f} to {p.high:.2f})" for p in found
    ]
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _unseen(found: list[Pattern]) -> str:
    number = next((pattern.column for pattern in found if pattern.numeric), None)
    way = "." if number is None else f": try --shift {number}=D."
    return f"if they depend on the missing value itself (MNAR), nothing in the data can tell{way}"


def patterns(frame: Any, columns: Any, seed: int) -> list[Pattern]:
    """Ask for each column with holes whether the other columns tell where they are.

    Arguments:
        frame: A table.
        columns: What the user says some columns are.
        seed: Chooses rows, and which of them are guessed at.
    """
    holes = frame.isna().sum().to_numpy()
    asked = [place for place in range(frame.shape[1]) if holes[place]][:ASKED_COLUMNS]
    if not asked:
        return []
    looked = sorted({*asked, *range(min(LOOKED_COLUMNS, frame.shape[1]))})
    rows = np.sort(generator(seed, "missing").permutation(len(frame))[:LOOKED_ROWS])
    some = frame.iloc[rows, looked]
    known = {name: role for name, role in (columns or {}).items() if name in {str(name) for name in some.columns}}
    codec = TableCodec.fit(some, columns=known)
    seen = {place: grouped(codec, some, place) for place, kind in enumerate(codec.kinds) if kind is not None}
    found = []
    for number, place in enumerate(looked):
        if not holes[place] or codec.schema.columns[number].role in ("key", "text", "constant"):
            continue
        pattern = Pattern(
            column=frame.columns[place],
            holes=int(holes[place]),
            numeric=frame.dtypes.iloc[place].kind in "iuf",
        )
        gone = some.iloc[:, number].isna().to_numpy()
        others = {other: groups for other, groups in seen.items() if other != number}
        enough = min(gone.sum(), (~gone).sum()) >= FEWEST and others
        found.append(_asked(pattern, gone, others, codec, generator(seed, "folds", place)) if enough else pattern)
    return found


def _asked(
    known: Pattern, gone: np.ndarray, others: dict[int, np.ndarray], codec: TableCodec, stream: np.random.Generator
) -> Pattern:
    part = stream.permutation(len(gone)) % FOLDS
    shuffled = [gone[stream.permutation(len(gone))] for _ in range(SHUFFLES)]
    truth = np.stack([gone, *shuffled], axis=1)
    areas = _areas(_guessed(_marks(list(others.values())), truth, part), truth, part)
    value, chance = float(areas[0]), float(np.sqrt(np.mean((areas[1:] - 0.5) ** 2)))
    clear = value > 0.5 + CLEARLY * chance
    error = auc_error(value, int(gone.sum()), int((~gone).sum())) if clear else chance
    return Pattern(
        column=known.column,
        holes=known.holes,
        auc=value,
        low=max(value - Z * error, 0.0),
        high=min(value + Z * error, 1.0),
        clear=clear,
        goes_with=_telling(gone, others, codec) if clear else (),
        numeric=known.numeric,
    )


def _areas(guesses: np.ndarray, truth: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Give the area of each column of guesses: the mean of those within parts, whose guesses have one scale."""
    found = np.full((FOLDS, truth.shape[1]), 0.5)
    for held in range(FOLDS):
        own = part == held
        for number, gone in enumerate(truth[own].T):
            if gone.any() and not gone.all():
                found[held, number] = auc(guesses[own, number][gone], guesses[own, number][~gone])
    return np.asarray(found.mean(0))


def _marks(groups: list[np.ndarray]) -> np.ndarray:
    """Put columns' groups side by side, as a one and zeros for each column."""
    return np.concatenate([own[:, None] == np.unique(own) for own in groups], axis=1).astype(np.float64)


def _guessed(marks: np.ndarray, truth: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Guess each row's holes by ridge regressions on the other parts of the rows.

    Arguments:
        marks: What the other columns hold.
        truth: Which rows have a hole; beside it, the same shuffled, to see what chance does.
        part: The part that each row belongs to.
    """
    guesses = np.zeros(truth.shape)
    for held in range(FOLDS):
        own = part != held
        middle = marks[own].mean(0)
        away = marks[own] - middle
        square = away.T @ away + RIDGE * np.eye(away.shape[1])
        weights = np.linalg.solve(square, away.T @ (truth[own] - truth[own].mean(0)))
        guesses[~own] = (marks[~own] - middle) @ weights
    return guesses


def _telling(gone: np.ndarray, others: dict[int, np.ndarray], codec: TableCodec) -> tuple[Any, ...]:
    """Name the columns that holes go with most (chi-squared, Bonferroni)."""
    from scipy.stats import chi2_contingency

    found = []
    for place, groups in others.items():
        table = counts_of(gone.astype(np.int64), groups)
        if min(table.shape) > 1:
            seen = chi2_contingency(table)
            chance = float(seen.pvalue) * len(others)
            strength = float(seen.statistic) / table.sum() / (min(table.shape) - 1)
            found.append((chance, -strength, place))
    sure = sorted(((strength, place) for chance, strength, place in found if chance < SURE), key=lambda pair: pair[0])
    strong = [place for strength, place in sure if strength <= sure[0][0] / 4]  # a weak echo of the strongest is none
    return tuple(codec.schema.columns[place].name for place in strong[:NAMED])
