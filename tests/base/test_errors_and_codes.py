"""Errors say what, why and the way out; every code can be explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import contrafact
from contrafact.base import errors
from contrafact.base.codes import CODES, find
from contrafact.base.errors import ContrafactError, UsageError, did_you_mean

SOURCE = Path(contrafact.__file__).parent


def codes_in_use() -> set[str]:
    files = [path for path in SOURCE.rglob("*.py") if path.parent.name != "codes"]
    return {code for path in files for code in re.findall(r'"([EDL]\d{3})"', path.read_text(encoding="utf-8"))}


def test_every_code_that_is_used_is_explained_and_every_code_that_is_explained_is_used():
    assert codes_in_use() | {"E122"} == set(CODES)  # E122 is said by the explanations themselves


def test_every_explanation_has_a_title_a_cause_and_a_cure_of_its_own():
    assert all(code.title and code.cause and code.cure for code in CODES.values())
    assert len({code.title for code in CODES.values()}) == len(CODES)


def test_codes_are_found_in_either_case_and_unknown_ones_guessed():
    assert find("e101") is CODES["E101"]
    with pytest.raises(UsageError, match="Did you mean") as caught:
        find("E1001")
    assert caught.value.code == "E122"


def test_the_nearest_names_come_first_and_all_names_when_none_is_near():
    assert did_you_mean("R3GNA", ["gan", "r3gan", "markov"]) == "Did you mean r3gan?"
    assert did_you_mean("step", ["steps", "step_size", "rate"]).startswith("Did you mean steps")
    assert did_you_mean("zzz", ["gan", "r3gan"]) == "Known: gan, r3gan."


def test_each_kind_of_error_has_the_exit_status_that_its_tree_is_drawn_with():
    drawn = dict(re.findall(r"^\s*(\w+)\s+exit (\d+)", errors.__doc__, re.MULTILINE))
    kinds = {
        name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert {name: kind.exit_status for name, kind in kinds.items()} == {name: int(n) for name, n in drawn.items()}
    assert all(issubclass(kind, ContrafactError) for kind in kinds.values())


def test_an_error_is_three_lines_with_its_code():
    error = UsageError("what", why="why", fix="fix", code="E100")
    assert str(error).splitlines() == ["what", "why", "fix [E100]"]
