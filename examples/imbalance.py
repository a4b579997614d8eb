"""Rare classes by three routes: change the data, change the loss, move the threshold.

Two in a hundred rows are rare, in two clumps that overlap with the rest, so that the best possible answer is known; and
scikit-learn's breast cancer with malignant rows made rare. Two classifiers are trained as things are, with class
weights, with rows repeated, by SMOTE, with rows drawn by `loom` and by `ctgan`. Each is asked for its ranking (average
precision, recall at a precision of one half), its chances (Brier, before and after the shares of the classes are
corrected), and what its decisions cost at three thresholds, where a missed rare row costs 20 false alarms.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import contrafact
import shown

SEEDS = shown.full_or_toy((0, 1), (0,))
ROWS, SHARE, MISS = shown.full_or_toy(4000, 400), 0.02, 20.0  # a missed rare row costs so many false alarms
STEPS = shown.full_or_toy(None, 3)
MAKERS = {
    "SMOTE": contrafact.zoo.SMOTE(target="rare"),
    "rows of `loom`": contrafact.zoo.Loom(steps=STEPS),
    "rows of `ctgan`": contrafact.zoo.CTGAN(steps=shown.full_or_toy(600, 3), batch=500),
}
COLOURS = {"as things are": shown.INK, "class weights": shown.BLUE, "SMOTE": shown.GREEN}
COLOURS |= {"rows of `loom`": shown.ORANGE, "rows of `ctgan`": shown.PURPLE}
Kept = dict[str, dict[str, list[float]]]
CLUMPS = np.zeros((2, 8))
CLUMPS[0, :3], CLUMPS[1, 3:6] = 1.6, (-2.0, 2.0, 1.0)


def simulated(seed: int, n: int) -> pd.DataFrame:
    """Draw eight numbers a row; rare rows lie around two places."""
    draw = np.random.default_rng([seed, n])
    rare = (np.arange(n) < SHARE * n).astype(int)
    numbers = draw.normal(size=(n, 8)) * np.where(rare, 0.8, 1.0)[:, None]
    numbers += rare[:, None] * CLUMPS[draw.integers(2, size=n)]
    return pd.DataFrame(numbers.round(3), columns=list("abcdefgh")).assign(rare=rare)


def best(rows: pd.DataFrame) -> np.ndarray:
    """Give the true chance that a row is rare."""
    numbers = rows.drop(columns="rare").to_numpy()
    clumps = [np.exp(-((numbers - place) ** 2).sum(1) / 2 / 0.8**2) / 0.8**8 for place in CLUMPS]
    odds = SHARE / (1 - SHARE) * sum(clumps) / 2 / np.exp(-(numbers**2).sum(1) / 2)
    return odds / (1 + odds)


def cancer(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Make malignant rows rare in training: 15 beside 214. In the test all others count, weighted to the same share."""
    table = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "rare"}).assign(rare=lambda t: 1 - t.rare)
    table = table.iloc[np.random.default_rng(seed).permutation(len(table))]
    rank = table.groupby("rare").cumcount()
    own = rank < np.where(table["rare"] == 1, 15, 214)
    train, test = table[own].reset_index(drop=True), table[~own].reset_index(drop=True)
    share = train["rare"].mean()
    weights = np.where(test["rare"] == 1, share / test["rare"].mean(), (1 - share) / (1 - test["rare"].mean()))
    return train, test, weights


def lessons(train: pd.DataFrame, seed: int) -> dict[str, tuple[pd.DataFrame, str | None]]:
    """Give what each way shows a classifier: rows, and class weights."""
    rare = train[train["rare"] == 1]
    repeated = rare.sample(len(train) - 2 * len(rare), replace=True, random_state=seed)
    found = {"as things are": (train, None), "class weights": (train, "balanced")}
    found["rows repeated"] = (pd.concat([train, repeated], ignore_index=True), None)
    for way, maker in MAKERS.items():
        if way != "rows of `ctgan`" or len(train.columns) < 20:  # fifteen rows of thirty columns teach it nothing
            result = contrafact.balance(train, target="rare", method=maker, check="off", seed=seed)
            found[way] = (result.data.drop(columns="_source"), None)
    return found


