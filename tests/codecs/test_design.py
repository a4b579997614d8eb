"""Cells stand in a matrix as numbers, zeros and ones, and holes take what a method made of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from contrafact.codecs.design import Design
from contrafact.codecs.marginal import drawn, picked
from contrafact.codecs.table import TableCodec

FRAME = pd.DataFrame(
    {
        "x": [1.5, None, 3.5, 4.25, 5.0, 6.0],
        "city": ["a", "b", None, "b", "c", "b"],
        "price": ["1.50", "n/a", "2.50", "3.00", None, "4.00"],
    }
)


def test_numbers_levels_and_words_between_numbers_have_their_columns():
    codec = TableCodec.fit(FRAME, holes=False)
    design = Design(codec)
    matrix = design.matrix(codec.cells_of(FRAME), 6)
    assert design.width == 1 + 3 + 1 + 2 and design.blocks.tolist() == [0, 1, 4, 5]
    np.testing.assert_array_equal(matrix[0], [1.5, 1, 0, 0, 1.5, 1, 0])
    np.testing.assert_array_equal(matrix[1], [np.nan, 0, 1, 0, np.nan, 0, 1])
    assert np.isnan(matrix[2, 1:4]).all() and np.isnan(matrix[4, 4:]).all()


def test_levels_beyond_the_commonest_share_what_is_left():
    frame = pd.DataFrame({"v": ["a"] * 50 + ["b"] * 30 + ["c"] * 6 + ["d"] * 2 + [None] * 400})
    codec = TableCodec.fit(frame, holes=False)
    design = Design(codec, most_levels=2)
    known = codec.known(frame)
    assert design.matrix(known.cells, 488)[80].tolist() == [0, 0]
    made = {0: np.tile([0.2, 0.3], (400, 1))}
    words = design.into(made, known, np.random.default_rng(0))[0].words[88:]
    shares = np.bincount(words, minlength=4) / 400
    np.testing.assert_allclose(shares, [0.2, 0.3, 0.5 * 6 / 8, 0.5 * 2 / 8], atol=0.07)
    assert (design.into(made, known, None)[0].words[88:] == 2).all()  # .375 is the largest share of one level


def test_codes_stand_for_levels_in_one_column():
    codec = TableCodec.fit(FRAME, holes=False)
    matrix = Design(codec, codes=True, most_levels=2).matrix(codec.cells_of(FRAME), 6)
    np.testing.assert_array_equal(matrix[:, 1], [0, 1, np.nan, 1, 2, 1])


def test_a_hole_becomes_a_word_or_a_number():
    codec = TableCodec.fit(FRAME, holes=False)
    design, known = Design(codec), codec.known(FRAME)
    made = {0: np.array([2.0]), 1: np.array([[0.1, 0.2, 0.7]]), 2: np.array([9.0]), 3: np.array([[0.4, 0.6]])}
    cells = design.into(made, known, None)
    assert codec.filled(FRAME, cells).iloc[[1, 2, 4]].to_numpy().tolist() == [
        [2.0, "b", "n/a"],
        [3.5, "c", "2.50"],
        [5.0, "c", "n/a"],
    ]
    made[3] = np.array([[0.6, 0.4]])
    assert codec.filled(FRAME, design.into(made, known, None))["price"][4] == "9.00"


def test_cells_of_a_column_are_drawn_by_their_shares_without_holes_where_asked():
    column = pd.DataFrame({"v": ["a"] * 60 + ["b"] * 20 + [None] * 20})
    kind = TableCodec.fit(column).kind(0)
    uniform = np.random.default_rng(0).random((5000, 2))
    words = drawn(kind, uniform).words
    np.testing.assert_allclose([(words == w).mean() for w in (0, 1, -2)], [0.6, 0.2, 0.2], atol=0.02)
    words = drawn(kind, uniform, holes=False).words
    np.testing.assert_allclose([(words == w).mean() for w in (0, 1)], [0.75, 0.25], atol=0.02)


def test_nothing_without_weight_is_ever_picked():
    weights = np.array([[0.3, 0.7, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    top = np.nextafter(1.0, 0.0)
    assert picked(weights, np.full(3, top)).tolist() == [1, 1, 2]
    assert picked(weights, np.zeros(3)).tolist() == [0, 1, 0]
    assert picked(weights[:1], np.array([top, 0.29, 0.31])).tolist() == [1, 0, 1]
