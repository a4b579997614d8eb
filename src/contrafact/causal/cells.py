"""The whole joint law of a small discrete model: the probability of every cell, given its hidden variables.

With levels alone there are finitely many rows (cells). Given the hidden variables u a cell has the probability
prod_i p_i(v_i | pa_i, u), and every network is run once for each combination of its parents' levels: no level is drawn,
so that gradients are exact but for the mean over u. That mean is taken over points of a lattice with a random shift,
which leaves far less to chance than as many independent draws.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import silu

from contrafact.causal.mechanisms import Bank
from contrafact.causal.scm import Plan, Scm

MOST_CELLS, MOST_CASES = 4096, 1024  # of the joint; combinations of one node's parents
EDGE = 1e-6


def tabulates(plan: Plan) -> bool:
    """Tell whether all cells can be listed."""
    if 0 in plan.sizes or math.prod(plan.sizes) > MOST_CELLS:
        return False
    return max(math.prod(plan.sizes[p] for p in parents) for parents in plan.parents) <= MOST_CASES


class Cells:
    """All cells of a discrete model.

    Arguments:
        plan: The model's parts.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.codes = torch.tensor(list(itertools.product(*map(range, plan.sizes))), dtype=torch.int64)
        self.rows = plan.row(self.codes.float())
        cases = [math.prod(plan.sizes[p] for p in parents) for parents in plan.parents]
        self.cases = torch.zeros(len(plan.sizes), max(cases), plan.width)
        self.case = torch.zeros_like(self.codes)
        for node, parents in enumerate(plan.parents):
            for index, levels in enumerate(itertools.product(*(range(plan.sizes[p]) for p in parents))):
                for parent, level in zip(parents, levels, strict=True):
                    self.cases[node, index, plan.starts[parent] + level] = 1.0
            for parent in parents:
                self.case[:, node] = self.case[:, node] * plan.sizes[parent] + self.codes[:, parent]

    def shares(self, values: np.ndarray) -> Tensor:
        """Give the share of rows in each cell."""
        place = np.ravel_multi_index(values.astype(np.int64).T, self.plan.sizes)
        counts = np.bincount(place, minlength=len(self.codes))
        return torch.from_numpy(counts / len(values)).float()

    def chances(self, model: Scm, hidden: Tensor) -> Tensor:
        """Give the logarithm of each cell's factor of each node, (node, point, cell)."""
        outputs = _outputs(model.bank, self.cases, hidden)
        found = []
        for node, size in enumerate(self.plan.sizes):
            logs = torch.log_softmax(outputs[node][..., :size], dim=-1)
            found.append(logs[:, self.case[:, node], self.codes[:, node]])
        return torch.stack(found)

    def law(self, model: Scm, hidden: Tensor, do: Iterable[int] = ()) -> Tensor:
        """Give the probability of every cell for each of some points, without the factors of nodes that are set."""
        kept = [node for node in range(len(self.plan.sizes)) if node not in set(do)]
        return self.chances(model, hidden)[kept].sum(0).exp()

    def margin(self, shares: Tensor, nodes: Iterable[int]) -> Tensor:
        """Give for each cell the probability of the levels that some nodes have in it."""
        key = torch.zeros(len(self.codes), dtype=torch.int64)
        for node in nodes:
            key = key * self.plan.sizes[node] + self.codes[:, node]
        found: Tensor = torch.zeros(int(key.max()) + 1).index_add(0, key, shares)[key]
        return found


def _outputs(bank: Bank, cases: Tensor, hidden: Tensor) -> Tensor:
    """Run all networks, each in its own cases: (node, point, case, output)."""
    width = cases.shape[2]
    first, line = bank.first * bank.sees, bank.line * bank.sees * bank.moves

    def entered(weight: Tensor) -> Tensor:
        of_case = torch.bmm(cases, weight[:, :width])
        of_point = torch.matmul(hidden, weight[:, width:])
        return of_point.unsqueeze(2) + of_case.unsqueeze(1)

    state = silu(entered(first) + bank.first_bias.unsqueeze(2))
    nodes, points, count, _ = state.shape
    state = silu(torch.baddbmm(bank.second_bias, state.flatten(1, 2), bank.second))
    outputs = torch.baddbmm(bank.last_bias, state, bank.last * bank.bends)
    found: Tensor = outputs.view(nodes, points, count, -1) + entered(line)
    return found


class Lattice:
    """Points of a normal law that lie evenly (a Kronecker sequence), shifted at random.

    Arguments:
        points: How many.
        width: Numbers of each.
    """

    def __init__(self, points: int, width: int) -> None:
        root = 2.0
        for _ in range(60):  # the root of x^(width + 1) = x + 1, which spreads the points best
            root = (1 + root) ** (1 / (width + 1))
        steps = torch.tensor([root ** -(place + 1) for place in range(width)], dtype=torch.float64)
        self.base = (torch.arange(points, dtype=torch.float64)[:, None] * steps) % 1.0

    def normal(self, shift: Tensor) -> Tensor:
        """Give the points, shifted by uniform numbers."""
        uniform = ((self.base + shift.double()) % 1.0).clamp(EDGE, 1 - EDGE)
        found: Tensor = torch.special.ndtri(uniform).float()
        return found


def distance(law: Tensor, shares: Tensor) -> Tensor:
    """Estimate the squared distance of a model's law from shares, as a part of that of the shares from zero.

    The points are two halves that were shifted apart: the product of their errors has the squared error of the mean as
    its expectation, without what chance adds to it.
    """
    half = len(law) // 2
    one, other = law[:half].mean(0) - shares, law[half:].mean(0) - shares
    return (one * other).sum() / (shares**2).sum()
