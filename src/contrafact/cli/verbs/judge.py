"""judge REAL FAKE: score any generator's output."""

from __future__ import annotations

import argparse
from typing import Any

from contrafact.base.errors import GateFailed, UsageError
from contrafact.cli.answer import Answer, score_table

HELP = "score any generator's output against real data"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("real", help="real data: a file or a demo set")
    parser.add_argument("fake", help="generated data: a file")
    parser.add_argument("--holdout", help="real data that the generator never saw")
    parser.add_argument(
        "--target", metavar="COL", help="a column: what do models that learned it from fakes know of real rows?"
    )
    parser.add_argument("--kind", choices=("series",), help="read both files as series, not as tables")
    parser.add_argument("--critic", metavar="RUN", help="also let the critic of this run compare them")
    parser.add_argument(
        "--require", metavar="EXPR", help="bars that must hold, like 'c2st>=.9,coverage>.8'; else exit 4"
    )
    parser.add_argument(
        "--inception", metavar="FILE", help="judge pictures in Inception's features; safetensors weights"
    )
    parser.add_argument(
        "--fetch",
        nargs=2,
        metavar=("URL", "SHA256"),
        help="first fetch the file of --inception from here, if it is the one",
    )
    parser.add_argument("-o", "--out", metavar="HTML", help="write a report page")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.report.judged import judge
    from contrafact.tasks.judge import critic_score, require
    from contrafact.tasks.read import read

    real, fake = read(args.real, args.kind), read(args.fake, args.kind)
    holdout = read(args.holdout, args.kind) if args.holdout else None
    features = _inception(args) if args.inception or args.fetch else None
    report = judge(real, fake, holdout=holdout, target=args.target, seed=args.seed, features=features)
    scores = dict(report.scores)
    if args.critic:
        scores["critic_wins"] = critic_score(args.critic, real, fake, args.seed)
    files = []
    if args.out:
        report.save(args.out)
        files.append(args.out)
    missed = require(args.require, scores) if args.require is not None else []
    if missed:
        failed = GateFailed(
            "; ".join(missed) + ".",
            why="A bar of --require does not hold.",
            fix="See all scores: run the same command without --require.",
            code="E120",
        )
        failed.answer = Answer(verdict=failed.what, scores=scores, files=files)  # type: ignore[attr-defined]
        raise failed
    told = "Every bar holds." if args.require is not None else "Scored."
    text = "\n".join([score_table(scores), *(["", *report.summary] if report.summary else [])])
    notes = [("", note) for note in report.notes]
    return Answer(text=text, verdict=told, scores=scores, files=files, warnings=notes)


def _inception(args: argparse.Namespace) -> Any:
    from contrafact.metrics.features import inception_features
    from contrafact.metrics.fetching import fetch

    if args.inception is None:
        raise UsageError(
            "--fetch says where from, not where to.",
            why="What is fetched is kept in a file of yours.",
            fix="--inception FILE --fetch URL SHA256",
            code="E100",
        )
    path = args.inception
    if args.fetch:
        url, sha256 = args.fetch
        path = fetch(url, sha256, path)
    return inception_features(path)
