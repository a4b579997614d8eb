"""The models of methods over text: lines drawn symbol by symbol, and how likely known ones are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import chosen, fold, in_blocks
from contrafact.engine.items import count
from contrafact.engine.model import Model
from contrafact.engine.packing import weights_of
from contrafact.nets.pushforward import CANDIDATES, at_rest
from contrafact.nets.sequences import Lines, SequenceGenerator

BLOCK = 256  # lines in a block of a sample, and in one pass


def lines_of(codec: Any) -> Lines:
    """Read off a codec what lines look like."""
    return Lines(
        symbols=codec.end,
        places=codec.longest,
        ends=codec.ends,
        unknown=codec.unknown,
        classes=len(codec.classes),
        crossed=codec.crossed,
    )


@dataclass
class Exam:
    """The encoded lines that a training learns from and those that it holds out, known once it has split its data."""

    rows: dict[str, np.ndarray] = field(default_factory=dict)
    held: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What lines are asked for.

    Arguments:
        kinds: The place of each line's class, repeated over and over; None draws classes as often as the data do.
        prefix: How every line begins.
        temperature: What logits are divided by.
    """

    kinds: np.ndarray | None = None
    prefix: Tensor | None = None
    temperature: float = 1.0


class SequenceModel(Model):
    """A generator of lines.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its codes become the user's lines; it knows the classes.
        generator: Symbols read so far -> the next one.
        exam: What is held out, while the model is being trained and that is to be told.
    """

    def __init__(self, recipe: Recipe, codec: Any, generator: SequenceGenerator, exam: Exam | None = None) -> None:
        super().__init__(recipe, codec)
        self.generator, self.exam, self.lines = generator, exam, lines_of(codec)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.generator.bias.device

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights."""
        return weights_of(generator=self.generator)

    def _kinds(self, wish: Wish, block: int, size: int, source: torch.Generator) -> np.ndarray | None:
        if not self.lines.classes:
            return None
        if wish.kinds is not None:
            return wish.kinds[np.arange(block * size, (block + 1) * size) % len(wish.kinds)]
        chances = torch.tensor(self.codec.shares, dtype=torch.float64).cumsum(0)
        drawn = torch.searchsorted(chances, torch.rand(size, generator=source, dtype=torch.float64), right=True)
        return drawn.clamp_max(len(chances) - 1).numpy()

    def _block(self, wish: Wish, seed: int, block: int, size: int = BLOCK, fan: int = 1) -> dict[str, Tensor]:
        """Draw a block of lines, each some times over."""
        source = torch.Generator().manual_seed(fold(seed, "sample", block))
        places = self._kinds(wish, block, size, source)
        kinds = None if places is None else torch.from_numpy(places).repeat_interleave(fan).to(self.device)
        chance = torch.rand(size * fan, self.lines.places, generator=source).to(self.device)
        with at_rest(self.generator):
            codes = self.generator.sample(chance, kinds, wish.prefix, wish.temperature, self.lines.unknown)
        found = {"codes": codes.int()}
        return found if kinds is None else {**found, "labels": kinds}

    def rows(self, n: int, seed: int, start: int = 0, wish: Wish | None = None) -> dict[str, np.ndarray]:
        """Draw encoded lines `start` to `start + n` of the endless sample that belongs to a seed."""
        asked = self._asked(None) if wish is None else wish
        blocks: dict[int, dict[str, np.ndarray]] = {}

        def drawn(number: int) -> np.ndarray:
            blocks[number] = {k: v.cpu().numpy() for k, v in self._block(asked, seed, number).items()}
            return blocks[number]["codes"]

        found = {"codes": np.concatenate(in_blocks(n, drawn, rows=BLOCK, start=start))}
        if self.lines.classes:
            labels = in_blocks(n, lambda number: blocks[number]["labels"], rows=BLOCK, start=start)
            found["labels"] = np.concatenate(labels)
        return found if self.exam is None else {**found, "surprise": self._surprise(n)}

    def _surprise(self, n: int) -> np.ndarray:
        """Give -log p of the held-out lines, over and over, for as many rows as are asked for."""
        assert self.exam is not None
        own = self.surprise(self.exam.held)
        return own[np.arange(n) % len(own)]

    def surprise(self, encoded: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give -log p of encoded lines, ends included."""
        found = []
        for first in range(0, count(dict(encoded)), BLOCK):
            part = {k: torch.from_numpy(v[first : first + BLOCK]).to(self.device) for k, v in encoded.items()}
            with at_rest(self.generator):
                found.append(self.generator.nll(part["codes"].long(), part.get("labels")).cpu())
        return torch.cat(found).numpy() if found else np.empty(0)

    def log_prob(self, data: Any) -> np.ndarray:
        """Give each line's log-probability, its end included; a rare word counts as the one unknown word.

        Lines without labels are taken to be of each class as often as the data are. Where all lines that were learned
        have one length, lines of any other are impossible.
        """
        encoded = self.codec.encode(data)
        width = max((len(row) for row in encoded), default=0) + 1
        codes = np.full((len(encoded), width if self.lines.ends else self.lines.places), self.lines.end, dtype=np.int32)
        for place, row in enumerate(encoded):
            codes[place, : len(row)] = row[: codes.shape[1]]
        found = self._of_codes(codes, getattr(data, "labels", None))
        if not self.lines.ends:
            found[[len(row) != self.lines.places for row in encoded]] = -np.inf
        return found

    def _of_codes(self, codes: np.ndarray, labels: Any) -> np.ndarray:
        """Give the log-probability of each row of codes, under its class or under all of them."""
        if not self.lines.classes:
            return -self.surprise({"codes": codes})
        if labels is not None:
            return -self.surprise({"codes": codes, "labels": self.codec.places(labels)})
        every = [
            np.log(share) - self.surprise({"codes": codes, "labels": np.full(len(codes), place)})
            for place, share in enumerate(self.codec.shares)
        ]
        found: np.ndarray = np.logaddexp.reduce(every)
        return found

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw n lines.

        Arguments:
            n: How many.
            given: `prefix`: how every line begins; `class`: a name, or one for each line; `temperature`: below 1 draws
                likelier and less varied lines.
            seed: The same seed gives the same lines, however many are drawn; None draws fresh ones.
        """
        return self.codec.decode(self.rows(n, chosen(seed), wish=self._asked(given)))

    def _asked(self, given: dict[str, Any] | None) -> Wish:
        """Read the condition of a sample."""
        recipe: Any = self.recipe
        known = ["prefix", "temperature", *(["class"] if self.lines.classes else [])]
        for name in given or {}:
            if name not in known:
                raise UsageError(
                    f"Lines cannot be drawn given {name!r}.",
                    why=did_you_mean(str(name), known),
                    fix='Give how a line begins: given={"prefix": ...}, or --given prefix=...',
                    code="E105",
                )
        wish = given or {}
        prefix = torch.from_numpy(self.codec.encode_line(wish["prefix"], known=True)) if "prefix" in wish else None
        return Wish(
            kinds=self.codec.places(_names(wish["class"])) if "class" in wish else None,
            prefix=None if prefix is None else prefix.to(self.device),
            temperature=_temperature(wish.get("temperature", recipe.temperature)),
        )


def _names(wish: Any) -> np.ndarray:
    """Read one class or one for each line."""
    names = np.atleast_1d(np.asarray(wish))
    if not len(names):
        raise UsageError(
            "No class is named.",
            why="The list of what to sample is empty.",
            fix="--given class=NAME",
            code="E109",
        )
    return names


def _temperature(value: Any) -> float:
    try:
        temperature = float(value)
    except (TypeError, ValueError):
        temperature = 0.0
    if not 0 < temperature < np.inf:
        raise UsageError(
            f"The temperature {value!r} cannot be used.",
            why="It is what logits are divided by: a number above 0; 1 draws from the learned law itself.",
            fix="--given temperature=0.8",
            code="E645",
        )
    return temperature


class JudgedSequenceModel(SequenceModel):
    """A generator of lines, with the critic that it was trained against where that was kept.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: How its codes become the user's lines.
        generator: Symbols read so far -> the next one.
        critic_net: Lines (and classes) -> logits, of each place or of each line; or None.
    """

    def __init__(
        self, recipe: Recipe, codec: Any, generator: SequenceGenerator, critic_net: nn.Module | None = None
    ) -> None:
        super().__init__(recipe, codec, generator)
        self.critic_net = critic_net

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the generator's weights, and the critic's where asked for."""
        return weights_of(generator=self.generator, critic=self.critic_net if with_critic else None)

    def _judge(self) -> nn.Module:
        if self.critic_net is None:
            raise UsageError(
                "This model has no critic.",
                why="A saved model leaves its critic out unless it is asked for.",
                fix="Save it with with_critic=True, or use the run's folder, which keeps it.",
                code="E110",
            )
        return self.critic_net

    @torch.no_grad()
    def _opinion(self, codes: Tensor, kinds: Tensor | None) -> Tensor:
        targets = codes.long()
        with at_rest(self._judge()) as net:
            logits: Tensor = net(targets, kinds)
        if logits.dim() == 1:
            return logits
        counted = self.lines.counted(targets) if logits.shape == targets.shape else torch.ones_like(logits)
        return (logits * counted).sum(1) / counted.sum(1)

    def opinion(self, encoded: Mapping[str, np.ndarray]) -> np.ndarray:
        """Give the critic's logit for each encoded line; of a critic of places, their mean."""
        found = []
        for first in range(0, count(dict(encoded)), BLOCK):
            part = {k: torch.from_numpy(v[first : first + BLOCK]).to(self.device) for k, v in encoded.items()}
            found.append(self._opinion(part["codes"], part.get("labels")).cpu())
        return torch.cat(found).numpy() if found else np.empty(0)

    def critic(self, data: Any) -> np.ndarray:
        """Give the critic's logit for each line: higher is more real. Only differences have a meaning."""
        self._judge()
        return self.opinion(self.codec.matrix(data))

    def refine(self, n: int, seed: int | None = None) -> Any:
        """Draw n lines, each chosen from eight candidates with chances that the critic's logits give."""
        self._judge()
        start, wish = chosen(seed), self._asked(None)
        size = BLOCK // CANDIDATES
        blocks = in_blocks(n, lambda number: self._chosen(wish, start, number, size), rows=size)
        return self.codec.decode({"codes": np.concatenate(blocks)} if not self.lines.classes else _merged(blocks))

    def _chosen(self, wish: Wish, seed: int, block: int, size: int) -> np.ndarray:
        """Choose each line of a block among its candidates."""
        drawn = self._block(wish, seed, block, size, CANDIDATES)
        logits = self._opinion(drawn["codes"], drawn.get("labels")).view(size, CANDIDATES)
        source = torch.Generator().manual_seed(fold(seed, "refine", block))
        chance = torch.rand(size, CANDIDATES, generator=source).clamp_min(1e-12).to(self.device)
        best = (logits - (-chance.log()).log()).argmax(1)
        own = torch.arange(size, device=self.device) * CANDIDATES + best
        rows = torch.cat([part[own].view(size, -1) for part in drawn.values()], dim=1)
        found: np.ndarray = rows.cpu().numpy()
        return found


def _merged(blocks: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Part codes from the classes behind them."""
    rows = np.concatenate(blocks)
    return {"codes": rows[:, :-1], "labels": rows[:, -1]}
