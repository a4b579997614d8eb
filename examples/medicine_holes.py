"""Holes in the breast-cancer table: what dropping rows does, what filling mends, and whether a classifier gains.

Holes go with a column that stays. Dropping rows biases a mean badly, filled draws mend it; a classifier on held-out
rows gains a little, and as much from linear regressions as from a network.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import contrafact
import contrafact.sklearn
import shown

SEEDS = shown.full_or_toy((0, 1, 2), (0,))
LOOM = shown.full_or_toy(None, contrafact.zoo.Loom(steps=5, width=16, learn="holes", holes=False))
HOLED = ["radius", "perimeter", "area", "compactness", "concavity", "concave_points"]


def tumours() -> pd.DataFrame:
    """Give the ten means of the breast-cancer table, and the diagnosis."""
    found = load_breast_cancer(as_frame=True)
    frame = found.data.filter(like="mean").rename(columns=lambda name: name.replace("mean ", "").replace(" ", "_"))
    return frame.assign(malignant=1 - found.target)


def holed(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Make holes that go with texture, which stays: missing at random, and not completely."""
    random, made = np.random.default_rng(seed), frame.copy()
    rough = (frame.texture - frame.texture.mean()) / frame.texture.std()
    for name in HOLED:
        made.loc[random.random(len(frame)) < 1 / (1 + np.exp(1 - 1.5 * rough)), name] = np.nan
    return made


def means(whole: pd.DataFrame, table: pd.DataFrame, seed: int) -> dict[str, str]:
    """Estimate the mean radius from what is left, and from five draws, pooled by Rubin's rules."""
    result = contrafact.impute(table, draws=5, method=LOOM or "loom", seed=seed, check="quick" if seed == 0 else "off")
    if seed == 0:
        print(result.verdict, *result.notes[:1], sep="\n")
        print(*(f"  {result.scores[name]}" for name in ("rmse_method", "rmse_ice", "rmse_mean")), sep="\n")
    columns = [draw.radius for draw in result.data]
    pooled = contrafact.metrics.pooled(
        [column.mean() for column in columns], [column.var() / len(table) for column in columns], freedom=len(table) - 1
    )
    full, kept, seen = whole.radius.mean(), table.dropna().radius, table.radius.dropna()
    rows = {"rows without holes": (kept.mean(), kept.sem()), "known cells": (seen.mean(), seen.sem())}
    told = {name: (mean - full, mean - full - 1.96 * e, mean - full + 1.96 * e) for name, (mean, e) in rows.items()}
    return told | {"five draws, pooled": tuple(end - full for end in pooled)}


def told_means(found: list[dict]) -> None:
    """Write how far each way is off, and in how many tables its interval holds the mean without holes."""
    rows = []
    for name in found[0]:
        values, lows, highs = zip(*(each[name] for each in found), strict=True)
        holds = sum(low <= 0 <= high for low, high in zip(lows, highs, strict=True))
        row = {"mean radius from": name, "off by": shown.spread(values)}
        rows.append({**row, "95 % interval holds the full table's mean": f"{holds} of {len(found)}"})
    shown.table("medicine_holes-means", rows)


def diagnosed(whole: pd.DataFrame, seed: int) -> dict[str, float]:
    """Train a classifier on rows with holes and test it on others with holes, by how the holes are filled."""
    table, target = holed(whole, seed).drop(columns="malignant"), whole.malignant
    train, test, y, y_test = train_test_split(table, target, test_size=0.4, stratify=target, random_state=seed)

    def auc(filler, rows, classes) -> float:
        steps = [StandardScaler(), LogisticRegression(max_iter=2000)]
        model = make_pipeline(filler, *steps).fit(rows, classes)
        return roc_auc_score(y_test, model.predict_proba(test)[:, 1])

    def imputer(method):
        return contrafact.sklearn.Imputer(method=method, random_state=seed)

    kept = train.dropna().index
    return {
        "drop rows with holes, train on the rest": auc(imputer("fill"), train.loc[kept], y[kept]),
        "means (`fill`)": auc(imputer("fill"), train, y),
        "linear regressions (`ice`)": auc(imputer("ice"), train, y),
        "`loom`": auc(imputer(LOOM or "loom"), train, y),
    }


def main() -> None:
    """Make holes, fill them, and see what that is worth."""
    whole = tumours()
    told_means([means(whole, holed(whole, seed), seed) for seed in SEEDS])
    scores = [diagnosed(whole, seed) for seed in SEEDS]
    rows = [{"holes": name, "AUC, test rows": shown.spread([each[name] for each in scores], 3)} for name in scores[0]]
    shown.table("medicine_holes-diagnosis", rows)


if __name__ == "__main__":
    main()
