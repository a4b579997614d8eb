"""What the README shows first: a film of a training, ink seen, set and imagined, gaps filled, an effect with bounds.

Everything is drawn by models that are trained here, within two minutes of one core: digits and inks on 1,797 scanned
digits, sensors of a simulated plant, and simulated patients whose true effect is known.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

import contrafact
from contrafact.base.demos import demo, patients, tinted
from shown import AMBER, BLUE, GREEN, INK, ORANGE, QUIET, canvas, film, full_or_toy, picture

SIDE, RIM = 36, 3  # pixels of a digit on the canvas, and of the rim around it
GAP = slice(300, 324)  # a day of the plant that is hidden


def enlarged(pictures: np.ndarray, across: int) -> np.ndarray:
    """Lay pictures out in rows, smoothly enlarged, with a white rim."""
    from PIL import Image

    large = [np.asarray(Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for one in pictures]
    shown = [np.pad(one, [(RIM, RIM)] * 2 + [(0, 0)] * (one.ndim - 2), constant_values=255) for one in large]
    return np.concatenate([np.concatenate(shown[at : at + across], axis=1) for at in range(0, len(shown), across)])


def frame(fakes: np.ndarray, curve: list[tuple[int, float]], steps: int) -> Any:
    """Draw one frame: what the generator made of the same noise, and the held-out score so far."""
    made, axes = canvas(2, width=3.3, height=2.2)
    axes[0, 0].imshow(enlarged(fakes[:40], 8), cmap="gray", vmin=0, vmax=255)
    axes[0, 0].axis("off")
    axes[0, 0].set_title("made from the same noise", fontsize=9, color=INK)
    at, score = zip(*curve, strict=True)
    axes[0, 1].plot(at, score, color=BLUE, linewidth=2)
    axes[0, 1].plot(at[-1], score[-1], "o", color=ORANGE, clip_on=False)
    axes[0, 1].set(xlim=(0, steps), ylim=(0, 1), xlabel="step", ylabel="score (1: like real)", yticks=(0, 0.5, 1))
    axes[0, 1].set_title(f"step {at[-1]:,}: held-out score {score[-1]:.2f}", fontsize=9, color=INK)
    return made


def training() -> None:
    """Film a GAN that learns digits: a run's folder keeps what it made at each look."""
    steps = full_or_toy(1000, 6)
    with TemporaryDirectory() as place:
        learning = contrafact.zoo.R3GAN(steps=steps).training(demo("digits"), seed=0, run_dir=place)
        curve = [(progress.step, progress.row["score"]) for progress in learning if "score" in progress.row]
        made = [np.load(Path(place) / "samples" / f"{step:09d}.npy") for step, _ in curve]
    looks = list(enumerate(made))[-full_or_toy(20, 2) :]
    film("front_door-film", [frame(fakes, curve[: at + 1], steps) for at, fakes in looks])
    beside(learning.model)


def beside(model: Any) -> None:
    """Show scanned digits of each class beside made ones of the class that was asked for."""
    real, classes = demo("digits"), np.repeat(np.arange(10), 5)
    places = np.concatenate([np.flatnonzero(real.labels == digit)[:5] for digit in range(10)])
    order = np.arange(50).reshape(10, 5).T.ravel()  # a column for each class
    fakes = model.sample(50, given={"class": classes}, seed=1)
    sides = {"scanned": real.items[places], "made, each of the class asked for": fakes.items}
    made, axes = canvas(2, width=3.4, height=1.95)
    for panel, (title, shown) in zip(axes[0], sides.items(), strict=True):
        panel.imshow(enlarged(shown[order], 10), cmap="gray", vmin=0, vmax=255)
        panel.set_title(title, fontsize=9, color=INK)
        panel.axis("off")
    picture("front_door-digits", made)


def worlds() -> None:
    """Show what comes with red ink, what red ink does, and the same pictures as they would be in red."""
    recipe = contrafact.zoo.CausalGAN(
        graph="class -> ink", controller="discrete", leaf={"method": "r3gan", "width": full_or_toy(32, 8)}
    )
    model = recipe.but(steps=full_or_toy(900, 5)).fit(tinted(full_or_toy(10_000, 300)), seed=0)
    ours, red = model.sample(15, seed=2), model.do(ink="red")
    panels = {
        "as it is": ours,
        "see: red ones only": model.sample(15, given={"ink": "red"}, seed=3),
        "do: print all in red": red.sample(15, seed=4),
        "imagine: the first ones, in red": red.sample(15, seed=2),
    }
    made, axes = canvas(4, width=2.0, height=1.5)
    for panel, (title, shown) in zip(axes[0], panels.items(), strict=True):
        panel.imshow(enlarged(shown.items, 5))
        panel.set_title(title, fontsize=9, color=INK)
        panel.axis("off")
    picture("front_door-worlds", made)


