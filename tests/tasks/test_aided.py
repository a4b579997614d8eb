"""Generated rows and filled confounders inside an effect: judged, told beside the plain answer, counted as nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.causal.estimate.beside import gain_of, with_generated
from contrafact.causal.estimate.doubly import aipw
from contrafact.tasks.effect import studied

GRAPH = "z -> t; z -> y; w -> z; w -> t; w -> y; t -> y"


def scarce(controls: int = 30, treated: int = 300, seed: int = 0) -> pd.DataFrame:
    """Few untreated rows, whose outcome follows the same curve as that of the treated: the effect is 3 for all."""
    random = np.random.default_rng(seed)
    t = np.repeat([0, 1], [controls, treated])
    w = random.standard_normal(len(t)) + 0.5 * t
    z = w + 0.7 * random.standard_normal(len(t))
    y = 3 * t + 2 * z + w + 0.5 * random.standard_normal(len(t))
    return pd.DataFrame({"w": w, "z": z, "t": t, "y": y})


def hollow(rows: int = 800, seed: int = 0) -> pd.DataFrame:
    """A strong confounder with holes that `w` tells almost entirely; the effect is 1."""
    random = np.random.default_rng(seed)
    w = random.standard_normal(rows)
    z = w + 0.3 * random.standard_normal(rows)
    t = (random.random(rows) < 1 / (1 + np.exp(-1.5 * z))).astype(int)
    y = t + 3 * z + random.standard_normal(rows)
    frame = pd.DataFrame({"w": w, "z": z, "t": t, "y": y})
    frame.loc[random.random(rows) < 0.3, "z"] = np.nan
    return frame


def test_a_gain_is_told_with_its_interval_and_in_words():
    random = np.random.default_rng(0)
    before = random.chisquare(1, 200)
    assert gain_of(before, 0.5 * before).word == "helped" and gain_of(before, 0.5 * before).value == pytest.approx(0.5)
    assert gain_of(before, 1.5 * before).word == "harmed"
    assert gain_of(before, before + random.normal(0, 0.1, 200)).word == "made no difference that could be seen"
    assert gain_of(before[:1], before[:1]).word == "made no difference that could be seen"


def test_a_generator_that_knows_the_truth_helps_and_one_that_raves_harms_and_widens_the_interval():
    frame = scarce()
    study = studied(frame, "t", "y", GRAPH).study
    truth = (2 * frame["z"] + frame["w"]).to_numpy()
    wise, gain = with_generated(study.known, study.functions, 0, lambda known: truth, weight=4.0)
    assert gain.value > 0 and abs(aipw(wise).value - 3) < 0.4
    mad, loss = with_generated(study.known, study.functions, 0, lambda known: -5 * truth, weight=4.0)
    assert loss.word == "harmed" and loss.high < 0
    # What the model misses of real rows is put right, and what they are scattered by widens the interval.
    plain, moved = aipw(study.known), aipw(mad)
    model_alone = float((mad.means[:, 1] - mad.means[:, 0]).mean())
    assert moved.low < 3 < moved.high and moved.error > 2 * plain.error and abs(moved.value - 3) < abs(model_alone - 3)


def test_a_generator_never_sees_the_rows_that_its_rows_are_judged_by():
    study = studied(scarce(), "t", "y", GRAPH).study
    asked: list[np.ndarray] = []

    def drawn(known):
        asked.append(known)
        return np.zeros(len(known))

    with_generated(study.known, study.functions, 0, drawn)
    assert len(asked) == study.known.folds.max() + 1
    assert (np.sum([~known for known in asked], axis=0) == 1).all()


@pytest.mark.parametrize("method", ["ice", contrafact.zoo.GaussianMixture(components=1), contrafact.zoo.GAIN(steps=5)])
def test_generated_rows_are_judged_and_told_and_counted_as_nothing(method):
    frame = scarce()
    before = frame.copy()
    found = studied(frame, "t", "y", GRAPH, generate=method, seed=1)
    plain = studied(frame, "t", "y", GRAPH, seed=1).effect
    assert found.effect.n == plain.n and frame.equals(before)
    assert found.aided.without.value == plain.value and found.aided.beside.value != plain.value
    assert found.effect.details["without aid"] == plain.value
    assert found.effect.value in (found.aided.without.value, found.aided.beside.value)
    assert found.effect.notes[-1] == found.aided.verdict and "Intervals count real rows only" in found.aided.verdict
    assert found.aided.asked == "real rows of t = 0" and found.aided.gain.n == 30
    again = studied(frame, "t", "y", GRAPH, generate=method, seed=1)
    assert again.effect == found.effect


def test_a_filled_confounder_takes_off_the_bias_that_a_median_leaves():
    found = studied(hollow(), "t", "y", GRAPH, fill="ice")
    plain, filled = found.aided.without, found.aided.beside
    assert found.aided.gain.word == "helped" and found.effect.value == filled.value
    assert abs(filled.value - 1) < 0.3 < abs(plain.value - 1)
    assert filled.low < 1 < filled.high and found.effect.n <= 800
    assert "Filling 'z' (by ice) helped" in found.effect.notes[-1]
    assert not any("its median" in note for note in found.effect.notes), "what was filled was given no median"


def test_a_fill_that_knows_nothing_is_told_and_not_taken():
    frame = hollow().assign(w=np.random.default_rng(1).standard_normal(800))
    noise = np.random.default_rng(2).standard_normal(800)
    frame = frame.assign(z=pd.Series(noise).where(frame["z"].notna()))
    found = studied(frame, "t", "y", "z -> t; z -> y; t -> y", fill="ice")
    assert found.aided.gain.word != "helped" and found.effect.value == found.aided.without.value
    assert any("its median" in note for note in found.effect.notes)


def test_words_with_holes_are_filled_too():
    frame = hollow()
    frame["z"] = pd.cut(frame["z"], 4, labels=list("abcd")).astype(object).where(frame["z"].notna(), None)
    found = studied(frame, "t", "y", GRAPH, fill="ice")
    assert found.aided.gain.n >= 100 and np.isfinite(found.aided.beside.value)


def test_where_there_is_no_hole_nothing_is_filled():
    found = studied(scarce(), "t", "y", GRAPH, fill="ice")
    assert found.aided is None and "nothing was filled" in found.effect.notes[-1]


def test_what_cannot_be_aided_is_refused():
    frame = scarce()
    for asked in ({"method": "ipw"}, {"quantile": 0.5}, {"fill": "ice"}, {"generate": "r3gan"}):
        with pytest.raises(UsageError) as met:
            studied(frame, "t", "y", GRAPH, **{"generate": "ice", **asked})
        assert met.value.code in ("E535", "E126")
    amount = frame.assign(t=frame["t"] + np.random.default_rng(0).random(len(frame)))
    with pytest.raises(UsageError, match="Nothing can be generated"):
        studied(amount, "t", "y", GRAPH, generate="ice")
