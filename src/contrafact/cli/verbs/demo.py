"""demo: a tour that writes one HTML file; demo NAME: a demo set as files."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer, say

HELP = "a short tour that writes one offline HTML file, or a demo set as files to try commands on"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="write this demo set: digits, patients, sensors, ...")
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        help="where to: the tour's folder (default demo), or a new file or folder for the demo set (default its name)",
    )


def run(args: argparse.Namespace) -> Answer:
    if args.name is not None:
        return _written(args)
    from contrafact.report.tour import tour

    page = str(tour(args.out or "demo", seed=args.seed, tell=(lambda line: None) if args.quiet else say))
    return Answer(text=f"Open {page}", verdict="The tour is written.", files=[page])


def _written(args: argparse.Namespace) -> Answer:
    from contrafact.base.demos import DEMOS
    from contrafact.tasks.demo_files import write_demo

    place, count = write_demo(args.name, args.out)
    told = f"Wrote {place}: {DEMOS[args.name][1]}."
    return Answer(text=told, verdict=told, files=[place], fields={"items": count})
