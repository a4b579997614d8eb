"""Auxiliary classifier: the critic also names the class of what it sees.

The generator G draws a picture of a class c; the critic gives the odds that a picture is real, and from the same
features the chances P(c | x) of each class. Both players want the classes to be named rightly, and disagree about real
and fake: with L_S the log-likelihood of the right source and L_C that of the right class, the critic raises
L_S + λ L_C and the generator λ L_C - L_S. A generator that ignores its class is caught by the naming.

In the paper L_C counts real pictures and fakes in the critic's move. There the critic learns the classes from whatever
the generator calls a 7, and the two can agree on signs that no real 7 has; by default it learns from real pictures
alone, and `name_fakes` brings the paper's form back. The generator gives up variety for pictures that are named easily
(Shu et al. 2017), the more so the larger `naming` is. What else differs from the paper: the critic has lazy R1 and R2
penalties in place of batch norm and dropout, pictures are drawn by averaged weights, and sizes follow from one dial.

References:
    Odena, Olah and Shlens, Conditional image synthesis with auxiliary classifier GANs, ICML 2017.
    Shu, Bui and Ermon, AC-GAN learns a biased distribution, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.image import ImageCodec
from contrafact.engine.duel import DUELS, Scene
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Terms
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.picture_duel import ClassWeights, PictureRules, falling, picture_training, restored_pictures
from contrafact.nets.picture_heads import TwoHeadedCritic, TwoHeadedGame
from contrafact.nets.pictures import PictureGenerator


@dataclass(frozen=True, kw_only=True)
class ACGAN(TrainedRecipe):
    """Fit the auxiliary-classifier network to pictures with classes."""

    steps: Count | None = None  # generator steps; none: 10,000, or from the budget
    batch: Count = 32  # pictures in a batch
    resolution: Count = 64  # the longer side in pixels at most
    latent_size: Count = 64  # columns of noise
    width: Count = 64  # channels, from which the rest follows
    naming: NotNegative = 0.3  # what naming the class counts beside telling real from fake, for both players
    name_fakes: bool = False  # let the critic learn the classes from fakes too, as in the paper
    rate: Positive = 2e-3  # both players' learning rate at the start
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    penalty: NotNegative = 0.1  # penalties γ on the critic's slope at real pictures and fakes
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # pictures in which the averaged generator forgets half
    mirror: bool = False  # show half of the pictures mirrored
    class_weights: ClassWeights = None  # what each class counts in both players' losses: balanced, or a=2,b=1
    resample: Literal["share", "equal"] = "share"  # how often each class is shown: as in the data, or equally

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=16, batch=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = ImageCodec.fit(data, resolution=self.resolution)
        if len(codec.classes) < 2:
            raise DataError(
                f"These pictures have {'one class' if codec.classes else 'no classes'}.",
                why="The critic of acgan learns to name the class of a picture: it needs two classes or more.",
                fix="Give labelled pictures (a folder for each class), or use r3gan, which does without.",
                code="E212",
            )
        rules = PictureRules(
            loss=DUELS["non-saturating"],
            penalty=r1_r2(lambda _: (self.penalty, self.penalty), self.penalty_every),
            networks=_networks,
            rates=falling(self),
            game=partial(NamingGame, naming=self.naming, name_fakes=self.name_fakes),
        )
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=10_000, **options)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        return restored_pictures(self, ImageCodec.from_json(codec), arrays, _networks)


def _networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make a generator that is told the class, and a critic that has to find it."""
    generator = PictureGenerator(settings.latent_size, codec.conditions.shape[1], codec.shape, settings.width)
    return generator, TwoHeadedCritic(codec.shape, max(settings.width // 2, 4), len(codec.classes))


@dataclass(kw_only=True)
class NamingGame(TwoHeadedGame):
    """The duel in which both players want each picture's class to be named rightly.

    Arguments:
        naming: λ, what the naming counts.
        name_fakes: Whether the critic learns the classes from fakes too.
    """

    naming: float
    name_fakes: bool

    def critic_adds(self, real: Tensor, fake: Tensor, scene: Scene, batch: Any) -> Terms:
        """Name real pictures, and fakes where asked."""
        terms = {"naming": self._naming(real, scene, batch)}
        if self.name_fakes:
            terms["naming_fakes"] = self._naming(fake, scene, batch)
        return {**terms, "named": (real.argmax(1) == batch["labels"]).float().mean()}

    def generator_adds(self, fake: Tensor, scene: Scene, batch: Any) -> Terms:
        """Make fakes that are named rightly."""
        named = (fake.argmax(1) == batch["labels"]).float().mean()
        return {"naming": self._naming(fake, scene, batch), "named": named}

    def _naming(self, answers: Tensor, scene: Scene, batch: Any) -> Tensor:
        return self.naming * scene.mean(cross_entropy(answers, batch["labels"], reduction="none"))
