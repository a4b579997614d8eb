"""Names of files tell classes and attributes."""

from __future__ import annotations

import pytest

from contrafact.tasks.name_parts import parts_of, told_of


def test_the_class_is_the_first_part_whose_values_come_back():
    names = [f"{d}_{who}_{take}.wav" for d in "07" for who in ("ann", "bob", "eve") for take in range(4)]
    parts = parts_of(names)
    assert parts.label == "part1" and set(parts.columns["part1"]) == {"0", "7"}
    assert set(parts.columns["part2"]) == {"ann", "bob", "eve"} and len(set(parts.columns["part3"])) == 4
    assert "part2 has 3 values (ann, bob, eve)" in told_of(parts)


def test_running_numbers_and_parts_that_never_change_are_no_class():
    parts = parts_of([f"take-{i:03}-{'ab'[i % 2]}-x.wav" for i in range(10)])
    assert parts.label == "part3" and "part1" not in parts.columns and "part4" not in parts.columns
    assert parts_of([f"clip_{i}.wav" for i in range(10)]).label is None


@pytest.mark.parametrize("names", [[], ["a.wav"], ["a.wav", "b.wav"], ["a_b.wav", "c.wav", "d_e_f.wav"]])
def test_names_without_common_parts_tell_nothing(names):
    assert parts_of(names).label is None


def test_a_few_names_that_are_made_otherwise_are_said():
    names = [*(f"{'ab'[i % 2]}_{i}.wav" for i in range(20)), "noise.wav"]
    parts = parts_of(names)
    assert parts.label == "part1" and parts.others == [20] and parts.columns["part1"][20] == ""


def test_folders_chinese_and_spaces_do_not_matter():
    parts = parts_of([f"某 处/{'零一'[i % 2]}_{i % 3}.wav" for i in range(12)])
    assert parts.label == "part1" and set(parts.columns["part1"]) == {"零", "一"}
