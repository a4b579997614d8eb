"""Directions through a generator's noise along which its pictures change in a way that has a name.

Three ways to find them, none of which needs a label or a training:

weights     the first layer is y = A z + b: the unit steps that move y most are the eigenvectors of AᵀA with the largest
            eigenvalues (SeFa). A few products; nothing is drawn.
features    the principal components of what the second layer reads, over many draws. Each component's scores,
            regressed on the noise, give the step that raises them (GANSpace). Of the linear first layer itself the
            components would be the directions of SeFa again, which is why it is looked at behind its bend.
measures    each measure of pictures (slant, size, brightness ...), regressed on the noise over many draws. The noise is
            white, so the regression's slope is the mean of the measure's gradient (Stein's lemma): the step that
            raises it most.

The first two find what varies most, whatever it is. They are named by what they change: pictures of the same draws are
measured a step ahead and a step behind; the change, in the measure's own standard deviations over draws, is the effect,
and the strongest one gives name and sign. Within classes: means over the class are taken away first.

References:
    Shen and Zhou, Closed-form factorization of latent semantics in GANs, CVPR 2021 (SeFa).
    Härkönen et al., GANSpace: discovering interpretable GAN controls, NeurIPS 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.seeds import checked_count, fold
from contrafact.nets.latent import Latents, pixels
from contrafact.nets.measures import measures

if TYPE_CHECKING:
    from contrafact.nets.picture_model import PictureModel

By = Literal["weights", "features", "measures"]
DRAWN_PIXELS, MOST_DRAWS, LEAST_DRAWS = 2**21, 2048, 512
SEEN_DRAWS = 128  # on which effects are measured
USUAL = 8  # directions that are found where nobody says how many
LAYERS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


@dataclass(frozen=True, kw_only=True, eq=False)
class Direction:
    """A direction through the noise.

    Arguments:
        number: Its place in the list, from 1.
        name: The measure that it changes most.
        step: A unit step, one number for each column of the noise.
        effects: What a step adds to each measure, in the measure's standard deviations over draws; strongest first.
    """

    number: int
    name: str
    step: np.ndarray
    effects: dict[str, float]

    def told(self, most: int = 4) -> str:
        """Tell the strongest effects."""
        return ", ".join(f"{name} {effect:+.2f}" for name, effect in list(self.effects.items())[:most])

    def __str__(self) -> str:
        return f"direction {self.number} ({self.name}): {self.told()}"

    def __repr__(self) -> str:
        return f"<{self}>"


def directions(model: PictureModel, k: int | None = None, seed: int = 0, by: By = "weights") -> list[Direction]:
    """Find directions and name them by what they change.

    Arguments:
        model: The model.
        k: How many, at most; None gives 8, or one for each measure.
        seed: Seeds the draws on which they are found and named.
        by: weights (SeFa), features (principal components) or measures (one for each measure).
    """
    names, steps = _found(model, by, seed)
    count = (len(names) or USUAL) if k is None else checked_count(k)
    return [_named(model, place, seed, names, steps) for place in range(min(count, len(steps)))]


def _found(model: PictureModel, by: By, seed: int) -> tuple[list[str], Tensor]:
    """Give the steps, and their names where they were looked for by name."""
    finders = {"weights": _of_weights, "features": _of_features, "measures": _of_measures}
    if by not in finders:
        raise UsageError(
            f"Directions cannot be found by {by!r}.",
            why=did_you_mean(str(by), finders),
            fix=f"Ask for {', '.join(finders)}.",
            code="E102",
        )
    found: tuple[list[str], Tensor] = model.remembered(("directions", by, seed), lambda: finders[by](model, seed))
    return found


def _named(model: PictureModel, place: int, seed: int, names: list[str], steps: Tensor) -> Direction:
    """Name a direction by its measure, or by its strongest effect, whose sign becomes plus."""
    effects = _effects(model, steps[place], seed)
    order = sorted(effects, key=lambda name: -abs(effects[name]))
    name = names[place] if names else order[0]
    sign = -1.0 if effects[name] < 0 and not names else 1.0
    return Direction(
        number=place + 1,
        name=name,
        step=sign * steps[place].numpy(),
        effects={name: sign * effects[name] for name in order},
    )


def _unit(steps: Tensor) -> Tensor:
    return torch.nn.functional.normalize(steps, dim=1)


def _layers(model: PictureModel) -> list[Any]:
    """List the layers with weights, the one that reads the noise first."""
    return [layer for layer in model.generator.modules() if isinstance(layer, LAYERS)]


def _of_weights(model: PictureModel, seed: int) -> tuple[list[str], Tensor]:
    """Give the eigenvectors of the first layer's AᵀA."""
    del seed
    first = _layers(model)[0]
    weight = first.weight.flatten(1).t() if isinstance(first, nn.ConvTranspose2d) else first.weight.flatten(1)
    columns = weight[:, : model.latent.width].double()
    _, vectors = torch.linalg.eigh(columns.t() @ columns)
    return [], vectors.flip(1).t().float().cpu()


