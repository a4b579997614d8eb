"""plan WHAT: measure what a training would cost, without doing it."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer
from contrafact.cli.options import order_of, training_options

HELP = "measured time, memory and disk before training"


def add(parser: argparse.ArgumentParser) -> None:
    training_options(parser)


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.plan import plan

    cost = plan(order_of(args))
    text = (
        f"{cost['steps']:,} steps of {cost['method']}\n"
        f"first sample after  {cost['first_seconds']:.1f} s\n"
        f"the whole training  {cost['total_seconds']:.0f} s\n"
        f"memory              {cost['memory_bytes'] / 2**20:.0f} MiB\n"
        f"disk                {cost['disk_bytes'] / 2**20:.1f} MiB"
    )
    return Answer(text=text, verdict=f"About {cost['total_seconds']:.0f} seconds.", fields=cost)
