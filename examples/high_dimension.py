"""High dimension: what it does to distances and to scores, and three routes around it.

First distances between random points are measured, then scores that rest on nearest neighbours, with faults that are
known. Then tables of 10, 50 and 200 columns, all driven by the same four hidden factors, are learned from 800 rows: by
each column alone, by a Gaussian copula, by `loom` over all columns, by `loom` over a code of the rows (principal
components; an autoencoder), and by a GAN. Between, a covariance is estimated from 100 rows: as counted, shrunk, and as
factors.
"""

import time

import numpy as np
import pandas as pd
from sklearn.covariance import LedoitWolf, empirical_covariance
from sklearn.decomposition import FactorAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

import contrafact
import shown
from contrafact import zoo
from contrafact.metrics import neighbours, pairs, shapes

SEEDS = shown.full_or_toy((0, 1), (0,))
SIZES, ROWS = shown.full_or_toy((10, 50, 200), (8,)), shown.full_or_toy(800, 100)
DIMENSIONS = shown.full_or_toy((2, 4, 8, 16, 32, 64, 128, 256), (2, 16))
STEPS = {"steps": 3} if shown.TOY else {}
COLOURS = {"each column alone": shown.QUIET, "copula": shown.INK, "loom, all columns": shown.BLUE}
COLOURS |= {"loom, components": shown.SKY, "loom, autoencoder": shown.GREEN, "GAN (r3gan)": shown.ORANGE}


def methods(p: int) -> dict[str, contrafact.zoo.Loom]:
    """Give the ways to learn a table of p columns."""
    return {
        "each column alone": zoo.Independent(),
        "copula": zoo.Copula(),
        "loom, all columns": zoo.Loom(width=64, **{"steps": 250, **STEPS}),
        "loom, components": zoo.Loom(latent=min(16, p - 2), **STEPS),
        "loom, autoencoder": zoo.Loom(latent=4, latent_by="autoencoder", **STEPS),
        "GAN (r3gan)": zoo.R3GAN(batch=128, **{"steps": 300, **STEPS}),
    }


def factors(seed: int, part: int, n: int, p: int) -> pd.DataFrame:
    """Draw rows of p columns from four factors; every third column is bent, all have noise of their own."""
    weights = np.random.default_rng([seed, p]).normal(size=(4, p))
    draw = np.random.default_rng([seed, p, part])
    signal = draw.normal(size=(n, 4)) @ weights
    signal = np.where(np.arange(p) % 3 == 0, np.abs(signal), signal)
    return pd.DataFrame((signal + 0.4 * draw.normal(size=(n, p))).round(3)).rename(columns="c{}".format)


def told_apart(real: pd.DataFrame, fake: pd.DataFrame, seed: int) -> float:
    """Give the AUC of boosted trees: those of `contrafact.metrics.c2st_trees` on one split in place of five."""
    rows, labels = pd.concat([real, fake]).to_numpy(), np.repeat([0, 1], [len(real), len(fake)])
    half = np.random.default_rng(seed).permutation(len(rows)) % 2 == 0
    trees = HistGradientBoostingClassifier(max_iter=80, max_leaf_nodes=15, random_state=seed)
    trees.fit(rows[half], labels[half])
    return float(roc_auc_score(labels[~half], trees.predict_proba(rows[~half])[:, 1]))


def distances(panel) -> None:
    """Draw how distances between random points gather around one value."""
    draw = np.random.default_rng(0)
    n = shown.full_or_toy(4000, 100)
    for d, colour in zip((2, 10, 100, 1000), (shown.ORANGE, shown.AMBER, shown.SKY, shown.BLUE), strict=True):
        one, other = draw.normal(size=(2, n, d))
        apart = np.sqrt(((one - other) ** 2).sum(1))
        panel.hist(
            apart / apart.mean(), bins=60, range=(0, 2), density=True, histtype="step", color=colour, label=f"{d}"
        )
    panel.set(xlabel="distance / mean distance", ylabel="density", yscale="log", ylim=(0.01, 30))
    panel.legend(title="columns", fontsize=7, title_fontsize=8, frameon=False)


def wrong_spread(panel) -> None:
    """Draw what precision and recall say of fakes that are a tenth too narrow, or a tenth too wide, in every column."""
    for scale, colour in ((0.9, shown.BLUE), (1.1, shown.ORANGE)):
        found = []
        for d in DIMENSIONS:
            draw = np.random.default_rng(d)
            score = neighbours(draw.normal(size=(ROWS, d)), scale * draw.normal(size=(ROWS, d)))
            found.append((score["precision"].value, score["recall"].value))
        word = "narrow" if scale < 1 else "wide"
        for values, name, style in zip(zip(*found, strict=True), ("precision", "recall"), ("-", "--"), strict=True):
            panel.plot(DIMENSIONS, values, style, color=colour, label=f"{name}, too {word}")
    panel.set(xscale="log", xlabel="columns", ylabel="score", ylim=(-0.02, 1.02))
    panel.legend(fontsize=7, frameon=False, loc="lower left")


