"""What a series model learns from: parts of the series, and batches of windows that stay inside them.

Windows of one series overlap, so a window drawn at random has seen its neighbours. What a model is chosen by must not:
the steps are cut into parts, a tenth of the parts is held out, and no window that is learned from touches them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.engine.items import Batches

FARTHEST = 30.0  # on a variable's scale, which is that of its middle half
LONG, FEW = 4, 20  # windows in a part; with fewer parts, they are shorter


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """The steps of a panel, cut into parts.

    Arguments:
        panel: The series.
        window: Steps in a window.
        owner: The part of each step; of steps behind a stretch, its last part.
        count: How many parts there are.
    """

    panel: Any
    window: int
    owner: np.ndarray
    count: int

    @classmethod
    def of(cls, panel: Any, window: int) -> Parts:
        """Cut long series into parts of some windows; short series are parts of their own."""
        for windows in (LONG, 2, 1):
            owner, count = _cut(panel, windows * window)
            if count >= FEW:
                break
        return cls(panel=panel, window=window, owner=owner, count=count)

    @property
    def items(self) -> dict[str, np.ndarray]:
        """The parts' numbers; two where there is one, for whoever needs several."""
        return {"parts": np.arange(max(self.count, 2))}

    def starts(self, parts: np.ndarray) -> np.ndarray:
        """Give where windows may begin that lie in some parts alone; anywhere, where no part can hold one."""
        starts = self.panel.starts(self.window)
        inside = np.isin(self.owner, parts)
        before = np.concatenate([[0], np.cumsum(~inside)])
        ends = np.minimum(starts + self.window, len(self.owner))
        found = starts[before[ends] == before[starts]]
        return np.asarray(found if len(found) else starts)


def _cut(panel: Any, length: int) -> tuple[np.ndarray, int]:
    owner, count = np.zeros(len(panel.steps), dtype=np.int64), 0
    bounds = [*panel.begins.tolist()[1:], len(panel.steps)]
    for begin, end, bound in zip(panel.begins.tolist(), panel.ends.tolist(), bounds, strict=True):
        pieces = max(round((end - begin) / length), 1)
        place = np.minimum((np.arange(bound - begin) * pieces) // max(end - begin, 1), pieces - 1)
        owner[begin:bound] = count + place
        count += pieces
    return owner, count


class WindowBatches:
    """Batches of windows, each a function of (seed, number) only.

    Arguments:
        items: Numbers of parts.
        size: Windows in a batch.
        seed: Seeds their order.
        parts: The parts.
        codec: Tells where steps stand in cycles.
    """

    def __init__(self, items: dict[str, Tensor], size: int, seed: int, *, parts: Parts, codec: Any) -> None:
        device = items["parts"].device
        starts = parts.starts(items["parts"].cpu().numpy())
        self.batches = Batches(torch.from_numpy(starts).to(device), size, seed)
        panel = parts.panel
        self.values, self.points = near(panel.values).to(device), torch.from_numpy(panel.points).to(device)
        self.steps = torch.from_numpy(panel.steps).to(device)
        series = panel.owners[np.searchsorted(panel.begins, np.arange(len(panel.steps)), side="right") - 1]
        self.told, self.traits = (torch.from_numpy(part[series]).to(device) for part in (panel.told, panel.traits))
        self.window, self.codec, self.room = parts.window, codec, len(panel.steps) - 1

    def __call__(self, number: int) -> dict[str, Tensor]:
        starts = self.batches(number)
        places = (starts[:, None] + torch.arange(self.window, device=starts.device)).clamp_max(self.room)
        first = self.steps[starts]
        phases = torch.from_numpy(self.codec.phases(first.cpu().numpy(), self.window)).to(starts.device)
        found = {"values": self.values[places], "points": self.points[places], "phases": phases}
        return {**found, "told": self.told[starts], "traits": self.traits[starts]}


def tensors(windows: dict[str, np.ndarray], codec: Any) -> dict[str, Any]:
    """Give windows as tensors, with their phases."""
    phases = codec.phases(windows["first"], windows["values"].shape[1])
    found = {name: torch.from_numpy(windows[name]) for name in ("points", "told", "traits")}
    return {**found, "values": near(windows["values"]), "phases": torch.from_numpy(phases)}


def near(values: np.ndarray) -> Tensor:
    """Give numbers on the scales as a tensor; those that are out of all proportion count as far away."""
    return torch.from_numpy(values).clamp(-FARTHEST, FARTHEST)


class Slices:
    """Batches of windows as plain numbers.

    Arguments:
        items: Numbers of parts.
        size: Windows in a batch.
        seed: Seeds their order.
        scaled: All steps.
        parts: The parts.
    """

    def __init__(self, items: dict[str, Tensor], size: int, seed: int, *, scaled: np.ndarray, parts: Parts) -> None:
        device = items["parts"].device
        starts = parts.starts(items["parts"].cpu().numpy())
        self.batches = Batches(torch.from_numpy(starts).to(device), size, seed)
        self.scaled, self.window = torch.from_numpy(scaled).to(device), parts.window

    def __call__(self, number: int) -> dict[str, Tensor]:
        starts = self.batches(number)
        places = starts[:, None] + torch.arange(self.window, device=starts.device)
        return {"x": self.scaled[places.clamp_max(len(self.scaled) - 1)]}
