"""A memory of one slot that attends to itself and to what comes in (Santoro et al. 2018), as RelGAN uses it.

Each step projects the input to the slot's width, sets it beside the memory, and lets the memory attend to both by
several heads; a small network follows, both with a residual path and a norm. Gates decide how much of the memory m is
replaced: m' = sigmoid(i) tanh(m~) + sigmoid(f + 1) m.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from contrafact.nets.sequences import State


class MemoryCore(nn.Module):
    """What carries the prefix of a line: a slot, read and written by attention.

    Arguments:
        inputs: Width of what is read.
        width: Width of the slot.
        heads: Heads of the attention.
    """

    def __init__(self, inputs: int, width: int, heads: int = 2) -> None:
        super().__init__()
        self.width, self.heads = width, heads
        self.entry = nn.Linear(inputs, width)
        self.three = nn.Sequential(nn.Linear(width, 3 * width), nn.LayerNorm(3 * width))
        self.body = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.gates_in, self.gates_kept = nn.Linear(width, 2 * width), nn.Linear(width, 2 * width)

    def begin(self, rows: int, like: Tensor) -> State:
        """Give an identity's first row for each line."""
        first = like.new_zeros(1, rows, self.width)
        first[:, :, 0] = 1.0
        return (first,)

    def attended(self, memory: Tensor, entered: Tensor) -> Tensor:
        """Let the memory attend to itself and to the input."""
        both = torch.stack([memory, entered], dim=1)
        query, keys, values = self.three(both).chunk(3, dim=2)
        shape = (len(memory), -1, self.heads, self.width // self.heads)
        query, keys, values = (part.reshape(shape).transpose(1, 2) for part in (query[:, :1], keys, values))
        scores = query @ keys.transpose(2, 3) * (self.width // self.heads) ** -0.5
        found: Tensor = scores.softmax(dim=3) @ values
        return found.transpose(1, 2).reshape(len(memory), self.width)

    def run(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read inputs one after the other."""
        (memory,) = (part[0] for part in state)
        entered, found = self.entry(inputs), []
        for place in range(inputs.shape[1]):
            now = entered[:, place]
            between = self.norms[0](memory + self.attended(memory, now))
            fresh = self.norms[1](between + self.body(between))
            taken, kept = (self.gates_in(now) + self.gates_kept(torch.tanh(memory))).chunk(2, dim=1)
            memory = torch.sigmoid(taken) * torch.tanh(fresh) + torch.sigmoid(kept + 1) * memory
            found.append(memory)
        return torch.stack(found, dim=1), (memory[None],)
