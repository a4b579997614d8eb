"""Scarce controls, and a confounder with holes: what generated rows and filled holes are worth to an effect.

IHDP realisations 1 to 10 (747 children, 139 treated; the average effect is known) and the treated of the job training
experiment with men of the PSID (the effect on the treated; the experiment itself found 1,794 dollars). Of the controls
20, 50 or 100 are kept, others for each seed. Each table is asked three ways: doubly robust alone; with generated
controls in the outcome model; and, where 30 % of the cells of one confounder are taken out (three times as often where
another covariate is high), with that confounder filled, beside what is done without: the median, and a column that says
where.

A cell is a data set, a number of controls and an aid; its runs are the seeds. Truth of a cell: how the size of the
error changed, with Student's interval over the runs. The verdict of a run that aid helped is right where errors fell;
that it did not help is right unless errors fell for certain (the interval lies below nothing).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from causal_cate import realisation
from causal_nsw import table_of
from contrafact import zoo
from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.tasks.effect import studied
from table import Row, Table, cpu_seconds

KEPT, HOLES, REALISATIONS = (20, 50, 100), 0.3, 10
EXPERIMENT = 1794.34  # difference of means in Dehejia and Wahba's subset of the experiment
RIGHT = 0.9
NSW = "NSW and PSID"
GENERATORS: dict[str, Any] = {
    "ice": zoo.ICE(),
    "loom": zoo.Loom(steps=300, width=32),
    "gain": zoo.GAIN(steps=500, hide=0.2),
}
ADVERSARIAL = 20  # with so few controls only, and two seeds, as each run trains five times


def ihdp(number: int, kept: int, seed: int) -> tuple[pd.DataFrame, float, dict[str, Any]]:
    """Keep some controls of a realisation: the table, the true average effect, and how it is asked for."""
    parts = realisation(number).values()
    x, t, y, mu0, mu1 = (np.concatenate([part[name] for part in parts]) for name in ("x", "t", "yf", "mu0", "mu1"))
    own = few(t.astype(int), kept, generator(seed, "controls", number))
    frame = pd.DataFrame(x[own], columns=[f"x{place}" for place in range(x.shape[1])])
    # The confounder that gets holes: of the six numbers the one that goes most with treatment and outcome alike.
    ties = [abs(np.corrcoef(x[:, k], t)[0, 1] * np.corrcoef(x[:, k], mu0)[0, 1]) for k in range(6)]
    most = sorted(range(6), key=lambda place: -ties[place])
    told = {"treatment": "t", "outcome": "y", "query": "ATE(t, y)", "hollow": f"x{most[0]}", "by": f"x{most[1]}"}
    return frame.assign(t=t[own].astype(int), y=y[own]), float((mu1 - mu0)[own].mean()), told


def nsw(kept: int, seed: int) -> tuple[pd.DataFrame, float, dict[str, Any]]:
    """Keep some men of the survey beside the treated of the experiment."""
    whole = table_of("PSID")
    own = few(whole["treat"].to_numpy(), kept, generator(seed, "controls", "psid"))
    told = {"treatment": "treat", "outcome": "re78", "query": "ATT(treat, re78)", "hollow": "re75", "by": "age"}
    frame = whole.iloc[own].reset_index(drop=True)
    return frame.astype({"treat": int}), EXPERIMENT, told


def few(treated: np.ndarray, kept: int, random: np.random.Generator) -> np.ndarray:
    """Give the places of all treated rows and of some others."""
    return np.sort(
        np.r_[np.flatnonzero(treated == 1), random.choice(np.flatnonzero(treated == 0), kept, replace=False)]
    )


def hollowed(frame: pd.DataFrame, told: dict[str, Any], seed: int) -> pd.DataFrame:
    """Take out cells of the confounder, three times as often where another covariate is high."""
    high = (frame[told["by"]] > frame[told["by"]].median()).to_numpy()
    share = np.where(high, 3.0, 1.0)
    lost = generator(seed, "holes").random(len(frame)) < HOLES * share / share.mean()
    return frame.assign(**{told["hollow"]: frame[told["hollow"]].astype(float).mask(lost)})


def asked(data: tuple[pd.DataFrame, float, dict[str, Any]], seed: int, **aid: Any) -> Row:
    """Ask for the effect without aid and with it."""
    frame, true, told = data
    given = [name for name in frame.columns if name not in (told["treatment"], told["outcome"])]
    question = partial(
        studied, frame, told["treatment"], told["outcome"], None, given, "aipw", seed, query=told["query"], **aid
    )
    try:
        found, seconds = cpu_seconds(question)
    except DataError as refused:
        return {"refused": refused.code}
    aided = found.aided
    ends = {"without": aided.without, "with": aided.beside}
    row: Row = {
        f"{name} {key}": value
        for name, one in ends.items()
        for key, value in {
            "error": abs(one.value - true),
            "holds": one.low <= true <= one.high,
            "width": one.high - one.low,
        }.items()
    }
    answer = found.effect
    row |= {"answer error": abs(answer.value - true), "answer holds": answer.low <= true <= answer.high}
    return {**row, "helped": aided.gain.word == "helped", "gain": aided.gain.value, "cpu_seconds": seconds}


def data_of(name: str, kept: int, seed: int) -> tuple[pd.DataFrame, float, dict[str, Any]]:
    """Make the table of a cell and a seed."""
    return nsw(kept, seed) if name == NSW else ihdp(int(name.split()[-1]) - 1, kept, seed)


def run(name: str, kept: int, aid: str, seed: int) -> Row:
    """Ask one table of one cell."""
    data = data_of(name, kept, seed)
    if aid == "filled":
        return asked((hollowed(data[0], data[2], seed), *data[1:]), seed, fill="loom")
    return asked(data, seed, generate=GENERATORS[aid])


def interval(values: Iterable[float]) -> tuple[float, float, float]:
    """Give a mean and Student's 95 % interval."""
    values = list(values)
    if len(values) < 2:
        return fmean(values), -math.inf, math.inf
    half = float(student.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    return fmean(values), fmean(values) - half, fmean(values) + half


def right(rows: list[Row]) -> bool:
    """Tell whether what most runs of a cell say of the aid is true of all its runs."""
    mean, _, high = change(rows)
    return mean < 0 if says_helped(rows) else high >= 0


def change(rows: list[Row]) -> tuple[float, float, float]:
    """Say by how much aid changed the size of the error, with its interval."""
    return interval(row["with error"] - row["without error"] for row in rows)


def says_helped(rows: list[Row]) -> bool:
    """Tell whether most runs say that aid helped."""
    return sum(row["helped"] for row in rows) > len(rows) / 2


def measure(table: Table, seeds: range, size: str) -> None:
    """Ask all cells, and sum them up."""
    names = [*(f"IHDP {number + 1}" for number in range(REALISATIONS)), NSW]
    cells: dict[tuple[str, int, str], list[Row]] = {}
    for kept in KEPT:
        for aid in ("ice", "loom", *(("gain",) if kept == ADVERSARIAL else ()), "filled"):
            settings = {"kept": kept, "aid": GENERATORS[aid].settings() if aid in GENERATORS else HOLES}
            for name in names:
                own = seeds[:2] if aid == "gain" else seeds
                rows = [
                    table.row(aid, f"{name}, {kept} controls", seed, settings, partial(run, name, kept, aid, seed))
                    for seed in own
                ]
                cells[name, kept, aid] = [row for row in rows if "refused" not in row]
    summed(table, names, cells)


def summed(table: Table, names: list[str], cells: dict[tuple[str, int, str], list[Row]]) -> None:
    """Show what aid was worth, and judge the verdicts."""
    for key, rows in cells.items():
        if not rows:
            table.line(f"      {key}: every run was refused")
    table.line("\nErrors of the effect with generated controls, or with a filled confounder, and without")
    shown, better = [], []
    for kept, aid in dict.fromkeys((kept, aid) for _, kept, aid in cells):
        for label, own in (("IHDP 1-10", names[:-1]), (NSW, names[-1:])):
            rows = [row for name in own for row in cells[name, kept, aid]]
            if not rows:
                continue
            shown.append(line(f"{label}, {kept} kept", aid, rows))
            mean, low, high = (end / typical(rows) for end in change(rows))
            better += [(label, kept, aid, (mean, low, high))] if high < 0 else []
    table.show(shown)
    judged = {key: right(rows) for key, rows in cells.items() if len(rows) > 1}
    share = fmean(judged.values())
    yes = [key for key in judged if says_helped(cells[key])]
    never = fmean(change(cells[key])[2] >= 0 for key in judged)
    true = sum(judged[key] for key in yes)
    table.line(
        f"      {len(yes)} of {len(judged)} cells say that aid helped, {true} of them rightly; "
        f"never saying so would be right in {never:.0%}"
    )
    table.bar(
        f"scarce controls: verdict right in {RIGHT:.0%} of cells",
        share >= RIGHT,
        f"{sum(judged.values())} of {len(judged)}",
    )
    for label, kept, aid, (mean, low, high) in better:
        told = f"{mean:+.0%} of the error [{low:+.0%}, {high:+.0%}]"
        table.line(f"aim   significantly better: {label}, {kept} kept, {aid}: {told}")
    if not better:
        table.line("aim   aid was significantly better nowhere")


def typical(rows: list[Row]) -> float:
    """Give the mean error without aid."""
    return fmean(row["without error"] for row in rows)


def line(label: str, aid: str, rows: list[Row]) -> dict[str, str]:
    """Write a line of the table."""
    digits = 0 if typical(rows) > 100 else 3
    mean, low, high = change(rows)
    return {
        "data": label,
        "aid": aid,
        "runs": str(len(rows)),
        "error without": f"{typical(rows):,.{digits}f}",
        "with": f"{fmean(row['with error'] for row in rows):,.{digits}f}",
        "change [95 %]": f"{mean:+,.{digits}f} [{low:+,.{digits}f}, {high:+,.{digits}f}]",
        "answer": f"{fmean(row['answer error'] for row in rows):,.{digits}f}",
        "holds without, with": f"{fmean(row['without holds'] for row in rows):.0%}, "
        f"{fmean(row['with holds'] for row in rows):.0%}",
        "said helped": f"{fmean(row['helped'] for row in rows):.0%}",
        "CPU s": f"{fmean(row['cpu_seconds'] for row in rows):.1f}",
    }
