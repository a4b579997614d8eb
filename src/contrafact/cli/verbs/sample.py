"""sample RUN: draw from a trained model into a file."""

from __future__ import annotations

import argparse
from typing import Any

from contrafact.cli.answer import Answer, table
from contrafact.cli.options import CSV_SAFE, settings

HELP = "draw from a trained model"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="RUN", help="a run's name or folder, @last, @best, or a saved model")
    parser.add_argument("-n", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--given", action="append", default=[], metavar="KEY=VALUE", help="a condition")
    parser.add_argument("--truncation", type=float, metavar="T", help="below 1: likelier, less varied pictures")
    parser.add_argument("--edit", action="append", default=[], metavar="NAME=STEPS", help="such as slant=1.5; pictures")
    parser.add_argument("--edits", action="store_true", help="draw nothing; list what --edit can change")
    parser.add_argument("--refine", action="store_true", help="let the critic choose among candidates")
    parser.add_argument("--csv-safe", action="store_true", help=CSV_SAFE)
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        help=".npy, .npz, .csv, .parquet, .txt, .png or .wav; for pictures and sound also a folder or .zip",
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.kept_rows import counted
    from contrafact.tasks.sample import draw, place_of, write

    given = settings(args.given, "--given prefix=ab")
    run = str(place_of(args.what))
    if args.edits:
        return _edits(args.what, run)
    options = {"truncation": args.truncation, "edit": settings(args.edit, "--edit slant=1.5")}
    asked = {name: value for name, value in options.items() if value not in (None, {})}
    lazily = str(args.out).lower().endswith((".csv", ".parquet"))
    drawn = draw(args.what, args.n, given=given or None, seed=args.seed, refine=args.refine, lazily=lazily, **asked)
    if args.out is None:
        return Answer(text=_shown(drawn), verdict=f"Drew {args.n:,} items.", run=run)
    files = write(drawn, args.out, csv_safe=args.csv_safe, seed=args.seed)
    told = f"Wrote {args.n:,} synthetic items to {files[0]}."
    kept = [("", note) for note in filter(None, [counted([drawn])] if hasattr(drawn, "attrs") else [])]
    return Answer(text=told, verdict=told, run=run, files=files, warnings=kept)


def _edits(what: str, run: str) -> Answer:
    from contrafact.tasks.sample import edits

    rows: list[tuple[str, ...]] = [("--edit", "one step changes, in standard deviations over pictures")]
    listed = []
    for direction, numbered in edits(what):
        key = str(direction.number) if numbered else direction.name
        rows.append((f"{key}=1", direction.told(4)))
        listed.append({"edit": key, "name": direction.name, "effects": direction.effects})
    return Answer(text=table(rows), verdict=f"{len(listed)} edits.", run=run, fields={"edits": listed})


def _shown(drawn: Any) -> str:
    items = drawn.items if hasattr(drawn, "kind") else drawn
    return "\n".join(map(str, items)) if isinstance(items, list) else str(items)
