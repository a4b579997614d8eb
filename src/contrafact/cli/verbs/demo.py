"""demo: a tour that writes one HTML file."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, say

HELP = "a short tour that writes one offline HTML file"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", default="demo", metavar="DIR", help="where the tour is written (default demo)")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.report.tour import tour

    page = str(tour(args.out, seed=args.seed, tell=(lambda line: None) if args.quiet else say))
    return Answer(text=f"Open {page}", verdict="The tour is written.", files=[page])
