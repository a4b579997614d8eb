"""synth FILE: a table of new rows like the real ones, judged on rows that were held out."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, score_table
from contrafact.cli.options import settings
from contrafact.cli.trial import TABLE, answered, carried_out, job_options, options_of, read_for

HELP = "make a table of new rows like the real ones, and judge them"


def add(parser: argparse.ArgumentParser) -> None:
    job_options(parser, TABLE, "a new file for the rows", "loom")
    parser.add_argument("-n", type=int, help="how many rows (default: as many as there are)")
    parser.add_argument("--share-safe", action="store_true", help="no rare level, no end of a scale, no real row")
    parser.add_argument("--epsilon", metavar="3", help="differential privacy: how much one row may change what is made")
    parser.add_argument("--delta", metavar="1e-6", help="the chance that epsilon leaves out")
    parser.add_argument("--given", action="append", default=[], metavar="COL=VALUE", help="a condition on a column")
    parser.add_argument("--target", metavar="COL", help="a column that models shall predict, in the scores")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.results import by_kind
    from contrafact.tasks.synth import WAYS

    data = read_for(args, large=True)
    given = settings(args.given, "--given sex=female") or None
    wish = {"n": args.n, "given": given, "share_safe": args.share_safe, "target": args.target}
    wish["lazily"] = bool(args.out)
    options = options_of(args)
    options["settings"] |= {name: getattr(args, name) for name in ("epsilon", "delta") if getattr(args, name)}
    result = carried_out(by_kind("synth", WAYS, data)(data, **wish, **options), args)
    return answered(result, data, args, score_table(result.scores) if result.scores else "")
