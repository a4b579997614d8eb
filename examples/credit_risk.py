"""A loan book from imbalance to cause: rare defaults, a copy to share, and what a higher limit does.

Generated defaults help no classifier that can be seen; a copy passes for real and still loses the target. The effect of
a limit rise cannot be had, as trouble that nobody wrote down drives both; a policy that branches drew by lot answers.
"""

import numpy as np
import pandas as pd

import contrafact
import shown
from contrafact.causal.bounds import bounded
from contrafact.cli import main as command
from contrafact.report.graph_drawing import GraphDrawing

SEEDS, FEW = shown.full_or_toy((0, 1, 2), (0,)), shown.full_or_toy((0, 1), (0,))
LOANS, BOOK = shown.full_or_toy(20_000, 2000), shown.full_or_toy(5000, 300)
LOOM = contrafact.zoo.Loom(steps=shown.full_or_toy(300, 5), width=shown.full_or_toy(64, 16))
ARROWS = (
    "income -> rise; used -> rise; income -> default; history -> default; used -> default; branch -> rise;"
    "rise -> default"
)
GRAPH, QUESTION, ASKED = f"{ARROWS}; rise <-> default", "ATE(rise, default)", ("rise", "default")
ARMS = {
    "nothing": "as they are",
    "weights": "with class weights",
    "repeats": "defaults repeated",
    "smote": "SMOTE",
    "synthetic": "generated defaults",
}
NO_BRANCH = GRAPH.replace(" branch -> rise;", "")


def loans(n: int, seed: int) -> tuple[pd.DataFrame, float]:
    """Simulate customers, and the true effect of a limit rise on the share that defaults among these very customers.

    Half of the branches, drawn by lot, hand out rises freely. Customers in trouble ask for a rise, and default more
    often whatever they get; trouble is in no column.
    """
    random = np.random.default_rng(seed)
    rich, history = random.normal(size=n), random.gamma(3, 2.2, n).round(1)
    used, trouble = random.beta(2, 3, n), (random.random(n) < 0.15) * 1
    branch, luck = (random.random(n) < 0.5) * 1, random.random(n)
    wish = -1.8 + 3.2 * branch + 2 * (used - 0.4) - 0.3 * rich + 1.5 * trouble
    rise = (random.random(n) < 1 / (1 + np.exp(-wish))) * 1
    risk = -4.4 + 2.0 * trouble - 0.5 * rich - 0.12 * (history - 6.6) + 3 * (used - 0.4)
    without, given = ((luck < 1 / (1 + np.exp(-risk - gain))) * 1 for gain in (0.0, 0.5))
    seen = {"income": np.exp(10.3 + 0.45 * rich).round(-2), "history": history, "used": used.round(2), "branch": branch}
    frame = pd.DataFrame({**seen, "rise": rise, "default": np.where(rise, given, without)})
    return frame, float((given - without).mean())


def balanced() -> None:
    """Fill up the defaults, and see whether that helps a classifier of defaults."""
    found = []
    for seed in FEW:
        result = contrafact.balance(loans(BOOK, seed)[0], target="default", method=LOOM, seed=seed)
        print(result.verdict, "\n")
        found.append(result.scores)
    rows = []
    for name, way in ARMS.items():
        keys = {"logistic regression": f"auprc_line_{name}", "boosted trees": f"auprc_trees_{name}"}
        row = {head: shown.spread([each[key].value for each in found]) for head, key in keys.items()}
        for head, key in {"Brier": f"brier_line_{name}", "corrected": f"brier_corrected_line_{name}"}.items():
            row[head] = shown.spread([each[key].value for each in found], 3)
        rows.append({"training rows": way, **row})
    shown.table("credit_risk-balance", rows)


