"""Effects from cross-fitting: every row's outcome, chance and effect foretold by functions that have not seen it.

With m(x) = E[Y | x], e(x) the chance of treatment, and mu_t(x) the outcome of arm t, all foretold out of fold, the
effect tau(x) is learned

    T, S   as the difference of the arms, mu_1 - mu_0
    X      from D1 = Y - mu_0(x) among the treated and D0 = mu_1(x) - Y among the others: tau = e D0(x) + (1 - e) D1(x)
    DR     by regressing phi = mu_1 - mu_0 + T (Y - mu_1)/e - (1 - T)(Y - mu_0)/(1 - e), with e kept from 0 and 1 and
           the ends of phi cut off
    R      by regressing (Y - m)/(T - e) with weights (T - e)²

and every candidate is held to the loss of R out of fold, sum ((Y - m) - (T - e) tau(x))², which needs no effect to be
known: errors in m and e matter only as a product. `auto` weighs the candidates so that this loss is least.

References: Künzel et al., PNAS 2019; Kennedy, *Towards optimal doubly robust estimation of heterogeneous causal
effects*, EJS 17, 2023; Nie and Wager, *Quasi-oracle estimation of heterogeneous treatment effects*, Biometrika 108,
2021.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from contrafact.base.seeds import fold, generator
from contrafact.causal.learners import arms, linear
from contrafact.causal.learners.functions import Function
from contrafact.causal.learners.stack import stacked
from contrafact.causal.learners.trees import gentle

Fit = Callable[[np.ndarray, int, int], list[Function]]  # from rows, a seed and a fold
FOLDS, FEWER_FOLDS, MANY = 5, 3, 2000
LEAST_CHANCE, LEARNED_CHANCE = 0.01, 0.05  # where chances are cut, for values and for learning
ENDS = (0.01, 0.99)  # shares of the pseudo-outcomes beyond which they are cut
FINAL: dict[str, arms.Learner] = {
    "mean": linear.mean,
    "line": linear.ridge,
    "lasso": linear.lasso,
    "smooth": arms.smooth,
    "trees": gentle,
}
CROSSED: dict[str, arms.Learner] = {"line": linear.ridge, "trees": gentle}  # of the X-learner


@dataclass(frozen=True, kw_only=True)
class Term:
    """A part of a sum of functions.

    Arguments:
        function: What is added.
        weight: How much it counts.
        share: 0 alone, 1 times the chance of treatment, 2 times the chance of none.
    """

    function: Function
    weight: float
    share: int = 0


def summed(terms: list[Term], x: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Add the terms up for each row."""
    total = np.zeros(len(x))
    for term in terms:
        share = (1.0, chance, 1 - chance)[term.share]
        total += term.weight * share * term.function.predict(x)
    return total


