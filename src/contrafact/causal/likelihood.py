"""Fitting mechanisms by likelihood: each kind on trial for each node, chosen on rows that none was trained on.

Without hidden common causes the likelihood of a row is a product over nodes, so all trials are independent and run side
by side, each with its own early stopping. Nodes that hidden causes tie together are on trial as one group, whose
likelihood is a mean over draws of the hidden variables, p(v) = E_u prod p(v_i | pa_i, u), estimated by their average.
A row counts for a group where the group and its parents are known.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import LBFGS, AdamW, Optimizer

from contrafact.base.seeds import fold
from contrafact.causal.mechanisms import Bank, Kind, Slice, chances, noise_of, unit_of
from contrafact.causal.scm import Plan, Scm
from contrafact.engine.average import Average
from contrafact.engine.packing import bare
from contrafact.engine.play import Move, Phase, Step, Terms

TRAINED_DRAWS, EXAMINED_DRAWS = 32, 256  # of hidden variables, for each row
KINDS: tuple[Kind, ...] = ("linear", "additive", "affine", "monotone")  # from plain to rich
CLEARLY = 2.0  # standard errors by which a richer kind must be better
RIDGE = 1e-6
SHRINK, MOST_LOGISTIC = 0.5, 20_000  # of logistic regressions: the prior's weight in rows, and rows that are read


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One kind of mechanism for a group of nodes.

    Arguments:
        nodes: The group.
        kind: How their numbers are made.
        units: Their places in the bank.
        hidden: Whether hidden variables move them.
        needed: The nodes that must be known: the group and its parents.
    """

    nodes: tuple[int, ...]
    kind: Kind
    units: tuple[int, ...]
    hidden: bool
    needed: tuple[int, ...]


def trials_of(plan: Plan, kinds: Sequence[Kind]) -> list[Trial]:
    """List what is tried: all kinds for each group that holds a number, one for the others."""
    found: list[Trial] = []
    unit = 0
    for group in plan.groups:
        numbers = any(not plan.sizes[node] for node in group)
        needed = {*group, *(parent for node in group for parent in plan.parents[node])}
        tied = any(set(clique) & set(group) for clique in plan.cliques)
        for kind in kinds if numbers else kinds[:1]:
            units = tuple(range(unit, unit + len(group)))
            found.append(Trial(nodes=group, kind=kind, units=units, hidden=tied, needed=tuple(sorted(needed))))
            unit += len(group)
    return found


