"""What identification gives back: a formula with its derivation, or a refusal with its witness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError, NotIdentifiable
from contrafact.causal.graph import Graph
from contrafact.causal.identify import adjustment, evaluate, front_door
from contrafact.causal.identify.evaluate import Sources, Table, joint_of
from contrafact.causal.identify.expression import Expression, Symbol, Symbols, leaves
from contrafact.causal.identify.hedge import Hedge
from contrafact.causal.identify.instruments import Instrument, instruments
from contrafact.causal.identify.printing import latex
from contrafact.causal.identify.rules import Step
from contrafact.causal.query import Query

if TYPE_CHECKING:
    import pandas as pd

Arguments = tuple[tuple[str, Symbol], ...]
GRAPH_RIGHT = "The graph is right: arrows and hidden causes that it does not show are not there."
SAME_UNITS = "The answer speaks of the same units in two worlds, which no data show directly."
SETS = 100


@dataclass(frozen=True, kw_only=True)
class Identified:
    """Whether a question can be answered from data of some kinds, and how.

    Arguments:
        query: The question.
        graph: The graph over observed nodes.
        identifiable: Whether it can be answered.
        strategy: observation, no effect, adjustment, front door, id, idc, experiments, counterfactual, or none.
        why: The reason, in words.
        formula: What to compute; None if it cannot be answered.
        derivation: The steps that lead to it.
        regimes: The kinds of data: what was set in each; nothing in observations.
        adjusted_for: The covariates of an adjustment.
        hedge: The witness of a refusal, where it is a hedge.
        arguments: The symbols that the answer depends on, each with its name.
    """

    query: Query
    graph: Graph
    identifiable: bool
    strategy: str
    why: str
    formula: Expression | None = None
    derivation: tuple[Step, ...] = ()
    regimes: tuple[frozenset[str], ...] = (frozenset(),)
    adjusted_for: tuple[str, ...] = ()
    hedge: Hedge | None = None
    arguments: Arguments = field(default=(), repr=False)

    def __bool__(self) -> bool:
        return self.identifiable

    @property
    def expression(self) -> str:
        """The formula as text; empty if there is none."""
        return "" if self.formula is None else str(self.formula)

    def latex(self) -> str:
        """Write the formula in LaTeX; empty if there is none."""
        return "" if self.formula is None else latex(self.formula)

    @property
    def rung(self) -> int:
        """1 see, 2 do, 3 imagine."""
        return self.query.rung

    @property
    def treatments(self) -> frozenset[str]:
        """What the question sets."""
        if self.query.treatment is not None:
            return frozenset([self.query.treatment])
        return frozenset(setting.node for event in self.query.outcomes for setting in event.do)

    @property
    def outcomes(self) -> frozenset[str]:
        """What the question asks about."""
        return frozenset(event.node for event in self.query.outcomes) - self.treatments

    @cached_property
    def adjustment_sets(self) -> tuple[tuple[str, ...], ...]:
        """All minimal sets of covariates that give the effect of the treatments, small ones first."""
        if not self.treatments or not self.outcomes:
            return ()
        found = adjustment.minimal_sets(self.graph, self.treatments, self.outcomes, SETS)
        return tuple(map(self.graph.sorted, found))

    @cached_property
    def optimal_adjustment(self) -> tuple[str, ...] | None:
        """The set with the smallest asymptotic variance; None where hidden causes leave none that is always best."""
        if not self.treatments or not self.outcomes:
            return None
        found = adjustment.optimal_set(self.graph, self.treatments, self.outcomes)
        return None if found is None else self.graph.sorted(found)

    def _single(self) -> tuple[str, str] | None:
        one = len(self.treatments) == 1 and len(self.outcomes) == 1
        return (next(iter(self.treatments)), next(iter(self.outcomes))) if one else None

    @cached_property
    def front_doors(self) -> tuple[tuple[str, ...], ...]:
        """All minimal sets of mediators that open the front door."""
        pair = self._single()
        return tuple(map(self.graph.sorted, front_door.front_doors(self.graph, *pair, SETS))) if pair else ()

    @cached_property
    def instruments(self) -> tuple[Instrument, ...]:
        """Nodes that move the treatment and reach the outcome no other way."""
        pair = self._single()
        return instruments(self.graph, *pair) if pair else ()

    @cached_property
    def remedies(self) -> tuple[str, ...]:
        """What would make a question answerable that is not; nothing if it is."""
        from contrafact.causal.identify.remedies import remedies

        return () if self.identifiable else remedies(self)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the answer rests on and data cannot prove."""
        told = [GRAPH_RIGHT]
        if self.formula is not None:
            told.append("Every combination of values that the formula conditions on occurs.")
        if self.rung == 3:
            told.append(SAME_UNITS)
        return tuple(told)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if not self.identifiable:
            return f"{self.query}: NOT IDENTIFIABLE. {self.why}"
        ways = {
            "observation": "from what is seen",
            "no effect": "and zero"
            if str(self.formula) == "0"
            else "without any adjustment: nothing that is set matters",
            "adjustment": f"by adjustment for {{{', '.join(self.adjusted_for)}}}"
            if self.adjusted_for
            else "as it stands",
            "front door": "through the front door",
            "experiments": "with the help of experiments",
            "counterfactual": "by tracing its worlds through the graph",
        }
        return f"{self.query}: IDENTIFIABLE {ways.get(self.strategy, 'by the rules of do-calculus')}."

    def refusal(self) -> NotIdentifiable:
        """Make the error that says why there is no answer, and what would give one."""
        fix = "; ".join(self.remedies[:3]) or "Ask for bounds instead of a value."
        return NotIdentifiable(f"{self.query} cannot be identified.", why=self.why, fix=f"{fix}", code="E510")

    def evaluate(
        self, joint: pd.Series[float] | None = None, experiments: Mapping[Any, pd.Series[float]] | None = None
    ) -> pd.Series[float] | float:
        """Compute the answer from probabilities.

        Arguments:
            joint: Probabilities over a MultiIndex of all observed variables, named after the nodes.
            experiments: For each set of nodes that were set at random, the probabilities of all variables in that
                experiment. Keys are a name or a tuple or set of names.

        Returns:
            For a distribution, a Series over the levels of treatments, conditions and outcomes; for an effect a number,
            or a Series over the levels of its conditions.

        Raises:
            NotIdentifiable: There is no answer.
            DataError: The probabilities do not fit, or say nothing about a case that the answer needs.
        """
        if self.formula is None:
            raise self.refusal()
        joints = {_regime(key): series for key, series in (experiments or {}).items()}
        if joint is not None:
            joints[frozenset()] = joint
        nodes = self.graph.observed
        sources = Sources(
            joints={regime: joint_of(series, nodes) for regime, series in joints.items()},
            default=self.query.default,
        )
        if not joints:
            sources.joint(frozenset())
        table = evaluate.evaluate(self.formula, sources)
        return self._laid_out(table, sources)

    def _laid_out(self, table: Table, sources: Sources) -> pd.Series[float] | float:
        names = [name for name, _ in self.arguments]
        every: Symbols = tuple(symbol for _, symbol in self.arguments)
        levels = [list(sources.levels[symbol.node]) for symbol in every]
        values = table.values.transpose([table.symbols.index(s) for s in every if s in table.symbols])
        for axis, symbol in enumerate(every):
            if symbol not in table.symbols:
                values = np.expand_dims(values, axis)
        values = np.broadcast_to(values, [len(level) for level in levels])
        if not every:
            return self._number(float(values))
        import pandas as pd

        index = (
            pd.MultiIndex.from_product(levels, names=names) if len(names) > 1 else pd.Index(levels[0], name=names[0])
        )
        return pd.Series(values.reshape(-1), index=index, name=str(self.query))

    def _number(self, value: float) -> float:
        if np.isfinite(value):
            return value
        needed = {s.node for leaf in leaves(self.formula) for s in (*leaf.given, *leaf.do)} if self.formula else set()
        raise DataError(
            f"{self.query} has no value in these data.",
            why=f"The formula conditions on combinations of {', '.join(self.graph.sorted(needed))} that never occur.",
            fix="Merge levels, leave such units out of the question, or get data where those combinations occur.",
            code="E517",
        )

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {
            "query": str(self.query),
            "identifiable": self.identifiable,
            "strategy": self.strategy,
            "expression": self.expression,
            "latex": self.latex(),
            "why": self.why,
            "rung": self.rung,
            "derivation": [_step(step) for step in self.derivation],
            "adjustment_sets": [list(each) for each in self.adjustment_sets],
            "front_doors": [list(each) for each in self.front_doors],
            "instruments": [str(each) for each in self.instruments],
            "hedge": {"larger": list(self.hedge.larger), "smaller": list(self.hedge.smaller)} if self.hedge else None,
            "remedies": list(self.remedies),
            "assumptions": list(self.assumptions),
        }

    def __str__(self) -> str:
        return "\n".join([self.verdict, *([f"  = {self.expression}"] if self.identifiable else [])])

    def _repr_html_(self) -> str:
        from html import escape

        formula = f"<p>$${escape(self.latex())}$$</p>" if self.identifiable else ""
        return f"<div><p>{escape(self.verdict)}</p>{formula}</div>"


def _regime(key: Any) -> frozenset[str]:
    return frozenset([key] if isinstance(key, str) else key)


def _step(step: Step) -> dict[str, str]:
    return {"rule": step.rule, "before": str(step.before), "after": str(step.after), "reason": step.reason}
