"""Codes that a picture gives back: what varies is found without a label.

Beside its noise z the generator is given a code c: a category k of K, equally likely, and numbers from -1 to 1. Nothing
says what they are for, so a plain generator may ignore them. Here both players also raise a lower bound of the mutual
information between the code and the picture, I(c; G(z, c)) >= H(c) + E log Q(c | x) = L_I, where the network Q guesses
the code from the picture: a code that is to be read back must show. Q is a second head on the critic's features, whose
chances over categories and means and widths of the numbers make up log Q. The category takes what splits the pictures
into kinds, such as the digit; the numbers take what varies smoothly, such as slant or thickness.

The minimised terms are the duel's losses less λ L_I, with a λ for each kind of code; `information` reports L_I in nats,
of which a category can give log K at most. What differs from the paper: the critic has lazy R1 and R2 penalties in
place of batch norm, the code also scales and shifts the generator's norms, and pictures are drawn by averaged weights.
A number is as loud as a column of noise, and its guess no sharper than .3: its information could grow without end, and
a louder or sharper number cuts the kinds in pieces before the category can take them.

Reference: Chen et al., InfoGAN: interpretable representation learning by information maximizing generative adversarial
nets, NeurIPS 2016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot, softplus

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.base.seeds import checked_count, chosen, fold, in_blocks
from contrafact.codecs.image import ImageCodec
from contrafact.engine.duel import DUELS, Scene
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step, Terms
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.latent import Latents
from contrafact.nets.picture_duel import PictureRules, falling, picture_training, restored_pictures
from contrafact.nets.picture_heads import TwoHeadedCritic, TwoHeadedGame
from contrafact.nets.picture_model import BLOCK, PictureModel
from contrafact.nets.pictures import PictureGenerator

if TYPE_CHECKING:
    import pandas as pd

Several = Annotated[int, Ge(2)]
LEAST_WIDTH, QUIET = 0.3, 0.3


@dataclass(frozen=True, kw_only=True)
class InfoGAN(TrainedRecipe):
    """Fit the information-maximising network to pictures, whose labels it does not look at."""

    steps: Count | None = None  # generator steps; none: 10,000, or from the budget
    batch: Count = 32  # pictures in a batch
    resolution: Count = 64  # the longer side in pixels at most
    latent_size: Count = 64  # columns of noise beside the codes
    codes: Several | tuple[Several, ...] = 10  # categories of the code; several numbers, as in 10,3, make several codes
    continuous: Whole = 2  # codes that are numbers from -1 to 1
    code_weight: NotNegative = 1.0  # λ: what the information about the categories counts beside the duel
    continuous_weight: NotNegative = 0.05  # λ: what the information about the numbers counts beside the duel
    width: Count = 64  # channels, from which the rest follows
    rate: Positive = 2e-3  # both players' learning rate at the start
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    penalty: NotNegative = 0.1  # penalties γ on the critic's slope at real pictures and fakes
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # pictures in which the averaged generator forgets half
    mirror: bool = False  # show half of the pictures mirrored

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=16, batch=16, codes=3)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        rules = PictureRules(
            loss=DUELS["non-saturating"],
            penalty=r1_r2(lambda _: (self.penalty, self.penalty), self.penalty_every),
            networks=_networks,
            rates=falling(self),
            game=partial(CodedGame, codes=codes_of(self), weights=(self.code_weight, self.continuous_weight)),
            model=CodedPictures,
        )
        codec = ImageCodec.fit(data, resolution=self.resolution, labelled=False)
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=10_000, **options)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        judges = "critic/last.weight" in arrays
        features = arrays["critic/second.0.weight"].shape[1]
        absent = {
            "critic/last.weight": np.zeros((1, features), np.float32),
            "critic/last.bias": np.zeros(1, np.float32),
        }
        model = partial(CodedPictures, judges=judges)
        return restored_pictures(self, ImageCodec.from_json(codec), {**absent, **arrays}, _networks, model)


def _networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make a generator that is told the code, and a critic whose second head guesses it."""
    codes = codes_of(settings)
    generator = PictureGenerator(settings.latent_size, codes.width, codec.shape, settings.width)
    return generator, TwoHeadedCritic(codec.shape, max(settings.width // 2, 4), codes.width + codes.continuous, 128)


@dataclass(frozen=True, kw_only=True)
class Codes:
    """The codes of a generator: categories first, then numbers.

    Arguments:
        sizes: Categories of each categorical code.
        continuous: How many codes are numbers.
    """

    sizes: tuple[int, ...]
    continuous: int

    @property
    def names(self) -> tuple[str, ...]:
        """What each code is called."""
        many = len(self.sizes) > 1
        categories = tuple(f"code{i + 1}" if many else "code" for i in range(len(self.sizes)))
        return (*categories, *(f"c{i + 1}" for i in range(self.continuous)))

    @property
    def width(self) -> int:
        """Columns that the generator reads."""
        return sum(self.sizes) + self.continuous

    def draw(self, step: Step, rows: int) -> Tensor:
        """Draw a value of each code, a column each."""
        categories = [step.integers(size, rows, 1).float() for size in self.sizes]
        return torch.cat([*categories, 2 * step.uniform(rows, self.continuous) - 1], dim=1)

    def conditions(self, values: Tensor) -> Tensor:
        """Turn values into what the generator reads: a one among zeros for each category, and quiet numbers."""
        ones = [one_hot(values[:, i].long(), size).to(values) for i, size in enumerate(self.sizes)]
        return torch.cat([*ones, QUIET * values[:, len(self.sizes) :]], dim=1)

    def parts(self, columns: Tensor) -> tuple[Tensor, ...]:
        """Cut columns into those of each categorical code and those of the numbers."""
        return torch.split(columns, [*self.sizes, columns.shape[1] - sum(self.sizes)], dim=1)

    def information(self, answers: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Give L_I in nats, of the categories and of the numbers, from Q's answers and the true conditions."""
        (*guesses, numbers), (*truths, wanted) = self.parts(answers), self.parts(condition)
        told = [math.log(t.shape[1]) - cross_entropy(q, t) for q, t in zip(guesses, truths, strict=True)]
        mean, raw = numbers.chunk(2, dim=1)
        width = LEAST_WIDTH + softplus(raw)
        densities = -(((wanted / QUIET - mean) / width) ** 2) / 2 - width.log() - math.log(2 * math.pi) / 2
        return sum(told, answers.new_zeros(())), (math.log(2) + densities).sum(1).mean()

    def read(self, name: str, wish: Any) -> np.ndarray:
        """Read what was asked of one code as its values.

        Raises:
            UsageError: There is no such code, or it cannot have this value.
        """
        if name not in self.names:
            known = f"The codes are {', '.join(self.names)}."
            raise UsageError(f"There is no code '{name}'.", why=did_you_mean(name, self.names), fix=known, code="E105")
        place = self.names.index(name)
        most = self.sizes[place] if place < len(self.sizes) else None
        found = [_number(value) for value in np.asarray(wish, dtype=object).ravel()]
        if found and all(math.isfinite(v) if most is None else v in range(most) for v in found):
            return np.asarray(found)
        raise UsageError(
            f"The code {name} cannot be {wish!r}.",
            why="It is a number." if most is None else f"Its values are 0 to {most - 1}.",
            fix=f"--given {name}={'0.5' if most is None else most - 1}",
            code="E114",
        )


def codes_of(recipe: Any) -> Codes:
    """Read the codes from the settings."""
    sizes = recipe.codes if isinstance(recipe.codes, tuple) else (recipe.codes,)
    return Codes(sizes=sizes, continuous=recipe.continuous)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


@dataclass(kw_only=True)
class CodedGame(TwoHeadedGame):
    """The duel in which both players want each fake's code to be read back.

    Arguments:
        codes: The codes.
        weights: λ of the categories and of the numbers.
    """

    codes: Codes
    weights: tuple[float, float]

    def see(self, batch: Any, step: Step) -> Scene:
        """Read a batch, and draw a code for each fake."""
        scene = self.scene(batch)
        return replace(scene, condition=self.codes.conditions(self.codes.draw(step, len(scene.real))))

    def critic_adds(self, real: Tensor, fake: Tensor, scene: Scene, batch: Any) -> Terms:
        """Read the codes of fakes."""
        return self.generator_adds(fake, scene, batch)

    def generator_adds(self, fake: Tensor, scene: Scene, batch: Any) -> Terms:
        """Make the codes readable."""
        assert scene.condition is not None
        parts = self.codes.information(fake, scene.condition)
        lost = sum((-w * part for w, part in zip(self.weights, parts, strict=True)), fake.new_zeros(()))
        return {"code": lost, "information": sum(parts, fake.new_zeros(())).detach()}


class CodedPictures(PictureModel):
    """Pictures drawn under codes, and codes read from pictures.

    The critic's body belongs to what reads codes and is always kept; without its critic a model lacks the one layer
    that tells real from fake.

    Arguments:
        reader: The two-headed critic.
        judges: Whether its first head was kept.
    """

    reader: TwoHeadedCritic

    def __init__(
        self,
        recipe: Any,
        codec: Any,
        latent: Any,
        generator: Any,
        reader: Any,
        *,
        learning: bool = False,
        judges: bool = True,
    ):
        super().__init__(recipe, codec, latent, generator, reader if judges else None, learning=learning)
        self.reader, self.codes = reader, codes_of(recipe)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights of generator and reader, and those of the critic's first head where asked for."""
        reader = {f"critic/{k}": v.detach().cpu().numpy().copy() for k, v in self.reader.state_dict().items()}
        kept = {name: value for name, value in reader.items() if not name.startswith("critic/last.")}
        return {**kept, **super().arrays(with_critic)}

    def conditions(self, places: np.ndarray | None) -> Tensor | None:
        """Turn the values of codes into what the generator reads."""
        if places is None:
            return None
        return self.codes.conditions(torch.as_tensor(places, dtype=torch.float32, device=self.device))

    def _places(self, step: Step, count: int) -> np.ndarray:
        return self.codes.draw(step, count).numpy()

    def latents(self, n: int, seed: int | None = None, given: dict[str, Any] | None = None) -> Latents:
        """Give what lies behind the n pictures that `sample` draws.

        Given are `code`, from 0 on, or `c1`, -1 to 1 as it was trained: one value or many; what is not given is drawn.
        """
        n, seed = checked_count(n), chosen(seed)
        wishes = {name: self.codes.read(name, wish) for name, wish in (given or {}).items()}
        values = np.concatenate(in_blocks(n, lambda block: self._values(seed, block), rows=BLOCK))
        for name, wish in wishes.items():
            values[:, self.codes.names.index(name)] = np.resize(wish, n)
        conditions = self.codes.conditions(torch.from_numpy(values)).numpy()
        return Latents(noise=super().latents(n, seed).noise, conditions=conditions)

    def _values(self, seed: int, block: int) -> np.ndarray:
        source = torch.Generator().manual_seed(fold(seed, "codes", block))
        return self.codes.draw(Step(number=0, total=1, generator=source), BLOCK).numpy()

    @torch.no_grad()
    def encode(self, data: Any) -> pd.DataFrame:
        """Read the codes of pictures: each category with the chances of all, and the mean guess of each number."""
        import pandas as pd

        pictures = torch.split(torch.from_numpy(self.codec.pictures(data)), BLOCK)
        answers = torch.cat([self.reader.answers(p.to(self.device).float() / 127.5 - 1) for p in pictures]).cpu()
        *categories, numbers = self.codes.parts(answers)
        columns: dict[str, np.ndarray] = {}
        for name, logits in zip(self.codes.names, categories, strict=False):  # the names of numbers follow
            columns[name] = logits.argmax(1).numpy()
            columns |= {f"{name}={value}": chance for value, chance in enumerate(logits.softmax(1).t().numpy())}
        means = numbers[:, : self.codes.continuous].t().numpy()
        return pd.DataFrame(columns | dict(zip(self.codes.names[len(categories) :], means, strict=True)))
