"""Figures: every kind is drawn, written as JSON and never trips over what it is given."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contrafact.report.bars import Bar, Bars
from contrafact.report.drawing import Drawing
from contrafact.report.figures import Figure
from contrafact.report.lettering import LONGEST, lettering
from contrafact.report.lines import Level, Lines, Mark, Series
from contrafact.report.panels import Cloud, Histograms, Pictures, Scatter, Strip
from contrafact.report.views import principal_directions, view_of

NO_FONT_HAS = "\u0378"  # not a character
RANDOM = np.random.default_rng(0)
STEPS = np.arange(1.0, 21.0)

LINES = Lines(
    x="step",
    y="loss",
    series=(
        Series(name="_hidden $\\frac", x=STEPS, y=STEPS / 20, low=STEPS / 20 - 0.1, high=STEPS / 20 + 0.1),
        Series(name="苹果", x=STEPS, y=np.where(STEPS == 7, np.nan, 1 / STEPS)),
    ),
    levels=(Level(name="ceiling", value=1.0), Level(name="nearly", value=0.99), Level(name="none", value=np.nan)),
    marks=(Mark(name="best", x=9),),
)
SCATTER = Scatter(clouds=(Cloud(name="real", points=RANDOM.normal(size=(30, 2))),), x="x0", y="x1")
DRAWINGS: dict[str, Drawing] = {
    "lines": LINES,
    "lines by ratios": replace(LINES, logarithmic=True, levels=()),
    "one point": Lines(x="step", y="", series=(Series(name="a", x=np.ones(1), y=np.ones(1)),)),
    "no lines": Lines(x="step", y="", series=()),
    "scatter": SCATTER,
    "no points": Scatter(clouds=(Cloud(name="fake", points=np.empty((0, 2))),)),
    "histograms": Histograms(
        clouds=(Cloud(name="a", points=RANDOM.normal(size=30)),), edges=np.linspace(-3, 3, 9), x="a"
    ),
    "pictures": Pictures(items=RANDOM.integers(0, 255, (10, 8, 6), np.uint8)),
    "colour": Pictures(items=RANDOM.integers(0, 255, (3, 4, 4, 3), np.uint8), columns=2),
    "strip": Strip(frames=tuple((f"step {i}", replace(SCATTER, x="", y="")) for i in range(5))),
    "bars": Bars(
        bars=(Bar(name="苹果", value=0.9, low=0.8, high=1.0), Bar(name="b" * 99, value=-0.1)),
        x="score",
        levels=(Level(name="上限", value=0.95),),
    ),
    "no bars": Bars(bars=(), x=""),
}


def figure(drawing: Drawing) -> Figure:
    return Figure(finding="It rises & <b>.", sentence='Higher is "better".', drawing=drawing)


@pytest.mark.parametrize("kind", DRAWINGS)
def test_every_kind_is_drawn_and_written(kind: str) -> None:
    made = figure(DRAWINGS[kind])
    assert made.png().startswith(b"\x89PNG")
    told = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert told["finding"] == made.finding and told["drawing"]["kind"]


def test_a_figure_can_be_a_vector_file() -> None:
    assert b"<svg" in figure(LINES).svg()


def test_a_figure_says_in_words_what_it_shows() -> None:
    html = figure(SCATTER).html()
    assert 'alt="It rises &amp; &lt;b&gt;. Higher is &quot;better&quot;."' in html
    assert "<strong>It rises &amp; &lt;b&gt;.</strong>" in html
    assert 'src="data:image/png;base64,' in html


def test_a_word_that_no_font_can_write_gets_a_key() -> None:
    named = replace(LINES, x=NO_FONT_HAS, y="loss ≤ é 1", series=())
    assert lettering(named.words()).keys == {NO_FONT_HAS: "[1]"}
    assert f"In the picture: [1] {NO_FONT_HAS}." in figure(named).html()


def test_a_long_word_is_cut_and_a_control_character_replaced() -> None:
    letters = lettering(["a" * 99, "b\x1b\nc"])
    assert len(letters("a" * 99)) == LONGEST and letters("b\x1b\nc") == "b\ufffd c"


def test_threads_may_draw_at_once() -> None:
    made = [figure(DRAWINGS[kind]) for kind in ("lines by ratios", "bars", "strip", "lines by ratios")]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(Figure.png, made))
    assert at_once == [one.png() for one in made]


def test_drawing_leaves_the_global_state_of_matplotlib_alone() -> None:
    import matplotlib

    # Copied as a whole: reading the entry "backend" alone would load pyplot.
    before, loaded = matplotlib.rcParams.copy(), "matplotlib.pyplot" in sys.modules
    figure(LINES).png()
    assert matplotlib.rcParams.copy() == before and ("matplotlib.pyplot" in sys.modules) == loaded


def test_directions_are_those_of_most_variance() -> None:
    rows = RANDOM.normal(size=(500, 3)) * np.array([0.1, 3.0, 1.0])
    directions, shares = principal_directions(rows)
    np.testing.assert_allclose(np.abs(directions), [[0, 0], [1, 0], [0, 1]], atol=0.1)
    assert shares[0] > 0.8 and shares.sum() <= 1


def test_real_rows_of_another_width_are_not_drawn_beneath() -> None:
    fake = RANDOM.normal(size=(20, 2))
    same, other = (view_of([fake], real) for real in (fake + 1, np.zeros((5, 3))))
    assert same is not None and same.overlay and other is not None and not other.overlay


@pytest.mark.parametrize("real", ["text", [np.zeros(2), np.zeros(3)], np.zeros((0, 2))])
def test_real_data_that_cannot_be_drawn_are_left_out(real: Any) -> None:
    view = view_of([RANDOM.normal(size=(20, 2))], real)
    assert view is not None and not view.overlay
