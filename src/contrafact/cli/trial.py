"""What the verbs share that make pictures and test whether they help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrafact.cli.answer import Answer, notes_of, say, say_warnings
from contrafact.cli.options import settings

if TYPE_CHECKING:
    from contrafact.base.records import Result
    from contrafact.tasks.helps import Trial


def trial_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that these verbs have in common."""
    parser.add_argument("what", metavar="FOLDER", help="pictures in a folder for each class, or the demo set digits")
    parser.add_argument("-o", "--out", metavar="OUT", help="a new folder or .zip for the pictures that are made")
    parser.add_argument("--recipe", metavar="NAME", default="r3gan", help="the method (default r3gan)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the method")
    parser.add_argument(
        "--check",
        default="quick",
        metavar="off|quick|full",
        help="test whether they help, on 3 or 5 seeds (default quick)",
    )
    parser.add_argument("--budget", metavar="10m", help="time to train the generator; the check comes on top")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps")


def read_for(args: argparse.Namespace) -> Any:
    """Read the data and say what they are, once it is clear that the answer can be written."""
    from contrafact.tasks.read import read
    from contrafact.tasks.results import ready
    from contrafact.tasks.write_pictures import as_png

    if args.out:
        ready(args.out, args.what)
    data = read(args.what)
    if args.out and getattr(data, "kind", "") == "pictures" and Path(args.out).suffix.lower() not in (".npy", ".npz"):
        as_png(data)  # refuses now what could not be written in the end
    if not args.quiet and not hasattr(data, "columns"):
        say(f"data:  {data!r}")
        say_warnings(notes_of(data))
    return data


def options_of(args: argparse.Namespace) -> dict[str, Any]:
    """Read what the jobs take."""
    names = ("check", "budget", "device", "seed")
    return {"method": args.recipe, "settings": settings(args.set), **{name: getattr(args, name) for name in names}}


def carried_out(job: Trial, args: argparse.Namespace) -> Result:
    """Train and test, showing on standard error how far it is."""
    from contrafact.cli.live import watched

    if job.training is not None:
        if not args.quiet:
            say(f"model: {job.training.recipe.method}")
        for _ in watched(job.training, job.cut.data, quiet=args.quiet):
            pass
    for told in job.steps():
        if not args.quiet:
            say(told)
    return job.result()


def answered(result: Result, data: Any, args: argparse.Namespace, shown: str) -> Answer:
    """Write the pictures and give the answer.

    Arguments:
        result: What came out.
        data: What was read.
        args: The options.
        shown: What a person reads beside the verdict.
    """
    files = result.save(args.out) if args.out and len(result.data) else []
    made = f"Made {len(result.data):,} pictures" + (f" in {files[0]}." if files else ".")
    kept = "" if files or not len(result.data) else " They are not kept; write them with -o FOLDER."
    notes = notes_of(data)
    return Answer(
        text="\n".join(part for part in (made + kept, shown, result.verdict) if part),
        verdict=result.verdict,
        scores=result.scores,
        files=[str(Path(file)) for file in files],
        warnings=[*notes, *(("", note) for note in result.notes)],
        shown=len(notes),
        fields={"pictures": len(result.data)},
    )
