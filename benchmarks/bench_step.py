"""A critic's step with R1 and R2 over pictures: one concatenated pass against two, plain and compiled.

The critic is the one that pictures of 28 x 28 get. The forms must give the same gradients; then whole steps (losses,
gradient, optimiser) are timed in turn, and their ratio to two passes, which most published code makes, is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor
from torch.nn.functional import softplus

from bench_penalty import COMPILE, first_line, functional, no_compiler, relative
from contrafact.engine.penalties import squared_slope, zero_centred
from contrafact.engine.process import keep_memory
from contrafact.nets.pictures import PictureCritic
from table import Row, Table, arguments, in_turn, read, say

BATCH, SHAPE, WIDTH, BLOCKS, STEPS = 32, (1, 28, 28), 32, 16, 6
TOLERANCE, ONE_PASS, COMPILED = 1e-5, 1.0, 0.8


class Steps:
    """One critic and one batch.

    Arguments:
        seed: Seeds weights and pictures.
        device: Where they live.
    """

    def __init__(self, seed: int, device: str) -> None:
        torch.manual_seed(seed)
        self.critic = PictureCritic(0, SHAPE, WIDTH).to(device, memory_format=torch.channels_last)
        self.weights = list(self.critic.parameters())
        self.real, self.fake = torch.randn(2, BATCH, *SHAPE, device=device).unbind()

    def two(self) -> Tensor:
        """Penalise real pictures in one pass and fakes in another, and judge both as well."""
        on_real, first = squared_slope(self.critic, self.real, "double")
        on_fake, second = squared_slope(self.critic, self.fake, "double")
        return softplus(on_fake - on_real).mean() + (first + second).mean() / 2

    def one(self, how: str = "double") -> Tensor:
        """Penalise and judge both in one concatenated pass."""
        on_real, on_fake, first, second = zero_centred(self.critic, self.real, self.fake, how)  # type: ignore[arg-type]
        return softplus(on_fake - on_real).mean() + (first + second).mean() / 2

    def transformed(self) -> Tensor:
        """The same by double backward as a transformed function, which is traced as one graph."""
        logits, squares = functional(self.critic, torch.cat([self.real, self.fake]))
        on_real, on_fake = logits.chunk(2)
        return softplus(on_fake - on_real).mean() + squares.mean()

    def gradient(self, loss: Callable[[], Tensor]) -> Tensor:
        """Give the gradient over all weights as one row."""
        return torch.cat([grad.flatten() for grad in torch.autograd.grad(loss(), self.weights)]).double()

    def stepper(self, loss: Callable[[], Tensor]) -> Callable[[], None]:
        """Return some whole steps."""
        adam = torch.optim.Adam(self.weights, lr=1e-6, fused=True)

        def steps() -> None:
            for _ in range(STEPS):
                for weight, grad in zip(self.weights, torch.autograd.grad(loss(), self.weights), strict=True):
                    weight.grad = grad
                adam.step()
            if self.real.is_cuda:
                torch.cuda.synchronize()

        return steps


def compiled_forms(steps: Steps) -> tuple[dict[str, Callable[[], Tensor]], dict[str, str]]:
    """Compile what can be compiled; give the forms, and why the others cannot."""
    made: dict[str, Callable[[], Tensor]] = {}
    refused: dict[str, str] = {}
    plain = {"compiled forward mode": lambda: steps.one("forward"), "compiled functional": steps.transformed}
    for name, loss in plain.items():
        torch._dynamo.reset()
        try:
            form = torch.compile(loss, **COMPILE)
            steps.gradient(form)
            made[name] = form
        except Exception as error:  # noqa: BLE001 (dynamo and inductor raise many kinds)
            refused[name] = first_line(error)
    return made, refused


def measure(seed: int, device: str) -> Row:
    """Compare all forms with one seed."""
    steps = Steps(seed, device)
    forms: dict[str, Callable[[], Tensor]] = {"two passes": steps.two, "one pass": steps.one}
    why = no_compiler()
    made, refused = ({}, {"compiled": why}) if why else compiled_forms(steps)
    forms |= made
    truth = steps.gradient(steps.two)
    errors = {name: relative(steps.gradient(form), truth) for name, form in forms.items()}
    taken = in_turn({name: steps.stepper(form) for name, form in forms.items()}, BLOCKS)
    ratios = {
        name: median(a / b for a, b in zip(times, taken["two passes"], strict=True)) for name, times in taken.items()
    }
    return {"errors": errors, "ratios": ratios, "refused": refused}


def main() -> None:
    parser = arguments(__doc__, gate_seeds=2, full_seeds=5)
    parser.add_argument("--device", default="cpu", help="where to measure; default cpu")
    options = read(parser)
    keep_memory()  # as every training does
    table = Table("step", options)
    settings = {"batch": BATCH, "shape": SHAPE, "width": WIDTH, "memory": "kept"}
    rows = [
        table.row("r1 + r2", options.device, seed, settings, lambda: measure(seed, options.device))  # noqa: B023
        for seed in range(options.seeds)
    ]
    for row in rows:
        say(f"refused: {row['refused']}") if row["refused"] else None
    names = sorted(rows[0]["ratios"])
    table.show(
        [
            {"form": name, **{f"seed {row['seed']}": f"{row['ratios'].get(name, float('nan')):.3f}" for row in rows}}
            for name in names
        ]
    )
    error = max(max(row["errors"].values()) for row in rows)
    table.bar(f"all gradients agree to {TOLERANCE:g}", error <= TOLERANCE, f"{error:.1g}")
    one = median(row["ratios"]["one pass"] for row in rows)
    table.bar(f"one pass <= {ONE_PASS:g} x two passes", one <= ONE_PASS, f"{one:.3f}")
    for name in (n for n in names if n.startswith("compiled")):
        table.line(f"aim   {name} <= {COMPILED:g}: {median(row['ratios'][name] for row in rows):.3f}")
    table.write()


if __name__ == "__main__":
    sys.exit(main())
