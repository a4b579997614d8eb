"""The two networks that judge series, under one code with fixed settings, whatever made the series.

A classifier is taught to tell real windows from fakes, and a predictor to tell the next step from those before. Both
are small, start from seeds of their own, see no weight of any generator, and train for a fixed number of steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contrafact.base.seeds import fold, generator

STEPS, BATCH, RATE, DECAY, WIDTH = 400, 128, 2e-3, 1e-3, 48
LOOKS_BACK = 12


def classified(real: np.ndarray, fake: np.ndarray, tests: list[np.ndarray], seed: int, steps: int | None = None) -> Any:
    """Teach a classifier real windows from fakes, and give how real it finds others.

    Arguments:
        real: Real windows to learn from.
        fake: Fakes to learn from.
        tests: Windows to be judged.
        seed: Seeds the network and the batches.
        steps: Steps of training; None is what all are judged by.

    Returns:
        For each set of tests a number a window, above 0 for real.
    """
    import torch

    sides = [torch.from_numpy(_moves(part)) for part in (real, fake)]
    random = generator(seed, "classifier")
    truth = torch.cat([torch.ones(BATCH // 2), torch.zeros(BATCH // 2)])

    def loss(net: Any) -> Any:
        own = [random.integers(len(side), size=BATCH // 2) for side in sides]
        batch = torch.cat([side[rows] for side, rows in zip(sides, own, strict=True)])
        return torch.nn.functional.binary_cross_entropy_with_logits(net(batch)[:, 0], truth)

    net = _trained(lambda: _classifier(sides[0].shape[1]), loss, seed, steps)
    with torch.no_grad():
        return [_in_parts(net, torch.from_numpy(_moves(part)))[:, 0] for part in tests]


def predicted(learned: np.ndarray, test: np.ndarray, seed: int, steps: int | None = None) -> np.ndarray:
    """Teach a predictor the next step on some windows, and give its absolute error on each of others.

    Arguments:
        learned: Windows to learn from.
        test: Windows to be predicted, step by step.
        seed: Seeds the network and the batches.
        steps: Steps of training; None is what all are judged by.
    """
    import torch

    back = min(LOOKS_BACK, learned.shape[1] - 1)
    random = generator(seed, "predictor")
    table = torch.from_numpy(np.ascontiguousarray(learned, dtype=np.float32))

    def loss(net: Any) -> Any:
        rows = random.integers(len(table), size=BATCH)
        ends = random.integers(back, table.shape[1], size=BATCH)
        seen = torch.stack([table[row, end - back : end] for row, end in zip(rows, ends, strict=True)])
        return (net(seen.flatten(1)) + seen[:, -1] - table[rows, ends]).abs().mean()

    net = _trained(lambda: _predictor(back, table.shape[2]), loss, seed, steps)
    whole = torch.from_numpy(np.ascontiguousarray(test, dtype=np.float32))
    with torch.no_grad():
        errors = []
        for end in range(back, whole.shape[1]):
            seen = whole[:, end - back : end]
            errors.append((net(seen.flatten(1)) + seen[:, -1] - whole[:, end]).abs().mean(1))
        return np.asarray(torch.stack(errors).mean(0).numpy(), dtype=np.float64)


def _moves(windows: np.ndarray) -> np.ndarray:
    """Give windows and their changes from step to step, as channels."""
    apart = np.diff(windows, axis=1, prepend=windows[:, :1])
    return np.ascontiguousarray(np.concatenate([windows, apart], axis=2).transpose(0, 2, 1), dtype=np.float32)


def _classifier(channels: int) -> Any:
    from torch import nn

    layers: list[Any] = [nn.BatchNorm1d(channels)]
    for wide, far in ((channels, 1), (WIDTH, 2), (WIDTH, 4)):
        layers += [nn.Conv1d(wide, WIDTH, 3, padding=far, dilation=far), nn.ReLU(), nn.BatchNorm1d(WIDTH)]
    return nn.Sequential(*layers, _ends(), nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1))


def _ends() -> Any:
    """Make the layer that gives each channel's mean and maximum; PyTorch is loaded where it is needed."""
    from torch import Tensor, nn

    class Ends(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            import torch

            return torch.cat([x.mean(2), x.amax(2)], dim=1)

    return Ends()


def _predictor(back: int, channels: int) -> Any:
    from torch import nn

    last = nn.Linear(WIDTH, channels)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(back * channels, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), last)


def _trained(make: Callable[[], Any], loss: Callable[[Any], Any], seed: int, steps: int | None) -> Any:
    """Train a network from its seed; the global randomness stays as it was."""
    import torch

    from contrafact.engine.play import own_randomness

    with own_randomness(fold(seed, "judge"), torch.device("cpu")):
        net = make().train()
    player = torch.optim.Adam(net.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    steps = steps or STEPS
    for step in range(steps):
        player.param_groups[0]["lr"] = RATE * (0.5 + 0.5 * np.cos(np.pi * step / steps))
        player.zero_grad(set_to_none=True)
        loss(net).backward()
        player.step()
    return net.eval()


def _in_parts(net: Any, windows: Any) -> np.ndarray:
    import torch

    parts = [net(part) for part in windows.split(512)]
    return np.asarray((torch.cat(parts) if parts else torch.zeros(0, 1)).numpy(), dtype=np.float64)
