"""GAIN: what is known stays, what is filled is better than a mean, and only the hint's open cells are judged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import contrafact
from contrafact.base.demos import demo
from contrafact.base.errors import DataError
from contrafact.codecs.matrix import MatrixCodec
from contrafact.engine.play import Step
from contrafact.nets.hidden import Hidden, score
from contrafact.zoo.gain import GAIN, rows_of

PATIENTS = demo("patients").head(400)


def tied(rows: int = 500) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a table whose columns nearly follow from one number, and the same with holes."""
    random = np.random.default_rng(0)
    x = random.normal(size=rows)
    noise = 0.1 * random.normal(size=(rows, 3))
    whole = pd.DataFrame(x[:, None] * [1, -2, 3] + noise, columns=["a", "b", "c"])
    whole["d"] = np.where(x + noise[:, 0] > 0, "up", "down")
    return whole, whole.mask(random.random(whole.shape) < 0.2)


@pytest.fixture(scope="module")
def model():
    return GAIN.toy().fit(PATIENTS, seed=0)


def test_holes_are_filled_and_everything_else_keeps_its_bits(model):
    before = PATIENTS.copy(deep=True)
    for filled in (model.impute(PATIENTS), *model.impute(PATIENTS, draws=2, seed=1)):
        assert not filled.isna().any().any() and filled.dtypes.tolist() == PATIENTS.dtypes.tolist()
        for name in PATIENTS:
            known = PATIENTS[name].notna()
            assert filled.loc[known, name].equals(PATIENTS.loc[known, name])
        assert filled["smoker"].isin(["yes", "no"]).all()
    pd.testing.assert_frame_equal(PATIENTS, before)


def test_draws_follow_their_seed_and_lie_on_the_columns_grid(model):
    one, two = model.impute(PATIENTS, draws=2, seed=1)
    pd.testing.assert_frame_equal(one, model.impute(PATIENTS, draws=1, seed=1)[0])
    assert not one.equals(two)
    assert (one["blood_pressure"].round(1) - one["blood_pressure"]).abs().max() < 1e-9


def test_a_saved_model_fills_the_same_and_a_fit_follows_its_seed(model, tmp_path):
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    pd.testing.assert_frame_equal(again.impute(PATIENTS), model.impute(PATIENTS))
    assert GAIN.toy().fit(PATIENTS, seed=0).files() == model.files() != GAIN.toy().fit(PATIENTS, seed=1).files()


def test_stopping_and_resuming_is_one_fit(tmp_path, model):
    parts = GAIN.toy().training(PATIENTS, seed=0, run_dir=tmp_path / "r")
    for progress in parts:
        if progress.step >= 14:
            break
    del parts
    assert GAIN.toy().fit(PATIENTS, seed=0, run_dir=tmp_path / "r").files() == model.files()


def test_columns_that_hang_together_are_filled_far_better_than_by_means():
    whole, holed = tied()
    filled = GAIN(steps=600, rate=5e-3).fit(holed, seed=0).impute(holed)
    for name in "abc":
        holes = holed[name].isna()
        error = ((filled[name] - whole[name])[holes] ** 2).mean()
        assert error < 0.35 * ((holed[name].mean() - whole[name])[holes] ** 2).mean()
    holes = holed["d"].isna()
    assert (filled["d"] == whole["d"])[holes].mean() > 0.6  # a coin has a half; levels are what it fills worst


def test_a_table_without_holes_is_refused_unless_cells_are_hidden():
    whole, holed = tied(100)
    with pytest.raises(DataError) as caught:
        GAIN.toy().fit(whole)
    assert caught.value.code == "E258"
    assert not GAIN.toy().but(hide=0.2).fit(whole, seed=0).impute(holed).isna().any().any()


def test_the_critic_is_judged_where_the_hint_leaves_it_open_and_sees_half_there():
    _, holed = tied(60)
    game = GAIN.toy().training(holed).begin(1)
    codec = MatrixCodec.fit(holed)
    batch = torch.from_numpy(codec.encode(holed))
    step = Step(number=0, total=1, generator=torch.Generator().manual_seed(0))
    seen = {}
    game.critic.register_forward_hook(lambda net, given, out: seen.update(hint=given[1], out=out))
    terms = game.critic_loss(batch, step)
    open_ones, mask = seen["hint"] == 0.5, (~batch.isnan()).float()
    assert torch.equal(seen["hint"][~open_ones], mask[~open_ones]) and 0.03 < open_ones.float().mean() < 0.2
    chance = seen["out"].sigmoid()
    expected = -(mask * chance.log() + (1 - mask) * (1 - chance).log())[open_ones].sum() / mask.numel()
    torch.testing.assert_close(terms["loss"], expected)


def test_encoded_rows_have_numbers_from_0_to_1_and_a_mask_for_each_cell():
    frame = pd.DataFrame({"x": [1.0, np.nan, 5.0, 3.0], "y": ["a", "b", None, "a"]})
    codec = MatrixCodec.fit(frame)
    matrix = codec.encode(frame)
    np.testing.assert_array_equal(matrix, [[0, 0], [np.nan, 1], [1, np.nan], [0.5, 0]])
    game = GAIN.toy().training(frame).begin(1)
    rows, mask = rows_of(game.filler.layout, torch.from_numpy(matrix))
    assert rows.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0.5, 1, 0]]
    assert mask.tolist() == [[1, 1], [0, 1], [1, 0], [1, 1]]


def test_the_exam_gives_0_to_means_and_1_to_the_truth():
    random = np.random.default_rng(0)
    rows = np.column_stack([random.normal(size=800), random.integers(0, 2, 800)]).astype(np.float32)
    exam = Hidden(1)
    exam.set(rows, 0)
    assert exam.asked.mean() == pytest.approx(0.2, abs=0.03)
    means = np.where(exam.asked, [0, np.bincount(rows[exam.asked[:, 1], 1].astype(int)).argmax()], rows)
    for answers, expected, near in ((rows, 1, 0.0), (means, 0, 0.05)):
        found = score({"error": exam.errors(answers)})
        assert found["score"] == pytest.approx(1 - (1 - expected) * (exam.asked.any(1)).mean(), abs=near + 1e-9)
