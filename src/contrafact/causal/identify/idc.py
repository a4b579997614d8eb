"""IDC: effects among units of which something is known (Shpitser and Pearl 2006, UAI, figure 5).

Rule 2 turns as many conditions as it can into settings; what is left is a ratio of two effects, and the question can be
answered exactly when the numerator can. Conditions that tell nothing go first, by rule 1.
"""

from __future__ import annotations

from contrafact.causal.graph import Graph
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import Expression, Fraction, Sum
from contrafact.causal.identify.factors import OBSERVED, Regimes, effect_from
from contrafact.causal.identify.law import fraction, of_nodes, total
from contrafact.causal.identify.rules import Step, rule_1, rule_2
from contrafact.causal.separation import separated


def conditional_effect(
    outcomes: frozenset[str],
    treatments: frozenset[str],
    conditions: frozenset[str],
    graph: Graph,
    regimes: Regimes = OBSERVED,
    trace: Trace | None = None,
) -> Expression:
    """Give P(outcomes | do(treatments), conditions).

    Arguments:
        outcomes: y.
        treatments: x.
        conditions: z.
        graph: The causal graph.
        regimes: For each kind of data, what was set in it; an empty set for observations.
        trace: Notes the steps, if wanted.

    Raises:
        Hedged: These data do not allow it.
    """
    cut = graph.without_into(treatments)
    for node in graph.ordered(conditions):
        rest = conditions - {node}
        if separated(cut, outcomes, node, treatments | rest):
            if trace:
                trace.note(rule_1(graph, trace.asked(outcomes, treatments, conditions), node))
            return conditional_effect(outcomes, treatments, rest, graph, regimes, trace)
    for node in graph.ordered(conditions):  # line 1
        rest = conditions - {node}
        if separated(cut.without_out_of(node), outcomes, node, treatments | rest):
            if trace:
                trace.note(rule_2(graph, trace.asked(outcomes, treatments, conditions), node))
            return conditional_effect(outcomes, treatments | {node}, rest, graph, regimes, trace)
    if trace:
        trace.narrowed(trace.asked(outcomes | conditions, treatments))
    if not conditions:
        return effect_from(outcomes, treatments, graph, regimes, trace)
    joint = effect_from(outcomes | conditions, treatments, graph, regimes, trace)  # line 2
    over = of_nodes(graph.ordered(outcomes))
    if trace:
        whole = trace.asked(outcomes | conditions, treatments)
        ratio = Fraction(whole, Sum(over, whole))
        asked = trace.asked(outcomes, treatments, conditions)
        trace.note(Step(rule="conditional probability", before=asked, after=ratio, words="its definition"))
    return fraction(joint, total(over, joint))
