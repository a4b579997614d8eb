"""The faces for scikit-learn."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from contrafact.base.errors import DataError
from contrafact.sklearn import Balancer, Imputer, Synthesizer
from contrafact.zoo import Loom

TOY = Loom(steps=2, width=8, depth=1, batch=32)
FILLING = TOY.but(learn="holes", holes=False)


@pytest.fixture
def frame():
    draw = np.random.default_rng(0)
    made = pd.DataFrame({"x": draw.normal(size=60), "town": draw.choice(["a", "b"], 60)}, index=np.arange(60) + 7)
    made["y"] = made.x * 3 + 1
    made.loc[made.index[:9], "y"], made.loc[made.index[5:9], "town"] = np.nan, None
    return made


@pytest.mark.parametrize(
    "face", [Imputer(method=FILLING), Synthesizer(method=TOY)], ids=lambda face: type(face).__name__
)
def test_it_keeps_to_what_scikit_learn_asks_of_every_estimator(face):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some checks are skipped, and say so
        results = check_estimator(face)
    assert not [found["check_name"] for found in results if found["status"] == "failed"]


def test_frames_stay_frames_and_arrays_arrays(frame):
    imputer = Imputer(method=FILLING, n_draws=2, random_state=1)
    filled = imputer.fit_transform(frame)
    assert isinstance(filled, pd.DataFrame) and filled.index.equals(frame.index) and not filled.isna().any().any()
    assert filled.dtypes.equals(frame.dtypes) and (filled.y[9:] == frame.y[9:]).all()
    assert list(imputer.get_feature_names_out()) == ["x", "town", "y"]
    draws = imputer.draws(frame)
    assert len(draws) == 2 and (draws[0].y != draws[1].y).any() and draws[0].y[9:].equals(frame.y[9:])
    array = frame[["x", "y"]].to_numpy()
    filled = Imputer(method=FILLING, random_state=1).fit_transform(array)
    assert isinstance(filled, np.ndarray) and not np.isnan(filled).any() and (filled[9:] == array[9:]).all()
    assert isinstance(Imputer(method=FILLING).set_output(transform="pandas").fit_transform(array), pd.DataFrame)
    assert isinstance(
        Imputer(method="ice").fit_transform(pytest.importorskip("pyarrow").Table.from_pandas(frame)), pd.DataFrame
    )


def test_a_seed_makes_it_repeatable_and_a_random_state_object_is_taken(frame):
    one, other = (Synthesizer(method=TOY, random_state=3).fit(frame).sample(20) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert list(one.columns) == list(frame.columns) and one.dtypes.equals(frame.dtypes)
    drawn = Synthesizer(method=TOY, random_state=np.random.RandomState(3)).fit(frame).sample(5, given={"town": "a"})
    assert set(drawn.town) == {"a"}
    assert Synthesizer(method=TOY).fit(frame[["x", "y"]].to_numpy()).sample(4).shape == (4, 2)


def test_it_stands_in_pipelines_and_is_cloned(frame):
    numbers, truth = frame[["x", "y"]], (frame.x > 0).to_numpy()
    pipeline = make_pipeline(Imputer(method=FILLING, random_state=0), StandardScaler(), LogisticRegression())
    assert clone(pipeline).fit(numbers, truth).score(numbers, truth) > 0.9
    assert clone(Imputer(method=FILLING, n_draws=3)).get_params() == {
        "method": FILLING,
        "n_draws": 3,
        "random_state": None,
    }


def test_the_balancer_fills_up_rare_classes_and_keeps_the_kinds(frame):
    labels = pd.Series(["rare"] * 10 + ["often"] * 50, index=frame.index, name="kind")
    rows, classes = Balancer(method=TOY, random_state=0).fit_resample(frame, labels)
    assert classes.value_counts().to_dict() == {"rare": 50, "often": 50} and classes.name == "kind"
    pd.testing.assert_frame_equal(rows[:60], frame)
    assert classes[:60].equals(labels) and list(rows.columns) == list(frame.columns)
    array, truth = frame[["x", "y"]].to_numpy(), (labels == "rare").to_numpy().astype(int)
    rows, classes = Balancer(method=TOY, ratio=0.5, random_state=0).fit_resample(array, truth)
    assert rows.shape == (75, 2) and classes.dtype == truth.dtype and classes.sum() == 25
    rows, classes = Balancer(method="smote", random_state=0).fit_resample(array, truth)
    assert rows.shape == (100, 2) and classes.sum() == 50
    with pytest.raises(DataError, match="60 rows and classes of shape"):
        Balancer(method=TOY).fit_resample(frame, labels[:5])
