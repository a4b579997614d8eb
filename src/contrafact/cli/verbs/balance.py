"""balance WHAT --target COL: fill up rare classes, and whether it helps."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from contrafact.base.records import Score
from contrafact.cli.answer import Answer, score_table, table
from contrafact.cli.arms import arms_shown
from contrafact.cli.trial import answered, carried_out, options_of, read_for, trial_options

HELP = "fill up rare classes with generated rows or pictures, and test whether they help"


def add(parser: argparse.ArgumentParser) -> None:
    trial_options(parser)
    parser.add_argument("--target", metavar="COL", help="what to balance: a column of classes; of pictures: class")
    parser.add_argument("--to", type=int, metavar="N", help="how many of each class (default: as the largest class)")
    parser.add_argument(
        "--ratio", type=float, default=1.0, metavar="R", help="the same as a share of the largest class"
    )


def run(args: argparse.Namespace) -> Answer:
    from contrafact.tasks.balance import WAYS
    from contrafact.tasks.results import by_kind

    data = read_for(args)
    wish = {"target": args.target, "to": args.to, "ratio": args.ratio}
    job = by_kind("balance", WAYS, data)(data, **wish, **options_of(args))
    result = carried_out(job, args)
    return answered(result, data, args, arms_shown(result.scores) or _shown(result.scores))


def _shown(scores: Mapping[str, Score]) -> str:
    """Lay the scores out, with the recalls in a table of their own."""
    if not scores:
        return ""
    arms = [name.removeprefix("balanced_accuracy_") for name in scores if name.startswith("balanced_accuracy_")]
    classes = dict.fromkeys(
        name.removeprefix("recall_").removesuffix(f"_{arms[0]}")
        for name in scores
        if name.startswith("recall_") and name.endswith(f"_{arms[0]}")
    )
    rows = [("recall of class", *arms, "n")]
    for name in classes:
        each = [scores[f"recall_{name}_{arm}"] for arm in arms]
        rows.append((name, *(f"{score.value:.3f}" for score in each), str(each[0].n)))
    others = {name: score for name, score in scores.items() if not name.startswith("recall_")}
    return f"{score_table(others)}\n\n{table(rows)}"
