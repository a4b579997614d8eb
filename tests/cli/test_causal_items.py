"""From the command line: train pictures with attributes, see, do, and be told what cannot be done."""

from __future__ import annotations

import json

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
    assert any("follow from class, ink" in warning["message"] for warning in told["warnings"])
    assert len(list((tmp_path / "done").rglob("*.png"))) == 12 and "red" in (tmp_path / "done.csv").read_text()


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
