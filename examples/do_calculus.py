"""The rules of do-calculus held against models in which every probability is known.

Random models of each graph are written down as whole tables of probabilities, hidden causes and all. Cutting the arrows
into X in the model gives the truth; contrafact's formula sees only the table of what is observed, and gives the same.
"""

from itertools import product

import numpy as np
import pandas as pd

import contrafact
import shown
from contrafact.cli import main as command
from contrafact.report.graph_drawing import GraphDrawing

MODELS = shown.full_or_toy(200, 10)
GRAPHS = {
    "back door": "Z -> X; Z -> Y; X -> Y",
    "front door": "X -> M -> Y; X <-> Y",
    "napkin": "W -> Z -> X -> Y; W <-> X; W <-> Y",
    "instrument": "Z -> X -> Y; X <-> Y",
}
THROUGH = {"back door": {"Z": "adjusted"}, "front door": {"M": "through"}, "instrument": {"Z": "through"}}
# Each rule: where its separation holds, where it does not, and both sides: what is asked and what it becomes.
RULES = {
    "rule 1: leave out what is seen": ("Z -> X -> Y", "Z -> X -> Y; Z -> Y", ("Y", "X", "Z"), ("Y", "X", "")),
    "rule 2: see in place of set": (
        "Z -> X; X -> Y; Z -> Y",
        "X -> Y; X <-> Y; Z -> Y",
        ("Y", "X", "Z"),
        ("Y", "", "XZ"),
    ),
    "rule 3: leave out what is set": ("Y -> X; Z -> Y", "X -> Y; Z -> Y", ("Y", "X", ""), ("Y", "", "")),
}


class Known:
    """A random model of a graph over yes and no, each probability written down; hidden causes have three levels."""

    def __init__(self, graph: str, seed: int) -> None:
        self.graph, random = contrafact.Graph(graph), np.random.default_rng(seed)
        self.hidden = {pair: random.dirichlet([1, 1, 1]) for pair in self.graph.bidirected}
        self.causes = {
            n: [*self.graph.sorted(self.graph.parents(n)), *(p for p in self.hidden if n in p)] for n in self
        }
        sizes = {n: [3 if c in self.hidden else 2 for c in causes] for n, causes in self.causes.items()}
        self.chance = {n: random.uniform(0.02, 0.98, size) for n, size in sizes.items()}

    def __iter__(self):
        return iter(self.graph.order)

    def joint(self, do: dict[str, int] | None = None) -> pd.Series:
        """Give the probabilities of all that is observed, some nodes set: their own mechanisms are cut out."""
        do, found = do or {}, {}
        for values in product((0, 1), repeat=len(self.graph.order)):
            row, total = dict(zip(self, values, strict=True)), 0.0
            for levels in product(range(3), repeat=len(self.hidden)):
                case = {**row, **dict(zip(self.hidden, levels, strict=True))}
                factors = [self.hidden[pair][case[pair]] for pair in self.hidden]
                for node in self:
                    one = self.chance[node][tuple(case[c] for c in self.causes[node])]
                    own = float(row[node] == do[node]) if node in do else one if row[node] else 1 - one
                    factors.append(own)
                total += np.prod(factors)
            found[values] = total
        index = pd.MultiIndex.from_tuples(found, names=list(self))
        return pd.Series(list(found.values()), index=index)


def asked(model: Known, outcome: str, do: str, seen: str) -> float:
    """Compute P(outcome=1 | do(...=1), seen=1) by cutting arrows."""
    joint = model.joint(dict.fromkeys(do, 1)).reset_index(name="p")
    there = joint[(joint[list(seen)] == 1).all(axis=1)] if seen else joint
    return there.p[there[outcome] == 1].sum() / there.p.sum()


def small(gap: float) -> str:
    """Write a gap; what is left of rounding is the same on no two machines."""
    return "below 1e-12" if gap < 1e-12 else f"{gap:.2f}"


