"""The gradient penalties' forms against each other: double backward, forward mode, and the critic's own slope.

First the weights' gradients of R1 + R2 and of WGAN-GP's penalty must agree, then a critic's whole step is timed in each
form, and each is compiled as one graph where it can be. Beside the package's forms stands double backward written with
`torch.func.grad` ("functional"), which is traced where `torch.autograd.grad` is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from contrafact.engine.penalties import one_centred, zero_centred
from contrafact.nets.mlp import Perceptron
from table import Row, Table, arguments, in_turn, read, say

TOLERANCE, BLOCKS, BLOCK_CPU_SECONDS = 1e-5, 20, 0.1
# Inductor of torch 2.13 takes the immutable zeros that forward mode puts into a graph for a buffer to write into.
COMPILED = ("double", "functional", "forward")
COMPILE = {"fullgraph": True, "options": {"allow_buffer_reuse": False}}
Loss = Callable[[nn.Module, Tensor, Tensor, Tensor, Any], tuple[Tensor, Tensor]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A critic and the rows that it judges."""

    make: Callable[[], nn.Module]
    batch: int
    shape: tuple[int, ...]
    own: bool  # whether it knows its own slope


def small_convolutional() -> nn.Module:
    """Make a critic of 16 x 16 grey pictures."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 1),
    )


CASES = {
    "perceptron": Case(
        make=lambda: Perceptron(2, 1, width=128, depth=3, act="silu", features=32), batch=256, shape=(2,), own=True
    ),
    "convolutional": Case(make=small_convolutional, batch=64, shape=(1, 16, 16), own=False),
}


def functional(critic: nn.Module, points: Tensor) -> tuple[Tensor, Tensor]:
    """Give logits and squared slopes by double backward as a transformed function."""

    def summed(at: Tensor) -> tuple[Tensor, Tensor]:
        logits = critic(at)
        return logits.sum(), logits.squeeze(1)

    slope, logits = torch.func.grad(summed, has_aux=True)(points)
    return logits, (slope.flatten(1) ** 2).sum(1)


def r1_r2(critic: nn.Module, real: Tensor, fake: Tensor, share: Tensor, how: Any) -> tuple[Tensor, Tensor]:
    """Give the relativistic loss and R1 + R2."""
    if how == "functional":
        logits, squares = functional(critic, torch.cat([real, fake]))
        (on_real, on_fake), (first, second) = logits.chunk(2), squares.chunk(2)
    else:
        on_real, on_fake, first, second = zero_centred(critic, real, fake, how)
    return softplus(on_fake - on_real).mean(), (first.mean() + second.mean()) / 2


def wgan_gp(critic: nn.Module, real: Tensor, fake: Tensor, share: Tensor, how: Any) -> tuple[Tensor, Tensor]:
    """Give the Wasserstein loss and WGAN-GP's penalty."""
    logits = critic(torch.cat([real, fake])).squeeze(1)
    loss = logits[len(real) :].mean() - logits[: len(real)].mean()
    if how != "functional":
        return loss, one_centred(critic, real, fake, share, how).mean()
    points = fake + share.reshape(-1, *[1] * (real.dim() - 1)) * (real - fake)
    return loss, ((functional(critic, points)[1].sqrt() - 1) ** 2).mean()


PENALTIES: dict[str, Loss] = {"r1 + r2": r1_r2, "wgan-gp": wgan_gp}


class Bench:
    """One critic, one penalty, one batch.

    Arguments:
        case: The critic and its rows.
        penalty: Gives the loss and the penalty.
        seed: Seeds weights and rows.
    """

    def __init__(self, case: Case, penalty: Loss, seed: int) -> None:
        torch.manual_seed(seed)
        self.case, self.penalty = case, penalty
        self.critic = case.make()
        self.real, self.fake = torch.randn(2, case.batch, *case.shape).unbind()
        self.share = torch.rand(case.batch)
        self.forms = {how: how for how in COMPILED} | ({"own": "auto"} if case.own else {})

    @property
    def weights(self) -> list[Tensor]:
        """What is trained."""
        return list(self.critic.parameters())

    def total(self, how: str) -> Callable[[], Tensor]:
        """Return what gives loss plus penalty in this form."""
        return lambda: sum(self.penalty(self.critic, self.real, self.fake, self.share, how))

    def plain(self) -> Tensor:
        """Give the loss alone."""
        logits = self.critic(torch.cat([self.real, self.fake])).squeeze(1)
        n = len(self.real)
        return softplus(logits[n:] - logits[:n]).mean()

    def gradient(self, value: Tensor) -> Tensor:
        """Give the gradient over all weights as one row of double precision."""
        grads = torch.autograd.grad(value, self.weights, allow_unused=True)
        rows = [w.new_zeros(w.numel()) if g is None else g.flatten() for w, g in zip(self.weights, grads, strict=True)]
        return torch.cat(rows).double()

    def penalty_gradient(self, how: str) -> Tensor:
        """Give the penalty's own gradient in this form."""
        return self.gradient(self.penalty(self.critic, self.real, self.fake, self.share, how)[1])

    def stepper(self, loss: Callable[[], Tensor]) -> Callable[[], None]:
        """Return a critic's whole step: loss, gradient, optimiser."""
        weights, adam = self.weights, torch.optim.Adam(self.weights, lr=1e-6, fused=True)

        def step() -> None:
            for weight, grad in zip(weights, torch.autograd.grad(loss(), weights), strict=True):
                weight.grad = grad
            adam.step()

        return step

    def errors(self) -> Row:
        """Give each form's relative error against double backward, in single precision and in double."""
        found = {how: self.penalty_gradient(name) for how, name in self.forms.items()}
        self.critic.double()
        self.real, self.fake, self.share = self.real.double(), self.fake.double(), self.share.double()
        exact = self.penalty_gradient("double")
        self.critic.float()
        self.real, self.fake, self.share = self.real.float(), self.fake.float(), self.share.float()
        return {
            how: {"error": relative(grad, found["double"]), "true_error": relative(grad, exact)}
            for how, grad in found.items()
        }


