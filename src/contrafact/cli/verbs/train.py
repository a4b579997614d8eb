"""train WHAT: train or resume; running the same command again goes on where it was."""

from __future__ import annotations

import argparse
from shlex import quote
from typing import TYPE_CHECKING

from contrafact.base.errors import ContrafactError
from contrafact.cli.answer import Answer, notes_of, say, say_warnings
from contrafact.cli.options import order_of, training_options

if TYPE_CHECKING:
    from contrafact.tasks.train import Job

HELP = "train or resume a model"
ENDINGS = {"text": ".txt", "sound": "", "pictures": ""}  # of files of samples; none: a folder


def add(parser: argparse.ArgumentParser) -> None:
    training_options(parser)
    parser.add_argument("--run-dir", metavar="DIR", help="the run's own folder (default runs/NAME)")
    parser.add_argument("--fresh", action="store_true", help="start anew; what is there is kept")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.engine.resume import next_free
    from contrafact.tasks.train import prepare

    job = prepare(order_of(args), keep=not args.dry_run)
    if job.training is None and args.fresh and job.folder.exists():
        job.folder = next_free(job.folder)
    if not args.quiet:
        say(
            f"data:  {job.data!r}"
            if not hasattr(job.data, "columns")
            else f"data:  {args.what}: {job.data.shape[0]:,} rows"
        )
        say_warnings(notes_of(job.data))
        say(f"model: {job.recipe.method}", f"run:   {job.run.folder}")
    if args.dry_run:
        told, notes = "Nothing was trained.", notes_of(job.data)
        fields = {"settings": job.recipe.settings()}
        return Answer(text=f"{job.recipe}", verdict=told, warnings=notes, shown=len(notes), fields=fields)
    return _train(job, args)


def _train(job: Job, args: argparse.Namespace) -> Answer:
    from contrafact.cli.live import watched
    from contrafact.report.run_page import write_run_report

    if job.training is None:
        job.fit_at_once()
    try:
        for _ in watched(job.training, job.data, quiet=args.quiet) if job.training else ():
            pass
    except ContrafactError as error:
        error.answer = Answer(verdict=error.what, run=str(job.run.folder))  # type: ignore[attr-defined]
        raise
    page = write_run_report(job.run, real=job.shown)
    return _answer(job, str(page))


def _answer(job: Job, page: str) -> Answer:
    from contrafact.report.meanings import held_out
    from contrafact.tasks.runs import best_score
    from contrafact.tasks.sample import other_use
    from contrafact.zoo.index import find

    folder = str(job.run.folder)
    score = best_score(job.run)
    told = f"Held-out score {score:.3f} ({held_out(job.recipe.method)[0]})." if score is not None else "Fitted."
    ending = ".csv" if hasattr(job.data, "columns") else ENDINGS.get(job.data.kind, ".npy")
    many = 1000 if ending else 20  # files in a folder
    able = find(job.recipe.method).abilities
    draw = f"contrafact sample {quote(folder)} -n {many} -o samples{ending}"
    next_step = draw if "sample" in able else other_use(job.recipe.method, folder)
    text = f"{told}\nReport: {page}\nNext: {next_step}"
    notes = notes_of(job.data)
    said = job.warnings if job.training is None else job.training.warnings
    warnings = [*notes, *(("", warning) for warning in said)]
    fields = {"held_out_score": score, "steps": None if job.training is None else job.training.step}
    return Answer(text=text, verdict=told, run=folder, files=[page], warnings=warnings, shown=len(notes), fields=fields)
