"""Scarce controls: forty of one group, four hundred of the other, and a confounder with holes.

A clinic gave nearly everybody the new drug. What do generated controls add to the estimate, and what does filling the
holes of a confounder add? The true effect is known, so both can be asked of many tables: generated controls mostly
change little, and the verdict says so; filling the confounder takes off a bias that the median leaves.
"""

import warnings
from typing import Any

import numpy as np
import pandas as pd

import contrafact
import shown

TRUE, TABLES = 2.0, shown.full_or_toy(30, 2)
GRAPH = "age -> severity; age -> drug; age -> pain; severity -> drug; severity -> pain; drug -> pain"


def clinic(controls: int, treated: int, seed: int, *, holes: bool = False) -> pd.DataFrame:
    """Simulate patients: the severe ones get the drug more often; it lowers their pain by two points."""
    random = np.random.default_rng(seed)
    n = 40 * (controls + treated)
    age = random.normal(60, 10, n)
    severity = 0.05 * (age - 60) + random.normal(0, 1, n)
    drug = (random.random(n) < 1 / (1 + np.exp(-1 - 1.2 * severity))).astype(int)
    pain = 6 + 1.5 * severity + 0.03 * (age - 60) - TRUE * drug + random.normal(0, 0.7, n)
    kept = np.concatenate([np.flatnonzero(drug == 0)[:controls], np.flatnonzero(drug == 1)[:treated]])
    frame = pd.DataFrame({"age": age, "severity": severity, "drug": drug, "pain": pain}).iloc[kept]
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    if holes:
        frame.loc[random.random(len(frame)) < 0.3, "severity"] = np.nan
    return frame


def asked(controls: int, seed: int, **aid: str) -> Any:
    """Estimate the effect on the treated, with aid that is judged."""
    frame = clinic(controls, 400 - 200 * ("fill" in aid), seed, holes="fill" in aid)
    return contrafact.effect(frame, "drug", "pain", GRAPH, query="ATT(drug, pain)", seed=seed, **aid)


def summed(name: str, found: list) -> dict[str, str]:
    """Sum the tables of one question up."""
    errors = {way: np.abs([one.details[way] + TRUE for one in found]) for way in ("without aid", "with aid")}
    holds = {
        way: np.mean([one.details[f"{way} low"] <= -TRUE <= one.details[f"{way} high"] for one in found])
        for way in errors
    }
    change = errors["with aid"] - errors["without aid"]
    half = 2 * change.std(ddof=1) / np.sqrt(len(change))
    helped = np.mean([" helped: " in one.notes[-1] for one in found])
    return {
        "asked": name,
        "error without": f"{errors['without aid'].mean():.2f}",
        "error with": f"{errors['with aid'].mean():.2f}",
        "change": f"{change.mean():+.2f} ± {half:.2f}",
        "intervals hold the truth (without, with)": f"{holds['without aid']:.0%}, {holds['with aid']:.0%}",
        "said that it helped": f"{helped:.0%}",
    }


def drawn(groups: dict[str, list]) -> None:
    """Draw the estimates of all tables, without aid and with it."""
    canvas, axes = shown.canvas(len(groups), 1, width=3.4, height=2.8)
    for panel, (name, found) in zip(axes[0], groups.items(), strict=True):
        for place, way in enumerate(("without aid", "with aid")):
            values = [one.details[way] for one in found]
            jitter = np.random.default_rng(0).uniform(-0.15, 0.15, len(values))
            panel.scatter(place + jitter, values, s=14, color=(shown.ORANGE, shown.BLUE)[place], alpha=0.7)
            panel.plot([place - 0.25, place + 0.25], [np.mean(values)] * 2, color=shown.INK, linewidth=2)
        panel.axhline(-TRUE, color=shown.QUIET, linestyle="--", linewidth=1)
        panel.set(xticks=[0, 1], xticklabels=["without", "with"], title=name, xlim=(-0.6, 1.6))
        panel.title.set_fontsize(9)
    axes[0, 0].set_ylabel("effect on pain (truth: dashed)")
    shown.picture("scarce_controls-estimates", canvas)


def main() -> None:
    """Ask many tables, three ways."""
    warnings.simplefilter("ignore")
    groups = {
        "20 controls, generated": [asked(20, seed, generate="ice") for seed in range(TABLES)],
        "100 controls, generated": [asked(100, seed, generate="ice") for seed in range(TABLES)],
        "200 controls, filled": [asked(200, seed, fill="ice") for seed in range(TABLES)],
    }
    shown.table("scarce_controls-worth", [summed(name, found) for name, found in groups.items()])
    drawn(groups)
    print(groups["20 controls, generated"][0].notes[-1])


if __name__ == "__main__":
    main()
