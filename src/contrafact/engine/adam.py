"""AdamW that does not load torch's compiler.

torch's optimisers fence their methods off from the compiler, and load all of it to do so: a second of work and 90 MB
before the first step of a training that compiles nothing. Here the same methods are called without the fence; every
number stays the same.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch


class AdamW(torch.optim.AdamW):
    """torch's AdamW, whose methods are not fenced off from the compiler; not to be compiled itself."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take weights with settings of their own."""
        _bare("add_param_group")(self, param_group)

    def state_dict(self) -> dict[str, Any]:
        """Give the state of all weights and the settings."""
        state: dict[str, Any] = _bare("state_dict")(self)
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state that `state_dict` gave."""
        _bare("load_state_dict")(self, state_dict)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Move the weights along their gradients."""
        return _bare("step")(self, closure)


def _bare(name: str) -> Any:
    return inspect.unwrap(getattr(torch.optim.AdamW, name))
