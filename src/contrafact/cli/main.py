"""From words to an exit status: run a verb, print its answer or its error."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from contrafact.base.errors import ContrafactError, StorageError
from contrafact.cli.answer import Answer, as_json, printable, say_error, say_warnings
from contrafact.cli.parser import build

Began = tuple[float, float]


def _parse(words: Sequence[str], args: argparse.Namespace) -> argparse.Namespace:
    """Read the words into `args`, so that what was read before a mistake is known."""
    _, rest = build().parse_known_args(words, args)
    if rest:
        args.own.unknown(rest)
    return args


def _write(text: str) -> None:
    """Write to standard output at once, so that whoever no longer reads it is noticed here.

    Raises:
        StorageError: There is no room for the output.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # what the terminal's encoding lacks is spelled out
    try:
        print(text, flush=True)
    except OSError as error:
        # Python would try to write the rest once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise StorageError(
            "The answer could not be written to standard output.",
            why=f"The system said: {error.strerror}.",
            fix="Free some space, or send the output elsewhere.",
            code="E303",
        ) from error


def _show(answer: Answer, args: argparse.Namespace, began: Began) -> int:
    say_warnings(answer.warnings[answer.shown :])
    if args.json:
        _write(as_json(args.verb, args.seed, began, answer, None))
    elif answer.text:
        _write("\n".join(printable(line) for line in answer.text.split("\n")))
    return answer.status


def _fail(error: ContrafactError, words: Sequence[str], args: argparse.Namespace, began: Began) -> int:
    say_error(error, verbose="-v" in words or "--verbose" in words)
    if "--json" in words:
        told = {"code": error.code, "message": f"{error.what} {error.why}", "fix": error.fix}
        answer: Answer = getattr(error, "answer", Answer(verdict=error.what))
        verb = getattr(args, "verb", None) or next((w for w in words if not w.startswith("-")), "")
        _write(as_json(verb, getattr(args, "seed", None), began, answer, told))
    return error.exit_status


def _interrupted() -> ContrafactError:
    error = ContrafactError(
        "Interrupted.",
        why="Ctrl-C came.",
        fix="Run the same command again; a training goes on where it was saved last.",
        code="E305",
    )
    error.exit_status = 130
    return error


def _no_memory() -> ContrafactError:
    return ContrafactError(
        "The memory is not enough for this.",
        why="The data or the networks do not fit.",
        fix="Try fewer rows, a smaller batch or width: see contrafact plan.",
        code="E306",
    )


def _system(error: OSError) -> ContrafactError:
    return StorageError(
        f"{error.filename or 'A file'} could not be read or written.",
        why=f"The system said: {error.strerror or error}.",
        fix="Check the file, the disk and their permissions, and run the same command again.",
        code="E303",
    )


def _our_bug(error: Exception) -> ContrafactError:
    return ContrafactError(
        f"Something that should not happen happened: {type(error).__name__}: {error}".split("\n")[0],
        why="This is a fault of contrafact, not yours.",
        fix="Run the same command with -v and report what it prints.",
        code="E001",
    )


def _named(error: BaseException) -> ContrafactError:
    """Make one of our errors of any other."""
    if isinstance(error, KeyboardInterrupt):
        return _interrupted()
    # torch has no class of its own for a want of main memory
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate memory" in str(error)):
        return _no_memory()
    if isinstance(error, OSError):
        return _system(error)
    assert isinstance(error, Exception)
    return _our_bug(error)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    words = sys.argv[1:] if words is None else list(words)
    args = argparse.Namespace()
    began = time.perf_counter(), time.process_time()
    try:
        try:
            return _show(_parse(words, args).run(args), args, began)
        except ContrafactError as error:
            return _fail(error, words, args, began)
        except BrokenPipeError:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence: nothing ends in a bare traceback
            named = _named(error)
            named.__cause__ = error
            return _fail(named, words, args, began)
    except BrokenPipeError:
        # The reader of our output has gone: nothing is wrong, and nothing more can be said.
        return 0
