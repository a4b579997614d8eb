"""Assess: how good an instrument is, on pictures whose truth is known because they were made from it.

A third of the user's pairs is put aside. A painter (see `painting`) learns from the others how masks become pictures;
the masks that were put aside are mirrored, turned and bent into new ones, and painted. The truth about such a picture
is its mask. Each is made harder by known laws of noise, contrast and density (see `grades`), and the instruments look
at all of them, and at the real pictures that were put aside, made harder by the same laws.

Generated pictures are not real ones: an instrument may find them easier or harder. Whether they can stand in for real
ones is measured where it can be: do several instruments come out in the same order on both?
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.records import Score
from contrafact.base.seeds import checked_count, fold, generator
from contrafact.codecs.pairs import PairCodec
from contrafact.engine.bundle import write_atomically
from contrafact.metrics import overlap
from contrafact.metrics.ranks import agreement
from contrafact.metrics.spread import bootstrap_ratio, percentiles
from contrafact.tasks.grades import PLAIN, USUAL, Grade
from contrafact.tasks.instruments import TIMEOUT, Instrument, asked, named, useless
from contrafact.tasks.new_masks import bent, pieces, with_density
from contrafact.tasks.painting import Painter, painter, with_channels
from contrafact.tasks.write_pictures import write_folder

LEAST, HELD = 4, 1 / 3
FEW_OBJECTS = 3
AGREES, LEAST_RANKED = 0.8, 3
Masks = Callable[[int, int], Any]
Sides = dict[str, np.ndarray]  # what came out on generated and on real pictures, a row a picture


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one instrument does under one grade.

    Arguments:
        instrument: Its name.
        grade: The grade's name.
        objects: How many objects a generated picture holds on average.
        made: The score on generated pictures.
        real: The score on real pictures under the same law; None for density, which real pictures cannot be given.
    """

    instrument: str
    grade: str
    objects: float
    made: Score
    real: Score | None

    def cells(self) -> tuple[str, ...]:
        """Write the row as texts."""
        return self.instrument, self.grade, f"{self.objects:.1f}", shown(self.made), shown(self.real)


HEAD = ("instrument", "grade", "objects", "generated", "real")


