"""Show what the how-to pages on series, text and sound speak of: futures, gaps, rewritten dates, seeing and doing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import contrafact
from contrafact.zoo import VAR
from make_toys import calls, faults
from shown import BLUE, INK, ORANGE, QUIET, canvas, full_or_toy, picture

HIDDEN = slice(60, 84)


def continued(plant: pd.DataFrame) -> None:
    """Draw how the load may go on, and a gap that was filled, with what was really there."""
    model = VAR(order=2, window=48).fit(plant.iloc[:-24], seed=0)
    futures = model.forecast(plant.iloc[:-24], 24, draws=20, seed=0)
    made, axes = canvas(2, width=3.3, height=2.4)
    left, right = axes[0]
    for future in futures:
        left.plot(np.arange(24), future["load"].to_numpy()[:24], color=BLUE, lw=0.6, alpha=0.6)
    left.plot(np.arange(-48, 0), plant["load"].to_numpy()[-72:-24], color=INK, lw=1.2)
    left.plot(np.arange(24), plant["load"].to_numpy()[-24:], color=ORANGE, lw=1.4)
    left.set(title="how it may go on", xlabel="hours from now", ylabel="load")
    holed = plant.copy()
    rows = np.arange(len(plant))[-144:][HIDDEN]
    holed.iloc[rows, holed.columns.get_loc("temperature")] = np.nan
    filled = model.impute(holed)
    right.plot(plant["temperature"].to_numpy()[-144:], color=ORANGE, lw=1.4)
    shown = np.where(np.isin(np.arange(len(plant)), rows), filled["temperature"], np.nan)[-144:]
    right.plot(shown, color=BLUE, lw=1.6)
    right.set(title="a gap, filled", xlabel="hour", ylabel="temperature")
    for name, colour in (("before", INK), ("what came", ORANGE), ("model", BLUE)):
        left.plot([], [], color=colour, label=name)
    left.legend(frameon=False, fontsize=7, loc="lower left")
    picture("howto_sequences-series", made)


def rewritten() -> None:
    """Draw how the share of dates that are rewritten rightly rises while the model learns."""
    training = contrafact.zoo.Rewriter(steps=full_or_toy(320, 4)).training(contrafact.read("dates"), seed=0)
    scores = [(0, 0.0), *((turn.step, turn.row["score"]) for turn in training if "score" in turn.row)]
    made, axes = canvas(width=4.0, height=2.1)
    axes[0, 0].plot(*zip(*scores, strict=True), "o-", color=BLUE, ms=4)
    axes[0, 0].set(xlabel="step", ylabel="held-out dates\nrewritten rightly", ylim=(-0.05, 1.08))
    picture("howto_sequences-dates", made)


def faulty(frame: pd.DataFrame) -> None:
    """Draw runs of each fault: real ones, and ones with plain changes."""
    result = contrafact.augment(frame, kind="series", target="fault", n=60, method="classic", check="off", seed=0)
    made, axes = canvas(3, 2, width=2.2, height=1.7)
    for line, source in zip(axes, ("real", "synthetic"), strict=True):
        shown = {"none": "hum", "drift": "heat", "shake": "hum"}
        for panel, (kind, column) in zip(line, shown.items(), strict=True):
            rows = result.data[(result.data["_source"] == source) & (result.data["fault"] == kind)]
            for _, run in list(rows.groupby("run"))[:4]:
                panel.plot(run[column].to_numpy(), lw=1, color=QUIET if source == "real" else BLUE)
            panel.set(
                title=f"{kind}: {column}" if source == "real" else "",
                ylim=(34, 49) if column == "heat" else (3.5, 10.5),
            )
        line[0].set_ylabel(source, fontsize=9)
    picture("howto_sequences-faults", made)


def seen_and_done(clips: object) -> None:
    """Draw who calls among rising calls that are seen, and where every call is made to rise."""
    names = {"bird": "part1", "call": "part2"}
    recipe = contrafact.zoo.CausalGAN(graph="bird -> call", names=names, controller="discrete", steps=2)
    model = recipe.fit(clips, seed=0)
    many = full_or_toy(4000, 200)
    told = {
        "as it is": model.attributes(many, seed=0),
        "seen: call=rise": model.attributes(many, given={"call": "rise"}, seed=0),
        "do(call=rise)": model.do(call="rise").attributes(many, seed=0),
    }
    made, axes = canvas(width=4.6, height=2.1)
    panel = axes[0, 0]
    for place, table in enumerate(told.values()):
        wrens = float((table["bird"] == "wren").mean())
        panel.barh(-place, 100 * wrens, color=BLUE)
        panel.barh(-place, 100 - 100 * wrens, left=100 * wrens, color=ORANGE)
        panel.text(3, -place, f"wren {100 * wrens:.0f} %", color="white", va="center", fontsize=9)
        panel.text(97, -place, "owl", color="white", va="center", ha="right", fontsize=9)
    panel.set_yticks([0, -1, -2], list(told))
    panel.set(xlabel="who calls, %", xlim=(0, 100))
    picture("howto_sequences-birds", made)


def main() -> None:
    """Draw everything."""
    continued(contrafact.read("sensors").head(full_or_toy(1200, 400)))
    rewritten()
    draw = np.random.default_rng(7)
    faulty(faults(full_or_toy(20, 4), draw))
    with tempfile.TemporaryDirectory() as folder:
        calls(Path(folder), draw)
        clips = contrafact.read(Path(folder) / "calls")
    seen_and_done(clips)


if __name__ == "__main__":
    main()
