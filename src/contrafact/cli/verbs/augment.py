"""augment FOLDER: more training pictures by class, and whether they help."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, score_table
from contrafact.cli.trial import answered, carried_out, options_of, read_for, trial_options

HELP = "make more training pictures by class, and test whether they help"


def add(parser: argparse.ArgumentParser) -> None:
    trial_options(parser)
    parser.add_argument("-n", type=int, help="how many pictures (default: as many as there are)")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.augment import WAYS
    from contrafact.tasks.results import by_kind

    data = read_for(args)
    result = carried_out(by_kind("augment", WAYS, data)(data, n=args.n, **options_of(args)), args)
    return answered(result, data, args, score_table(result.scores) if result.scores else "")
