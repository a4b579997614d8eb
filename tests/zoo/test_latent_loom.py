"""Loom over a code of whole rows: what holds for every model, and what this one refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.nets.autoencoder import Autoencoder
from contrafact.zoo import Loom

TOY = {"steps": 12, "width": 16, "depth": 1, "batch": 64, "latent": 3}
BY = ("pca", "autoencoder")


@pytest.fixture(scope="module", autouse=True)
def few_steps():
    """Train autoencoders for a blink."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("contrafact.nets.autoencoder.FEWEST_STEPS", 20)
        patch.setattr("contrafact.nets.autoencoder.PASSES", 1)
        yield


def waves(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    """Draw rows of twenty whole numbers that three make up, some of them always 0."""
    random = np.random.default_rng(seed)
    shapes = np.sin(np.outer(np.arange(1, 4), np.linspace(0, 3, 20)))
    cells = (40 * random.normal(size=(rows, 3)) @ shapes + 100).clip(0, 255).round()
    cells[:, -1] = 0
    return pd.DataFrame(cells.astype(np.uint8), columns=[f"c{i}" for i in range(20)])


@pytest.fixture(scope="module", params=BY)
def fitted(request):
    frame = waves()
    return frame, Loom(**TOY, latent_by=request.param).fit(frame, seed=0)


def test_drawn_rows_have_the_columns_dtypes_and_ends_of_the_data(fitted):
    frame, model = fitted
    drawn = model.sample(500, seed=1)
    assert list(drawn) == list(frame) and (drawn.dtypes == frame.dtypes).all() and len(drawn) == 500
    assert (drawn.max() <= frame.max()).all() and (drawn.min() >= frame.min()).all() and (drawn.c19 == 0).all()


def test_a_seed_fixes_fit_and_rows_however_many_are_drawn(fitted):
    frame, model = fitted
    again = Loom(**TOY, latent_by=model.recipe.latent_by).fit(frame, seed=0)
    pd.testing.assert_frame_equal(again.sample(60, seed=1), model.sample(60, seed=1))
    pd.testing.assert_frame_equal(model.sample(1500, seed=1).head(60), model.sample(60, seed=1))
    assert not model.sample(60, seed=2).equals(model.sample(60, seed=1))


def test_a_saved_model_draws_the_same_rows_and_holds_arrays_and_json_alone(fitted, tmp_path):
    _, model = fitted
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    pd.testing.assert_frame_equal(again.sample(40, seed=3), model.sample(40, seed=3))
    assert {path.suffix for path in (tmp_path / "m").iterdir()} <= {".json", ".safetensors"}


def test_what_asks_for_single_columns_is_refused_by_name(fitted):
    frame, model = fitted
    asks = [
        lambda: model.sample(5, given={"c3": 100}),
        lambda: model.impute(frame),
        lambda: model.nth_draw(frame, 0, 0),
        lambda: model.log_prob(frame),
    ]
    for ask in asks:
        with pytest.raises(UsageError, match="A model with latent cannot") as caught:
            ask()
        assert caught.value.code == "E146"


def test_settings_that_need_single_columns_are_refused_beside_latent():
    frame = waves()
    others = ({"epsilon": 1.0}, {"share_safe": True}, {"constraints": ["c1 <= c2"]}, {"learn": "holes"})
    for other in others:
        with pytest.raises(UsageError, match="do not go together") as caught:
            Loom(**TOY, **other).fit(frame)
        assert caught.value.code == "E146"
    with pytest.raises(UsageError, match="latent_by means nothing"):
        Loom(latent_by="pca").fit(frame)


def test_a_run_that_was_cut_goes_on_to_the_same_rows(tmp_path):
    frame, recipe = waves(), Loom(**TOY)
    whole = recipe.fit(frame, seed=0, run_dir=tmp_path / "whole").sample(30, seed=1)
    turns = iter(recipe.training(frame, seed=0, run_dir=tmp_path / "cut"))
    for _ in range(5):
        next(turns)
    turns.close()
    pd.testing.assert_frame_equal(recipe.fit(frame, seed=0, run_dir=tmp_path / "cut").sample(30, seed=1), whole)


def test_pairs_of_columns_are_learned_through_the_code():
    frame = waves(1000)
    drawn = Loom(steps=100, width=48, depth=1, batch=128, latent=3).fit(frame, seed=0).sample(2000, seed=1)
    gaps = np.abs(np.corrcoef(drawn.to_numpy()[:, 1:19].T) - np.corrcoef(frame.to_numpy()[:, 1:19].T))
    assert gaps.max() < 0.12 and gaps.mean() < 0.04


def test_an_autoencoder_bends_where_components_cannot():
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 1000)
    rows = 0.5 + 0.45 * np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle)], axis=1)
    made = Autoencoder.fit(rows, 2, seed=0, steps=250)
    line = contrafact.codecs.latent.Components.fit(rows, 2)
    errors = [((code.decode(code.encode(rows)) - rows) ** 2).mean() for code in (made, line)]
    assert errors[0] < errors[1] / 5
    again = Autoencoder.of(made.arrays())
    assert np.array_equal(again.decode(again.encode(rows)), made.decode(made.encode(rows)))
