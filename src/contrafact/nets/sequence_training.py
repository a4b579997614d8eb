"""What methods over text share: batches of targets, sizes that follow from the data, and a training that knows both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from contrafact.engine.fit import Method, Playable, Training
from contrafact.engine.items import count
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.nets.adversarial import Scheduled
from contrafact.nets.counting import Counts
from contrafact.nets.sequence_model import Exam, JudgedSequenceModel, SequenceModel
from contrafact.nets.sequences import Lines, LSTMCore, SequenceGenerator


class SequenceSettings(Scheduled, Protocol):
    """The fields that every recipe of a generator of lines has."""

    @property
    def batch(self) -> int | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def embedding(self) -> int | None: ...
    @property
    def layers(self) -> int: ...
    @property
    def dropout(self) -> float: ...
    @property
    def tied(self) -> bool: ...


def sizes(encoded: dict[str, np.ndarray]) -> dict[str, int]:
    """Choose the width of the memory and the lines in a batch from the amount of text."""
    symbols, rows = int(encoded["lengths"].sum()), count(encoded)
    width = 32 if symbols < 20_000 else 64 if symbols < 100_000 else 128 if symbols < 2_000_000 else 256
    return {"width": width, "embedding": width, "batch": int(min(max(rows // 16, 8), 64))}


def steps_for(encoded: dict[str, np.ndarray], batch: int, epochs: int, most: int) -> int:
    """Choose how many steps there are: so many times over the lines, from 300 steps to some thousands."""
    return int(min(max(epochs * count(encoded) // batch, 300), most))


def unpacked(batch: dict[str, Tensor]) -> tuple[Tensor, Tensor | None]:
    """Give the targets and the classes of a batch."""
    return batch["codes"].long(), batch.get("labels")


def even(lines: Lines, targets: Tensor) -> Tensor:
    """Weigh all places that belong to lines alike, 1 in sum."""
    counted = lines.counted(targets).float()
    return counted / counted.sum()


def lstm(settings: SequenceSettings, lines: Lines, counts: Counts | None = None) -> SequenceGenerator:
    """Make the generator of a recipe, with a long short-term memory."""
    width, embedding = settings.width or 32, settings.embedding or settings.width or 32
    core = LSTMCore(embedding, width, settings.layers, settings.dropout)
    own = {"embedding": embedding, "dropout": settings.dropout, "tied": settings.tied}
    return SequenceGenerator(lines, core, **own, counts=counts)  # type: ignore[arg-type]


def counted(exam: Exam, lines: Lines) -> Counts:
    """Count what follows what in the lines that are trained on."""
    targets = exam.rows["codes"].astype(np.int64)
    own = lines.counted(torch.from_numpy(targets)).numpy()
    return Counts.of_lines(targets, own, lines.outputs, lines.start)


def recounted(lines: Lines, arrays: dict[str, np.ndarray], net: str) -> Counts | None:
    """Find the counts that a network of a saved model holds, or None."""
    start = f"{net}/counts."
    own = {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}
    return Counts(lines.start, own) if own else None


def sequence_training(
    recipe: Any,
    data: Any,
    *,
    codec: Any,
    encoded: dict[str, np.ndarray],
    begin: Callable[[int, torch.device], Playable],
    model: Callable[[Any], SequenceModel],
    score: Callable[[Any, int], Any],
    exam: Exam,
    steps: int,
    balance: dict[str, float] | None = None,
    kind: type[Training] = Training,
    **options: Any,
) -> Training:
    """Prepare the training of a recipe over text.

    Arguments:
        recipe: The settings.
        data: What to learn from.
        codec: Turns lines into codes and back.
        encoded: The encoded lines.
        begin: Makes the game from the number of steps and the device.
        model: Makes the model from the game.
        score: Makes what scores drawn lines while training.
        exam: Is told what is learned from and what is held out.
        steps: Steps where nobody says how many.
        balance: Each player's loss when nobody can tell real from drawn.
        kind: The training's class.
        options: seed, budget, run_dir, device, fresh.
    """
    method = Method(
        codec=codec,
        batch=recipe.batch,
        steps=steps,
        begin=begin,
        model=model,
        score=score,
        balance=balance or {},
        encoded=encoded,
    )
    training = kind(recipe, data, method, **options)
    exam.rows, exam.held = training.rows, training.held
    return training


def restored(
    recipe: Any,
    codec: Any,
    arrays: dict[str, np.ndarray],
    networks: Callable[[], tuple[SequenceGenerator, Any]],
) -> JudgedSequenceModel:
    """Make a fitted model with a critic again from its arrays."""
    generator, critic = bare(networks)
    loaded = needed_net("generator", generator, arrays)
    return JudgedSequenceModel(recipe, codec, loaded, loaded_net("critic", critic, arrays))
