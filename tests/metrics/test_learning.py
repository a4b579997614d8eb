"""Features learned on the spot from the training pictures, and the shelf that keeps them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.demos import digits
from contrafact.metrics import learned_features, learning
from contrafact.metrics.learning import Preparation, class_names, moved, vicreg
from contrafact.metrics.shelf import ShelfWarning, keep, kept

STEPS = 8
DIGITS = digits()
UNLABELLED = Data(kind="pictures", items=DIGITS.items)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONTRAFACT_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache" / "features"


def knows_labels(rows: np.ndarray, labels: np.ndarray) -> float:
    """The share of pictures whose nearest other picture has the same label."""
    distance = ((rows[:, None] - rows[None]) ** 2).sum(2)
    np.fill_diagonal(distance, np.inf)
    return float((labels[distance.argmin(1)] == labels).mean())


def test_a_classifier_learns_the_digits_in_seconds_and_says_how_well() -> None:
    features = learned_features(DIGITS.take(range(1200)), steps=120)
    assert features.classes == tuple("0123456789") and features.width == 128
    assert features.facts["held_out_accuracy"] > 0.9 and features.facts["held_out_pictures"] == 120
    assert features.name.startswith("classifier-") and "held-out accuracy" in features.name
    seen = features.see(DIGITS.take(range(1200, 1797)))
    assert (seen.classes == DIGITS.labels[1200:]).mean() > 0.9
    np.testing.assert_allclose(seen.chances.sum(1), 1)


def test_without_labels_features_still_tell_digits_apart() -> None:
    features = learned_features(UNLABELLED, steps=100)
    assert features.name.startswith("views-") and features.classes == ()
    assert features.facts["held_out_accuracy"] > 0.3  # known again among 179
    assert knows_labels(features(DIGITS.items[:400]), DIGITS.labels[:400]) > 0.85


def test_the_same_data_give_the_same_features_and_anything_else_gives_others(shelf: Path) -> None:
    few = DIGITS.take(range(200))
    one = learned_features(few, steps=STEPS)
    rows = one(few)
    for path in shelf.iterdir():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    again = learned_features(few, steps=STEPS)
    assert again.name == one.name and (again(few) == rows).all()
    others = [
        learned_features(few, steps=STEPS, purpose="choosing"),
        learned_features(few, seed=1, steps=STEPS),
        learned_features(few, steps=STEPS + 1),
        learned_features(DIGITS.take(range(1, 201)), steps=STEPS),
        learned_features(Data(kind="pictures", items=few.items, labels=few.labels[::-1]), steps=STEPS),
    ]
    assert len({other.name for other in others} | {one.name}) == 6
    assert not np.array_equal(others[0](few), rows)


def test_kept_features_are_not_learned_again(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = DIGITS.take(range(60))
    rows = learned_features(few, steps=STEPS)(few)
    monkeypatch.setattr(learning, "play", None)
    assert (learned_features(few, steps=STEPS)(few) == rows).all()


def test_a_damaged_shelf_is_said_and_mended(shelf: Path) -> None:
    few = DIGITS.take(range(60))
    rows = learned_features(few, steps=STEPS)(few)
    (folder,) = shelf.iterdir()
    weights = folder / "weights.safetensors"
    payload = bytearray(weights.read_bytes())
    payload[-1] ^= 1
    weights.write_bytes(payload)
    with pytest.warns(ShelfWarning, match=r"weights\.safetensors is damaged"):
        again = learned_features(few, steps=STEPS)
    assert (again(few) == rows).all()
    assert (learned_features(few, steps=STEPS)(few) == rows).all()  # mended: no warning


def test_a_shelf_that_cannot_be_written_is_said_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CONTRAFACT_CACHE", str(tmp_path / "file"))
    few = DIGITS.take(range(60))
    with pytest.warns(ShelfWarning, match="cannot be written"):
        assert learned_features(few, steps=2)(few).shape == (60, 128)


def test_what_another_process_kept_stays(shelf: Path) -> None:
    keep("features", "key", {"a": b"first"})
    keep("features", "key", {"a": b"second"})
    assert kept("features", "key") == {"a": b"first"} and kept("features", "other") is None


def test_learning_changes_neither_pictures_nor_the_global_random_state(shelf: Path) -> None:
    few = DIGITS.take(range(50))
    items, labels, state = few.items.copy(), few.labels.copy(), torch.get_rng_state()
    legacy = np.random.get_state()[1].copy()
    learned_features(few, steps=3)(few)
    assert (few.items == items).all() and (few.labels == labels).all()
    assert torch.equal(torch.get_rng_state(), state) and (np.random.get_state()[1] == legacy).all()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((3, 8, 8), np.uint8),
        ((1, 8, 8), np.uint8),
        ((30, 1, 1), np.uint8),
        ((12, 4, 100, 2), np.uint8),
        ((12, 70, 50, 3), np.uint16),
        ((9, 33, 90, 1), np.uint8),
    ],
)
def test_pictures_of_any_number_size_and_depth_can_be_learned(shape: tuple[int, ...], dtype: type, shelf: Path) -> None:
    items = np.random.default_rng(0).integers(0, 3000 if dtype == np.uint16 else 256, shape).astype(dtype)
    rows = learned_features(Data(kind="pictures", items=items), steps=2)(items)
    assert rows.shape == (shape[0], 128) and np.isfinite(rows).all()


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (None, 0),
        (np.zeros(60), 0),
        (np.arange(60), 0),
        (np.arange(60) % 3, 3),
        (np.array(["ä", "b"] * 30), 2),
        (np.zeros((60, 2)), 0),
    ],
)
def test_only_labels_with_several_pictures_each_make_a_classifier(labels: np.ndarray | None, names: int) -> None:
    assert len(class_names(labels, 60)) == names


def test_sixteen_bit_are_read_over_the_range_that_is_used() -> None:
    pictures = np.array([[1000, 2000], [3000, 4000]], dtype=np.uint16).reshape(1, 2, 2, 1)
    preparation = Preparation.of(pictures)
    assert preparation(pictures).ravel().tolist() == [0, 85, 170, 255]
    assert preparation(pictures * 2).max() == 255


def test_a_view_with_middling_draws_is_the_picture_itself() -> None:
    pictures = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(moved(pictures, torch.full((2, 4), 0.5), 0.15), pictures)
    assert (
        moved(pictures, torch.rand(2, 4, generator=torch.Generator().manual_seed(1)), 0.15) - pictures
    ).abs().max() > 0.1


def test_the_terms_of_vicreg_by_hand() -> None:
    # Two features over two pictures: the first varies with sd sqrt(2), the second is its half.
    one = torch.tensor([[1.0, 0.5], [-1.0, -0.5]])
    terms = vicreg(one, one + torch.tensor([1.0, 0.0]))
    assert terms["apart"] == pytest.approx(25 * 0.5)
    assert terms["flat"].item() == pytest.approx(2 * 25 * (1 - (0.5 + 1e-4) ** 0.5) / 2, rel=1e-4)
    assert terms["alike"].item() == pytest.approx(2 * 2 * 1.0**2 / 2)
