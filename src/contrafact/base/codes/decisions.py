"""Codes of errors: decisions."""

ROWS: tuple[tuple[str, str, str, str, str], ...] = ()
