from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.demos import demo
from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.codecs.series import SeriesCodec
from contrafact.tasks.look import look
from contrafact.tasks.sample import draw, write
from contrafact.tasks.series_impute import HiddenGaps, along_lines, imputing_series
from contrafact.tasks.train import Order, prepare
from contrafact.zoo.var import VAR


@pytest.fixture
def plant():
    return demo("sensors").head(600)


def test_a_table_is_read_as_series_only_where_that_is_said(plant, tmp_path):
    plant.to_csv(tmp_path / "plant.csv", index=False)
    assert "kind" not in contrafact.read(tmp_path / "plant.csv").attrs
    read = contrafact.read(tmp_path / "plant.csv", kind="series")
    assert isinstance(read, pd.DataFrame) and read.attrs["kind"] == "series"
    with pytest.raises(UsageError) as caught:
        contrafact.read("digits", kind="series")
    assert caught.value.code == "E113"


def test_train_sample_and_judge_work_from_files(plant, tmp_path, monkeypatch):
    monkeypatch.setattr("contrafact.metrics.series_nets.STEPS", 5)
    plant.to_csv(tmp_path / "plant.csv", index=False)
    settings = {"steps": "12", "width": "16", "depth": "1", "window": "12", "batch": "8"}
    order = Order(what=str(tmp_path / "plant.csv"), kind="series", settings=settings, run_dir=str(tmp_path / "run"))
    job = prepare(order)
    assert job.recipe.method == "shuttle"
    assert job.training is not None
    job.training.finish()
    drawn = draw(str(tmp_path / "run"), 6, given=None, seed=0)
    write(drawn, str(tmp_path / "made.csv"))
    made = contrafact.read(tmp_path / "made.csv", kind="series")
    assert made["series"].nunique() == 6 and set(made["_source"]) == {"synthetic"}
    report = contrafact.judge(contrafact.read(tmp_path / "plant.csv", kind="series"), made)
    assert {"predictive", "autocorrelation", "marginals"} <= set(report.scores)
    page = report.save(tmp_path / "judged.html").read_text(encoding="utf-8")
    assert "How series were judged" in page and page.count("<figure") == 2


def test_the_page_of_a_run_shows_windows_and_their_memory(plant, tmp_path):
    from contrafact.engine.run import Run
    from contrafact.report.run_page import run_report

    zoo_model = VAR(order=1, window=24).fit(plant, run_dir=tmp_path / "run")
    assert zoo_model.kept_in is not None
    page = run_report(Run(zoo_model.kept_in), real=plant)
    assert "regular steps of 1 hour" in page and page.count("<figure") == 2
    assert "The memories differ by" in page
    assert "The memory of generated series." in run_report(Run(zoo_model.kept_in))


def test_looking_says_how_series_are_read(plant):
    seen = look(plant)
    assert "regular steps of 1 hour" in seen.sentences[0]
    assert {row["column"]: row["part"] for row in seen.schema}["time"] == "time"
    assert "L270" in {finding.code for finding in seen.findings}
    assert "L274" in {finding.code for finding in look(pd.DataFrame(plant.assign(load=1.0)).pipe(unmarked)).findings}


def unmarked(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    frame.attrs = {}
    return frame


def test_gaps_are_filled_and_hidden_ones_say_whether_that_beats_simpler_ways(plant):
    result = imputing_series(plant, method="var", settings={"order": 2}).finish()
    holes = plant.isna()
    assert not result.data.isna().any().any()
    assert result.data.where(~holes).equals(plant.where(~holes))
    assert {"rmse_method", "rmse_line", "rmse_seasonal", "gain_rmse_over_line"} <= set(result.scores)
    assert result.scores["rmse_method"].value < result.scores["rmse_line"].value
    assert "better than straight lines" in result.verdict


def test_hidden_gaps_are_as_long_as_real_ones_and_in_their_variables(plant):
    codec = SeriesCodec.fit(plant)
    hidden = HiddenGaps.of(plant, codec, seed=0)
    holed = plant.columns[plant.isna().any()]
    more = hidden.frame.isna() & plant.notna()
    assert not more.drop(columns=holed).any().any() and more.to_numpy().sum() > 20
    assert (hidden.frame.where(~more)).equals(plant.where(~more))
    off, hits = hidden.errors(plant)
    assert np.abs(off).max() < 1e-5 and hits.all()


def test_straight_lines_lie_between_known_values():
    frame = pd.DataFrame({"t": range(6), "x": [1.0, np.nan, np.nan, 4.0, 4.5, 7.25]})
    filled = along_lines(SeriesCodec.fit(frame, window=2), frame)
    np.testing.assert_allclose(filled["x"], [1, 2, 3, 4, 4.5, 7.25], atol=1e-5)


def test_the_whole_job_is_chosen_by_what_the_frame_says_of_itself(plant):
    assert "hidden gaps" in contrafact.impute(plant, method="hmm").verdict
    draws = contrafact.impute(plant, method="hmm", draws=2, check="off").data
    assert len(draws) == 2 and not draws[0].equals(draws[1])


def test_a_frame_that_says_nothing_of_itself_is_filled_as_series_where_the_kind_is_said(plant, tmp_path):
    plain = plant.copy()
    plain.attrs.clear()
    plain.to_csv(tmp_path / "plant.csv", index=False)
    for data in (plain, tmp_path / "plant.csv"):
        assert "hidden gaps" in contrafact.impute(data, kind="series", method="hmm").verdict
    assert not plain.attrs


def test_what_series_cannot_have_is_refused(plant):
    cases: list[tuple[dict, type[ContrafactError], str]] = [
        ({"uncertainty": True}, UsageError, "E126"),
        ({"shift": {"load": 1}}, UsageError, "E126"),
        ({"method": "loom"}, UsageError, "E126"),
        ({"method": "timegan"}, UsageError, "E126"),
        ({"draws": 0}, UsageError, "E104"),
    ]
    for asked, kind, code in cases:
        with pytest.raises(kind) as caught:
            imputing_series(plant, **asked)
        assert caught.value.code == code
    with pytest.raises(DataError) as job:
        contrafact.synth(plant, n=5)
    assert job.value.code == "E242"
