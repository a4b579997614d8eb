"""The report looks closer at pictures: copies, blur, poor classes and jumps are found where they were planted."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contrafact import zoo
from contrafact.base.data import Data
from contrafact.base.demos import digits
from contrafact.engine.run import Run
from contrafact.report.classes import by_class
from contrafact.report.facts import facts_of
from contrafact.report.markup import join
from contrafact.report.neighbours import nearest_real
from contrafact.report.panels import Rows
from contrafact.report.picture_parts import closer_look, compared
from contrafact.report.run_page import run_report
from contrafact.report.spectrum import radial_power, spectrum
from contrafact.report.walk import animated, moving, still, walks

DRAW = np.random.default_rng(0)


def grounds(n: int = 300, side: int = 16, channels: int = 1) -> np.ndarray:
    """Draw smooth random pictures, N x C x H x W."""
    waves = DRAW.normal(size=(n, channels, 4, 4, 1, 1))
    ticks = np.arange(side) / side * np.pi
    base = np.cos(np.arange(4)[:, None] * ticks)
    light = (waves * base[:, None, :, None] * base[None, :, None, :]).sum((2, 3))
    return np.clip(128 + 20 * light, 0, 255).astype(np.uint8)


def test_copies_are_noticed_and_put_first() -> None:
    real, fake = grounds(), grounds(100)
    fresh = nearest_real(fake, real)
    assert fresh is not None and fresh.finding.startswith("No sign of copies")
    fake[7], fake[50] = real[3], real[200]
    fake[60:70] = real[20:30]
    found = nearest_real(fake, real)
    assert found is not None and found.finding.startswith("1") and "suspiciously close" in found.finding
    samples, nearest = found.drawing.items[:8], found.drawing.items[8:16]
    assert np.array_equal(samples, nearest)


def test_real_pictures_are_as_close_to_each_other_as_they_are() -> None:
    real = grounds(900)
    found = nearest_real(real[::3], np.delete(real, np.s_[::3], axis=0))
    assert found is not None
    ratio = float(re.findall(r"lie ([\d.]+) x", found.finding)[0])
    assert 0.85 < ratio < 1.15


def test_the_power_is_where_the_wave_is() -> None:
    ticks = np.arange(32)
    for cycles in (4, 12):
        wave = np.rint(127.5 + 100 * np.cos(2 * np.pi * cycles * ticks / 32)).astype(np.uint8)
        frequency, power = radial_power(np.broadcast_to(wave, (3, 1, 32, 32)))
        assert frequency[power.argmax()] == pytest.approx(cycles / 32, abs=1 / 32)
    frequency, power = radial_power(DRAW.integers(0, 256, (50, 3, 20, 33), dtype=np.uint8))
    assert frequency.max() < 0.5 and power.max() < 1.3 * power.min()  # white noise is as strong everywhere


def test_blur_and_noise_are_told_from_real_detail() -> None:
    real = DRAW.integers(0, 256, (100, 1, 16, 16), dtype=np.uint8)
    blurred = ((real.astype(int) + np.roll(real, 1, 2) + np.roll(real, 1, 3)) // 3).astype(np.uint8)
    told = {name: spectrum(fake, real).finding for name, fake in (("same", real[::-1]), ("blurred", blurred))}
    assert "too little fine detail" in told["blurred"] and "as much fine detail" in told["same"]
    noisy = np.clip(grounds(100).astype(int) + DRAW.normal(0, 20, (100, 1, 16, 16)), 0, 255).astype(np.uint8)
    assert "too much fine structure" in spectrum(noisy, grounds(100)).finding


class Drawer:
    """Stand in for a model: class b always draws the same picture."""

    def __init__(self) -> None:
        self.data = Data(kind="pictures", items=grounds(90)[:, 0], labels=np.array(["a", "b", "c"] * 30))
        from contrafact.codecs.image import ImageCodec

        self.codec = ImageCodec.fit(self.data)

    def sample(self, n: int, given: dict[str, str], seed: int) -> np.ndarray:
        del seed
        own = self.data.items[self.data.labels == given["class"]]
        return np.resize(own[:1] if given["class"] == "b" else own, (n, 16, 16))


def test_a_dead_class_is_named() -> None:
    model = Drawer()
    found = by_class(model, model.codec.encode(model.data))
    assert found is not None and found.finding.startswith("Class b is nearly dead")
    assert found.drawing.names == ("a", "b", "c") and len(found.drawing.items) == 30
    alone = by_class(model)
    assert alone is not None and "class b varies least: 0.00 x the classes' mean" in alone.finding


def test_rows_are_named_at_their_height() -> None:
    from matplotlib.figure import Figure

    from contrafact.report.lettering import lettering

    drawing = Rows(names=("one", "二"), items=np.zeros((6, 8, 8), dtype=np.uint8))
    axes = Figure().subplots()
    drawing.draw(axes, lettering(drawing.words()))
    assert axes.get_yticks().tolist() == [3.5, 12.5]
    assert drawing.to_json()["names"] == ["one", "二"] and drawing.to_json()["columns"] == 3


def test_a_jump_in_a_walk_is_told() -> None:
    steps = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    smooth = np.rint(128 + 100 * np.sin(steps))[None, :, None, None, None] * np.ones((4, 1, 1, 8, 8))
    assert "little by little" in still(smooth.astype(np.uint8), ("",) * 4).finding
    smooth[2, 16:, :] = 255
    assert "jump" in still(smooth.astype(np.uint8), ("",) * 4).finding
    assert "do not change" in still(0 * smooth.astype(np.uint8), ("",) * 4).finding


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_animation_loops_and_keeps_its_size(channels: int) -> None:
    frames = DRAW.integers(0, 256, (16, 32, channels, 20, 24), dtype=np.uint8)  # noise does not compress
    payload, paths, _ = animated(frames, 60_000)
    assert len(payload) <= 60_000 and 1 <= paths < 16
    picture = Image.open(io.BytesIO(payload))
    assert picture.is_animated and picture.info["loop"] == 0 and picture.info["Description"].startswith("Synthetic")
    assert picture.n_frames * picture.info["duration"] == pytest.approx(32 * 110, rel=0.1)
    small = np.repeat(frames[:2, :3, :, :4, :4], 2, axis=1)
    assert 'class="moving"' in moving(small) and "2 ways at once" in moving(small)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "digits"
    zoo.R3GAN.toy().but(steps=4).fit(digits(), seed=0, run_dir=folder)
    return Run(folder)


def test_a_run_of_pictures_is_looked_at_closer(run: Run) -> None:
    from contrafact.tasks.load import load

    html = run_report(run, real=digits())
    for told in ("A closer look", "Each row is a class", "in motion", "most suspicious", "power of real pictures"):
        assert told in html
    assert "prefers-reduced-motion: reduce) { .moving { display: none; } }" in html
    sources = re.findall(r'src="(data:image/png;base64,[^"]+)"', html)
    animations = [s for s in sources if getattr(Image.open(io.BytesIO(base64.b64decode(s[22:]))), "is_animated", 0)]
    assert len(animations) == 1 and len(animations[0]) < 410_000
    frames = walks(load(run.folder))
    assert frames.shape[1:] == (32, 1, 8, 8) and frames.dtype == np.uint8


def test_without_real_data_no_real_picture_is_in_the_page(run: Run) -> None:
    html = join(*closer_look(facts_of(run)))
    assert "Each row is a class" in html and "most suspicious" not in html


def test_real_data_of_another_kind_and_a_run_without_a_model_are_told(run: Run, tmp_path: Path) -> None:
    import shutil

    wrong = Data(kind="pictures", items=np.zeros((5, 8, 8, 3), dtype=np.uint8))
    shutil.copytree(run.folder, tmp_path / "digits")
    shutil.rmtree(tmp_path / "digits" / "checkpoints")
    html = join(*closer_look(facts_of(Run(tmp_path / "digits")), wrong))
    assert "The real data cannot be shown beside the samples." in html and "No model could be drawn from." in html


def test_any_two_sets_of_pictures_of_a_size_are_compared() -> None:
    real, fake = grounds(60, channels=3).transpose(0, 2, 3, 1), grounds(40, channels=3).transpose(0, 2, 3, 1)
    assert len(compared(Data(kind="pictures", items=real), fake)) == 2
    assert len(compared(real.astype(np.uint16) * 200, fake.astype(np.uint16) * 200)) == 2
    assert (
        compared(real, fake[:, :8]) == () and compared(real, fake.astype(float)) == () and compared(["a"], ["b"]) == ()
    )
