"""The training line that is nearest to a generated one: the one that shares most of its runs of one to three tokens.

Runs are weighed by how rare they are, log(lines / lines that hold it), so that "a man in a" makes nobody a neighbour.
With the sums of weights of the runs of both lines, shared and all, the nearness is the Jaccard index: 1 for a copy.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from contrafact.metrics.grams import Grams

LONGEST = 3


def nearest_lines(
    fake: Sequence[Sequence[Hashable]], real: Sequence[Sequence[Hashable]]
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest real line of each fake.

    Arguments:
        fake: Lists of tokens.
        real: Lists of tokens.

    Returns:
        The places of the nearest lines, and how near they are, from 0 to 1.
    """
    from scipy.sparse import csr_array

    shared, own, theirs = np.zeros((len(fake), len(real))), np.zeros(len(fake)), np.zeros(len(real))
    for line, gram, _, kinds in Grams.of([*fake, *real]).counted(LONGEST):
        held = np.bincount(gram, minlength=kinds)
        weight = np.log((len(fake) + len(real) + 1) / held)
        ours = line < len(fake)
        made = csr_array((weight[gram[ours]], (line[ours], gram[ours])), shape=(len(fake), kinds))
        ones = np.ones(int((~ours).sum()))
        known = csr_array((ones, (line[~ours] - len(fake), gram[~ours])), shape=(len(real), kinds))
        shared += (made @ known.T).toarray()
        own += np.asarray(made.sum(axis=1))
        theirs += np.asarray(known @ weight)
    near = shared / np.maximum(own[:, None] + theirs[None] - shared, 1e-12)
    places = near.argmax(axis=1)
    return places, np.minimum(near[np.arange(len(fake)), places], 1.0)
