"""explain CODE: what a message means and what helps."""

from __future__ import annotations

import argparse

from contrafact.cli.answer import Answer

HELP = "explain a code: cause, evidence, cure"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", nargs="?", help="a code such as D210; none lists them all")


def run(args: argparse.Namespace) -> Answer:
    from contrafact.base.codes import CODES, find
    from contrafact.cli.answer import table

    if args.code is None:
        return Answer(text=table([(code.code, code.title) for code in CODES.values()]), verdict=f"{len(CODES)} codes.")
    code = find(args.code)
    text = f"{code.code}  {code.title}\n\ncause:    {code.cause}\nevidence: {code.evidence}\ncure:     {code.cure}"
    fields = {"title": code.title, "cause": code.cause, "evidence": code.evidence, "cure": code.cure}
    return Answer(text=text, verdict=code.title, fields=fields)