@dataclass(kw_only=True, eq=False)
class Crossed:
    """What cross-fitting has foretold, row by row.

    Arguments:
        x: Covariates.
        t: Arms, 0 or 1.
        y: Outcomes.
        part: The fold of each row.
        seed: Seeds everything.
        outcomes: For each way what it foretells in both arms.
        everywhere: For each way and fold, what its functions without that fold say of all rows, in both arms.
        chance: The chance of treatment.
        weights: For each arm the weight of each way.
        chance_weights: The weight of each way to learn the chance.
        effects: For each candidate the effect.
        effect_weights: The weight of each candidate.
    """

    x: np.ndarray
    t: np.ndarray
    y: np.ndarray
    part: np.ndarray
    seed: int
    outcomes: dict[str, np.ndarray] = field(default_factory=dict)
    everywhere: dict[str, list[np.ndarray]] = field(default_factory=dict)
    chance: np.ndarray = field(default_factory=lambda: np.empty(0))
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    chance_weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    effects: dict[str, np.ndarray] = field(default_factory=dict)
    effect_weights: dict[str, float] = field(default_factory=dict)

    def folds(self) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """Give each fold's number, the rows that are learned from, and those that are foretold."""
        return [(k, np.flatnonzero(self.part != k), np.flatnonzero(self.part == k)) for k in range(self.part.max() + 1)]

    def foretold(self, learn: Fit) -> np.ndarray:
        """Give what functions that were learned from other rows say of each row: functions by rows."""
        made: list[np.ndarray] = []
        for number, rows, held in self.folds():
            functions = learn(rows, fold(self.seed, "fold", number), number)
            made = made or [np.zeros(len(self.x)) for _ in functions]
            for whole, function in zip(made, functions, strict=True):
                whole[held] = function.predict(self.x[held])
        return np.stack(made)

    def learn_outcomes(self, names: list[str]) -> None:
        """Foretell the outcomes of both arms in several ways, and weigh these."""
        for name in names:
            self.outcomes[name], self.everywhere[name] = np.zeros((2, len(self.x))), []
            for number, rows, held in self.folds():
                seed = fold(self.seed, "fold", number)
                pair = arms.both(name, self.x[rows], self.t[rows], self.y[rows], seed)
                said = np.stack([function.predict(self.x) for function in pair])
                self.outcomes[name][:, held] = said[:, held]
                self.everywhere[name].append(said)
        made = np.stack(list(self.outcomes.values()))
        own = [self.t == arm for arm in (0, 1)]
        self.weights = np.stack([stacked(made[:, arm, own[arm]], self.y[own[arm]]) for arm in (0, 1)])

    def learn_chance(self) -> None:
        """Foretell the chance of treatment."""
        made = self.foretold(lambda rows, seed, _: arms.chances(self.x[rows], self.t[rows], seed))
        self.chance_weights = stacked(made, self.t)
        self.chance = np.clip(self.chance_weights @ made, LEAST_CHANCE, 1 - LEAST_CHANCE)

    @property
    def both(self) -> np.ndarray:
        """What both arms would give: 2 by rows."""
        return self.blended(list(self.outcomes.values()))

    def blended(self, said: list[np.ndarray]) -> np.ndarray:
        """Weigh what every way says of both arms."""
        made = np.stack(said)
        return np.stack([self.weights[arm] @ made[:, arm] for arm in (0, 1)])

    @property
    def middle(self) -> np.ndarray:
        """The outcome that is expected without knowing the arm."""
        low, high = self.both
        found: np.ndarray = self.chance * high + (1 - self.chance) * low
        return found

    def scores(self, least: float = LEAST_CHANCE) -> np.ndarray:
        """Give each row's doubly robust score of both arms: 2 by rows, whose means are the arms' mean outcomes."""
        low, high = self.both
        chance = np.clip(self.chance, least, 1 - least)
        return np.stack(
            [
                low + (1 - self.t) * (self.y - low) / (1 - chance),
                high + self.t * (self.y - high) / chance,
            ]
        )

    def pseudo(self) -> np.ndarray:
        """Give each row's doubly robust pseudo-outcome, its ends cut off."""
        low, high = self.scores(LEARNED_CHANCE)
        found: np.ndarray = np.clip(high - low, *np.quantile(high - low, ENDS))
        return found

    def loss(self, effect: np.ndarray) -> float:
        """Give the loss of R of an effect."""
        return float(np.square(self.y - self.middle - (self.t - self.chance) * effect).mean())

    def finals(self) -> dict[str, Fit]:
        """Give what learns effects directly: from rows, a seed and a fold one function, or the two of an X-learner."""
        found: dict[str, Fit] = {}
        pseudo, apart = self.pseudo(), self.t - self.chance
        ratio, weight = (self.y - self.middle) / apart, apart**2
        for name, learner in FINAL.items():
            found[f"dr {name}"] = partial(_final, learner, self.x, pseudo, np.ones(len(self.x)))
            found[f"r {name}"] = partial(_final, learner, self.x, ratio, weight)
        for name, own in CROSSED.items():
            found[f"x {name}"] = partial(self._gained, own)
        return found

    def _gained(self, learner: arms.Learner, rows: np.ndarray, seed: int, number: int) -> list[Function]:
        """Learn what the treated gained, and what the others would have, by outcomes that know no row of the fold.

        Outcomes from other folds would know its rows, and what they have of their noise the effect would, too.
        """
        low, high = self.blended([said[number] for said in self.everywhere.values()])
        gained = np.where(self.t == 1, self.y - low, high - self.y)
        own = [rows[self.t[rows] == arm] for arm in (1, 0)]
        return [learner(self.x[some], gained[some], None, seed) for some in own]

    def learn_effects(self, method: str) -> None:
        """Foretell the effect by every candidate of a method, and weigh these."""
        low, high = self.both
        if method in ("t", "s", "auto"):
            self.effects[f"{'t' if method == 'auto' else method} stack"] = high - low
        if method == "auto" and "shared" in self.outcomes:
            self.effects["s shared"] = self.outcomes["shared"][1] - self.outcomes["shared"][0]
        for name, learn in self.finals().items() if method not in ("t", "s") else ():
            if method not in ("auto", name.split()[0]):
                continue
            made = self.foretold(learn)
            crossed = made[0] if len(made) == 1 else (1 - self.chance) * made[0] + self.chance * made[1]
            self.effects[name] = crossed
        apart = self.t - self.chance
        weights = stacked(np.stack(list(self.effects.values())) * apart, self.y - self.middle)
        self.effect_weights = dict(zip(self.effects, weights.tolist(), strict=True))

    @property
    def effect(self) -> np.ndarray:
        """Each row's effect, as foretold by candidates that have not seen it."""
        return np.asarray(sum(self.effect_weights[name] * made for name, made in self.effects.items()))

    def final(self) -> Effects:
        """Learn everything that counts from all rows."""
        seed = fold(self.seed, "all")
        shared = "shared" if self.effect_weights.get("s shared") else ""
        pairs: dict[str, arms.Pair] = {}
        for name, weights in zip(self.outcomes, self.weights.T, strict=True):
            if weights.any() or name == shared:
                pairs[name] = arms.both(name, self.x, self.t, self.y, seed)
            said = [f.predict(self.x) for f in pairs.get(name, ())] or [np.zeros(len(self.x))] * 2
            self.everywhere[name].append(np.stack(said))  # what the X-learner gains on, after all folds
        low, high = (
            [
                Term(function=pairs[name][arm], weight=weight)
                for name, weight in zip(self.outcomes, self.weights[arm].tolist(), strict=True)
                if weight
            ]
            for arm in (0, 1)
        )
        chances = zip(arms.chances(self.x, self.t, seed), self.chance_weights.tolist(), strict=True)
        chance = [Term(function=function, weight=weight) for function, weight in chances if weight]
        return Effects(low=low, high=high, chance=chance, effect=self._effect(low, high, pairs, seed))

    def _effect(self, low: list[Term], high: list[Term], pairs: dict[str, arms.Pair], seed: int) -> list[Term]:
        """Learn the candidates that count from all rows, and put them together."""
        every, found = np.arange(len(self.x)), list[Term]()
        finals = self.finals()
        for name, weight in self.effect_weights.items():
            if not weight:
                continue
            if name.endswith("stack"):
                found += [Term(function=each.function, weight=weight * each.weight) for each in high]
                found += [Term(function=each.function, weight=-weight * each.weight) for each in low]
            elif name == "s shared":
                found += [Term(function=pairs["shared"][arm], weight=sign * weight) for arm, sign in ((1, 1), (0, -1))]
            else:
                functions = finals[name](every, seed, -1)
                shares = (0,) if len(functions) == 1 else (2, 1)
                found += [Term(function=f, weight=weight, share=s) for f, s in zip(functions, shares, strict=True)]
        return found


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Functions of the covariates, as sums of terms.

    Arguments:
        low: The outcome without treatment.
        high: The outcome with it.
        chance: The chance of treatment.
        effect: What treatment does.
    """

    low: list[Term]
    high: list[Term]
    chance: list[Term]
    effect: list[Term]

    def chances(self, x: np.ndarray) -> np.ndarray:
        """Give the chance of treatment of each row."""
        found: np.ndarray = np.clip(summed(self.chance, x, np.zeros(len(x))), LEAST_CHANCE, 1 - LEAST_CHANCE)
        return found

    def effects(self, x: np.ndarray) -> np.ndarray:
        """Give the effect of each row."""
        return summed(self.effect, x, self.chances(x))


def _final(
    learner: arms.Learner,
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray,
    rows: np.ndarray,
    seed: int,
    number: int,
) -> list[Function]:
    return [learner(x[rows], y[rows], weight[rows], seed)]


def crossed(x: np.ndarray, t: np.ndarray, y: np.ndarray, *, method: str = "auto", seed: int = 0) -> Crossed:
    """Cross-fit outcomes, chances and effects.

    Arguments:
        x: Covariates.
        t: Arms, 0 or 1.
        y: Outcomes.
        method: t, s, x, dr, r, or auto for all of them.
        seed: Seeds folds and learners.
    """
    found = Crossed(x=x, t=t, y=y, part=folds_of(t, fold_count(t), seed), seed=seed)
    names = arms.ways(t, y)
    kept = {"t": set(arms.APART), "s": set(arms.TOGETHER)}.get(method, set(names))
    found.learn_chance()
    found.learn_outcomes([name for name in names if name in kept])
    found.learn_effects(method)
    return found


def fold_count(t: np.ndarray) -> int:
    """Say across how many folds so many rows are learned."""
    return min(FOLDS if len(t) <= MANY else FEWER_FOLDS, min(int((t == arm).sum()) for arm in (0, 1)))


def folds_of(t: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Give each row one of so many folds, the arms spread evenly."""
    part = np.empty(len(t), dtype=np.int64)
    for arm in range(int(t.max()) + 1):
        rows = np.flatnonzero(t == arm)
        part[generator(seed, "folds", arm).permutation(rows)] = np.arange(len(rows)) % count
    return part
