"""Models of adversarial methods over sound: noise and a class pushed through a generator of waves, or of spectra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.base.thumbnail import SYNTHETIC, rows
from contrafact.nets import latent
from contrafact.nets.directions import By, Direction
from contrafact.nets.latent import Latents
from contrafact.nets.picture_model import PictureModel
from contrafact.nets.spectrograms import LEVEL, portraits

CLIPS = 10  # in a row that a notebook shows
SILENT = 1e-6


def levelled(waves: np.ndarray) -> np.ndarray:
    """Bring the peak of every wave to the usual level; what is no number is silence."""
    waves = np.nan_to_num(waves, nan=0.0, posinf=0.0, neginf=0.0)
    peaks = np.abs(waves).max(1, keepdims=True, initial=0.0)
    return np.asarray(np.where(peaks > SILENT, waves * (LEVEL / np.maximum(peaks, SILENT)), 0), dtype=np.float32)


def _of_pictures_alone(method: str, what: str) -> UsageError:
    return UsageError(
        f"{method} cannot {what}.",
        why="This is made for models of pictures, whose measures have names.",
        fix="Sample with another seed or class; go between two clips with model.interpolate(a, b, steps).",
        code="E126",
    )


class Heard(PictureModel):
    """What models of waves and of spectra have in common: clips are shown by their spectra."""

    def shown(self, encoded: Any) -> np.ndarray:
        """Draw encoded clips as uint8 pictures to look at."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Show the spectra of some clips in a notebook, a row for each class."""
        self._settle()
        wishes: list[dict[str, Any] | None] = [{"class": name} for name in self.codec.classes[:CLIPS]] or [None]
        drawn = [
            (wish["class"] if wish else "", self.shown(self.made(self.latents(CLIPS, 0, wish)))) for wish in wishes
        ]
        return rows(f"{self.recipe.method} fitted to {self.codec.name}", drawn, CLIPS, SYNTHETIC)

    def made(self, behind: Latents) -> dict[str, np.ndarray]:
        """Make the encoded clips behind which these rows lie."""
        return {"pictures": latent.pixels(self, behind)}

    def reproject(self, rows: Latents, edit: Mapping[str | int, float] | None = None) -> Any:
        """Make the clips behind which these rows lie.

        Arguments:
            rows: What `latents` gave.
            edit: Not for sound.
        """
        if edit:
            self.directions()
        self._settle()
        clips = self.codec.decode(self.made(rows))
        return replace(clips, labels=rows.labels) if isinstance(clips, Data) and rows.labels is not None else clips

    def directions(self, k: int | None = None, seed: int = 0, by: By = "weights") -> list[Direction]:
        """Refuse: directions are named by what they change in pictures that people look at."""
        raise _of_pictures_alone(self.recipe.method, "be edited")


class SpectrogramModel(Heard):
    """A generator of pictures of spectra; phases are found for each clip that is handed out."""

    def shown(self, encoded: Any) -> np.ndarray:
        """Give the pictures themselves."""
        pictures: np.ndarray = self.codec.shown(encoded)
        return pictures


class WaveModel(Heard):
    """A generator of waves (clips, 1, samples), read as pictures of one row."""

    def shown(self, encoded: Any) -> np.ndarray:
        """Draw the spectra of waves."""
        return portraits(encoded["waves"], self.codec.rate)

    def made(self, behind: Latents) -> dict[str, np.ndarray]:
        """Make the encoded clips behind which these rows lie."""
        silence = np.empty((0, self.codec.length), dtype=np.float32)
        return {"waves": self._waves(latent.pixels(self, behind)) if len(behind) else silence}

    def _waves(self, pixels: np.ndarray) -> np.ndarray:
        """Read what a picture model gives, numbers from 0 to 255, as waves."""
        return levelled(pixels.reshape(len(pixels), self.codec.length) / np.float32(127.5) - 1)

    def _settle(self) -> None:
        """Leave everything as it is: no norm of these generators looks at other clips."""

    def rows(self, n: int, seed: int, start: int = 0, candidates: int = 1) -> Any:
        """Draw encoded clips `start` to `start + n` of the endless sample that belongs to a seed.

        Arguments:
            n: How many.
            seed: Seeds noise and classes.
            start: The first one.
            candidates: Clips among which the critic chooses each.
        """
        encoded = super().rows(n, seed, start, candidates)
        return {"waves": self._waves(encoded.pop("pictures")), **encoded}

    def invert(self, pictures: Any, steps: int = 200, seed: int = 0) -> Any:
        """Refuse: what lies behind a wave is not searched for."""
        raise _of_pictures_alone(self.recipe.method, "find what lies behind clips")

    def opinion(self, encoded: Any) -> np.ndarray:
        """Give the critic's logit for each encoded clip."""
        return self._heard(np.asarray(encoded["waves"]), self.conditions(encoded.get("labels")))

    def critic(self, data: Any) -> np.ndarray:
        """Give the critic's logit for each clip: higher is more real. Only differences have a meaning."""
        self._judge()
        labels = self.codec.given_labels(data) if self.codec.classes else None
        condition = None if labels is None else self._tensor(self.codec.described(labels))
        return self._heard(self.codec.waves(data), condition)

    def _heard(self, waves: np.ndarray, condition: Tensor | None) -> np.ndarray:
        logits = self._logits(torch.from_numpy(waves)[:, None].to(self.device), condition)
        return np.asarray(logits.cpu().numpy())

    def _logits(self, pictures: Tensor, condition: Tensor | None) -> Tensor:
        """Give one logit a clip: of several critics the mean."""
        logits = super()._logits(pictures, condition)
        return logits if logits.dim() == 1 else logits.mean(1)
