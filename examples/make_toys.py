"""Write small files of every kind for the how-to pages: tables, pictures, sound, text, series, a trial and its graph.

`python examples/make_toys.py toys` fills the folder toys. Everything is simulated or comes with scikit-learn, from
fixed seeds; the true effect in trial.csv is printed, so that an estimate can be held against it.
"""

from __future__ import annotations

import os
import sys
import wave
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

import contrafact
from shown import full_or_toy

SEED = 7
HOLES_OF_THE_YOUNG, HOLES = 0.3, 0.08


def customers(n: int, draw: np.random.Generator, first: int = 0) -> pd.DataFrame:
    """Simulate customers: incomes missing more often for the young, and few who leave (churn)."""
    age = np.clip(draw.normal(44, 14, n), 18, 90).round().astype(int)
    plan = draw.choice(["basic", "plus", "pro"], n, p=[0.55, 0.3, 0.15])
    income = 18 + 0.45 * age + 9 * (plan == "plus") + 21 * (plan == "pro") + draw.normal(0, 6, n)
    visits = draw.poisson(3 + 3 * (plan != "basic"))
    leaving = -1.6 - 0.55 * visits + 1.1 * (plan == "basic") + 0.05 * (45 - age) + draw.logistic(0, 0.7, n)
    frame = pd.DataFrame(
        {
            "customer": [f"C{number:05}" for number in range(first, first + n)],
            "signup": pd.Timestamp("2021-01-01") + pd.to_timedelta(draw.integers(0, 1500, n), "D"),
            "age": age,
            "city": draw.choice(["Bonn", "Lyon", "Nice", "Paris"], n, p=[0.4, 0.3, 0.1, 0.2]),
            "plan": plan,
            "income": (1000 * income).round(-2),
            "visits": visits,
            "spend": np.round(4 * visits + income / 3 + draw.gamma(2, 3, n), 2),
            "churn": np.where(leaving > 0, "yes", "no"),
        }
    )
    frame.loc[draw.random(n) < np.where(age < 35, HOLES_OF_THE_YOUNG, HOLES), "income"] = np.nan
    frame.loc[draw.random(n) < 0.05, "city"] = None
    return frame


def visits(n: int, draw: np.random.Generator) -> pd.DataFrame:
    """Simulate visits: they end after they start, and a city lies in one country."""
    start = pd.Timestamp("2025-01-01") + pd.to_timedelta(draw.integers(0, 300, n), "D")
    city = draw.choice(["Bonn", "Lyon", "Paris"], n)
    return pd.DataFrame(
        {
            "visit": [f"V{number:05}" for number in range(n)],
            "start": start,
            "end": start + pd.to_timedelta(draw.geometric(0.25, n), "D"),
            "city": city,
            "country": np.where(city == "Bonn", "DE", "FR"),
        }
    )


def trial(n: int, draw: np.random.Generator) -> tuple[pd.DataFrame, float]:
    """Simulate patients who get a statin the likelier the older and iller they are; it helps those above 55."""
    age, severity = draw.uniform(35, 80, n).round(), draw.normal(0, 1, n).round(2)
    statin = (draw.random(n) < 1 / (1 + np.exp(-(age - 57) / 12 - 0.8 * severity))).astype(int)
    effect = np.where(age > 55, -1.2, 0.1)
    ldl = 3.2 + 0.03 * (age - 57) + 0.5 * severity + effect * statin + draw.normal(0, 0.5, n)
    return pd.DataFrame({"age": age, "severity": severity, "statin": statin, "ldl": ldl.round(2)}), float(effect.mean())


def crops(n: int, draw: np.random.Generator) -> pd.DataFrame:
    """Simulate fields: rain wets the soil, soil and sun make plants grow, growth makes the yield."""
    rain, sun = draw.uniform(-1, 1, n), draw.uniform(-1, 1, n)
    soil = np.tanh(2 * rain) + 0.2 * draw.normal(size=n)
    growth = soil**2 + np.sin(2 * sun) + 0.2 * draw.normal(size=n)
    frame = pd.DataFrame({"rain": rain, "sun": sun, "soil": soil, "growth": growth})
    return frame.assign(harvest=np.exp(growth / 2) + 0.1 * draw.normal(size=n)).round(3)


def faults(each: int, draw: np.random.Generator) -> pd.DataFrame:
    """Simulate runs of a motor: most are sound, some drift, some shake."""
    time, kinds = np.arange(24), ["none"] * 4 * each + ["drift"] * each + ["shake"] * each
    runs = []
    for number, kind in enumerate(kinds):
        heat = 40 + 3 * np.sin(time / 4 + draw.uniform(0, 6)) + draw.normal(0, 0.8, 24) + (kind == "drift") * time / 5
        hum = 5 + 0.05 * heat + draw.normal(0, 0.9 if kind == "shake" else 0.3, 24)
        runs.append(pd.DataFrame({"run": f"R{number:03}", "time": time, "heat": heat, "hum": hum, "fault": kind}))
    return pd.concat(runs).round(2)


