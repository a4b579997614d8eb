"""Pages over text: lines are escaped, take their own direction, and stand beside the nearest training line."""

from __future__ import annotations

import numpy as np

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import demo
from contrafact.engine.run import Run
from contrafact.report.film import film
from contrafact.report.run_page import run_report
from contrafact.report.spoken import lengths_figure, reading


def test_lines_are_escaped_and_copies_stand_beside_their_originals() -> None:
    real = Data(kind="text", items=["<script>x</script> said he", "שלום עולם טוב", "a third line is here"])
    page = reading(Data(kind="text", items=["<script>x</script> said he", "a third line was there"]), real)
    assert "<script>" not in page and page.count("&lt;script&gt;") >= 2
    assert "100%" in page and page.count('dir="auto"') == 6


def test_a_run_of_a_chain_shows_what_it_writes_and_no_real_line_unless_given(tmp_path) -> None:
    data = demo("reviews").take(np.arange(200))
    contrafact.zoo.Markov(order=1).fit(data, run_dir=tmp_path / "run")
    page = run_report(Run(tmp_path / "run"))
    assert "Generated" in page and "Nearest training line" not in page
    assert "Nearest training line" in run_report(Run(tmp_path / "run"), real=data)


def test_a_judgement_lays_generated_and_real_scores_side_by_side(tmp_path) -> None:
    data = demo("changes")
    report = contrafact.judge(data.take(np.arange(100)), data.take(np.arange(100, 150)), data.take(np.arange(150, 200)))
    page = report.save(tmp_path / "x.html").read_text()
    assert all(word in page for word in ("Beside real text", "generated", "noise", "To read", "Lengths"))
    assert {"mc_gap", "bleu2", "bleu5", "self_bleu2", "self_bleu5", "copies"} <= set(report.scores)


def test_lengths_are_told_in_words() -> None:
    sides = [Data(kind="text", items=["one two three " * n for n in (1, 2)] * 3) for _ in range(2)]
    figure = lengths_figure(*sides)
    assert figure.finding == "Generated lines have 4.5 words on average, real ones 4.5."


def test_the_film_of_a_run_over_text_shows_the_last_lines_first() -> None:
    shots = [(step, np.array([f"line <{step}> {i}" for i in range(9)])) for step in (10, 20)]
    page = film(shots, best=10)[0]
    assert page.index("line &lt;20&gt; 7") < page.index("line &lt;10&gt; 2") and "10 (best)" in page
    assert "line &lt;10&gt; 3" not in page