def classifier(name: str, weights: str | None, seed: int):
    """Make one of two classifiers."""
    if name == "trees":
        return HistGradientBoostingClassifier(max_iter=60, class_weight=weights, random_state=seed)
    return make_pipeline(StandardScaler(), LogisticRegression(class_weight=weights, max_iter=500))


def corrected(chance: np.ndarray, shown_share: float, share: float) -> np.ndarray:
    """Take back that the classifier saw the rare class with another share than it has."""
    odds = chance / np.maximum(1 - chance, 1e-12) * share / (1 - share) * (1 - shown_share) / shown_share
    return odds / (1 + odds)


def cost(truth: np.ndarray, named: np.ndarray, weights: np.ndarray) -> float:
    """Give the cost of decisions for each 1,000 rows."""
    return float(1000 * np.average(np.where(truth, MISS * ~named, named), weights=weights))


def threshold(truth: np.ndarray, chance: np.ndarray) -> float:
    """Find the cheapest threshold on rows that the classifier had not learned from."""
    tried = np.unique(np.quantile(chance, np.linspace(0.3, 1, 400)))
    return float(tried[np.argmin([cost(truth, chance >= at, np.ones(len(truth))) for at in tried])])


def figures(truth, chance, weights, share, seen) -> dict[str, float]:
    """Score ranking and chances."""
    precision, recall, _ = precision_recall_curve(truth, chance, sample_weight=weights)
    fixed = corrected(chance, seen, share)
    return {
        "average precision": average_precision_score(truth, chance, sample_weight=weights),
        "recall at precision 1/2": recall[precision >= 0.5].max(),
        "Brier × 1000": 1000 * np.average((chance - truth) ** 2, weights=weights),
        "corrected": 1000 * np.average((fixed - truth) ** 2, weights=weights),
    }


def trial(train: pd.DataFrame, test: pd.DataFrame, weights: np.ndarray, name: str, ways: dict, seed: int) -> dict:
    """Train one classifier in each way; give its figures and its chances on the test rows."""
    truth, share, found = test["rare"].to_numpy(), train["rare"].mean(), {}
    for way, (rows, balanced) in ways.items():
        model = classifier(name, balanced, seed).fit(rows.drop(columns="rare"), rows["rare"])
        seen = 0.5 if balanced else rows["rare"].mean()
        chance = model.predict_proba(test.drop(columns="rare"))[:, 1]
        found[way] = (figures(truth, chance, weights, share, seen), chance, corrected(chance, seen, share))
    return found


def costs(train: pd.DataFrame, test: pd.DataFrame, found: dict, seed: int) -> dict[str, dict[str, float]]:
    """Give what decisions cost at one half, at the threshold that the costs ask for, and at one chosen out of fold."""
    truth, one = test["rare"].to_numpy() == 1, np.ones(len(test))
    rows = {}
    for way, (_, chance, fixed) in found.items():
        rows[way] = {"at .5": cost(truth, chance >= 0.5, one)}
        rows[way]["at 1/21, chances corrected"] = cost(truth, fixed >= 1 / (1 + MISS), one)
    plain = classifier("trees", None, seed)
    inputs, rare = train.drop(columns="rare"), train["rare"].to_numpy()
    out = cross_val_predict(plain, inputs, rare, cv=5, method="predict_proba")[:, 1]
    rows["as things are"]["chosen out of fold"] = cost(
        truth, found["as things are"][1] >= threshold(rare == 1, out), one
    )
    rows["the best possible"] = {"at .5": cost(truth, best(test) >= 0.5, one)}
    rows["the best possible"]["at 1/21, chances corrected"] = cost(truth, best(test) >= 1 / (1 + MISS), one)
    return rows