def relative(grad: Tensor, truth: Tensor) -> float:
    """Give the relative error of a gradient."""
    return float((grad - truth).norm() / truth.norm())


def first_line(error: Exception) -> str:
    """Give what an error says first, in short."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0][:140]}"


def no_compiler() -> str | None:
    """Say why nothing can be compiled here, or None: a trivial graph is tried first."""
    from torch._inductor.utils import fresh_cache

    try:
        with fresh_cache():
            torch.compile(lambda x: x.sin() + 1, fullgraph=True)(torch.ones(3))
    except Exception as error:  # noqa: BLE001 (whatever a missing compiler makes inductor raise)
        return first_line(error)
    return None


def compiled(bench: Bench, how: str) -> tuple[Callable[[], Tensor] | None, str]:
    """Compile loss plus penalty as one graph, forwards and backwards; give it, or None and why not."""
    torch._dynamo.reset()
    loss = torch.compile(bench.total(how), **COMPILE)
    try:
        bench.gradient(loss())
    except Exception as error:  # noqa: BLE001 (dynamo and inductor raise many kinds)
        return None, first_line(error)
    return loss, ""


def times(jobs: dict[str, Callable[[], None]]) -> Row:
    """Time steps in turn; the ratios are to the plain step of the same block."""
    steps = {}
    for name, job in jobs.items():
        job()
        once = in_turn({name: job}, 3)[name]
        steps[name] = max(1, round(BLOCK_CPU_SECONDS / max(median(once), 1e-4)))

    def block(name: str) -> Callable[[], None]:
        return lambda: [jobs[name]() for _ in range(steps[name])] and None

    taken = in_turn({name: block(name) for name in jobs}, BLOCKS)
    each = {name: [seconds / steps[name] for seconds in taken[name]] for name in jobs}
    return {
        name: {
            "step_us": median(values) * 1e6,
            "ratio": median(a / b for a, b in zip(values, each["plain"], strict=True)),
        }
        for name, values in each.items()
    }


def measure(case: Case, penalty: Loss, seed: int, reason: str | None) -> Row:
    """Compare all forms of one penalty of one critic."""
    bench = Bench(case, penalty, seed)
    forms = bench.errors()
    jobs = {"plain": bench.stepper(bench.plain)}
    jobs |= {how: bench.stepper(bench.total(name)) for how, name in bench.forms.items()}
    refused = {}
    for how in COMPILED if reason is None else ():
        loss, why = compiled(bench, how)
        if loss is None:
            refused[how] = why
        else:
            exact = bench.gradient(bench.total("double")())
            forms[f"compiled {how}"] = {"error": relative(bench.gradient(loss()), exact)}
            jobs[f"compiled {how}"] = bench.stepper(loss)
    timed = times(jobs)
    names = {**timed, **forms}
    return {"forms": {n: {**timed.get(n, {}), **forms.get(n, {})} for n in names}, "refused": refused, "skip": reason}


def shown(row: Row, form: str) -> dict[str, str]:
    """Write a line of the table."""
    numbers = row["forms"][form]

    def text(name: str, spec: str) -> str:
        return format(numbers[name], spec) if name in numbers else "-"

    return {
        "penalty": row["method"],
        "critic": row["setting"],
        "seed": str(row["seed"]),
        "form": form,
        "step us": text("step_us", ".0f"),
        "of plain": text("ratio", ".2f"),
        "error": text("error", ".1e"),
        "true error": text("true_error", ".1e"),
    }


def judge(table: Table, rows: list[Row]) -> None:
    """Hold the rows to their bars."""
    worst = max(numbers["error"] for row in rows for numbers in row["forms"].values() if "error" in numbers)
    table.bar(f"every form's gradient within {TOLERANCE:g} of double backward's", worst <= TOLERANCE, f"{worst:.1e}")
    skipped = next((row["skip"] for row in rows if row["skip"]), None)
    if skipped:
        table.line(f"SKIPPED  compilation, because nothing can be compiled here: {skipped}")
        return
    for how in COMPILED:
        refusals = [row["refused"][how] for row in rows if how in row["refused"]]
        measured = " ".join([f"{len(rows) - len(refusals)} of {len(rows)}.", *refusals[:1]])
        if how == "forward":
            table.bar("the forward form compiles as one graph", not refusals, measured)
        else:
            table.line(f"      the {how} form compiles as one graph: {measured}")


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=1, full_seeds=5))
    table = Table("penalty", options)
    reason = no_compiler()
    if reason:
        say(f"SKIPPED: compilation. Nothing can be compiled here: {reason}")
    rows = []
    for name, case in CASES.items():
        for method, penalty in PENALTIES.items():
            settings = {"batch": case.batch, "shape": case.shape, "blocks": BLOCKS, "compile": reason is None}
            for seed in range(options.seeds):
                rows.append(table.row(method, name, seed, settings, lambda: measure(case, penalty, seed, reason)))  # noqa: B023
    table.show([shown(row, form) for row in rows for form in row["forms"]])
    judge(table, rows)
    table.write()


if __name__ == "__main__":
    sys.exit(main())
