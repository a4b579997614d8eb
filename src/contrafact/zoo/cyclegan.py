"""Translate between two kinds of pictures without a single pair: horses and zebras, summer and winter.

Two generators, G: A -> B and F: B -> A, and two critics of patches, one for each domain. The critics' least-squares
loss makes G(a) look like B and F(b) like A; alone it would let G draw any B, whatever a was. That a is still there is
asked by the cycle λ (|F(G(a)) - a| + |G(F(b)) - b|): what was translated must come back. The identity term λ/2
(|G(b) - b| + |F(a) - a|) keeps colours where nothing need change. Both are mean absolute distances.

The two domains are the two classes of the data. There is no prior: a picture is made from a picture, so the model
translates and does not sample. Critics see the newest fakes only, with a lazy penalty on their slope at real pictures
(R1) in place of the paper's store of older fakes; generators have no norm over maps or batches.

References:
    Zhu, Park, Isola and Efros, Unpaired image-to-image translation using cycle-consistent adversarial networks,
    ICCV 2017.
    Mao et al., Least squares generative adversarial networks, ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torch.optim import Optimizer

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.base.seeds import fold
from contrafact.codecs.image import ImageCodec
from contrafact.engine.average import Average
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.items import Batches
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.adversarial import make_optimizer
from contrafact.nets.any_size import cut_windows, window_of
from contrafact.nets.domains import DomainModel, Exam, Translator
from contrafact.nets.picture_duel import falling, pixels
from contrafact.nets.pictures import doublings
from contrafact.nets.unet import PatchCritic

DUEL = DUELS["least squares"]
LONGEST = 128  # of the sides of the pictures that are learned from, unless a resolution is given
Both = tuple[Tensor, Tensor]


class TwoSides(Batches):
    """Batches of which half come from each domain, each in an order of its own."""

    def __init__(self, items: dict[str, Tensor], size: int, seed: int, *, keyed: bool = False) -> None:
        super().__init__(items, size, seed)
        places = [torch.nonzero(items["labels"] == side).squeeze(1) for side in range(2)]
        parts = [{"pictures": items["pictures"][place]} for place in places]
        half = max(size // 2, 1)
        self.sides = [Batches(part, half, fold(seed, "side", i), keyed=keyed) for i, part in enumerate(parts)]

    def __call__(self, number: int) -> tuple[Any, Any]:
        return self.sides[0](number), self.sides[1](number)


@dataclass(kw_only=True)
class CycleGame:
    """Two translators against two critics.

    Arguments:
        recipe: The settings.
        window: Height and width that is learned from.
        translators: Into the first domain and into the second.
        critics: Of the first domain and of the second.
        average: The translators' running average, which is what gets used.
        players: Both optimisers: "critic" moves both critics, "generator" both translators.
    """

    recipe: CycleGAN
    window: tuple[int, int]
    translators: nn.ModuleList
    critics: nn.ModuleList
    average: Average
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.translators, "critic": self.critics, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Hold the learning rates for half of the run, then let them fall."""
        for name, values in falling(self.recipe, held=0.5, left=self.recipe.rate_end)(step).items():
            self.players[name].param_groups[0].update(values)

    def phases(self) -> Sequence[Phase]:
        """Let critics and translators move in turn."""
        critics = Move(player="critic", loss=self.critic_loss)
        return [Phase(moves=(critics, Move(player="generator", loss=self.generator_loss, then=self.average.update)))]

    def real(self, batch: tuple[Any, Any], step: Step) -> Both:
        """Cut a window from each picture of both domains."""
        return cut_windows(pixels(batch[0]), self.window, step), cut_windows(pixels(batch[1]), self.window, step)

    def critic_loss(self, batch: tuple[Any, Any], step: Step) -> Terms:
        """Tell each domain's pictures from those that were translated into it."""
        real = self.real(batch, step)
        penalty = r1_r2(lambda _: (self.recipe.penalty, 0.0), self.recipe.penalty_every)
        found: dict[str, list[Tensor]] = {}
        for side, critic in enumerate(self.critics):
            with torch.no_grad():
                fake = self.translators[side](real[1 - side])
            on_real, on_fake, penalties = penalty(critic, real[side], fake, step)
            terms = {"loss": DUEL.critic(on_real, on_fake, 1.0).mean(), **penalties}
            with torch.no_grad():
                wins = (on_real.mean((1, 2)) > on_fake.mean((1, 2))).float().mean()
            seen = {"on_real": on_real.detach().mean(), "on_fake": on_fake.detach().mean(), "wins": wins}
            for name, term in {**terms, **seen}.items():
                found.setdefault(name, []).append(term)
        return {name: torch.stack(terms).mean() for name, terms in found.items()}

    def generator_loss(self, batch: tuple[Any, Any], step: Step) -> Terms:
        """Make pictures of the other domain, from which the first can be had back."""
        real = self.real(batch, step)
        fooled, cycle, same = [], [], []
        for side in range(2):
            there, back = self.translators[1 - side], self.translators[side]
            fake = there(real[side])
            logits = self.critics[1 - side](fake)
            fooled.append(DUEL.generator(logits, logits).mean())
            cycle.append(l1_loss(back(fake), real[side]))
            same.append(l1_loss(back(real[side]), real[side]) if self.recipe.identity else cycle[-1] * 0)
        return {
            "loss": torch.stack(fooled).mean(),
            "cycle": self.recipe.cycle * torch.stack(cycle).mean(),
            "identity": self.recipe.identity * torch.stack(same).mean(),
        }


