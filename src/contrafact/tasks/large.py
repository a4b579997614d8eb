"""Jobs over tables that lie in files: filled, or made, block by block, with memory that does not grow with the rows.

Up to 20,000 rows that the seed chooses, a fifth at most, are held out for the check: holes are hidden in them and
filled, or made rows are judged by them. What comes out is not made before it is saved, and then block by block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from contrafact.base.errors import ContrafactError
from contrafact.base.records import Result, Score
from contrafact.base.seeds import checked_count, fold
from contrafact.codecs.files import Blocks, TableFile
from contrafact.engine.stored import Shuffle
from contrafact.tasks.helps import Check
from contrafact.tasks.hidden_cells import NAMES, Hidden, scores_of, simple_ways
from contrafact.tasks.judge import scores as judged
from contrafact.tasks.table_maker import SYNTHETIC, Fitter, TableJob, able, mark_of
from contrafact.tasks.write_tables import save

MANY_DRAWN = 100_000  # rows from which a sample is written block by block
CHECKED_ROWS, CHECKED_SHARE = 20_000, 0.2
MOST_JUDGED = {"quick": 5000, "full": 20_000}


@dataclass(frozen=True, kw_only=True, eq=False)
class Filled(Blocks):
    """A table whose holes are filled when it is read.

    Arguments:
        table: The file.
        model: Fills holes.
        cells: How many holes are filled.
        number: Which random draw; none for best guesses.
        seed: Seeds the draws.
    """

    table: TableFile
    model: Any
    cells: int
    number: int | None = None
    seed: int = 0

    def __len__(self) -> int:
        return len(self.table)

    @property
    def columns(self) -> Any:
        """The columns' names."""
        return self.table.columns

    def blocks(self) -> Iterator[Any]:
        """Fill the table block by block."""
        start = 0
        for block in self.table.blocks():
            if self.number is None:
                yield self.model.impute(block, start=start)
            else:
                yield self.model.nth_draw(block, self.number, self.seed, start)
            start += len(block)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn(Blocks):
    """Rows that are drawn when they are read.

    Arguments:
        model: Draws them.
        n: How many.
        given: Conditions on columns.
        seed: Seeds them.
        mark: The name of a column that says that they are synthetic; empty for none.
    """

    model: Any
    n: int
    given: dict[str, Any] | None
    seed: int
    mark: str = ""

    def __len__(self) -> int:
        return self.n

    @property
    def columns(self) -> Any:
        """The columns' names."""
        return self.model.sample(0, given=self.given, seed=self.seed).columns

    def blocks(self) -> Iterator[Any]:
        """Draw the rows block by block, where the model can."""
        way = getattr(self.model, "blocks", None)
        asked: dict[str, Any] = {"given": self.given, "seed": self.seed}
        for frame in way(self.n, **asked) if way else [self.model.sample(self.n, **asked)]:
            yield frame.assign(**{self.mark: SYNTHETIC}) if self.mark else frame


def save_drawn(result: Result, out: str, *, csv_safe: bool = False) -> list[str]:
    """Write rows that are all generated, marked as such."""
    marked = replace(result.data, mark=mark_of(result.data))
    return save(replace(result, data=marked), out, csv_safe=csv_safe)


def held_out(table: TableFile, check: Check, seed: int) -> tuple[np.ndarray, TableFile]:
    """Choose the rows that are held out for the check, and give the table without them."""
    most = 0 if check == "off" else min(CHECKED_ROWS, int(CHECKED_SHARE * len(table)))
    rows = np.sort(Shuffle(count=len(table), seed=fold(seed, "held out"))(np.arange(most)))
    return rows, table.without(rows) if most else table


@dataclass(kw_only=True, eq=False)
class FileJob(TableJob):
    """What both jobs have: a table in a file, and a method that learns from its rows but those held out.

    Arguments:
        data: The file.
        fitter: The method.
        test: The rows that are held out.
        check: How much is tested.
        seed: Seeds everything.
        scores: What the check found.
        patterns: Of holes; they are not looked for in files.
        shifted: Means under shifts, which files do not take.
    """

    data: TableFile
    fitter: Fitter
    test: np.ndarray
    check: Check
    seed: int
    scores: dict[str, Score] = field(default_factory=dict)
    patterns: tuple[Any, ...] = ()
    shifted: tuple[Any, ...] = ()

    def _notes(self) -> tuple[str, ...]:
        said = [*self.fitter.notes, f"Read block by block from {self.data.path.name}, and written so."]
        if len(self.test):
            said.append(
                f"The model has not seen {len(self.test):,} of the {len(self.data):,} rows, which the check used."
            )
        return tuple(said)


