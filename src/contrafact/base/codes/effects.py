"""Codes of errors: effects."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
