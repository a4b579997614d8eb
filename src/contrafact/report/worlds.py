"""Two worlds, drawn: that both show the data, and that they answer differently."""

from __future__ import annotations

import numpy as np

from contrafact.causal.identify.evaluate import Joint
from contrafact.causal.two_worlds import TwoWorlds
from contrafact.report.bars import Bar, Bars
from contrafact.report.drawing import BLUE, ORANGE
from contrafact.report.figures import Figure
from contrafact.report.lines import Level
from contrafact.report.panels import Cloud, Scatter


def world_figures(worlds: TwoWorlds) -> list[Figure]:
    """Draw both sides of the proof: the same table, two answers.

    Arguments:
        worlds: The two worlds.
    """
    return [_table(worlds), _answers(worlds)]


def _table(worlds: TwoWorlds) -> Figure:
    nodes = worlds.a.law.nodes
    seen = _shares(worlds.observed, nodes)
    clouds = [
        Cloud(name=f"World {world.name}", points=np.stack([seen, _shares(world.law, nodes)], axis=1), color=color)
        for world, color in ((worlds.a, ORANGE), (worlds.b, BLUE))
    ]
    same = worlds.apart < 1e-6
    return Figure(
        finding="Both worlds reproduce the table." if same else "Both worlds come close to the table.",
        sentence=(
            f"Each dot is one combination of values of {', '.join(nodes)}: how often it is in the data, and how often "
            "in a world. On the diagonal they agree; dots of the two worlds that lie on each other are the same."
        ),
        drawing=Scatter(clouds=tuple(clouds), x="share in the data", y="share in the world"),
    )


def _shares(joint: Joint, nodes: tuple[str, ...]) -> np.ndarray:
    return joint.margin(nodes).ravel()


def _answers(worlds: TwoWorlds) -> Figure:
    bars = tuple(Bar(name=f"World {world.name}", value=world.answer) for world in (worlds.a, worlds.b))
    return Figure(
        finding=f"They answer {worlds.a.answer:.3g} and {worlds.b.answer:.3g}.",
        sentence=f"The same data, the same graph, and two answers to {worlds.query}: the data cannot choose.",
        drawing=Bars(bars=bars, x=worlds.query, levels=(Level(name="none", value=0.0),)),
    )
