"""What may hurt in sound is found, and good sound is let be."""

from __future__ import annotations

import numpy as np

from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.tasks.look import look

RANDOM = np.random.default_rng(0)


def voice(samples: int = 4000, loud: float = 0.5) -> np.ndarray:
    """Make a sound that moves, as words do."""
    time = np.arange(samples) / 8000
    turns = RANDOM.uniform(150, 400) * (time + RANDOM.uniform(0.1, 0.3) * time**2)
    wave = sum(np.sin(2 * np.pi * turns * k) / k for k in range(1, 6)) * np.sin(np.pi * time / time[-1])
    return (loud * wave / np.abs(wave).max() + 0.001 * RANDOM.standard_normal(samples)).astype(np.float32)


def sound(items: list[np.ndarray], labels: list[str] | None = None, rate: int | None = 8000) -> Data:
    return Data(kind="sound", items=items, labels=None if labels is None else np.array(labels), rate=rate)


def found(data: Data) -> dict[str, str]:
    return {finding.code: finding.message for finding in look(data).findings}


def test_good_sound_has_no_findings():
    assert found(sound([voice() for _ in range(12)])) == {}


def test_clips_are_told_in_a_row_for_all_and_one_for_each_class():
    seen = look(beeps(40))
    assert seen.headline == "40 clips of 0.256 to 0.256 s, 8,000 samples a second, 4 classes"
    assert [row["class"] for row in seen.schema] == ["all", "fall", "hiss", "ping", "rise"]
    assert [row["clips"] for row in seen.schema] == [40, 10, 10, 10, 10]


def test_loudness_is_in_decibels_of_full_scale():
    sine = np.sin(2 * np.pi * 400 * np.arange(8000) / 8000).astype(np.float32)
    assert look(sound([sine] * 8)).schema[0]["loudness"] == -3.0


def test_each_fault_is_found_by_number():
    good = [voice() for _ in range(12)]
    assert "number 12" in found(sound([*good, np.zeros(4000, np.float32)]))["L235"]
    assert "number 12" in found(sound([*good, np.clip(4 * voice(), -1, 1)]))["L243"]
    assert "number 12" in found(sound([*good, voice() / 2 + 0.4]))["L244"]
    assert "number 12" in found(sound([*good, 0.02 * voice()]))["L246"]
    click = np.zeros(4000, np.float32)
    click[2000:2004] = 0.9
    assert "number 12" in found(sound([*good, click]))["L245"]
    assert "12 (as 3)" in found(sound([*good, good[3]]))["L103"]


def test_lots_that_differ_much_are_told():
    loud = [voice(loud=0.8 if i % 2 else 0.05) for i in range(20)]
    assert "24 decibels" in found(sound(loud))["L247"]
    assert "L248" in found(sound([voice(8000 if i % 2 else 1500) for i in range(20)]))
    rare = found(sound([voice() for _ in range(30)], ["a"] * 28 + ["b"] * 2))
    assert "Class b has 2 items" in rare["L106"]


def test_few_clips_and_an_unknown_rate_are_said():
    codes = found(sound([voice(), voice()], rate=None))
    assert set(codes) == {"L234", "L242"}
