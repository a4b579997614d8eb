"""Augment for series: new ones by class that passed a filter, a test on unseen ones, and a verdict that may say no."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from trials import BLINK

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.cli import main
from contrafact.tasks import augment_items, helps
from contrafact.tasks.augment_series import LONGEST, augmenting_series, by_class, series_maker
from contrafact.tasks.classed_series import ClassedSeries, new_names
from contrafact.tasks.helps import Effort
from contrafact.tasks.series_changes import LARGER, LOUDEST, changed, warped
from contrafact.tasks.strands import Sight, strands_of, written
from contrafact.zoo import VAR, Shuttle, TimeGAN

TOY = Shuttle(steps=3, width=8, depth=1, batch=8, gaps=0.0)


def swings(counts: dict, seed: int = 0, noise: float = 0.3, first: int = 0) -> pd.DataFrame:
    """Draw series of two sensors that swing slowly or fast, by their class, for 20 to 30 steps."""
    draw, frames = np.random.default_rng(seed), []
    for place, (fault, count) in enumerate(counts.items()):
        for _ in range(count):
            time = np.arange(draw.integers(20, 31))
            wave = np.sin(time * (0.25 + 0.6 * place) + draw.uniform(0, 6))
            frame = pd.DataFrame({"time": time, "x": wave, "y": -wave}) + [0, 1, 1] * draw.normal(
                0, noise, (len(time), 1)
            )
            frames.append(frame.assign(unit=first + len(frames), fault=fault))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(autouse=True)
def _blink(monkeypatch):
    monkeypatch.setattr(helps, "EFFORTS", BLINK)
    monkeypatch.setattr(augment_items, "COPIES", 2)
    monkeypatch.setattr(augment_items, "TURNS", 1)
    monkeypatch.setattr("contrafact.nets.series_model.BLOCK_SERIES", 8)


@pytest.fixture
def learning(monkeypatch):
    """Let classifiers learn."""
    monkeypatch.setattr(helps, "EFFORTS", {"quick": Effort(seeds=2, folds=2, epochs=1, least=60, most=60)})


@pytest.fixture
def table() -> pd.DataFrame:
    return swings({"slow": 8, "fast": 6})


class Parrot:
    """A generator that gives known series of the class that is asked for, or of the wrong one."""

    training, notes = None, ()

    def __init__(self, data: Data, share: float = 1.0) -> None:
        self.data, self.share = data, share

    def make(self, labels, seed: int) -> Data:
        draw, known = np.random.default_rng(seed), np.asarray(self.data.labels)
        names = list(np.unique(known))
        said = [n if draw.random() < self.share else names[(names.index(n) + 1) % len(names)] for n in labels]
        places = [int(draw.choice(np.flatnonzero(known == name))) for name in said]
        return replace(self.data.take(places), labels=np.asarray(labels))


def parroting(frame: pd.DataFrame, more: pd.DataFrame, share: float = 1.0, **options):
    """Prepare the job with a generator that knows other series of the same machine."""
    whole = ClassedSeries.of(pd.concat([frame, more], ignore_index=True), "fault", {})
    job = augmenting_series(frame, target="fault", method="classic", **options)
    count = frame["unit"].nunique()
    job.maker = Parrot(whole.data.take(np.arange(count, len(whole.labels))), share)
    return job


def test_new_series_have_classes_and_names_of_their_own_and_the_input_stays(table):
    before, state = table.copy(), torch.random.get_rng_state()
    result = contrafact.augment(table, kind="series", target="fault", n=6, method=TOY, seed=1)
    made = result.data
    pd.testing.assert_frame_equal(table, before)
    assert table.attrs == {} and torch.equal(torch.random.get_rng_state(), state)
    pd.testing.assert_frame_equal(made.iloc[: len(table)][table.columns], table)
    new = made.iloc[len(table) :]
    assert set(new["_source"]) <= {"synthetic"} and set(made["_source"][: len(table)]) == {"real"}
    assert not set(new["unit"]) & set(table["unit"]) and new["unit"].nunique() <= 6
    assert made.attrs == {"kind": "series", "id": "unit", "time": "time"}
    assert (made.dtypes[table.columns] == table.dtypes).all()
    arms = {name.removeprefix("accuracy_") for name in result.scores if name.startswith("accuracy_")}
    assert arms == {"real", "classic", "gan", "both"} and all(score.n == 4 for score in result.scores.values())
    assert "Generated series" in result.verdict and "With 4 test series" in result.verdict
    assert "passed the filter: a classifier of the real series" in result.notes[-1]


def test_the_same_seed_makes_the_same_series_and_scores_and_another_does_not(table):
    options = {"kind": "series", "target": "fault", "method": TOY, "n": 6}
    one, same, other = (contrafact.augment(table, **options, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.data, same.data)
    assert one.scores == same.scores and one.verdict == same.verdict and one.notes == same.notes
    assert one.data.shape != other.data.shape or not one.data.equals(other.data)


def test_of_clear_classes_nobody_gains_and_more_series_of_the_same_machine_are_seen_to_help(learning, monkeypatch):
    clear = parroting(swings({"slow": 12, "fast": 12}, noise=0.05), swings({"slow": 9, "fast": 9}, 3, 0.05, first=50))
    told = clear.finish()
    assert min(told.scores[f"accuracy_{arm}"].value for arm in ("real", "classic", "gan", "both")) == 1.0
    assert told.verdict.startswith("Generated series did not help (+0.0 points")
    assert "Plain changes (noise, scale, shift, tempo) made no difference" in told.verdict
    monkeypatch.setattr(helps, "EFFORTS", {"quick": Effort(seeds=3, folds=2, epochs=1, least=60, most=60)})
    few, more = swings({"slow": 15, "fast": 15}, noise=0.9), swings({"slow": 90, "fast": 90}, 5, 0.9, first=100)
    job = parroting(few, more, n=200)
    job._passed = lambda made: np.ones(len(made), dtype=bool)
    result = job.finish()
    assert result.verdict.startswith("Generated series helped")
    assert result.scores["accuracy_gan"].value > 0.8 > result.scores["accuracy_real"].value


def test_the_filter_keeps_series_of_the_class_that_was_asked_for(learning, monkeypatch):
    monkeypatch.setattr(augment_items, "TURNS", 3)
    frame, more = swings({"slow": 10, "fast": 10}, noise=0.1), swings({"slow": 20, "fast": 20}, 3, 0.1, first=50)
    job = parroting(frame, more, share=0.5, n=20)
    made = job.made()
    passed, asked = (sum(pair[side] for pair in job.kept) for side in (0, 1))
    assert 0.3 < passed / asked < 0.7 and len(made) == 20
    own = {id(strand): label for strand, label in zip(job.maker.data.items, job.maker.data.labels, strict=True)}
    assert np.mean([own[id(item)] == label for item, label in zip(made.items, made.labels, strict=True)]) > 0.9
    job.maker = Parrot(job.maker.data, share=0.0)
    assert len(job.made()) <= 2


def test_a_generator_of_which_nothing_passes_adds_nothing(table):
    job = parroting(table, swings({"slow": 3, "fast": 3}, 3, first=50), n=8)
    job._passed = lambda made: np.zeros(len(made), dtype=bool)
    arms = job.arms(0)
    assert len(arms["gan"].labels) == len(arms["real"].labels) < len(arms["classic"].labels) == len(arms["both"].labels)
    result = job.result()
    assert set(result.data["_source"]) == {"real"} and "8 series fewer" in result.notes[-1]


def one_series() -> pd.DataFrame:
    return pd.DataFrame({"time": range(40), "x": np.arange(40) % 7.0, "fault": ["a", "b"] * 20})


@pytest.mark.parametrize(
    ("change", "options", "error", "code", "said"),
    [
        (lambda t: one_series(), {}, DataError, "E663", "one series"),
        (lambda t: t.assign(fault=np.where(t["time"] < 9, "a", "b")), {}, DataError, "E663", "within series '0': 'a'"),
        (lambda t: t.assign(fault="a"), {}, DataError, "E212", "one class"),
        (lambda t: t.assign(fault=None), {}, DataError, "E663", "empty"),
        (lambda t: t[~t["unit"].isin([9, 10])], {}, DataError, "E241", "Class 'fast' has 4 series"),
        (lambda t: t.assign(fault=t["unit"] // 1), {"check": "off", "most": 3}, DataError, "E248", "14 different"),
        (lambda t: t, {"target": "fautl"}, UsageError, "E115", "fault"),
        (lambda t: t, {"target": None}, DataError, "E663", "No column"),
        (lambda t: t, {"target": "unit", "method": Shuttle(id="unit")}, DataError, "E663", "tells series apart"),
        (lambda t: t, {"method": "classic", "settings": {"steps": "3"}}, UsageError, "E101", "time, id, columns"),
        (lambda t: t, {"method": VAR()}, UsageError, "E109", "shuttle"),
        (lambda t: t, {"method": TimeGAN.toy()}, UsageError, "E109", "shuttle"),
        (lambda t: t, {"method": "loom"}, UsageError, "E126", "series"),
        (lambda t: t, {"check": "fast"}, UsageError, "E128", "fast"),
        (lambda t: t, {"n": -1}, UsageError, "E104", "-1"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_work(change, options, error, code, said, table, monkeypatch):
    options = {"target": "fault", **options}
    monkeypatch.setattr("contrafact.tasks.classed_series.MOST_CLASSES", options.pop("most", 50))
    with pytest.raises(error) as caught:
        augmenting_series(change(table), **options)
    assert said in str(caught.value) and caught.value.code == code


def test_data_of_another_kind_are_not_taken_for_series(table):
    with pytest.raises(UsageError) as caught:
        contrafact.augment(Data(kind="vectors", items=np.zeros((4, 2))), kind="series")
    assert caught.value.code == "E113"


def test_odd_tables_keep_their_names_types_and_holes(table):
    draw = np.random.default_rng(0)
    rows = table.assign(
        故障=table["fault"] == "slow",  # classes that are truths
        设备=("机器-" + table["unit"].astype(str)).astype("category"),
        状态=pd.Series(np.where(table["x"] > 0, "开", "关")),
        注="没有",
    ).drop(columns=["fault", "unit"])
    rows["x"] = rows["x"].where(draw.random(len(rows)) > 0.2)
    rows["time"] = pd.Timestamp("2024-02-28") + pd.to_timedelta(rows["time"], unit="D")
    rows = rows.drop(rows.index[5:8]).sample(frac=1, random_state=0)
    result = contrafact.augment(rows, kind="series", target="故障", n=10, method=TOY, check="off")
    assert result.scores == {} and result.verdict == "Made without a test whether they help."
    copies = contrafact.augment(rows, kind="series", target="故障", n=20, method="classic", check="off").data
    new = copies[copies["_source"] == "synthetic"]
    assert new["设备"].nunique() == 20 and not set(new["设备"]) & set(rows["设备"])
    assert new.groupby("设备", observed=True)["故障"].nunique().max() == 1 and copies["故障"].dtype == bool
    assert set(new["状态"]) == {"开", "关"} and set(new["注"]) == {"没有"} and 0.1 < new["x"].isna().mean() < 0.3
    assert new["time"].dtype == rows["time"].dtype
    lengths = sorted(rows.groupby("设备", observed=True).size())
    assert set(new.groupby("设备", observed=True).size()) <= set(lengths) and lengths[0] < lengths[-1]


def test_series_without_a_class_are_left_out_and_holes_in_a_class_are_filled(table):
    holed = table.assign(fault=table["fault"].where((table["unit"] != 0) & (table["time"] > 3)))
    result = contrafact.augment(holed, kind="series", target="fault", n=13, method="classic", check="off")
    new = result.data[result.data["_source"] == "synthetic"]
    assert "1 series have no class" in result.notes[-1] and new["fault"].notna().all()
    assert new.groupby("fault")["unit"].nunique().to_dict() == {"slow": 7, "fast": 6}


@pytest.mark.parametrize("stamps", ["steps", "gaps", "uneven", "dates", "none"])
def test_strands_are_written_as_they_were_read(stamps, table):
    if stamps == "gaps":
        table = table[table["time"] % 7 != 3].reset_index(drop=True)
    if stamps == "uneven":
        table["time"] = (table["time"] + table["time"] ** 1.5).round(2)
    if stamps == "dates":
        table["time"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(table["time"], unit="h")
    if stamps == "none":
        table = table.drop(columns="time")
    table = table.assign(x=table["x"].round(3), y=table["y"].round(3))
    table.loc[3, "x"] = np.nan
    classed = ClassedSeries.of(table, "fault", {"id": "unit"})
    back = written(classed.codec, classed.data.items)
    pd.testing.assert_frame_equal(back.drop(columns="unit"), table.drop(columns="unit"), check_dtype=False, atol=2e-3)


def test_plain_changes_are_small_and_leave_stuck_values_holes_and_words(table):
    table = table.assign(x=table["x"].where(table["time"] > 9, 0.123), word=np.where(table["y"] > 0, "up", "down"))
    table.loc[3, "y"] = np.nan
    classed = ClassedSeries.of(table, "fault", {})
    first, again = (changed(classed.data.items, classed.codec, seed=4) for _ in range(2))
    other = changed(classed.data.items, classed.codec, seed=5)
    assert all(np.array_equal(a.values, b.values) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].values, other[0].values)
    names = classed.codec.variable_names
    for old, new in zip(classed.data.items, first, strict=True):
        assert len(new.values) == len(old.values) and np.array_equal(new.steps, old.steps)
        place = names.index("word")
        assert set(new.points[:, place]) <= set(old.points[:, place])
        stuck = new.values[:, names.index("x")]
        assert (np.diff(stuck) == 0).sum() >= 6
    moved = changed([replace(s, values=np.ones_like(s.values)) for s in classed.data.items], classed.codec, seed=0)
    apart = np.concatenate([s.values[s.points == -1] for s in moved]) - 1
    assert 0 < np.abs(apart).max() < LARGER + 5 * LOUDEST and (np.concatenate([s.points for s in first]) == -2).any()


def test_time_is_shifted_and_stretched_within_the_series():
    assert np.array_equal(warped(9, 0.0, 1.0), np.arange(9)) and warped(1, 0.05, 1.1).tolist() == [0]
    later, sooner = warped(20, 0.1, 1.0), warped(20, -0.1, 1.0)
    assert later[:5].tolist() == [2, 1, 0, 1, 2] and sooner[-3:].tolist() == [19, 18, 17]
    fast, slow = warped(41, 0.0, 1.1), warped(41, 0.0, 0.9)
    assert fast[30] - fast[10] == 22 and slow[30] - slow[10] == 18
    assert all(rows.min() >= 0 and rows.max() <= 40 for rows in (fast, slow))


def test_pictures_show_height_change_and_holes_on_one_scale_of_time():
    long = pd.DataFrame({"time": range(200), "x": np.where(np.arange(200) < 100, 0.0, np.arange(200) % 2), "unit": 0})
    short = pd.DataFrame({"time": range(50), "x": 3.0, "unit": 1})
    table = pd.concat([long, short], ignore_index=True).assign(fault=lambda t: np.where(t["unit"] == 0, "a", "b"))
    table.loc[40:47, "x"] = np.nan
    classed = ClassedSeries.of(table, "fault", {})
    sight = Sight.of(classed.data.items, classed.codec)
    assert (sight.pooled, sight.columns) == (4, 50)
    first, second = sight.pictures(classed.data.items)[:, 0]
    level, change, known = first.T
    assert change[:25].max() == 0 and change[26:].min() > 100 and level[30] > level[0]
    assert known[10:12].tolist() == [0, 0] and known[:10].min() == 255 and level[10] == level[9]
    assert second[13:, 2].max() == 0 and second[0, 0] > first[:, 0].max()
    assert sight(classed.data).labels.tolist() == ["a", "b"]


def test_series_longer_than_what_is_drawn_are_spoken_of(table):
    long = pd.concat([table.assign(time=table["time"] + 40 * k) for k in range(20)], ignore_index=True)
    classed = ClassedSeries.of(long, "fault", {})
    train = np.arange(len(classed.labels))
    maker = series_maker(classed, by_class(TOY), train, seed=0)
    assert maker.training.method.codec.window == LONGEST < maker.longest and "pieces of 512 steps" in maker.cut_short[0]
    assert series_maker(ClassedSeries.of(table, "fault", {}), by_class(TOY), train, seed=0).cut_short == ()


def test_new_names_are_unlike_the_old_ones():
    table = swings({"a": 4, "b": 4})
    for unit in (table["unit"], "m" + table["unit"].astype(str), table["unit"].astype(float)):
        classed = ClassedSeries.of(table.assign(unit=unit), "fault", {})
        names = new_names(classed.codec, classed.frame["unit"], 30)
        assert len({*names, *unit}) == 30 + 8
    assert len(strands_of(classed.codec, classed.told)) == 8


def test_the_command_line_writes_real_and_new_series_and_says_the_verdict(table, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table.to_csv("plant.csv", index=False)
    before = (tmp_path / "plant.csv").read_bytes()
    words = ["augment", "plant.csv", "--kind", "series", "--target", "fault", "--recipe", "classic", "-n", "6"]
    assert main([*words, "-o", "more.csv", "-q"]) == 0
    out = capsys.readouterr().out
    assert "Made 6 series in more.csv" in out and "Plain changes (noise, scale, shift, tempo)" in out
    more = pd.read_csv("more.csv")
    assert more["unit"].nunique() == 20 and (tmp_path / "plant.csv").read_bytes() == before
    assert more.groupby("unit")["_source"].nunique().max() == 1
    assert main([*words, "--check", "off", "--json"]) == 0
    assert '"series": 6' in capsys.readouterr().out
    assert main(["augment", "plant.csv", "--kind", "series", "-q"]) == 65 and "E663" in capsys.readouterr().err
    small = ["--set", "steps=2", "--set", "width=8", "--set", "depth=1", "-n", "4", "--check", "off"]
    assert main([*words[:6], *small, "-o", "made.parquet"]) == 0
    assert "passed the filter" in capsys.readouterr().err and (tmp_path / "made.parquet").exists()
