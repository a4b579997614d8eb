"""doctor: check this machine."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer

HELP = "check this machine"


def add(parser: argparse.ArgumentParser) -> None:
    del parser


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.checkup import checkup

    checks = checkup()
    lines = [f"{'ok ' if c.good else 'BAD'}  {c.name}: {c.told}" + ("" if c.good else f"  -> {c.cure}") for c in checks]
    bad = sum(not c.good for c in checks)
    verdict = "Everything works." if not bad else f"{bad} of {len(checks)} checks failed."
    fields = {"checks": [{"name": c.name, "good": c.good, "told": c.told, "cure": c.cure} for c in checks]}
    return Answer(text="\n".join([*lines, verdict]), verdict=verdict, fields=fields, status=1 if bad else 0)
