"""translate WHAT: turn pictures into those of another domain, or lines into what they become."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer

HELP = "turn pictures into those of another domain, or lines into what they become"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="WHAT", help="a folder or a zip of pictures, one picture, or a file of lines")
    parser.add_argument(
        "--run", dest="model", metavar="RUN", required=True, help="a run of cyclegan, pix2pix, unet or rewriter"
    )
    parser.add_argument("--to", metavar="CLASS", help="the class to translate into, for a run without pairs")
    parser.add_argument("-o", "--out", required=True, help="the folder for pictures, the file for lines")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.sample import place_of
    from contrafact.tasks.unpaired import translate

    folder = str(place_of(args.model))
    made = translate(args.what, args.model, args.out, to=args.to)
    told = f"Wrote {made.told or f'{len(made.files):,} pictures'} to {args.out}."
    warnings = [(note.code, note.message) for note in made.notes]
    return Answer(text=told, verdict=told, run=folder, files=made.files, warnings=warnings)
