"""The demo digits: good pictures within a minute, no fall afterwards, nothing copied."""

from __future__ import annotations

import time

import numpy as np
import pytest

from contrafact import load
from contrafact.base.demos import demo
from contrafact.cli.main import main
from contrafact.engine.run import Run
from contrafact.metrics.neighbours import nearest

CPU_SECONDS = 60


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "run"
    began = time.process_time()
    assert main(["train", "digits", "--run-dir", str(folder), "--seed", "3", "-q"]) == 0
    return load(folder), Run(folder), time.process_time() - began


def _rows(pictures):
    return pictures.reshape(len(pictures), -1) / 16


@pytest.fixture(scope="module")
def classifier():
    """Another kind of learner than anything in the package, on half of the digits; the other half is held out."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    data = demo("digits")
    half = np.random.default_rng(0).permutation(len(data))[: len(data) // 2]
    fitted = CalibratedClassifierCV(SVC(gamma=0.002), ensemble=False).fit(_rows(data.items[half]), data.labels[half])
    others = np.setdiff1d(np.arange(len(data)), half)
    assert (fitted.predict(_rows(data.items[others])) == data.labels[others]).mean() > 0.97
    return fitted, _rows(data.items[others])


def test_samples_convince_a_classifier_within_a_minute(trained, classifier):
    model, _, seconds = trained
    fitted, others = classifier
    fake = model.sample(1000, given={"class": np.arange(1000) % 10}, seed=7)
    sure = fitted.predict_proba(_rows(fake.items)).max(1).mean()
    assert sure >= 0.8 * fitted.predict_proba(others).max(1).mean()
    assert (fitted.predict(_rows(fake.items)) == fake.labels).mean() > 0.9
    assert seconds <= CPU_SECONDS


def test_later_evaluations_do_not_fall(trained):
    scores = [row["score"] for row in trained[1].metrics() if row.get("score") is not None]
    assert scores[-1] >= max(scores) - 0.05
    assert min(scores[len(scores) // 2 :]) >= scores[len(scores) // 2] - 0.1


def test_copies_come_at_the_rate_of_real_digits(trained):
    """Fakes lie no nearer to the training digits than those lie to each other."""
    model, _, _ = trained
    real = demo("digits").items.reshape(1797, -1).astype(float)
    fake = model.sample(1000, seed=8).items.reshape(1000, -1).astype(float)
    own = np.array([nearest(real[i : i + 1], np.delete(real, i, axis=0))[0][0] for i in range(0, 1797, 6)])
    limit = np.quantile(own, 0.05)
    assert (nearest(fake, real)[0] < limit).mean() <= 0.1
