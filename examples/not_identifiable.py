"""A question without an answer: two worlds with one table, what can still be said, and what would settle it.

Motivation, which nobody wrote down, drives both who takes a course and who finds a job. More rows never narrow the
bounds; an instrument narrows them by half, an assumption by more, and a small trial answers.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import contrafact
import shown
from contrafact.causal.bounds import bounded
from contrafact.causal.two_worlds import two_worlds
from contrafact.cli import main as command
from contrafact.report.graph_drawing import GraphDrawing

SEEDS, ROWS = shown.full_or_toy((0, 1, 2), (0,)), 4000
SIZES = shown.full_or_toy((250, 1000, 4000, 16000, 64000), (250, 1000))
BOW, LOTTERY = "course -> job; course <-> job", "lottery -> course -> job; course <-> job"
SEEN, QUESTION = "motivated -> course; motivated -> job; course -> job", "ATE(course, job)"
TRIAL = 400
TAKES = np.array([[0.05, 0.25], [0.35, 0.90]])  # the course: by motivation, then by lottery
FINDS = np.array([[0.30, 0.35], [0.55, 0.80]])  # a job: by motivation, then by course
TRUTH = float((FINDS[:, 1] - FINDS[:, 0]).mean())
MOVED = TAKES[:, 1] - TAKES[:, 0]
OF_THE_MOVED = float((FINDS[:, 1] - FINDS[:, 0]) @ MOVED / MOVED.sum())


def people(n: int, seed: int, trial: bool = False) -> pd.DataFrame:
    """Simulate people who choose a course, or to whom a trial deals it out."""
    random = np.random.default_rng([seed, trial])
    motivated, lottery = (random.random(n) < 0.5) * 1, (random.random(n) < 0.5) * 1
    course = (random.random(n) < (0.5 if trial else TAKES[motivated, lottery])) * 1
    job = (random.random(n) < FINDS[motivated, course]) * 1
    return pd.DataFrame({"motivated": motivated, "lottery": lottery, "course": course, "job": job})


def worlds(frame: pd.DataFrame) -> None:
    """Write down the table in the data and in both worlds, and what the worlds say of do."""
    pair = two_worlds(frame[["course", "job"]], BOW, QUESTION)
    print(pair, "\n")
    sources = {"data": frame, "world A": pair.a.sample(100_000), "world B": pair.b.sample(100_000)}
    rows = []
    for course in (0, 1):
        for job in (0, 1):
            shares = {n: ((each.course == course) & (each.job == job)).mean() for n, each in sources.items()}
            rows.append({"": f"course {course}, job {job}", **{n: f"{value:.2f}" for n, value in shares.items()}})
    for course in (0, 1):
        done = [each.sample(100_000, do={"course": course}).job.mean() for each in (pair.a, pair.b)]
        told = {"world A": f"{done[0]:.2f}", "world B": f"{done[1]:.2f}"}
        rows.append({"": f"`P(job=1 \\| do(course={course}))`", "data": "unknown", **told})
    answers = {"world A": f"{pair.a.answer:.2f}", "world B": f"{pair.b.answer:.2f}"}
    rows.append({"": "effect of the course", "data": "unknown", **answers})
    shown.table("not_identifiable-worlds", rows)


def known(frame: pd.DataFrame, seed: int) -> dict[str, tuple[float, float]]:
    """Give what can be said, by what is known: bounds, or an interval where there is an answer."""
    narrow, wide = frame[["course", "job"]], frame[["lottery", "course", "job"]]
    trial = people(TRIAL, seed, trial=True)
    naive = frame.groupby("course").job
    gap, error = naive.mean().diff()[1], np.sqrt((naive.var() / naive.size()).sum())
    up, draws = ["course -> job"], {"draws": 0}
    answers = {
        "the table alone": bounded(narrow, BOW, QUESTION, **draws),
        "the course harms nobody": bounded(narrow, BOW, QUESTION, monotone=up, **draws),
        "a lottery for places": bounded(wide, LOTTERY, QUESTION, **draws),
        "both": bounded(wide, LOTTERY, QUESTION, monotone=up, **draws),
        "a lottery, and one effect for all": contrafact.effect(wide, "course", "job", LOTTERY, method="instrument"),
        "motivation written down": contrafact.effect(frame, "course", "job", SEEN),
        f"a trial with {TRIAL} people": contrafact.effect(trial, "course", "job", "course -> job"),
    }
    told = {"(wrong) the plain difference": (gap - 1.96 * error, gap + 1.96 * error)}
    return told | {name: (answer.low, answer.high) for name, answer in answers.items()}


def told(found: list[dict[str, tuple[float, float]]]) -> None:
    """Write a table of all answers, and draw those of the first table of people."""
    rows = []
    for name in found[0]:
        lows, highs = zip(*(each[name] for each in found), strict=True)
        holds = sum(low <= TRUTH <= high for low, high in zip(lows, highs, strict=True))
        row = {"what is known": name, "from": shown.spread(lows), "to": shown.spread(highs)}
        rows.append({**row, "holds the truth": f"{holds} of {len(found)}"})
    shown.table("not_identifiable-known", rows)
    sheet, axes = shown.canvas(1, width=6.6, height=3.4)
    panel, names = axes[0, 0], list(found[0])
    for place, (name, (low, high)) in enumerate(reversed(found[0].items())):
        bounds = "table" in name or name in ("the course harms nobody", "a lottery for places", "both")
        colour = shown.ORANGE if "wrong" in name else shown.SKY if bounds else shown.BLUE
        panel.plot([low, high], [place, place], color=colour, linewidth=8 if bounds else 3, solid_capstyle="butt")
    panel.axvline(TRUTH, color=shown.INK, linestyle="--", linewidth=1)
    panel.text(TRUTH + 0.02, len(names) - 0.45, f"truth {TRUTH:.2f}", fontsize=8, color=shown.INK)
    panel.set_yticks(range(len(names)), names[::-1], fontsize=8.5)
    panel.set_xlabel("effect of the course on the chance of a job\n(wide: bounds; narrow: 95 % intervals)", fontsize=9)
    shown.picture("not_identifiable-known", sheet)


def more_rows() -> None:
    """Draw what more rows do: to an interval, and to bounds."""
    ends = {"bounds": [], "interval": []}
    for n in SIZES:
        frame = people(n, 7)
        bounds = bounded(frame[["course", "job"]], BOW, QUESTION, draws=40)
        answer = contrafact.effect(frame, "course", "job", SEEN)
        ends["bounds"].append((bounds.details["low_95"], bounds.details["high_95"]))
        ends["interval"].append((answer.low, answer.high))
    sheet, axes = shown.canvas(1, width=4.6, height=3.0)
    panel = axes[0, 0]
    for name, colour, label in (
        ("bounds", shown.SKY, "motivation hidden: bounds"),
        ("interval", shown.BLUE, "motivation written down: 95 % interval"),
    ):
        lows, highs = zip(*ends[name], strict=True)
        panel.fill_between(SIZES, lows, highs, color=colour, alpha=0.8, label=label, linewidth=0)
    panel.axhline(TRUTH, color=shown.INK, linestyle="--", linewidth=1)
    panel.set_xscale("log")
    panel.set_ylim(-0.75, 1.0)
    panel.set_xlabel("rows", fontsize=9)
    panel.set_ylabel("effect of the course", fontsize=9)
    panel.legend(fontsize=8, frameon=False, loc="upper right")
    shown.picture("not_identifiable-rows", sheet)


def main() -> None:
    """Ask, be refused, and say what can be said."""
    frames = [people(ROWS, seed) for seed in SEEDS]
    worlds(frames[0])
    print(f"truth {TRUTH:.3f}; of those whom the lottery moves {OF_THE_MOVED:.3f}")
    told([known(frame, seed) for seed, frame in zip(SEEDS, frames, strict=True)])
    more_rows()
    for name, graph in {"bow": BOW, "lottery": LOTTERY}.items():
        roles = {"course": "treatment", "job": "outcome", "lottery": "through"}
        shown.picture(f"not_identifiable-{name}", GraphDrawing(graph=contrafact.Graph(graph), roles=roles), "svg")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        frames[0][["lottery", "course", "job"]].to_csv(path, index=False)
        code = command(["effect", str(path), "-t", "course", "-y", "job", "--graph", LOTTERY])
    print(f"exit code {code}")


if __name__ == "__main__":
    main()
