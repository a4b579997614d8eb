"""From words to an exit status: run a verb, print its answer or its error."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Sequence

from contrafact.base.errors import ContrafactError
from contrafact.cli.answer import Answer, as_json, printable, say, say_error
from contrafact.cli.parser import build


def _parse(words: Sequence[str]) -> argparse.Namespace:
    args, rest = build().parse_known_args(words)
    if rest:
        args.own.unknown(rest)
    return args


def _show(answer: Answer, args: argparse.Namespace, began: tuple[float, float]) -> int:
    for code, message in answer.warnings:
        say(f"note:  {message}" + (f"   ({code})" if code else ""))
    if args.json:
        print(as_json(args.verb, args.seed, began, answer, None))
    elif answer.text:
        print("\n".join(printable(line) for line in answer.text.split("\n")))
    return answer.status


def _fail(error: ContrafactError, words: Sequence[str], began: tuple[float, float]) -> int:
    verb = next((w for w in words if not w.startswith("-")), "")
    say_error(error, verbose="-v" in words or "--verbose" in words)
    if "--json" in words:
        told = {"code": error.code, "message": f"{error.what} {error.why}", "fix": error.fix}
        scores = getattr(error, "scores", {})
        print(as_json(verb, None, began, Answer(verdict=error.what, scores=scores), told))
    return error.exit_status


def _our_bug(error: Exception, words: Sequence[str], began: tuple[float, float]) -> int:
    if "-v" in words or "--verbose" in words:
        traceback.print_exception(error, file=sys.stderr)
    wrapped = ContrafactError(
        f"Something that should not happen happened: {type(error).__name__}: {error}".split("\n")[0],
        why="This is a fault of contrafact, not yours.",
        fix="Run the same command with -v and report what it prints.",
        code="E001",
    )
    return _fail(wrapped, [w for w in words if w not in ("-v", "--verbose")], began)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    words = sys.argv[1:] if words is None else list(words)
    began = time.perf_counter(), time.process_time()
    try:
        args = _parse(words)
        return _show(args.run(args), args, began)
    except ContrafactError as error:
        return _fail(error, words, began)
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone: nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        short = ContrafactError(
            "The memory is not enough for this.",
            why="The data or the networks do not fit.",
            fix="Try fewer rows, a smaller batch or width: see contrafact plan.",
            code="E306",
        )
        return _fail(short, words, began)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug is reported as one, not as a traceback
        return _our_bug(error, words, began)
