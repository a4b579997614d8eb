"""Coloured digits: what setting the ink leaves alone, and what counterfactual pictures are worth to a classifier.

8 x 8 digits are printed in five inks, each digit mostly in its own: class -> ink. A causalgan learns 10,000 prints of
1,297 digits. Setting an ink must leave the shares of the digits as they are, by the model's own attributes and by a
classifier that was trained on grey digits and sees only the pictures; seeing an ink shifts them.

The classifier's table: a network learns the digit from the same 10,000 prints, and is asked about 500 digits that
nobody has seen, in inks drawn without regard to the digit. Plain; with the colour channels mixed at random; in grey;
with four times as many counterfactual pictures beside the prints, drawn under do(ink) for each ink alike; and from
these alone. All make the same number of steps.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from contrafact import zoo
from contrafact.base.data import Data
from contrafact.base.demos import INKS, digits, inked, tied_inks
from contrafact.base.seeds import fold, generator
from table import Row, Table, cpu_seconds, mean_range

PRINTS, TESTED, TIE = 10_000, 500, 0.9
UNITS, JUDGED = 20_000, 10_000
TIMES, ROUNDS = 4, 12  # counterfactual pictures for a print; times over the prints
STEPS = {"gate": 1_500, "full": 8_000}
SHARES = 0.03
WAYS = ("plain", "jitter", "grey", "counterfactual", "counterfactual alone")


def parted(seed: int) -> tuple[Data, Data]:
    """Cut the digits into those that are learned from and those that nobody sees."""
    source = digits()
    order = generator(seed, "digits").permutation(len(source))
    return source.take(order[TESTED:]), source.take(order[:TESTED])


def printed(source: Data, n: int, tie: float, seed: int) -> Data:
    """Print digits in inks."""
    random = generator(seed, "prints")
    places = random.integers(len(source), size=n)
    labels = np.asarray(source.labels)[places]
    inks = tied_inks(labels, tie, random)
    items = inked(source.items[places], inks, random)
    return Data(kind="pictures", items=items, labels=labels, name="prints", attributes={"ink": inks})


def grey(pictures: np.ndarray) -> np.ndarray:
    """Give pictures without their colour, as bright as their brightest channel; rows of numbers from 0 to 1."""
    bright = pictures.max(3).astype(np.float32)
    return np.asarray((bright / np.maximum(bright.max((1, 2), keepdims=True), 1)).reshape(len(bright), -1))


def shares(labels: Any) -> np.ndarray:
    """Give the share of each digit."""
    found: np.ndarray = np.bincount(np.asarray(labels, dtype=np.int64), minlength=10) / len(labels)
    return found


def hue(pictures: np.ndarray) -> np.ndarray:
    """Name the ink whose direction is nearest to a picture's colour."""
    colours = pictures.astype(np.float64).sum((1, 2))
    known = np.array(list(INKS.values()))
    colours, known = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9) for rows in (colours, known))
    return np.asarray(list(INKS))[(colours @ known.T).argmax(1)]


def drawn(model: Any, judge: SVC, real: Data, seed: int) -> Row:
    """Measure how far shares of digits lie from those of the prints where an ink is set and where it is seen."""
    found: dict[str, list[float]] = {name: [] for name in ("set", "seen", "set, judged", "ink shown", "digit shown")}
    ours, judged_ours = shares(real.labels), shares(judge.predict(grey(real.items)))
    for ink in INKS:
        world = model.do(ink=ink)
        found["set"].append(np.abs(shares(world.attributes(UNITS, seed=seed)["class"]) - ours).max())
        found["seen"].append(np.abs(shares(model.attributes(UNITS, {"ink": ink}, seed)["class"]) - ours).max())
        made = world.sample(JUDGED, seed=seed)
        told = judge.predict(grey(made.items))
        found["set, judged"].append(np.abs(shares(told) - judged_ours).max())
        found["ink shown"].append((hue(made.items) == ink).mean())
        found["digit shown"].append((told == np.asarray(made.labels)).mean())
    worst = {"set": max, "seen": min, "set, judged": max, "ink shown": min, "digit shown": min}
    return {name.replace(", ", "_").replace(" ", "_"): float(worst[name](values)) for name, values in found.items()}


def jittered(pictures: np.ndarray, seed: int) -> np.ndarray:
    """Mix the colour channels of each picture at random."""
    weights = generator(seed, "jitter").dirichlet(np.ones(3), size=(len(pictures), 3)).astype(np.float32)
    return np.einsum("nhwc,nkc->nhwk", pictures.astype(np.float32), weights)


