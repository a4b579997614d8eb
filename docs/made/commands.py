"""The page of commands, from the parsers that read them."""

from __future__ import annotations

import argparse
import inspect

from contrafact.base import errors
from contrafact.base.demos import DEMOS
from contrafact.cli.options import common
from contrafact.cli.parser import Parser, build
from contrafact.cli.verbs import VERBS
from made.markdown import block, code, page, plain, table

ABOUT = """\
`contrafact VERB WHAT [--option value]`. `contrafact --help` lists the verbs, `contrafact VERB --help` the options of
one, `contrafact --version` says the version. An option that takes a value may be written `--option value` or
`--option=value`; no option may be shortened. A word that is not known is refused with the nearest one that is.
"""
JSON = """\
With `--json` the one object on standard output is

```text
{"command", "version", "run", "seed", "seconds", "cpu_seconds",
 "scores": {name: {"value", "low", "high", "n", "better", "floor", "ceiling"}},
 "files": [...], "verdict", "warnings": [{"code", "message"}], "error": null or {"code", "message", "fix"}}
```

with the verb's own fields beside; all else goes to standard error. [Codes](codes.md) of errors and warnings.
"""
EXAMPLES = {
    "look": "contrafact look customers.csv --target churn",
    "plan": "contrafact plan digits --recipe dcgan",
    "train": "contrafact train ring --recipe gan --set r1=0.1 --budget 2m",
    "sample": "contrafact sample ring -n 2500 -o fakes.npy",
    "judge": "contrafact judge ring fakes.npy --require 'coverage>=.8'",
    "synth": "contrafact synth customers.csv -n 30000 --share-safe -o copy.csv",
    "impute": "contrafact impute customers.csv -o filled.csv --draws 5",
    "augment": "contrafact augment customers.csv --target churn -o more.csv",
    "balance": "contrafact balance customers.csv --target churn -o train.csv",
    "inpaint": "contrafact inpaint torn.png hole.png --run fills -n 4 -o filled",
    "segment": "contrafact segment slices --pairs masks -o cells",
    "translate": "contrafact translate new.txt --run dates -o rewritten.txt",
    "assess": "contrafact assess slices --pairs masks --instrument 'mytool {picture} {out}' -o scores",
    "discover": "contrafact discover patients.csv -o graph.txt",
    "identify": "contrafact identify 'Z -> X; Z -> Y; X -> Y' 'P(Y | do(X))' --steps",
    "effect": "contrafact effect trial.csv -t statin -y ldl --graph dag.txt --challenge -o effect.html",
    "decide": "contrafact decide trial.csv -t statin -y ldl --graph dag.txt --better lower -o rule.html",
    "whatif": "contrafact whatif trial --do statin=1 --row 17",
    "report": "contrafact report ring",
    "export": "contrafact export photos -o model.onnx",
    "serve": "contrafact serve photos customers --port 8000",
    "runs": "contrafact runs",
    "compare": "contrafact compare ring ring-2",
    "zoo": "contrafact zoo r3gan",
    "doctor": "contrafact doctor",
    "explain": "contrafact explain D210",
    "demo": "contrafact demo --out demo",
}


def parsers() -> dict[str, Parser]:
    """Give the parser of each verb."""
    places = next(each for each in build()._actions if isinstance(each, argparse._SubParsersAction))
    return dict(places.choices)


def word(action: argparse.Action) -> str:
    """Write what follows an option, or stands in its place."""
    if action.metavar is not None:
        return " ".join(action.metavar) if isinstance(action.metavar, tuple) else action.metavar
    name = action.dest.upper().replace("_", "-")
    return {"+": f"{name} [{name} ...]", "?": f"[{name}]", "*": f"[{name} ...]"}.get(str(action.nargs), name)


def written(action: argparse.Action) -> str:
    """Write an option with its value."""
    if not action.option_strings:
        many = " ..." if action.nargs == "+" and action.metavar is not None else ""
        return code(word(action) + many)
    value = "" if action.nargs == 0 else f" {word(action)}"
    return ", ".join(code(name + value) for name in action.option_strings)


def helped(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """Give an option's help text, with the values that it may have."""
    told = plain(parser._get_formatter()._expand_help(action)) if action.help else ""
    again = "again" in told or "repeated" in told
    choices = ", ".join(code(str(each)) for each in action.choices or ())
    marks = ["must be given"] if action.option_strings and action.required else []
    marks += ["may be given again"] if isinstance(action, argparse._AppendAction) and not again else []
    told += f"{': ' if told else ''}{choices}" if choices else ""
    return told + (f" ({'; '.join(marks)})" if marks else "")


def usage(parser: Parser) -> str:
    """Write a verb's usage: what must be there, in order."""
    needed = [each for each in parser._actions if each.option_strings and each.required]
    places = [each for each in parser._actions if not each.option_strings]
    words = [written(each).strip("`") for each in places] + [
        f"{each.option_strings[0]} {word(each)}" for each in needed
    ]
    return " ".join([parser.prog, *words, "[options]"])


def verb(name: str, parser: Parser) -> str:
    """Write one verb."""
    first = (inspect.getdoc(VERBS[name]) or "").split("\n")[0].partition(": ")[2]
    own = [each for each in parser._actions if each.dest != "help" and each.dest not in shared()]
    rows = [(written(each), helped(each, parser)) for each in own]
    parts = [f"## {name}\n", plain(first[0].upper() + first[1:]) + "\n", block(usage(parser), "text")]
    parts += [table(("argument", ""), rows)] if rows else []
    return "\n".join([*parts, "For example:\n", block(EXAMPLES[name], "sh")])


def shared() -> dict[str, argparse.Action]:
    """Give the options that every verb has."""
    parser = argparse.ArgumentParser(add_help=False)
    common(parser)
    return {each.dest: each for each in parser._actions}


def exits() -> str:
    """Write what each exit status means, from the tree of errors."""
    tree = [line.split(maxsplit=3) for line in (errors.__doc__ or "").splitlines() if "  exit " in line]
    told = {int(status): meaning[0] if meaning else "" for _, _, status, *meaning in tree}
    told |= {0: "done", 1: "too little memory, or a fault of contrafact", 130: "interrupted by Ctrl-C"}
    classes = {kind.exit_status: kind.__name__ for kind in (errors.ContrafactError, *every_error())}
    rows = [(str(status), plain(told[status]), code(classes.get(status, ""))) for status in sorted(told)]
    return table(("exit status", "meaning", "in Python"), rows)


def every_error() -> list[type[errors.ContrafactError]]:
    """Give the errors of the tree that have a status of their own."""
    named = [getattr(errors, name) for name in sorted(vars(errors))]
    return [each for each in named if isinstance(each, type) and issubclass(each, errors.ContrafactError)][::-1]


def commands_page() -> str:
    """Write the page."""
    found = parsers()
    overview = table(("verb", ""), [(f"[{name}](#{name})", plain(VERBS[name].HELP)) for name in found])
    everywhere = table(("option", ""), [(written(each), plain(each.help or "")) for each in shared().values()])
    demos = table(("demo set", ""), [(code(name), plain(told)) for name, (_, told) in DEMOS.items()])
    parts = [overview, "## Options of every verb\n", everywhere, JSON, "## Exit status\n", exits()]
    parts += ["## Demo sets\n", "They stand where a file may stand, where no such file is.\n", demos]
    return page("Commands", ABOUT, *parts, *(verb(name, parser) for name, parser in found.items()))