def gaps() -> None:
    """Fill a hidden day of a plant's sensors, and show what was there."""
    truth = demo("sensors").head(full_or_toy(1500, 400))
    torn = truth.copy()
    torn.loc[GAP, ["load", "temperature", "pressure", "valve"]] = None
    learned = contrafact.zoo.Shuttle(steps=full_or_toy(300, 3)).fit(torn, seed=0)
    filled = learned.impute(torn, seed=0)
    hours = np.arange(GAP.start - 60, GAP.stop + 60)
    made, axes = canvas(2, width=3.9, height=2.1)
    for panel, column in zip(axes[0], ("load", "pressure"), strict=True):
        panel.plot(hours, pd.to_numeric(torn[column])[hours], color=INK, linewidth=1.2, label="measured")
        panel.plot(hours[60:84], truth[column][GAP], color=QUIET, linestyle=":", linewidth=1.6, label="hidden truth")
        panel.plot(hours[60:84], filled[column][GAP], color=ORANGE, linewidth=2, label="filled in")
        panel.set_title(f"{column} of a plant", fontsize=9, color=INK)
        panel.set_xlabel("hour", fontsize=8)
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 0].legend(fontsize=7, frameon=False, loc="lower left", ncols=3)
    picture("front_door-gaps", made)


def holes() -> None:
    """Fill the holes of a table, once with the best guess and once by chance, as they scatter."""
    frame = patients(full_or_toy(2000, 200))
    model = contrafact.zoo.Loom(steps=full_or_toy(None, 3), learn="holes").fit(frame, seed=0)
    empty = frame["blood_pressure"].isna()
    made, axes = canvas(2, width=3.4, height=2.3)
    drawn = {"best guesses": model.impute(frame), "one draw of many": model.impute(frame, draws=1, seed=0)}
    for panel, (title, filled) in zip(axes[0], drawn.items(), strict=True):
        cells = (filled[0] if isinstance(filled, list) else filled)["blood_pressure"]
        panel.plot(frame["age"], frame["blood_pressure"], ".", color="#c8c8c8", markersize=2, label="measured")
        panel.plot(frame["age"][empty], cells[empty], ".", color=ORANGE, markersize=3, label="filled")
        panel.set_title(f"{int(empty.sum())} holes: {title}", fontsize=9, color=INK)
        panel.set_xlabel("age", fontsize=8)
    axes[0, 0].set_ylabel("blood pressure", fontsize=8)
    axes[0, 0].legend(fontsize=7, frameon=False, loc="upper left", markerscale=2)
    picture("front_door-holes", made)


def effect() -> None:
    """Ask what a treatment does where a hidden cause stands behind it: the honest answer is an interval, and holds."""
    frame = patients(full_or_toy(2000, 200))
    hidden = "age -> treated; age -> recovery_days; treated -> recovery_days; treated <-> recovery_days"
    measured = "; ".join(f"{c} -> treated; {c} -> recovery_days" for c in ("age", "sex", "smoker", "blood_pressure"))
    known = "age -> smoker; age -> blood_pressure; smoker -> blood_pressure"
    trusting = contrafact.effect(
        frame, "treated", "recovery_days", graph=f"{measured}; {known}; treated -> recovery_days"
    )
    honest = contrafact.effect(frame, "treated", "recovery_days", graph=hidden)
    days = [frame.loc[frame["treated"] == arm, "recovery_days"].mean() for arm in (0, 1)]
    rows = [
        ("difference of means", days[1] - days[0], None, QUIET),
        ("adjusted for all that was measured", trusting.value, (trusting.low, trusting.high), AMBER),
        ("bounds: hidden cause in the graph", None, (honest.low, honest.high), BLUE),
    ]
    true = frame.attrs["true_effects"]["treated -> recovery_days"]
    made, axes = canvas(width=6.4, height=1.9)
    for height, (_, value, ends, color) in enumerate(reversed(rows)):
        if ends:
            axes[0, 0].plot(ends, [height, height], color=color, linewidth=4, solid_capstyle="butt")
        if value is not None:
            axes[0, 0].plot(value, height, "o", color=color, markersize=6)
        told = [] if value is None else [f"{value:.1f}"]
        told += [f"[{ends[0]:.1f}, {ends[1]:.1f}]"] if ends else []
        right = value + 0.6 if value is not None else true + 0.6
        axes[0, 0].annotate(" ".join(told), (right, height + 0.15), fontsize=8, color=INK)
    axes[0, 0].axvline(true, color=GREEN, linestyle="--", linewidth=1.4)
    axes[0, 0].annotate(
        f"truth {true:.1f}", (true - 0.4, 2.3), color=GREEN, fontsize=8, ha="right", annotation_clip=False
    )
    axes[0, 0].set_yticks(range(3), [row[0] for row in reversed(rows)], fontsize=8, color=INK)
    axes[0, 0].set(ylim=(-0.5, 2.6))
    axes[0, 0].set_xlabel("effect of the treatment on days to recovery", fontsize=8)
    picture("front_door-effect", made)


if __name__ == "__main__":
    training()
    worlds()
    gaps()
    holes()
    effect()
