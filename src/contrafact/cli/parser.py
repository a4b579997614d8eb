"""The parser: verbs and options, with a guess at what was meant when a word is unknown."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from contrafact import __version__
from contrafact.base.errors import UsageError, did_you_mean


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose refusals are our errors."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def options(self) -> list[str]:
        """List the long options."""
        return [o for action in self._actions for o in action.option_strings if o.startswith("--")]

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            words = [w.strip(" '") for w in choice[2].split(",")]
            why = did_you_mean(choice[1], words)
            raise UsageError(f"'{choice[1]}' is not known here.", why=why, fix=f"{self.prog} --help", code="E100")
        raise UsageError(
            f"The command cannot be read: {message}.",
            why=f"Usage: {self.usage_line()}",
            fix=f"{self.prog} --help",
            code="E100",
        )

    def usage_line(self) -> str:
        """Give the usage on one line."""
        return " ".join(self.format_usage().removeprefix("usage:").split())

    def unknown(self, words: list[str]) -> NoReturn:
        """Refuse words that nothing reads, with the nearest options."""
        word = words[0].split("=")[0]
        why = did_you_mean(word, self.options()) if word.startswith("-") else f"Usage: {self.usage_line()}"
        raise UsageError(f"'{words[0]}' is no option of {self.prog}.", why=why, fix=f"{self.prog} --help", code="E100")


def common(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has."""
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the traceback of an error")
    parser.add_argument("--seed", type=int, default=0, help="seeds everything (default 0)")


def training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verbs that train or plan a training."""
    parser.add_argument("what", help="a file, or a demo set: ring, grid, swiss-roll, digits, changes")
    parser.add_argument("--recipe", metavar="NAME", help="the method (default: r3gan for numbers, markov for text)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the method")
    parser.add_argument("--kind", choices=("vectors", "pictures", "table", "text"), help="force the kind of data")
    parser.add_argument("--budget", metavar="10m", help="time to use: s, m, h or d")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, mps")


def settings(pairs: list[str], example: str = "--set steps=500") -> dict[str, str]:
    """Read `key=value` words."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise UsageError(f"'{wrong[0]}' is no setting.", why="A setting reads KEY=VALUE.", fix=example, code="E119")
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def build() -> Parser:
    """Make the parser of all verbs."""
    from contrafact.cli import verbs

    parser = Parser(prog="contrafact", description="Generate, repair and extend data, and ask what would have been.")
    parser.add_argument("--version", action="version", version=f"contrafact {__version__}")
    places = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    for name, verb in verbs.VERBS.items():
        own = places.add_parser(name, help=verb.HELP, description=verb.HELP)
        verb.add(own)
        common(own)
        own.set_defaults(run=verb.run, own=own)
    return parser
