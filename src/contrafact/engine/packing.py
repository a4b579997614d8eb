"""Modules and optimisers <-> named arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from contrafact.engine.play import laid_out, own_randomness

T = TypeVar("T")
N = TypeVar("N", bound=nn.Module)


def _copied(value: Any) -> np.ndarray:
    array: np.ndarray = value.detach().cpu().numpy().copy()
    return array


def weights_of(**nets: nn.Module | None) -> dict[str, np.ndarray]:
    """Copy the weights and buffers of networks by name; a network that is None is left out."""
    kept = {name: net for name, net in nets.items() if net is not None}
    return {f"{name}/{key}": _copied(value) for name, net in kept.items() for key, value in net.state_dict().items()}


def pack(modules: dict[str, nn.Module], players: dict[str, Optimizer]) -> dict[str, np.ndarray]:
    """Copy all weights, buffers and optimiser states into named arrays."""
    arrays = {
        f"module/{m}/{key}": _copied(v) for m, module in modules.items() for key, v in module.state_dict().items()
    }
    for player, optimizer in players.items():
        for index, slots in optimizer.state_dict()["state"].items():
            for key, value in slots.items():
                if isinstance(value, torch.Tensor):
                    arrays[f"optimizer/{player}/{index}/{key}"] = _copied(value)
    return arrays


def unpack(arrays: dict[str, np.ndarray], modules: dict[str, nn.Module], players: dict[str, Optimizer]) -> None:
    """Put packed arrays back into modules and optimisers."""
    for name, module in modules.items():
        start = f"module/{name}/"
        module.load_state_dict(
            {k[len(start) :]: torch.from_numpy(v.copy()) for k, v in arrays.items() if k.startswith(start)}
        )
    for player, optimizer in players.items():
        start = f"optimizer/{player}/"
        slots: dict[int, dict[str, Any]] = {}
        for name, value in arrays.items():
            if name.startswith(start):
                index, key = name[len(start) :].split("/")
                slots.setdefault(int(index), {})[key] = torch.from_numpy(value.copy())
        optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
        for weight, slot in optimizer.state.items():
            slot.update({k: laid_out(v, weight) for k, v in slot.items() if getattr(v, "shape", None) == weight.shape})


def bare(make: Callable[[], T]) -> T:
    """Make networks whose weights are to be loaded: those drawn here are replaced, no source of chance moves."""
    with own_randomness(0, torch.device("cpu")):
        return make()


def needed_net(name: str, net: N, arrays: dict[str, np.ndarray]) -> N:
    """Load the weights of a network that every model keeps."""
    if loaded_net(name, net, arrays) is None:
        raise KeyError(f"a model without the weights of its {name}")
    return net


def loaded_net(name: str, net: nn.Module, arrays: dict[str, np.ndarray]) -> nn.Module | None:
    """Load a network's weights from a model's arrays, or say that they were not kept."""
    own = {
        k.removeprefix(f"{name}/"): torch.from_numpy(v.copy()) for k, v in arrays.items() if k.startswith(f"{name}/")
    }
    if not own:
        return None
    net.load_state_dict(own)
    return net.requires_grad_(False).eval()
