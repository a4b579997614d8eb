"""A simulated moulding shop: which setting is to be changed for fewer bad parts, and would this part have passed?

What it shows: vibration goes with warp most and does nothing; temperature goes with it little, since operators cool
where granulate is moist, and it is the setting to turn. Drying the granulate helps little, for operators then heat: a
regression on all columns cannot see that. Effects by the graph and do() of a fitted model agree with the known truth.
"""

import warnings

import numpy as np
import pandas as pd

import contrafact
from contrafact.zoo import SCM
from shown import BLUE, INK, ORANGE, QUIET, canvas, full_or_toy, picture, spread, table

PARTS, SEEDS, MANY = full_or_toy((2000, (0, 1, 2), 20_000), (300, (0,), 500))
GRAPH = """supplier -> moisture -> temperature; moisture -> warp; temperature -> warp; speed -> warp
           wear -> warp; wear -> speed; wear -> vibration; speed -> vibration"""
CHANGES = {  # from and to
    "supplier": (1, 0),
    "moisture": (2.2, 1.8),
    "temperature": (229, 224),
    "speed": (60, 56),
    "wear": (60, 50),
    "vibration": (3.0, 2.4),
}
LIMIT = 0.8  # mm of warp with which a part still passes


def shop(n, seed, **do):
    """Make parts; what `do` names is set, by the same luck for all the rest."""
    draw = np.random.default_rng(seed)
    luck = {name: draw.normal(size=n) for name in (*CHANGES, "warp")}
    own = {}
    rules = {
        "supplier": lambda: (luck["supplier"] > 0.25).astype(int),  # 1: the cheaper one
        "moisture": lambda: 2 + 0.4 * own["supplier"] + 0.4 * luck["moisture"],  # of the granulate, per mille
        "temperature": lambda: 230 - 5.5 * (own["moisture"] - 2) + 1.5 * luck["temperature"],  # operators cool
        "wear": lambda: 60 + 20 * luck["wear"],  # hours of the nozzle
        "speed": lambda: 60 - 0.15 * (own["wear"] - 60) + 4 * luck["speed"],
        "vibration": lambda: 3 + 0.03 * (own["wear"] - 60) + 0.05 * (own["speed"] - 60) + 0.1 * luck["vibration"],
    }
    for name, rule in rules.items():
        own[name] = np.resize(do[name], n) if name in do else rule()
    bent = 0.2 * (own["moisture"] - 2) + 0.035 * (own["temperature"] - 230)
    worn = 0.0035 * (own["wear"] - 60) + 0.006 * (own["speed"] - 60)
    own["warp"] = 0.6 + bent + worn + 0.06 * luck["warp"]
    return pd.DataFrame(own)


def bad(frame):
    """Give the share of parts that do not pass, in per cent."""
    return 100 * float((frame["warp"] > LIMIT).mean())


