"""The tour of `contrafact demo`: two trainings, two classical models, one page."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from contrafact.base.data import Data
from contrafact.base.demos import CHANGES, FOLLOWS, changes, digits, ring
from contrafact.base.records import Score
from contrafact.engine.run import Run
from contrafact.report.bars import Bar, Bars
from contrafact.report.cost import cost_figures
from contrafact.report.cost import why as why_losses_mislead
from contrafact.report.figures import Figure
from contrafact.report.film import shots, strip
from contrafact.report.judged import side_by_side
from contrafact.report.page import write
from contrafact.report.story import Chapter, story
from contrafact.report.views import view_of
from contrafact.tasks.judge import scores
from contrafact.zoo.index import recipe

RING_STEPS, DIGIT_STEPS, ITEMS = 2000, 2000, 2500
SHOWN = ("modes", "high_quality", "reverse_kl", "coverage", "c2st")


def tour(out: str | PathLike[str], *, seed: int = 0, tell: Callable[[str], Any] = print) -> Path:
    """Train, judge and tell it all in one offline HTML file.

    Arguments:
        out: The folder for the page and the two runs.
        seed: Seeds everything.
        tell: Called with a line before each chapter.

    Returns:
        The page.
    """
    folder = Path(out)
    chapters: list[Chapter] = []
    for line, chapter in (
        ("1/4  a GAN learns a ring of eight narrow clusters ...", _ring),
        ("2/4  the same GAN learns handwritten digits ...", _digits),
        ("3/4  a mixture of Gaussians tries the ring, too ...", _mixture),
        ("4/4  a Markov chain writes chord progressions ...", _chain),
    ):
        tell(line)
        chapters += chapter(folder, seed)
    intro = "Everything on this page was made on this machine just now, from fixed seeds, without a network."
    return write(folder / "demo.html", story("contrafact: a first tour", intro, chapters))


def _trained(name: str, data: Data, folder: Path, seed: int, steps: int) -> tuple[Any, Run]:
    training = recipe("r3gan")(steps=steps).training(data, seed=seed, run_dir=folder / "runs" / name)
    return training.finish(), training.run


def _film(run: Run, data: Data) -> list[Figure]:
    taken = shots(run)
    view = view_of([array for _, array in taken], data.items)
    return [strip(taken, view, None)] if view is not None else []


def _known(found: dict[str, Score]) -> dict[str, Score]:
    return {name: found[name] for name in SHOWN if name in found}


def _ring(folder: Path, seed: int) -> list[Chapter]:
    data = ring()
    model, run = _trained("ring", data, folder, seed, RING_STEPS)
    fake = model.sample(ITEMS, seed=seed)
    found = scores(data, fake, seed=seed)
    words = [
        "Two networks play against each other. The generator turns noise into points; the critic compares each made "
        "point with a real one and says which is real. Each learns from the other's last move.",
        "The data are eight narrow clusters on a circle, so a perfect answer is known: all eight are found, and 98.9 % "
        "of the points lie within three standard deviations of a centre. The film strip shows the same noise at "
        "several steps.",
    ]
    cost = cost_figures(run.metrics(), run.document("recipe").get("balance", {}))
    return [
        ("A GAN learns a ring", words, [*_film(run, data), *side_by_side(data, fake, found)], _known(found)),
        ("Cost analysis: what the losses say, and what not", why_losses_mislead(run.metrics()), cost, {}),
    ]


def _digits(folder: Path, seed: int) -> list[Chapter]:
    data = digits()
    model, run = _trained("digits", data, folder, seed, DIGIT_STEPS)
    fake = model.sample(ITEMS // 2, seed=seed)
    found = scores(data, fake, seed=seed)
    words = [
        "The same method with convolutions, on 1,797 pictures of 8 x 8 pixels, by class. None of the pictures marked "
        "as fakes was in the data: the score 'copies' looks for that."
    ]
    kept: dict[str, Score] = {
        name: found[name] for name in ("precision", "recall", "coverage", "c2st", "copies") if name in found
    }
    return [("The same GAN learns digits", words, [*_film(run, data), *side_by_side(data, fake, found)], kept)]


def _mixture(folder: Path, seed: int) -> list[Chapter]:
    del folder
    data = ring(20_000)
    model = recipe("gaussian")(components=8).fit(data, seed=seed)
    fake = model.sample(ITEMS, seed=seed)
    found = scores(data, fake, seed=seed)
    words = [
        "A Gaussian mixture fitted by expectation maximisation is the right model for these data, and needs a second "
        "where the GAN needs most of a minute. When a simple model fits, use it: every comparison here keeps the "
        "simple baseline in the table, and it may win."
    ]
    return [("A classical model, fairly compared", words, side_by_side(data, fake, found), _known(found))]


def _chain(folder: Path, seed: int) -> list[Chapter]:
    del folder
    data, unseen = changes(), changes(seed=1)
    model = recipe("markov")(order=1, unit="word").fit(data, seed=seed)
    made = model.sample(500, seed=seed)
    found = scores(data, made, holdout=unseen, seed=seed)
    words = [
        "A contrafact is a new melody over the harmony of an old tune. This chain has learned which chord follows "
        "which from 500 progressions, and plays new ones:",
        *[f"| {line.replace(' ', ' | ')} |" for line in made.items[:3]],
    ]
    return [("A Markov chain plays the changes", words, [_after_the_second(model)], found)]


def _after_the_second(model: Any) -> Figure:
    """Draw what the chain plays after Dm7, the second degree, beside the truth."""
    places = [model.codec.symbols.index(name) for name in CHANGES]
    learned = model.matrix()[places[0], places]
    learned = learned / learned.sum()  # given that the line goes on
    truth = FOLLOWS[0]
    named = [
        (f"{name} ({kind})", row[place])
        for place, name in enumerate(CHANGES)
        for kind, row in (("learned", learned), ("true", truth))
    ]
    return Figure(
        finding=f"After Dm7 the chain plays G7 in {learned[1]:.0%} of all cases; the truth is {truth[1]:.0%}.",
        sentence="For each next chord its learned chance above its true one; 500 lines were enough.",
        drawing=Bars(bars=tuple(Bar(name=n, value=float(v)) for n, v in named), x="chance of the next chord"),
    )
