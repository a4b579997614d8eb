"""Fill any hole in a picture, in as many ways as there are.

One generator G(x·(1-m), m, e, z) is given what is known of a picture x, the hole m (1 where a pixel is missing), noise
z, and the four windows e of training pictures that agree best with what is known (`nets/exemplars.py`); only what it
draws inside the hole is used: y = x·(1-m) + G·m. The holes are drawn anew in every step, of all shapes
(`nets/holes.py`), so that one network serves for any. A critic sees y beside m, against x beside m, as a whole and
place by place inside the hole (`nets/hole_critic.py`). Both are judged in pairs of the same surroundings, with lazy R1
and R2 penalties: what the two share cancels, and only the filling counts.

Where there are classes both players are told them, and a classifier of pictures with holes, which learns beside them,
names those that nobody names: fillings vary between classes as far as the surroundings leave the class open. A critic
that knew the class when the generator does not would punish all that the surroundings allow but the likeliest.

What is given out is chosen by the critic, among two fillings by the generator and the exemplars of the same class, put
into the hole as they are (`nets/hole_choice.py`). A model keeps what it chooses by and from: its critic and windows of
its training pictures. Where pictures must not be given away, `exemplars=0` makes a generator that paints from its
weights alone; it needs more steps to be as good.

The critic sees each surrounding once, and cannot tell that a generator which answers it always in one way is wrong.
The energy score of two draws G, G' of the same hole can: E|x - G| - ½ E|G - G'|, with |·| the root mean square inside
the hole. It is a strictly proper scoring rule: no law of G has a lower one than the law of x given what is known. Its
weight falls along the run, as blends that please it are not sharp.

Pictures larger than a window are learned from in random windows, and filled window by window from the hole's rim
inwards. A hole that takes the whole picture is one of the shapes: it makes `sample` an honest, if modest, generator.

References:
    Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016.
    Yu et al., Free-form image inpainting with gated convolution, ICCV 2019 (holes of free form).
    Hays and Efros, Scene completion using millions of photographs, SIGGRAPH 2007 (exemplars).
    Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 2007 (the energy score).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import torch

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.base.seeds import fold
from contrafact.codecs.image import ImageCodec
from contrafact.engine.average import Average
from contrafact.engine.fit import Method, Score, TrainedRecipe, Training
from contrafact.engine.items import Batches, each, split
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.engine.play import Step
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.adversarial import make_optimizer
from contrafact.nets.any_size import window_of
from contrafact.nets.exemplars import Exemplars
from contrafact.nets.fills import Exam, ExamScore, FillModel
from contrafact.nets.hole_critic import HoleCritic
from contrafact.nets.hole_filler import Filler
from contrafact.nets.hole_game import HoleGame

SETTLED_PIXELS = 2**18  # of the windows over which the generator's norms are measured
KEPT = "The model keeps windows of the training pictures (exemplars); --set exemplars=0 keeps none."
LONGEST = 512  # of the sides of the pictures that are learned from, unless a resolution is given


@dataclass(frozen=True, kw_only=True)
class Inpaint(TrainedRecipe):
    """Fit a generator that fills any hole in pictures like these."""

    steps: Count | None = None  # generator steps; none: 6,000, or from the budget
    batch: Count = 32  # windows in a batch
    conditional: bool = True  # learn the classes, where there are labels; a filling may be told its class or not
    resolution: Count | None = None  # the longer side in pixels at most; none: 512
    window: Count = 64  # side of the windows that the network sees; smaller pictures are seen whole
    exemplars: Whole = 65_536  # windows of the training pictures that the model keeps at most (64 MiB); 0: none
    width: Count = 64  # channels at the coarsest map of a 28 x 28 picture, from which the rest follows
    latent_size: Count = 64  # numbers of noise
    energy: NotNegative = 1.5  # weight of the energy score at the start, against 1 for the critic's opinion
    energy_end: Share = 0.25  # share of that weight that is left at the end
    rate: Positive = 2e-3  # both players' learning rate
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    penalty: NotNegative = 0.02  # γ on the critic's slope at whole and at filled pictures
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # windows in which the averaged generator forgets half
    mirror: bool = False  # show half of the pictures mirrored

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=12, width=16, batch=8, window=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = ImageCodec.fit(data, resolution=self.resolution or LONGEST, labelled=self.conditional)
        encoded, exam = codec.encode(data), Exam()
        encoded = {**encoded, "number": np.arange(len(encoded["pictures"]))}
        seed = options.get("seed", 0)
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=6_000,
            begin=lambda total, device: self.game(codec, split(encoded, seed)[0], seed, device),
            model=lambda game: FillModel(
                self, codec, game.average.module, game.exemplars, game.critic, exam, game.measure
            ),
            score=partial(self.score, codec, exam),
            batches=partial(Batches, keyed=self.mirror),
            balance=dict(zip(("critic/loss", "generator/loss"), HoleGame.balance, strict=True)),
            encoded=encoded,
        )
        training = Training(self, data, method, **options)
        training.warnings += [codec.policy] if codec.policy else []
        training.warnings += [KEPT] if self.exemplars else []
        return training

    def score(self, codec: ImageCodec, exam: Exam, held: dict[str, np.ndarray], seed: int) -> Score:
        """Score filled windows of held-out pictures against whole windows of others."""
        return ExamScore(held_out_pictures(exam.set(held, window_of(self, codec)), seed))

    def networks(self, codec: ImageCodec) -> tuple[Filler, HoleCritic]:
        """Make generator and critic."""
        shape, condition = (codec.channels, *window_of(self, codec)), codec.conditions.shape[1]
        critic = HoleCritic(shape, condition, max(self.width // 2, 4))
        return Filler(shape, condition, self.width, self.latent_size, len(codec.classes)), critic

    def game(self, codec: ImageCodec, rows: dict[str, np.ndarray], seed: int, device: torch.device) -> HoleGame:
        """Make both networks and their optimisers, and cut the exemplars."""
        generator, critic = self.networks(codec)
        generator.start_at(float(np.mean(rows["pictures"][:1000])) / 127.5 - 1)
        nets = {"critic": critic, "generator": generator}
        for net in nets.values():
            net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        window = window_of(self, codec)
        step = Step(number=0, total=1, generator=torch.Generator().manual_seed(fold(seed, "exemplars")))
        exemplars = Exemplars.cut(rows, window, self.exemplars, step)
        some = np.arange(min(max(SETTLED_PIXELS // math.prod(window), 64), 256)) % len(rows["pictures"])
        return HoleGame(
            recipe=self,
            codec=codec,
            generator=generator,
            critic=critic,
            average=Average(generator, self.half_life, self.batch),
            players={name: make_optimizer("adam", net, self.rate, self.momentum) for name, net in nets.items()},
            table=torch.as_tensor(codec.conditions, dtype=torch.float32, device=device) if codec.classes else None,
            exemplars=exemplars.to(device),
            settling=each(rows, lambda part: torch.from_numpy(part[some]).to(device)),
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> FillModel:
        """Make a fitted model again."""
        read = ImageCodec.from_json(codec)
        generator, critic = bare(lambda: self.networks(read))
        loaded = needed_net("generator", generator, arrays)
        kept = {name: torch.from_numpy(arrays[name].copy()) for name in arrays if name.startswith("exemplar")}
        exemplars = Exemplars(windows=kept["exemplars"], labels=kept.get("exemplar_labels"))
        return FillModel(self, read, loaded, exemplars, loaded_net("critic", critic, arrays))
