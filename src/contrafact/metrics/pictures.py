"""The standard scores of generated pictures, measured in features.

Every figure bears the name of its features. Beside it stands what pixel noise gets (the floor: each pixel drawn with
the mean and the standard deviation that it has in the training pictures) and what real pictures get against held-out
ones, or one half of them against the other (the ceiling), measured in the same way.

A fake counts as a copy when it lies at most half as far from some training picture as from every held-out picture;
without a holdout, as from every other training picture. Real pictures that were not trained on do so now and then, in d
dimensions about once in 2^d: the ceiling is how often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.base.records import Score
from contrafact.base.seeds import fold, generator
from contrafact.metrics.features import Features, Seen, as_pictures, chosen_features, cuts, joined
from contrafact.metrics.frechet import frechet
from contrafact.metrics.inputs import at_most, halves, rows
from contrafact.metrics.judge import membership_auc
from contrafact.metrics.kernel import kernel
from contrafact.metrics.labels import SPLITS, agreement, inception_score, label_kl
from contrafact.metrics.neighbours import neighbours, squared_blocks
from contrafact.metrics.spread import share
from contrafact.metrics.two_sample import c2st

MOST = 10_000  # pictures a side where all are compared with all
FEWER = 5000  # where that is dear
INNOCENT = 2000  # real pictures asked whether they look like copies
NEAR = 0.5  # of the distance to the nearest picture that the generator did not see
SAME = 1e-10  # of the squared length of features: rounding
EXACT = ("density", "coverage", "label_kl")  # their ceilings are known without measuring


def picture_scores(real: Any, fake: Any, holdout: Any = None, seed: int = 0, features: Any = None) -> dict[str, Score]:
    """Score generated pictures against the pictures that a model was trained on.

    Above 10,000 pictures a side a seeded choice is used, except in the search for copies, which looks through all
    training pictures.

    Arguments:
        real: The training pictures, with labels or without.
        fake: Generated pictures, of the same size; with labels where they were asked for.
        holdout: Real pictures kept away from training: a better ceiling, and a test of membership.
        seed: Seed of every choice; not of the features, so that figures of several runs can be compared.
        features: Features, or a callable with a name; by default learned from the training pictures.

    Returns:
        frechet, kernel, precision, recall, density, coverage, copies and c2st; membership_auc with a holdout; inception
        and label_kl where the features can classify; agreement where the fakes have labels.
    """
    pictures = _of_one_size({"real": real, "fake": fake} | ({} if holdout is None else {"held-out": holdout}))
    features = chosen_features(features, real)
    places = {name: _places(len(side), name, seed) for name, side in pictures.items()}
    seen = {name: _exact(features.see(side, places[name])) for name, side in pictures.items()}
    noise = _exact(joined(features.see(block) for block in pixel_noise(pictures["real"], len(seen["fake"]), seed)))
    anchors = (seen["real"], seen["held-out"]) if holdout is not None else _halves(seen["real"], seed)
    scores = [*_anchored(seen["real"], seen["fake"], noise, anchors, seed)]
    scores += _agreed(features, fake, places["fake"], seen, holdout, places.get("held-out"))
    scores += [_told_apart(seen, anchors, seed), share_of_copies(features, pictures["real"], seen, seed)]
    if holdout is not None:
        scores.append(_membership(seen["real"].features, seen["fake"].features, seen["held-out"].features, seed))
    return {score.name: replace(score, features=features.name) for score in scores}


def _of_one_size(sides: dict[str, Any]) -> dict[str, np.ndarray]:
    pictures = {name: as_pictures(side, f"{name} pictures") for name, side in sides.items()}
    sizes = {name: f"{' x '.join(map(str, p.shape[1:]))} of {8 * p.itemsize} bit" for name, p in pictures.items()}
    for name, size in sizes.items():
        if size != sizes["real"]:
            raise DataError(
                f"The real pictures are {sizes['real']}, the {name} ones {size}.",
                why="Only pictures of one size, with as many channels and bits, can be compared.",
                fix="Bring both to one size in the same way: how pictures are scaled changes every figure.",
                code="E205",
            )
    return pictures


def _places(count: int, name: str, seed: int) -> np.ndarray:
    return at_most(np.arange(count), MOST, seed, name)


def _exact(seen: Seen) -> Seen:
    return replace(seen, features=rows(seen.features, "features"))


def _halves(seen: Seen, seed: int) -> tuple[Seen, Seen]:
    one, other = halves(np.arange(len(seen))[:, None], seed)
    return seen.take(one[:, 0]), seen.take(other[:, 0])


def pixel_noise(pictures: np.ndarray, n: int, seed: int) -> Iterator[np.ndarray]:
    """Draw pictures whose pixels have the mean and the standard deviation of the real ones, each by itself."""
    known = at_most(np.arange(len(pictures)), FEWER, seed, "pixels")
    total, squares = np.zeros(pictures.shape[1:]), np.zeros(pictures.shape[1:])
    for part in cuts((len(known), *pictures.shape[1:])):
        block = pictures[known[part]].astype(np.float64)
        total, squares = total + block.sum(0), squares + (block**2).sum(0)
    mean = total / len(known)
    sd = np.sqrt(np.maximum(squares / len(known) - mean**2, 0))
    for part in cuts((n, *pictures.shape[1:])):
        size = (min(part.stop, n) - part.start, *pictures.shape[1:])
        drawn = mean + sd * generator(seed, "pixel noise", part.start).standard_normal(size)
        yield np.clip(np.rint(drawn), 0, np.iinfo(pictures.dtype).max).astype(pictures.dtype)


def _compared(real: Seen, fake: Seen, part: int, seed: int) -> dict[str, Score]:
    """Measure everything that takes nothing but what is seen of two sides; inception in parts of one size."""
    found = {
        "frechet": frechet(real.features, fake.features, seed),
        "kernel": kernel(real.features, fake.features, seed),
    }
    found |= neighbours(real.features, fake.features, seed=seed)
    if real.chances is not None and fake.chances is not None:
        found["inception"] = inception_score(fake.chances, seed, splits=round(len(fake) / part))
        found["label_kl"] = label_kl(real.classes, fake.classes, real.chances.shape[1], seed)
    return found


def _anchored(real: Seen, fake: Seen, noise: Seen, anchors: tuple[Seen, Seen], seed: int) -> Iterator[Score]:
    one, other = anchors
    part = max(len(fake) // SPLITS, 1)
    worst, best = _compared(real, noise, part, seed), _compared(one, other, part, seed)
    # Chance lifts the Fréchet distance above 0 by 1/n: brings the ceiling to the size of the samples.
    size = (1 / len(real) + 1 / len(fake)) / (1 / len(one) + 1 / len(other))
    for name, score in _compared(real, fake, part, seed).items():
        ceiling = score.ceiling if name in EXACT else best[name].value * (size if name == "frechet" else 1)
        yield replace(score, floor=worst[name].value, ceiling=ceiling)


def _agreed(
    features: Features, fake: Any, places: np.ndarray, seen: dict[str, Seen], holdout: Any, held: np.ndarray | None
) -> Iterator[Score]:
    """Compare the classes that were asked for with those seen; a class that the classifier does not know is missed."""
    asked = _labels(fake)
    if not features.classes or asked is None:
        return
    names, true = np.array(features.classes), _labels(holdout)
    ceiling = features.facts.get("held_out_accuracy")
    if true is not None and held is not None:
        ceiling = agreement(true[held], names[seen["held-out"].classes]).value
    yield agreement(asked[places], names[seen["fake"].classes], ceiling)


def _labels(data: Any) -> np.ndarray | None:
    labels = data.labels if isinstance(data, Data) else None
    return None if labels is None or np.ndim(labels) != 1 else np.asarray(labels)


def _told_apart(seen: dict[str, Seen], anchors: tuple[Seen, Seen], seed: int) -> Score:
    real, fake, one, other = (
        at_most(side.features, FEWER, seed, name)
        for name, side in (("real", seen["real"]), ("fake", seen["fake"]), ("one", anchors[0]), ("other", anchors[1]))
    )
    return replace(c2st(real, fake, seed), ceiling=c2st(one, other, seed).value)


def share_of_copies(features: Features, pictures: np.ndarray, seen: dict[str, Seen], seed: int) -> Score:
    """Find the share of copies among fakes; the ceiling is their share among real pictures."""
    fake = seen["fake"].features
    kept = seen["held-out"].features if "held-out" in seen else None
    asked = at_most(seen["real"].features if kept is None else kept, INNOCENT, seed, "innocent")
    whole = len(pictures) <= MOST
    trained = [seen["real"].features] if whole else (rows(part.features) for part in features.blocks(pictures))
    # Among the training pictures themselves the nearest is the picture that asks.
    near = nearest_of(np.vstack([fake, asked]), trained, 3 if kept is None else 1)
    mine, theirs = near[: len(fake), :2], near[len(fake) :, -2:]
    if kept is not None:
        mine = np.hstack([mine, nearest_of(fake, [kept], 1)])
        theirs = np.hstack([theirs, nearest_of(asked, [kept], 2)[:, 1:]])
    return share("copies", _copied(mine), "lower", ceiling=float(_copied(theirs).mean()))


def _copied(distances: np.ndarray) -> np.ndarray:
    """Tell from the distances to the nearest training picture and to the nearest other one who is a copy."""
    trained, other = distances.T
    copied: np.ndarray = (trained == 0) | (np.isfinite(other) & (trained <= NEAR * other))
    return copied


def nearest_of(points: np.ndarray, blocks: Iterable[np.ndarray], k: int) -> np.ndarray:
    """Give each point's distances to its k nearest rows of all blocks; infinite where there are fewer rows.

    Distances within rounding of 0 are 0.
    """
    best = np.full((len(points), k), np.inf)
    for block in blocks:
        for places, _, squares, _ in squared_blocks(points, block):
            best[places] = np.partition(np.hstack([best[places], squares]), k - 1, axis=1)[:, :k]
    best.sort(axis=1)
    best[best <= SAME * float(((points - points.mean(0)) ** 2).sum(1).mean())] = 0
    distances: np.ndarray = np.sqrt(best)
    return distances


def _membership(real: np.ndarray, fake: np.ndarray, kept: np.ndarray, seed: int) -> Score:
    """Attack by distance; the ceiling is what fakes get that are held-out pictures themselves.

    It lies above 1/2 where the features know the training pictures better than others.
    """
    one, other = halves(kept, fold(seed, "innocent"))
    innocent = membership_auc(real, one, other).value if len(kept) > 1 else 0.5
    return replace(membership_auc(real, fake, kept), ceiling=max(innocent, 0.5))
