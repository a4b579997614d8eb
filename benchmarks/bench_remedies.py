"""What each known remedy does for a GAN that collapses on purpose, one remedy at a time.

The first GAN with its saturating loss, small batches, Adam's momentum of .9 and a high rate loses most of the ring's
eight modes on every seed. Each remedy is one setting; what is scored is the generator as the last step left it, so that
choosing the best of twenty checks, which the package does anyway, can be seen as the remedy that it is.
"""

from __future__ import annotations

import sys
from typing import Any

from contrafact import zoo
from contrafact.base.demos import ring
from contrafact.base.errors import StoppedEarly
from contrafact.metrics.modes import modes
from table import Row, Table, arguments, cpu_seconds, mean_range, read

STEPS, SAMPLES, MODES, BASE, CHOSEN = 3_000, 2_500, 8, "none", "choice of the best check"
SIZE: Row = {"steps": STEPS, "batch": 64, "width": 64, "depth": 3}
COLLAPSING = zoo.GAN(loss="minimax", latent_size=2, activation="silu", rate=2e-3, momentum=0.9, half_life=0, **SIZE)
CHANGES: dict[str, Row] = {
    BASE: {},
    CHOSEN: {},
    "loss: non-saturating": {"loss": "non-saturating"},
    "instance noise .5": {"instance_noise": 0.5},
    "instance noise 1": {"instance_noise": 1.0},
    "latent: uniform": {"latent": "uniform"},
    "latent: 8 columns": {"latent_size": 8},
    "latent: 8 signs": {"latent_signs": 8},
    "optimizer: rmsprop, momentum 0": {"optimizer": "rmsprop", "momentum": 0.0},
    "optimizer: sgd": {"optimizer": "sgd"},
    "momentum 0": {"momentum": 0.0},
    "momentum .5": {"momentum": 0.5},
    "rate 5e-4": {"rate": 5e-4},
    "activation: leaky relu": {"activation": "leaky relu"},
    "activation: relu": {"activation": "relu"},
    "activation: tanh": {"activation": "tanh"},
    "activation: maxout": {"activation": "maxout"},
    "depth 1": {"depth": 1},
    "depth 2": {"depth": 2},
    "depth 4": {"depth": 4},
    "width 128": {"width": 128},
    "batch 256": {"batch": 256},
    "label smoothing .1": {"label_smoothing": 0.1},
    "critic first: 100 steps": {"critic_first": 100},
    "critic steps: 3": {"critic_steps": 3},
    "r1 .1": {"r1": 0.1},
    "r1 1": {"r1": 1.0},
    "r1 + r2 .1": {"r1": 0.1, "r2": 0.1},
    "r1 + r2 1": {"r1": 1.0, "r2": 1.0},
    "averaging: half-life 10,000": {"half_life": 10_000.0},
}
METHODS: dict[str, Any] = {
    "lsgan": zoo.LSGAN(**SIZE),
    "wgan_gp": zoo.WGANGP(**SIZE),
    "sngan": zoo.SNGAN(**SIZE),
    "r3gan": zoo.R3GAN(**SIZE),
}
REMEDIES = {name: COLLAPSING.but(**change) for name, change in CHANGES.items()} | METHODS


def measure(name: str, data: Any, seed: int) -> Row:
    """Train with one remedy and score the last generator; a training that blew up too often is scored as it stopped."""
    training = REMEDIES[name].training(data, seed=seed)
    stopped = None

    def train() -> None:
        nonlocal stopped
        try:
            training.finish()
        except StoppedEarly as error:
            stopped = error.code

    seconds = cpu_seconds(train)[1]
    model = training.model if name == CHOSEN else training.live
    scores = modes(model.sample(SAMPLES, seed=seed), data.truth)
    return {
        **{key: score.value for key, score in scores.items()},
        "cpu_seconds": seconds,
        "findings": training.memory.said,
        "rolled_back": training.memory.retries,
        "stopped": stopped,
    }


def shown(name: str, rows: list[Row]) -> dict[str, str]:
    """Write one remedy: means and ranges over the seeds."""

    def text(score: str, digits: int) -> str:
        return mean_range([row[score] for row in rows], digits)

    return {
        "remedy": name,
        "modes": text("modes", 1),
        "all 8": f"{sum(row['modes'] == MODES for row in rows)} of {len(rows)}",
        "high quality": text("high_quality", 2),
        "reverse KL": text("reverse_kl", 2),
        "rolled back": str(sum(row["rolled_back"] for row in rows)),
        "CPU s": f"{sum(row['cpu_seconds'] for row in rows) / len(rows):.0f}",
    }


def main() -> None:
    parser = arguments(__doc__, gate_seeds=5, full_seeds=20)
    parser.add_argument("--remedies", nargs="+", choices=list(REMEDIES), default=list(REMEDIES), help="which remedies")
    options = read(parser)
    table, data = Table("remedies", options), ring()
    rows = {
        name: [
            table.row(name, "ring", seed, REMEDIES[name].settings(), lambda: measure(name, data, seed))  # noqa: B023
            for seed in range(options.seeds)
        ]
        for name in options.remedies
    }
    table.show([shown(name, own) for name, own in rows.items()])
    if BASE in rows:
        lost = [row["modes"] < MODES for row in rows[BASE]]
        table.line()
        table.bar("without a remedy most seeds lose modes", sum(lost) > len(lost) / 2, f"{sum(lost)} of {len(lost)}")
    minutes = sum(row["cpu_seconds"] for own in rows.values() for row in own) / 60
    table.line(f"{minutes:.0f} CPU minutes of training.")
    table.write()


if __name__ == "__main__":
    sys.exit(main())
