"""The standard scores of a generated table against the real one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.metrics.classifiers import LOGISTIC_WIDE, c2st_logistic, c2st_trees, fooled, means_copies
from contrafact.metrics.classifiers import MOST_COLUMNS as MOST_FOR_TREES
from contrafact.metrics.columns import Table, tables
from contrafact.metrics.judge import MOST_ROWS, apart, near
from contrafact.metrics.marginals import missingness, shape_table, shapes
from contrafact.metrics.mixed import MOST_WIDE, mixed_rows, most_rows, most_wide
from contrafact.metrics.privacy import Privacy, privacy
from contrafact.metrics.relations import MOST_COLUMNS, pair_table, pairs
from contrafact.metrics.usefulness import tstr


@dataclass(frozen=True, kw_only=True, eq=False)
class TableJudgement:
    """What was found out about a generated table.

    Arguments:
        scores: Scores by name.
        shapes: Each column's likeness; keys and free text have none.
        names: The names of the columns, in the order of `pairs`.
        pairs: How alike the relation of each pair of columns is; NaN where it was not measured.
        privacy: What attacks found.
        target: The column that models were trained to predict, or nothing.
        notes: What must be known to read the scores.
        columns: How many columns there are; `names` has fewer where their pairs were too many.
    """

    scores: dict[str, Score]
    shapes: dict[str, float]
    names: list[str]
    pairs: np.ndarray
    privacy: Privacy
    target: str = ""
    notes: tuple[str, ...] = ()
    columns: int = 0


def judge_table(real: Any, fake: Any, holdout: Any = None, target: str | None = None, seed: int = 0) -> TableJudgement:
    """Score a generated table of any origin.

    Arguments:
        real: The frame that the generator learned from.
        fake: The frame that it made; columns that the real one lacks are left out.
        holdout: Real rows that it never saw: better ceilings, and the only way to look for membership.
        target: A column to be predicted by models that have seen fakes only.
        seed: Seeds every choice.
    """
    read = tables(real, fake, *([] if holdout is None else [holdout]))
    kept = read[2] if len(read) > 2 else None
    attacked = privacy(real, fake, holdout, target=target, seed=seed)
    trees = c2st_trees(read[0], read[1], kept, seed)
    useful = None if target is None else tstr(read[0], read[1], target, kept, seed)
    found = [
        shapes(read[0], read[1], kept, seed),
        pairs(read[0], read[1], kept, seed),
        missingness(read[0], read[1], kept, seed),
        trees,
        c2st_logistic(read[0], read[1], kept, seed),
        useful,
        *_as_rows(read, seed),
        fooled(trees),
    ]
    scores = {score.name: score for score in found if score is not None and not math.isnan(score.value)}
    names, alike = pair_table(read[0], read[1], seed)
    return TableJudgement(
        scores=scores | attacked.scores,
        shapes=shape_table(read[0], read[1]),
        names=names,
        pairs=alike,
        privacy=attacked,
        target=target or "",
        notes=(*_chosen(read[0]), *_notes(read[0], trees, target, useful, kept is not None)),
        columns=len(read[0].columns),
    )


def _as_rows(read: list[Table], seed: int) -> list[Score]:
    """Score by distances between rows in which every column counts alike; shuffled columns get the floors."""
    most = min(MOST_ROWS, most_rows(read[0]))
    few = [side.at_most(most, seed, f"rows {place}") for place, side in enumerate(read)]
    worst = few[0].shuffled(seed).at_most(len(few[1]), seed, "worst")
    rows = mixed_rows(few[0], *few[1:], worst, seed=seed)
    kept = rows[2] if len(read) > 2 else None
    return [*near(rows[0], rows[1], kept, rows[-1], seed), *apart(rows[0], rows[1], kept, rows[-1], seed, False)]


def _chosen(real: Table) -> tuple[str, ...]:
    """Say which scores look at some of the columns only, where there are many."""
    many, said = len(real.columns), []
    if many > MOST_COLUMNS:
        said.append(f"pairs (and holes that come together) are compared among {MOST_COLUMNS:,}")
    if many > MOST_FOR_TREES:
        said.append(f"trees see {MOST_FOR_TREES:,}")
        said.append(f"the logistic regression as many as fit into {LOGISTIC_WIDE:,} numbers")
    if most_wide(real) > MOST_WIDE:
        said.append(f"distances between rows see as many as fit into {MOST_WIDE:,} numbers")
    if not said:
        return ()
    return (
        f"Of the {many:,} columns the seed chose some: {'; '.join(said)}. Single columns and exact copies are looked "
        "at in all of them.",
    )


def _notes(real: Table, trees: Score, target: str | None, useful: Score | None, holdout: bool) -> tuple[str, ...]:
    said = []
    if means_copies(trees):
        said.append(
            f"The trees' AUC of {trees.value:.2f} lies far below 0.5: fakes repeat real rows. This is no praise."
        )
    texts = [column.name for column in real.columns if column.kind == "text"]
    if texts:
        said.append(
            f"Taken for keys or free text, of which only the share of empty cells is compared: {', '.join(texts[:8])}"
            f"{' ...' if len(texts) > 8 else ''}."
        )
    if target is not None and useful is None:
        said.append(
            f"No model was trained to predict {target}: that needs a number, or 2 to 50 classes with rows to test on."
        )
    if useful is not None and not holdout:
        said.append(
            f"{useful.name} was tested on half of the real rows, which the generator may have seen: give a holdout."
        )
    return tuple(said)
