"""segment FOLDER --pairs MASKS: learn masks, and make them for new pictures with --run."""

from __future__ import annotations

import argparse
from shlex import quote
from typing import Any

from contrafact.base.errors import ContrafactError, UsageError
from contrafact.cli.answer import Answer, notes_of, say, score_table

HELP = "learn masks from pictures and masks, or make masks for new pictures"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="PICTURES", help="a folder or a zip of pictures; with --run also one picture")
    parser.add_argument("--pairs", metavar="MASKS", help="learn: the masks, named as their pictures")
    parser.add_argument("--run", metavar="RUN", dest="made_by", help="make masks with what was learned in this folder")
    parser.add_argument("-o", "--out", metavar="DIR", help="the run's folder; with --run the folder for new masks")
    parser.add_argument("--method", choices=("pix2pix", "unet"), help="only this one (default: both, at equal budget)")
    parser.add_argument("--budget", metavar="10m", help="time for everything: s, m, h or d")
    parser.add_argument("--steps", type=int, help="steps of each method")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps")


def run(args: argparse.Namespace) -> Answer:
    if (args.pairs is None) == (args.made_by is None):
        raise UsageError(
            "It is not clear whether to learn or to make masks.",
            why="--pairs MASKS learns from masks, --run RUN makes new ones with what was learned.",
            fix="contrafact segment PICTURES --pairs MASKS -o RUN, then contrafact segment NEW --run RUN -o OUT",
            code="E100",
        )
    return _learn(args) if args.pairs is not None else _make(args)


def _learn(args: argparse.Namespace) -> Answer:
    from contrafact.base.data import Pairs
    from contrafact.tasks.pictures import read_pairs
    from contrafact.tasks.runs import run_folder
    from contrafact.tasks.segment import METHODS, judged, prepare

    source, target, _ = read_pairs(args.what, args.pairs)
    folder = args.out or str(run_folder(f"{source.name}-masks"))
    settings = {} if args.steps is None else {"steps": args.steps}
    options = {"method": args.method, "budget": args.budget, "seed": args.seed, "device": args.device}
    job = prepare(Pairs(source=source, target=target), folder=folder, settings=settings, **options)
    if not args.quiet:
        say(f"data:  {source!r}: {len(job.train)} to learn from, {len(job.test)} held out", f"run:   {job.folder}")
    for name in job.trainings:
        if not args.quiet:
            say(f"model: {METHODS[name]}")
        _follow(job, name, args)
    return _learned(job, judged(job))


def _follow(job: Any, name: str, args: argparse.Namespace) -> None:
    from contrafact.cli.live import watched

    try:
        with job.timed(name) as training:
            for _ in watched(training, job.pairs.target, quiet=args.quiet):
                pass
    except ContrafactError as error:
        error.answer = Answer(verdict=error.what, run=str(job.folder))  # type: ignore[attr-defined]
        raise


def _learned(job: Any, result: Any) -> Answer:
    folder = str(job.folder)
    previews = sorted(str(path) for path in (job.folder / "previews").glob("*.png"))
    parts = [score_table(result.scores), "", result.verdict, *result.notes]
    parts += ["", f"Previews (picture, truth, prediction): {folder}/previews"]
    parts += [f"Next: contrafact segment NEW_PICTURES --run {quote(folder)} -o masks"]
    warnings = [("", said) for training in job.trainings.values() for said in training.warnings]
    fields = {"held_out": job.test.tolist(), "training_cpu_seconds": job.cpu_seconds, "notes": list(result.notes)}
    return Answer(
        text="\n".join(parts),
        verdict=result.verdict,
        run=folder,
        scores=result.scores,
        files=[f"{folder}/segment.json", *previews],
        warnings=warnings,
        fields=fields,
    )


def _make(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.segment import segmenter
    from contrafact.tasks.translate import with_model

    if args.out is None:
        raise UsageError(
            "There is no folder to write masks to.",
            why="Masks are named as their pictures, and inputs are never written to.",
            fix=f"contrafact segment {quote(args.what)} --run {quote(args.made_by)} -o masks",
            code="E100",
        )
    made_by = segmenter(args.made_by, args.method)
    done = with_model(made_by.model, args.what, args.out, made_by.masks)
    told = f"Wrote {len(done.files):,} {'mask' if len(done.files) == 1 else 'masks'} to {args.out}."
    fields = {"method": made_by.model.recipe.method, "threshold": made_by.threshold}
    return Answer(text=told, verdict=told, run=args.made_by, files=done.files, warnings=notes_of(done), fields=fields)