def save(path: Path, pixels: np.ndarray) -> None:
    """Write one picture, and its folder where there is none yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def photos(place: Path) -> None:
    """Write handwritten digits by class, one class rare; a torn one with its hole; and digits by day and by night."""
    digits = contrafact.read("digits")
    most, rare = full_or_toy(120, 12), full_or_toy(24, 8)
    for digit, name, many in ((1, "one", most), (3, "three", most), (7, "seven", most), (8, "eight", rare)):
        chosen = digits.items[digits.labels == digit]
        for number, pixels in enumerate(chosen[:many]):
            save(place / "photos" / name / f"{name}-{number:03}.png", pixels)
    hole = np.zeros((8, 8))
    hole[3:6, 2:6] = 255
    save(place / "hole.png", hole)
    save(place / "torn.png", np.where(hole, 128, digits.items[digits.labels == 3][-1]))
    for number, pixels in enumerate(digits.items[: full_or_toy(600, 40)]):
        name, shade = ("day", 255 - pixels) if number % 2 else ("night", pixels)
        save(place / "scenes" / name / f"{number:03}.png", shade)
    for number, pixels in enumerate(digits.items[-6:]):
        save(place / "tonight" / f"{number}.png", pixels)


def cells(place: Path, draw: np.random.Generator) -> None:
    """Write noisy pictures of round cells, and a mask for each but the last four."""
    high, wide = np.mgrid[:40, :40]
    many = full_or_toy(28, 10)
    for number in range(many):
        centres, radii = draw.uniform(4, 36, (5, 2)), draw.uniform(3, 6, 5)
        mask = (np.hypot(high[..., None] - centres[:, 0], wide[..., None] - centres[:, 1]) < radii).any(-1)
        light = np.linspace(60, 110, 40)[None, :] + 40 * mask + draw.normal(0, 22, (40, 40))
        new = number >= many - 4
        save(place / ("new_cells" if new else "cells") / f"cell-{number:02}.png", light.clip(0, 255))
        if not new:
            save(place / "masks" / f"cell-{number:02}.png", 255 * mask)


def write_wav(path: Path, samples: np.ndarray) -> None:
    """Write 8,000 samples a second, and their folder where there is none yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((32767 * samples).astype("<i2").tobytes())


def clips(place: Path) -> None:
    """Write short sounds of four classes: rising, falling, ringing, hissing."""
    beeps = contrafact.read("beeps")
    for number in range(full_or_toy(240, 32)):
        kind = str(beeps.labels[number])
        write_wav(place / "clips" / kind / f"{kind}-{number:03}.wav", beeps[number])


def calls(place: Path, draw: np.random.Generator) -> None:
    """Write bird calls whose file names say who calls and how: wrens call high and mostly rise, owls low and fall."""
    time = np.arange(2048) / 8000
    for number in range(full_or_toy(240, 40)):
        bird = ("wren", "owl")[number % 2]
        usual, other = ("rise", "fall")[:: 1 if bird == "wren" else -1]
        call = usual if draw.random() < 0.85 else other
        pitch = (900 if bird == "wren" else 400) * 2 ** draw.normal(0, 0.1)
        glide = time * 4 if call == "rise" else 1 - time * 4
        turns = np.cumsum(pitch * (1 + 0.8 * glide)) / 8000
        write_wav(
            place / "calls" / f"{bird}_{call}_{number:03}.wav",
            0.5 * np.sin(2 * np.pi * turns) * np.sin(np.pi * time * 8000 / 2048) + 0.002 * draw.normal(size=2048),
        )


def lines(place: Path) -> None:
    """Write reviews with a class each, pairs of dates, and dates that wait to be rewritten."""
    reviews, dates = contrafact.read("reviews"), contrafact.read("dates")
    sources, targets = dates.source.items, dates.target.items
    told = [f"{kind}\t{line}" for kind, line in zip(reviews.labels, reviews.items, strict=True)]
    texts = {
        "reviews.txt": told[:1500],
        "dates.txt": [f"{source}\t{target}" for source, target in zip(sources, targets, strict=True)][:-6],
        "new.txt": sources[-6:],
        "dag.txt": ["age -> statin; age -> ldl", "severity -> statin; severity -> ldl", "statin -> ldl"],
    }
    for name, written in texts.items():
        (place / name).write_text("\n".join(written) + "\n", encoding="utf-8")


def tables(draw: np.random.Generator) -> tuple[dict[str, pd.DataFrame], float]:
    """Make all tables, and tell the true effect in the trial."""
    rows = full_or_toy(1500, 240)
    real = customers(rows, draw)
    shuffled = real.apply(lambda column: draw.permutation(column.to_numpy()))
    patients, effect = trial(rows, draw)
    return {
        "customers": real,
        "unseen": customers(rows // 2, draw, first=rows),
        "theirs": shuffled,  # what another generator made: every column right, nothing that joins them
        "visits": visits(rows, draw),
        "trial": patients,
        "crops": crops(full_or_toy(600, 120), draw),
        "faults": faults(full_or_toy(20, 8), draw),
        "plant": contrafact.read("sensors").head(full_or_toy(1200, 400)),
    }, effect


def main(place: Path) -> None:
    """Write everything."""
    place.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(SEED)
    made, effect = tables(draw)
    for name, frame in made.items():
        frame.to_csv(place / f"{name}.csv", index=False)
    photos(place)
    cells(place, draw)
    clips(place)
    calls(place, draw)
    lines(place)
    print(f"Wrote the toys to {place}. The true average effect of statin on ldl in trial.csv is {effect:.2f}.")


if __name__ == "__main__":
    # The pages show nothing of this script, so that with CONTRAFACT_SHOWN alone there is nothing to write.
    if len(sys.argv) > 1 or "CONTRAFACT_SHOWN" not in os.environ:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else "toys"))
