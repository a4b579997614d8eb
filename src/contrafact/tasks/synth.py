"""Synth: a table of new rows like the real ones, judged on rows that the generator has not seen.

Share-safe copies follow rules against what gives people away most easily: levels of fewer than five rows are put
together, the ends of scales are rounded outwards, keys are new and free text is empty, and a drawn row that equals a
real one is dropped and drawn anew. These rules are no proof of privacy, and the verdict says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold, generator
from contrafact.codecs.sharing import FEW_ROWS, RealRows, merged
from contrafact.codecs.table import TableCodec
from contrafact.tasks.helps import Check, checked
from contrafact.tasks.judge import scores as judged
from contrafact.tasks.results import by_kind
from contrafact.tasks.table_maker import Fitter, able, chosen_recipe, mark_of, table_of
from contrafact.tasks.write_tables import save

TEST_SHARE, LEAST_ROWS = 0.2, 50
MOST_JUDGED = {"quick": 5000, "full": 40_000}
ROUNDS = 20  # of drawing anew, before it is said that too many rows are real ones


@dataclass(kw_only=True, eq=False)
class Synthesising:
    """The job: its training first, then its steps, then its result.

    Arguments:
        data: What rows are made like: the user's frame, with rare levels put together where rows are to be shared.
        fitter: The generator.
        test: Rows that the generator does not see; none without a check.
        n: How many rows to make.
        given: Conditions on columns.
        target: A column of special interest in the scores.
        real: The real rows, where none of them may be handed out.
        merged_levels: How many levels were put together.
        check: How much is tested.
        seed: Seeds everything.
    """

    data: Any
    fitter: Fitter
    test: np.ndarray
    n: int
    given: dict[str, Any] | None
    target: Any
    real: RealRows | None
    merged_levels: int
    check: Check
    seed: int
    dropped: int = 0
    scores: dict[str, Score] = field(default_factory=dict)

    @property
    def training(self) -> Any:
        """The generator's training, where it is one."""
        return self.fitter.training

    def steps(self) -> Iterator[str]:
        """Judge rows without conditions against those that were held out."""
        if not len(self.test):
            return
        most, learned, held = MOST_JUDGED[self.check], self.fitter.data, self.data.iloc[self.test]
        rows = min(len(learned), most)
        fake, _ = self._drawn(rows, None, fold(self.seed, "judged"))
        some = np.sort(generator(self.seed, "judged").permutation(len(learned))[:most])
        yield f"check: {rows:,} new rows against {len(some):,} real ones, and {len(held):,} that were held out"
        self.scores = judged(learned.iloc[some], fake, held.iloc[:most], target=self.target, seed=self.seed)

    def _drawn(self, n: int, given: dict[str, Any] | None, seed: int) -> tuple[Any, int]:
        """Draw rows, none of them real where they are to be shared, and count those that were dropped."""
        model = able(self.fitter.model, "sample")
        if self.real is None:
            return model.sample(n, given=given, seed=seed), 0
        import pandas as pd

        kept, count, dropped = [model.sample(0, given=given, seed=seed)], 0, 0
        for number in range(ROUNDS):
            drawn = model.sample(n - count, given=given, seed=fold(seed, "anew", number) if number else seed)
            real = self.real.among(drawn)
            kept.append(drawn[~real])
            count, dropped = count + int((~real).sum()), dropped + int(real.sum())
            if count == n:
                return pd.concat([part for part in kept if len(part)] or kept[:1], ignore_index=True), dropped
        raise DataError(
            f"Of {count + dropped:,} drawn rows {dropped:,} equal a real row; {n:,} others are wanted.",
            why="The columns have so few values that almost every row that is possible is a real one.",
            fix="Ask for fewer rows, or do without --share-safe.",
            code="E249",
        )

    def result(self) -> Result:
        """Give the rows, the scores and the verdict, once the steps are done."""
        made, self.dropped = self._drawn(self.n, self.given, fold(self.seed, "made"))
        return Result(
            data=made, scores=self.scores, verdict=self._verdict(), notes=self._notes(made), write=save_marked
        )

    def _verdict(self) -> str:
        told = f"Made {self.n:,} rows."
        return f"{told} {verdict(self.scores)}" if self.scores else f"{told} Nothing was tested."

    def _notes(self, made: Any) -> tuple[str, ...]:
        said = list(self.fitter.notes)
        if len(self.test):
            said.append("The generator has not seen the fifth of the rows that was held out for the test.")
        if self.real is not None:
            said.append(
                f"Share-safe: {self.merged_levels:,} levels of fewer than {FEW_ROWS} rows put together, ends of scales "
                f"rounded outwards, keys made anew, free text left empty, {self.dropped:,} drawn rows dropped because "
                "they equal a real row. This follows rules; it proves no privacy."
            )
        return tuple(said)

    def finish(self) -> Result:
        """Do everything at once."""
        for _ in self.steps():
            pass
        return self.result()


def save_marked(result: Result, out: str, *, csv_safe: bool = False) -> list[str]:
    """Write rows that are all generated, marked as such."""
    marked = result.data.assign(**{mark_of(result.data): "synthetic"})
    return save(dataclasses.replace(result, data=marked), out, csv_safe=csv_safe)


