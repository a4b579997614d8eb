"""What if: rows of the world in which something is set, or one row as it would have been.

Without a row this is rung 2 (do): new units under the intervention, beside the same units without it. With a row it is
rung 3 (imagine): that very unit, whose noise is found first. The third rung says which way of finding it was used and
what that assumes beyond the graph, since no data can check it. A question that the graph does not settle is answered by
the fitted model and said to be one answer of many.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from contrafact.base.abilities import Imagines, Intervenes, abilities
from contrafact.base.data import fingerprint
from contrafact.base.effects import RUNGS
from contrafact.base.errors import UsageError
from contrafact.causal.fitted import ABDUCTION, graph_of
from contrafact.causal.graph import Graph
from contrafact.tasks.read import read_or_open
from contrafact.tasks.runs import find_run

SHOWN = 1000
BADGES = {1: "L1 SEE", 2: "L2 DO", 3: "L3 IMAGINE"}
BY_TYPES = {
    "how": ["response types drawn given the row"],
    "assumptions": ["Hidden causes act as the fitted model says; the data do not fix how."],
    "least_effective": 1.0,
}
DO_ALONE = "The graph is right: arrows and hidden causes that it does not show are not there."


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """Rows of another world.

    Arguments:
        rows: The rows in the world in which something is set.
        before: The same units as they are.
        do: What is set.
        rung: 2 do, 3 imagine.
        changed: The columns that follow from what is set.
        assumptions: What must hold, in words.
        notes: What must be known beside.
        how: How the noise of a row was found.
    """

    rows: Any
    before: Any
    do: Mapping[str, Any]
    rung: int
    changed: tuple[str, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    how: tuple[str, ...] = field(default=())

    @property
    def badge(self) -> str:
        """The rung of the ladder, for people."""
        return BADGES[self.rung]

    def to_json(self) -> dict[str, Any]:
        """Give the answer as JSON-ready values."""
        return {
            "rows": records(self.rows),
            "before": records(self.before),
            "do": {name: str(value) for name, value in self.do.items()},
            "rung": self.rung,
            "badge": RUNGS[self.rung],
            "changed": list(self.changed),
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
            "abduction": list(self.how),
        }


def records(frame: Any) -> list[dict[str, Any]]:
    """Give a frame's rows as JSON-ready values."""
    import json

    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return found


def whatif(
    model: Any,
    do: Mapping[str, Any],
    *,
    row: int | None = None,
    data: Any = None,
    n: int = SHOWN,
    draws: int | None = None,
    seed: int = 0,
) -> Answered:
    """Give rows of the world in which some nodes are set.

    Arguments:
        model: A fitted structural model.
        do: What is set.
        row: The row of the data that is imagined; none: new units.
        data: A table that holds the row.
        n: How many new units.
        draws: Of a row: so many random draws in the place of a best guess.
        seed: The same seed gives the same rows.

    Raises:
        UsageError: The model cannot do this, or there is no such row.
    """
    needed = Intervenes if row is None else Imagines
    if not isinstance(model, needed):
        can = ", ".join(abilities(model)) or "nothing"
        raise UsageError(
            f"{model.recipe.method} cannot tell what follows from an intervention.",
            why=f"It knows how columns go together, not which of them causes which. It can: {can}.",
            fix='contrafact train FILE --recipe scm --set graph="X -> Y; Z -> X"',
            code="E559",
        )
    if not do:
        raise UsageError(
            "Nothing is set.",
            why="A what-if question says what would be otherwise.",
            fix="--do X=1",
            code="E559",
        )
    return _set(model, do, n, seed) if row is None else _imagined(model, do, row, data, draws, seed)


def _set(model: Any, do: Mapping[str, Any], n: int, seed: int) -> Answered:
    return Answered(
        rows=model.do(**do).sample(n, seed=seed),
        before=model.sample(n, seed=seed),
        do=do,
        rung=2,
        changed=_changed(model, do),
        assumptions=(DO_ALONE,),
        notes=_unsettled(model, do),
    )


def _imagined(model: Any, do: Mapping[str, Any], row: int, data: Any, draws: int | None, seed: int) -> Answered:
    if data is None or not 0 <= row < len(data):
        raise UsageError(
            f"There is no row {row}.",
            why="No table was given." if data is None else f"The table has the rows 0 to {len(data) - 1:,}.",
            fix="--data FILE --row 0",
            code="E559",
        )
    before = data.iloc[[row]]
    made = model.counterfactual(before, dict(do), draws=draws, seed=seed)
    frames = made if isinstance(made, list) else [made]
    told = frames[0].attrs.get(ABDUCTION, BY_TYPES)
    return Answered(
        rows=_joined(frames),
        before=before,
        do=do,
        rung=3,
        changed=_changed(model, do),
        assumptions=(DO_ALONE, *told["assumptions"]),
        notes=(*_unsettled(model, do), *_weak(told)),
        how=tuple(told["how"]),
    )


def _joined(frames: list[Any]) -> Any:
    import pandas as pd

    for frame in frames:
        frame.attrs = {}
    return pd.concat(frames)


def _weak(told: Mapping[str, Any]) -> tuple[str, ...]:
    if told["least_effective"] >= 1:
        return ()
    return (f"The hidden causes were weighed with an effective sample size of {100 * told['least_effective']:.0f} %.",)


def _changed(model: Any, do: Mapping[str, Any]) -> tuple[str, ...]:
    graph = _graph(model)
    return tuple(node for node in graph.ordered(graph.descendants(list(do))) if node not in do)


def _graph(model: Any) -> Graph:
    """Give the graph over the observed nodes of a model that has answered already."""
    graph = graph_of(model.recipe.graph)
    assert graph is not None
    return graph.projected()


def _unsettled(model: Any, do: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what the graph does not settle, which the model answers all the same."""
    from contrafact.causal.identify.ask import identify
    from contrafact.causal.query import Event, Query, Setting

    setting, graph = tuple(Setting(name) for name in do), _graph(model)
    asked = {node: Query(name="P", outcomes=(Event(node, None, setting),)) for node in _changed(model, do)}
    ask = getattr(model, "identified", partial(identify, graph))  # a model may know of experiments
    unsettled = [node for node, query in asked.items() if not ask(query)]
    if not unsettled:
        return ()
    names = ", ".join(unsettled)
    return (f"NOT IDENTIFIABLE: {names}. Other models fit the data as well and answer otherwise; this is one of them.",)


def data_of(what: str, given: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Find the table that a run was made from, or read the one that was named.

    Arguments:
        what: A run.
        given: A file or a demo set; none: what the run's own command names.

    Returns:
        The table, and what must be said of it.
    """
    if given is not None:
        return read_or_open(given, "table"), ()
    run = find_run(what)
    redo = run.folder / "redo.txt"
    words = shlex.split(redo.read_text(encoding="utf-8")) if redo.exists() else []
    source = words[2] if len(words) > 2 else ""
    if not source or ("." in Path(source).name and not Path(source).exists()):
        raise UsageError(
            f"The table behind {run.name} is not at hand.",
            why=f"Its command names '{source}', which is not here." if source else "Its folder names no table.",
            fix=f"contrafact whatif {what} --do ... --row 0 --data FILE",
            code="E559",
        )
    data = read_or_open(source, "table")
    same = fingerprint(data) == run.document("data").get("fingerprint")
    return data, () if same else (f"{source} has changed since the run was made: its row may be another one.",)
