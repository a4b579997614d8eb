"""Adversarial methods over vectors, on tables of more than plain numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.demos import demo
from contrafact.codecs.rows import RowsCodec
from contrafact.metrics.held_out import TableScore
from contrafact.zoo.index import recipe
from contrafact.zoo.r3gan import R3GAN

PATIENTS = demo("patients").head(300)


@pytest.mark.parametrize("name", ["gan", "fgan", "lsgan", "sngan", "wgan_gp", "r3gan"])
def test_a_mixed_table_is_learned_drawn_judged_and_saved(name, tmp_path):
    model = recipe(name).toy().but(steps=3).fit(PATIENTS, seed=0)
    drawn = model.sample(40, seed=1)
    assert drawn.dtypes.tolist() == PATIENTS.dtypes.tolist() and list(drawn) == list(PATIENTS)
    assert drawn["sex"].isin(["male", "female"]).all()
    model.save(tmp_path / "m", with_critic=True)
    again = contrafact.load(tmp_path / "m")
    pd.testing.assert_frame_equal(again.sample(40, seed=1), drawn)
    np.testing.assert_array_equal(again.critic(PATIENTS), model.critic(PATIENTS))
    assert np.isfinite(again.critic(PATIENTS)).all() and len(again.refine(3, seed=0)) == 3


def test_penalties_on_a_normalised_critic_reach_tables_too():
    assert len(recipe("sngan").toy().but(steps=2, r1=0.1, r2=0.1).fit(PATIENTS).sample(3)) == 3


def test_columns_that_follow_from_others_are_never_out_of_step():
    random = np.random.default_rng(0)
    number = random.integers(1, 9, 400)
    frame = pd.DataFrame({"school": np.array(list("zabcdefgh"))[number], "years": number, "x": random.normal(size=400)})
    drawn = R3GAN.toy().but(steps=3).fit(frame).sample(500, seed=0)
    assert (np.array(list("zabcdefgh"))[drawn["years"]] == drawn["school"]).all()


def test_two_words_that_hang_together_are_learned():
    random = np.random.default_rng(0)
    a = random.choice(["x", "y", "z"], 800, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame({"a": a, "b": np.where(random.random(800) < 0.97, a, "x")})
    frame["c"] = np.where(a == "x", 0.0, 5.0) + random.normal(size=800)
    drawn = (
        R3GAN(steps=250, rate=3e-3, width=48, depth=2, batch=128, latent_size=16)
        .fit(frame, seed=0)
        .sample(1500, seed=0)
    )
    assert (drawn["a"] == drawn["b"]).mean() > 0.8
    shares = drawn["a"].value_counts(normalize=True)
    assert abs(shares["x"] - 0.5) < 0.15 and shares.min() > 0.08
    assert drawn.loc[drawn["a"] == "x", "c"].mean() < 1.5 < 3.5 < drawn.loc[drawn["a"] != "x", "c"].mean()


def test_the_held_out_score_of_mixed_rows_tells_like_from_unlike():
    table = demo("patients")
    codec = RowsCodec.fit(table)
    rows = codec.encode(table)
    held, other = ({name: part[side] for name, part in rows.items()} for side in (slice(0, 500), slice(500, 1000)))
    score = TableScore(codec, held, 0)
    shuffled = {name: np.random.default_rng(0).permuted(part, axis=0) for name, part in other.items()}
    constant = {name: np.repeat(part[:1], 500, axis=0) for name, part in other.items()}
    like, apart, same = (score(fake)["score"] for fake in (other, shuffled, constant))
    assert like > 0.9 and like > apart and same < 0.3
