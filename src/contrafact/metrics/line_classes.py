"""Whether lines show the class that they bear, as a simple classifier of n-grams sees them.

The classifier is naive Bayes over which n-grams a line holds: log p(class) + sum of log p(gram | class), half a line
being added to every count. It is trained on real lines only (agreement: do fakes look like their class?) or on fakes
only (train on synthetic, test on real: do fakes teach the classes?). What it gets right of real test lines after
training on real ones is printed beside both: no fake can be asked for more.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

import numpy as np

from contrafact.base.records import Score
from contrafact.metrics.grams import Grams
from contrafact.metrics.labels import agreement
from contrafact.metrics.spread import share

Lines = Sequence[Sequence[Hashable]]
Labelled = tuple[Lines, np.ndarray]

SMOOTHING = 0.5


def told(train: Labelled, lines: Lines, longest: int = 2) -> np.ndarray:
    """Tell the class of lines after training on others.

    Arguments:
        train: Lines and their classes.
        lines: Lines without classes.
        longest: Tokens of the longest n-gram.
    """
    known, labels = train
    classes, place = np.unique(np.asarray(labels).astype(str), return_inverse=True)
    chances = np.tile(np.log(np.bincount(place) / len(place)), (len(lines), 1))
    for line, gram, _, kinds in Grams.of([*known, *lines]).counted(longest):
        seen = line < len(known)
        counts = np.bincount(place[line[seen]] * kinds + gram[seen], minlength=len(classes) * kinds)
        table = counts.reshape(len(classes), kinds) + SMOOTHING
        logs = np.log(table / table.sum(axis=1, keepdims=True))
        for number in range(len(classes)):
            new = ~seen
            chances[:, number] += np.bincount(
                line[new] - len(known), weights=logs[number, gram[new]], minlength=len(lines)
            )
    return np.asarray(classes[chances.argmax(axis=1)])


def class_scores(real: Labelled, fake: Labelled, holdout: Labelled, longest: int = 2) -> list[Score]:
    """Score whether fakes show their classes, and whether they teach them.

    Arguments:
        real: Training lines and their classes.
        fake: Generated lines and the classes that were asked for.
        holdout: Real lines that nothing was trained on.
        longest: Tokens of the longest n-gram.
    """
    true = np.asarray(holdout[1]).astype(str)
    best = float((told(real, holdout[0], longest) == true).mean())
    taught = share("tstr_accuracy", told(fake, holdout[0], longest) == true, n=len(fake[0]), ceiling=best)
    floor = float(np.unique(true, return_counts=True)[1].max() / len(true))
    return [agreement(fake[1], told(real, fake[0], longest), best), replace(taught, floor=floor)]
