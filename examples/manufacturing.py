"""A simulated plant: the gaps of its sensors, more series of rare faults, and the next two days with a band.

What it shows: `var` and `shuttle` fill gaps better than straight lines and than the day's cycle, mostly; what happened
lies in the band of drawn futures; and with a dozen series of each fault plain changes help the classifier more than
generated series do. Which setting makes bad parts is asked in `manufacturing_causes.py`.
"""

import numpy as np
import pandas as pd

import contrafact
from contrafact.zoo import VAR, SeasonalNaive, Shuttle
from shown import BLUE, GREEN, INK, ORANGE, canvas, full_or_toy, picture, spread, table

HOURS, STEPS, SEEDS = full_or_toy((1200, 140, (0, 1)), (168, 2, (0,)))
SENSORS = ["temperature", "pressure", "vibration"]
ARMS = {"real": "real series only", "classic": "with plain changes", "gan": "with generated series", "both": "both"}
KINDS = ("drift", "oscillation", "spikes", "stuck")


def machine(hours, draw):
    """Run the machine: its sensors follow a load that wanders and the cycle of a day."""
    load, day = np.zeros(hours), np.sin(2 * np.pi * np.arange(hours) / 24)
    for hour in range(1, hours):
        load[hour] = 0.93 * load[hour - 1] + draw.normal(0, 0.3)
    after = np.convolve(np.r_[np.zeros(11), load], np.exp(-np.arange(12) / 4) / 4, "valid")  # heat comes later
    frame = pd.DataFrame({"time": pd.date_range("2025-01-06", periods=hours, freq="h")})
    frame["temperature"] = 60 + 2 * day + 2 * after + draw.normal(0, 0.25, hours)
    frame["pressure"] = 5 + 0.3 * day - 0.2 * load + draw.normal(0, 0.05, hours)
    frame["vibration"] = 1 + 0.15 * np.abs(load) + draw.normal(0, 0.05, hours)
    frame.attrs["kind"] = "series"
    frame[SENSORS] = frame[SENSORS].round(3)
    return frame


