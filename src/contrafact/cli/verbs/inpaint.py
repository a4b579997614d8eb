"""inpaint PICTURE MASK: fill the hole of a picture, in several ways."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer

HELP = "fill the hole of a picture, in several ways"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", help="a file with one picture, of any size")
    parser.add_argument("mask", help="a picture of the same size, white where there is a hole")
    parser.add_argument("--run", dest="model", metavar="RUN", required=True, help="a run of the recipe inpaint")
    parser.add_argument("-n", type=int, default=4, help="how many fillings (default 4)")
    parser.add_argument("-o", "--out", metavar="DIR", required=True, help="the folder for them")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.inpaint import inpaint
    from contrafact.tasks.sample import place_of

    folder = str(place_of(args.model))
    files = inpaint(args.picture, args.mask, args.model, n=args.n, out=args.out, seed=args.seed)
    told = f"Wrote {args.n:,} fillings of {args.picture} to {args.out}."
    return Answer(text=f"{told}\nAll in one: {files[-1]}", verdict=told, run=folder, files=files)