def shown(score: Score | None) -> str:
    """Write a score with its interval."""
    return "" if score is None else f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Assessment:
    """How good instruments are.

    Arguments:
        pairs: Generated pictures, graded, and their masks; the label of each is its grade.
        rows: A row for each instrument and grade.
        scores: The agreement of rankings, and the plain scores by name.
        verdict: What came out, in words.
        notes: What must be known beside.
    """

    pairs: Pairs
    rows: tuple[Row, ...]
    scores: Mapping[str, Score]
    verdict: str
    notes: tuple[str, ...] = ()

    def save(self, folder: str | PathLike[str]) -> list[str]:
        """Write pictures, masks and the table into a folder.

        Returns:
            What was written.
        """
        place = Path(folder)
        write_folder(self.pairs.source, place / "pictures")
        write_folder(self.pairs.target, place / "masks")
        write_atomically(place / "scores.csv", self._table().encode())
        return [str(place / name) for name in ("pictures", "masks", "scores.csv")]

    def _table(self) -> str:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(("instrument", "grade", "objects", "score", "generated", "low", "high", "real", "low", "high"))
        for row in self.rows:
            sides = [(s.value, s.low, s.high) if s is not None else ("", "", "") for s in (row.made, row.real)]
            lines.writerow((row.instrument, row.grade, row.objects, row.made.name, *sides[0], *sides[1]))
        return text.getvalue()

    def __str__(self) -> str:
        lines = [HEAD, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        told = ["  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([*told, "", self.verdict, *self.notes])


@dataclass(kw_only=True, eq=False)
class Assessing:
    """The job: `training` first, then `steps`, then `result`.

    Arguments:
        instruments: By name.
        real: Pairs that the painter does not see.
        painter: Paints masks.
        objects: The classes that are looked for, by place.
        grades: What is done to pictures.
        n: Generated pictures for each grade.
        masks: Makes n masks from a seed; None: real ones are changed.
        seed: Seeds everything.
        notes: What must be known beside.
        found: What came out, by instrument and grade.
        truths: The masks of each grade, as places of classes.
        pictures: The pictures of each grade.
    """

    instruments: dict[str, Instrument]
    real: Pairs
    painter: Painter
    objects: tuple[int, ...]
    grades: tuple[Grade, ...]
    n: int
    masks: Masks | None
    seed: int
    notes: list[str] = field(default_factory=list)
    found: dict[tuple[str, str], Sides] = field(default_factory=dict)
    truths: dict[str, np.ndarray] = field(default_factory=dict)
    pictures: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def training(self) -> Any:
        """The painter's training."""
        return self.painter.training

    @property
    def codec(self) -> PairCodec:
        """What knows the classes of the masks."""
        return self.painter.codec

    @property
    def background(self) -> int:
        """The most common class that is not looked for."""
        others = [place for place in range(len(self.codec.classes)) if place not in self.objects]
        return max(others, key=lambda place: self.codec.shares[place])

    def places(self, masks: Any) -> np.ndarray:
        """Turn masks into places of classes, N x H x W."""
        return self.codec.targets(masks)[:, 0]

    def steps(self) -> Iterator[str]:
        """Paint pictures, grade them and let the instruments look, saying what came out after each grade."""
        base, real = self._base(), self.places(self.real.target)
        pixels = with_channels(self.real.source.items).astype(np.float32)
        for grade in self._possible(base):
            places = self._dense(base, grade)
            graded = grade.apply(self.painter.paint(places, fold(self.seed, "paint")), self.painter.used, self.seed)
            self.truths[grade.name], self.pictures[grade.name] = places, self.painter.rounded(graded)
            sides = {"made": (self.pictures[grade.name], places)}
            if grade.law != "density":
                changed = grade.apply(pixels, self.painter.used, fold(self.seed, "real"))
                sides["real"] = (self.painter.rounded(changed), real)
            for name in self.instruments:
                self.found[name, grade.name] = {side: self._looked(name, *both) for side, both in sides.items()}
            count = sum(len(pictures) for pictures, _ in sides.values())
            yield f"{grade.name}: {len(self.instruments)} instruments, {count} pictures"

    def _base(self) -> np.ndarray:
        """Make the masks: the user's own maker's, or real ones that are mirrored, turned and bent."""
        real = self.places(self.real.target)
        if self.masks is None:
            draws = [generator(self.seed, "mask", number) for number in range(self.n)]
            return np.stack([bent(real[number % len(real)], draw) for number, draw in enumerate(draws)])
        made = self.places(np.asarray(self.masks(self.n, fold(self.seed, "masks"))))
        if made.shape != (self.n, *real.shape[1:]):
            raise DataError(
                f"The masks that were made have shape {made.shape}.",
                why=f"Asked for were {self.n} masks of {real.shape[1]} x {real.shape[2]} pixels, as the pictures have.",
                fix="Give a function of a number and a seed that returns so many masks of that size.",
                code="E232",
            )
        return made

    def _possible(self, base: np.ndarray) -> list[Grade]:
        """Leave density out where masks hold too few objects to be counted."""
        few = np.mean([pieces(mask, self.objects)[1] for mask in base]) < FEW_OBJECTS
        if few and any(grade.law == "density" for grade in self.grades):
            self.notes.append("Density was not graded: the masks hold less than three separate objects on average.")
        return [grade for grade in self.grades if grade.law != "density" or not few]

    def _dense(self, base: np.ndarray, grade: Grade) -> np.ndarray:
        if grade.law != "density":
            return base
        return np.stack(
            [
                with_density(
                    mask,
                    grade.amount,
                    list(base),
                    self.objects,
                    self.background,
                    generator(self.seed, "density", number),
                )
                for number, mask in enumerate(base)
            ]
        )

    def _looked(self, name: str, pictures: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Let an instrument look at pictures: pixels in both, in the truth and in the mask; or the error of counts."""
        answers = [asked(name, self.instruments[name], picture) for picture in pictures]
        if all(isinstance(answer, float) for answer in answers):
            counted = np.asarray([pieces(mask, self.objects)[1] for mask in truth])
            return np.asarray(np.abs(np.asarray(answers) - counted) / np.maximum(counted, 1))
        if any(isinstance(answer, float) for answer in answers):
            raise useless(name, "It gave a mask for one picture and a number for another.")
        return overlap.counts(truth, np.stack([self._read(name, answer) for answer in answers]), self.objects)

    def _read(self, name: str, answer: Any) -> np.ndarray:
        """Read a mask as places of classes; true and false are objects and background."""
        if answer.dtype == bool:
            return np.asarray(np.where(answer, self.objects[0], self.background))
        try:
            return np.asarray(self.places(answer[None])[0])
        except DataError as error:
            raise useless(name, error.what) from error

    def result(self) -> Assessment:
        """Give the table, the agreement of rankings and the verdict, once the steps are done."""
        rows = [
            Row(
                instrument=name,
                grade=grade,
                objects=float(np.mean([pieces(mask, self.objects)[1] for mask in self.truths[grade]])),
                made=_score(sides["made"], self.seed),
                real=_score(sides["real"], self.seed) if "real" in sides else None,
            )
            for (name, grade), sides in self.found.items()
        ]
        rows.sort(key=lambda row: list(self.instruments).index(row.instrument))
        scores = self._scores(rows)
        notes = (*self.notes, *self.training.warnings)
        return Assessment(
            pairs=self._pairs(), rows=tuple(rows), scores=scores, verdict=_verdict(rows, scores), notes=notes
        )

    def _scores(self, rows: Sequence[Row]) -> dict[str, Score]:
        scores = {}
        for row in rows:
            for side, score in (("generated", row.made), ("real", row.real)):
                if score is not None:
                    scores[f"{score.name}_{side}_{row.instrument}_{row.grade}"] = score
        kinds = {row.made.name for row in rows}
        if len(self.instruments) >= LEAST_RANKED and len(kinds) == 1:
            for grade in dict.fromkeys(row.grade for row in rows if row.real is not None):
                name = "rank_agreement" if grade == PLAIN.name else f"rank_agreement_{grade}"
                scores[name] = self._agreement(name, grade)
        elif len(kinds) > 1:
            self.notes.append("Instruments that give masks and such that count are not ranked together.")
        return scores

    def _agreement(self, name: str, grade: str) -> Score:
        sides = [[self.found[one, grade][side] for one in self.instruments] for side in ("made", "real")]
        made, real = (lambda places, rows=rows: np.asarray([_mean(row[places]) for row in rows]) for rows in sides)
        return agreement(name, made, real, (len(sides[0][0]), len(sides[1][0])), fold(self.seed, name))

    def _pairs(self) -> Pairs:
        labels = np.repeat(list(self.truths), [len(places) for places in self.truths.values()])
        pictures = np.concatenate(list(self.pictures.values()))
        masks = self.codec.masks(np.concatenate(list(self.truths.values())))
        return Pairs(
            source=Data(kind="pictures", items=pictures, labels=labels, name="generated pictures"),
            target=Data(kind="pictures", items=masks, labels=labels, name="their masks"),
        )


def _mean(found: np.ndarray) -> float:
    """Give Dice over all pixels, or how near to the truth counts are (the error, turned round)."""
    if found.ndim == 1:
        return -float(found.mean())
    both, real, made = found.sum(0).T
    return float(np.divide(2 * both, real + made, out=np.ones_like(both), where=real + made > 0).mean())


def _score(found: np.ndarray, seed: int) -> Score:
    if found.ndim > 1:
        return overlap.dice(found, seed=seed)
    value = float(found.mean())
    low, high = percentiles(value, bootstrap_ratio(found, np.ones_like(found), seed, "counts"))
    return Score(name="count_error", value=value, low=max(low, 0.0), high=high, n=len(found), better="lower")


def _verdict(rows: Sequence[Row], scores: Mapping[str, Score]) -> str:
    """Say whether rankings agree, how far generated pictures are from real ones, and what hurts most."""
    plain = [row for row in rows if row.grade == PLAIN.name and row.real is not None]
    gaps = [row.made.value - row.real.value for row in plain if row.real is not None]
    told = []
    if "rank_agreement" in scores:
        score = scores["rank_agreement"]
        agrees = "agree" if score.value >= AGREES else "do not agree"
        told.append(
            f"The rankings of {len(plain)} instruments on generated and on real pictures {agrees}: Spearman "
            f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"
            + (
                f", where two halves of the real pictures have {score.ceiling:.2f}."
                if score.ceiling is not None
                else "."
            )
        )
    if gaps:
        what = "Dice is" if plain[0].made.name == "dice" else "The error of counts is"
        told.append(
            f"{what} {abs(np.mean(gaps)):.3f} {'higher' if np.mean(gaps) > 0 else 'lower'} on generated pictures."
        )
    told += [_hardest(rows, name) for name in dict.fromkeys(row.instrument for row in rows)]
    return " ".join(part for part in told if part)


def _hardest(rows: Sequence[Row], name: str) -> str:
    """Say which grade costs an instrument most, on generated pictures."""
    own = {row.grade: row.made for row in rows if row.instrument == name}
    if PLAIN.name not in own or len(own) < 2:
        return ""
    plain = own[PLAIN.name]
    sign = 1 if plain.better == "higher" else -1
    worst = min(own, key=lambda grade: sign * own[grade].value)
    lost = own[worst].high < plain.low if sign > 0 else own[worst].low > plain.high
    if not lost:
        return f"No grade costs {name} anything that could be seen."
    return f"{name} suffers most from {worst}: {plain.value:.3f} becomes {own[worst].value:.3f}."


def assessing(
    instruments: Any,
    pairs: Pairs,
    *,
    real: Pairs | None = None,
    grades: Sequence[Grade] | None = None,
    n: int = 20,
    objects: int | None = None,
    masks: Masks | None = None,
    recipe: Recipe | None = None,
    steps: int | None = None,
    texture: bool = True,
    timeout: float = TIMEOUT,
    seed: int = 0,
    **options: Any,
) -> Assessing:
    """Prepare the job; the arguments are those of `assess`.

    Arguments:
        options: budget, device.
    """
    known = named(instruments, timeout)
    if not known:
        raise UsageError(
            "There is no instrument.", why="One at least is assessed.", fix="--instrument CMD", code="E244"
        )
    codec = PairCodec.fit(pairs, masks=True)
    learned, held = (pairs, real) if real is not None else _cut(pairs, seed)
    chosen = codec.rare if objects is None else (_place(codec, objects),)
    wanted = (PLAIN, *(grade for grade in (USUAL if grades is None else grades) if grade != PLAIN))
    made = painter(learned, codec, recipe=recipe, steps=steps, texture=texture, seed=seed, **options)
    return Assessing(
        instruments=known, real=held, painter=made, objects=chosen, grades=wanted, n=max(checked_count(n), 2),
        masks=masks, seed=seed,
    )  # fmt: skip


def _cut(pairs: Pairs, seed: int) -> tuple[Pairs, Pairs]:
    if len(pairs) < LEAST:
        raise DataError(
            f"There are {len(pairs)} pairs of picture and mask.",
            why="From some it is learned how masks become pictures; others are compared with.",
            fix=f"Give at least {LEAST} pairs; thirty are a sensible least.",
            code="E206",
        )
    order = generator(seed, "assess", "split").permutation(len(pairs))
    held = max(round(HELD * len(pairs)), 2)
    return pairs.take(np.sort(order[held:])), pairs.take(np.sort(order[:held]))


def _place(codec: PairCodec, value: int) -> int:
    if value not in codec.classes:
        raise UsageError(
            f"No mask has the value {value}.",
            why=f"They have {', '.join(map(str, codec.classes))}.",
            fix="Give the value that objects have in your masks, or leave --objects out.",
            code="E233",
        )
    return codec.classes.index(value)


def assess(
    instruments: Any,
    pairs: Pairs,
    *,
    real: Pairs | None = None,
    grades: Sequence[Grade] | None = None,
    n: int = 20,
    objects: int | None = None,
    masks: Masks | None = None,
    recipe: Recipe | None = None,
    steps: int | None = None,
    texture: bool = True,
    timeout: float = TIMEOUT,
    seed: int = 0,
    budget: str | None = None,
    device: str | None = None,
) -> Assessment:
    """Score instruments on pictures with known truth, made from masks, beside real pictures.

    Arguments:
        instruments: A callable that turns a picture into a mask or a count, or a command line with `{picture}` and
            `{out}`; several in a list, or by name in a mapping.
        pairs: Real pictures and their masks.
        real: Pairs to compare with, of which nothing is learned; None: a third of the pairs.
        grades: What is done to pictures; None: noise, contrast and density in several strengths.
        n: Generated pictures for each grade.
        objects: The mask value that is looked for; None: all but the most common one.
        masks: Makes masks from a number and a seed; None: real masks are mirrored, turned and bent.
        recipe: What learns how masks become pictures; None: pix2pix.
        steps: Steps of that training; None: 300, or from the budget.
        texture: Whether to put back what the translator leaves out.
        timeout: Seconds that a command may take for a picture.
        seed: Seeds everything.
        budget: Time for the training.
        device: Where to train.
    """
    job = assessing(
        instruments, pairs, real=real, grades=grades, n=n, objects=objects, masks=masks, recipe=recipe, steps=steps,
        texture=texture, timeout=timeout, seed=seed, budget=budget, device=device,
    )  # fmt: skip
    job.training.finish()
    for _ in job.steps():
        pass
    return job.result()
