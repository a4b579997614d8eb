"""Pages are whole, offline and cannot be injected into, whatever a run's folder holds."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contrafact.base.demos import ring
from contrafact.base.records import Score
from contrafact.engine.run import Run
from contrafact.report.card import card
from contrafact.report.compare_page import compare
from contrafact.report.facts import facts_of
from contrafact.report.figures import Figure
from contrafact.report.film import shots
from contrafact.report.lines import Level, Lines, Series
from contrafact.report.markup import Html, element, join
from contrafact.report.page import page, section, write
from contrafact.report.run_page import run_report, write_run_report
from contrafact.report.story import story
from contrafact.report.tables import score_table

EVIL = "<script>alert(1)</script>\x00\u202e"
VOID = {"meta", "img", "br", "hr", "col"}


class Reader(HTMLParser):
    """Follows the tags of a page and notes what it loads and says."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    """Check what holds for every page and give its reader."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    assert html.startswith("<!DOCTYPE html>")
    assert "<script" not in html.lower()
    assert "http://" not in html and "https://" not in html
    tags = [tag for tag, _ in reader.seen]
    assert tags.count("h1") == 1 and not {"script", "link", "iframe", "object", "form"} & set(tags)
    for tag, attributes in reader.seen:
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        if tag == "img":
            assert (attributes["src"] or "").startswith("data:image/png;base64,") and attributes["alt"]
    policy = next(a["content"] for _, a in reader.seen if a.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    html.encode()
    return reader


def lines_of(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def made_up_run(folder: Path, *, name: str = "ring", method: str = "gan", seed: int = 0) -> Run:
    """Write a finished run's folder by hand."""
    (folder / "samples").mkdir(parents=True)
    rows = [
        {
            "step": step,
            "critic/loss": 1.386 - step / 1000,
            "generator/loss": 0.693 + step / 1000,
            "critic/r1": 0.01,
            "critic/gradient": 1 + step % 7,
            "generator/gradient": 0.1,
            "critic/wins": 0.6,
        }
        for step in range(10, 201, 10)
    ]
    for row in rows[1::2]:
        row |= {"score": row["step"] / 250, "precision": 0.5, "recall": 0.6, "coverage": 0.7}
    rows[-1]["score"] = 0.1
    documents = {
        "recipe": {
            "method": method,
            "settings": {"momentum": 0.01, "steps": 200},
            "total_steps": 200,
            "seed": seed,
            "balance": {"critic/loss": 1.386, "generator/loss": 0.693},
        },
        "data": {"codec": {"name": name, "names": ["x0", "x1"]}, "fingerprint": "f", "rows": 90, "held_out": 400},
        "env": {"python": "3.12", "versions": {"torch": "2"}},
    }
    for document, content in documents.items():
        (folder / f"{document}.json").write_text(json.dumps(content))
    (folder / "metrics.jsonl").write_text(lines_of(rows))
    events = [
        {"event": "started", "step": 0},
        {"event": "finding", "code": "D210", "message": "Too little variety.", "cure": "Use r3gan.", "step": 120},
        {"event": "rolled back", "step": 100, "why": "It blew up."},
        {"event": "finished", "step": 200},
    ]
    (folder / "events.jsonl").write_text(lines_of(events))
    (folder / "redo.txt").write_text("contrafact train ring --seed 0\n")
    for step in (60, 120, 180, 200):
        np.save(folder / "samples" / f"{step:09d}.npy", ring(60, seed=step).items)
    return Run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made_up_run(tmp_path_factory.mktemp("runs") / "ring")


def test_text_is_escaped_unless_it_is_markup() -> None:
    assert element("p", "<b>", Html("<i></i>"), title='"') == '<p title="&quot;">&lt;b&gt;<i></i></p>'
    assert join("a\x1b[31m", "\ud800") == "a\ufffd[31m\ufffd"


def test_a_page_is_whole_and_offline() -> None:
    reader = read(page(f"对位 {EVIL}", [section("", "x"), *(section(f"Part {EVIL}", "y") for _ in range(4))]))
    assert "对位 <script>alert(1)</script>\ufffd\ufffd" in reader.text
    assert "nav" in [tag for tag, _ in reader.seen]


def test_a_report_tells_how_the_run_went(run: Run) -> None:
    html = run_report(run, real=ring(100))
    text = read(html).text
    for told in (
        "GAN on ring: finished",
        "best at step 180, 0.72, and fell to 0.1 by the end",
        "Too little variety. Use r3gan.",
        "rolled back",
        "A loss here is no measure of quality.",
        "the critic is ahead",
        "60% of all pairs",
        "penalties",
        "0.01 (default 0.5)",
        "contrafact train ring --seed 0",
    ):
        assert told in text
    assert html.count("<img") == 7


def test_writing_a_report_leaves_a_page_and_a_card(tmp_path: Path) -> None:
    run = made_up_run(tmp_path / EVIL[:8], name=EVIL)
    score = Score(name="c2st", value=0.9, low=0.8, high=0.95, n=10, better="higher", floor=0.0, ceiling=1.0)
    (run.folder / "scores.json").write_text(json.dumps({"c2st": score.to_json(), "broken": [1], "worse": {"value": 1}}))
    path = write_run_report(run)
    assert path == run.folder / "report.html"
    assert "0.8 to 0.95" in read(path.read_text(encoding="utf-8")).text
    told = (run.folder / "card.md").read_text(encoding="utf-8")
    assert "<script" not in told and "no guarantee of privacy" in told and "| c2st | 0.9 ↑ |" in told
    assert not list(run.folder.glob(".*tmp"))


def test_the_same_folder_gives_the_same_page(run: Run) -> None:
    assert run_report(run) == run_report(run)


@pytest.mark.parametrize("missing", ["recipe.json", "data.json", "env.json", "events.jsonl", "metrics.jsonl"])
def test_an_unfinished_folder_gives_a_page(tmp_path: Path, missing: str) -> None:
    run = made_up_run(tmp_path / "run")
    for file in (run.folder / "samples").iterdir():
        file.unlink()
    (run.folder / missing).write_text('{"half": ')
    read(run_report(run))
    assert card(facts_of(run))


def test_a_folder_that_is_not_there_gives_a_page(tmp_path: Path) -> None:
    text = read(run_report(Run(tmp_path / "nowhere"))).text
    assert "no readable recipe.json" in text


def test_hostile_contents_stay_text(tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run", name=EVIL, method=EVIL)
    rows = [{"step": s, f"critic/{EVIL}": s, "critic/loss": None if s == 2 else 1e300, EVIL: s} for s in range(1, 9)]
    (run.folder / "metrics.jsonl").write_text(lines_of(rows) + '{"step": 9, "cri')
    (run.folder / "events.jsonl").write_text(lines_of([{"event": "finding", "code": EVIL, "message": EVIL}]))
    (run.folder / "redo.txt").write_bytes(b"\xff<script>")
    (run.folder / "scores.json").write_text(
        json.dumps({EVIL: {"value": None, "low": None, "high": 1, "n": 1, "better": EVIL}})
    )
    (run.folder / "data.json").write_text(json.dumps({"codec": {"names": ["$\\frac{", "_苹果" * 40], "name": EVIL}}))
    read(run_report(run))
    # Markdown takes what is indented by four blanks as it stands.
    assert all(line.startswith("    ") for line in card(facts_of(run)).splitlines() if "<script" in line)


def test_damaged_and_foreign_sample_files_are_left_out(tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run")
    (run.folder / "samples" / "000000120.npy").write_bytes(b"\x93NUMPY cut")
    (run.folder / "samples" / "notes.npy").write_bytes(b"")
    np.save(run.folder / "samples" / "000000060.npy", np.zeros((3, 5)))
    assert [step for step, _ in shots(run)] == [180, 200]


def test_a_film_is_short_and_keeps_the_best_step(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    for step in range(1, 22):
        np.save(folder / f"{step:09d}.npy", np.zeros((2, 2)))
    steps = [step for step, _ in shots(Run(tmp_path), keep=20)]
    assert len(steps) == 8 and {1, 20, 21} <= set(steps)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((5, 1)),
        np.full((5, 2), np.nan),
        np.array([[1e308, -1e308]] * 3),
        np.random.default_rng(0).normal(size=(30, 6)),
        np.zeros((4, 3)),
        np.ones((1, 7)),
        np.zeros((20, 8, 8), np.uint8),
        np.zeros((3, 5, 4, 3), np.uint8),
        np.zeros((3, 5, 4, 1), np.uint8),
        np.array(["Dm7 G7 <b>", "苹果"]),
        np.array([True, False]),
        np.zeros((3, 2), np.complex128),
        np.zeros((3, 0)),
    ],
)
def test_samples_of_any_shape_give_a_page(tmp_path: Path, samples: np.ndarray) -> None:
    (tmp_path / "samples").mkdir()
    for step in (1, 2):
        np.save(tmp_path / "samples" / f"{step}.npy", samples)
    read(run_report(Run(tmp_path)))


def test_a_closed_form_has_no_training_to_tell_of(tmp_path: Path) -> None:
    from contrafact.zoo import GaussianMixture

    GaussianMixture().fit(ring(100), run_dir=tmp_path / "run")
    text = read(run_report(Run(tmp_path / "run"))).text
    assert "fitted in closed form" in text and "doctor" not in text and "Cost analysis" not in text


def test_a_real_training_gives_a_page(tmp_path: Path) -> None:
    from contrafact.zoo import GAN

    GAN(steps=60, width=16, depth=1, batch=32).fit(ring(500), run_dir=tmp_path / "r")
    text = read(write_run_report(Run(tmp_path / "r"), real=ring(200)).read_text(encoding="utf-8")).text
    assert "Cost analysis" in text and "60 of 60" in text and "generator at balance" not in text


def test_runs_side_by_side_show_what_differs(run: Run, tmp_path: Path) -> None:
    other = made_up_run(tmp_path / "ring", method="r3gan", seed=1)
    text = read(compare([run, other, Run(tmp_path / "nowhere")])).text
    for told in ("ring (1)", "ring (2)", "r3gan", "seed", "different data", "not finished", "small enough to be luck"):
        assert told in text
    assert "asked for the same" in read(compare([run, run])).text


def test_runs_of_different_kinds_can_stand_side_by_side(run: Run, tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    np.save(tmp_path / "samples" / "1.npy", np.zeros((4, 8, 8), np.uint8))
    read(compare([run, Run(tmp_path)]))
    read(compare([]))


def test_a_story_has_words_figures_and_scores() -> None:
    drawing = Lines(
        x="步数",
        y="分数",
        series=(Series(name="苹果", x=np.arange(5.0), y=np.arange(5.0)),),
        levels=(Level(name="上限", value=4.0),),
    )
    figure = Figure(finding="苹果 wins <b>.", sentence="高 is better.", drawing=drawing)
    score = Score(name="coverage", value=0.9, low=0.8, high=0.95, n=100, better="higher")
    reader = read(story("一个故事 & <b>", "What you will see.", [(EVIL, ["One <i>."], [figure], {"coverage": score})]))
    assert "一个故事 & <b>" in reader.text and "One <i>." in reader.text
    assert [a["alt"] for tag, a in reader.seen if tag == "img"] == ["苹果 wins <b>. 高 is better."]


def test_a_score_stands_between_its_floor_and_its_ceiling() -> None:
    def table(**anchors: float) -> str:
        return score_table({"mmd": Score(name="mmd", value=0.1, low=0.05, high=0.2, n=9, better="lower", **anchors)})

    assert "left:75.0%" in table(floor=0.4, ceiling=0.0) and "lower is better" in table()
    assert "gauge" not in table(floor=0.0, ceiling=0.4) and "gauge" not in table(floor=0.4)


def test_writing_makes_the_folder_and_names_a_refusal(tmp_path: Path) -> None:
    from contrafact.base.errors import CannotWrite

    assert write(tmp_path / "new" / "x.html", "<p>é</p>").read_text(encoding="utf-8") == "<p>é</p>"
    with pytest.raises(CannotWrite):
        write(tmp_path / "new" / "x.html" / "y.html", "")


def test_the_room_loads_neither_torch_nor_matplotlib() -> None:
    rooms = "run_page, compare_page, judged, story, figures, views"
    heavy = "{'torch', 'matplotlib', 'pandas'} & set(sys.modules)"
    code = f"import sys; from contrafact.report import {rooms}; print({heavy})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
