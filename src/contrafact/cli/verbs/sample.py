"""sample RUN: draw from a trained model into a file."""

from __future__ import annotations

import argparse
from typing import Any

from contrafact.cli.answer import Answer
from contrafact.cli.options import settings

HELP = "draw from a trained model"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN", help="a run's name or folder, @last, @best, or a saved model")
    parser.add_argument("-n", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--given", action="append", default=[], metavar="KEY=VALUE", help="a condition")
    parser.add_argument("--refine", action="store_true", help="let the critic choose among candidates")
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        help=".npy, .npz, .csv, .parquet, .txt or .png; for pictures also a folder or .zip",
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.sample import draw, place_of, write

    given = settings(args.given, "--given prefix=ab")
    run = str(place_of(args.what))
    drawn = draw(args.what, args.n, given=given or None, seed=args.seed, refine=args.refine)
    if args.out is None:
        return Answer(text=_shown(drawn), verdict=f"Drew {args.n:,} items.", run=run)
    files = write(drawn, args.out)
    told = f"Wrote {args.n:,} synthetic items to {files[0]}."
    return Answer(text=told, verdict=told, run=run, files=files)


def _shown(drawn: Any) -> str:
    items = drawn.items if hasattr(drawn, "kind") else drawn
    return "\n".join(map(str, items)) if isinstance(items, list) else str(items)