def study(seed):
    """Ask all questions of one month's parts; give a row a setting, and the fitted model."""
    frame, rows = shop(PARTS, seed), {}
    model = SCM(graph=GRAPH, mechanisms="linear", steps=full_or_toy(100, 5)).fit(frame, seed=seed)
    for name, (old, new) in CHANGES.items():
        effect = contrafact.effect(frame, name, "warp", GRAPH, seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no graph
            alone = contrafact.effect(frame, name, "warp", seed=seed).value
        worlds = [shop(MANY, 99, **{name: value})["warp"].mean() for value in (old, new)]
        rows[name] = {
            "correlation": float(frame[name].corr(frame["warp"])),
            "effect": effect.value * (new - old),
            "ends": sorted((effect.low * (new - old), effect.high * (new - old))),
            "truth": worlds[1] - worlds[0],
            "without": alone * (new - old),
            "bad": bad(model.do(**{name: new}).sample(MANY, seed=seed)),
            "truly bad": bad(shop(MANY, 99, **{name: new})),
        }
    return frame, model, rows


def what_if(frame, model, seed):
    """Ask of every bad part whether it had passed a degree cooler; give what the model says and the truth."""
    places = np.flatnonzero(frame["warp"] > LIMIT)
    cooler = frame["temperature"] - 1
    said = [  # row by row, for each has its own temperature
        model.counterfactual(frame.iloc[[place]], do={"temperature": float(cooler[place])}, seed=seed)["warp"].iloc[0]
        for place in places[:60]
    ]
    return places[:60], np.array(said), shop(PARTS, seed, temperature=cooler)["warp"].to_numpy()[places[:60]]


def drawn(rows, seen, said, truth):
    """Draw what goes with warp beside what changes it, and bad parts in the other world."""
    made, axes = canvas(3, 1, width=3.1, height=2.7)
    names = sorted(rows, key=lambda name: abs(rows[name]["correlation"]))
    axes[0, 0].barh(names, [abs(rows[name]["correlation"]) for name in names], color=QUIET)
    axes[0, 0].set(title="What goes with warp", xlabel="correlation, without its sign")
    names = sorted(rows, key=lambda name: abs(rows[name]["truth"]))
    effects = np.array([rows[name]["effect"] for name in names])
    ends = np.array([rows[name]["ends"] for name in names])
    reach = np.abs(ends - effects[:, None]).T
    axes[0, 1].errorbar(effects, names, xerr=reach, fmt="o", color=BLUE, ms=4, label="estimate, 95 %")
    axes[0, 1].scatter([rows[n]["truth"] for n in names], names, marker="x", color=ORANGE, zorder=3, label="truth")
    axes[0, 1].axvline(0, color=QUIET, lw=0.6)
    axes[0, 1].set(title="What changes it", xlabel="effect of the change (mm)")
    axes[0, 1].legend(fontsize=7, frameon=False, loc="lower left")
    axes[0, 2].scatter(truth, said, s=9, color=BLUE)
    axes[0, 2].plot([truth.min(), truth.max()], [truth.min(), truth.max()], color=INK, lw=0.8)
    axes[0, 2].axvline(LIMIT, color=ORANGE, lw=0.8, ls="--")
    axes[0, 2].axhline(LIMIT, color=ORANGE, lw=0.8, ls="--")
    axes[0, 2].set(title="Bad parts, 1 °C cooler", xlabel="warp, truth (mm)", ylabel="warp, by the model")
    picture("manufacturing_causes-ranks", made)


def main():
    """Tell the story."""
    found = [study(seed) for seed in SEEDS]
    frame, model, rows = found[0]
    inside = [r["ends"][0] <= r["truth"] <= r["ends"][1] for each in found for r in each[2].values()]
    print(f"{sum(inside)} of {len(inside)} intervals hold the truth\n")
    table(
        "manufacturing_causes-settings",
        [
            {
                "change": f"{name} {old} → {new}",
                "correlation": f"{rows[name]['correlation']:+.2f}",
                "effect on warp, mm": f"{rows[name]['effect']:+.3f} [{rows[name]['ends'][0]:+.3f}, "
                f"{rows[name]['ends'][1]:+.3f}]",
                "truth": f"{rows[name]['truth']:+.3f}",
                "without a graph": f"{rows[name]['without']:+.3f}",
                "bad parts by do(), %": spread([each[2][name]["bad"] for each in found], 1),
                "truly": f"{rows[name]['truly bad']:.1f}",
            }
            for name, (old, new) in CHANGES.items()
        ],
    )
    print(f"bad parts as things are: {spread([bad(each[0]) for each in found], 1)} %\n")
    seen, said, truth = what_if(frame, model, SEEDS[0])
    print(f"part {seen[0]}: warp {frame['warp'][seen[0]]:.3f}; cooler {said[0]:.3f} by the model, {truth[0]:.3f} truly")
    agree = np.mean((said <= LIMIT) == (truth <= LIMIT))
    print(f"{np.mean(said <= LIMIT):.0%} would have passed, {np.mean(truth <= LIMIT):.0%} truly; right for {agree:.0%}")
    drawn(rows, seen, said, truth)


if __name__ == "__main__":
    main()
