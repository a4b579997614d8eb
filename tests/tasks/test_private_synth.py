"""synth with epsilon: what is promised, what is not, and how many rows there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rows import people

import contrafact
from contrafact.base.errors import UsageError
from contrafact.tasks.synth import _held_out, synthesising
from contrafact.zoo import Loom

TOY = Loom(epsilon=4.0, steps=5, width=16, depth=1, columns={"id": "key"}, bounds={"x": (0, 100), "y": (0, 200)})


def test_rows_come_with_the_account_and_the_scores_with_a_warning():
    frame = people(400)
    before = frame.copy(deep=True)
    result = contrafact.synth(frame, n=50, method=TOY, target="sick")
    pd.testing.assert_frame_equal(frame, before)
    said = " ".join(result.notes)
    assert len(result.data) == 50 and list(result.data) == list(frame) and result.data.x.between(0, 100).all()
    assert "epsilon 4" in said and "not covered" in said and "shapes" in result.scores
    assert not result.data.id.isin(frame.id).any()


def test_the_number_of_rows_is_the_one_that_was_counted_with_noise():
    frame = people(400)
    sizes = {len(contrafact.synth(frame, method=TOY, check="off").data) for _ in range(2)}
    assert sizes != {400} and all(250 < size < 550 for size in sizes)
    job = synthesising(frame, method=TOY)
    result = job.result()
    assert len(result.data) == round(job.fitter.model.codec.schema.rows / 0.8)


def test_each_row_is_held_out_by_a_coin_of_its_own():
    drawn = [_held_out(2000, 0, by_coin=True) for _ in range(20)]
    assert 7600 < sum(map(len, drawn)) < 8400 and len({len(part) for part in drawn}) > 5
    assert all((np.diff(part) > 0).all() for part in drawn)
    assert len(_held_out(2000, 0, by_coin=False)) == 400 and len(_held_out(49, 0, by_coin=True)) == 0


def test_share_safe_rules_and_methods_without_epsilon_are_refused():
    with pytest.raises(UsageError, match="do not go together"):
        contrafact.synth(people(), method=TOY, share_safe=True)
    with pytest.raises(UsageError, match="no setting 'epsilon'"):
        synthesising(people(), method="independent", settings={"epsilon": "3"})