@dataclass(frozen=True, kw_only=True)
class CycleGAN(TrainedRecipe):
    """Fit translators between the two classes of pictures, which need not be in pairs."""

    steps: Count | None = None  # steps of each player; none: 4,000, or from the budget
    batch: Count = 16  # windows in a batch, half of them of each domain
    resolution: Count | None = None  # the longer side in pixels at most; none: 128
    window: Count = 64  # side of the windows that are learned from; smaller pictures are seen whole
    width: Count = 64  # the translators' channels at the coarsest map; half as many at each finer one
    depth: Count = 2  # halvings of the translators
    critic_width: Count = 32  # the critics' channels after their first halving
    critic_depth: Count = 2  # halvings of the critics: patches of 18, 38 or 78 pixels with 2, 3 or 4
    cycle: NotNegative = 10.0  # weight λ of what is lost there and back, against 1 for the critic's opinion
    identity: NotNegative = 5.0  # weight of what is changed where nothing need be; 0 where colours must change
    rate: Positive = 1e-3  # both players' learning rate
    rate_end: Share = 0.02  # share of the rate that is left at the end
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    penalty: NotNegative = 1e-3  # γ on the critics' slope at real pictures
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 10_000.0  # windows in which the averaged translators forget half
    mirror: bool = True  # show half of the pictures mirrored

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, width=8, batch=8, window=16, critic_width=4)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = ImageCodec.fit(data, resolution=self.resolution or LONGEST)
        if len(codec.classes) != 2:
            raise DataError(
                f"These pictures have {len(codec.classes) or 'no'} classes.",
                why="Translation without pairs goes between two kinds of pictures, which are the two classes.",
                fix="Put them into a folder with two sub-folders, or give Data with two different labels.",
                code="E217",
            )
        exam = Exam()
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=4_000,
            begin=lambda total, device: self.game(codec, device),
            model=lambda game: DomainModel(self, codec, game.average.module, game.critics, exam),
            score=lambda held, seed: exam.score(held, window_of(self, codec), seed, held_out_pictures),
            batches=lambda items, size, seed: TwoSides(items, size, seed, keyed=self.mirror),
            balance=dict(zip(("critic/loss", "generator/loss"), DUEL.balance, strict=True)),
        )
        training = Training(self, data, method, **options)
        training.warnings += [codec.policy] if codec.policy else []
        return training

    def networks(self, codec: ImageCodec) -> tuple[nn.ModuleList, nn.ModuleList]:
        """Make both translators and both critics."""
        depth = min(self.depth, doublings(*window_of(self, codec)))
        translators = nn.ModuleList(Translator(codec.channels, self.width, depth) for _ in range(2))
        critics = nn.ModuleList(PatchCritic(codec.channels, self.critic_width, self.critic_depth) for _ in range(2))
        return translators, critics

    def game(self, codec: ImageCodec, device: torch.device) -> CycleGame:
        """Make the networks and their optimisers."""
        translators, critics = self.networks(codec)
        nets = {"critic": critics, "generator": translators}
        for net in nets.values():
            net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return CycleGame(
            recipe=self,
            window=window_of(self, codec),
            translators=translators,
            critics=critics,
            average=Average(translators, self.half_life, self.batch),
            players={name: make_optimizer("adam", net, self.rate, self.momentum) for name, net in nets.items()},
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> DomainModel:
        """Make a fitted model again."""
        read = ImageCodec.from_json(codec)
        translators, critics = bare(lambda: self.networks(read))
        loaded = needed_net("translators", translators, arrays)
        return DomainModel(self, read, loaded, loaded_net("critics", critics, arrays))
