"""Discover: arrows between the columns of a table, with a confidence each, as hypotheses to be judged by people.

Methods see how columns vary together, and assume what no data can show: that there are no hidden common causes (all but
FCI), no cycles, and a certain form of mechanism or noise. The confidence of an arrow says in how many resampled tables
the same method finds it again, not how likely it is to be true. On data where much is known the graph without any
arrow is often as near to the truth as what methods draw, counted in wrong edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.recipe import Recipe
from contrafact.causal.edges import Knowledge, arrows, edge_table
from contrafact.codecs.coordinates import CoordinatesCodec
from contrafact.codecs.schema import Role
from contrafact.zoo.index import recipe

if TYPE_CHECKING:
    import pandas as pd

OURS, SEARCHED = ("sam", "dagma"), ("pc", "ges", "fci", "lingam")
METHODS = (*OURS, *SEARCHED)
HYPOTHESES = (
    "Arrows are hypotheses: a confidence says how often the method finds the arrow again on resampled rows, not how "
    "likely it is to be true."
)
NO_HIDDEN = "Assumed: no hidden common causes and no cycles. A hidden cause of two columns may appear as an arrow."
EMPTY = "Count against it the graph without arrows: on well-studied data it is often as near to the truth."


@dataclass(kw_only=True)
class Discovering:
    """A table and a method, ready to look for arrows.

    Arguments:
        method: The method's name.
        codec: Knows the columns.
        training: The training to watch; none for methods that search.
        encoded: The rows.
        known: What is known beforehand.
        seed: Seeds everything.
        bootstrap: How many resamples are searched.
        alpha: The level of tests.
    """

    method: str
    codec: CoordinatesCodec
    training: Any
    encoded: Any
    known: Knowledge
    seed: int
    bootstrap: int | None = None
    alpha: float = 0.05

    def result(self) -> pd.DataFrame:
        """Give the edges; a training that was not watched is made now."""
        if self.training is not None:
            model = self.training.model if self.training.model is not None else self.training.finish()
            return self._told(model.edges(), len(model.chances))
        from contrafact.causal.discovery import RESAMPLES, search

        bootstrap = RESAMPLES if self.bootstrap is None else self.bootstrap
        found = search(
            self.method,
            self.codec,
            self.encoded,
            self.known,
            seed=self.seed,
            bootstrap=bootstrap,
            alpha=self.alpha,
        )
        edges = edge_table(self.codec.names, found.arrows)
        if found.hidden is not None:
            pairs = edge_table(self.codec.names, found.hidden).rename(columns={"confidence": "hidden"})
            edges = edges.merge(pairs, on=["source", "target"], how="left", sort=False)
        failed = (f"{found.failed} resamples could not be searched, and do not count.",) if found.failed else ()
        return self._told(edges, found.runs, failed)

    def _told(self, edges: pd.DataFrame, runs: int, more: tuple[str, ...] = ()) -> pd.DataFrame:
        """Write beside the edges what must be known."""
        once = ("One run only: confidences are all or nothing.",) if runs == 1 else ()
        hidden = () if self.method == "fci" else (NO_HIDDEN,)
        edges.attrs.update(
            method=self.method,
            runs=runs,
            rows=len(self.encoded),
            variables=list(self.codec.names),
            notes=[*self.codec.notes, *more, *once, HYPOTHESES, *hidden, EMPTY],
        )
        return edges


def prepare(
    df: Any,
    method: str | Recipe = "sam",
    *,
    seed: int = 0,
    bootstrap: int | None = None,
    budget: str | None = None,
    tiers: Sequence[Sequence[str]] | None = None,
    forbid: Iterable[Any] | None = None,
    require: Iterable[Any] | None = None,
    columns: dict[str, Role] | None = None,
    alpha: float = 0.05,
    run_dir: Any = None,
    device: str | None = None,
    **settings: Any,
) -> Discovering:
    """Make everything ready to look for arrows; the arguments are those of `discover`, and `run_dir` and `device`."""
    chosen = method.method if isinstance(method, Recipe) else str(method).lower()
    _check_method(chosen, method)
    _check_numbers(chosen, bootstrap, alpha)
    own = isinstance(method, Recipe) and getattr(method, "columns", None)
    codec = CoordinatesCodec.fit(df, columns=columns or own or None)
    forbid, require = (_pairs(given, codec.names) for given in (forbid, require))
    tiers = tuple((names,) if isinstance(names, str) else tuple(map(str, names)) for names in tiers or ()) or None
    known = Knowledge.read(codec.names, tiers=tiers, forbid=forbid, require=require)
    rest: dict[str, Any] = {"known": known, "seed": seed, "bootstrap": bootstrap, "alpha": alpha}
    if chosen in SEARCHED:
        _refuse_settings(chosen, settings)
        return Discovering(method=chosen, codec=codec, training=None, encoded=codec.encode(df), **rest)
    base: Any = method if isinstance(method, Recipe) else recipe(chosen)()
    told = {"runs": bootstrap, "tiers": tiers, "forbid": forbid, "require": require, "columns": columns}
    made = base.but(**{name: value for name, value in told.items() if value}, **settings)
    training = made.training(df, seed=seed, budget=budget, run_dir=run_dir, device=device)
    return Discovering(method=chosen, codec=training.method.codec, training=training, encoded=training.rows, **rest)


def _check_method(chosen: str, asked: str | Recipe) -> None:
    if chosen not in METHODS:
        raise UsageError(
            f"There is no method of discovery '{asked}'.",
            why=did_you_mean(chosen, METHODS),
            fix=f"One of: {', '.join(METHODS)}.",
            code="E587",
        )


def _refuse_settings(chosen: str, settings: Mapping[str, Any]) -> None:
    if settings:
        raise UsageError(
            f"{chosen} has no setting '{next(iter(settings))}'.",
            why="It takes bootstrap, alpha and what is known beforehand.",
            fix=f'contrafact.discover(df, method="{chosen}", bootstrap=32, alpha=0.05)',
            code="E101",
        )


def _check_numbers(method: str, bootstrap: int | None, alpha: float) -> None:
    """Refuse numbers that mean nothing.

    Raises:
        UsageError: The level of tests is no chance, or there are too few resamples.
    """
    if not 0 < alpha < 1:
        raise UsageError(
            f"alpha = {alpha:g} is no level of a test.",
            why="It is the chance of a false alarm, between 0 and 1.",
            fix="--alpha 0.05",
            code="E102",
        )
    least = 1 if method in OURS else 0
    if bootstrap is not None and bootstrap < least:
        raise UsageError(
            f"{bootstrap} resampled tables are too few.",
            why="A confidence is the share of them in which an arrow is found; "
            + ("at least one is trained on." if least else "0 searches the rows as they are, once."),
            fix="--bootstrap 8",
            code="E102",
        )


def _pairs(given: Iterable[Any] | None, names: Sequence[str]) -> tuple[tuple[str, str], ...] | None:
    return tuple(arrows(given, names)) or None


def discover(
    df: Any,
    method: str | Recipe = "sam",
    seed: int = 0,
    *,
    bootstrap: int | None = None,
    budget: str | None = None,
    tiers: Sequence[Sequence[str]] | None = None,
    forbid: Iterable[Any] | None = None,
    require: Iterable[Any] | None = None,
    columns: dict[str, Role] | None = None,
    alpha: float = 0.05,
    **settings: Any,
) -> pd.DataFrame:
    """Look for arrows between the columns of a table, and say how sure each is.

    Arguments:
        df: A frame. Rows with holes are left out; columns that never vary, keys and free text are no variables: both
            are said in `.attrs["notes"]`.
        method: "sam" (adversarial mechanisms; the default), "dagma", or by causal-learn "pc", "ges", "fci", "lingam";
            or a recipe such as `zoo.SAM(runs=16)`.
        seed: Seeds everything.
        bootstrap: How many resampled tables: 8 for sam and dagma, 32 for the others, unless said.
        budget: Time to use, like "10m" (sam and dagma).
        tiers: Groups of columns in the order of time: nothing is caused by what comes after it.
        forbid: Arrows that cannot be: "b -> a", or pairs of names.
        require: Arrows that there are.
        columns: What columns are, where the guess is wrong.
        alpha: The level of tests (pc, fci).
        settings: Settings of sam or dagma.

    Returns:
        `source`, `target`, `confidence` for every ordered pair of variables, the surest first; with fci also `hidden`,
        how often the pair has a hidden common cause. `contrafact.causal.edges.graph_of` draws a graph of it.

    Raises:
        DataError: Too few rows or variables, or columns that the method cannot compare.
        UsageError: The method, a name or a setting is unknown, or what is known contradicts itself.
    """
    job = prepare(
        df,
        method,
        seed=seed,
        bootstrap=bootstrap,
        budget=budget,
        tiers=tiers,
        forbid=forbid,
        require=require,
        columns=columns,
        alpha=alpha,
        **settings,
    )
    return job.result()
