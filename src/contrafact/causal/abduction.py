"""Abduction: the noise behind observed rows, so that the same units can be run in other worlds.

    a number, additive, affine or monotone     its noise is found exactly, by the closed inverse of its mechanism
    levels                                     Gumbel noise drawn from its law given the level (the top-down way)
    hidden common causes                       importance sampling: candidates u ~ q, weights p(u) p(v | u) / q(u)
    a free number                              as hidden causes, with exp(-(v - f(u))² / 2h²) in the place of p(v | u)

The candidates come from the law of hidden variables at first, and then from normal laws around those that fitted, mixed
with the former so that no weight explodes. How many candidates the weights amount to is the effective sample
size, (sum w)² / sum w²; where it is under one in twenty, the answer would rest on a few lucky draws, and is refused.

Given the hidden variables the noise of nodes is exact, since every number's density is known. Which noise belongs to
which value is an assumption that no data can check: that mechanisms of numbers rise in their noise, and that levels are
chosen by the largest of utilities with Gumbel noise (Oberst and Sontag 2019).

References: Pearl, Causality, section 7.1; Maddison, Tarlow and Minka 2014, A* sampling; Cappé, Guillin, Marin and
Robert 2004, Population Monte Carlo, Journal of Computational and Graphical Statistics 13.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from contrafact.base.errors import DataError
from contrafact.causal.mechanisms import chances, gumbel_behind, noise_of
from contrafact.causal.scm import Noise, Scm

LEAST_EFFECTIVE = 0.05
CANDIDATES, CENTRES, PRIOR = 512, 16, 0.2  # for each row; to look around; share that stays with the law of U
ROUNDS = ((0.3, 0.7), (0.6, 0.5), (1.0, 0.4))  # how strongly weights count, and how wide the laws around centres are
MORE = 8  # so many times the candidates, for rows for which too few were good
BANDWIDTH = 0.1  # of a free number, in standard deviations of its column
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Abduced:
    """The noise behind rows, drawn some times.

    Arguments:
        draws: Noise for all rows, once for each draw.
        how: What was used, in words.
        effective: For each row the effective sample size as a share of the candidates; 1 where none were needed.
        exact: Whether the noise is the only one that gives the rows.
    """

    draws: tuple[Noise, ...]
    how: tuple[str, ...]
    effective: Tensor
    exact: bool


def given_hidden(model: Scm, values: Tensor, hidden: Tensor, nodes: Sequence[int]) -> Tensor:
    """Give the logarithm of the density of some nodes given their parents and the hidden variables, row by row."""
    outputs = model.bank(torch.cat([model.plan.row(values), hidden], dim=1))
    total = values.new_zeros(len(values))
    for node in nodes:
        total = total + one_density(model, outputs[node], values[:, node], node)
    return total


def one_density(model: Scm, outputs: Tensor, values: Tensor, node: int) -> Tensor:
    """Give the logarithm of the density of one node's values."""
    size, kind = model.plan.sizes[node], model.kinds[node]
    if size:
        return chances(outputs, size).gather(-1, values.long().unsqueeze(-1)).squeeze(-1)
    if kind == "free":
        return -0.5 * ((values - outputs[..., 0]) / BANDWIDTH) ** 2
    return noise_of(values, outputs, kind)[1]


def _normal(values: Tensor) -> Tensor:
    return -0.5 * (values**2).sum(-1) - 0.5 * values.shape[-1] * math.log(2 * math.pi)


