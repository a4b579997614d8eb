"""assess FOLDER --pairs MASKS --instrument CMD: how good an instrument is, on pictures whose truth is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrafact.cli.answer import Answer, notes_of, say, say_warnings, table

if TYPE_CHECKING:
    from contrafact.base.data import Pairs

HELP = "score instruments on pictures with known truth, beside real ones"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="FOLDER", help="real pictures")
    parser.add_argument("--pairs", metavar="MASKS", required=True, help="their masks, of the same names")
    parser.add_argument(
        "--instrument",
        action="append",
        default=[],
        metavar="[NAME=]CMD",
        help="'mytool {picture} {out}' for a mask, 'mytool {picture}' for a count; may be repeated",
    )
    parser.add_argument("-o", "--out", metavar="OUT", help="a new folder for pictures, masks and scores.csv")
    parser.add_argument("-n", type=int, default=20, help="generated pictures for each grade (default 20)")
    parser.add_argument(
        "--grade",
        action="append",
        default=[],
        metavar="LAW=AMOUNT",
        help="gaussian=.1, poisson=30, contrast=.5, density=2",
    )
    parser.add_argument("--objects", type=int, metavar="VALUE", help="the mask value to look for (default: the rarer)")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for each picture (default 60)")
    parser.add_argument("--budget", metavar="10m", help="time to learn how masks become pictures")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.cli.live import watched
    from contrafact.tasks.assess import HEAD, assessing
    from contrafact.tasks.grades import grade
    from contrafact.tasks.results import ready

    for part in ("pictures", "masks") if args.out else ():
        ready(str(Path(args.out) / part), args.what, args.pairs)
    pairs = _read(args)
    grades = [grade(text) for text in args.grade] or None
    names = ("n", "objects", "timeout", "seed", "budget", "device")
    job = assessing(args.instrument, pairs, grades=grades, **{name: getattr(args, name) for name in names})
    for _ in watched(job.training, pairs.source, quiet=args.quiet):
        pass
    for told in job.steps():
        if not args.quiet:
            say(told)
    result = job.result()
    notes = notes_of(pairs.source)
    return Answer(
        text="\n".join([table([HEAD, *(row.cells() for row in result.rows)]), "", result.verdict]),
        verdict=result.verdict,
        scores=result.scores,
        files=result.save(args.out) if args.out else [],
        warnings=[*notes, *(("", note) for note in result.notes)],
        shown=len(notes),
        fields={"instruments": list(job.instruments), "grades": list(job.truths)},
    )


def _read(args: argparse.Namespace) -> Pairs:
    from contrafact.base.data import Pairs
    from contrafact.tasks.pictures import read_pairs
    from contrafact.tasks.segment import as_masks

    pictures, masks, _ = read_pairs(Path(args.what), Path(args.pairs))
    told: list[Any] = []
    pairs = Pairs(source=pictures, target=as_masks(masks, told))
    if not args.quiet:
        say(f"data:  {pictures!r}", *told)
        say_warnings(notes_of(pictures))
    return pairs
