"""Runs the command line inside the test's own process and reads what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import TOY

from contrafact.cli.main import main
from contrafact.engine.run import Run
from contrafact.report import run_page


@dataclass
class Said:
    """What a command gave back: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Read standard output as the one JSON object that it must be."""
        assert self.out.count("\n") == 1 and self.out.endswith("\n"), self.out
        return json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


Say = Callable[..., Said]


def plain_page(run: Run, real: Any = None) -> Path:
    """Stand in for a run's report, whose figures take seconds to draw."""
    (run.folder / "report.html").write_text("a page")
    return run.folder / "report.html"


@pytest.fixture
def real_pages() -> None:
    """Ask for the reports themselves."""


@pytest.fixture(autouse=True)
def _pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_pages" not in request.fixturenames:
        monkeypatch.setattr(run_page, "write_run_report", plain_page)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command."""

    def run(*words: object) -> Said:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with data, two runs and a closed-form one; tests must not change what is in it."""
    place = tmp_path_factory.mktemp("workplace")
    draw = np.random.default_rng(0)
    np.save(place / "points.npy", draw.normal(size=(120, 2)))
    np.save(place / "fakes.npy", draw.normal(size=(60, 2)))
    np.save(place / "pictures.npy", draw.integers(0, 256, (60, 4, 4), dtype=np.uint8))
    (place / "lines.txt").write_text("春 眠\nab c\nb a\n" * 5, encoding="utf-8")
    rows = "\n".join(f"{a:.3f},{b}" for a, b in zip(draw.normal(size=60), draw.integers(0, 3, 60), strict=True))
    (place / "table.csv").write_text(f"<script>alert(1)</script>,年\n{rows}\n", encoding="utf-8")
    for what, name, *more in (
        ("points.npy", "points", *TOY),
        ("pictures.npy", "pictures", *TOY),
        ("table.csv", "table", *TOY),
        ("lines.txt", "lines"),
        ("points.npy", "bell", "--recipe", "gaussian"),
    ):
        words = ["train", str(place / what), "--run-dir", str(place / "runs" / name), "--seed", "3", "-q", *more]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run_page, "write_run_report", plain_page)
            assert main(words) == 0
    return place


@pytest.fixture
def at_work(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder that sees the workplace's data and runs."""
    for path in workplace.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path
