"""report RUN: write a run's page anew."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer

HELP = "write one offline HTML page about a run"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN", help="a run's name or folder, @last or @best")
    parser.add_argument("--real", metavar="DATA", help="draw real items of this file or demo set beside the samples")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.report.run_page import write_run_report
    from contrafact.tasks.read import read
    from contrafact.tasks.runs import find_run

    found = find_run(args.what)
    page = str(write_run_report(found, real=None if args.real is None else read(args.real)))
    return Answer(text=f"Wrote {page}", verdict="Written.", run=str(found.folder), files=[page])
