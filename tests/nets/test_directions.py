"""Directions are found where a generator of known effects has them, and named for what they do."""

from __future__ import annotations

import blobs
import numpy as np
import pytest

from contrafact.base.errors import UsageError


def place(direction: object) -> tuple[int, float]:
    """Give the column that a direction points along, and how well."""
    step = direction.step  # type: ignore[attr-defined]
    return int(np.abs(step).argmax()), float(np.abs(step).max())


def test_the_weights_give_the_columns_in_the_order_of_their_strength() -> None:
    found = blobs.model().directions(k=4)
    assert [place(d)[0] for d in found] == [blobs.RIGHT, blobs.DOWN, blobs.BRIGHT, blobs.SIZE]
    assert all(place(d)[1] == pytest.approx(1, abs=1e-6) for d in found)
    assert [d.name for d in found[:2]] == ["right", "down"]
    assert [d.number for d in found] == [1, 2, 3, 4]
    assert str(found[0]).startswith("direction 1 (right): right +")


def test_a_name_carries_its_sign() -> None:
    for direction in blobs.model().directions(k=4):
        assert direction.effects[direction.name] == max(map(abs, direction.effects.values())) > 0


def test_an_effect_is_told_in_standard_deviations() -> None:
    right = blobs.model().directions(k=1)[0]
    # A step moves the spot by two pixels, and the spot's place over draws has a deviation of two.
    assert right.effects["right"] == pytest.approx(1, abs=0.2)


def test_principal_components_find_the_same_strongest_columns() -> None:
    found = blobs.model().directions(k=2, by="features")
    assert [place(d)[0] for d in found] == [blobs.RIGHT, blobs.DOWN]
    assert all(place(d)[1] > 0.98 for d in found)


def test_each_measure_has_a_direction_that_raises_it() -> None:
    named = {d.name: d for d in blobs.model().directions(by="measures")}
    assert place(named["right"])[0] == blobs.RIGHT and place(named["down"])[0] == blobs.DOWN
    assert place(named["size"])[0] == blobs.SIZE
    assert place(named["brightness"])[0] in (blobs.BRIGHT, blobs.SIZE)
    assert all(named[name].effects[name] > 0 for name in ("right", "down", "size", "contrast", "brightness"))


def test_directions_within_classes_do_not_point_from_class_to_class() -> None:
    named = {d.name: d for d in blobs.model(("dark", "light")).directions(by="measures")}
    assert place(named["right"])[0] == blobs.RIGHT and place(named["right"])[1] > 0.95


def test_an_edit_moves_what_it_names() -> None:
    model = blobs.model()
    ticks = np.arange(blobs.SIDE)

    def centre(items: np.ndarray) -> np.ndarray:
        return items.astype(float).sum(1) @ ticks / items.astype(float).sum((1, 2))

    before, after, back = (model.sample(60, seed=2, edit={"right": s}).items for s in (0, 1, -1))
    assert (centre(after) > centre(before)).mean() > 0.95 and (centre(back) < centre(before)).mean() > 0.95
    assert np.array_equal(before, model.sample(60, seed=2).items)
    assert np.array_equal(model.sample(9, seed=2, edit={"1": "1"}).items, model.sample(9, seed=2, edit={1: 1.0}).items)
    assert np.array_equal(model.reproject(model.latents(9, seed=2), {"right": 1}).items, after[:9])


def test_the_same_edit_is_the_same_in_another_process() -> None:
    first, again = (blobs.model().sample(3, seed=0, edit={"down": 1.5}).items for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("edit", "told"),
    [({"rihgt": 1}, "Did you mean right"), ({"0": 1}, "Known:"), ({"6": 1}, "Known:"), ({"right": "far"}, "a number")],
)
def test_an_edit_that_cannot_be_made_is_refused_by_name(edit: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        blobs.model().sample(1, seed=0, edit=edit)  # type: ignore[arg-type]
    assert caught.value.code == "E125"


def test_an_unknown_way_to_look_for_directions_is_refused() -> None:
    with pytest.raises(UsageError, match="Did you mean weights"):
        blobs.model().directions(by="weight")  # type: ignore[arg-type]