def copied() -> None:
    """Make a copy to share, and one that should not be shared, and judge both."""
    ways = {"share-safe `loom`": {"method": LOOM, "share_safe": True}, "`smote`": {"method": "smote"}}
    scores = {
        "single columns alike (`shapes`)": "shapes",
        "pairs of columns alike (`pairs`)": "pairs",
        "trees tell new from real (`c2st_trees`)": "c2st_trees",
        "defaults predicted (`tstr_auc`)": "tstr_auc",
        "rows that are copies (`copies`)": "copies",
        "attacker tells who was in it (`membership_auc`)": "membership_auc",
    }
    found = {name: [] for name in ways}
    for seed in FEW:
        for name, settings in ways.items():
            result = contrafact.synth(loans(BOOK, seed)[0], target="default", seed=seed, **settings)
            print(name, result.verdict, *result.notes, "\n")
            found[name].append(result.scores)
    rows = []
    for told, key in scores.items():
        row = {name: shown.spread([each[key].value for each in several]) for name, several in found.items()}
        ideal = [each[key].ceiling for each in found["share-safe `loom`"]]
        rows.append({"score": told, **row, "other real rows": shown.spread(ideal)})
    shown.table("credit_risk-copy", rows)


def answers(frame: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Ask for the effect of a rise in six ways: two wrong ones, three bounds, one number under an assumption."""
    arms = frame.groupby("rise").default
    gap, error = arms.mean().diff()[1], np.sqrt((arms.var() / arms.size()).sum())
    rise, lot = "rise -> default; rise <-> default", "branch -> rise -> default; rise <-> default"
    asked = {
        "(wrong) adjusted, as if nothing were hidden": contrafact.effect(frame, *ASKED, ARROWS),
        "bounds: no branches": bounded(frame, rise, QUESTION, draws=0),
        "bounds: branches": bounded(frame, lot, QUESTION, draws=0),
        "bounds: branches, a rise cures nobody": bounded(frame, lot, QUESTION, draws=0, monotone=["rise -> default"]),
        "branches, one effect for all": contrafact.effect(frame, *ASKED, GRAPH, method="instrument"),
    }
    found = {"(wrong) plain difference": (100 * (gap - 1.96 * error), 100 * (gap + 1.96 * error))}
    return found | {name: (100 * each.low, 100 * each.high) for name, each in asked.items()}


def told(found: list[dict[str, tuple[float, float]]], truths: list[float]) -> None:
    """Write all answers in percentage points, and draw those of the first book, the narrow ones enlarged."""
    rows = [{"answer": "truth", "from": shown.spread(truths, 1), "to": "", "holds the truth": ""}]
    for name in found[0]:
        lows, highs = zip(*(each[name] for each in found), strict=True)
        holds = sum(low <= truth <= high for low, truth, high in zip(lows, truths, highs, strict=True))
        row = {"answer": name, "from": shown.spread(lows, 1), "to": shown.spread(highs, 1)}
        rows.append({**row, "holds the truth": f"{holds} of {len(found)}"})
    shown.table("credit_risk-effect", rows)
    sheet, axes = shown.canvas(2, width=4.0, height=2.8)
    names = list(found[0])
    for panel, reach in zip(axes[0], ((-60, 60), (-1, 5)), strict=True):
        for place, name in enumerate(reversed(names)):
            colour = shown.ORANGE if "wrong" in name else shown.SKY if "bounds" in name else shown.BLUE
            panel.plot(found[0][name], [place, place], color=colour, linewidth=6, solid_capstyle="butt")
        panel.axvline(truths[0], color=shown.INK, linestyle="--", linewidth=1)
        panel.set_xlim(reach)
        panel.set_yticks(range(len(names)), names[::-1] if panel is axes[0, 0] else [], fontsize=8)
        panel.set_xlabel("effect, percentage points" + (", enlarged" if reach[1] < 10 else ""), fontsize=9)
    shown.picture("credit_risk-effect", sheet)


def main() -> None:
    """Tell the story."""
    balanced()
    copied()
    books = [loans(LOANS, seed) for seed in SEEDS]
    print(f"defaults: {books[0][0].default.mean():.1%}; exit code", command(["identify", NO_BRANCH, QUESTION]))
    told([answers(frame) for frame, _ in books], [100 * truth for _, truth in books])
    roles = {"rise": "treatment", "default": "outcome", "branch": "through"}
    shown.picture("credit_risk-graph", GraphDrawing(graph=contrafact.Graph(GRAPH), roles=roles), "svg")


if __name__ == "__main__":
    main()
