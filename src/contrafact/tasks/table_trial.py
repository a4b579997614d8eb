"""Does it help? Two classifiers are trained on a table in several ways and asked about real rows held out from all.

A fifth of each class is put aside first, and neither the generator nor a classifier sees it (`check="quick"`: one such
part; everything is drawn and trained five times, each time without another fifth of the training rows, so that
intervals know how much a gain hangs on the rows that were learned from). `check="full"` cuts the rows into five parts,
each of which is held out once, with a generator of its own; the one that makes what is handed out then learns from all
rows. What one way gains over another is measured on the same rows and seeds, with an interval (`metrics.rare`). Ways
without a generator are among them, and may win.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Result, Score
from contrafact.base.seeds import fold, generator
from contrafact.metrics.columns import tables
from contrafact.metrics.rare import MEASURES, Tables, Told, floors, gained, measured, scored
from contrafact.tasks.helps import Check, seen
from contrafact.tasks.kept_rows import counted
from contrafact.tasks.table_arms import ARMS, MODELS, Course, even_folds
from contrafact.tasks.table_maker import Fitter, beside, column_named
from contrafact.tasks.write_tables import save

TEST_PARTS = 5
MOST_CLASSES = 50
MOST_ROWS = 20_000  # that classifiers are trained on, and as many that they are tested on
SIMPLE = ("weights", "repeats", "smote")


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much a check costs.

    Arguments:
        parts: Test parts, each with a generator of its own.
        seeds: Times that everything is drawn for each part, each time without another share of its training rows.
        again: How many trainings each draw of an interval takes. One is what a user makes; of five parts, whose
            trainings share three quarters of their rows, two: 1 / (1/5 + 1/4) (Nadeau and Bengio 2003).
        folds: Parts in which thresholds are looked for.
        rounds: Trees.
    """

    parts: int
    seeds: int
    again: int
    folds: int
    rounds: int


