"""The parser: verbs and options, with a guess at what was meant when a word is unknown."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from contrafact import __version__
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.cli.options import common

# What other verbs call an option that a verb has under a name of its own.
INSTEAD = {"-o": "--run-dir", "--out": "--run-dir", "--method": "--recipe"}


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
        if message.endswith("required: VERB"):
            raise UsageError(
                "What is to be done?",
                why=f"Usage: {self.usage_line()}",
                fix="contrafact demo, for a tour, or contrafact --help for all verbs",
                code="E100",
            )
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
        word, equals, value = words[0].partition("=")
        meant = INSTEAD.get(word)
        if meant in self.options():
            given = value or next((each for each in words[1:2] if not each.startswith("-")), "NAME")
            why = f"Here it is called {meant}."
            raise UsageError(f"'{word}' is no option of {self.prog}.", why=why, fix=f"{meant} {given}", code="E100")
        why = did_you_mean(word, self.options()) if word.startswith("-") else f"Usage: {self.usage_line()}"
        fix = f"{self.prog} --help"
        if "--set" in self.options() and (equals or word.startswith("--")):
            name, value = word.lstrip("-"), value or next(iter(words[1:]), "VALUE")
            told = f"A setting of the method is given as --set {name}={value}."
            why, fix = (f"{why} {told}", fix) if word.startswith("-") else (told, f"--set {words[0]}")
        raise UsageError(f"'{words[0]}' is no option of {self.prog}.", why=why, fix=fix, code="E100")


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