def synthesising(
    data: Any,
    *,
    n: int | None = None,
    given: Mapping[str, Any] | None = None,
    share_safe: bool = False,
    target: Any = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> Synthesising:
    """Prepare the job; the arguments are those of `synth`.

    Arguments:
        settings: Settings of the method, by name.
        options: budget, device.
    """
    from contrafact.zoo.loom import Loom

    checked(check)
    frame = table_of(data)
    n = len(frame) if n is None else checked_count(n)
    made = chosen_recipe(method, Loom(), settings)
    gone, real = 0, None
    if share_safe:
        made = _shared(made)
        frame, gone = merged(frame, TableCodec.fit(frame, columns=made.columns))
        real = RealRows(TableCodec.fit(frame, columns=made.columns), frame)
    order = generator(seed, "held out").permutation(len(frame))
    test = (
        np.sort(order[: round(TEST_SHARE * len(frame))]) if check != "off" and len(frame) >= LEAST_ROWS else order[:0]
    )
    learned = frame.iloc[np.setdiff1d(order, test)] if len(test) else frame
    return Synthesising(
        data=frame,
        fitter=Fitter(recipe=made, data=learned, options={"seed": seed, **options}),
        test=test,
        n=n,
        given=None if given is None else dict(given),
        target=target,
        real=real,
        merged_levels=gone,
        check=check,
        seed=seed,
    )


def _shared(made: Any) -> Any:
    """Set a method to keep nothing that tells of single rows.

    Raises:
        UsageError: It has no such setting.
    """
    if "share_safe" in {setting.name for setting in dataclasses.fields(made)}:
        return made.but(share_safe=True)
    raise UsageError(
        f"{made.method} has no share-safe form.",
        why="Its model would keep rare levels and the ends of scales.",
        fix="Leave --recipe out, which takes loom.",
        code="E130",
    )


WAYS = {"table": synthesising}


def synth(
    data: Any,
    *,
    n: int | None = None,
    given: Mapping[str, Any] | None = None,
    share_safe: bool = False,
    target: Any = None,
    method: str | Recipe | None = None,
    check: Check = "quick",
    seed: int = 0,
    budget: str | None = None,
    device: str | None = None,
) -> Result:
    """Make a table of new rows like the real ones, and judge them on rows that the generator has not seen.

    Arguments:
        data: A table.
        n: How many rows to make; by default as many as there are.
        given: What some columns are: a value, an interval (30, 40), a set ["a", "b"].
        share_safe: Follow the rules for rows that strangers will see: see the notes of the result.
        target: A column that models trained on the new rows shall predict, in the scores.
        method: A method that draws tables, or a recipe; by default `loom`.
        check: "quick" judges with at most 5,000 rows, "full" with 40,000; both hold a fifth of the rows out, in tables
            of 50 rows or more; "off" learns from all rows and tests nothing.
        seed: Seeds everything.
        budget: Time to train for, like "10m".
        device: Where to train.
    """
    prepare = by_kind("synth", WAYS, data)
    asked: dict[str, Any] = {"n": n, "given": given, "share_safe": share_safe, "target": target, "method": method}
    job: Synthesising = prepare(data, **asked, check=check, seed=seed, budget=budget, device=device)
    return job.finish()


def verdict(scores: Mapping[str, Score]) -> str:
    """Say how good the rows are, and what was tried against their privacy.

    Arguments:
        scores: What the judge gave.
    """
    said = []
    trees, pairs, member = (scores.get(name) for name in ("c2st_trees", "pairs", "membership_auc"))
    if pairs is not None:
        anchors = _anchors(pairs, "{:.3f}", "with columns shuffled", "other real rows")
        said.append(f"Pairs of columns go together as in the real rows to {pairs.value:.3f}{anchors}.")
    if trees is not None:
        anchors = _anchors(trees, "{:.2f}", "with columns shuffled", "other real rows")
        said.append(f"Boosted trees tell new rows from real ones with AUC {trees.value:.2f}{anchors}.")
    for name in ("tstr_auc", "tstr_r2"):
        if name in scores:
            what = "AUC" if name == "tstr_auc" else "R2"
            anchors = _anchors(scores[name], "{:.3f}", "a shuffled target", "trained on real rows")
            said.append(f"Models trained on new rows predict real ones with {what} {scores[name].value:.3f}{anchors}.")
    if member is not None:
        span = f"AUC {member.value:.2f}, {member.low:.2f} to {member.high:.2f}"
        said.append(
            f"A membership attack tells training rows from others ({span})."
            if member.low > 0.5
            else f"A membership attack did no better than chance ({span}); that is no proof of privacy."
        )
    return " ".join(said)


def _anchors(score: Score, form: str, floor: str, ceiling: str) -> str:
    pairs = ((floor, score.floor), (ceiling, score.ceiling))
    told = ", ".join(f"{name} {form.format(value)}" for name, value in pairs if value is not None)
    return f" ({told})" if told else ""