EFFORTS = {
    "quick": Effort(parts=1, seeds=5, again=1, folds=2, rounds=60),
    "full": Effort(parts=5, seeds=1, again=2, folds=3, rounds=100),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """The classes of a table's rows.

    Arguments:
        target: The column.
        codes: The number of each row's class, -1 where it is missing.
        labels: The classes, as the column has them.
    """

    target: Any
    codes: np.ndarray
    labels: list[Any]

    @classmethod
    def of(cls, frame: Any, target: Any) -> Classes:
        """Read a column as classes.

        Raises:
            DataError: It has one class, or so many values that it is a scale.
        """
        import pandas as pd

        name = column_named(frame, target)
        codes, labels = pd.factorize(frame[name], sort=False)
        if not 2 <= len(labels) <= MOST_CLASSES:
            raise DataError(
                f"Column {name!r} has {len(labels):,} different values.",
                why=f"Classes are 2 to {MOST_CLASSES} values that rows share.",
                fix="Name a column of classes.",
                code="E248",
            )
        return cls(target=name, codes=np.asarray(codes), labels=list(labels))

    def counts(self, places: np.ndarray | None = None) -> np.ndarray:
        """Count the rows of each class."""
        codes = self.codes if places is None else self.codes[places]
        return np.bincount(codes[codes >= 0], minlength=len(self.labels))

    def parts(self, seed: int) -> np.ndarray:
        """Give each row the number of the test part that it belongs to, -1 where its class is missing.

        Raises:
            DataError: A class has too few rows to be cut.
        """
        counts = self.counts()
        if counts.min() < TEST_PARTS:
            label = self.labels[int(counts.argmin())]
            raise DataError(
                f"Class {label!r} of column {self.target!r} has {counts.min()} rows.",
                why=f"To see whether new rows help, each class is cut into {TEST_PARTS} parts.",
                fix="Add rows, leave that class out, or do without the test: --check off",
                code="E247",
            )
        known, found = np.flatnonzero(self.codes >= 0), np.full(len(self.codes), -1)
        found[known] = even_folds(self.codes[known], TEST_PARTS, generator(seed, "test parts"))
        return found


@dataclass(kw_only=True, eq=False)
class RowTrial(ABC):
    """A job that makes rows and tests whether they help: its training first, then its steps, then its result.

    Arguments:
        data: The user's frame.
        classes: Its classes, where there are any to test with.
        fitter: Makes the rows that are handed out.
        check: How much is tested.
        seed: Seeds everything.
        parts: The test part of each row.
        measured: What came out, by classifier.
        tested: How many rows the classifiers were asked about.
    """

    data: Any
    classes: Classes | None
    fitter: Fitter
    check: Check
    seed: int
    parts: np.ndarray | None = None
    measured: dict[str, Tables] = field(default_factory=dict)
    tested: int = 0

    @property
    def training(self) -> Any:
        """The generator's training, where it is one."""
        return self.fitter.training

    @abstractmethod
    def wanted(self, counts: np.ndarray, rows: int) -> np.ndarray:
        """Give the class of each row that is to be made.

        Arguments:
            counts: The rows of each class that there are.
            rows: How many rows these are in all.
        """

    @abstractmethod
    def made(self, model: Any, wanted: np.ndarray, seed: int) -> Any:
        """Make such rows."""

    def steps(self) -> Iterator[str]:
        """Train the classifiers, saying what is done."""
        if self.parts is None or self.classes is None:
            return
        effort = EFFORTS[self.check]
        runs: dict[str, dict[str, list[Told]]] = {model: {} for model in MODELS}
        for part in range(effort.parts):
            train, test = np.flatnonzero(self.parts != part), np.flatnonzero(self.parts == part)
            fitter = self.fitter
            if effort.parts > 1:
                yield f"check: part {part + 1} of {effort.parts}, a generator of its own"
                fitter = self.fitter.like(self.data.iloc[train], fold(self.seed, "part", part))
            courses, rows, truth = self._courses(fitter.model, train, test, part)
            self.tested += len(truth)
            for model in MODELS:
                for arm in ARMS:
                    told = self._told(courses, arm, model, rows, truth, part)
                    runs[model].setdefault(arm, []).extend(told)
                yield f"check: part {part + 1} of {effort.parts}, {MODELS[model]}: {len(ARMS)} ways"
        shares = self.classes.counts() / self.classes.counts().sum()
        self.measured = {model: measured(arms, shares, self.seed) for model, arms in runs.items()}

    def _told(self, courses: list[Course], arm: str, model: str, rows: Any, truth: Any, part: int) -> list[Told]:
        """Train in one way once for each seed."""
        effort = EFFORTS[self.check]
        return [
            course.told(arm, model, rows, truth, part=part, folds=effort.folds, rounds=effort.rounds)
            for course in courses
        ]

    def _courses(self, model: Any, train: np.ndarray, test: np.ndarray, part: int) -> tuple[list[Course], Any, Any]:
        """Prepare the training part with rows made from each seed, and the test part."""
        assert self.classes is not None
        classes, random = self.classes, generator(self.seed, "some", part)
        known = train[classes.codes[train] >= 0]
        wanted = self.wanted(classes.counts(train), len(train))
        effort = EFFORTS[self.check]
        frames = [self.made(model, wanted, fold(self.seed, "check", part, seed)) for seed in range(effort.seeds)]
        codes = [_codes(frame[classes.target], classes) for frame in frames]
        frames = [frame[own >= 0] for frame, own in zip(frames, codes, strict=True)]
        some, share = _some(known, classes.codes, random), min(1.0, MOST_ROWS / len(known))
        asked = _some(test, classes.codes, random)
        real = self.data.drop(columns=[classes.target])
        read = tables(real.iloc[some], real.iloc[asked], *(frame[list(real.columns)] for frame in frames))
        courses = []
        left_out = even_folds(classes.codes[some], effort.seeds, random) if effort.seeds > 1 else np.full(len(some), -1)
        for seed, (rows, own) in enumerate(zip(read[2:], codes, strict=True)):
            shown = np.flatnonzero(left_out != seed)
            taken = share * len(shown) / len(some)
            kept = random.permutation(len(rows))[: round(taken * len(rows))]
            courses.append(
                Course(
                    rows=read[0].take(shown),
                    classes=classes.codes[some[shown]],
                    names=len(classes.labels),
                    wanted=random.permutation(wanted)[: round(taken * len(wanted))],
                    made=(rows.take(kept), own[own >= 0][kept]),
                    seed=fold(self.seed, "course", part, seed),
                )
            )
        return courses, read[1], classes.codes[asked]

    def scores(self) -> dict[str, Score]:
        """Score each classifier in each way, and what each way gains."""
        if not self.measured or self.classes is None:
            return {}
        counts, found, seed, again = self.classes.counts(), [], self.seed, EFFORTS[self.check].again
        lowest = floors(counts / counts.sum())
        for model, arms in self.measured.items():
            for name, better in MEASURES.items():
                for arm, table in arms.items():
                    told = f"{name}_{model}_{arm}"
                    score = scored(
                        told, table[name], better, self.tested, floor=lowest[name], seed=seed, trainings=again
                    )
                    found.append(score)
            ranked = {arm: table["auprc"] for arm, table in arms.items()}
            for arm in (*SIMPLE, "synthetic"):
                found.append(gained(f"gain_{model}_{arm}", ranked[arm], ranked["nothing"], self.tested, seed, again))
            for arm in SIMPLE:
                name = f"gain_{model}_synthetic_over_{arm}"
                found.append(gained(name, ranked["synthetic"], ranked[arm], self.tested, seed, again))
        return {score.name: score for score in found}

    def result(self) -> Result:
        """Give the real and the new rows, the scores and the verdict, once the steps are done."""
        classes = self.classes
        counts = np.zeros(0, dtype=np.int64) if classes is None else classes.counts()
        wanted = self.wanted(counts, len(self.data))
        made = self.made(self.fitter.model, wanted, fold(self.seed, "made"))
        scores = self.scores()
        told = verdict(scores) if scores else self.untested()
        notes = (*self.notes(), *filter(None, [counted([made])]))
        return Result(data=beside(self.data, made), scores=scores, verdict=told, notes=notes, write=save)

    def untested(self) -> str:
        """Say that nothing was tested."""
        return "Made without a test whether they help."

    def notes(self) -> tuple[str, ...]:
        """Say what must be known about the rows."""
        few = "The rows come from a generator that has not seen the fifth that was held out for the test."
        return (*self.fitter.notes, *([few] if self.measured and EFFORTS[self.check].parts == 1 else []))

    def finish(self) -> Result:
        """Do everything at once."""
        if self.training is not None and self.training.model is None:
            self.training.finish()
        for _ in self.steps():
            pass
        return self.result()


def _codes(column: Any, classes: Classes) -> np.ndarray:
    """Give the number of each cell's class, -1 for others."""
    known = {label: code for code, label in enumerate(classes.labels)}
    return np.array([known.get(cell, -1) for cell in column.tolist()], dtype=np.int64)


def _some(places: np.ndarray, codes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Keep so many places that classifiers can be trained, the same share of each class."""
    if len(places) <= MOST_ROWS:
        return places
    parts = even_folds(codes[places], -(-len(places) // (MOST_ROWS // 100)), random)
    return places[parts < 100]


def verdict(scores: Mapping[str, Score]) -> str:
    """Say whether generated rows helped each classifier, and whether more than what is simpler.

    Arguments:
        scores: What `RowTrial.scores` gave.
    """
    models = sorted(MODELS, key=lambda model: -scores[f"auprc_{model}_nothing"].value)
    said = [_said(scores, model) for model in models]
    best = max(
        ((model, arm) for model in models for arm in ARMS), key=lambda pair: scores[f"auprc_{pair[0]}_{pair[1]}"].value
    )
    most = scores[f"auprc_{best[0]}_{best[1]}"]
    chances = [scores[f"{name}_{models[0]}_{arm}"].value for name, arm in CALIBRATED]
    return " ".join(
        [
            *said,
            f"Highest AUPRC: {MODELS[best[0]]} with {ARMS[best[1]]}, {most.value:.3f}.",
            _advice(scores),
            f"Brier of {MODELS[models[0]]}: {chances[0]:.4f} with nothing, {chances[1]:.4f} with generated rows, "
            f"{chances[2]:.4f} once their chances are corrected for the real shares of the classes.",
            _power(scores),
        ]
    )


def advised(scores: Mapping[str, Score]) -> tuple[str, str]:
    """Choose a classifier and a way to train it: no way is preferred to nothing unless its gain was seen.

    The highest of ten means is often that of luck, and every way but nothing costs calibration.

    Arguments:
        scores: What `RowTrial.scores` gave.
    """
    pairs = []
    for model in MODELS:
        gains = [arm for arm in (*SIMPLE, "synthetic") if seen(scores[f"gain_{model}_{arm}"]) == 1]
        arms = gains or ["nothing"]
        pairs.append((model, max(arms, key=lambda arm: scores[f"auprc_{model}_{arm}"].value)))
    return max(pairs, key=lambda pair: scores[f"auprc_{pair[0]}_{pair[1]}"].value)


def _advice(scores: Mapping[str, Score]) -> str:
    model, arm = advised(scores)
    if arm == "nothing":
        return f"Advised: {MODELS[model]} as things are, with the threshold moved: no way gains visibly over it."
    return f"Advised: {MODELS[model]} with {ARMS[arm]}, its chances corrected and its threshold moved."


CALIBRATED = (("brier", "nothing"), ("brier", "synthetic"), ("brier_corrected", "synthetic"))


def _said(scores: Mapping[str, Score], model: str) -> str:
    """Say what generated rows did for one classifier."""
    own = scores[f"gain_{model}_synthetic"]
    simple = max(SIMPLE, key=lambda arm: scores[f"auprc_{model}_{arm}"].value)
    over = scores[f"gain_{model}_synthetic_over_{simple}"]
    word = {1: "help over nothing", 0: "make no difference that could be seen over nothing", -1: "do harm"}[seen(own)]
    link = {1: "and more than", 0: "and no difference could be seen from", -1: "and less good than"}
    if seen(own) == 1 and seen(over) < 1:
        link |= {0: "but NOT visibly over", -1: "but NOT over"}
    name = MODELS[model][0].upper() + MODELS[model][1:]
    return f"{name}: generated rows {word} ({_gain(own)}), {link[seen(over)]} {ARMS[simple]} ({_gain(over)})."


def _gain(score: Score) -> str:
    return f"AUPRC {score.value:+.3f}, {score.low:+.3f} to {score.high:+.3f}"


def _power(scores: Mapping[str, Score]) -> str:
    gains = [score for name, score in scores.items() if name.startswith("gain_") and "synthetic" in name]
    widest = max((score.high - score.low) / 2 for score in gains)
    return f"With {gains[0].n:,} test rows, gains of AUPRC under {widest:.3f} cannot be told from none."
