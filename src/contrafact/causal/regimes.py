"""Several kinds of data for one model: observations, and experiments in which some nodes were set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.errors import DataError, UsageError
from contrafact.causal.adversarial import energy_distance
from contrafact.causal.cells import Cells
from contrafact.causal.scm import Plan, Scm
from contrafact.codecs.nodes import NodesCodec
from contrafact.codecs.table import as_frame

Trials = Mapping[Any, Any]  # what was set, a name or several -> rows


def stacked(data: Any, experiments: Trials) -> tuple[Any, np.ndarray, list[tuple[str, ...]]]:
    """Put all regimes one under the other, with the number of each row's regime and what was set in each."""
    import pandas as pd

    frames: list[tuple[tuple[str, ...], Any]] = [] if data is None else [((), as_frame(data))]
    for key, part in experiments.items():
        frames.append(((key,) if isinstance(key, str) else tuple(sorted(key)), as_frame(part)))
    if not frames:
        raise UsageError(
            "There are no data.",
            why="Neither observations nor an experiment were given.",
            fix='Give a frame, or experiments={"X": frame}.',
            code="E511",
        )
    which = np.concatenate([np.full(len(part), number) for number, (_, part) in enumerate(frames)])
    whole = frames[0][1] if len(frames) == 1 else pd.concat([part for _, part in frames], ignore_index=True)
    return whole, which, [names for names, _ in frames]


def whole_rows(codec: NodesCodec, frame: Any, which: np.ndarray) -> np.ndarray:
    """Encode the rows that have no hole, with the number of their regime in the last column.

    Arguments:
        codec: Knows the nodes.
        frame: All rows.
        which: The number of each row's regime.

    Raises:
        DataError: Hardly a row is whole.
    """
    rows = np.column_stack([codec.encode(frame), which]).astype(np.float32)
    kept = rows[~np.isnan(rows).any(1)]
    if len(kept) < 2 <= len(rows):
        raise DataError(
            f"{len(kept)} of {len(rows):,} rows have no hole.",
            why="A critic looks at whole rows.",
            fix="Fill the holes first (contrafact impute), or fit scm, which learns from what is there.",
            code="E555",
        )
    return kept


@torch.no_grad()
def begin(model: Scm, rows: np.ndarray) -> None:
    """Let levels begin at their shares."""
    for node, size in enumerate(model.plan.sizes):
        if size:
            counts = np.bincount(rows[:, node].astype(np.int64), minlength=size) + 0.5
            model.bank.start(node, torch.from_numpy(np.log(counts / counts.sum())).float())


def near(plan: Plan, held: np.ndarray, few: bool) -> Callable[[Any], dict[str, float]]:
    """Prepare what scores draws: the distance to the real rows of the observations, less is better."""
    observed = held[held[:, -1] == held[:, -1].min(), :-1]
    if few:
        cells = Cells(plan)
        shares = cells.shares(observed)

        def score(drawn: Any) -> dict[str, float]:
            law = cells.shares(np.asarray(drawn))
            error = float(((law * (1 - law)).sum() / len(drawn)).sqrt())
            return {"score": 1 - float((law - shares).abs().sum()) / 2, "score_error": error}

        return score
    real = plan.row(torch.from_numpy(observed[:1000]))

    def far(drawn: Any) -> dict[str, float]:
        fake: Tensor = plan.row(torch.from_numpy(np.asarray(drawn)[:1000]).float())
        return {"score": -float(energy_distance(real, fake)), "score_error": 1 / len(fake)}

    return far
