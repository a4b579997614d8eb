"""Plan: measure what a training would cost, without doing it."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

from contrafact.engine.fit import Training
from contrafact.engine.items import count
from contrafact.engine.process import few_threads
from contrafact.engine.resources import seconds
from contrafact.tasks.kept_rows import told_in_notes
from contrafact.tasks.train import Order, prepare


def peak_bytes() -> int:
    """Read the most memory that this process has used so far."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def plan(order: Order) -> dict[str, Any]:
    """Measure steps of the real training, thrown away, and say what the whole would take.

    Arguments:
        order: What would be trained.

    Returns:
        method, steps, first_seconds, total_seconds, memory_bytes and disk_bytes.
    """
    began = time.perf_counter()
    job = prepare(replace(order, budget=None), keep=False)
    if job.training is None:
        with told_in_notes():
            model = job.recipe.fit(job.data, seed=order.seed)  # type: ignore[attr-defined]
        took = time.perf_counter() - began
        disk = sum(map(len, model.files(with_critic=True).values()))
        costs = {"steps": 0, "first_seconds": took, "total_seconds": took, "disk_bytes": disk}
    else:
        costs = _trained(job.training, order.budget)
        costs["first_seconds"] += time.perf_counter() - began
    return {"method": job.recipe.method, **costs, "memory_bytes": peak_bytes()}


def _trained(training: Training, budget: str | None) -> dict[str, Any]:
    with few_threads(0):
        each = training.seconds_per_step()
        game = training.begin(1)
        began = time.perf_counter()
        training.method.score(training.held, 0)(training.method.model(game).rows(count(training.held), seed=0))
        check = time.perf_counter() - began
    steps = training.wish.settings["steps"] or training.method.steps
    if budget is not None:
        affordable = max(int(seconds(budget) / each), 1)
        steps = min(steps, affordable) if training.wish.settings["steps"] else affordable
    weights = sum(w.numel() * w.element_size() for m in game.modules.values() for w in m.parameters())
    # Three checkpoints are kept; each holds weights, average, two moments and the model.
    return {
        "steps": steps,
        "first_seconds": max(steps // 20, 1) * each + check,
        "total_seconds": steps * each + 20 * check,
        "disk_bytes": 3 * 4 * weights,
    }
