"""The optimiser that leaves torch's compiler unloaded moves weights as torch's own does, bit for bit."""

from __future__ import annotations

import subprocess
import sys

import torch

from contrafact.engine.adam import AdamW

SETTINGS = {"lr": 3e-3, "betas": (0.9, 0.99), "weight_decay": 0.1}


def moved(kind: type[torch.optim.Optimizer], steps: int = 5, **more: object) -> tuple[list[torch.Tensor], object]:
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(4, 3)), torch.nn.Parameter(torch.randn(3))]
    optimizer = kind(weights, **SETTINGS, **more)
    for step in range(steps):
        for weight in weights:
            weight.grad = torch.sin(weight.detach() * (step + 1))
        optimizer.step()
    return [weight.detach() for weight in weights], optimizer


def test_it_moves_weights_as_torch_does():
    state = torch.get_rng_state()
    for more in ({"fused": True}, {}):
        own, theirs = moved(AdamW, **more)[0], moved(torch.optim.AdamW, **more)[0]
        assert all(torch.equal(one, other) for one, other in zip(own, theirs, strict=True))
    torch.set_rng_state(state)


def test_its_state_can_be_saved_and_taken_up_again():
    state = torch.get_rng_state()
    _, optimizer = moved(AdamW)
    fresh = AdamW([torch.nn.Parameter(torch.zeros(4, 3)), torch.nn.Parameter(torch.zeros(3))], **SETTINGS)
    fresh.load_state_dict(optimizer.state_dict())
    pairs = zip(optimizer.state.values(), fresh.state.values(), strict=True)
    assert all(torch.equal(one["exp_avg"], other["exp_avg"]) for one, other in pairs)
    torch.set_rng_state(state)


def test_a_training_loads_no_compiler():
    code = (
        "import sys, numpy as np, pandas as pd\n"
        "from contrafact.zoo import Loom\n"
        "frame = pd.DataFrame({'a': np.arange(60) % 5, 'b': np.arange(60) % 3})\n"
        "Loom.toy().but(steps=3).fit(frame)\n"
        "sys.exit('torch._dynamo' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