class Trials(nn.Module):
    """All trials side by side, and the best weights of each so far.

    Arguments:
        plan: The model's parts.
        kinds: Kinds that are tried.
        width: Units in a hidden layer.
    """

    scores: Tensor

    def __init__(self, plan: Plan, kinds: Sequence[Kind], width: int) -> None:
        super().__init__()
        self.plan, self.trials = plan, trials_of(plan, kinds)
        units = [
            unit_of(node, trial.kind, plan.causes(node), plan.sizes[node])
            for trial in self.trials
            for node in trial.nodes
        ]
        self.bank = Bank(units, plan.width + plan.hidden, width)
        with torch.no_grad():
            for trial in self.trials:
                if not trial.hidden:  # a straight line at first
                    self.bank.last[list(trial.units)] = 0.0
        for name, weight in self.bank.named_parameters():
            self.register_buffer(f"best_{name}", weight.detach().clone())
        self.register_buffer("scores", torch.full((len(self.trials),), -math.inf, dtype=torch.float64))

    @torch.no_grad()
    def start(self, values: np.ndarray) -> None:
        """Begin at straight lines through the rows, of levels at a logistic regression.

        Training is stopped early, and what it is stopped on the way to must not be "no effect": the start is.
        """
        rows = torch.as_tensor(values, dtype=torch.float64)
        known, plan = ~torch.isnan(rows), self.plan
        for trial in self.trials:
            for unit, node in zip(trial.units, trial.nodes, strict=True):
                some = known[:, [node, *plan.parents[node]]].all(1)
                if plan.sizes[node]:
                    counts = torch.bincount(rows[known[:, node], node].long(), minlength=plan.sizes[node])
                    self.bank.start(unit, ((counts + 0.5) / (counts + 0.5).sum()).log().float())
                    if plan.parents[node] and int(some.sum()) > 1:
                        self._logistic(unit, node, rows[some][:MOST_LOGISTIC])
                elif int(some.sum()) > 1:
                    self._line(unit, node, rows[some])
        for name, weight in self.bank.named_parameters():
            self.get_buffer(f"best_{name}").copy_(weight)

    def _line(self, unit: int, node: int, rows: Tensor) -> None:
        plan = self.plan
        columns = [c for parent in plan.parents[node] for c in plan.columns(parent)]
        seen = plan.row(rows.nan_to_num())[:, columns]
        centre, target = seen.mean(0), rows[:, node]
        away = seen - centre
        gram = away.T @ away + RIDGE * len(rows) * torch.eye(len(columns), dtype=rows.dtype)
        slope = torch.linalg.solve(gram, away.T @ (target - target.mean())) if columns else away.new_empty(0)
        left = target - target.mean() - away @ slope
        self.bank.line[unit, columns, 0] = slope.float()
        self.bank.start(unit, torch.stack([target.mean() - centre @ slope, left.std().clamp_min(1e-3).log()]).float())

    @torch.enable_grad()
    def _logistic(self, unit: int, node: int, rows: Tensor) -> None:
        plan, size = self.plan, self.plan.sizes[node]
        columns = [c for parent in plan.parents[node] for c in plan.columns(parent)]
        seen, target = plan.row(rows.nan_to_num())[:, columns], rows[:, node].long()
        slope = torch.zeros(len(columns), size, dtype=rows.dtype, requires_grad=True)
        level = self.bank.last_bias[unit, 0, :size].detach().to(rows.dtype).requires_grad_()
        climber = LBFGS([slope, level], max_iter=60, line_search_fn="strong_wolfe")

        def surprise() -> Tensor:
            climber.zero_grad()
            found = cross_entropy(seen @ slope + level, target) + SHRINK / len(rows) * (slope**2).sum()
            found.backward()  # type: ignore[no-untyped-call]
            return found

        climber.step(surprise)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self.bank.line[unit, columns, :size] = slope.float()
        self.bank.start(unit, level.detach().float())

    def log_chances(self, values: Tensor, draws: int, source: Any) -> tuple[Tensor, Tensor]:
        """Give the logarithm of the density of each row in each trial, and whether the row counts there.

        Arguments:
            values: Rows, NaN for holes.
            draws: Of hidden variables for each row.
            source: Gives normal numbers of a shape.
        """
        known = ~torch.isnan(values)
        calm = values.nan_to_num()
        rows = self.plan.row(calm)
        counts = torch.stack([known[:, list(trial.needed)].all(1) for trial in self.trials])
        found: dict[int, Tensor] = {}
        for tied in (False, True):
            own = [(index, trial) for index, trial in enumerate(self.trials) if trial.hidden == tied]
            if own:
                copies = draws if tied else 1
                logs = self._unit_logs([trial for _, trial in own], rows, calm, copies, source)
                for index, trial in own:
                    total = torch.stack([logs[unit] for unit in trial.units]).sum(0).view(-1, copies)
                    found[index] = torch.logsumexp(total, dim=1) - math.log(copies)
        return torch.stack([found[index] for index in range(len(self.trials))]), counts

    def _unit_logs(
        self, trials: Sequence[Trial], rows: Tensor, values: Tensor, copies: int, source: Any
    ) -> dict[int, Tensor]:
        """Give the logarithm of the density of each unit's node, all numbers of a kind at once."""
        own = [(unit, node, t.kind) for t in trials for unit, node in zip(t.units, t.nodes, strict=True)]
        outputs = self._outputs([unit for unit, _, _ in own], rows, copies, source)
        targets = values.T.repeat_interleave(copies, dim=1)
        found: dict[int, Tensor] = {}
        for kind in KINDS:
            some = [(p, unit, node) for p, (unit, node, k) in enumerate(own) if k == kind and not self.plan.sizes[node]]
            if some:
                places, units, nodes = (list(part) for part in zip(*some, strict=True))
                found |= dict(zip(units, noise_of(targets[nodes], outputs[places], kind)[1], strict=True))
        for place, (unit, node, _) in enumerate(own):
            if size := self.plan.sizes[node]:
                chance = chances(outputs[place].expand(targets.shape[1], -1), size)
                found[unit] = chance.gather(1, targets[node].long().unsqueeze(1)).squeeze(1)
        return found

    def _outputs(self, units: Sequence[int], rows: Tensor, copies: int, source: Any) -> Tensor:
        """Run networks on rows, under draws of hidden variables where there are several copies."""
        if copies == 1:
            hidden: Tensor = rows.new_zeros(len(rows), self.plan.hidden)
        else:
            rows = rows.repeat_interleave(copies, dim=0)
            hidden = source(len(rows), self.plan.hidden)
        every = range(self.plan.width + self.plan.hidden)
        return Slice(self.bank, units, every)(torch.cat([rows, hidden], dim=1))

    @torch.no_grad()
    def examine(self, average: Trials, held: Tensor, seed: int) -> None:
        """Score trials on held-out rows, and keep the weights of those that are better than before."""
        if torch.isinf(self.scores).any():  # the straight lines are the first to be tried
            self._take(self._best(), held, seed)
        self._take(average, held, seed)

    def _take(self, average: Trials, held: Tensor, seed: int) -> None:
        source = torch.Generator().manual_seed(fold(seed, "exam"))
        logs, counts = average.log_chances(held, EXAMINED_DRAWS, lambda *shape: torch.randn(*shape, generator=source))
        means = (logs.nan_to_num(-1e6) * counts).double().sum(1) / counts.sum(1).clamp_min(1)
        better = means > self.scores
        self.scores[better] = means[better]
        own = dict(average.bank.named_parameters())
        for trial, wins in zip(self.trials, better.tolist(), strict=True):
            if wins:
                for name, weight in own.items():
                    self.get_buffer(f"best_{name}")[list(trial.units)] = weight[list(trial.units)]

    @torch.no_grad()
    def chosen(self, held: Tensor, seed: int) -> list[Trial]:
        """Choose for each group the plainest kind that no richer one clearly beats."""
        if len({trial.nodes for trial in self.trials}) == len(self.trials):
            return self.trials
        source = torch.Generator().manual_seed(fold(seed, "exam"))
        kept = self._best()
        logs, counts = kept.log_chances(held, EXAMINED_DRAWS, lambda *shape: torch.randn(*shape, generator=source))
        found: dict[tuple[int, ...], int] = {}
        for index, trial in enumerate(self.trials):
            before = found.setdefault(trial.nodes, index)
            gain = (logs[index] - logs[before])[counts[index]]
            error = gain.std() / math.sqrt(len(gain)) if len(gain) > 1 else torch.tensor(math.inf)
            if index != before and float(gain.mean()) > CLEARLY * float(error):
                found[trial.nodes] = index
        return [self.trials[index] for index in found.values()]

    def _best(self) -> Trials:
        kept = copy.copy(self)
        kept._modules = {"bank": copy.deepcopy(self.bank)}
        for name, weight in kept.bank.named_parameters():
            weight.data.copy_(self.get_buffer(f"best_{name}"))
        return kept

    @torch.no_grad()
    def model(self, chosen: Sequence[Trial]) -> Scm:
        """Make a structural model of the chosen mechanisms, with their best weights."""
        units = {node: (unit, t.kind) for t in chosen for unit, node in zip(t.units, t.nodes, strict=True)}
        kinds = [units[node][1] for node in range(len(self.plan.sizes))]
        made = bare(lambda: Scm(self.plan, kinds, self.bank.width))
        own = [units[node][0] for node in range(len(kinds))]
        for name, weight in made.bank.named_parameters():
            best = self.get_buffer(f"best_{name}")[own]
            weight.copy_(best[..., : weight.shape[-1]])
        return made.requires_grad_(False)


