"""An autoencoder whose pictures a critic judges: encode, reconstruct, decode, and draw.

A variational autoencoder has an encoder q(z | x), a normal law of means and widths, and a decoder G. It makes each
picture again from a draw of q while KL(q(z | x) || N(0, 1)) keeps the latent rows where noise will later be drawn. With
squared errors of pixels its pictures are blurred: a stroke that is off by one pixel costs more than a grey cloud. Here
the error is measured in Dis_l, the critic's last features, where a stroke stays a stroke, and the critic D at the same
time tells real pictures from the decoder's, half of them made from encoded pictures and half from noise. With the
non-saturating loss the players minimise

    critic     softplus(-D(x)) + softplus(D(G(z)))
    decoder    softplus(-D(G(z))) + likeness · |Dis_l(x) - Dis_l(G(q(x)))|² / variance of Dis_l(x)
    encoder    the same likeness term, and prior · KL(q(z | x) || N(0, 1))

As in the paper the critic never sees the likeness term (it would shrink its features), and the encoder never the
adversarial one. Encoder and decoder move together. What differs: the error is divided by the features' variance over
the batch, so that 1 means as far off as the mean picture is, whatever the critic's scale; lazy R1 and R2 penalties in
place of the critic's batch norm; where there are labels, decoder and critic are told the class, and the latent row need
not hold it; averaged weights are handed out.

Reference: Larsen, Sønderby, Larochelle and Winther, Autoencoding beyond pixels using a learned similarity metric,
ICML 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.image import ImageCodec
from contrafact.engine.duel import DUELS, DuelGame, Scene
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step, Terms
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.latent import Latents
from contrafact.nets.picture_duel import ClassWeights, PictureRules, falling, picture_training, restored_pictures
from contrafact.nets.picture_model import BLOCK, Asked, PictureModel
from contrafact.nets.pictures import PictureCritic, PictureGenerator


@dataclass(frozen=True, kw_only=True)
class VAEGAN(TrainedRecipe):
    """Fit the autoencoder with a critic to pictures."""

    steps: Count | None = None  # decoder steps; none: 10,000, or from the budget
    batch: Count = 32  # pictures in a batch
    conditional: bool = True  # learn the classes, where there are labels
    resolution: Count = 64  # the longer side in pixels at most
    latent_size: Count = 32  # numbers that stand for a picture
    width: Count = 64  # channels, from which the rest follows
    likeness: NotNegative = 5.0  # what the reconstruction's error in the critic's features counts beside the duel
    prior: NotNegative = 0.05  # what a nat of distance between encoded pictures and the noise counts beside the duel
    rate: Positive = 2e-3  # all players' learning rate at the start
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one move of encoder and decoder
    penalty: NotNegative = 0.1  # penalties γ on the critic's slope at real pictures and fakes
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # pictures in which the averaged encoder and decoder forget half
    mirror: bool = False  # show half of the pictures mirrored
    class_weights: ClassWeights = None  # what each class counts in all losses: balanced, or a=2,b=1
    resample: Literal["share", "equal"] = "share"  # how often each class is shown: as in the data, or equally

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=16, batch=16, latent_size=8)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        rules = PictureRules(
            loss=DUELS["non-saturating"],
            penalty=r1_r2(lambda _: (self.penalty, self.penalty), self.penalty_every),
            networks=_networks,
            rates=falling(self),
            game=partial(AutoencoderGame, likeness=self.likeness, prior=self.prior),
            model=Autoencoded,
        )
        codec = ImageCodec.fit(data, resolution=self.resolution, labelled=self.conditional)
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=10_000, **options)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        return restored_pictures(self, ImageCodec.from_json(codec), arrays, _networks, Autoencoded)


def _networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    condition = codec.conditions.shape[1]
    autoencoder = Autoencoder(settings.latent_size, condition, codec.shape, settings.width)
    return autoencoder, PictureCritic(condition, codec.shape, max(settings.width // 2, 4))


class Encoder(PictureCritic):
    """Halve the map as a critic does, and give means and logarithms of widths in place of a logit."""

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int) -> None:
        super().__init__(0, shape, width)
        self.last = nn.Linear(self.features, 2 * latent)
        nn.init.normal_(self.last.weight, std=0.5 / self.features**0.5)
        nn.init.zeros_(self.last.bias)


class Autoencoder(PictureGenerator):
    """A generator of pictures that keeps its encoder with it."""

    def __init__(self, latent: int, condition: int, shape: tuple[int, int, int], width: int) -> None:
        super().__init__(latent, condition, shape, width)
        self.encoder = Encoder(latent, shape, max(width // 2, 4))

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Give mean and width of q(z | x) for each picture."""
        mean, log_width = self.encoder(pictures).chunk(2, dim=1)
        return mean, log_width.exp()