def with_gaps(frame, draw):
    """Lose single sensors for 3 or 12 hours, and all of them for 6."""
    holed = frame.copy()
    for length, count, alone in ((3, 20, True), (12, 8, True), (6, 4, False)):
        for start in draw.integers(12, len(frame) - length - 12, count * len(frame) // 1200 + 1):
            holed.loc[start : start + length - 1, draw.choice(SENSORS) if alone else SENSORS] = np.nan
    return holed


def gaps(seed):
    """Fill gaps in four ways; give each one's error in standard deviations, for the truth is known."""
    draw = np.random.default_rng(seed)
    whole = machine(HOURS, draw)
    holed = with_gaps(whole, draw)
    ways = {"straight lines": holed[SENSORS].interpolate(), "day's cycle": SeasonalNaive().fit(holed).impute(holed)}
    for name, recipe in {"var": VAR(), "shuttle": Shuttle(steps=STEPS, width=32, window=48)}.items():
        found = contrafact.impute(holed, method=recipe, seed=seed)
        ways[name] = found.data
        print(f"seed {seed}: {found.verdict}\n")
    holes, sd = holed[SENSORS].isna().to_numpy(), whole[SENSORS].std()
    off = {name: ((made[SENSORS] - whole[SENSORS]) / sd).to_numpy()[holes] for name, made in ways.items()}
    return {name: np.sqrt((each**2).mean()) for name, each in off.items()}, whole, holed, ways


def draw_gaps(whole, holed, ways):
    """Draw the longest gap of a sensor, and two days ahead with the band of 200 futures."""
    made, axes = canvas(2, 1, width=4.6, height=2.9)
    lengths = {name: holed[name].isna().rolling(12).sum() for name in SENSORS}
    name = max(lengths, key=lambda each: lengths[each].max())
    end = int(lengths[name].idxmax())
    part = slice(max(end - 23, 0), end + 12)
    for (way, filled), colour in zip(
        list(ways.items())[::2] + list(ways.items())[3:], (ORANGE, BLUE, GREEN), strict=False
    ):
        axes[0, 0].plot(filled[name][part].where(holed[name][part].isna()), color=colour, label=way, lw=1.6)
    axes[0, 0].plot(whole[name][part], color=INK, lw=0.8, label="truth", ls=":")
    axes[0, 0].plot(holed[name][part], color=INK, lw=1.2, label="recorded")
    axes[0, 0].set(title="A gap, filled", xlabel="hour", ylabel=name)
    known, asked = whole[:-48], whole[-48:]
    futures = VAR().fit(known).forecast(known, 48, draws=full_or_toy(200, 8), seed=0)
    heat = np.array([future["temperature"] for future in futures])
    low, middle, high = np.quantile(heat, (0.05, 0.5, 0.95), axis=0)
    axes[0, 1].fill_between(asked.index, low, high, color=BLUE, alpha=0.25, lw=0, label="90 % of 200 futures")
    axes[0, 1].plot(asked.index, middle, color=BLUE, label="their middle")
    axes[0, 1].plot(whole["temperature"][-96:], color=INK, lw=1, label="what happened")
    axes[0, 1].set(title="Two days ahead", xlabel="hour", ylabel="temperature")
    for panel in axes.flat:
        panel.legend(fontsize=7, frameon=False)
    picture("manufacturing-series", made)
    inside = np.mean((asked["temperature"] >= low) & (asked["temperature"] <= high))
    print(f"{inside:.0%} of the 48 hours lie in the band of 90 %\n")


def faulty(fault, draw):
    """Run the machine for four days, with a fault from some hour on."""
    frame, start = machine(96, draw), int(draw.integers(16, 56))
    if fault == "drift":
        frame.loc[start:, "temperature"] += np.arange(96 - start) * draw.uniform(0.05, 0.12)
    if fault == "oscillation":
        frame.loc[start:, "pressure"] += draw.uniform(0.1, 0.25) * np.sin(
            np.arange(96 - start) * draw.uniform(0.9, 1.5)
        )
    if fault == "spikes":
        frame.loc[draw.choice(np.arange(start, 96), 3, replace=False), "vibration"] += draw.uniform(0.3, 0.6)
    if fault == "stuck":
        frame.loc[start : start + 16, "temperature"] = frame.loc[start, "temperature"]
    frame[SENSORS] = frame[SENSORS].round(3)
    return frame.assign(fault=fault)


def draw_faults(rows):
    """Draw a recorded run of each fault, the sensor that shows it, and a generated one below."""
    made, axes = canvas(4, 2, width=2.3, height=1.9)
    for line, source in zip(axes, ("real", "synthetic"), strict=True):
        for panel, kind, name in zip(line, KINDS, (*SENSORS, "temperature"), strict=True):
            own = rows[(rows["_source"] == source) & (rows["fault"] == kind)]
            panel.plot(own[own["unit"] == own["unit"].min()][name].to_numpy(), color=BLUE, lw=1)
            panel.set(title=f"{kind}, {'recorded' if source == 'real' else 'generated'}", xlabel="hour", ylabel=name)
    picture("manufacturing-faults", made)


def faults(seed):
    """Make more of each rare fault; give how often classifiers of four ways are right, and the rows."""
    draw = np.random.default_rng(seed)
    runs = [faulty(kind, draw).assign(unit=unit) for unit, kind in enumerate(KINDS * full_or_toy(12, 5))]
    recipe = Shuttle(gaps=0, steps=STEPS, width=32) if SEEDS[1:] else "classic"
    found = contrafact.augment(pd.concat(runs), kind="series", target="fault", n=16, method=recipe, seed=seed)
    print(f"seed {seed}: {found.verdict}\n{found.notes[-1]}\n")
    return {name: 100 * score.value for name, score in found.scores.items() if name.startswith("accuracy")}, found.data


def main():
    """Tell the story."""
    found = [gaps(seed) for seed in SEEDS]
    errors = [each[0] for each in found]
    table(
        "manufacturing-gaps",
        [{"filled by": way, "error (standard deviations)": spread([e[way] for e in errors])} for way in errors[0]],
    )
    draw_gaps(*found[0][1:])
    made = [faults(seed) for seed in SEEDS]
    draw_faults(made[0][1])
    right = [each[0] for each in made]
    table(
        "manufacturing-faults",
        [
            {"learned from": told, "right, %": spread([each[f"accuracy_{way}"] for each in right], 0)}
            for way, told in ARMS.items()
            if f"accuracy_{way}" in right[0]
        ],
    )


if __name__ == "__main__":
    main()
