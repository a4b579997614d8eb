"""Keep a model that was fitted in closed form; no torch is needed for it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from contrafact.base.data import fingerprint
from contrafact.base.recipe import Recipe
from contrafact.engine import checkpoints
from contrafact.engine.model import Model
from contrafact.engine.resume import Wish, choose
from contrafact.engine.run import SCHEMA, environment, written


def recipe_document(wish: Wish, total: int | None) -> dict[str, Any]:
    """Describe a run as its recipe.json does."""
    return {
        "schema": SCHEMA,
        "method": wish.method,
        "settings": wish.settings,
        "total_steps": total,
        "seed": wish.seed,
        "budget": wish.budget,
        "data": wish.data,
    }


def record(recipe: Recipe, data: Any, model: Model, *, seed: int, run_dir: str | PathLike[str] | None) -> Any:
    """Keep a model that was fitted in closed form, in a run folder where one is asked for.

    Arguments:
        recipe: Its settings.
        data: What it was fitted to.
        model: The fitted model, which is returned.
        seed: The seed that it was fitted with.
        run_dir: The run's own folder, or None to keep nothing.
    """
    if run_dir is None:
        return model
    wish = Wish(method=recipe.method, settings=recipe.settings(), data=fingerprint(data), seed=seed, budget=None)
    choice = choose(Path(run_dir), wish)
    with written(choice.run) as writer:
        writer.document("recipe", recipe_document(wish, None))
        writer.document("data", {"fingerprint": wish.data, "rows": len(data), "codec": model.codec.to_json()})
        writer.document("env", environment())
        state = checkpoints.State(step=0, arrays={}, facts={})
        checkpoints.save(choice.run.checkpoints, state, model.files(with_critic=True), wish.identity, best=True)
        writer.event("finished", step=0, best_step=0)
    model.kept_in = choice.run.folder
    return model
