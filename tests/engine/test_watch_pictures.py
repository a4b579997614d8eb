"""The doctor's rules for pictures speak at a planted failure and are silent beside a healthy training."""

from __future__ import annotations

import pytest

from contrafact.engine import watch

SIGNS = {
    "score": lambda t: 0.2 + 0.7 * t,
    "score_error": lambda t: 0.02,
    "coverage": lambda t: 0.2 + 0.7 * t,
    "regions": lambda t: 1.0,
    "variety": lambda t: 1.0,
    "critic_gap": lambda t: 0.3 * t,
    "critic_gap_error": lambda t: 0.05,
    "copies": lambda t: 0.0,
    "drawn": lambda t: 0.2 * t,
    "drawn_error": lambda t: 0.05,
    "fine": lambda t: 2 - t,
    "checkerboard": lambda t: 4 - 3 * t,
    "colour_drift": lambda t: 0.3 * (1 - t),
    "class_variety": lambda t: 0.3 + 0.5 * t,
    "class_thin": lambda t: 1,
    "usual_variety": lambda t: 0.5 + 0.5 * t,
    "class_truth": lambda t: 0.2 + 0.7 * t,
    "class_truth_error": lambda t: 0.1,
    "class_wrong": lambda t: 8,
    "usual_truth": lambda t: 0.3 + 0.7 * t,
}


def log(checks: int = 20, **numbers) -> list[dict[str, float]]:
    """Log a run that is checked at every second row, with some signs given as functions of its share that is done."""
    signs, rows = {**SIGNS, **numbers}, []
    for number in range(1, 2 * checks + 1):
        rows.append({"step": 10 * number, "critic/wins": 0.7, "critic/gradient": 1.0, "generator/gradient": 0.8})
        if number % 2 == 0:
            rows[-1] |= {name: sign(number / (2 * checks)) for name, sign in signs.items()}
    return rows


def findings(rows, total: int = 400) -> dict[str, object]:
    """Give what is said at any time of a run, by code, as it was said first."""
    said: dict[str, object] = {}
    for end in range(1, len(rows) + 1):
        for finding in watch.examine(rows[:end], total):
            said.setdefault(finding.code, finding)
    return said


def test_a_healthy_log_of_pictures_is_met_with_silence():
    assert findings(log()) == {}


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("D230", {"critic_gap": lambda t: min(0.2 + 1.5 * t, 1.0)}),
        ("D231", {"copies": lambda t: 0.3 * t}),
        ("D231", {"drawn": lambda t: 0.8 * t}),
        ("D232", {"checkerboard": lambda t: 6.0}),
        ("D233", {"colour_drift": lambda t: 0.4}),
        ("D234", {"class_variety": lambda t: 0.1}),
        ("D234", {"class_truth": lambda t: 0.1}),
        ("D234", {"usual_truth": lambda t: 0.2}),
    ],
)
def test_a_planted_sign_is_called_by_its_name(code, numbers):
    said = findings(log(**numbers))
    assert list(said) == [code]
    assert said[code].message.endswith(".") and said[code].cure.endswith(".") and said[code].evidence


@pytest.mark.parametrize(
    "numbers",
    [
        {"critic_gap": lambda t: 0.9, "critic_gap_error": lambda t: 0.35},  # six held-out pictures say little
        {"critic_gap": lambda t: 0.9 if t < 0.2 else 0.3},
        {"critic_gap": lambda t: 0.9 * (int(20 * t) % 3 == 0)},
        {"drawn": lambda t: 0.9, "drawn_error": lambda t: 0.4},
        {"copies": lambda t: 0.04},
        {"checkerboard": lambda t: 9.0 if t < 0.6 else 1.1},
        {"colour_drift": lambda t: 0.5 if int(20 * t) % 2 else 0.1},
        {"class_variety": lambda t: 0.1, "class_thin": lambda t: int(20 * t) % 3},  # another class each time: chance
        {"class_truth": lambda t: 0.1 if t < 0.6 else 0.8},
        {"class_truth": lambda t: 0.1, "class_truth_error": lambda t: 0.35},  # eight fakes of a class say little
        {"class_truth": lambda t: 0.3, "usual_truth": lambda t: 0.5},  # not much worse than the others
        {"usual_truth": lambda t: 0.2 if t < 0.6 else 0.7},
    ],
)
def test_what_passes_or_may_be_chance_is_left_alone(numbers):
    assert findings(log(**numbers)) == {}


@pytest.mark.parametrize("missing", sorted(SIGNS))
def test_a_sign_that_could_not_be_measured_is_no_reason_to_speak(missing):
    rows = [{name: value for name, value in row.items() if name != missing} for row in log()]
    assert set(findings(rows)) <= {"D220"}


def test_nothing_is_said_of_pictures_while_the_critic_moves_alone():
    rows = log(critic_gap=lambda t: 1.0, checkerboard=lambda t: 9.0)
    for row in rows:
        del row["generator/gradient"]
    assert findings(rows) == {}


def test_what_an_adaptive_augmentation_has_done_is_told():
    silent = findings(log(critic_gap=lambda t: 1.0))["D230"]
    assert "augment=auto" in silent.cure and "augment" not in silent.message
    told = findings(log(critic_gap=lambda t: 1.0, augmented=lambda t: 0.8))["D230"]
    assert "80%" in told.message and "augment=auto" not in told.cure
    assert told.evidence["augmented"] == 0.8


def test_rows_of_numbers_are_not_told_to_be_augmented():
    rows = log(critic_gap=lambda t: 1.0)
    for row in rows:
        row.pop("copies", None)
    assert "augment" not in findings(rows)["D230"].cure


def test_a_dead_class_is_named_by_its_place():
    assert "class number 2 " in findings(log(class_variety=lambda t: 0.1))["D234"].message
    assert "class number 9 " in findings(log(class_truth=lambda t: 0.1))["D234"].message


def test_no_single_class_is_called_dead_where_all_are_alike():
    mixed = {"class_truth": lambda t: 0.1, "class_truth_error": lambda t: 0.05, "usual_truth": lambda t: 0.2}
    message = findings(log(**mixed))["D234"].message
    assert "not told apart" in message and "20%" in message
    pale = {"class_variety": lambda t: 0.3, "usual_variety": lambda t: 0.4}
    assert "D234" not in findings(log(**pale))
    assert "D234" not in findings(log(**mixed, score=lambda t: 0.05))
