"""augment WHAT: more training rows, pictures, clips or series, and whether they help."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, score_table
from contrafact.cli.arms import arms_shown
from contrafact.cli.options import KINDS
from contrafact.cli.trial import answered, carried_out, options_of, read_for, trial_options

HELP = "make more training rows, pictures, clips or series, and test whether they help"


def add(parser: argparse.ArgumentParser) -> None:
    trial_options(parser, sequences=True)
    parser.add_argument("--kind", choices=KINDS, help="what is read, where that is not clear: series")
    parser.add_argument("-n", type=int, help="how many (default: as many as there are)")
    parser.add_argument("--target", metavar="COL", help="of a table or series: the column of classes to predict")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.augment import WAYS
    from contrafact.tasks.results import by_kind

    data = read_for(args)
    job = by_kind("augment", WAYS, data)(data, n=args.n, target=args.target, **options_of(args))
    result = carried_out(job, args)
    plain = score_table(result.scores) if result.scores else ""
    return answered(result, data, args, arms_shown(result.scores) or plain)
