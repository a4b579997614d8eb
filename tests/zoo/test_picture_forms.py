"""Methods that fit vectors and pictures choose networks and settings by the kind of data."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from contrafact.base.data import Data
from contrafact.base.demos import demo, ring
from contrafact.engine.duel import judge_of
from contrafact.engine.penalties import one_centred
from contrafact.engine.play import Step
from contrafact.zoo import FGAN, GAN, LSGAN, SNGAN, WGANGP, fgan, gan, lsgan, sngan, wgan_gp

FORMS = [(GAN, gan), (FGAN, fgan), (LSGAN, lsgan), (SNGAN, sngan), (WGANGP, wgan_gp)]
CONDITIONAL = [FGAN, LSGAN, SNGAN, WGANGP]
DIGITS = demo("digits").take(range(48))


def game_of(recipe, data=DIGITS):
    return recipe.training(data).method.begin(2, torch.device("cpu"))


@pytest.mark.parametrize("recipe, module", FORMS)
def test_open_settings_are_filled_by_the_kind_of_data_and_others_stay(recipe, module):
    assert set(module.ROWS) == set(module.PICTURES)
    assert all(getattr(recipe(), name) is None for name in module.ROWS)
    for data, defaults in ((ring(60), module.ROWS), (DIGITS, module.PICTURES)):
        filled = recipe(steps=2, batch=8).training(data).recipe
        assert filled.batch == 8
        assert all(getattr(filled, name) == value for name, value in defaults.items() if name != "batch")


@pytest.mark.parametrize("recipe", CONDITIONAL)
def test_classes_are_learned_where_there_are_labels_unless_not_wanted(recipe):
    toy = recipe.toy().but(steps=2)
    model = toy.fit(DIGITS)
    assert model.sample(4, given={"class": 7}, seed=0).labels.tolist() == [7] * 4
    assert (model.sample(9, seed=0).items != model.sample(9, given={"class": 7}, seed=0).items).any()
    assert toy.but(conditional=False).fit(DIGITS).sample(3, seed=0).labels is None
    assert toy.fit(DIGITS.items).sample(3, seed=0).shape == (3, 8, 8)


@pytest.mark.parametrize("recipe", CONDITIONAL)
def test_larger_pictures_are_worked_on_at_the_resolution_asked_for(recipe):
    items = np.random.default_rng(0).integers(0, 256, (40, 12, 24), dtype=np.uint8)
    model = recipe.toy().but(steps=2, resolution=12).fit(items)
    assert model.codec.shape == (1, 6, 12) and model.sample(2, seed=0).shape[1:] == (6, 12)


def test_every_layer_of_the_spectral_critic_has_a_largest_singular_value_of_one():
    critic = game_of(SNGAN.toy()).critic
    layers = [m for m in critic.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    assert len(layers) == 4  # two convolutions, the last layer and the projection
    for _ in range(200):  # power iterations
        critic(torch.randn(2, 1, 8, 8), torch.eye(10)[:2])
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-3)


def test_the_wasserstein_critic_has_no_norm_and_is_penalised_at_mixtures_of_its_own_condition():
    game = game_of(WGANGP.toy())
    assert not any("norm" in type(m).__name__.lower() for m in game.critic.modules())
    batch = {"pictures": torch.from_numpy(DIGITS.items[:6, None]), "labels": torch.from_numpy(DIGITS.labels[:6])}
    step = Step(number=0, total=2, generator=torch.Generator().manual_seed(0))
    scene = game.scene(batch)
    fake = torch.zeros_like(scene.real)
    judge = judge_of(game.critic, scene, None, step)
    slope = game.penalty(judge, scene.real, fake, step)[2]["slope"].item()
    step = Step(number=0, total=2, generator=torch.Generator().manual_seed(0))
    alone = [
        one_centred(lambda x, c=c: game.critic(x, c[None]), x[None], 0 * x[None], share[None])
        for x, c, share in zip(scene.real, scene.condition, step.uniform(6), strict=True)
    ]
    assert slope == pytest.approx(10 * torch.cat(alone).mean().item(), rel=1e-4)


def test_the_least_squares_critic_regresses_to_one_less_the_smoothing():
    assert game_of(LSGAN.toy().but(label_smoothing=0.2)).real_target == pytest.approx(0.8)


def test_pictures_are_rows_of_pixels_for_the_first_method_and_still_borders_are_kept():
    framed = np.pad(DIGITS.items, ((0, 0), (2, 2), (2, 2)))
    for data in (Data(kind="pictures", items=framed), framed):
        model = GAN.toy().but(steps=4).fit(data)
        drawn = model.sample(20, seed=0)
        items = drawn.items if isinstance(data, Data) else drawn
        assert items.dtype == np.uint8 and items.shape == (20, 12, 12)
        assert not items[:, :2].any() and not items[:, :, -2:].any() and items[:, 4:8, 4:8].any()
        assert model.codec.width == int((framed != framed[0]).any(0).sum())
        assert abs(model.rows(20, 0)).max() <= 1


def test_rows_of_pixels_of_sixteen_bits_use_their_whole_range():
    deep = Data(kind="pictures", items=DIGITS.items.astype(np.uint16) * 200)
    model = GAN.toy().but(steps=4).fit(deep)
    encoded = model.codec.encode(deep)
    assert (encoded.min(), encoded.max()) == (-1, 1)
    assert model.sample(20, seed=0).items.max() > 5000
    assert (model.codec.decode(encoded).items == deep.items).all()


def test_rows_of_pixels_are_scored_as_pictures_with_signs_of_failure():
    training = GAN.toy().but(steps=4).training(DIGITS)
    training.finish()
    assert {"score", "regions", "copies", "fine", "checkerboard"} <= set(training.log[-1])
    score = training.score
    pixels = score.pictures(training.rows)["pictures"]
    assert pixels.shape[1:] == (1, 8, 8) and pixels.dtype == np.uint8
    kept = {picture.tobytes() for picture in DIGITS.items}
    assert all(picture.tobytes() in kept for picture in np.ascontiguousarray(pixels[:, 0]))
