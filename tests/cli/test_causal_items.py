"""From the command line: train pictures with attributes, see, do, and be told what cannot be done."""

from __future__ import annotations

import json

import numpy as np
import pytest

from contrafact.base.demos import tinted
from contrafact.cli import main


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from contrafact.zoo import CausalGAN

    folder = tmp_path_factory.mktemp("runs") / "prints"
    recipe = CausalGAN(graph="class -> ink", controller="discrete", leaf="method=r3gan,width=8,augment=off", steps=3)
    recipe.fit(tinted(300), seed=0, run_dir=folder)
    return folder


def test_whatif_tells_of_attributes_and_writes_items_rows_and_a_page(run, tmp_path, capsys):
    outs = [str(tmp_path / name) for name in ("done", "done.csv", "done.html")]
    words = [word for out in outs for word in ("-o", out)]
    assert main(["whatif", str(run), "--do", "ink=red", "-n", "12", *words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["ink"] for row in told["rows"]} == {"red"} and told["rung"] == 2 and len(told["files"]) == 3
    assert any("The pictures follow from class, ink" in warning["message"] for warning in told["warnings"])
    assert len(list((tmp_path / "done").rglob("*.png"))) == 12 and "red" in (tmp_path / "done.csv").read_text()
    page = (tmp_path / "done.html").read_text(encoding="utf-8")
    assert "See and do" in page and "Imagine" in page and "do(ink = red)" in page and "where it is set" in page


def test_sample_takes_attributes_as_conditions(run, tmp_path):
    assert main(["sample", str(run), "-n", "3", "--given", "ink=blue", "-o", str(tmp_path / "seen"), "-q"]) == 0
    assert len(list((tmp_path / "seen").rglob("*.png"))) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["whatif", "RUN", "--do", "inc=red"], "Did you mean ink?"),
        (["whatif", "RUN", "--do", "ink=mauve"], "mauve"),
        (["whatif", "RUN", "--do", "ink=red", "--row", "0"], "imagines no row"),
        (["sample", "RUN", "-n", "3", "--given", "ink=mauve"], "Its levels are blue"),
    ],
)
def test_what_cannot_be_done_is_said(run, capsys, words, said):
    assert main([word.replace("RUN", str(run)) for word in words]) != 0
    assert said in capsys.readouterr().err


def test_the_page_of_a_run_shows_items_as_seen_as_set_and_otherwise(run):
    from contrafact.engine.run import Run
    from contrafact.report.run_page import run_report

    page = run_report(Run(run))
    assert "See and do" in page and "Imagine" in page and "where it is set" in page


@pytest.mark.parametrize("kind", ["sound", "text"])
def test_clips_and_lines_are_laid_out_in_all_worlds(kind):
    """Real items stand in for drawn ones: what is looked at is how they are laid out."""
    from contrafact.base.data import Data
    from contrafact.report.galleries import IMAGINED, SEEN, SHOWN

    items = [f"line <{number}>" for number in range(4)] if kind == "text" else np.zeros((4, 800), np.float32)
    rows = [(name, Data(kind=kind, items=items, rate=8000 if kind == "sound" else None)) for name in ("as it is", "do")]
    for sentence in (SEEN, IMAGINED):
        page = str(SHOWN[kind](rows, sentence))
        assert page.count("<audio") == (8 if kind == "sound" else 0) and "as it is" in page
        assert kind == "sound" or (
            "line &lt;3&gt;" in page and "column" in page.replace("Each row is one unit", "column")
        )
