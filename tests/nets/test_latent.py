"""Ways through the noise begin and end where they should, and keep to the noise's law."""

from __future__ import annotations

import blobs
import numpy as np
import pytest
import torch

from contrafact.base.errors import UsageError
from contrafact.engine.duel import Latent
from contrafact.nets.latent import Latents, blend, walk

CLASSES = ("dark", "light")


def test_what_lies_behind_a_sample_gives_the_sample_again() -> None:
    model = blobs.model(CLASSES)
    for n in (0, 1, 70):
        rows, drawn = model.latents(n, seed=3), model.sample(n, seed=3)
        assert len(rows) == n and np.array_equal(model.reproject(rows).items, drawn.items)
        assert np.array_equal(rows.labels, drawn.labels)
    part = model.latents(70, seed=3).take([69, 2])
    assert np.array_equal(model.reproject(part).items, model.sample(70, seed=3).items[[69, 2]])


def test_a_way_between_seeds_has_their_first_pictures_at_its_ends() -> None:
    model = blobs.model()
    way = model.interpolate(3, 4, 7)
    assert len(way) == 7
    assert np.array_equal(way.items[0], model.sample(1, seed=3).items[0])
    assert np.array_equal(way.items[-1], model.sample(1, seed=4).items[0])
    assert len(model.interpolate(3, 4, 0)) == 0


def test_a_way_between_classes_changes_its_label_half_way() -> None:
    model = blobs.model(CLASSES)
    way = model.interpolate(3, 4, 5, given={"class": ["dark", "light"]})
    assert way.labels.tolist() == ["dark", "dark", "dark", "light", "light"]
    assert np.array_equal(way.items[-1], model.sample(1, given={"class": "light"}, seed=4).items[0])
    assert set(model.interpolate(3, 4, 5, given={"class": "light"}).labels) == {"light"}
    with pytest.raises(UsageError, match="There is no class 'nonsense'"):
        model.interpolate(3, 4, 5, given={"class": "nonsense"})


def test_the_arc_between_normal_rows_keeps_their_length_and_its_pace() -> None:
    a = torch.nn.functional.normalize(torch.randn(6, 32, generator=torch.Generator().manual_seed(0)), dim=1)
    b = a.roll(1, 0)
    law = Latent(size=32)
    way = torch.stack([blend(law, a, b, share) for share in np.linspace(0, 1, 9)])
    assert torch.allclose(way.norm(dim=2), torch.ones(9, 6), atol=1e-5)
    steps = (way[1:] - way[:-1]).norm(dim=2)
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-5)
    assert torch.allclose(blend(law, a, a, 0.3), a, atol=1e-6)
    assert blend(law, a, -a, 0.5).isfinite().all()


def test_uniform_noise_stays_in_its_box_and_signs_change_half_way() -> None:
    law = Latent(law="uniform", size=2, signs=1)
    a, b = torch.tensor([[1.0, -1.0, 1.0]]), torch.tensor([[0.0, 1.0, -1.0]])
    assert blend(law, a, b, 0.25).tolist() == [[0.75, -0.5, 1.0]]
    assert blend(law, a, b, 0.75).tolist() == [[0.25, 0.5, -1.0]]


def test_a_walk_is_closed_without_a_jump() -> None:
    model = blobs.model()
    rows = model.latents(2, seed=1)
    way = walk(model, rows.take([0]), rows.take([1]), 40).noise
    assert np.allclose(way[0], rows.noise[0]) and np.allclose(way[20], -rows.noise[0], atol=1e-6)
    steps = np.linalg.norm(way - np.roll(way, 1, axis=0), axis=1)
    assert steps.max() < 2 * steps.mean()  # the first of them closes the walk
    lengths, ends = np.linalg.norm(way, axis=1), np.linalg.norm(rows.noise, axis=1)
    assert lengths.min() > 0.99 * ends.min() and lengths.max() < 1.01 * ends.max()


def test_a_walk_begins_at_the_seeds_first_picture_and_holds_its_class() -> None:
    model = blobs.model(CLASSES)
    way = model.walk(5, 12, given={"class": "light"})
    assert len(way) == 12 and set(way.labels) == {"light"}
    assert np.array_equal(way.items[0], model.sample(1, given={"class": "light"}, seed=5).items[0])


def test_truncation_draws_the_middle_at_last_and_refuses_what_is_no_share() -> None:
    model = blobs.model()
    assert (model.sample(5, seed=0, truncation=0).items == model.sample(1, seed=9, truncation=0).items).all()
    wide, narrow = (model.sample(200, seed=0, truncation=t).items.astype(float).var(0).sum() for t in (1.0, 0.5))
    assert narrow < wide
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError) as caught:
            model.sample(1, seed=0, truncation=wrong)
        assert caught.value.code == "E125"


def test_rows_of_ones_own_can_be_drawn() -> None:
    rows = Latents(noise=np.concatenate([blobs.rows(right=0), blobs.rows(right=1)]))
    left, right = blobs.model().reproject(rows).items.astype(float)
    assert np.average(np.arange(16), weights=right.sum(0)) == pytest.approx(7.5 + 2, abs=0.1)
    assert np.average(np.arange(16), weights=left.sum(0)) == pytest.approx(7.5, abs=0.1)
