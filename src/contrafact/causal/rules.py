"""Rules for whom to treat: what they are worth, and a short one that people can read.

A rule that treats where the effect exceeds the cost is worth the mean of each row's doubly robust score of the arm that
it chooses, less the cost of those it treats. Where effects were foretold by functions that had not seen the row, that
mean has the standard error of a mean, and so has its difference from treating all or none.

The short rule is a tree of few questions that chooses as the long one does, where a row weighs as much as is at stake
in it. It is held to the same scores, by trees that were grown on other rows.

Reference: Athey and Wager, *Policy learning with observational data*, Econometrica 89, 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contrafact.base.records import Better, Score
from contrafact.base.seeds import fold
from contrafact.causal.scores import Z

DEPTH, SMALLEST = 2, 0.05  # questions one after another, and the share of the rows that an answer must have


@dataclass(frozen=True, kw_only=True)
class Split:
    """One node of a short rule.

    Arguments:
        column: The column that is asked about, -1 for an end.
        threshold: At most this goes left.
        left: The place of the node on the left.
        right: The place of the node on the right.
        treat: Whether an end treats.
        share: The share of the rows that come here.
    """

    column: int
    threshold: float
    left: int
    right: int
    treat: bool
    share: float


def short_rule(x: np.ndarray, gain: np.ndarray, seed: int, depth: int = DEPTH) -> tuple[Split, ...]:
    """Grow a tree of few questions that treats where there is something to gain.

    Arguments:
        x: Covariates.
        gain: What treating a row is worth.
        seed: Seeds ties.
        depth: Questions one after another.
    """
    from sklearn.tree import DecisionTreeClassifier

    wanted = gain > 0
    if wanted.all() or not wanted.any() or not x.shape[1]:
        treat = bool(np.sum(gain) > 0)
        return (Split(column=-1, threshold=0.0, left=-1, right=-1, treat=treat, share=1.0),)
    least = max(int(SMALLEST * len(x)), 1)
    grown = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=least, random_state=fold(seed, "tree") % 2**32)
    tree = grown.fit(x.astype(np.float64), wanted, sample_weight=np.abs(gain) + 1e-12 * np.abs(gain).max()).tree_
    rows = [
        Split(
            column=int(tree.feature[i]) if tree.children_left[i] >= 0 else -1,
            threshold=float(tree.threshold[i]),
            left=int(tree.children_left[i]),
            right=int(tree.children_right[i]),
            treat=bool(tree.value[i][0].argmax()),
            share=float(tree.n_node_samples[i] / len(x)),
        )
        for i in range(tree.node_count)
    ]
    return tuple(_merged(rows))


def _merged(rows: list[Split]) -> list[Split]:
    """Take two ends that say the same for one."""
    for place in reversed(range(len(rows))):
        node = rows[place]
        if node.column >= 0:
            left, right = rows[node.left], rows[node.right]
            if left.column < 0 and right.column < 0 and left.treat == right.treat:
                rows[place] = Split(column=-1, threshold=0.0, left=-1, right=-1, treat=left.treat, share=node.share)
    return rows


def follows(rule: Sequence[Split], x: np.ndarray) -> np.ndarray:
    """Tell which rows a short rule treats."""
    place = np.zeros(len(x), dtype=np.int64)
    columns = np.array([node.column for node in rule])
    x = x.astype(np.float32) if x.shape[1] else np.zeros((len(x), 1), dtype=np.float32)  # as the tree was grown
    while (inner := columns[place] >= 0).any():
        thresholds = np.array([node.threshold for node in rule])[place]
        below = x[np.arange(len(x)), np.maximum(columns[place], 0)] <= thresholds
        to = np.where(below, np.array([n.left for n in rule])[place], np.array([n.right for n in rule])[place])
        place = np.where(inner, to, place)
    return np.array([node.treat for node in rule])[place]


def crossed_rule(x: np.ndarray, gain: np.ndarray, part: np.ndarray, seed: int) -> np.ndarray:
    """Tell which rows short rules treat that were grown on the other folds."""
    found = np.zeros(len(x), dtype=bool)
    for number in np.unique(part):
        held = part == number
        found[held] = follows(short_rule(x[~held], gain[~held], fold(seed, int(number))), x[held])
    return found


def words(rule: Sequence[Split], columns: Sequence[tuple[str, str | None]]) -> list[str]:
    """Write a short rule as lines: when to treat, and when not.

    Arguments:
        rule: The rule.
        columns: Each column's covariate, and the level that a 1 stands for; None for numbers.
    """
    lines: list[str] = []

    def walk(place: int, told: list[str]) -> None:
        node = rule[place]
        if node.column < 0:
            where = " and ".join(told) or "always"
            lines.append(f"{'treat' if node.treat else 'do not treat'}: {where}   ({node.share:.0%} of the rows)")
            return
        name, level = columns[node.column]
        low, high = (
            (f"{name} <= {node.threshold:.4g}", f"{name} > {node.threshold:.4g}")
            if level is None
            else (f"{name} is not {level}", f"{name} is {level}")
        )
        walk(node.left, [*told, low])
        walk(node.right, [*told, high])

    walk(0, [])
    return lines


def valued(name: str, scores: np.ndarray, better: Better) -> Score:
    """Give a mean of scores with its interval."""
    value, error = float(scores.mean()), float(scores.std(ddof=1) / np.sqrt(len(scores)))
    return Score(name=name, value=value, low=value - Z * error, high=value + Z * error, n=len(scores), better=better)


def values(scores: np.ndarray, treats: dict[str, np.ndarray], cost: float, sign: float) -> dict[str, Score]:
    """Give what rules are worth, and what each gains over treating all and over treating none.

    Arguments:
        scores: Each row's doubly robust score of both arms: 2 by rows.
        treats: Which rows each rule treats.
        cost: What treating one row costs, in units of the outcome.
        sign: 1 where more of the outcome is better, -1 where less is.
    """
    better: Better = "higher" if sign > 0 else "lower"
    net = np.stack([scores[0], scores[1] - sign * cost])
    everyone = {**treats, "treat_all": np.ones(net.shape[1], bool), "treat_none": np.zeros(net.shape[1], bool)}
    chosen = {name: np.where(treated, net[1], net[0]) for name, treated in everyone.items()}
    found = {f"value_{name}": valued(f"value_{name}", own, better) for name, own in chosen.items()}
    for name in treats:
        for other in ("treat_all", "treat_none"):
            gained = sign * (chosen[name] - chosen[other])
            label = f"gain_{name}_over_{other}"
            found[label] = valued(label, gained, "higher")
    return found
