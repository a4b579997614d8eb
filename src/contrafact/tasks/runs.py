"""Find runs by name and tell what they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.engine.run import Run

ROOT = Path("runs")


def all_runs(root: Path = ROOT) -> list[Run]:
    """List the runs in a folder, the one touched last at the end."""
    if not root.is_dir():
        return []
    found = [Run(p) for p in root.iterdir() if p.is_dir() and not p.is_symlink() and (p / "recipe.json").exists()]
    return sorted(found, key=lambda run: (_touched(run), run.name))


def _touched(run: Run) -> float:
    events = run.events()
    return float(events[-1].get("time", 0)) if events else 0.0


def best_score(run: Run) -> float | None:
    """Give the best held-out score that a run has logged."""
    values = [row["score"] for row in run.metrics() if row.get("score") is not None]
    return max(values, default=None)


def find_run(what: str, root: Path = ROOT) -> Run:
    """Find a run by its folder, its name, @last or @best.

    Raises:
        UsageError: There is no such run.
    """
    if (Path(what) / "recipe.json").exists():
        return Run(Path(what))
    runs = all_runs(root)
    if what == "@last" and runs:
        return runs[-1]
    if what == "@best" and (scored := [r for r in runs if best_score(r) is not None]):
        return max(scored, key=lambda run: best_score(run) or 0.0)
    for run in runs:
        if run.name == what:
            return run
    names = [run.name for run in runs]
    raise UsageError(
        f"There is no run '{what}'.",
        why=did_you_mean(what, names) if names else f"No run has been made in {root} yet.",
        fix="List them: contrafact runs",
        code="E117",
    )


def run_folder(name: str, root: Path = ROOT) -> Path:
    """Name a run's folder after its data, without what a path or a terminal could stumble over."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|]+", "_", name).strip(". ")[:80]
    return root / (plain or "run")


def summary(run: Run) -> dict[str, Any]:
    """Tell what a run is in a few JSON-ready values."""
    recipe, rows = run.document("recipe"), run.metrics()
    return {
        "name": run.name,
        "method": recipe.get("method"),
        "state": run.state,
        "step": rows[-1]["step"] if rows else 0,
        "total_steps": recipe.get("total_steps"),
        "score": best_score(run),
        "seed": recipe.get("seed"),
    }
