"""Sound as pictures of its spectrum: the default for clips.

Donahue et al. (2019) turn one-second clips into pictures, the logarithm of a short-time spectrum with each frequency
standardised, let a network over pictures learn those, and find phases for what it draws. Of digits that such a
SpecGAN says people recognise more than of those that a network over samples says, since what distinguishes words is
plain in the picture and hidden in the samples; and a picture of 64 x 42 pixels costs a hundredth of a wave.

This is that idea with what has been learned since. The pictures have bands that are narrow where voices have their
harmonics and wide above (`nets/spectrograms.py`), which a quarter of the pixels tell as well. The duel over pictures is
that of `r3gan`: relativistic pairs,

    critic: E softplus(D(y) - D(x)),    generator: E softplus(D(x) - D(y)),

with zero-centred penalties γ/2 (E‖∇D(x)‖² + E‖∇D(y)‖²), here for fakes y = G(z, c) and real x of the same class c. The
phases come from the slopes of the magnitudes and a few projections (`nets/spectral.py`), not from sixteen projections
of random ones.

References:
    Donahue, McAuley and Puckette, Adversarial audio synthesis, ICLR 2019.
    Huang et al., The GAN is dead; long live the GAN! A modern baseline GAN, NeurIPS 2024.
    Průša, Balazs and Søndergaard, A noniterative method for reconstruction of phase from STFT magnitude, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.audio import AudioCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step
from contrafact.metrics.held_out import held_out_pictures
from contrafact.metrics.held_out_sound import listening
from contrafact.nets.adversarial import cosine
from contrafact.nets.augment import Policy, augmentation
from contrafact.nets.picture_duel import ClassWeights, PictureRules, Resample, picture_training, restored_pictures
from contrafact.nets.sound_model import SpectrogramModel
from contrafact.nets.spectrograms import Spectrograms

STEPS = 20_000


@dataclass(frozen=True, kw_only=True)
class SpecGAN(TrainedRecipe):
    """Fit an adversarial network to pictures of the spectra of clips, by class where there are labels."""

    steps: Count | None = None  # generator steps; none: from the budget, else 5,000 to 20,000
    batch: Count = 32  # clips in a batch
    conditional: bool = True  # learn the classes, where there are labels
    sample_rate: Count | None = None  # samples a second to work at; none: those of the clips, at most 16,000
    seconds: Positive | None = None  # length of a clip; none: that of nearly all clips, at most 2
    bands: Count = 64  # bands of frequencies: more are finer and cost more
    latent_size: Count = 64  # columns of noise
    width: Count = 64  # channels of the networks, from which the rest follows
    rate: Positive = 2e-3  # both players' learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    critic_rate: Positive = 1.0  # the critic's learning rate, in generator's rates
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    r1: NotNegative = 0.1  # penalty γ on the slope at real clips, at the start
    r2: NotNegative = 0.1  # penalty γ on the slope at fakes, at the start
    penalty_end: Positive = 0.5  # share of both penalties that is left at the end
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # clips in which the averaged generator forgets half
    augment: Policy = None  # what the critic sees is changed: auto, off or kinds; none: auto under 2,000 clips
    class_weights: ClassWeights = None  # what each class counts in both players' losses: balanced, or a=2,b=1
    resample: Resample = "share"  # how often each class is shown: as in the data, or equally

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=3, width=8, batch=8, bands=16, latent_size=8)

    @property
    def mirror(self) -> bool:
        """Sound is never shown backwards."""
        return False

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        sound = AudioCodec.fit(data, rate=self.sample_rate, seconds=self.seconds, labelled=self.conditional)
        rules = PictureRules(
            loss=DUELS["relativistic"],
            penalty=r1_r2(self.penalties, self.penalty_every),
            rates=self.rates,
            augment=lambda: augmentation(self.augment, len(data)),
            model=SpectrogramModel,
        )
        codec = Spectrograms.fit(data, sound, self.bands)
        return picture_training(
            self, data, codec=codec, score=listening(held_out_pictures, codec), rules=rules, steps=STEPS, **options
        )

    def penalties(self, step: Step) -> tuple[float, float]:
        """Give both weights γ of this step."""
        left = self.penalty_end ** cosine(step, 0.0, 1.0)
        return self.r1 * left, self.r2 * left

    def rates(self, step: Step) -> dict[str, dict[str, object]]:
        """Give both players' learning rate and second-moment memory of this step."""
        risen = min((step.number + 1) / max(self.warm_up * step.total, 1), 1.0)
        rate = cosine(step, self.rate, self.rate * self.rate_end) * risen * step.rate
        memory = {"betas": (self.momentum, cosine(step, 0.9, 0.99))}
        return {"critic": {"lr": self.critic_rate * rate, **memory}, "generator": {"lr": rate, **memory}}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        known = Spectrograms.from_json(codec, AudioCodec.from_json(codec["sound"]))
        return restored_pictures(self, known, arrays, model=SpectrogramModel)
