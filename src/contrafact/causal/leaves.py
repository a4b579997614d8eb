"""Causal models of attributes with a leaf: pictures, sound or text that follow from the attributes and cause nothing.

The attributes A are the nodes of a graph with a structural model of its own, the controller; the leaf follows from some
of them and from noise of its own, X = G(pa, Z). So the law of everything is the controller's times P(X | pa), and

    see       P(X | A = a)            units of the controller whose attributes are a, and a leaf for each
    do        P(X | do(A = a))        units of the controller in which A is set; what causes A keeps its law
    imagine   X of the same unit      the unit's own noise, in controller and leaf, in the world in which A is set

(Kocaoglu et al. 2018). A combination of attributes that was rarely seen together is asked of the leaf by `do` far more
often than it is in the data: its conditions are read attribute by attribute (`codecs/crossed.py`).

Reference: Kocaoglu et al., CausalGAN: learning causal implicit generative models with adversarial training, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, fold, generator, in_blocks
from contrafact.codecs.attributes import AttributesCodec
from contrafact.engine.model import Model

POOL, LARGE_POOL, FEWEST = 2**15, 2**18, 100  # units among which those of a condition are looked for; that must meet it


class LeafModel(Model):
    """A controller of attributes, and what makes a leaf of them.

    Arguments:
        recipe: The settings.
        codec: Turns data with attributes into the leaf's numbers and back.
        controller: The structural model of the attributes.
        leaf: The conditional model of the leaf.
        settings: What is set in this model's world.
    """

    codec: AttributesCodec

    def __init__(
        self,
        recipe: Recipe,
        codec: AttributesCodec,
        controller: Any,
        leaf: Any,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(recipe, codec)
        self.controller, self.leaf, self.settings = controller, leaf, dict(settings or {})

    @property
    def nodes(self) -> tuple[str, ...]:
        """The attributes."""
        return self.codec.names

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the weights of both parts."""
        parts = {"controller": self.controller.arrays(with_critic), "leaf": self.leaf.arrays(with_critic)}
        return {f"{name}/{key}": values for name, own in parts.items() for key, values in own.items()}

    def facts(self) -> dict[str, Any]:
        """Say how both parts are made again."""
        return {
            name: {
                "method": part.recipe.method,
                "recipe": part.recipe.settings(),
                "codec": part.codec.to_json(),
                "facts": part.facts(),
            }
            for name, part in (("controller", self.controller), ("leaf", self.leaf))
        }

    def rows(self, n: int, seed: int) -> Any:
        """Draw encoded leaves, their attributes as they come in the data."""
        return self.leaf.rows(n, seed)

    def attributes(self, n: int, given: Mapping[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw the attributes of units, a frame, without their leaves.

        Arguments:
            n: How many.
            given: Attributes that the units have: a value for each name.
            seed: The same seed gives the same units as `sample`.
        """
        n, seed = checked_count(n), chosen(seed)
        if not given:
            return self.codec.shown(self._world().sample(n, seed=seed))
        pool = self._meeting(given, seed)
        places = in_blocks(n, lambda block: generator(seed, "given", block).integers(len(pool), size=BLOCK_ROWS))
        return pool.iloc[np.concatenate(places)].reset_index(drop=True)

    def _world(self) -> Any:
        return self.controller.do(**self.codec.asked(self.settings)) if self.settings else self.controller

    def _meeting(self, given: Mapping[str, Any], seed: int) -> Any:
        """Draw units until enough meet a condition, and give those.

        Raises:
            UsageError: There is no such attribute, or next to no unit meets the condition.
        """
        wanted = self.codec.conditions(given)
        for size in (POOL, LARGE_POOL):
            pool = self.codec.shown(self._world().sample(size, seed=fold(seed, "pool")))
            meets = np.ones(size, dtype=bool)
            for name, value in wanted.items():
                meets &= pool[name].astype(str).to_numpy() == value
            if meets.sum() >= FEWEST:
                return pool[meets]
        raise UsageError(
            f"Next to no unit has {_written(wanted)}: {int(meets.sum())} of {LARGE_POOL:,}.",
            why="What is seen under a condition is learned from units that meet it.",
            fix=f"Give fewer conditions, or set it: do({_written(wanted)}).",
            code="E592",
        )

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw n items with their attributes.

        Arguments:
            n: How many.
            given: Attributes that the items have, such as {"speaker": "george"}: what is seen beside it.
            seed: The same seed gives the same units, in this world and in any other.
        """
        seed = chosen(seed)
        return self._leaves(self.attributes(n, given, seed), seed)

    def _leaves(self, units: Any, seed: int) -> Any:
        """Make the leaf of each unit."""
        wish = {"class": self.codec.combinations(units)} if len(units) else None
        drawn = self.leaf.sample(len(units), given=wish, seed=fold(seed, "leaf"))
        return self.codec.told(drawn, units)

    def unseen(self, units: Any) -> float:
        """Give the share of units whose combination of attributes was not in the data: their leaves are made up of what
        is known of each attribute.
        """
        seen = {name for name, share in zip(self.leaf.codec.classes, self.leaf.codec.shares, strict=True) if share}
        return float(np.mean([name not in seen for name in self.codec.combinations(units)])) if len(units) else 0.0

    def do(self, **settings: Any) -> Self:
        """Give the model of the world in which some attributes are set.

        Arguments:
            settings: For each attribute a value.
        """
        self.controller.do(**self.codec.asked(settings))
        return type(self)(self.recipe, self.codec, self.controller, self.leaf, {**self.settings, **settings})

    def counterfactual(self, data: Any, do: dict[str, Any], draws: int | None = None, seed: int | None = None) -> Any:
        """Give the same items in the world in which some attributes had been set.

        The noise of their attributes is found by the controller, that behind each picture by a search; a picture comes
        back as the generator makes it, which is not pixel by pixel what it was. For drawn items there is no need to
        search: the same seed gives the same units in `sample` and in `do(...).sample`.

        Arguments:
            data: Pictures with their attributes.
            do: What is set.
            draws: None: best guesses of the attributes; m: a list of m random draws.
            seed: The same seed gives the same draws.

        Raises:
            UsageError: The leaf has no way back to its noise.
        """
        if self.codec.kind != "pictures":
            raise UsageError(
                f"What lies behind {self.codec.kind} of your own is not searched for.",
                why="To imagine this very item otherwise, the noise behind it is needed.",
                fix="Imagine drawn ones: model.sample(n, seed=0) beside model.do(...).sample(n, seed=0).",
                code="E593",
            )
        seed = chosen(seed)
        behind = self.leaf.invert(self.codec.marked(data), seed=fold(seed, "invert"))
        worlds = self.controller.counterfactual(self.codec.frame(data), self.codec.asked(do), draws=draws, seed=seed)
        made = [self._imagined(world, behind) for world in (worlds if isinstance(worlds, list) else [worlds])]
        return made if draws is not None else made[0]

    def _imagined(self, world: Any, behind: Any) -> Any:
        units = self.codec.shown(world)
        labels = np.asarray(self.codec.combinations(units))
        rows = replace(behind, conditions=self.leaf.codec.described(labels), labels=labels)
        return self.codec.told(self.leaf.reproject(rows), units)

    def __repr__(self) -> str:
        return f"<{super().__repr__()} under do({_written(self.settings)})>" if self.settings else super().__repr__()


class Rated(LeafModel):
    """The model in training: the leaf's own signs of health are there to be read off."""

    def __init__(self, recipe: Recipe, codec: AttributesCodec, controller: Any, leaf: Any) -> None:
        super().__init__(recipe, codec, controller, leaf)
        for name in ("opinion", "shown", "surprise"):
            if hasattr(leaf, name):
                setattr(self, name, getattr(leaf, name))


def _written(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
