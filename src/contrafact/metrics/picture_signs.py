"""Signs of what goes wrong with pictures, cheap enough to be taken at every check of a training.

Each is measured against real pictures and is at a known place where nothing is wrong:

- `copies`: the share of fakes at most half as far from one training picture as from every other real picture.
- `drawn`: how much more often the picture nearest to a fake is a training picture than it should. Before training
  nothing sets training apart from held-out pictures but chance, so that for a generator that learned none by heart the
  nearest of all is a training picture as often as there are such among all, however good or bad the fakes are. 0 is
  that, 1 is always; `drawn_error` is the standard error of a random split.
- `fine`: energy of the finer half of the frequencies, against real pictures: below 1 is blurred, above 1 is grainy.
- `checkerboard`: energy of what alternates from pixel to pixel against that of the frequencies beside it, where real
  pictures have such a peak against theirs: about 1 or below where there is no such pattern.
- `colour_drift`: how far a channel's mean or spread lies from that of real pictures, in the spread of its pixels,
  beyond what chance explains: 0 where they agree.
- `class_variety` and `class_truth`: for the class that is worst off, how far its fakes lie from each other against real
  ones, and how often the real picture nearest to a fake is of the right class, against real ones (`class_truth_error`:
  its standard error, a class has few of the fakes). `class_thin` and `class_wrong` are the places of those classes,
  `usual_variety` and `usual_truth` what the class in the middle has: where that is low too, no single class is dead.

References:
    Odena et al., Deconvolution and checkerboard artifacts, Distill 2016.
    Meehan et al., A non-parametric test to detect data-copying in generative models, AISTATS 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from contrafact.base.seeds import generator

COMPONENTS, SHAPING = 48, 1000  # directions of the space of distances, and pictures that choose them
MOST, LOOKED = 100_000, 500  # real pictures in which a nearest is sought, and fakes that seek one
SEEN, NEAR = 256, 0.5
MANY, FEWEST, FEWEST_FAKES = 4000, 20, 8  # pictures with classes; pictures of a class of which something can be said
LINE, BESIDE = 0.5, (0.3, 0.45)  # cycles a pixel
ROUNDING = 1 / 12  # energy of rounding to whole levels


def picture_signs(
    trained: dict[str, np.ndarray], held: dict[str, np.ndarray], seed: int
) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
    """Prepare the real pictures and return what measures all signs of fakes.

    Arguments:
        trained: Encoded pictures that are trained on.
        held: Encoded pictures that are not; the same object where none are held out.
        seed: Chooses pictures where there are many.
    """
    known = {} if held is trained else held
    space = Space.around(trained, known)
    shown = _few(trained, held, SEEN, seed)
    usual, levels = spectrum(shown["pictures"]), _levels(shown["pictures"])
    labelled = _few(trained, held, MANY, seed) if "labels" in trained else None
    by_class = None if labelled is None else Classes.of(space.rows(labelled["pictures"]), labelled["labels"])

    def signs(fake: dict[str, np.ndarray]) -> dict[str, float]:
        rows = space.rows(fake["pictures"])
        few = fake["pictures"][:SEEN]
        found = {**space.nearness(rows[:LOOKED]), **grain(spectrum(few), usual), **drift(_levels(few), levels)}
        return found if by_class is None else {**found, **by_class.health(rows, fake["labels"])}

    return signs


def _few(trained: dict[str, np.ndarray], held: dict[str, np.ndarray], most: int, seed: int) -> dict[str, np.ndarray]:
    """Choose real pictures, of both kinds alike."""
    both = trained if held is trained else {k: np.concatenate([held[k], trained[k][:most]]) for k in trained}
    places = generator(seed, "signs").permutation(len(both["pictures"]))[:most]
    return {name: part[places] for name, part in both.items()}


def reduced(pictures: np.ndarray) -> np.ndarray:
    """Read pictures as rows, averaged down to about 32 pixels a side."""
    down, across = (max(-(-side // 32), 1) for side in pictures.shape[2:])
    high, wide = pictures.shape[2] // down, pictures.shape[3] // across
    cut = pictures[:, :, : high * down, : wide * across].astype(np.float64) / 127.5
    return np.asarray(cut.reshape(*cut.shape[:2], high, down, wide, across).mean((3, 5)).reshape(len(cut), -1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Space:
    """The directions in which real pictures differ most, and where the real pictures lie in them.

    Training and held-out pictures choose the directions in proportion to their numbers: were it one kind alone, fakes
    would lie nearer to the other for that reason.

    Arguments:
        centre: Mean picture.
        directions: One a column.
        real: Training pictures, then held-out ones.
        trained: How many are training pictures.
    """

    centre: np.ndarray
    directions: np.ndarray
    real: np.ndarray
    trained: int

    @classmethod
    def around(cls, trained: dict[str, np.ndarray], held: dict[str, np.ndarray], shaping: int = SHAPING) -> Space:
        """Find the directions and place the real pictures; either kind may be empty."""
        pictures = [part["pictures"][:MOST] for part in (trained, held) if part]
        whole = sum(map(len, pictures))
        shares = [max(round(shaping * len(part) / whole), 1) for part in pictures]
        some = np.concatenate([reduced(p[:share]) for p, share in zip(pictures, shares, strict=True)])
        centre = some.mean(0)
        bare = cls(centre=centre, directions=_directions(some - centre), real=np.empty((0, 0)), trained=0)
        real = np.concatenate([bare.rows(part) for part in pictures])
        return replace(bare, real=real, trained=len(trained["pictures"][:MOST]) if trained else 0)

    def rows(self, pictures: np.ndarray) -> np.ndarray:
        """Place pictures, some at a time."""
        blocks = range(0, max(len(pictures), 1), 4096)
        return np.concatenate([(reduced(pictures[i : i + 4096]) - self.centre) @ self.directions for i in blocks])

    def nearness(self, fake: np.ndarray) -> dict[str, float]:
        """Say whether fakes repeat training pictures, or are drawn to them more than to held-out ones."""
        squares, place = nearest_two(fake, self.real)
        copied = (place[:, 0] < self.trained) & (squares[:, 0] <= NEAR**2 * squares[:, 1])
        found = {"copies": float(copied.mean())}
        held = len(self.real) - self.trained
        if not held:
            return found
        hits = np.bincount(place[:, 0], minlength=len(self.real))
        fair = held / len(self.real) * len(fake)
        error = np.sqrt(held * (1 - held / len(self.real)) * hits.var(ddof=1)) / fair
        drawn = 1 - hits[self.trained :].sum() / fair
        return {**found, "drawn": float(drawn), "drawn_error": float(error)}


def _directions(rows: np.ndarray) -> np.ndarray:
    """Find the principal directions by the smaller of both matrices of products."""
    if rows.shape[1] <= rows.shape[0]:
        return np.asarray(np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :COMPONENTS])
    values, vectors = np.linalg.eigh(rows @ rows.T)
    kept = values > 1e-9 * values[-1]
    return np.asarray((rows.T @ (vectors[:, kept] / np.sqrt(values[kept])))[:, ::-1][:, :COMPONENTS])


def nearest_two(points: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the squared distances to the two nearest rows, and their places."""
    best, place = np.full((len(points), 2), np.inf), np.zeros((len(points), 2), dtype=np.int64)
    for start in range(0, len(among), 8192):
        block = among[start : start + 8192]
        squares = (points**2).sum(1)[:, None] + (block**2).sum(1) - 2 * points @ block.T
        both = np.hstack([best, np.maximum(squares, 0)])
        places = np.hstack([place, np.broadcast_to(np.arange(start, start + len(block)), squares.shape)])
        order = np.argpartition(both, 1, axis=1)[:, :2]
        order = np.take_along_axis(order, np.argsort(np.take_along_axis(both, order, 1), axis=1), 1)
        best, place = np.take_along_axis(both, order, 1), np.take_along_axis(places, order, 1)
    return best, place