@dataclass
class _Candidates:
    """Hidden variables of one group of nodes that may stand behind rows, with their weights.

    Arguments:
        model: The model.
        values: The rows.
        group: The nodes.
        columns: The places of their hidden variables.
    """

    model: Scm
    values: Tensor
    group: tuple[int, ...]
    columns: list[int]

    def weigh(self, drawn: Tensor, log_proposal: Tensor) -> Tensor:
        """Give the logarithms of the weights of candidates (row, candidate, number)."""
        rows, count, width = drawn.shape
        hidden = self.values.new_zeros(rows * count, self.model.plan.hidden)
        hidden[:, self.columns] = drawn.reshape(-1, width)
        repeated = self.values.repeat_interleave(count, dim=0)
        density = given_hidden(self.model, repeated, hidden, self.group).view(rows, count)
        weights: Tensor = density + _normal(drawn) - log_proposal
        return weights

    def found(self, source: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw candidates, look closer where the good ones are, and give them with their weights."""
        rows, width = len(self.values), len(self.columns)
        drawn = torch.randn(rows, count, width, generator=source).to(self.values)
        weights = self.weigh(drawn, _normal(drawn))
        for strength, wide in ROUNDS:  # softly at first, so that no single candidate takes all
            around = _Around.of(drawn, torch.softmax(strength * weights, dim=1), wide, source)
            drawn = around.draw(count, source)
            weights = self.weigh(drawn, around.log_density(drawn))
        return drawn, torch.softmax(weights, dim=1)

    def chosen(self, draws: int, source: torch.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Draw hidden variables by their weights, (draw, row, number), and the effective sample sizes as shares."""
        drawn, weights = self.found(source, count)
        picked = torch.multinomial(weights, draws, replacement=True, generator=source).unsqueeze(-1)
        found = torch.gather(drawn, 1, picked.expand(-1, -1, drawn.shape[-1])).transpose(0, 1)
        return found, 1 / (weights**2).sum(1) / count


@dataclass(frozen=True)
class _Around:
    """The law of hidden variables, mixed with normal laws around candidates that fitted.

    Arguments:
        centres: (row, centre, number).
        root: Of each row's covariance, lower triangular.
    """

    centres: Tensor
    root: Tensor

    @classmethod
    def of(cls, drawn: Tensor, weights: Tensor, wide: float, source: torch.Generator) -> _Around:
        """Choose centres by their weights, and a covariance that is a part of that of the candidates."""
        width = drawn.shape[-1]
        away = drawn - (weights.unsqueeze(-1) * drawn).sum(1, keepdim=True)
        spread = torch.einsum("rc,rci,rcj->rij", weights, away, away) * wide**2
        root = torch.linalg.cholesky(spread + 1e-6 * torch.eye(width).to(spread))
        chosen = torch.multinomial(weights, CENTRES, replacement=True, generator=source)
        return cls(torch.gather(drawn, 1, chosen.unsqueeze(-1).expand(-1, -1, width)), root)

    def draw(self, count: int, source: torch.Generator) -> Tensor:
        """Draw candidates, (row, candidate, number)."""
        rows, centres, width = self.centres.shape
        fresh = torch.randn(rows, count, width, generator=source).to(self.root)
        prior = torch.rand(rows, count, 1, generator=source).to(self.root) < PRIOR
        which = torch.randint(centres, (rows, count, 1), generator=source).expand(-1, -1, width)
        near = torch.gather(self.centres, 1, which) + fresh @ self.root.transpose(1, 2)
        return torch.where(prior, fresh, near)

    def log_density(self, drawn: Tensor) -> Tensor:
        """Give the logarithm of the density of candidates."""
        rows, count, width = drawn.shape
        away = (drawn.unsqueeze(2) - self.centres.unsqueeze(1)).reshape(rows, -1, width)
        inside = torch.linalg.solve_triangular(self.root, away.transpose(1, 2), upper=False).transpose(1, 2)
        size = torch.diagonal(self.root, dim1=1, dim2=2).log().sum(1)[:, None]
        near = torch.logsumexp(_normal(inside).view(rows, count, -1), 2) - math.log(self.centres.shape[1]) - size
        return torch.logaddexp(math.log(PRIOR) + _normal(drawn), math.log(1 - PRIOR) + near)


def hidden_groups(model: Scm) -> list[tuple[tuple[int, ...], list[int]]]:
    """Give the groups of nodes that hidden variables move, with the places of those."""
    plan, found = model.plan, []
    for group in plan.groups:
        own = [k for k, clique in enumerate(plan.cliques) if set(clique) <= set(group)]
        if own:
            found.append((group, [k * plan.latent + i for k in own for i in range(plan.latent)]))
    return found


@torch.no_grad()
def abduct(model: Scm, values: Tensor, draws: int, source: torch.Generator, candidates: int = CANDIDATES) -> Abduced:
    """Find or draw the noise behind rows.

    Arguments:
        model: The model, in double precision.
        values: The rows, a column for each node.
        draws: How often noise is drawn where it is not certain.
        source: Where chance comes from.
        candidates: Hidden variables tried for each row.

    Raises:
        DataError: Too few of the candidates agree with some rows.
    """
    plan, rows = model.plan, len(values)
    hidden = values.new_zeros(draws, rows, plan.hidden)
    effective = values.new_ones(rows)
    groups = hidden_groups(model)
    for group, columns in groups:
        for start in range(0, rows, 256):
            some = slice(start, start + 256)
            found, share = _Candidates(model, values[some], group, columns).chosen(draws, source, candidates)
            weak = torch.nonzero(share < LEAST_EFFECTIVE).squeeze(1)
            if len(weak):
                again = _Candidates(model, values[some][weak], group, columns)
                found[:, weak], share[weak] = again.chosen(draws, source, MORE * candidates)
            effective[some] = torch.minimum(effective[some], share)
            hidden[:, some, columns] = found
    _check(effective)
    every = _own(model, values.repeat(draws, 1), hidden.flatten(0, 1), source)
    noise = tuple(every.take(slice(draw * rows, (draw + 1) * rows)) for draw in range(draws))
    exact = not groups and not any(plan.sizes)
    return Abduced(draws=noise, how=_how(model, bool(groups)), effective=effective, exact=exact)


def _check(effective: Tensor) -> None:
    few = torch.nonzero(effective < LEAST_EFFECTIVE).squeeze(1).tolist()
    if few:
        named = ", ".join(map(str, few[:SHOWN])) + (", ..." if len(few) > SHOWN else "")
        raise DataError(
            f"The hidden causes behind {len(few)} of {len(effective)} rows could not be found (rows {named}).",
            why=f"The effective sample size is {100 * float(effective.min()):.1f} % of the candidates; under "
            f"{100 * LEAST_EFFECTIVE:g} % the answer rests on a few lucky draws.",
            fix="Leave these rows out (they are unlike what the model was fitted to), or ask for do() instead.",
            code="E553",
        )


def _own(model: Scm, values: Tensor, hidden: Tensor, source: torch.Generator) -> Noise:
    """Find the noise of every node, given the hidden variables."""
    outputs = model.bank(torch.cat([model.plan.row(values), hidden], dim=1))
    own = []
    for node, size in enumerate(model.plan.sizes):
        given = outputs[node].expand(len(values), -1)
        if size:
            uniform = torch.rand(len(values), size + 1, generator=source).to(values)
            own.append(gumbel_behind(values[:, node].long(), chances(given, size), uniform))
        elif model.kinds[node] == "free":
            own.append(values.new_zeros(len(values)))
        else:
            own.append(noise_of(values[:, node], given, model.kinds[node])[0])
    return Noise(hidden=hidden, own=tuple(own))


def _how(model: Scm, hidden: bool) -> tuple[str, ...]:
    kinds = {kind for kind, size in zip(model.kinds, model.plan.sizes, strict=True) if size != 1}
    said = []
    if kinds & {"linear", "additive", "affine", "monotone"}:
        said.append("closed inverse")
    if "level" in kinds:
        said.append("Gumbel-max posterior")
    if hidden:
        said.append("importance sampling")
    return tuple(said)


ASSUMED = {
    "closed inverse": "Each number rises with its own noise: a unit keeps its rank among units alike.",
    "Gumbel-max posterior": "Levels are chosen by the largest of utilities with Gumbel noise.",
    "importance sampling": "Hidden common causes act as the fitted model says; the data do not fix how.",
}
