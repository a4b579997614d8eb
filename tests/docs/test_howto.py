"""The how-to pages have one shape, name codes that exist, and their commands run as they are printed.

Those that take longer are run in tests/slow/test_howto_slow.py.
"""

from __future__ import annotations

import re
import shlex

import pytest

from contrafact.base.codes import CODES
from contrafact.cli.parser import build
from howto import PAGES, QUICK, ROOT, commands, make_toys, run_page

PARTS = ["What you have and want", "Do it", "Read the answer", "When it says no", "Options that matter", "Limits"]


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    return make_toys(tmp_path_factory.mktemp("toys"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_parts_in_their_order_and_names_codes_that_exist(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, flags=re.M) == PARTS
    assert len(text.splitlines()) <= 130
    unknown = set(re.findall(r"`([DEL]\d{3})`", text)) - set(CODES)
    assert not unknown, f"{page.name} names codes that do not exist: {unknown}"


def test_the_table_of_jobs_leads_to_every_page():
    read = (ROOT / "docs" / "howto" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"]({page.name})" not in read] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_is_printed_can_be_read(page):
    assert commands(page), f"{page.name} shows no command"
    for words, _ in commands(page):
        _, rest = build().parse_known_args(words)
        assert not rest, f"{shlex.join(words)}: {rest}"


@pytest.mark.documents
@pytest.mark.parametrize("name", QUICK)
def test_the_commands_of_a_page_run(name, toys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page(name, toys, tmp_path) == []
