"""CausalGAN: pictures, sound and text as variables of a causal model.

What is known of an item, its attributes, has a causal graph: who speaks, which word, in which mood. The controller is a
structural model of the attributes, fitted to them alone; the leaf is a conditional generator of the item given its
attributes. Where the item causes nothing and shares no hidden cause with the attributes, both together are a causal
model of everything: P(x, a) = P(a) P(x | a), and do(a_i) changes the controller alone. Its samples under do() are
items as they would be, such as every word in the voice of one speaker, though that speaker never said some of them.

The paper fits the controller by a Wasserstein critic over a generator in the graph's order (`ncm` is that, with hidden
causes and levels) and the leaf by a critic, a labeler and an anti-labeler (`nets/labeler.py`). Here the leaf is any
conditional method, each attribute a condition of its own. Its critic, which judges real items, says nothing of
combinations that the data hardly have, and these are what do() asks for. So all that there are are shown equally often,
and the labeler here looks at items of all that there could be. Of digits drawn in five inks, each mostly in its own, a
classifier recognised 80 % in the worst ink with neither, and 96 % with both (10,000 pictures, 900 steps). A combination
that is never seen is a guess: what always went with an attribute may be taken for it. The anti-labeler is off unless it
is asked for.

Reference: Kocaoglu, Snyder, Dimakis and Vishwanath, CausalGAN: learning causal implicit generative models with
adversarial training, ICLR 2018.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Self

import numpy as np
import torch
from pydantic import BeforeValidator

from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Count, NotNegative, Recipe
from contrafact.base.seeds import fold
from contrafact.causal.fitted import graph_of, written_graph
from contrafact.causal.leaves import LeafModel, Rated
from contrafact.codecs.attributes import AttributesCodec
from contrafact.engine.duel import DuelGame
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.nets.adversarial import make_optimizer
from contrafact.nets.labeler import labelled
from contrafact.zoo.index import find, recipe

LABELING = 3.0
CONTROLLERS = ("ncm", "scm", "discrete")
LEAVES = {"pictures": "r3gan", "sound": "specgan", "text": "lstm"}
EVENLY = {"pictures": {"resample": "equal"}, "sound": {"resample": "equal"}}  # P(x | a) is the same, however often a is


def _part(value: Any) -> Any:
    """Read a recipe that is a part of another: a recipe, its name, or its name and settings."""
    if value is None or isinstance(value, Recipe):
        return value
    settings = {"method": value} if isinstance(value, str) else dict(value)
    try:
        kind = recipe(settings.pop("method"))
        return kind().but(**settings)
    except (UsageError, KeyError) as error:
        raise ValueError(getattr(error, "what", "A part has a method: method=scm,steps=300")) from None


Part = Annotated[Any, BeforeValidator(_part)]


@dataclass(frozen=True, kw_only=True)
class CausalGAN(TrainedRecipe):
    """Fit a causal model of attributes, and a conditional generator of items that follow from them."""

    graph: str | None = None  # of the attributes: "digit -> ink", "word <-> speaker"; none: drawn together, nothing set
    names: dict[str, str] | None = None  # what attributes are called in the graph: digit=part1,speaker=part2
    leaf_parents: tuple[str, ...] | str | None = None  # attributes that the items follow from; none: all
    controller: Part = None  # model of the attributes: ncm, scm or discrete, with settings: method=ncm,steps=500
    leaf: Part = None  # conditional method of the items; none: r3gan or specgan, combinations shown evenly; text: lstm
    picture: Part = None  # the same, where items are pictures
    labeling: NotNegative | None = None  # what the labeler counts: attributes show; none: 3 where the leaf takes one
    anti_labeling: NotNegative = 0.0  # what the anti-labeler counts at first: attributes are not shown all too easily
    steps: Count | None = None  # steps of the leaf; none: its own choice, or from the budget
    width: Count | None = None  # channels of the leaf's networks, or numbers in its memory; none: its own choice

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", written_graph(self.graph))
        if isinstance(self.leaf_parents, str):
            object.__setattr__(self, "leaf_parents", (self.leaf_parents,))
        super().__post_init__()
        if self.picture is not None:
            object.__setattr__(self, "leaf", self.leaf or self.picture)
            object.__setattr__(self, "picture", None)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(controller={"method": "ncm", "steps": 4, "width": 8}, steps=3, width=8)

    def settings(self) -> dict[str, Any]:
        """Give all settings as JSON-ready values, those of the parts with the names of their methods."""
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {k: {"method": v.method, **v.settings()} if isinstance(v, Recipe) else v for k, v in own.items()}

    def training(self, data: Any, **options: Any) -> Training:
        """Fit the controller, and prepare a training of the leaf that can be watched step by step."""
        seed, graph = options.get("seed", 0), graph_of(self.graph)
        codec = AttributesCodec.fit(
            data, nodes=None if graph is None else graph.projected().nodes, names=self.names, parents=self.leaf_parents
        )
        made = self._leaf(codec.kind)
        under = made.training(codec.marked(data), seed=seed, device=options.get("device"))
        controller = self._controller(codec).fit(codec.frame(data), seed=fold(seed, "controller"))
        codec = replace(codec, leaf=under.method.codec)
        method = replace(
            under.method,
            codec=codec,
            steps=made.steps or under.method.steps,
            begin=partial(self._begin, made, codec, under.method.begin),
            model=lambda game: Rated(self, codec, controller, under.method.model(game)),
        )
        training: Training = type(under)(self, data, method, **options)
        training.warnings += [codec.policy, *under.warnings]
        return training

    def _controller(self, codec: AttributesCodec) -> Any:
        """Give the recipe of the controller its graph, and what the columns are."""
        part: Any = self.controller or recipe("ncm")()
        if part.method not in CONTROLLERS:
            raise UsageError(
                f"{part.method} cannot be the controller.",
                why="A controller tells what follows from setting an attribute.",
                fix=f"Use one of {', '.join(CONTROLLERS)}.",
                code="E591",
            )
        return part.but(graph=self.graph or part.graph, columns=codec.roles)

    def _leaf(self, kind: str) -> Any:
        """Choose the method of the leaf."""
        if kind not in LEAVES:
            raise DataError(
                f"causalgan does not learn from {kind}.",
                why=f"Leaves are {', '.join(LEAVES)}.",
                fix="Fit a table with ncm or scm.",
                code="E213",
            )
        part = self.leaf or recipe(LEAVES[kind])().but(**EVENLY.get(kind, {}))
        part = part if self.width is None else part.but(width=self.width)
        fields = part.settings()
        if kind not in find(part.method).kinds or fields.get("conditional", True) is False or not _conditional(part):
            raise UsageError(
                f"{part.method} cannot be the leaf of {kind}.",
                why=f"A leaf is drawn under conditions; {part.method} learns {', '.join(find(part.method).kinds)}.",
                fix=f"Use {LEAVES[kind]}, which is the default here.",
                code="E591",
            )
        return part

    def _begin(
        self, made: Any, codec: AttributesCodec, begin: Callable[..., Any], total: int, device: torch.device
    ) -> Any:
        """Make the leaf's game, with labelers where they are asked for."""
        game = begin(total, device)
        able = type(game) is DuelGame and len(getattr(codec.leaf, "shape", ())) == 3
        labeling = LABELING * able if self.labeling is None else self.labeling
        if not (labeling or self.anti_labeling):
            return game
        if not able:
            raise UsageError(
                f"{made.method} takes no labeler.",
                why="Labelers stand beside a duel over pictures, or over pictures of spectra.",
                fix="Leave labeling and anti_labeling at 0, or take r3gan or specgan for the leaf.",
                code="E594",
            )
        return labelled(
            game,
            shape=codec.leaf.shape,
            width=max((made.width or 64) // 2, 4),
            levels=codec.leaf.crossed,
            labeling=labeling,
            anti_labeling=self.anti_labeling,
            optimizer=lambda net: make_optimizer("adam", net, 1e-3, 0.5),
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> LeafModel:
        """Make a fitted model again."""
        controller, leaf = (_restored(name, facts[name], arrays) for name in ("controller", "leaf"))
        return LeafModel(self, AttributesCodec.from_json(codec, leaf.codec), controller, leaf)


def _conditional(part: Any) -> bool:
    return hasattr(part, "training") and part.method not in ("infogan", "vaegan", "inpaint", "cyclegan")


def _restored(name: str, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    own = {key.removeprefix(f"{name}/"): values for key, values in arrays.items() if key.startswith(f"{name}/")}
    made = recipe(facts["method"])(**facts["recipe"])
    return made.restore(facts["codec"], own, facts["facts"])
