"""What the verbs share that make rows or pictures and test whether they help."""

from __future__ import annotations

import argparse
import dataclasses
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrafact.cli.answer import Answer, notes_of, say, say_warnings
from contrafact.cli.options import CSV_SAFE, asked_settings, method_settings

if TYPE_CHECKING:
    from contrafact.base.records import Result
    from contrafact.tasks.helps import Trial
    from contrafact.tasks.impute import Imputing
    from contrafact.tasks.large import FileJob
    from contrafact.tasks.synth import Synthesising
    from contrafact.tasks.table_trial import RowTrial

    Job = Trial | RowTrial | Imputing | Synthesising | FileJob

TABLE = "a table: .csv, .tsv or .parquet, or the demo set patients"


def trial_options(parser: argparse.ArgumentParser, *, sequences: bool = False) -> None:
    """Add the options that these verbs have in common: for tables and pictures, and for sound and series where asked.

    Arguments:
        parser: The verb's parser.
        sequences: Whether the verb takes sound and series, too.
    """
    items, sets = ("pictures or clips", "sets digits and beeps") if sequences else ("pictures", "set digits")
    table = f"{TABLE}, or a table of series (--kind series)" if sequences else TABLE
    what = f"{table}; or {items} in a folder for each class, or the demo {sets}"
    out = f"a new file for the table with its new rows; for {items} a new folder or .zip"
    more = ", specgan for sound, shuttle for series" if sequences else ""
    job_options(parser, what, out, f"loom for tables, r3gan for pictures{more}")


def job_options(parser: argparse.ArgumentParser, what: str, out: str, usual: str) -> None:
    """Add the options of a whole job.

    Arguments:
        parser: The verb's parser.
        what: What is read.
        out: What is written.
        usual: The method that is used where none is named.
    """
    parser.add_argument("what", metavar="WHAT", help=what)
    parser.add_argument("-o", "--out", metavar="OUT", help=out)
    parser.add_argument("--csv-safe", action="store_true", help=CSV_SAFE)
    parser.add_argument("--recipe", "--method", metavar="NAME", help=f"the method (default: {usual})")
    method_settings(parser)
    parser.add_argument(
        "--check",
        default="quick",
        metavar="off|quick|full",
        help="test whether that is better than what is simpler (default quick)",
    )
    parser.add_argument("--budget", metavar="10m", help="time to train for; the check comes on top")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps")


def read_for(args: argparse.Namespace, *, large: bool = False) -> Any:
    """Read the data and say what they are, once it is clear that the answer can be written.

    Arguments:
        args: The options.
        large: Whether the file of a large table is opened, to be read block by block.
    """
    from contrafact.tasks.read import read, read_or_open
    from contrafact.tasks.results import ready
    from contrafact.tasks.write_pictures import as_png
    from contrafact.tasks.write_tables import check_ending

    if args.out:
        ready(args.out, args.what)
    kind = getattr(args, "kind", None)
    data = read_or_open(args.what, kind) if large else read(args.what, kind)
    if args.out and hasattr(data, "columns"):
        check_ending(args.out)
    if args.out and getattr(data, "kind", "") == "pictures" and Path(args.out).suffix.lower() not in (".npy", ".npz"):
        as_png(data)  # refuses now what could not be written in the end
    if not args.quiet and hasattr(data, "columns"):
        say(f"data:  {args.what}: {len(data):,} rows, {len(data.columns):,} columns")
    elif not args.quiet:
        say(f"data:  {data!r}")
        say_warnings(notes_of(data))
    return data


def options_of(args: argparse.Namespace) -> dict[str, Any]:
    """Read what the jobs take."""
    names = ("check", "budget", "device", "seed")
    return {"method": args.recipe, "settings": asked_settings(args), **{name: getattr(args, name) for name in names}}


def carried_out(job: Job, args: argparse.Namespace) -> Result:
    """Train and test, showing on standard error how far it is."""
    from contrafact.cli.live import watched

    if job.training is not None:
        if not args.quiet:
            say(f"model: {job.training.recipe.method}")
        for _ in watched(job.training, job.data, quiet=args.quiet):
            pass
    for told in job.steps():
        if not args.quiet:
            say(told)
    return job.result()


def answered(result: Result, data: Any, args: argparse.Namespace, shown: str) -> Answer:
    """Write the items and give the answer.

    Arguments:
        result: What came out.
        data: What was read.
        args: The options.
        shown: What a person reads beside the verdict.
    """
    table = hasattr(result.data, "columns")
    files = written(result, args) if args.out and len(result.data) else []
    count, items = counted(result.data, data)
    made = f"Made {count:,} {items}" + (f" in {files[0]}." if files else ".")
    kept = "" if files or not count else f" They are not kept; write them with -o {'FILE' if table else 'FOLDER'}."
    notes = notes_of(data)
    return Answer(
        text="\n".join(part for part in (made + kept, shown, result.verdict) if part),
        verdict=result.verdict,
        scores=result.scores,
        files=[str(Path(file)) for file in files],
        warnings=[*notes, *(("", note) for note in result.notes)],
        shown=len(notes),
        fields={items: count},
    )


def counted(made: Any, data: Any) -> tuple[int, str]:
    """Say how many items were made, and of what sort; of rows those below the user's own are new.

    Arguments:
        made: What came out.
        data: What was read.
    """
    if not hasattr(made, "columns"):
        return len(made), "clips" if getattr(made, "kind", "") == "sound" else "pictures"
    below = len(data) if len(made.columns) > len(data.columns) else 0
    if getattr(made, "attrs", {}).get("kind") == "series":
        return int(made[made.attrs["id"]].iloc[below:].nunique()), "series"
    return len(made) - below, "rows"


def written(result: Result, args: argparse.Namespace) -> list[str]:
    """Write what a job made, with formulas made harmless where that is asked for."""
    write: Any = result.write
    if args.csv_safe and hasattr(result.data, "columns"):
        result = dataclasses.replace(result, write=partial(write, csv_safe=True))
    return result.save(args.out)
