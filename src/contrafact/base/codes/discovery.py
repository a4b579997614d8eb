"""Codes of errors: discovery."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
