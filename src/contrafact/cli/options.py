"""Options that several verbs share, and how they are read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from contrafact.base.errors import DataError, UsageError

if TYPE_CHECKING:
    from contrafact.tasks.train import Order


PAGES = (".html", ".htm")
KINDS = ("vectors", "pictures", "sound", "table", "text", "text pairs", "series")
CONSTRAINT = 'what every row keeps: "age >= 18", "start <= end", "combinations(city, country)", "unique(id)"'
CSV_SAFE = "in .csv and .tsv, text that begins like a formula (= + - @) gets an apostrophe in front"


def common(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has."""
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the traceback of an error")
    parser.add_argument("--seed", type=int, default=0, help="seeds everything (default 0)")


def training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verbs that train or plan a training."""
    parser.add_argument("what", help="a file, a folder, a zip, or a demo set: ring, digits, patients, beeps, ...")
    usual = "loom for tables, r3gan for vectors and pictures, specgan for sound, markov for text, shuttle for series"
    parser.add_argument("--recipe", metavar="NAME", help=f"the method (default: {usual})")
    method_settings(parser)
    parser.add_argument("--kind", choices=KINDS, help="force the kind of data")
    parser.add_argument("--budget", metavar="10m", help="time to use: s, m, h or d")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps")


def method_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that set up a method."""
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the method")
    parser.add_argument("--constraint", action="append", default=[], metavar="TEXT", help=CONSTRAINT)


def asked_settings(args: argparse.Namespace) -> dict[str, str]:
    """Read the settings of a method, with the constraints among them."""
    found = settings(args.set)
    texts = [*filter(None, [found.get("constraints")]), *args.constraint]
    return {**found, "constraints": "; ".join(texts)} if args.constraint else found


def settings(pairs: list[str], example: str = "--set steps=500") -> dict[str, str]:
    """Read `key=value` words."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise UsageError(f"'{wrong[0]}' is no setting.", why="A setting reads KEY=VALUE.", fix=example, code="E119")
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def names_in(text: str) -> list[str]:
    """Read names with commas between them.

    >>> names_in("age, sex,")
    ['age', 'sex']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def no_table(what: str, why: str) -> DataError:
    """Say that a file that is asked a question about columns has none."""
    return DataError(f"{what} is no table.", why=why, fix="Give a .csv, .tsv or .parquet file.", code="E203")


def order_of(args: argparse.Namespace) -> Order:
    """Read what is to be trained from the options of `train` and `plan`."""
    from contrafact.tasks.train import Order

    return Order(
        what=args.what,
        method=args.recipe,
        settings=asked_settings(args),
        seed=args.seed,
        budget=args.budget,
        run_dir=getattr(args, "run_dir", None),
        device=args.device,
        fresh=getattr(args, "fresh", False),
        kind=args.kind,
    )
