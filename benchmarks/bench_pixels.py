"""Many columns: the 784 pixels of handwritten digits as a table, learned directly, by components, by an autoencoder.

10,000 training digits, whole numbers from 0 to 255 in 784 columns, without classes. `loom` learns all columns; or the
scores of principal components; or the code of an autoencoder, as many numbers in both. Each route runs in a process of
its own: CPU seconds of fit and of 2,000 drawn rows, memory over the imported process. The drawn rows are held against
2,000 test digits by boosted trees (AUC, .5 is ideal): on all pixels, and on 30 principal components of the test digits,
which see shapes and not single pixels. The direct route has 92,000 tokens to tell
apart in every step: with --size gate it takes 200 small steps, with full those of its defaults.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from contrafact import zoo
from contrafact.codecs.latent import Components
from contrafact.metrics.classifiers import c2st_trees
from pictures_data import mnist
from table import Row, Table, arguments, known, peak_megabytes, read

TRAINED, TESTED, SIZE, FEATURES, SHOWN = 10_000, 2_000, 32, 30, 12
ROUTES: dict[str, dict[str, Any]] = {
    "pca": {"latent": SIZE},
    "autoencoder": {"latent": SIZE, "latent_by": "autoencoder"},
    "direct": {},
}
SHORT = {"steps": 200, "batch": 64}  # of the direct route, with --size gate


def pixels(part: str, rows: int, start: int = 0) -> pd.DataFrame:
    """Read digits as a table of 784 columns, spread over the whole part: its halves come from other writers.

    Arguments:
        part: "train" or "t10k".
        rows: How many.
        start: The first one, below the distance from each to the next.
    """
    items = mnist(part).items
    items = items[start :: len(items) // rows][:rows].reshape(rows, -1)
    return pd.DataFrame(items, columns=[f"pixel {i // 28} {i % 28}" for i in range(items.shape[1])])


def of_route(seed: int, settings: Row) -> Row:
    """Fit one route in a process of its own, and hold what it drew against test digits."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "drawn.npy"
        command = [sys.executable, __file__, "--child", json.dumps(settings), str(seed), str(drawn)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=7200)
        fake = np.load(drawn, allow_pickle=False)
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return {**found, **told_apart(fake, seed), "shown": fake[:SHOWN].tobytes().hex()}


def child(settings: Row, seed: int, drawn: Path) -> None:
    """Fit, draw, and print what it took."""
    import torch

    torch.set_num_threads(1)
    data = pixels("train", TRAINED)
    torch.ones(8).sum()
    before, began = peak_megabytes(), time.process_time()
    model = zoo.Loom(**settings).fit(data, seed=seed)
    fitted = time.process_time()
    fake = model.sample(TESTED, seed=100 + seed)
    took = {"fit_seconds": fitted - began, "sample_seconds": time.process_time() - fitted}
    assert list(fake) == list(data) and (fake.dtypes == data.dtypes).all()
    np.save(drawn, fake.to_numpy())
    print(json.dumps({**took, "megabytes": peak_megabytes() - before}))


def told_apart(fake: np.ndarray, seed: int) -> Row:
    """Let trees tell rows from test digits: on pixels, and on components of the test digits."""
    test = pixels("t10k", TESTED)
    components = Components.fit(test.to_numpy() / 255.0, FEATURES)
    views = {
        "pixels": lambda rows: pd.DataFrame(rows, columns=list(test)),
        "shapes": lambda rows: pd.DataFrame(components.encode(rows / 255.0)).rename(columns=str),
    }
    found: Row = {}
    for name, view in views.items():
        score = c2st_trees(view(test.to_numpy()), view(fake), seed=seed)
        found |= {f"c2st_{name}": score.value, f"c2st_{name}_low": score.low, f"c2st_{name}_high": score.high}
    zeros = (fake == 0).mean() - (test.to_numpy() == 0).mean()
    return {**found, "zeros": float(zeros)}


def of_real(seed: int) -> Row:
    """Hold other real digits against the test digits."""
    real = pixels("train", TESTED, start=1).to_numpy()
    return {**told_apart(real, seed), "shown": real[:SHOWN].tobytes().hex()}


def shown(row: Row) -> dict[str, str]:
    """Write one route."""
    cells = {"route": row["method"]}
    for name in ("pixels", "shapes"):
        value, low, high = (row[f"c2st_{name}{end}"] for end in ("", "_low", "_high"))
        cells[f"c2st, {name}"] = f"{value:.3f} [{low:.3f}, {high:.3f}]"
    cells["zeros too many"] = f"{row['zeros']:+.3f}"
    for name, unit in (("fit_seconds", "s"), ("sample_seconds", "s"), ("megabytes", "MB")):
        cells[f"{name.split('_')[0]} {unit}"] = f"{row[name]:.0f}" if name in row else ""
    return cells


def picture(rows: list[Row], path: Path) -> None:
    """Put what the routes drew beside each other, a route a line."""
    from PIL import Image

    items = [np.frombuffer(bytes.fromhex(row["shown"]), np.uint8).reshape(-1, 28, 28) for row in rows]
    grid = Image.fromarray(np.concatenate([np.concatenate(list(line), axis=1) for line in items]))
    grid.resize((grid.width * 2, grid.height * 2), Image.Resampling.NEAREST).save(path)


def main() -> None:
    parser = arguments(__doc__, gate_seeds=1, full_seeds=3)
    parser.add_argument("--routes", nargs="+", choices=list(ROUTES), default=list(ROUTES), help="which routes")
    parser.add_argument("--picture", type=Path, help="PNG of a few drawn rows of each route")
    options = read(parser)
    table = Table("pixels", options)
    rows = []
    for seed in range(options.seeds):
        rows.append(table.row("real digits", "mnist", seed, {}, partial(of_real, seed)))
        for route in options.routes:
            asked = {**ROUTES[route], **(SHORT if route == "direct" and options.size == "gate" else {})}
            settings = known(zoo.Loom(**asked))
            rows.append(table.row(route, "mnist", seed, settings, partial(of_route, seed, asked)))
    table.show([shown(row) for row in rows])
    table.write()
    if options.picture:
        picture(rows, options.picture)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(json.loads(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        sys.exit(main())
