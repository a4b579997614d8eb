"""How well rare classes are told, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, roc_auc_score

from contrafact.metrics.rare import (
    Told,
    area,
    average_precision,
    corrected,
    f1,
    floors,
    gained,
    measured,
    scored,
    threshold,
)


@pytest.fixture
def told():
    draw = np.random.default_rng(0)
    truth = draw.random(400) < 0.1
    return truth, np.round(0.7 * draw.random(400) + 0.3 * truth, 2), draw.integers(0, 3, (3, 400)).astype(float)


def test_measures_are_those_of_scikit_learn_with_ties_and_weights(told):
    truth, chance, weights = told
    for line, weight in enumerate(weights):
        kwargs = {"sample_weight": weight}
        assert average_precision(truth, chance, weights)[line] == pytest.approx(
            average_precision_score(truth, chance, **kwargs)
        )
        assert area(truth, chance, weights)[line] == pytest.approx(roc_auc_score(truth, chance, **kwargs))
        assert f1(truth, chance > 0.6, weights)[line] == pytest.approx(f1_score(truth, chance > 0.6, **kwargs))


def test_the_threshold_gives_the_highest_f1(told):
    truth, chance, _ = told
    best = max(f1(truth, chance >= cut)[0] for cut in np.unique(chance))
    assert f1_score(truth, chance >= threshold(truth, chance)) == pytest.approx(best)


def test_chances_learned_from_even_classes_are_corrected_for_rare_ones():
    # with even classes a chance of .5 tells nothing: what is left is the class's real share
    even = corrected(np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([0.5, 0.5]), np.array([0.98, 0.02]))
    assert even[0, 1] == pytest.approx(0.02)
    assert even[1, 1] == pytest.approx(0.02 * 4 / (0.02 * 4 + 0.98))


def runs(truth, *chances, part=0):
    shown, cuts = np.array([0.9, 0.1]), np.array([0.5, 0.5])
    return [Told(part=part, truth=truth * 1, chances=np.c_[1 - c, c], shown=shown, thresholds=cuts) for c in chances]


def test_scores_hold_the_measure_and_gains_are_paired(told):
    truth, chance, _ = told
    draw = np.random.default_rng(1)
    better = [np.clip(chance + 0.05 * truth, 0, 1)] * 3
    shares = np.array([1 - truth.mean(), truth.mean()])
    tables = measured({"nothing": runs(truth, *[chance] * 3), "other": runs(truth, *better)}, shares)
    score = scored("brier", tables["nothing"]["brier"], "lower", 400)
    assert score.value == pytest.approx(brier_score_loss(truth, chance)) and score.low < score.value < score.high
    gain = gained("gain", tables["other"]["auprc"], tables["nothing"]["auprc"], 400)
    own = scored("auprc", tables["other"]["auprc"], "higher", 400)
    assert gain.low > 0 and gain.high - gain.low < own.high - own.low
    noise = [np.clip(chance + 0.02 * draw.normal(size=400), 0, 1) for _ in range(3)]
    tables = measured({"nothing": runs(truth, *[chance] * 3), "other": runs(truth, *noise)}, shares)
    gain = gained("gain", tables["other"]["auprc"], tables["nothing"]["auprc"], 400)
    assert gain.low < 0 < gain.high


def test_trainings_that_share_their_rows_are_not_averaged_away_in_an_interval():
    table = np.tile(np.array([[0.1], [0.2], [0.3], [0.4], [0.5]]), (1, 201))  # rows drawn again change nothing
    wide, narrow = (gained("gain", table, 0 * table, 100, trainings=count) for count in (1, None))
    assert wide.value == narrow.value == pytest.approx(0.3)
    assert wide.low == pytest.approx(0.1, abs=0.05) and wide.high == pytest.approx(0.5, abs=0.05)
    assert narrow.high - narrow.low < 0.7 * (wide.high - wide.low)


def test_of_many_classes_the_mean_over_each_against_the_rest_counts():
    truth = np.array([0, 0, 1, 1, 2, 2])
    chances = np.eye(3)[truth]
    one = Told(part=0, truth=truth, chances=chances, shown=np.full(3, 1 / 3), thresholds=np.full(3, 0.5))
    tables = measured({"nothing": [one]}, np.full(3, 1 / 3))["nothing"]
    assert tables["auprc"][0, 0] == tables["auc"][0, 0] == tables["f1"][0, 0] == 1 and tables["brier"][0, 0] == 0
    assert floors(np.full(3, 1 / 3))["auprc"] == pytest.approx(1 / 3)