def spectrum(pictures: np.ndarray) -> np.ndarray:
    """Measure the mean energy of every frequency; white noise has its variance everywhere."""
    high, wide = (side // 2 * 2 for side in pictures.shape[2:])
    if not (high and wide):
        return np.zeros((high, wide))
    cut = pictures[:, :, :high, :wide].astype(np.float32)
    waves = np.fft.fft2(cut - cut.mean((2, 3), keepdims=True))
    return np.asarray((waves.real**2 + waves.imag**2).mean((0, 1)) / (high * wide) + ROUNDING)


def grain(fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Compare two spectra where they are fine, and at the finest frequency; pictures under 8 pixels have too few."""
    if min(fake.shape) < 8:
        return {}
    rows, columns = np.meshgrid(*(np.abs(np.fft.fftfreq(side)) for side in fake.shape), indexing="ij")
    largest = np.maximum(rows, columns)

    # What alternates from row to row, from column to column, or both; it varies slowly where it is drawn by content.
    slow = [frequency <= 1 / side for frequency, side in zip((rows, columns), fake.shape, strict=True)]
    both = np.minimum(rows, columns) >= LINE - 1 / min(fake.shape)
    lines = [(largest >= LINE) & where for where in (*slow, both)]
    beside = (largest >= BESIDE[0]) & (largest <= BESIDE[1])

    def peaks(energy: np.ndarray) -> np.ndarray:
        return np.asarray([energy[line].mean() / energy[beside].mean() for line in lines])

    fine = largest >= LINE / 2
    return {
        "fine": float(fake[fine].sum() / real[fine].sum()),
        "checkerboard": float((peaks(fake) / np.maximum(peaks(real), 1)).max()),
    }


Levels = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _levels(pictures: np.ndarray) -> Levels:
    """Measure each channel's mean and spread over all pixels, and the standard error of both over pictures."""
    means, squares = pictures.mean((2, 3)), (pictures.astype(np.float64) ** 2).mean((2, 3))
    mean, spread = means.mean(0), np.sqrt(np.maximum(squares.mean(0) - means.mean(0) ** 2, 1e-6))
    # The spread's error by the delta method: a picture moves it by (its mean square deviation - variance) / 2 spread.
    moved = (squares - 2 * means * mean + mean**2 - spread**2) / (2 * spread)
    errors = [values.std(0) / np.sqrt(max(len(values) - 1, 1)) for values in (means, moved)]
    return mean, spread, errors[0], errors[1]


def drift(fake: Levels, real: Levels) -> dict[str, float]:
    """Give the largest difference of a channel's mean or spread that three standard errors do not explain."""
    apart = [np.abs(fake[i] - real[i]) - 3 * np.hypot(fake[i + 2], real[i + 2]) for i in (0, 1)]
    return {"colour_drift": float(np.max(np.maximum(np.stack(apart), 0) / real[1]))}


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """Real pictures by class.

    Arguments:
        real: Where they lie.
        labels: The place of each one's class.
        spread: Each class's mean distance between two real pictures; NaN where there are too few.
        truth: Each class's share of real pictures whose nearest other real picture is of its class.
    """

    real: np.ndarray
    labels: np.ndarray
    spread: np.ndarray
    truth: np.ndarray

    @classmethod
    def of(cls, real: np.ndarray, labels: np.ndarray) -> Classes:
        """Measure the real pictures."""
        count = int(labels.max()) + 1
        nearest = labels[nearest_two(real, real)[1][:, 1]]
        return cls(
            real=real,
            labels=labels,
            spread=np.asarray([_spread(real[labels == place], FEWEST) for place in range(count)]),
            truth=np.asarray([_share(nearest[labels == place] == place, FEWEST) for place in range(count)]),
        )

    def health(self, fake: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """Find the class whose fakes are least varied, and the one whose fakes most often look like another's."""
        nearest = self.labels[nearest_two(fake, self.real)[1][:, 0]]
        places = range(len(self.spread))
        spread = np.asarray([_spread(fake[labels == place]) for place in places]) / np.maximum(self.spread, 1e-9)
        hits = [nearest[labels == place] == place for place in places]
        truth = np.asarray([_share(hit) for hit in hits]) / np.maximum(self.truth, 1e-9)
        found = {**_worst("variety", "class_thin", spread), **_worst("truth", "class_wrong", truth)}
        if "class_wrong" in found:
            worst = int(found["class_wrong"])
            found["class_truth_error"] = _share_error(hits[worst]) / max(float(self.truth[worst]), 1e-9)
        return found


def _worst(name: str, which: str, values: np.ndarray) -> dict[str, float]:
    """Name the class with the lowest value, and what the class in the middle has."""
    if not np.isfinite(values).any():
        return {}
    lowest = {f"class_{name}": float(np.nanmin(values)), which: int(np.nanargmin(values))}
    return {**lowest, f"usual_{name}": float(np.nanmedian(values))}


def _spread(rows: np.ndarray, fewest: int = FEWEST_FAKES) -> float:
    """Give the mean distance between two different rows; NaN for too few."""
    if len(rows) < fewest:
        return float("nan")
    rows = rows[: SEEN // 2]
    squares = (rows**2).sum(1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * rows @ rows.T, 0))
    return float(distances.sum() / (len(rows) * (len(rows) - 1)))


def _share(hits: np.ndarray, fewest: int = FEWEST_FAKES) -> float:
    return float(hits.mean()) if len(hits) >= fewest else float("nan")


def _share_error(hits: np.ndarray) -> float:
    """Give a share's standard error, above zero for all and for none too: that of its law after a uniform one."""
    share = (hits.sum() + 1) / (len(hits) + 2)
    return float(np.sqrt(share * (1 - share) / (len(hits) + 3)))
