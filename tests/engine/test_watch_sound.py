"""The doctor hears silence, whistles, clipping and clicks, and leaves alone what real clips do too."""

import pytest

from contrafact.base.codes import CODES
from contrafact.engine import watch

SIGNS = {"silent": "D240", "tone": "D241", "clipped": "D242", "click": "D243"}


def rows(**shares: float) -> list[dict[str, float]]:
    healthy = {"generator/gradient": 1.0, "score": 0.5, "silent": 0.0, "tone": 0.0, "clipped": 0.0, "click": 0.0}
    return [{"step": 10 * (i + 1), **healthy, "score": 0.04 * (i + 1), **shares} for i in range(20)]


def said(log: list[dict[str, float]]) -> set[str]:
    return {finding.code for end in range(1, 21) for finding in watch.examine(log[:end], 200)}


@pytest.mark.parametrize(("name", "code"), SIGNS.items())
def test_a_sign_in_many_fakes_is_said_with_its_share_and_can_be_explained(name: str, code: str) -> None:
    log = rows(**{name: 0.4})
    assert said(log) == {code} and code in CODES
    finding = next(found for found in watch.examine(log, 200) if found.code == code)
    assert "40%" in finding.message and finding.evidence == {name: 0.4} and finding.cure


def test_a_healthy_run_is_met_with_silence() -> None:
    assert said(rows()) == set() == said(rows(tone=0.15))


def test_what_real_clips_show_too_is_no_failure() -> None:
    assert said(rows(tone=0.4, real_tone=0.35)) == set()
    assert said(rows(tone=0.6, real_tone=0.35)) == {"D241"}


def test_a_sign_that_passes_early_is_not_said() -> None:
    log = [{**row, "silent": 1.0 if row["step"] <= 40 else 0.0} for row in rows()]
    assert said(log) == set()


def test_copies_of_clips_are_not_cured_by_changing_pictures() -> None:
    found = watch.examine(rows(copies=0.5, drawn=0.0), 200)
    assert [finding.code for finding in found] == ["D231"] and "clips" in found[0].cure
