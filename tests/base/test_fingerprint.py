"""A run knows its data again, labels and all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contrafact.base.data import Data, fingerprint

PICTURES = Data(kind="pictures", items=np.arange(48, dtype=np.uint8).reshape(3, 4, 4), labels=np.array([0, 1, 1]))


def test_the_same_pictures_with_other_labels_are_other_data():
    assert fingerprint(PICTURES) == fingerprint(replace(PICTURES, labels=np.array([0, 1, 1])))
    assert fingerprint(PICTURES) != fingerprint(replace(PICTURES, labels=np.array([1, 0, 1])))
    assert fingerprint(PICTURES) != fingerprint(replace(PICTURES, labels=None))
