"""The model of an adversarial method over pictures: noise and a condition pushed through the generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import chosen, fold, in_blocks
from contrafact.base.thumbnail import SYNTHETIC, rows
from contrafact.engine.duel import Latent
from contrafact.engine.play import Step, lone_step
from contrafact.nets import directions, inversion, latent
from contrafact.nets.directions import By, Direction
from contrafact.nets.inversion import Inverted
from contrafact.nets.latent import Latents
from contrafact.nets.pictures import PictureGenerator
from contrafact.nets.pushforward import CANDIDATES, Pushforward, at_rest, chosen_by_logits

ROWS, COLUMNS = 10, 10  # of the pictures that a notebook shows
SETTLED_PIXELS = 2**20
BLOCK = 64  # pictures in a block of a sample, and in one pass


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the pictures of a sample are to be.

    Arguments:
        rows: What the networks read, a row for each picture from the first of the sample on.
        labels: The same in the user's words.
    """

    rows: np.ndarray
    labels: np.ndarray


class PictureModel(Pushforward):
    """A picture generator's weights, with the critic's where they were kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its tensors become the user's pictures; it knows the classes.
        latent: The law of the noise.
        generator: Noise (and conditions) -> pixels from -1 to 1.
        critic_net: Pixels (and conditions) -> one logit a picture, or None.
        learning: Whether the generator is still being trained, so that its norms are to be measured anew.
    """

    generator: PictureGenerator
    block = BLOCK

    def __init__(
        self,
        recipe: Recipe,
        codec: Any,
        latent: Latent,
        generator: nn.Module,
        critic_net: nn.Module | None = None,
        *,
        learning: bool = False,
    ) -> None:
        super().__init__(recipe, codec, latent, generator, critic_net)
        self.learning = learning
        self.table = codec.conditions
        self._settled: list[int] = []
        self._remembered: dict[Any, Any] = {}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.generator.parameters()).device

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the generator's weights, and the critic's where asked for."""
        self._settle()
        return super().arrays(with_critic)

    def _settle(self) -> None:
        """Measure the norms of a generator that has learned since."""
        changes = [weight._version for weight in self.generator.parameters()]
        if self.learning and changes != self._settled:
            self._settled = changes
            step = _draws(0, "settle")
            count = min(max(SETTLED_PIXELS // (self.codec.high * self.codec.wide), 64), 512)
            noise = self.latent.draw(step, count).to(self.device)
            self.generator.settle(noise, self.conditions(self._places(step, count)))

    def conditions(self, places: np.ndarray | None) -> Tensor | None:
        """Turn the places of classes into what the networks read."""
        return None if places is None else self._tensor(self.table[places])

    def _tensor(self, rows: np.ndarray) -> Tensor:
        return torch.as_tensor(rows, dtype=torch.float32, device=self.device)

    def _places(self, step: Step, count: int) -> np.ndarray | None:
        """Draw classes as often as they come in the data."""
        if not self.codec.classes:
            return None
        chances = torch.tensor(self.codec.shares, dtype=torch.float64).cumsum(0)
        drawn = torch.searchsorted(chances, step.uniform(count).double(), right=True)
        return drawn.clamp_max(len(chances) - 1).numpy()

    @torch.no_grad()
    def push(self, noise: Tensor, condition: Tensor | None) -> Tensor:
        """Push noise through the generator a few rows at a time."""
        conditions = [None] * len(noise) if condition is None else torch.split(condition, BLOCK)
        pieces = zip(torch.split(noise, BLOCK), conditions, strict=False)
        return torch.cat([self.generator(z.to(self.device), c) for z, c in pieces])

    def drawn(self, seed: int, block: int, candidates: int = 1) -> tuple[Step, Tensor, np.ndarray | None]:
        """Draw noise and classes of one block of a sample, and give what draws on."""
        step = _draws(seed, block)
        noise = self.latent.draw(step, BLOCK * candidates)
        return step, noise, self._places(step, BLOCK)

    def _pieces(self, seed: int, block: int, candidates: int) -> tuple[np.ndarray, np.ndarray | None]:
        step, noise, places = self.drawn(seed, block, candidates)
        condition = self.conditions(places)
        if condition is not None:
            condition = condition.repeat_interleave(candidates, dim=0)
        pictures = self.push(noise, condition)
        if candidates > 1:
            logits = self._logits(pictures, condition).reshape(BLOCK, candidates)
            groups = pictures.reshape(BLOCK, candidates, *pictures.shape[1:])
            pictures = chosen_by_logits(groups, logits, step)
        return (127.5 * (pictures + 1)).cpu().numpy(), places

    def rows(self, n: int, seed: int, start: int = 0, candidates: int = 1) -> Any:
        """Draw encoded pictures `start` to `start + n` of the endless sample that belongs to a seed.

        Arguments:
            n: How many.
            seed: Seeds noise and classes.
            start: The first one.
            candidates: Pictures among which the critic chooses each.
        """
        self._settle()
        made: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}

        def block(number: int) -> np.ndarray:
            made[number] = self._pieces(seed, number, candidates)
            return made[number][0]

        def labels(number: int) -> np.ndarray:
            return np.asarray(made[number][1])

        encoded = {"pictures": np.concatenate(in_blocks(n, block, rows=BLOCK, start=start))}
        if self.codec.classes:
            encoded["labels"] = np.concatenate(in_blocks(n, labels, rows=BLOCK, start=start))
        return encoded

    def sample(
        self,
        n: int,
        given: dict[str, Any] | None = None,
        seed: int | None = None,
        *,
        truncation: float = 1.0,
        edit: Mapping[str | int, float] | None = None,
    ) -> Any:
        """Draw n pictures.

        Arguments:
            n: How many.
            given: `class` or `caption`: a name, or one for each picture; none draws them as often as the data do.
            seed: The same seed gives the same pictures, however many are drawn; None draws fresh ones.
            truncation: Below 1 draws likelier and less varied pictures.
            edit: Steps along directions of the noise, such as {"slant": 1.5}; `directions` lists them.
        """
        rows = self.latents(n, seed, given)
        return self.reproject(latent.truncated(rows, truncation), edit)

    def latents(self, n: int, seed: int | None = None, given: dict[str, Any] | None = None) -> Latents:
        """Give what lies behind the n pictures that `sample` draws with this seed and condition."""
        return latent.latents(self, n, chosen(seed), given)

    def reproject(self, rows: Latents, edit: Mapping[str | int, float] | None = None) -> Any:
        """Make the pictures behind which these rows lie.

        Arguments:
            rows: What `latents` or `invert` gave.
            edit: Steps to go along directions of the noise first, such as {"slant": 1.5}.
        """
        self._settle()
        return latent.pictures(self, directions.moved(rows, directions.edit_step(self, edit)) if edit else rows)

    def interpolate(self, a: int | Latents, b: int | Latents, steps: int, given: dict[str, Any] | None = None) -> Any:
        """Go from one picture to another through the noise, and give the pictures on the way with both ends.

        Arguments:
            a: A seed, for the first picture of its sample, or one row of `latents` or `invert`.
            b: The same for the last picture.
            steps: How many pictures.
            given: What to draw, where a and b are seeds: a class for both, or one for each.
        """
        wishes = [latent.of_one(given, place) for place in (0, 1)]
        first = a if isinstance(a, Latents) else self.latents(1, a, wishes[0])
        last = b if isinstance(b, Latents) else self.latents(1, b, wishes[1])
        return self.reproject(latent.interpolate(self, first, last, steps))

    def walk(self, seed: int, steps: int, given: dict[str, Any] | None = None) -> Any:
        """Go a closed way through the noise; the pictures change little by little and end where they began.

        Arguments:
            seed: The way begins at the first picture of this seed's sample.
            steps: How many pictures; the next one would be the first again.
            given: What to draw.
        """
        rows = self.latents(2, seed, given)
        return self.reproject(latent.walk(self, rows.take([0]), rows.take([1]), steps))

    def directions(self, k: int | None = None, seed: int = 0, by: By = "weights") -> list[Direction]:
        """Find directions of the noise, each named by what a step along it changes most in pictures.

        Arguments:
            k: How many at most; None gives 8, or one for each measure.
            seed: Seeds the draws on which they are found and named.
            by: weights (SeFa), features (principal components) or measures (one for each measure).
        """
        self._settle()
        return directions.directions(self, k, seed, by)

    def invert(self, pictures: Any, steps: int = 200, seed: int = 0) -> Inverted:
        """Find what lies behind pictures of your own; `reproject` makes them again, edited or not.

        Arguments:
            pictures: Like those that the model was fitted on; their labels are used where it knows classes.
            steps: Steps of the search behind the encoder's guess.
            seed: Seeds the encoder, which is trained on the model's own pictures for some seconds at first.
        """
        self._settle()
        return inversion.invert(self, pictures, steps, seed)

    def _repr_html_(self) -> str:
        """Show some pictures in a notebook, a row for each class."""
        wishes: list[dict[str, Any] | None] = [{"class": name} for name in self.codec.classes[:ROWS]] or [None]
        drawn = [self.sample(COLUMNS if wish else 3 * COLUMNS, wish, seed=0) for wish in wishes]
        named = [(wish["class"] if wish else "", getattr(d, "items", d)) for wish, d in zip(wishes, drawn, strict=True)]
        return rows(f"{self.recipe.method} fitted to {self.codec.name}", named, COLUMNS, SYNTHETIC)

    def remembered(self, key: Any, make: Callable[[], Any]) -> Any:
        """Give what was computed before under this key; a model that still learns computes it anew."""
        if self.learning:
            return make()
        if key not in self._remembered:
            self._remembered[key] = make()
        return self._remembered[key]

    def asked(self, given: dict[str, Any] | None) -> Asked | None:
        """Read the condition of a sample."""
        if not given:
            return None
        known = ["caption", "class"] if self.codec.words else ["class"] if self.codec.classes else []
        if len(given) > 1 or not set(given) <= set(known):
            wrong = next((name for name in given if name not in known), " and ".join(given))
            raise UsageError(
                f"{self.recipe.method} cannot sample given {wrong!r}.",
                why=did_you_mean(wrong, known) if known else "It was trained without classes.",
                fix=f"--given {known[0]}=NAME" if known else "Sample without --given.",
                code="E109",
            )
        wish = next(iter(given.values()))
        names = [wish] if isinstance(wish, (str, int, np.integer)) else list(wish)
        if not names:
            raise UsageError(
                "No class is named.",
                why="The list of what to sample is empty.",
                fix=f"--given {known[0]}=NAME",
                code="E109",
            )
        return Asked(rows=self.codec.described(names), labels=self.codec.named(names))

    @torch.no_grad()
    def _logits(self, pictures: Tensor, condition: Tensor | None) -> Tensor:
        conditions = [None] * len(pictures) if condition is None else torch.split(condition, BLOCK)
        pairs = zip(torch.split(pictures, BLOCK), conditions, strict=False)
        with at_rest(self._judge()) as net:
            return torch.cat([(net(p) if c is None else net(p, c)).squeeze(1) for p, c in pairs])

    def opinion(self, encoded: Any) -> np.ndarray:
        """Give the critic's logit for each encoded picture."""
        return self._opinion(np.asarray(encoded["pictures"]), self.conditions(encoded.get("labels")))

    def critic(self, data: Any) -> np.ndarray:
        """Give the critic's logit for each picture: higher is more real. Only differences have a meaning."""
        self._judge()
        labels = self.codec.given_labels(data) if self.codec.classes else None
        condition = None if labels is None else self._tensor(self.codec.described(labels))
        return self._opinion(self.codec.pictures(data), condition)

    def _opinion(self, pictures: np.ndarray, condition: Tensor | None) -> np.ndarray:
        pixels = torch.from_numpy(pictures).to(self.device).float() / 127.5 - 1
        logits: np.ndarray = self._logits(pixels, condition).cpu().numpy()
        return logits

    def refine(self, n: int, seed: int | None = None) -> Any:
        """Draw n pictures, each chosen from eight candidates with chances that the critic's logits give."""
        self._judge()
        return self.codec.decode(self.rows(n, chosen(seed), candidates=CANDIDATES))


def _draws(seed: int, block: int | str) -> Step:
    return lone_step(fold(seed, "sample", block))
