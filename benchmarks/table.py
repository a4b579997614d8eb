"""What all benchmarks share: arguments, rows that are kept from call to call, bars, and a printed table.

A row is one (method, setting, seed), finished. It is written as soon as it is measured, so that a run that was cut
goes on where it was; a row measured with the same settings, versions and kind of machine is not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch

from contrafact.engine.bundle import to_bytes, write_atomically
from contrafact.engine.run import environment

Row = dict[str, Any]


def arguments(about: str | None, *, gate_seeds: int, full_seeds: int) -> argparse.ArgumentParser:
    """Make a parser of the arguments that every benchmark takes.

    Arguments:
        about: What is measured; its first line is the help text.
        gate_seeds: Seeds with --size gate.
        full_seeds: Seeds with --size full.
    """
    parser = argparse.ArgumentParser(description=(about or "").split("\n")[0])
    parser.add_argument("--size", choices=["gate", "full"], default="gate", help="gate: an hour of one core at most")
    parser.add_argument("--out", type=Path, help="JSON file that keeps the rows")
    parser.add_argument(
        "--seeds", type=int, help=f"how many seeds; default {gate_seeds}, with --size full {full_seeds}"
    )
    parser.set_defaults(size_seeds={"gate": gate_seeds, "full": full_seeds})
    return parser


def read(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line, fill in the number of seeds, and keep to one thread."""
    options = parser.parse_args()
    options.seeds = options.seeds or options.size_seeds[options.size]
    del options.size_seeds
    torch.set_num_threads(1)
    return options


class Table:
    """The rows of one benchmark and the bars that they are held to.

    Arguments:
        name: The benchmark's name.
        options: What `read` gave.
    """

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name, self.options, self.out = name, options, options.out
        self.environment = environment()
        self.rows = self._kept()
        self.bars: list[Row] = []
        self.lines: list[str] = []

    def _kept(self) -> list[Row]:
        if self.out is None or not self.out.exists():
            return []
        document = json.loads(self.out.read_text(encoding="utf-8"))
        if document["environment"] != self.environment:
            say(f"{self.out.name} was measured with other versions or on another kind of machine: measured anew.")
            return []
        rows: list[Row] = document["rows"]
        return rows

    def row(self, method: str, setting: str, seed: int, settings: Row, measure: Callable[[], Row]) -> Row:
        """Give the row that is kept, or measure it and write it down.

        Arguments:
            method: What was measured.
            setting: On what, or in which variant.
            seed: The seed that it was measured with.
            settings: Everything else that the row depends on; a kept row with other settings is measured again.
            measure: Gives the row's numbers.
        """
        key = {"method": method, "setting": setting, "seed": seed}
        settings = json.loads(json.dumps(settings))
        for row in self.rows:
            if row["settings"] == settings and all(row[k] == v for k, v in key.items()):
                return row
        say(f"{self.name}: {method}, {setting}, seed {seed} ...")
        fresh = {**key, **measure(), "settings": settings}
        self.rows = [row for row in self.rows if any(row[k] != v for k, v in key.items())] + [fresh]
        self.write()
        return fresh

    def bar(self, claim: str, passed: bool, measured: str) -> None:
        """Hold a claim against what was measured, and print it."""
        self.bars.append({"claim": claim, "passed": bool(passed), "measured": measured})
        self.line(f"{'pass' if passed else 'FAIL'}  {claim}: {measured}")

    def line(self, text: str = "") -> None:
        """Print a line that is also written down."""
        self.lines.append(text)
        print(text)

    def show(self, rows: Sequence[dict[str, str]]) -> None:
        """Print rows of texts as an aligned table, whose columns are the first row's keys."""
        heads = list(rows[0])
        cells = [heads, *([row.get(head, "") for head in heads] for row in rows)]
        widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
        for line in cells:
            first, *rest = zip(line, widths, strict=True)
            padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
            self.line("  ".join(padded).rstrip())

    def command(self) -> str:
        """Give the command that measures this table again; of --out only the file's name."""
        words = [f"python benchmarks/bench_{self.name}.py"]
        for name, value in vars(self.options).items():
            value = value.name if isinstance(value, Path) else value
            value = " ".join(map(str, value)) if isinstance(value, list) else value
            if value is True:
                words.append(f"--{name}")
            elif value is not None and value is not False:
                words.append(f"--{name} {value}")
        return " ".join(words)

    def write(self) -> None:
        """Write everything that is known so far, whole or not at all."""
        if self.out is None:
            return
        self.out.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "bench": self.name,
            "command": self.command(),
            "environment": self.environment,
            "seeds": list(range(self.options.seeds)),
            "table": self.lines,
            "bars": self.bars,
            "rows": self.rows,
        }
        write_atomically(self.out, to_bytes(content))


def known(recipe: Any, defaults: Row | None = None) -> Row:
    """Give the settings that a run depends on: those left open filled in, those that are off left out.

    A setting that a later version adds, and that is off unless asked for, makes no row stale.
    """
    filled = recipe.filled(defaults) if defaults else recipe
    return {name: value for name, value in filled.settings().items() if value is not None and value is not False}


def say(text: str) -> None:
    """Tell how far the benchmark is, on standard error."""
    print(text, file=sys.stderr, flush=True)


def cpu_seconds(job: Callable[[], Any]) -> tuple[Any, float]:
    """Do a job and give its result and the CPU seconds that it took."""
    began = time.process_time()
    result = job()
    return result, time.process_time() - began


def peak_megabytes() -> float:
    """Give the largest memory that this program has had; not what `resource` says, which counts its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def mean_sd(values: Iterable[float], digits: int = 2) -> str:
    """Write a mean and a standard deviation over seeds."""
    values = list(values)
    sd = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{fmean(values):.{digits}f}{sd}"


def mean_range(values: Iterable[float], digits: int = 2) -> str:
    """Write a mean and the smallest and largest value over seeds."""
    values = list(values)
    return f"{fmean(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def in_turn(jobs: dict[str, Callable[[], Any]], blocks: int) -> dict[str, list[float]]:
    """Time jobs block by block in turn, in one order and then the other, so that all share the machine's moods.

    Arguments:
        jobs: Each does one block of work.
        blocks: How many blocks each does.

    Returns:
        CPU seconds of every block.
    """
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for block in range(blocks):
        for name in list(jobs) if block % 2 == 0 else reversed(jobs):
            taken[name].append(cpu_seconds(jobs[name])[1])
    return taken