def _drawn(model: PictureModel, seed: int) -> Latents:
    count = DRAWN_PIXELS // (model.codec.high * model.codec.wide)
    return model.latents(min(max(count, LEAST_DRAWS), MOST_DRAWS), seed=fold(seed, "directions"))


def _within_classes(values: Tensor, labels: np.ndarray | None) -> Tensor:
    """Take the mean over each class away, or over all."""
    _, groups = np.unique(np.zeros(len(values)) if labels is None else labels, return_inverse=True)
    members = torch.from_numpy(groups).to(values.device)
    counts = torch.bincount(members).to(values)
    shape = (len(counts), values.shape[1])
    means = torch.zeros(shape, dtype=values.dtype, device=values.device).index_add_(0, members, values)
    return values - (means / counts[:, None])[members]


def _of_features(model: PictureModel, seed: int) -> tuple[list[str], Tensor]:
    """Give the steps that raise the principal components of what the second layer reads."""
    drawn, read = _drawn(model, seed).take(range(LEAST_DRAWS)), []
    hook = _layers(model)[1].register_forward_pre_hook(lambda _, inputs: read.append(inputs[0].flatten(1)))
    try:
        pixels(model, drawn)
    finally:
        hook.remove()
    features = _within_classes(torch.cat(read)[: len(drawn)].double(), drawn.labels)
    scores, _, _ = torch.linalg.svd(features, full_matrices=False)
    noise = torch.from_numpy(drawn.noise).to(scores)
    steps: Tensor = scores[:, : model.latent.width].t() @ (noise - noise.mean(0))
    return [], _unit(steps).float().cpu()


def _of_measures(model: PictureModel, seed: int) -> tuple[list[str], Tensor]:
    """Give the slope of each measure's regression on the noise."""
    drawn = _drawn(model, seed)
    measured = measures(torch.from_numpy(pixels(model, drawn)))
    values = _within_classes(torch.stack(list(measured.values()), dim=1).double(), drawn.labels)
    noise = torch.from_numpy(drawn.noise).double()
    slopes = torch.linalg.lstsq(noise - noise.mean(0), values).solution.t()
    return list(measured), _unit(slopes).float()


def _effects(model: PictureModel, step: Tensor, seed: int) -> dict[str, float]:
    """Measure what a step ahead changes, in standard deviations over draws."""
    drawn = model.latents(SEEN_DRAWS, seed=fold(seed, "effects"))
    here, ahead, behind = (_measured(model, moved(drawn, sign * step.numpy())) for sign in (0, 1, -1))
    change = {name: (ahead[name] - behind[name]).mean() / 2 for name in here}
    return {name: float(change[name] / here[name].std().clamp_min(1e-6)) for name in here}


def _measured(model: PictureModel, rows: Latents) -> dict[str, Tensor]:
    return measures(torch.from_numpy(pixels(model, rows)))


def moved(rows: Latents, step: np.ndarray) -> Latents:
    """Move the noise of each row by the same step."""
    return replace(rows, noise=(rows.noise + step).astype(np.float32))


def edit_step(model: PictureModel, edit: Mapping[str | int, float]) -> np.ndarray:
    """Add up the steps of an edit.

    Arguments:
        model: The model.
        edit: How many unit steps to go along each direction: a measure's name, or the number of a direction that
            `directions` finds in the weights.

    Raises:
        UsageError: There is no such direction, or a number of steps is no number.
    """
    step = np.zeros(model.latent.width, dtype=np.float32)
    for wanted, amount in edit.items():
        step += _amount(wanted, amount) * _step(model, str(wanted))
    return step


def _amount(wanted: object, amount: Any) -> float:
    try:
        value = float(amount)
    except (TypeError, ValueError):
        value = np.nan
    if np.isfinite(value):
        return value
    raise UsageError(
        f"The edit {wanted}={amount!r} cannot be made.",
        why="It says how many steps to go: a number such as 1.5, or -2 for the other way.",
        fix=f"--edit {wanted}=1.5",
        code="E125",
    )


def _step(model: PictureModel, wanted: str) -> np.ndarray:
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= model.latent.width:
        return _named(model, int(wanted) - 1, 0, *_found(model, "weights", 0)).step
    names, steps = _found(model, "measures", 0)
    if wanted not in names:
        raise UsageError(
            f"There is no direction '{wanted}'.",
            why=did_you_mean(wanted, names),
            fix=f"Use one of these names, or a number from 1 to {model.latent.width}; list them: sample RUN --edits",
            code="E125",
        )
    return np.asarray(steps[names.index(wanted)].numpy())
