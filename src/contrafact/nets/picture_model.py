"""The model of an adversarial method over pictures: noise and a class pushed through the generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, chosen, fold, in_blocks
from contrafact.engine.duel import Latent
from contrafact.engine.play import Step
from contrafact.nets.pictures import PictureGenerator
from contrafact.nets.pushforward import CANDIDATES, Pushforward, chosen_by_logits

SETTLED_PIXELS = 2**20
BLOCK = 64  # pictures in a block of a sample, and in one pass


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
        if self.learning:
            step = _draws(0, "settle")
            count = min(max(SETTLED_PIXELS // (self.codec.high * self.codec.wide), 64), 512)
            noise = self.latent.draw(step, count).to(self.device)
            self.generator.settle(noise, self.conditions(self._places(step, count)))

    def conditions(self, places: np.ndarray | None) -> Tensor | None:
        """Turn the places of classes into what the networks read."""
        if places is None:
            return None
        table = torch.as_tensor(self.codec.conditions, dtype=torch.float32, device=self.device)
        return table[torch.as_tensor(places, device=self.device)]

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
        conditions = [None] * len(noise) if condition is None else condition.split(BLOCK)
        pieces = zip(noise.split(BLOCK), conditions, strict=False)
        return torch.cat([self.generator(z.to(self.device), c) for z, c in pieces])

    def _pieces(
        self, seed: int, block: int, places: np.ndarray | None, candidates: int, truncation: float
    ) -> tuple[np.ndarray, np.ndarray | None]:
        step = _draws(seed, block)
        noise = truncation * self.latent.draw(step, BLOCK * candidates)
        drawn = self._places(step, BLOCK)
        if places is not None:
            wanted = places[block * BLOCK : (block + 1) * BLOCK]
            drawn = np.resize(wanted, BLOCK) if len(wanted) < BLOCK else wanted
        condition = self.conditions(None if drawn is None else np.repeat(drawn, candidates))
        pictures = self.push(noise, condition)
        if candidates > 1:
            logits = self._logits(pictures, condition).reshape(BLOCK, candidates)
            pictures = chosen_by_logits(pictures.unflatten(0, (BLOCK, candidates)), logits, step)
        return (127.5 * (pictures + 1)).cpu().numpy(), drawn

    def rows(
        self,
        n: int,
        seed: int,
        start: int = 0,
        candidates: int = 1,
        *,
        places: np.ndarray | None = None,
        truncation: float = 1.0,
    ) -> Any:
        """Draw encoded pictures `start` to `start + n` of the endless sample that belongs to a seed.

        Arguments:
            n: How many.
            seed: Seeds noise and classes.
            start: The first one.
            candidates: Pictures among which the critic chooses each.
            places: The class of each picture from the first of the sample on; None draws classes as in the data.
            truncation: What the noise is multiplied by: below 1 likelier and less varied pictures.
        """
        self._settle()
        made: dict[int, tuple[np.ndarray, np.ndarray | None]] = {}

        def block(number: int) -> np.ndarray:
            made[number] = self._pieces(seed, number, places, candidates, truncation)
            return made[number][0]

        pictures = np.concatenate(in_blocks(n, block, rows=BLOCK, start=start))
        encoded = {"pictures": pictures}
        if self.codec.classes:
            labels = in_blocks(n, lambda number: made[number][1], rows=BLOCK, start=start)  # type: ignore[arg-type, return-value]
            encoded["labels"] = np.concatenate(labels)
        return encoded

    def sample(
        self, n: int, given: dict[str, Any] | None = None, seed: int | None = None, *, truncation: float = 1.0
    ) -> Any:
        """Draw n pictures.

        Arguments:
            n: How many.
            given: `class`: a class's name, or one for each picture; none draws classes as often as the data hold them.
            seed: The same seed gives the same pictures, however many are drawn; None draws fresh ones.
            truncation: Below 1 draws likelier and less varied pictures.
        """
        n = checked_count(n)
        drawn = self.rows(n, chosen(seed), places=self.asked(given, n), truncation=truncation)
        return self.codec.decode(drawn)

    def asked(self, given: dict[str, Any] | None, n: int) -> np.ndarray | None:
        """Read the condition of a sample as the place of a class for each picture."""
        if not given:
            return None
        if list(given) != ["class"] or not self.codec.classes:
            wrong = next(name for name in given if name != "class" or not self.codec.classes)
            raise UsageError(
                f"{self.recipe.method} cannot sample given {wrong!r}.",
                why=did_you_mean(wrong, ["class"]) if self.codec.classes else "It was trained without classes.",
                fix="--given class=NAME" if self.codec.classes else "Sample without --given.",
                code="E109",
            )
        wish = given["class"]
        names = [wish] if isinstance(wish, (str, int, np.integer)) else list(wish)
        places: np.ndarray = np.resize(self.codec.places(names), n) if n else np.empty(0, dtype=np.int64)
        return places

    @torch.no_grad()
    def _logits(self, pictures: Tensor, condition: Tensor | None) -> Tensor:
        net = self._judge()
        conditions = [None] * len(pictures) if condition is None else condition.split(BLOCK)
        pairs = zip(pictures.split(BLOCK), conditions, strict=False)
        return torch.cat([(net(p) if c is None else net(p, c)).squeeze(1) for p, c in pairs])

    def opinion(self, encoded: Any) -> np.ndarray:
        """Give the critic's logit for each encoded picture."""
        pixels = torch.from_numpy(np.asarray(encoded["pictures"])).to(self.device).float() / 127.5 - 1
        logits: np.ndarray = self._logits(pixels, self.conditions(encoded.get("labels"))).cpu().numpy()
        return logits

    def critic(self, data: Any) -> np.ndarray:
        """Give the critic's logit for each picture: higher is more real. Only differences have a meaning."""
        self._judge()
        return self.opinion(self.codec.encode(data))

    def refine(self, n: int, seed: int | None = None) -> Any:
        """Draw n pictures, each chosen from eight candidates with chances that the critic's logits give."""
        self._judge()
        return self.codec.decode(self.rows(n, chosen(seed), candidates=CANDIDATES))


def _draws(seed: int, block: int | str) -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(fold(seed, "sample", block)))
