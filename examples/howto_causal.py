"""Show what the how-to pages on cause and effect speak of: a graph, an effect, a world that is set, a rule, arrows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import contrafact
from contrafact.tasks.decide import decide
from make_toys import SEED, tables
from shown import AMBER, BLUE, GREEN, INK, ORANGE, PURPLE, QUIET, canvas, full_or_toy, picture

GRAPH = "age -> statin; age -> ldl; severity -> statin; severity -> ldl; statin -> ldl"
COST, HELPS_FROM = 0.3, 55
CAUSES = [("rain", "soil"), ("soil", "growth"), ("sun", "growth"), ("growth", "harvest")]
TIERS = [["rain", "sun"], ["soil"], ["growth"], ["harvest"]]
PLACES = {"smoking": (0.0, 0.0), "tar": (1.0, 0.0), "cancer": (2.0, 0.0), "something hidden": (1.0, 0.8)}


def front_door() -> None:
    """Draw a graph whose hidden cause nobody can adjust for."""
    made, axes = canvas(width=4.6, height=2.0)
    panel = axes[0, 0]
    panel.axis("off")
    panel.set(xlim=(-0.45, 2.45), ylim=(-0.3, 1.1))
    arrows = [("smoking", "tar"), ("tar", "cancer"), ("something hidden", "smoking"), ("something hidden", "cancer")]
    for start, end in arrows:
        hidden = start == "something hidden"
        style = {"arrowstyle": "-|>", "color": QUIET if hidden else INK, "linestyle": "--" if hidden else "-"}
        style |= {
            "shrinkA": 34 if start == "smoking" else 17,
            "shrinkB": 30 if (start, end) == ("tar", "cancer") else 16,
        }
        panel.annotate("", PLACES[end], PLACES[start], arrowprops=style)
    for name, place in PLACES.items():
        hidden = name == "something hidden"
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": QUIET if hidden else BLUE}
        panel.text(*place, name, ha="center", va="center", fontsize=10, color=QUIET if hidden else INK, bbox=box)
    picture("howto_causal-front-door", made)


def effect(frame: pd.DataFrame, truth: float) -> None:
    """Hold the plain difference of means and three adjusted estimates against the true effect."""
    arms = [frame.ldl[frame.statin == arm] for arm in (0, 1)]
    plain = arms[1].mean() - arms[0].mean()
    half = 1.96 * np.sqrt(sum(arm.var() / len(arm) for arm in arms))
    rows = [("difference of means", plain, plain - half, plain + half)]
    for method, name in (("linear", "linear regression"), ("ipw", "weights (ipw)"), ("aipw", "doubly robust (aipw)")):
        found = contrafact.effect(frame, "statin", "ldl", GRAPH, method=method)
        rows.append((f"adjusted: {name}", found.value, found.low, found.high))
    made, axes = canvas(width=5.6, height=2.2)
    panel = axes[0, 0]
    for place, (_, value, low, high) in enumerate(rows):
        colour = BLUE if place else ORANGE
        panel.plot([low, high], [-place, -place], color=colour, lw=2)
        panel.plot(value, -place, "o", color=colour)
    panel.axvline(truth, ymax=0.86, color=GREEN, ls="--")
    panel.text(truth, 0.55, "true effect", color=GREEN, fontsize=9, ha="center")
    panel.set(ylim=(-3.5, 0.9), xlabel="effect of the statin on ldl, with 95 % interval")
    panel.set_yticks([-place for place in range(len(rows))], [row[0] for row in rows])
    picture("howto_causal-effect", made)


def what_if(frame: pd.DataFrame) -> None:
    """Draw the mean ldl of those who are seen with and without a statin, and where all are given one or none."""
    settings = {"graph": GRAPH, "steps": full_or_toy(400, 5)}
    model = contrafact.zoo.SCM(**settings).fit(frame, seed=0)
    many = full_or_toy(5000, 200)
    seen = [frame.ldl[frame.statin == arm].mean() for arm in (0, 1)]
    done = [model.do(statin=arm).sample(many, seed=0).ldl.mean() for arm in (0, 1)]
    made, axes = canvas(width=4.6, height=2.5)
    panel = axes[0, 0]
    for means, colour, name in ((seen, ORANGE, "seen: who has one"), (done, BLUE, "do: all are given one, or none")):
        panel.plot([0, 1], means, "o-", color=colour, lw=2, label=f"{name} ({means[1] - means[0]:+.2f})")
    panel.set(xlim=(-0.3, 1.3), ylim=(2.3, 3.5), ylabel="mean ldl")
    panel.set_xticks([0, 1], ["no statin", "statin"])
    panel.legend(frameon=False, fontsize=8, loc="upper right")
    picture("howto_causal-whatif", made)


def whom_to_treat(frame: pd.DataFrame) -> None:
    """Draw the effect of each patient over age, and what treating costs."""
    found = decide(frame, "statin", "ldl", contrafact.Graph(GRAPH), cost=COST, better="lower", method="dr")
    effects = found.decisions.iloc[:, 0].to_numpy(float)
    made, axes = canvas(width=5.2, height=2.7)
    panel = axes[0, 0]
    treat = effects < -COST
    panel.plot(frame.age[treat], effects[treat], ".", color=BLUE, ms=4, label="treat")
    panel.plot(frame.age[~treat], effects[~treat], ".", color=AMBER, ms=4, label="do not treat")
    panel.axhline(-COST, color=PURPLE, ls="--", lw=1)
    panel.text(36, -COST - 0.05, "the cost: only effects below this pay", color=PURPLE, fontsize=8, va="top")
    panel.set(xlabel="age", ylabel="estimated effect on ldl")
    panel.legend(frameon=False, fontsize=8, loc="upper right")
    picture("howto_causal-decide", made)


def arrows(frame: pd.DataFrame) -> None:
    """Draw the confidence of every arrow that is found, with a ring around those that are true."""
    names = list(frame.columns)
    made, axes = canvas(2, width=3.1, height=2.9)
    asked = {"from data alone": {}, "with what came first": {"tiers": TIERS}}
    for panel, (title, knowledge) in zip(axes[0], asked.items(), strict=True):
        steps = full_or_toy({}, {"steps": 10})
        edges = contrafact.discover(frame, "sam", seed=0, bootstrap=full_or_toy(4, 1), **knowledge, **steps)
        confidence = {(a, b): c for a, b, c in edges.iloc[:, :3].itertuples(index=False)}
        grid = np.array([[confidence.get((a, b), 0.0) for b in names] for a in names])
        matrix(panel, grid, names, title)
    picture("howto_causal-discover", made)


def matrix(panel: Axes, grid: np.ndarray, names: list[str], title: str) -> None:
    """Draw one table of confidences."""
    panel.imshow(grid, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(grid.shape):
        if row != column:
            value = grid[row, column]
            style = {"ha": "center", "va": "center", "fontsize": 8, "color": "white" if value > 0.6 else INK}
            panel.text(column, row, f"{value:.1f}", **style)
    for a, b in CAUSES:
        panel.plot(names.index(b), names.index(a), "s", ms=22, mfc="none", mec=ORANGE, mew=1.8)
    panel.set(title=title, xlabel="effect", ylabel="cause")
    panel.set_xticks(range(len(names)), names, rotation=40, ha="right")
    panel.set_yticks(range(len(names)), names)


def main() -> None:
    """Draw everything."""
    made, truth = tables(np.random.default_rng(SEED))
    front_door()
    effect(made["trial"], truth)
    what_if(made["trial"])
    whom_to_treat(made["trial"])
    arrows(made["crops"])


if __name__ == "__main__":
    main()