def hidden_fault(panel) -> None:
    """Draw who sees that four columns have lost their relation, the more columns of noise are beside them."""
    sizes = [d for d in DIMENSIONS if d >= 4]
    found: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        for d in sizes:
            draw = np.random.default_rng([seed, d])
            real, fake, other = draw.normal(size=(3, ROWS, d))
            for side in (real, other):
                side[:, 1:4] = side[:, :1] + 0.3 * side[:, 1:4]
            fake[:, 1:4] *= 1.09**0.5
            covered = neighbours(real, fake)["coverage"].value / neighbours(real, other)["coverage"].value
            trees = 2 * (1 - max(told_apart(pd.DataFrame(real), pd.DataFrame(fake), seed), 0.5))
            for name, value in (("coverage / best", covered), ("trees: 2 (1 - AUC)", trees)):
                found.setdefault(name, []).append(value)
    for (name, values), colour in zip(found.items(), (shown.BLUE, shown.GREEN), strict=True):
        panel.plot(sizes, np.reshape(values, (len(SEEDS), -1)).mean(0), "o-", ms=3, color=colour, label=name)
    panel.set(xscale="log", xlabel="columns", ylabel="score; 1: no fault seen", ylim=(0, 1.05))
    panel.legend(fontsize=7, frameon=False, loc="lower right")


def routes() -> None:
    """Learn tables of more and more columns in each way."""
    found: dict[tuple[int, str], dict[str, list[float]]] = {}
    for seed in SEEDS:
        for p in SIZES:
            train, test = factors(seed, 0, ROWS, p), factors(seed, 1, ROWS, p)
            for way, method in methods(p).items():
                began = time.process_time()
                fake = method.fit(train, seed=seed).sample(ROWS, seed=seed)
                row = {"CPU seconds": time.process_time() - began}
                row |= {"shapes": shapes(test, fake).value, "pairs": pairs(test, fake).value}
                row["told apart (AUC)"] = told_apart(test, fake, seed)
                for name, value in row.items():
                    found.setdefault((p, way), {}).setdefault(name, []).append(value)
    digits = {"shapes": 3, "pairs": 3, "told apart (AUC)": 2, "CPU seconds": 1}
    written = [
        {"columns": p, "way": way} | {name: shown.spread(own[name], places) for name, places in digits.items()}
        for (p, way), own in found.items()
    ]
    shown.table("high_dimension-routes", written)
    canvas, axes = shown.canvas(3, 1, width=3.1, height=2.9)
    for panel, name in zip(axes.flat, ("pairs", "told apart (AUC)", "CPU seconds"), strict=True):
        for way, colour in COLOURS.items():
            panel.plot(SIZES, [np.mean(found[p, way][name]) for p in SIZES], "o-", ms=3, color=colour, label=way)
        panel.set(xlabel="columns", ylabel=name, xscale="log", xticks=SIZES, xticklabels=SIZES)
        panel.minorticks_off()
    axes[0, 1].legend(fontsize=7, frameon=False)
    shown.picture("high_dimension-routes", canvas)


def gaussians() -> None:
    """Estimate a covariance from 100 rows in four ways, and score other rows."""
    found: dict[str, dict[str, list[float]]] = {}
    for seed in SEEDS:
        for p in SIZES:
            weights = np.random.default_rng([seed, p]).normal(size=(4, p))
            draw = np.random.default_rng([seed, p, 2])
            rows = draw.normal(size=(600, 4)) @ weights + 0.4 * draw.normal(size=(600, p))
            train, test = rows[:100], rows[100:]
            plain = empirical_covariance(train)
            few = FactorAnalysis(4, random_state=seed).fit(train).get_covariance()
            ways = {"no relations": np.diag(np.diag(plain)), "as counted": plain}
            ways |= {"shrunk (Ledoit-Wolf)": LedoitWolf().fit(train).covariance_, "four factors": few}
            ways["the truth"] = weights.T @ weights + 0.16 * np.eye(p)
            for way, guess in ways.items():
                away = test - (0 if way == "the truth" else train.mean(0))
                regular = np.linalg.matrix_rank(guess) == p
                size = np.linalg.slogdet(guess)[1]
                square = (away * np.linalg.solve(guess, away.T).T).sum(1).mean() if regular else np.inf
                surprise = (square + size) / 2 / p + np.log(2 * np.pi) / 2
                found.setdefault(way, {}).setdefault(f"{p} columns", []).append(surprise)
    rows = []
    for way, own in found.items():
        told = {head: shown.spread(v) if np.isfinite(v).all() else "no inverse" for head, v in own.items()}
        rows.append({"covariance": way} | told)
    shown.table("high_dimension-gaussians", rows)


if __name__ == "__main__":
    canvas, axes = shown.canvas(3, 1, width=3.1, height=2.9)
    distances(axes[0, 0])
    wrong_spread(axes[0, 1])
    hidden_fault(axes[0, 2])
    shown.picture("high_dimension-distances", canvas)
    gaussians()
    routes()