@dataclass(kw_only=True, eq=False)
class FillingFile(FileJob):
    """Fill the holes of a table in a file.

    Arguments:
        draws: How many random fillings; None for one of best guesses.
    """

    draws: int | None = None

    def steps(self) -> Iterator[str]:
        """Hide known cells of the rows that were held out, and fill them in all ways."""
        if not len(self.test):
            return
        columns = getattr(self.fitter.recipe, "columns", None)
        hidden = Hidden.of(self.data.take(self.test), columns, self.seed)
        if not hidden.places:
            return
        cells = sum(map(len, hidden.places.values()))
        filled = {"method": able(self.fitter.model, "impute").impute(hidden.frame)}
        for way, fill in simple_ways(self.seed).items():
            try:
                filled[way] = fill(hidden.frame)
            except ContrafactError:
                continue
            yield f"check: {cells:,} hidden cells of {len(self.test):,} rows, {NAMES[way]} of these rows"
        self.scores = scores_of(hidden, filled, self.seed)

    def result(self) -> Result:
        """Give the table, to be filled while it is saved, the scores and the verdict."""
        from contrafact.tasks.impute import verdict

        model = able(self.fitter.model, "impute")
        cells, left = holes_of(self.data, model.codec.schema)
        best = Filled(table=self.data, model=model, cells=cells)
        notes = self._notes()
        if left:
            notes = (*notes, f"Holes are left in {', '.join(left[:8])}: keys, free text and empty columns.")
        return Result(
            data=best if self.draws is None else self.drawn(self.draws),
            scores=self.scores,
            verdict=verdict(self.scores, self.fitter.recipe.method, cells, {}),
            notes=notes,
            write=save,
        )

    def drawn(self, draws: int) -> list[Filled]:
        """Give the table with its holes filled at random, so many times."""
        model = able(self.fitter.model, "impute")
        cells = holes_of(self.data, model.codec.schema)[0]
        seed = fold(self.seed, "impute")
        return [
            Filled(table=self.data, model=model, cells=cells, number=number, seed=seed)
            for number in range(checked_count(draws))
        ]


def filled_cells(before: Any, after: Any) -> int:
    """Count the holes that were filled, or that will be while a file is saved."""
    if isinstance(after, Filled):
        return after.cells
    return int(before.isna().to_numpy().sum() - after[list(before.columns)].isna().to_numpy().sum())


def holes_of(table: TableFile, schema: Any) -> tuple[int, list[str]]:
    """Count the holes that are filled, and name the columns whose holes are not."""
    counts = np.sum([block.isna().sum().to_numpy() for block in table.blocks()], axis=0)
    able_to = np.array([column.learned or (column.role == "constant" and bool(column.words)) for column in schema])
    pairs = zip(schema, counts.tolist(), able_to.tolist(), strict=True)
    return int(counts[able_to].sum()), [str(column.name) for column, count, fills in pairs if count and not fills]


@dataclass(kw_only=True, eq=False)
class MakingFile(FileJob):
    """Make rows like those of a table in a file.

    Arguments:
        n: How many rows to make.
        given: Conditions on columns.
        target: A column of special interest in the scores.
    """

    n: int
    given: dict[str, Any] | None
    target: Any

    def steps(self) -> Iterator[str]:
        """Judge rows without conditions against those that were held out."""
        if not len(self.test):
            return
        most, learned = MOST_JUDGED[self.check], self.fitter.data
        some = Shuffle(count=len(learned), seed=fold(self.seed, "judged"))(np.arange(min(most, len(learned))))
        real, held = learned.take(np.sort(some)), self.data.take(self.test[:most])
        yield f"check: {len(real):,} new rows against as many real ones, and {len(held):,} that were held out"
        fake = able(self.fitter.model, "sample").sample(len(real), seed=fold(self.seed, "judged"))
        self.scores = judged(real, fake, held, target=self.target, seed=self.seed)

    def result(self) -> Result:
        """Give the rows, to be drawn while they are saved, the scores and the verdict."""
        from contrafact.tasks.synth import verdict

        model = able(self.fitter.model, "sample")
        made = Drawn(model=model, n=self.n, given=self.given, seed=fold(self.seed, "made"))
        said = verdict(self.scores) if self.scores else "Nothing was tested."
        told = f"{self.n:,} rows are drawn while they are saved. {said}"
        return Result(data=made, scores=self.scores, verdict=told, notes=self._notes(), write=save_drawn)


def filling_file(
    table: TableFile, recipe: Any, *, draws: int | None, check: Check, seed: int, options: Mapping[str, Any]
) -> FillingFile:
    """Prepare the filling of a table in a file.

    Arguments:
        table: The file.
        recipe: A method that reads tables block by block.
        draws: As for `impute`.
        check: "quick" and "full" are the same here.
        seed: Seeds everything.
        options: budget, device.
    """
    test, learned = held_out(table, check, seed)
    fitter = Fitter(recipe=recipe, data=learned, options={"seed": seed, **options})
    return FillingFile(data=table, fitter=fitter, test=test, check=check, seed=seed, draws=draws)


def making_file(
    table: TableFile,
    recipe: Any,
    *,
    n: int | None,
    given: Mapping[str, Any] | None,
    target: Any,
    check: Check,
    seed: int,
    options: Mapping[str, Any],
) -> MakingFile:
    """Prepare rows like those of a table in a file.

    Arguments:
        table: The file.
        recipe: A method that reads tables block by block.
        n: How many rows to make; none for as many as there are.
        given: Conditions on columns.
        target: A column of special interest in the scores.
        check: As for `synth`; at most 20,000 rows are judged.
        seed: Seeds everything.
        options: budget, device.
    """
    test, learned = held_out(table, check, seed)
    return MakingFile(
        data=table,
        fitter=Fitter(recipe=recipe, data=learned, options={"seed": seed, **options}),
        test=test,
        check=check,
        seed=seed,
        n=len(table) if n is None else checked_count(n),
        given=None if given is None else dict(given),
        target=target,
    )


def by_blocks(recipe: Any, **wishes: Any) -> bool:
    """Tell whether a job can be done block by block: by this method, and without wishes that need all rows."""
    return recipe.method == "loom" and recipe.epsilon is None and not any(wishes.values())