def curves(test: pd.DataFrame, found: dict) -> None:
    """Draw cost against the threshold, precision against recall, and chances against what happens."""
    truth, one = test["rare"].to_numpy(), np.ones(len(test))
    canvas, axes = shown.canvas(3, 1, width=3.1, height=2.9)
    tried = np.geomspace(0.002, 0.98, 60)
    for way, colour in COLOURS.items():
        chance = found[way][1]
        axes[0, 0].plot(tried, [cost(truth == 1, chance >= at, one) for at in tried], color=colour)
        precision, recall, _ = precision_recall_curve(truth, chance)
        axes[0, 1].plot(recall[::20], precision[::20], color=colour, label=way.replace("`", ""))
        edges = np.linspace(0, 1, 9)
        place = np.digitize(chance, edges[1:-1])
        full = [p for p in range(8) if (place == p).sum() >= 10]
        told = [(chance[place == p].mean(), truth[place == p].mean()) for p in full]
        axes[0, 2].plot(*zip(*told, strict=True), "o-", ms=3, color=colour)
    axes[0, 2].plot([0, 1], [0, 1], ls=":", color=shown.QUIET)
    axes[0, 0].set(xscale="log", xlabel="threshold", ylabel="cost of 1,000 rows", ylim=(0, 600))
    axes[0, 1].legend(fontsize=7, frameon=False)
    axes[0, 1].set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes[0, 2].set(xlabel="chance that is told", ylabel="share that is rare")
    shown.picture("imbalance-curves", canvas)


def rows_of(found: dict[str, dict[str, list[float]]], digits: dict[str, int]) -> list[dict[str, str]]:
    """Write figures of several seeds."""
    heads = list(digits)
    return [
        {"way": way} | {head: shown.spread(own[head], digits[head]) if head in own else "" for head in heads}
        for way, own in found.items()
    ]


def keep(into: Kept, way: str, values: dict[str, float]) -> None:
    """Put a seed's figures beside those of others."""
    for head, value in values.items():
        into.setdefault(way, {}).setdefault(head, []).append(float(value))


def one_seed(seed: int, scored: dict[str, Kept], paid: Kept) -> None:
    """Try all ways on both tables."""
    train, test = simulated(seed, ROWS), simulated(seed, 5 * ROWS + 5)
    one = np.ones(len(test))
    for data, (own, other, weights) in {"simulated": (train, test, one), "cancer": cancer(seed)}.items():
        ways = lessons(own, seed)
        for name in ("trees", "line"):
            found = trial(own, other, weights, name, ways, seed)
            for way, (values, _, _) in found.items():
                keep(scored.setdefault(f"{data}-{name}", {}), way, values)
            if (data, name) == ("simulated", "trees"):
                truth = figures(test["rare"].to_numpy(), best(test), one, SHARE, SHARE)
                keep(scored["simulated-trees"], "the best possible", truth)
                for way, values in costs(train, test, found, seed).items():
                    keep(paid, way, values)
                if seed == 0:
                    curves(test, found)


def tables(scored: dict[str, Kept], paid: Kept) -> None:
    """Write what came out."""
    marks = {"average precision": 2, "recall at precision 1/2": 2, "Brier × 1000": 1, "corrected": 1}
    for name in ("trees", "line"):
        shown.table(f"imbalance-{name}", rows_of(scored[f"simulated-{name}"], marks))
    both: Kept = {}
    for name, word in (("trees", "trees"), ("line", "logistic regression")):
        for way, values in scored[f"cancer-{name}"].items():
            both.setdefault(way, {})[f"{word}: average precision"] = values["average precision"]
            both[way][f"{word}: Brier × 1000"] = values["Brier × 1000"]
    shown.table("imbalance-cancer", rows_of(both, {head: 3 if "average" in head else 1 for head in both["SMOTE"]}))
    heads = {"at .5": 0, "at 1/21, chances corrected": 0, "chosen out of fold": 0}
    shown.table("imbalance-cost", rows_of(paid, heads))


if __name__ == "__main__":
    scored: dict[str, Kept] = {}
    paid: Kept = {}
    for seed in SEEDS:
        one_seed(seed, scored, paid)
    tables(scored, paid)
