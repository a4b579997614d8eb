"""The command line: `contrafact VERB WHAT [--option value]`."""

from contrafact.cli.main import main

__all__ = ["main"]
