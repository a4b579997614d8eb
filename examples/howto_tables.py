"""Show what the how-to pages on tables speak of: where holes are, what fills them, a judge, a copy, a test."""

from __future__ import annotations

import numpy as np
import pandas as pd

import contrafact
from contrafact.metrics import c2st_trees, pairs, shapes
from make_toys import HOLES, HOLES_OF_THE_YOUNG, SEED, customers, tables
from shown import AMBER, BLUE, GREEN, ORANGE, QUIET, canvas, full_or_toy, picture

YOUNG = 35
NAMES = {"trees": "boosted trees", "line": "logistic regression"}


def holes(frame: pd.DataFrame) -> None:
    """Draw the share of missing incomes over age."""
    bands = pd.cut(
        frame.age, [17, 25, 35, 45, 55, 65, 91], labels=["18-25", "26-35", "36-45", "46-55", "56-65", "66-90"]
    )
    share = frame.income.isna().groupby(bands, observed=False).mean()
    made, axes = canvas(width=4.4, height=2.3)
    axes[0, 0].bar(range(len(share)), 100 * share, color=BLUE)
    axes[0, 0].set_xticks(range(len(share)), share.index)
    axes[0, 0].set(xlabel="age", ylabel="incomes missing, %")
    picture("howto_tables-holes", made)


def filled(frame: pd.DataFrame, draw: np.random.Generator) -> None:
    """Hide known incomes as those of the table are hidden, and fill them in three ways."""
    known = frame[frame.income.notna()].reset_index(drop=True)
    hidden = draw.random(len(known)) < np.where(known.age < YOUNG, HOLES_OF_THE_YOUNG, HOLES)
    holed = known.assign(income=known.income.mask(hidden))
    ways = {
        "means": contrafact.impute(holed, method="fill", check="off").data,
        "best guesses": contrafact.impute(holed, method="ice", check="off").data,
        "one draw": contrafact.impute(holed, method="ice", draws=1, check="off", seed=1).data[0],
    }
    made, axes = canvas(3, width=2.5, height=2.3)
    bins = np.linspace(10, 80, 29)
    for panel, (name, table) in zip(axes[0], ways.items(), strict=True):
        panel.hist(known.income[hidden] / 1000, bins, color=QUIET, alpha=0.35, label="true")
        panel.hist(table.income[hidden] / 1000, bins, histtype="step", color=ORANGE, lw=1.8, label=name)
        panel.set(title=name, xlabel="income, thousands", yticks=[])
        panel.set_ylim(0, 1.6 * np.histogram(known.income[hidden] / 1000, bins)[0].max())
        panel.title.set_fontsize(10)
    axes[0, 0].set_ylabel("cells that were hidden")
    picture("howto_tables-filled", made)


def judged(real: pd.DataFrame, unseen: pd.DataFrame, fakes: dict[str, pd.DataFrame]) -> None:
    """Draw three scores of a shuffled table, of a model's rows and of other real rows."""
    scores = {"single columns\n(shapes, 1 is best)": shapes, "pairs of columns\n(pairs, 1 is best)": pairs}
    scores["trees tell fakes\n(c2st_trees, .5 is best)"] = c2st_trees
    made, axes = canvas(width=5.8, height=2.6)
    panel = axes[0, 0]
    for place, (name, table) in enumerate(fakes.items()):
        found = [score(unseen if score is c2st_trees else real, table) for score in scores.values()]
        values = [one.value for one in found]
        spots = np.arange(len(values)) + 0.27 * (place - 1)
        panel.bar(spots, values, 0.25, color=(ORANGE, BLUE, QUIET)[place], label=name)
        ends = np.array([[one.value - one.low, one.high - one.value] for one in found]).T
        panel.errorbar(spots, values, ends.clip(0), fmt="none", ecolor="#222222", lw=1)
    panel.axhline(0.5, color=GREEN, lw=0.8, ls="--")
    panel.set_xticks(range(len(scores)), list(scores))
    panel.set(ylim=(0, 1.35))
    panel.legend(frameon=False, fontsize=8, ncol=3, loc="upper center")
    picture("howto_tables-judged", made)


def copied(real: pd.DataFrame, copy: pd.DataFrame) -> None:
    """Draw two columns of real rows beside those of a copy."""
    made, axes = canvas(2, width=2.8, height=2.5)
    for panel, (name, table) in zip(axes[0], {"real": real, "share-safe copy": copy}.items(), strict=True):
        for plan, colour in (("basic", BLUE), ("plus", AMBER), ("pro", ORANGE)):
            rows = table[table.plan == plan].head(500)
            panel.plot(rows.age, rows.income / 1000, ".", ms=3, color=colour, label=plan)
        panel.set(title=name, xlabel="age", xlim=(15, 92), ylim=(5, 90))
    axes[0, 0].set_ylabel("income, thousands")
    axes[0, 1].legend(frameon=False, fontsize=8, markerscale=3, loc="lower right")
    picture("howto_tables-copy", made)


def balanced(frame: pd.DataFrame) -> None:
    """Draw what boosted trees and a logistic regression get in each way of training, with intervals."""
    toy = contrafact.zoo.Loom(steps=full_or_toy(120, 2), width=full_or_toy(64, 16), depth=1)
    scores = contrafact.balance(frame, target="churn", ratio=0.5, method=toy).scores
    told = [name.split("_", 2)[1:] for name in scores if name.startswith("auprc_")]
    models, arms = (list(dict.fromkeys(parts)) for parts in zip(*told, strict=True))
    made, axes = canvas(width=5.4, height=2.6)
    panel = axes[0, 0]
    for shift, model, colour in zip((0.12, -0.12), models, (BLUE, ORANGE), strict=True):
        for place, arm in enumerate(arms):
            one = scores[f"auprc_{model}_{arm}"]
            panel.plot([one.low, one.high], [shift - place] * 2, color=colour, lw=1.8)
            panel.plot(one.value, shift - place, "o", color=colour, ms=5, label=NAMES[model] if not place else None)
    panel.set_yticks([-place for place in range(len(arms))], arms)
    panel.set(xlabel="AUPRC on held-out rows, with 95 % interval (higher is better)", ylim=(-5.3, 0.5))
    panel.legend(frameon=False, fontsize=8, loc="lower right")
    picture("howto_tables-balanced", made)


def main() -> None:
    """Draw everything."""
    draw = np.random.default_rng(SEED)
    made, _ = tables(draw)
    frame = made["customers"]
    holes(frame)
    filled(frame, draw)
    settings = full_or_toy({"steps": 320}, {"steps": 2, "width": 16, "depth": 1})
    copy = contrafact.zoo.Loom(share_safe=True, **settings).fit(frame, seed=0).sample(len(frame), seed=1)
    others = customers(len(frame), draw, first=2 * len(frame))
    judged(frame, made["unseen"], {"shuffled": made["theirs"], "loom": copy, "other real rows": others})
    copied(frame, copy)
    balanced(frame)


if __name__ == "__main__":
    main()
