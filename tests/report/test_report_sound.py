"""Sound in pages: players, pictures of spectra, the nearest training clip, and nothing real where nothing is given."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from test_report_pages import read

from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.engine.run import Run
from contrafact.report.clips import Shown, clip_table
from contrafact.report.facts import facts_of
from contrafact.report.page import page
from contrafact.report.run_page import run_report
from contrafact.report.sound import compared_sound, listening, rate_of_run, signs_table, sound_film, sound_look
from contrafact.zoo import SpecGAN

REAL, FAKE = beeps(60, seed=1), beeps(24, seed=2)


def played(html: str) -> list[tuple[int, np.ndarray]]:
    """Decode every player of a page: rate and samples."""
    found = []
    for data in re.findall(r'<audio [^>]*src="data:audio/wav;base64,([^"]+)"', html):
        with wave.open(io.BytesIO(base64.b64decode(data))) as file:
            assert file.getnchannels() == 1 and file.getsampwidth() == 2
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            found.append((file.getframerate(), samples / 32767))
    return found


def test_generated_clips_stand_beside_real_ones_of_their_class_and_the_nearest() -> None:
    html = listening(FAKE, REAL)
    heads = re.findall(r'<th scope="col">(.*?)</th>', html)
    assert heads == ["", "real", "generated", "nearest training clip"]
    sounds = played(html)
    assert len(sounds) == 3 * 8 and {rate for rate, _ in sounds} == {8000}
    assert html.count("<img") == 24 and html.count('alt="Spectrum of generated: ping"') == 2
    first = FAKE.items[int(np.flatnonzero(FAKE.labels == "fall")[0])]
    np.testing.assert_allclose(sounds[1][1], np.clip(first, -1, 1), atol=1e-4)


def test_a_copy_has_its_original_beside_it() -> None:
    copied = REAL.take([7])
    html = listening(copied, REAL)
    assert f"0.0 dB apart, class {REAL.labels[7]}" in html


def test_without_real_clips_nothing_real_is_in_it() -> None:
    html = listening(FAKE)
    assert "nearest" not in html and 'scope="col">real<' not in html and len(played(html)) == 8
    assert "real" not in re.findall(r'scope="col"[^>]*>(.*?)</th>', signs_table(FAKE))


def test_clips_without_classes_are_numbered_and_unlabelled_real_ones_are_taken_as_they_come() -> None:
    bare = Data(kind="sound", items=FAKE.items[:3], rate=8000)
    html = listening(bare, Data(kind="sound", items=REAL.items, rate=8000))
    assert "clip 3" in html and len(played(html)) == 9


def test_a_table_keeps_within_its_bytes_and_says_what_is_left_out() -> None:
    clip = np.zeros(8000, dtype=np.float32)
    rows = [(f"row {k}", {"generated": Shown(clip=clip, told="")}) for k in range(10)]
    html = clip_table(rows, ["generated"], 8000, most=50_000)
    assert len(played(html)) == 3 and "7 more rows are left out" in html
    assert len(played(clip_table(rows, ["generated"], 8000, most=10))) == 1
    long = [("row", {"generated": Shown(clip=np.zeros(80_000, dtype=np.float32), told="")})]
    assert len(played(clip_table(long, ["generated"], 8000))[0][1]) == 32_000


def test_names_of_classes_are_escaped() -> None:
    labels = np.array(["<script>alert(1)</script>"] * 12 + ['"&'] * 12)
    html = listening(Data(kind="sound", items=FAKE.items, labels=labels, rate=8000), REAL)
    assert "<script" not in html and "&lt;script&gt;" in html


def test_signs_are_told_in_words_beside_those_of_real_clips() -> None:
    broken = Data(kind="sound", items=[*([np.zeros(2000, dtype=np.float32)] * 3), *FAKE.items[:7]], rate=8000)
    html = signs_table(broken, REAL)
    assert re.search(r"silent</th><td class=\"number\">30.0%</td><td class=\"number\">0.0%</td>", html)
    assert "% of 10 clips are neither silent" in html
    parts = compared_sound(REAL, broken)
    read(page("Judged", parts))


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "beeps"
    SpecGAN.toy().but(steps=3).training(REAL, seed=0, run_dir=folder).finish()
    return Run(folder)


def test_a_run_over_sound_can_be_heard(run: Run) -> None:
    known = facts_of(run)
    assert rate_of_run(known) == 8000 and known.data_name == "beeps"
    shared = run_report(run)
    read(shared)
    assert len(shared) < 3e6 and "Over the steps" in shared and "nearest training clip" not in shared
    own = "".join(sound_look(known, REAL))
    assert "nearest training clip" in own and len(played(own)) > len(played(shared)) == 8
    clips = {sound.tobytes() for _, sound in played(own)}
    assert len(clips - {sound.tobytes() for _, sound in played(shared)}) >= 8


def test_a_run_whose_model_is_lost_says_so_and_shows_what_was_kept(run: Run, tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    shutil.copy(run.folder / "data.json", tmp_path)
    waves = np.stack([np.asarray(clip) for clip in FAKE.items[:4]])
    for step in (10, 20):
        np.save(tmp_path / "samples" / f"{step:09d}.npy", waves)
    known = facts_of(Run(tmp_path))
    assert "No model could be drawn from" in "".join(sound_look(known))
    kept = "".join(sound_film(known))
    assert "step 20" in kept and len(played(kept)) == 6 and kept.index("step 20,") < kept.index("noise 1")


def test_runs_over_other_data_are_no_sound(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(json.dumps({"codec": {"codec": "image", "rate": 3}}))
    assert rate_of_run(facts_of(Run(tmp_path))) is None
