"""Every page that is written from the program."""

from __future__ import annotations

from collections.abc import Callable

from made.codes import codes_page
from made.commands import commands_page
from made.python import python_page
from made.zoo import methods_page, zoo_page

PAGES: dict[str, Callable[[], str]] = {
    "docs/zoo.md": zoo_page,
    "docs/reference/methods.md": methods_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/python.md": python_page,
    "docs/reference/codes.md": codes_page,
}
