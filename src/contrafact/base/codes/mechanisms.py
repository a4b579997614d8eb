"""Codes of errors: mechanisms."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
