"""A cheap score of generated clips against held-out ones, made many times while a generator trains.

Clips are seen as log-mel spectrograms and scored as pictures are (see `held_out`): how well fakes and held-out clips
mix along the directions in which real spectrograms differ most. With the clips that are trained on, signs of failure
are measured beside the score: copies and classes as for pictures, and the share of clips that are silent, cut off,
whistling or clicking (see `sound_signs`), which the training doctor reads.

Methods that make waves are scored by `held_out_sound`. Those that make something else, which their codec turns into
waves, may be scored by what they make; `listening` adds the signs, taken of a few clips that it decodes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contrafact.engine.items import each
from contrafact.metrics.held_out import PictureScore
from contrafact.metrics.sound_features import Hearing
from contrafact.metrics.sound_signs import sound_health

MOST_TRAINED, LOOKED, HEARD = 5000, 256, 64
OF_PICTURES_ALONE = ("fine", "checkerboard", "colour_drift")
Encoded = dict[str, np.ndarray]
Health = dict[str, float]
Scoring = Callable[[Any, int], Any]


def of_sound(found: Health) -> Health:
    """Leave out the signs that say something of pictures alone."""
    return {name: value for name, value in found.items() if name not in OF_PICTURES_ALONE}


def usual_health(clips: Any, rate: int) -> Health:
    """Give the shares of real clips that show a sign, where any does."""
    return {f"real_{name}": value for name, value in sound_health(clips, rate).items() if value}


class SoundScore:
    """Score encoded fakes against held-out clips.

    Arguments:
        held: Encoded clips that are not trained on: `waves` N x samples, with `labels` where there are classes.
        seed: Chooses the landmarks and the pairs.
        rate: Samples a second.
        trained: Encoded clips that are trained on; with them signs of failure are measured beside the score.
    """

    def __init__(self, held: Encoded, seed: int, rate: int, trained: Encoded | None = None) -> None:
        self.held, self.seed, self.rate = held, seed, rate
        self.hearing = Hearing.of([held["waves"][0]], rate)  # all waves have one length
        seen, beside = self.pictures(held), None
        self.usual: Health | None = None
        if trained is not None:
            few = {name: part[:MOST_TRAINED] for name, part in trained.items()}
            beside = seen if trained is held else self.pictures(few)
            self.usual = usual_health(few["waves"][:LOOKED], rate)
        self.score = PictureScore(seen, seed, beside)

    def beside(self, trained: Encoded) -> SoundScore:
        """Score as before and measure signs of failure too, against the clips that are trained on."""
        return SoundScore(self.held, self.seed, self.rate, trained)

    def pictures(self, encoded: Encoded) -> Encoded:
        """Turn encoded clips into encoded log-mel pictures N x 1 x bands x 64."""
        seen = {"pictures": np.ascontiguousarray(np.moveaxis(self.hearing(list(encoded["waves"])), 3, 1))}
        return seen | ({"labels": encoded["labels"]} if "labels" in encoded else {})

    def __call__(self, fake: Encoded) -> dict[str, float]:
        found = of_sound(self.score(self.pictures(fake)))
        if self.usual is None:
            return found
        return found | sound_health(list(fake["waves"][:LOOKED]), self.rate) | self.usual


def held_out_sound(held: Encoded, seed: int, rate: int) -> SoundScore:
    """Prepare held-out clips for scoring fakes against them."""
    return SoundScore(held, seed, rate)


class Listening:
    """Score as another score does, and listen to a few of the fakes.

    Arguments:
        score: What scores encoded items.
        codec: Turns encoded items into sound.
        usual: What real clips show.
    """

    def __init__(self, score: Any, codec: Any, usual: Health | None = None) -> None:
        self.score, self.codec, self.usual = score, codec, usual or {}

    def beside(self, trained: Any) -> Listening:
        """Score with knowledge of what is trained on, where the other score takes it."""
        score = self.score.beside(trained) if hasattr(self.score, "beside") else self.score
        return Listening(score, self.codec, usual_health(*self._heard(trained)))

    def _heard(self, encoded: Any) -> tuple[Any, int]:
        made = self.codec.decode(each(encoded, lambda part: part[:HEARD]))
        return getattr(made, "items", made), self.codec.rate

    def __call__(self, fake: Any) -> Health:
        return of_sound(self.score(fake)) | sound_health(*self._heard(fake)) | self.usual


def listening(score: Scoring, codec: Any) -> Scoring:
    """Let a score of encoded items listen too.

    Arguments:
        score: Prepares held-out items and a seed for scoring fakes against them, such as `held_out_pictures`.
        codec: Has a rate and decodes to clips.
    """
    return lambda held, seed: Listening(score(held, seed), codec)
