"""The commands of the how-to pages that train: each page is run on toys, in some seconds to a minute."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

from howto import SLOW, make_toys, run_page


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    return make_toys(tmp_path_factory.mktemp("toys"))


@pytest.mark.parametrize("name", SLOW)
def test_the_commands_of_a_page_run(name, toys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_page(name, toys, tmp_path) == []