@dataclass(kw_only=True)
class Fitting:
    """One player, all trials at once.

    Arguments:
        trials: What is trained.
        average: Its running average, which is what gets examined.
        players: Its optimiser.
        rate: The learning rate at the start.
    """

    trials: Trials
    average: Average
    players: dict[str, Optimizer]
    rate: float

    @classmethod
    def of(cls, trials: Trials, rate: float, decay: float, batch: int) -> Fitting:
        """Make the optimiser and the average."""
        player = AdamW(trials.bank.parameters(), lr=rate, betas=(0.9, 0.99), weight_decay=decay, fused=True)
        average = Average(trials, 20 * batch, batch)
        return cls(trials=trials, average=average, players={"network": player}, rate=rate)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"trials": self.trials, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Let the learning rate rise quickly and fall along half a cosine."""
        risen = min((step.number + 1) / max(0.05 * step.total, 1), 1.0)
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step.fraction))
        self.players["network"].param_groups[0]["lr"] = self.rate * risen * fall * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="network", loss=self.loss, then=self.average.update),))]

    def loss(self, batch: Tensor, step: Step) -> Terms:
        """Count the surprise at a batch, in all trials."""
        logs, counts = self.trials.log_chances(batch, TRAINED_DRAWS, step.normal)
        each = (logs.clamp_min(-1e4) * counts).sum(1) / counts.sum(1).clamp_min(1)
        return {"surprise": -each.sum()}


def kinds_of(mechanisms: str) -> tuple[Kind, ...]:
    """Give the kinds that a setting asks for."""
    return KINDS if mechanisms == "auto" else tuple(kind for kind in KINDS if kind == mechanisms)