@dataclass(kw_only=True)
class AutoencoderGame(DuelGame):
    """A duel over reconstructions and draws, in which the generator also encodes.

    Arguments:
        generator: Encodes pictures, and makes them from latent rows.
        critic: Tells real pictures from others; its last features measure likeness.
        likeness: What the reconstruction's error counts.
        prior: What a nat of divergence counts.
    """

    generator: Autoencoder
    critic: PictureCritic
    likeness: float
    prior: float

    def make(self, scene: Scene, step: Step) -> Tensor:
        """Reconstruct the first half of the batch, and draw as many from noise."""
        latent, half = self.latent.draw(step, len(scene.real)), len(scene.real) // 2
        with torch.no_grad():  # the encoder does not learn to fool the critic
            mean, width = self.generator.encode(scene.real[:half])
            latent[:half] = mean + width * latent[:half]
        pictures: Tensor = self.generator(latent, scene.condition)
        return pictures

    def generator_loss(self, batch: Any, step: Step) -> Terms:
        """Fool the critic, reconstruct what it sees of every picture, and keep the latent rows near the noise."""
        scene = self.scene(batch)
        mean, width = self.generator.encode(scene.real)
        latent = mean + width * self.latent.draw(step, len(mean))
        error = scene.mean(self.error(scene.real, self.generator(latent, scene.condition)))
        nats = scene.mean((mean**2 + width**2 - 1).sum(1) / 2 - width.log().sum(1))
        terms = {"likeness": self.likeness * error, "prior": self.prior * nats}
        return {**super().generator_loss(batch, step), **terms, "error": error.detach(), "nats": nats.detach()}

    def error(self, real: Tensor, again: Tensor) -> Tensor:
        """Give each picture's squared error in the critic's features, in their variance over the batch."""
        with torch.no_grad():
            wanted = self.critic.body(real)
            variance = wanted.var(0).mean().clamp_min(torch.finfo(wanted.dtype).tiny)
        return ((self.critic.body(again) - wanted) ** 2).mean(1) / variance


class Autoencoded(PictureModel):
    """Pictures drawn from noise, and latent rows of pictures."""

    generator: Autoencoder

    @torch.no_grad()
    def encode(self, data: Any) -> np.ndarray:
        """Give each picture's latent row, n x latent: the mean of q(z | x). Labels are not needed."""
        pictures = torch.split(torch.from_numpy(self.codec.pictures(data)), BLOCK)
        rows = [self.generator.encode(p.to(self.device).float() / 127.5 - 1)[0] for p in pictures]
        return torch.cat(rows).cpu().numpy()

    def decode(self, latent: np.ndarray, given: dict[str, Any] | None = None) -> Any:
        """Make a picture from each latent row.

        Arguments:
            latent: Rows as `encode` gives them, or others, such as points between two of them.
            given: `class`: a name, or one for each row; needed where the model was trained with classes.
        """
        rows, asked = np.asarray(latent, dtype=np.float32), self.asked(given)
        if rows.ndim != 2 or rows.shape[1] != self.latent.width:
            raise DataError(
                f"Latent rows of shape {rows.shape} cannot be decoded.",
                why=f"This model's latent rows have {self.latent.width} numbers each.",
                fix="Give n x latent numbers, as encode gives them.",
                code="E205",
            )
        if asked is None and self.codec.classes:
            raise UsageError(
                "Latent rows cannot be decoded without a class.",
                why="This model was told each picture's class: its latent rows say the rest.",
                fix=f'decode(latent, given={{"class": "{self.codec.classes[0]}"}})',
                code="E123",
            )
        return self._decoded(rows, asked)

    def reconstruct(self, data: Any) -> Any:
        """Make pictures again from their latent rows, and their labels where the model was trained with classes."""
        labels = self.codec.given_labels(data) if self.codec.classes else None
        asked = None if labels is None else Asked(rows=self.codec.described(labels), labels=self.codec.named(labels))
        return self._decoded(self.encode(data), asked)

    def _decoded(self, rows: np.ndarray, asked: Asked | None) -> Any:
        if asked is None or not len(rows):
            return self.reproject(Latents(noise=rows))
        conditions = np.resize(asked.rows, (len(rows), asked.rows.shape[1]))
        return self.reproject(Latents(noise=rows, conditions=conditions, labels=np.resize(asked.labels, len(rows))))
