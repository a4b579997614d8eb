"""What if: rows of the world in which something is set, or one row as it would have been.

Without a row this is rung 2 (do): new units under the intervention, beside the same units without it. With a row it is
rung 3 (imagine): that very unit, whose noise is found first. The third rung says which way of finding it was used and
what that assumes beyond the graph, since no data can check it. A question that the graph does not settle is answered by
the fitted model and said to be one answer of many. What the data contradict of the graph is said beside every answer,
where the data are at hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from contrafact.base.abilities import Imagines, Intervenes, abilities
from contrafact.base.data import fingerprint
from contrafact.base.effects import RUNGS
from contrafact.base.errors import DataError, UsageError
from contrafact.causal.contradictions import contradictions
from contrafact.causal.fitted import ABDUCTION, graph_of
from contrafact.causal.graph import Graph
from contrafact.causal.identify.answer import GRAPH_RIGHT
from contrafact.causal.support import unsupported
from contrafact.tasks.read import read_or_open
from contrafact.tasks.runs import find_run

SHOWN, FEW_ROWS = 1000, 20
BADGES = {1: "L1 SEE", 2: "L2 DO", 3: "L3 IMAGINE"}
BY_TYPES = {
    "how": ["response types drawn given the row"],
    "assumptions": ["Hidden causes act as the fitted model says; the data do not fix how."],
    "least_effective": 1.0,
}
FITTED = "The fitted mechanisms are those of the world, also where what is set was rarely seen beside the rest."


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
        effective: The effective sample size behind a row's hidden causes, as a share of what was drawn.
        learned_from: How many rows the model was fitted to.
        graph: The graph over the observed nodes.
    """

    rows: Any
    before: Any
    do: Mapping[str, Any]
    rung: int
    changed: tuple[str, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    how: tuple[str, ...] = field(default=())
    effective: float = 1.0
    learned_from: int = 0
    graph: Graph | None = None

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
            "effective": self.effective,
            "learned_from": self.learned_from,
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
        data: The table that holds the row; without a row, what the graph is held against.
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
    _check_draws(row, draws)
    against: tuple[str, ...] = ()
    if hasattr(data, "iloc"):
        graph, asked = _graph(model), cast("Any", model)
        asked.do(**do)  # refuses what cannot be set before it is looked for in the data
        against = (*contradictions(graph, data, seed), *unsupported(graph, data, do, seed))
    return _set(model, do, n, seed, against) if row is None else _imagined(model, do, row, data, draws, seed, against)


def _check_draws(row: int | None, draws: int | None) -> None:
    if draws is not None and (row is None or draws < 1):
        raise UsageError(
            "Draws are of a row." if row is None else f"{draws} draws are none.",
            why="They show what a row leaves open of what would have been; of new rows there are as many as -n says.",
            fix="--row 0 --draws 20",
            code="E559",
        )


def _set(model: Any, do: Mapping[str, Any], n: int, seed: int, against: tuple[str, ...]) -> Answered:
    before = model.sample(n, seed=seed)
    return Answered(
        rows=model.do(**do).sample(n, seed=seed),
        before=before,
        do=do,
        rung=2,
        changed=_changed(model, do),
        assumptions=(GRAPH_RIGHT, FITTED),
        notes=(*against, *_unsettled(model, do), *_beyond(do, before), *_of_fit(model, do, before)),
        learned_from=_learned_from(model),
        graph=_graph(model),
    )


def _imagined(
    model: Any, do: Mapping[str, Any], row: int, data: Any, draws: int | None, seed: int, against: tuple[str, ...]
) -> Answered:
    if data is None or not 0 <= row < len(data):
        raise UsageError(
            f"There is no row {row}.",
            why="No table was given." if data is None else f"The table has the rows 0 to {len(data) - 1:,}.",
            fix="--data FILE --row 0",
            code="E559",
        )
    before = data.iloc[[row]] if hasattr(data, "iloc") else data.take(np.array([row])).set_axis([row], axis=0)
    _check_whole(before, row, _graph(model))
    made = model.counterfactual(before, dict(do), draws=draws, seed=seed)
    frames = made if isinstance(made, list) else [made]
    settled = all((frames[0][name].to_numpy() == before[name].to_numpy()).all() for name in do)
    same = (f"Row {row} is so already: what would have been is what is.",) if settled else ()
    told = frames[0].attrs.get(ABDUCTION, BY_TYPES)
    return Answered(
        rows=_joined(frames),
        before=before,
        do=do,
        rung=3,
        changed=_changed(model, do),
        assumptions=(GRAPH_RIGHT, FITTED, *told["assumptions"]),
        notes=(*same, *against, *_unsettled(model, do), *_beyond(do, data), *_of_fit(model, do, data), *_weak(told)),
        how=tuple(told["how"]),
        effective=told["least_effective"],
        learned_from=_learned_from(model),
        graph=_graph(model),
    )


def _check_whole(before: Any, row: int, graph: Graph) -> None:
    """Refuse a row of which something is not known.

    Raises:
        DataError: A node's cell is empty.
    """
    holes = [str(name) for name in before.columns if str(name) in graph and before[name].isna().any()]
    if holes:
        raise DataError(
            f"Row {row} has no known value of '{holes[0]}'{f' and {len(holes) - 1} more' if len(holes) > 1 else ''}.",
            why="What would have been is found from all that is known of a row.",
            fix="Take another row, or fill the holes first: contrafact impute.",
            code="E555",
        )


def _beyond(do: Mapping[str, Any], seen: Any) -> tuple[str, ...]:
    """Say where a number is set to what lies outside of all that was seen."""
    found = []
    for column in seen.columns if hasattr(seen, "iloc") and len(seen) >= FEW_ROWS else ():
        value = do.get(str(column))
        if seen[column].dtype.kind not in "iuf" or not isinstance(value, str | int | float):
            continue
        low, high = float(seen[column].min()), float(seen[column].max())
        if not low <= float(value) <= high:
            found.append(
                f"{column} = {value} lies outside of what was seen ({low:.4g} to {high:.4g}): the fitted mechanisms "
                "are carried on beyond the data, on trust."
            )
    return tuple(found)


def _of_fit(model: Any, do: Mapping[str, Any], seen: Any) -> tuple[str, ...]:
    """Say what must be known of the fit: little data, parts of numbers, combinations that were never seen."""
    rows = _learned_from(model)
    few = (f"The model was fitted to {rows:,} row{'' if rows == 1 else 's'}: far too few to trust it.",)
    none = (f"By the graph nothing follows from {', '.join(do)}: no column changes.",)
    enough = hasattr(seen, "iloc") and len(seen) >= FEW_ROWS
    still = [name for name in (*do, *_changed(model, do)) if enough and name in seen and seen[name].nunique() < 2]
    columns = model.codec.schema.columns if hasattr(model.codec, "schema") else ()
    hollow = [str(column.name) for column in columns if column.holes and str(column.name) in _graph(model)]
    holes = (
        f"{', '.join(hollow)} had holes in the rows that were fitted: these cells are taken to be like the others.",
    )
    same = (f"{', '.join(still)} never varied in what was seen: such data tell nothing of what would follow.",)
    return (
        *(same if still else ()),
        *(none if not _changed(model, do) else ()),
        *(holes if hollow else ()),
        *(few if 0 < rows < FEW_ROWS else ()),
        *getattr(model, "notes", ()),
    )


def _learned_from(model: Any) -> int:
    known = getattr(model, "known", {})
    return int(known["rows"]) if known else int(model.codec.schema.rows)


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


def source_of(what: str) -> str:
    """Name what a run was made from, as its own command does; empty where nothing tells, as of a saved model."""
    from contrafact.tasks.sample import place_of

    redo = place_of(what) / "redo.txt"
    words = shlex.split(redo.read_text(encoding="utf-8")) if redo.exists() else []
    return words[2] if len(words) > 2 else ""


def _table(path: str) -> Any:
    found = read_or_open(path)
    if hasattr(found, "columns"):
        return found
    raise DataError(
        f"{path} is no table.",
        why="A row of a table is imagined.",
        fix="Give a .csv, .tsv or .parquet file.",
        code="E203",
    )


def data_or_none(what: str, given: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Find the table behind a run as `data_of` does; where it is not at hand, say what is not known then."""
    if given is not None:
        return data_of(what, given)
    try:
        return data_of(what)
    except (DataError, UsageError):
        return None, ("The table behind the run is not at hand: whether it agrees with the graph was not tested.",)


def data_of(what: str, given: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Find the table that a run was made from, or read the one that was named.

    Arguments:
        what: A run.
        given: A file or a demo set; none: what the run's own command names.

    Returns:
        The table, and what must be said of it.
    """
    if given is not None:
        return _table(given), ()
    run, source = find_run(what), source_of(what)
    if not source or ("." in Path(source).name and not Path(source).exists()):
        raise UsageError(
            f"The table behind {run.name} is not at hand.",
            why=f"Its command names '{source}', which is not here." if source else "Its folder names no table.",
            fix=f"contrafact whatif {what} --do ... --row 0 --data FILE",
            code="E559",
        )
    data = _table(source)
    same = fingerprint(data) == run.document("data").get("fingerprint")
    return data, () if same else (f"{source} has changed since the run was made: its row may be another one.",)