def rules() -> None:
    """Hold both sides of each rule against each other, where its separation holds and where it does not."""
    rows = []
    for name, (right, wrong, before, after) in RULES.items():
        gaps = []
        for graph in (right, wrong):
            models = [Known(graph, seed) for seed in range(MODELS)]
            gaps.append(max(abs(asked(model, *before) - asked(model, *after)) for model in models))
        row = {"rule": name, "separated in": f"`{right}`", "largest difference": small(gaps[0])}
        rows.append({**row, "not separated in": f"`{wrong}`", "largest difference there": f"{gaps[1]:.2f}"})
    shown.table("do_calculus-rules", rows)


def evaluated(graph: str) -> dict[str, np.ndarray]:
    """Ask P(Y=1 | do(X=1)) of many models: the truth, the formula where there is one, and what is merely seen."""
    answer = contrafact.identify(graph, "P(Y | do(X))")
    found: dict[str, list[float]] = {"truth": [], "formula": [], "seen": []}
    for seed in range(MODELS):
        model = Known(graph, seed)
        joint = model.joint()
        found["truth"].append(asked(model, "Y", "X", ""))
        found["seen"].append(asked(model, "Y", "", "X"))
        if answer:
            computed = answer.evaluate(joint).xs((1, 1), level=("X", "Y"))
            found["formula"].append(float(np.mean(computed)))
    return {name: np.array(values) for name, values in found.items()}


def formulas() -> None:
    """Compare every formula with the truth, and draw both."""
    rows, sheet_of = [], {}
    for name, graph in GRAPHS.items():
        answer, found = contrafact.identify(graph, "P(Y | do(X))"), evaluated(graph)
        print(f"\n== {name}: {answer}\n", *answer.derivation, answer.latex(), *answer.remedies, sep="\n   ")
        missed = small(abs(found["formula"] - found["truth"]).max()) if answer else "no formula"
        told = answer.expression.replace("|", "\\|") if answer else "not identifiable"
        row = {"graph": name, "formula": f"`{told}`", "formula misses by at most": missed}
        rows.append({**row, "seeing misses by at most": f"{abs(found['seen'] - found['truth']).max():.2f}"})
        sheet_of[name] = found
    shown.table("do_calculus-formulas", rows)
    draw(sheet_of)


def draw(found: dict[str, dict[str, np.ndarray]]) -> None:
    """Draw formula and mere seeing against truth, a dot for each model."""
    sheet, axes = shown.canvas(4, width=2.3, height=2.6)
    for panel, (name, each) in zip(axes[0], found.items(), strict=True):
        panel.plot([0, 1], [0, 1], color=shown.QUIET, linewidth=0.8)
        panel.scatter(each["truth"], each["seen"], s=9, color=shown.ORANGE, alpha=0.6, label="P(y | x)", linewidth=0)
        if len(each["formula"]):
            panel.scatter(each["truth"], each["formula"], s=9, color=shown.BLUE, label="formula", linewidth=0)
        panel.set_title(name if len(each["formula"]) else f"{name}: no formula", fontsize=9)
        panel.set_xlabel("truth: P(y | do(x))", fontsize=8)
        panel.set_xticks([0, 0.5, 1])
        panel.set_yticks([0, 0.5, 1])
    axes[0, 0].set_ylabel("computed from what is seen", fontsize=8)
    axes[0, 0].legend(fontsize=7, frameon=False, loc="upper left")
    shown.picture("do_calculus-formulas", sheet)


def pictures() -> None:
    """Draw each graph as it is, and with X set."""
    for name, text in GRAPHS.items():
        graph, word = contrafact.Graph(text), name.replace(" ", "_")
        roles = {"X": "treatment", "Y": "outcome", **THROUGH.get(name, {})}
        shown.picture(f"do_calculus-{word}", GraphDrawing(graph=graph, roles=roles), "svg")
        cut = GraphDrawing(graph=graph, roles={"X": "set", "Y": "changed"})
        shown.picture(f"do_calculus-{word}_cut", cut, "svg")


def main() -> None:
    """Check the rules, the formulas, and the verdict of the command line."""
    rules()
    formulas()
    pictures()
    code = command(["identify", GRAPHS["instrument"], "P(Y | do(X))", "--steps"])
    print(f"exit code {code}")


if __name__ == "__main__":
    main()
