"""One table on three rungs: see, do, imagine, each answer beside the truth of the simulation.

The severely ill get the drug more often and get well less often. Seeing says that the drug harms, doing says that it
helps, and what would have been for one patient stays between two bounds: two worlds show the same table and the same
experiments, and differ there.
"""

import numpy as np
import pandas as pd

import contrafact
import shown
from contrafact.causal.two_worlds import two_worlds
from contrafact.report.graph_drawing import GraphDrawing

DRAWN = shown.full_or_toy(20_000, 1000)
ROWS, SEEDS = shown.full_or_toy(3000, 600), shown.full_or_toy((0, 1, 2), (0,))
GRAPH = "severe -> drug; severe -> well; drug -> well"
UNTREATED, TREATED = np.array([0.75, 0.3]), np.array([0.85, 0.5])  # chance to get well: mild, severe
SEE, DO, GAIN = "P(well=1 | drug=1)", "P(well=1 | do(drug=1))", "ATE(drug, well)"
IMAGINE = "P(well_{drug=1}=1 | severe=1, drug=0, well=0)"
ROLES = {"drug": "treatment", "well": "outcome"}
PATIENT = {"severe": 1, "drug": 0, "well": 0}


def clinic(n: int, seed: int, own_luck: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate patients, and how each would do under both treatments, which nobody ever sees.

    One luck for both treatments: who gets well untreated gets well treated, too. With a luck of its own for each
    treatment every chance that a table or a trial can show stays the same.
    """
    random = np.random.default_rng(seed)
    severe = (random.random(n) < 0.5) * 1
    drug = (random.random(n) < np.where(severe, 0.8, 0.2)) * 1
    luck = random.random(n)
    other = random.random(n) if own_luck else luck
    both = pd.DataFrame({"without": (luck < UNTREATED[severe]) * 1, "with": (other < TREATED[severe]) * 1})
    well = np.where(drug, both["with"], both["without"])
    return pd.DataFrame({"severe": severe, "drug": drug, "well": well}), both


def truths(own_luck: bool = False) -> dict[str, float]:
    """Count the answers in a million simulated patients of whom both outcomes are known."""
    frame, both = clinic(shown.full_or_toy(1_000_000, 20_000), 99, own_luck)
    alike = (frame == pd.Series(PATIENT)).all(axis=1)
    return {
        SEE: frame.well[frame.drug == 1].mean(),
        "P(well=1 | drug=1) - P(well=1 | drug=0)": frame.groupby("drug").well.mean().diff().iloc[1],
        DO: both["with"].mean(),
        GAIN: (both["with"] - both["without"]).mean(),
        IMAGINE: both["with"][alike].mean(),
    }


def climbed(frame: pd.DataFrame) -> dict[str, float | tuple[float, float]]:
    """Ask contrafact all five questions; what is not settled comes as its bounds."""
    counted = frame.value_counts(normalize=True)
    seen = contrafact.identify(GRAPH, "P(well | drug)").evaluate(counted)
    done = contrafact.identify(GRAPH, "P(well | do(drug))").evaluate(counted)
    effect = contrafact.effect(frame, "drug", "well", GRAPH)
    imagined = contrafact.zoo.Discrete(graph=GRAPH).fit(frame).effect(IMAGINE)
    return {
        SEE: seen[1, 1],
        "P(well=1 | drug=1) - P(well=1 | drug=0)": seen[1, 1] - seen[0, 1],
        DO: done[1, 1],
        GAIN: effect.value,
        IMAGINE: (imagined.low, imagined.high),
    }


def by_models(frame: pd.DataFrame, seed: int) -> dict[str, dict[str, float]]:
    """Let three kinds of models draw, set, and imagine one patient."""
    recipes = {"Discrete": {}, "SCM": {}, "NCM": {"steps": shown.full_or_toy(None, 30)}}
    found = {}
    for name, settings in recipes.items():
        model = getattr(contrafact.zoo, name)(graph=GRAPH, **settings).fit(frame, seed=seed)
        drawn, patient = model.sample(DRAWN, seed=seed), pd.DataFrame([PATIENT])
        imagined = model.counterfactual(patient, do={"drug": 1}, draws=shown.full_or_toy(400, 5), seed=seed)
        worlds = [model.do(drug=value).sample(DRAWN, seed=seed).well.mean() for value in (0, 1)]
        found[name] = {
            SEE: drawn.well[drawn.drug == 1].mean(),
            GAIN: worlds[1] - worlds[0],
            IMAGINE: np.mean([each.well.iloc[0] for each in imagined]),
        }
    return found


def pair(panel, worlds, label: str, truth: float) -> None:
    """Draw what two worlds answer, and the truth of the simulation between them."""
    for place, (world, colour) in enumerate(((worlds.a, shown.BLUE), (worlds.b, shown.ORANGE))):
        panel.bar(place, world.answer, width=0.6, color=colour)
        panel.text(place, world.answer / 2, f"{world.answer:.2f}", ha="center", va="center", color="white")
    panel.axhline(truth, color=shown.INK, linestyle="--", linewidth=1)
    panel.text(0.5, truth + 0.03, f"truth {truth:.2f}", ha="center", fontsize=8, color=shown.INK)
    panel.axhline(0, color=shown.QUIET, linewidth=0.8)
    panel.set_xticks([0, 1], ["world A", "world B"], fontsize=9)
    panel.set_title(label, fontsize=9)
    panel.set_ylim(-0.7, 0.9)


def draw_worlds(frame: pd.DataFrame, truth: dict[str, float]) -> None:
    """Draw two pairs of worlds: alike in the table and apart in do, alike in both and apart in what would have been."""
    hidden = two_worlds(frame[["drug", "well"]], "drug -> well; drug <-> well", GAIN)
    third = two_worlds(frame, GRAPH, IMAGINE)
    print(f"severity not written down: {hidden}\n\nseverity written down: {third}\n")
    sheet, axes = shown.canvas(2, width=3.6, height=3.0)
    pair(axes[0, 0], hidden, "severity not written down:\naverage effect of the drug", truth[GAIN])
    pair(axes[0, 1], third, "severity written down: chance that\nthis patient had got well", truth[IMAGINE])
    axes[0, 0].set_ylabel("answer", fontsize=9)
    shown.picture("ladder-worlds", sheet)


def told_rungs(found: list[dict], truth: dict[str, float], other: dict[str, float]) -> list[dict[str, str]]:
    """Put the answers of all seeds beside the truth, bounds as their two ends."""
    rows = []
    for rung, question in zip(("1 see", "1 see", "2 do", "2 do", "3 imagine"), truth, strict=True):
        answers = [each[question] for each in found]
        bounds = isinstance(answers[0], tuple)
        told = " to ".join(map(shown.spread, zip(*answers, strict=True))) if bounds else shown.spread(answers)
        row = {"rung": rung, "question": f"`{question}`".replace("|", "\\|"), "truth": f"{truth[question]:.2f}"}
        rows.append({**row, "contrafact": told, "truth if luck were not shared": f"{other[question]:.2f}"})
    return rows


def told_models(found: list[dict], truth: dict[str, float]) -> list[dict[str, str]]:
    """Put what the models say beside the truth."""
    heads = {SEE: "see: `P(well \\| drug)`", GAIN: "do: effect of the drug", IMAGINE: "imagine: this patient"}
    lines = [{"model": "truth", **{head: f"{truth[question]:.2f}" for question, head in heads.items()}}]
    for name in found[0]:
        told = {head: shown.spread([each[name][question] for each in found]) for question, head in heads.items()}
        lines.append({"model": f"`{name}`", **told})
    return lines


def main() -> None:
    """Climb."""
    frames = {seed: clinic(ROWS, seed)[0] for seed in SEEDS}
    truth, other = truths(), truths(own_luck=True)
    print(contrafact.identify(GRAPH, DO), contrafact.identify(GRAPH, IMAGINE), sep="\n")
    shown.table("ladder-rungs", told_rungs([climbed(frame) for frame in frames.values()], truth, other))
    models = [by_models(frame, seed) for seed, frame in frames.items()]
    shown.table("ladder-models", told_models(models, truth))
    draw_worlds(frames[0], truth)
    shown.picture("ladder-graph", GraphDrawing(graph=contrafact.Graph(GRAPH), roles=ROLES), "svg")
    shown.picture("ladder-cut", GraphDrawing(graph=contrafact.Graph(GRAPH), roles=ROLES | {"drug": "set"}), "svg")


if __name__ == "__main__":
    main()