def lessons(way: str, real: Data, made: Data, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give what a classifier learns from, rows and digits."""
    own, labels = real.items, np.asarray(real.labels)
    if way == "jitter":
        own, labels = np.concatenate([own, jittered(own, seed)]), np.concatenate([labels, labels])
    if way == "counterfactual":
        own, labels = np.concatenate([own, made.items]), np.concatenate([labels, made.labels])
    if way == "counterfactual alone":
        own, labels = made.items, np.asarray(made.labels)
    return (grey(own) if way == "grey" else own.reshape(len(own), -1) / 255), labels.astype(np.int64)


def accuracy(way: str, real: Data, made: Data, tests: dict[str, Data], seed: int) -> Row:
    """Train a classifier in one way, and ask it about prints of digits that nobody has seen."""
    rows, labels = lessons(way, real, made, seed)
    rounds = max(round(ROUNDS * PRINTS / len(rows)), 1)
    net = MLPClassifier(
        (128,), learning_rate_init=3e-3, batch_size=128, max_iter=rounds, n_iter_no_change=99, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so many rounds are what it is given
        net.fit(rows, labels)

    def right(data: Data) -> float:
        seen = grey(data.items) if way == "grey" else data.items.reshape(len(data), -1) / 255
        return float((net.predict(seen) == np.asarray(data.labels)).mean())

    return {name: right(data) for name, data in tests.items()}


def measured(recipe: Any, seed: int) -> Row:
    """Fit a causalgan, and measure all of it."""
    learned, unseen = parted(seed)
    real = printed(learned, PRINTS, TIE, seed)
    judge = SVC(C=10, gamma="scale").fit(grey(inked_plain(learned)), np.asarray(learned.labels))
    model, seconds = cpu_seconds(lambda: recipe.fit(real, seed=seed))
    tests = {"usual": printed(unseen, 4_000, TIE, seed + 1), "shifted": printed(unseen, 4_000, 0.2, seed + 2)}
    parts = [model.do(ink=ink).sample(TIMES * PRINTS // len(INKS), seed=fold(seed, "augment", ink)) for ink in INKS]
    made = Data(
        kind="pictures",
        items=np.concatenate([part.items for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )
    return {
        **drawn(model, judge, real, seed),
        "judge": float((judge.predict(grey(tests["shifted"].items)) == np.asarray(tests["shifted"].labels)).mean()),
        "accuracy": {way: accuracy(way, real, made, tests, seed) for way in WAYS},
        "cpu_seconds": seconds,
    }


def inked_plain(data: Data) -> np.ndarray:
    """Give grey pictures three equal channels."""
    return np.repeat(data.items[..., None], 3, axis=3)


def measure(table: Table, seeds: range, size: str) -> None:
    """Measure all seeds, with the labeler and without."""
    table.line(f"\nColoured digits: {PRINTS:,} prints, {STEPS[size]:,} steps")
    plain = {"labeling": 0.0, "leaf": {"method": "r3gan"}}
    forms: dict[str, Row] = {"causalgan": {}, "no labeler, as often as they come": plain}
    found: dict[str, list[Row]] = {}
    for name, settings in forms.items():
        for seed in seeds if not settings else seeds[:1]:
            recipe = zoo.CausalGAN(graph="class -> ink", steps=STEPS[size], **settings)
            told = {"recipe": recipe.settings(), "prints": PRINTS}
            row = table.row(name, "do(ink)", seed, told, lambda r=recipe, s=seed: measured(r, s))  # type: ignore[misc]
            found.setdefault(name, []).append(row)
    names = ("set", "seen", "set_judged", "ink_shown", "digit_shown", "judge", "cpu_seconds")
    table.show([{"": k, **{n: mean_range([r[n] for r in rows], 3) for n in names}} for k, rows in found.items()])
    rows = found["causalgan"]
    table.show(
        [
            {
                "classifier": way,
                **{n: mean_range([r["accuracy"][way][n] for r in rows], 3) for n in ("usual", "shifted")},
            }
            for way in WAYS
        ]
    )
    worst, judged, least = (f([r[n] for r in rows]) for f, n in ((max, "set"), (max, "set_judged"), (min, "seen")))
    table.bar(f"do(ink): digit shares within {SHARES} by the attribute", worst <= SHARES, f"{worst:.3f} at most")
    table.bar(f"do(ink): digit shares within {SHARES} by a classifier", judged <= SHARES, f"{judged:.3f} at most")
    table.bar(f"seeing an ink shifts digit shares by more than {SHARES}", least > SHARES, f"{least:.3f} at least")
    best = max(WAYS, key=lambda way: np.mean([r["accuracy"][way]["shifted"] for r in rows]))
    table.line(f"aim   counterfactual best under shifted colour: best is {best}")
