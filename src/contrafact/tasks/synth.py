"""Synth: a table of new rows like the real ones, judged on rows that the generator has not seen.

Share-safe copies follow rules against what gives people away most easily: levels of fewer than five rows are put
together, the ends of scales are rounded outwards, keys are new and free text is empty, and a drawn row that equals a
real one is dropped and drawn anew. These rules are no proof of privacy, and the verdict says so.

With a method's `epsilon` the rows are differentially private, and the scores beside them are not: those are for whoever
holds the real rows. Which rows are held out is then a matter of the system's coins, one for each row, so that one row
more moves no other; and where nobody says how many rows to make, their number is the one that was counted with noise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold, generator
from contrafact.codecs.files import TableFile
from contrafact.codecs.sharing import FEW_ROWS, RealRows, merged
from contrafact.codecs.table import TableCodec
from contrafact.engine.private import uniform
from contrafact.tasks.helps import Check, checked
from contrafact.tasks.judge import scores as judged
from contrafact.tasks.kept_rows import counted, with_count, with_new_keys
from contrafact.tasks.large import MANY_DRAWN, Drawn, MakingFile, by_blocks, making_file, save_drawn
from contrafact.tasks.read import read_or_open
from contrafact.tasks.results import by_kind
from contrafact.tasks.table_maker import SYNTHETIC, Fitter, TableJob, able, chosen_recipe, mark_of, table_of
from contrafact.tasks.write_tables import save

TEST_SHARE, LEAST_ROWS = 0.2, 50
MOST_JUDGED = {"quick": 5000, "full": 40_000}
ROUNDS = 20  # of drawing anew, before it is said that too many rows are real ones


@dataclass(kw_only=True, eq=False)
class Synthesising(TableJob):
    """The job: its training first, then its steps, then its result.

    Arguments:
        data: What rows are made like: the user's frame, with rare levels put together where rows are to be shared.
        fitter: The generator.
        test: Rows that the generator does not see; none without a check.
        n: How many rows to make; none for as many as a private generator has counted.
        given: Conditions on columns.
        target: A column of special interest in the scores.
        real: The real rows, where none of them may be handed out.
        merged_levels: How many levels were put together.
        check: How much is tested.
        seed: Seeds everything.
        lazily: Whether very many rows are drawn when they are saved.
        dropped: How many drawn rows equalled a real one, and were drawn anew.
        scores: What the check found.
    """

    data: Any
    fitter: Fitter
    test: np.ndarray
    n: int | None
    given: dict[str, Any] | None
    target: Any
    real: RealRows | None
    merged_levels: int
    check: Check
    seed: int
    lazily: bool = False
    dropped: int = 0
    scores: dict[str, Score] = field(default_factory=dict)

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
        if self.real is None and self.lazily and n > MANY_DRAWN and hasattr(model, "blocks"):
            return Drawn(model=model, n=n, given=given, seed=seed), 0
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
                joined = pd.concat([part for part in kept if len(part)] or kept[:1], ignore_index=True)
                return with_count(with_new_keys(model, joined, self.real.keys), kept), dropped
        raise DataError(
            f"Of {count + dropped:,} drawn rows {dropped:,} equal a real row; {n:,} others are wanted.",
            why="The columns have so few values that almost every row that is possible is a real one.",
            fix="Ask for fewer rows, or do without --share-safe.",
            code="E249",
        )

    def result(self) -> Result:
        """Give the rows, the scores and the verdict, once the steps are done."""
        made, self.dropped = self._drawn(self._wanted(), self.given, fold(self.seed, "made"))
        write = save_drawn if isinstance(made, Drawn) else save_marked
        return Result(
            data=made, scores=self.scores, verdict=self._verdict(len(made)), notes=self._notes(made), write=write
        )

    def _wanted(self) -> int:
        """Say how many rows are to be made; what a private generator has counted lacks those that were held out."""
        if self.n is not None:
            return self.n
        learned: int = self.fitter.model.codec.schema.rows
        return round(learned / (1 - TEST_SHARE)) if len(self.test) else learned

    def _verdict(self, rows: int) -> str:
        told = f"Made {rows:,} rows."
        return f"{told} {verdict(self.scores)}" if self.scores else f"{told} Nothing was tested."

    def _notes(self, made: Any) -> tuple[str, ...]:
        said = [*self.fitter.notes, *filter(None, [counted([made] if hasattr(made, "attrs") else [])])]
        if len(self.test):
            said.append("The generator has not seen the fifth of the rows that was held out for the test.")
        if self.real is not None:
            said.append(
                f"Share-safe: {self.merged_levels:,} levels of fewer than {FEW_ROWS} rows put together, ends of scales "
                f"rounded outwards, keys made anew, free text left empty, {self.dropped:,} drawn rows dropped because "
                "they equal a real row. This follows rules; it proves no privacy."
            )
        return tuple(said)


def save_marked(result: Result, out: str, *, csv_safe: bool = False) -> list[str]:
    """Write rows that are all generated, marked as such."""
    marked = result.data.assign(**{mark_of(result.data): SYNTHETIC})
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
    lazily: bool = False,
    **options: Any,
) -> Synthesising | MakingFile:
    """Prepare the job; the arguments are those of `synth`, and the method's settings by name.

    Arguments:
        lazily: Whether very many rows are drawn when they are saved, so that they need no memory.
    """
    from contrafact.zoo.loom import Loom

    checked(check)
    made = chosen_recipe(method, Loom(), settings)
    if isinstance(data, TableFile) and by_blocks(made, share_safe=share_safe):
        asked: dict[str, Any] = {"n": n, "given": given, "target": target, "check": check, "seed": seed}
        return making_file(data, made, **asked, options=options)
    frame = table_of(data)
    private = getattr(made, "epsilon", None) is not None
    usual = None if private else len(frame)  # a private generator counts the rows with noise
    n = usual if n is None else checked_count(n)
    merged_levels, real = 0, None
    if share_safe:
        made = _shared(made)
        frame, merged_levels = merged(frame, TableCodec.fit(frame, columns=made.columns))
        real = RealRows(TableCodec.fit(frame, columns=made.columns), frame)
    test = _held_out(len(frame) if check != "off" else 0, seed, by_coin=private)
    learned = frame.iloc[np.setdiff1d(np.arange(len(frame)), test)] if len(test) else frame
    return Synthesising(
        data=frame,
        fitter=Fitter(recipe=made, data=learned, options={"seed": seed, **options}),
        test=test,
        n=n,
        given=None if given is None else dict(given),
        target=target,
        real=real,
        merged_levels=merged_levels,
        check=check,
        seed=seed,
        lazily=lazily,
    )


def _held_out(rows: int, seed: int, *, by_coin: bool) -> np.ndarray:
    """Choose the rows that the generator does not see, in their order; of few rows none.

    Arguments:
        rows: How many there are.
        seed: Chooses which.
        by_coin: Whether every row has a coin of its own, from the system, in place of that.
    """
    if rows < LEAST_ROWS:
        return np.arange(0)
    if by_coin:
        return np.flatnonzero(uniform(rows) < TEST_SHARE)
    return np.sort(generator(seed, "held out").permutation(rows)[: round(TEST_SHARE * rows)])


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
        data: A table, or the file of one: a large one is read block by block, and the rows are drawn when they are
            saved.
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
    data = read_or_open(data) if isinstance(data, str | PathLike) else data
    prepare = by_kind("synth", WAYS, data)
    asked: dict[str, Any] = {"n": n, "given": given, "share_safe": share_safe, "target": target, "method": method}
    job: Synthesising | MakingFile = prepare(data, **asked, check=check, seed=seed, budget=budget, device=device)
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
