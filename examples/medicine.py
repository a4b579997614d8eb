"""A treatment from effect to decision: ask a graph, estimate, doubt, imagine one patient, decide whom to treat.

On a simulated cohort the plain difference has the wrong sign, adjustment by the graph is right, a forgotten arrow is
found by the data, and treating by severity beats treating all.
"""

import warnings

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import contrafact
import shown
from contrafact.causal.refute import challenge
from contrafact.report.graph_drawing import GraphDrawing
from contrafact.tasks.decide import decide
from contrafact.tasks.effect import GraphWarning, studied

SEEDS, PATIENTS = shown.full_or_toy((0, 1, 2), (0,)), shown.full_or_toy(2000, 150)
FORGOTTEN = (
    "age -> statin; severity -> statin; age -> ldl; statin -> ldl;"
    "age -> sick_days; severity -> sick_days; ldl -> sick_days; statin -> sick_days"
)
GRAPH = f"age -> severity; {FORGOTTEN}"
ASKED = ("statin", "sick_days")


def cohort(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate patients, and how many sick days each would have without and with a statin, which nobody ever sees."""
    random = np.random.default_rng(seed)
    age = random.normal(62, 9, n).round()
    severity = random.normal(0, 1, n) + 0.03 * (age - 62)
    statin = (random.random(n) < 1 / (1 + np.exp(0.2 - 0.05 * (age - 62) - severity))) * 1
    luck, own, ldl, days = random.normal(size=n), random.normal(size=n), {}, {}
    for taken in (0, 1):
        ldl[taken] = 3.6 + 0.01 * (age - 62) - taken + 0.4 * own
        days[taken] = 10.4 + 0.1 * (age - 62) + 2.5 * severity + ldl[taken] - 1.5 * severity * taken + 1.2 * luck
    seen = {"ldl": np.where(statin, ldl[1], ldl[0]).round(2), "sick_days": np.where(statin, days[1], days[0]).round(1)}
    frame = pd.DataFrame({"age": age, "severity": severity.round(2), "statin": statin, **seen})
    return frame, pd.DataFrame({"without": days[0], "with": days[1]})


def effects(frame: pd.DataFrame, both: pd.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Estimate the effect in four ways, as distance from the truth of these very patients."""
    truth, arms = (both["with"] - both["without"]).mean(), frame.groupby("statin").sick_days
    gap, error = arms.mean().diff()[1], np.sqrt((arms.var() / arms.size()).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GraphWarning)
        asked = {
            "no graph: all other columns": contrafact.effect(frame, *ASKED),
            "graph without age -> severity": contrafact.effect(frame, *ASKED, FORGOTTEN),
            "the graph": contrafact.effect(frame, *ASKED, GRAPH),
        }
    found = {name: (each.value, each.low, each.high) for name, each in asked.items()}
    plain = {"plain difference": (gap, gap - 1.96 * error, gap + 1.96 * error)}
    return {"truth": (truth, truth, truth)} | plain | found


def told_effects(found: list[dict]) -> None:
    """Write the estimates of all seeds, and draw those of the first."""
    truths, rows = [each["truth"][0] for each in found], []
    for name in found[0]:
        values, lows, highs = zip(*(each[name] for each in found), strict=True)
        holds = sum(low <= truth <= high for low, truth, high in zip(lows, truths, highs, strict=True))
        told = {"way": f"`{name}`" if "->" in name else name, "effect on sick days": shown.spread(values)}
        rows.append({**told, "95 % interval holds the truth": "" if name == "truth" else f"{holds} of {len(found)}"})
    shown.table("medicine-effects", rows)


def doubted(frame: pd.DataFrame) -> None:
    """Challenge the effect, by the graph that forgets an arrow and by the other."""
    for graph in (FORGOTTEN, GRAPH):
        found = studied(frame, *ASKED, graph)
        print(found.effect.overlap.words, challenge(found.study, found.effect), sep="\n")


def imagined(frame: pd.DataFrame, both: pd.DataFrame) -> None:
    """Tell of three untreated patients what a statin would have done, beside the truth."""
    model = contrafact.zoo.SCM(graph=GRAPH, steps=shown.full_or_toy(None, 20)).fit(frame)
    kinds = dict(zip(frame.columns, model.net.kinds, strict=True))
    print(f"mechanisms: {kinds}")
    without = frame[frame.statin == 0]
    rows = without.loc[[(without.severity - wish).abs().idxmin() for wish in (-1.5, 0.0, 1.5)]]
    made = model.counterfactual(rows, do={"statin": 1}, seed=0)
    told = []
    for place in rows.index:
        row = {"age": f"{rows.age[place]:.0f}", "severity": f"{rows.severity[place]:.1f}"}
        row |= {"sick days, no statin": f"{rows.sick_days[place]:.1f}", "model: with": f"{made.sick_days[place]:.1f}"}
        told.append({**row, "truth: with": f"{both['with'][place]:.1f}"})
    shown.table("medicine-imagined", told)


def decided(frame: pd.DataFrame, both: pd.DataFrame, seed: int) -> dict[str, float]:
    """Learn whom to treat, and count what each rule is worth to these patients."""
    method = shown.full_or_toy("dr", "t")
    found = decide(frame, *ASKED, GRAPH, better="lower", cost=0.2, method=method, seed=seed)
    if seed == 0:
        print(found)
        drawn(frame, both, found)
    gain = both["without"] - both["with"] - 0.2
    short = found.decisions.treat_short_rule.to_numpy(dtype=bool)
    return {
        "treat all": gain.mean(),
        "the rule": (gain * found.decisions.treat.to_numpy(dtype=bool)).mean(),
        "the short rule": (gain * short).mean(),
        "the best possible": gain.clip(lower=0).mean(),
    }


def drawn(frame: pd.DataFrame, both: pd.DataFrame, found) -> None:
    """Draw who is comparable with whom, and the learned effect of each patient beside the true one."""
    sheet, axes = shown.canvas(2, width=3.7, height=3.0)
    covariates = frame[["age", "severity"]]
    chance = LogisticRegression().fit(covariates, frame.statin).predict_proba(covariates)[:, 1]
    for taken, colour, label in ((0, shown.ORANGE, "no statin"), (1, shown.BLUE, "statin")):
        axes[0, 0].hist(chance[frame.statin == taken], bins=25, range=(0, 1), color=colour, alpha=0.6, label=label)
    axes[0, 0].set_xlabel("chance of a statin, by age and severity", fontsize=9)
    axes[0, 0].set_ylabel("patients", fontsize=9)
    axes[0, 0].legend(fontsize=8, frameon=False)
    axes[0, 1].scatter(frame.severity, found.decisions.effect, s=6, color=shown.SKY, label="learned", linewidth=0)
    true = both["with"] - both["without"]
    axes[0, 1].plot(*zip(*sorted(zip(frame.severity, true, strict=True)), strict=True), color=shown.INK, label="true")
    axes[0, 1].axhline(-0.2, color=shown.ORANGE, linestyle="--", linewidth=1, label="cost")
    axes[0, 1].set_xlabel("severity", fontsize=9)
    axes[0, 1].set_ylabel("effect on sick days", fontsize=9)
    axes[0, 1].legend(fontsize=8, frameon=False)
    shown.picture("medicine-rule", sheet)


def main() -> None:
    """Tell the story."""
    cohorts = [cohort(PATIENTS, seed) for seed in SEEDS]
    roles = {"statin": "treatment", "sick_days": "outcome", "age": "adjusted", "severity": "adjusted"}
    shown.picture("medicine-graph", GraphDrawing(graph=contrafact.Graph(GRAPH), roles=roles), "svg")
    told_effects([effects(*each) for each in cohorts])
    doubted(cohorts[0][0])
    imagined(*cohorts[0])
    worth = [decided(*each, seed) for seed, each in zip(SEEDS, cohorts, strict=True)]
    rows = [{"who is treated": n, "sick days gained, cost paid": shown.spread([w[n] for w in worth])} for n in worth[0]]
    shown.table("medicine-worth", rows)


if __name__ == "__main__":
    main()
