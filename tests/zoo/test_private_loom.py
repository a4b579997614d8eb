"""A private loom: what it says, what it keeps, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.demos import patients
from contrafact.base.errors import DataError, UsageError
from contrafact.engine.private import Spent, epsilon_of
from contrafact.zoo import Loom

TOY = Loom(epsilon=20.0, steps=12, width=16, depth=1, clip=5.0)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("private") / "run"
    frame = patients(400)
    training = TOY.training(frame, seed=0, run_dir=folder)
    model = training.finish()
    return folder, frame, training, model


def test_the_account_is_printed_kept_and_right(kept):
    folder, _, training, model = kept
    told = model.facts()["privacy"]
    counts, steps = told["counts"], told["training"]
    spent = [Spent(noise=counts["noise"]), Spent(noise=steps["noise"], times=steps["steps"], rate=steps["rate"])]
    assert told["spent"] == epsilon_of(spent, told["delta"] - counts["delta"]) <= 20.0 < told["spent"] + 0.1
    assert steps["steps"] == 12 == training.game.made and told["delta"] == 1e-4
    (said,) = training.warnings
    assert all(word in said for word in ("epsilon 20", "delta 0.0001", "RDP", "12 steps", "one row", "levels of sex"))
    events = (folder / "events.jsonl").read_text()
    assert '"private"' in events and contrafact.load(folder).facts()["privacy"] == told


def test_a_saved_private_model_comes_back_and_draws_conditions_and_weighs_rows(kept, tmp_path):
    _, frame, _, model = kept
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    made = again.sample(50, given={"sex": "female"}, seed=1)
    pd.testing.assert_frame_equal(made, model.sample(50, given={"sex": "female"}, seed=1))
    assert set(made.sex) == {"female"} and list(made) == list(frame)
    assert np.isfinite(again.log_prob(frame.head(5))).all() and again.files() == model.files()


def test_a_run_folder_holds_no_loss_no_score_no_fingerprint_and_no_number_of_rows(kept):
    folder, _, training, _ = kept
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert len(rows) == 12
    assert set().union(*rows) == {"step", "network/noised", "network/gradient", "seconds"}
    assert all(row["network/noised"] == 0 for row in rows)
    recipe, data = (json.loads((folder / f"{name}.json").read_text()) for name in ("recipe", "data"))
    assert recipe["data"] == data["fingerprint"] == "" and data["held_out"] == 0
    assert data["rows"] == training.method.codec.schema.rows


def test_two_runs_of_one_seed_differ_and_global_randomness_is_left_alone(kept):
    import torch

    _, frame, _, model = kept
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()
    again = TOY.fit(frame, seed=0)
    pairs = [(part, model.arrays()[name]) for name, part in again.arrays().items() if "norm" in name]
    assert pairs and not any(np.array_equal(one, other) for one, other in pairs)
    assert torch.equal(before[0], torch.get_rng_state()) and before[1] == np.random.get_state()[1].tolist()


def test_a_private_run_does_not_go_on_in_its_folder_and_starts_anew_beside_it(kept):
    folder, frame, _, _ = kept
    with pytest.raises(UsageError, match="would not be counted") as caught:
        TOY.training(frame, seed=0, run_dir=folder)
    assert caught.value.code == "E135"
    training = TOY.training(frame, seed=0, run_dir=folder, fresh=True)
    training.finish()
    assert training.run.folder.name == "run-2"


def test_going_back_to_an_earlier_step_is_refused(kept):
    training = TOY.training(kept[1], seed=0)
    for progress in training:
        if progress.step == 5:
            training._restore(training._kept)
            training.step = 2
            break
    with pytest.raises(UsageError, match="paid for once"):
        list(training._play([]))


def test_it_learns_with_a_large_epsilon_what_two_columns_have_to_do_with_each_other():
    draw = np.random.default_rng(0)
    a = draw.choice(["x", "y"], 4000)
    frame = pd.DataFrame({"a": a, "b": np.where(draw.random(4000) < 0.9, a, "x")})
    said = {"a": ("x", "y"), "b": ("x", "y")}
    model = Loom(epsilon=8.0, levels=said, steps=80, width=16, depth=1, rate=0.02).fit(frame)
    made = model.sample(4000, seed=0)
    assert (made.b[made.a == "y"] == "y").mean() > 0.7 > 0.3 > (made.b[made.a == "x"] == "y").mean()


@pytest.mark.parametrize(
    "settings",
    [
        {"delta": 1e-5},
        {"bounds": {"age": (1, 2)}},
        {"levels": {"sex": "f|m"}},
        {"epsilon": 1, "share_safe": True},
        {"epsilon": 1, "delta": 0.5},
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings):
    with pytest.raises(UsageError) as caught:
        Loom(**settings).fit(patients(60))
    assert caught.value.code == "E134"


def test_bounds_and_levels_are_read_as_a_command_line_writes_them():
    recipe = Loom().but(epsilon="3", bounds="age=17..90,hours=1..99", levels="sex=f|m,kind=1|2")
    assert recipe.bounds == {"age": "17..90", "hours": "1..99"} and recipe.levels["kind"] == "1|2"
    again = Loom(**json.loads(json.dumps(Loom(epsilon=3, bounds={"age": (17, 90)}, levels={"k": (1, 2)}).settings())))
    assert again.bounds == {"age": (17.0, 90.0)} and again.levels == {"k": (1, 2)}


def test_where_nothing_stands_out_from_the_noise_epsilon_is_named_as_the_reason():
    frame = pd.DataFrame({"x": np.linspace(0, 100, 40), "y": ["a", "b"] * 20})
    with pytest.raises(DataError) as caught:
        TOY.but(epsilon=0.01, delta=1e-4, bounds={"x": (0, 100)}).fit(frame, seed=0)
    assert caught.value.code == "E201" and "epsilon 0.01" in caught.value.why and "larger epsilon" in caught.value.fix
