"""Codes of errors: bounds."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
