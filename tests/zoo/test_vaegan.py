from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import demo
from contrafact.base.errors import DataError, UsageError
from contrafact.engine.play import Step
from contrafact.zoo.vaegan import VAEGAN

DIGITS = demo("digits")


def begun(**settings: Any) -> tuple[Any, Any, Step]:
    """Begin a game and give its first batch and a step without a penalty."""
    training = VAEGAN.toy().but(**settings).training(DIGITS.take(range(60)))
    return (
        training.begin(10),
        training.batches()(0),
        Step(number=1, total=10, generator=torch.Generator().manual_seed(0)),
    )


@pytest.fixture(scope="module")
def model() -> Any:
    return VAEGAN.toy().but(steps=4).fit(DIGITS.take(range(60)), seed=0)


def test_the_prior_term_is_the_divergence_of_encoded_pictures_from_the_noise():
    game, batch, step = begun(prior=0.5)
    terms = game.generator_loss(batch, step)
    with torch.no_grad():
        mean, width = game.generator.encode(game.scene(batch).real)
    nats = kl_divergence(Normal(mean, width), Normal(0.0, 1.0)).sum(1).mean().item()
    assert terms["nats"].item() == pytest.approx(nats, rel=1e-4)
    assert terms["prior"].item() == pytest.approx(0.5 * nats, rel=1e-4)


def test_the_error_is_measured_in_the_critics_features_whatever_their_scale():
    game, batch, _ = begun()
    real = game.scene(batch).real
    again = real.flip(0)
    with torch.no_grad():
        wanted, got = game.critic.body(real).numpy(), game.critic.body(again).numpy()
        error = game.error(real, again)
        game.critic.layers[-1].weight *= 7
        scaled = game.error(real, again)
    expected = ((wanted - got) ** 2).mean(1) / wanted.var(0, ddof=1).mean()
    np.testing.assert_allclose(error, expected, rtol=1e-4)
    np.testing.assert_allclose(scaled, error, rtol=1e-3)
    assert game.error(real, real).abs().max() == 0


def test_a_picture_like_any_other_has_an_error_of_two_and_an_exact_one_none():
    game, batch, _ = begun(batch=64)
    real = game.scene(batch).real
    shifted = torch.stack([game.error(real, real.roll(by, 0)).mean() for by in range(1, 60)]).mean()
    assert shifted.item() == pytest.approx(2, rel=0.1)  # the mean square between two draws is twice the variance


def test_the_encoder_does_not_learn_to_fool_the_critic():
    game, batch, step = begun(likeness=0, prior=0)
    weights = list(game.generator.encoder.parameters())
    loss = game.generator_loss(batch, step)["loss"]
    assert all(grad is None for grad in torch.autograd.grad(loss, weights, allow_unused=True, retain_graph=True))
    game, batch, step = begun(likeness=1, prior=0)
    likeness = game.generator_loss(batch, step)["likeness"]
    assert all(grad.abs().sum() > 0 for grad in torch.autograd.grad(likeness, weights_of(game)))


def weights_of(game: Any) -> list[torch.Tensor]:
    return list(game.generator.encoder.parameters())


def test_half_of_the_fakes_are_reconstructions_and_half_are_drawn(monkeypatch):
    game, batch, step = begun()
    scene, seen = game.scene(batch), []
    monkeypatch.setattr(game.generator, "forward", lambda latent, condition: seen.append(latent) or scene.real)
    game.make(scene, step)
    step.generator.manual_seed(0)
    noise = game.latent.draw(step, 16)
    with torch.no_grad():
        mean, width = game.generator.encode(scene.real[:8])
    np.testing.assert_allclose(seen[0][:8], mean + width * noise[:8], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(seen[0][8:], noise[8:])


def test_reconstructing_is_encoding_and_decoding_under_the_pictures_own_classes(model):
    data = DIGITS.take(range(70))
    latent = model.encode(data)
    assert latent.shape == (70, 8) and latent.dtype == np.float32
    again = model.reconstruct(data)
    assert isinstance(again, Data) and again.labels.tolist() == data.labels.tolist()
    assert again.items.shape == data.items.shape and again.items.dtype == np.uint8
    decoded = model.decode(latent, given={"class": data.labels.tolist()})
    np.testing.assert_array_equal(decoded.items, again.items)
    np.testing.assert_array_equal(model.decode(latent[:3], given={"class": data.labels[:3]}).items, again.items[:3])


def test_encoding_needs_no_labels_and_decoding_a_class(model):
    np.testing.assert_array_equal(model.encode(DIGITS.items[:9]), model.encode(DIGITS.take(range(9))))
    with pytest.raises(UsageError, match="without a class") as caught:
        model.decode(np.zeros((2, 8)))
    assert caught.value.code == "E123"
    assert model.decode(np.zeros((2, 8)), given={"class": 4}).labels.tolist() == [4, 4]
    assert len(model.decode(np.zeros((0, 8)), given={"class": 4})) == 0


@pytest.mark.parametrize("shape", [(8,), (2, 7), (2, 8, 1)])
def test_latent_rows_of_another_shape_are_refused(model, shape):
    with pytest.raises(DataError, match="8 numbers") as caught:
        model.decode(np.zeros(shape), given={"class": 4})
    assert caught.value.code == "E205"


def test_without_classes_pictures_alone_go_in_and_come_out(tmp_path):
    items = DIGITS.items[:60]
    model = VAEGAN.toy().but(steps=2).fit(items, seed=0)
    again = model.reconstruct(items)
    assert type(again) is np.ndarray and again.shape == items.shape
    np.testing.assert_array_equal(model.decode(model.encode(items)), again)
    assert VAEGAN.toy().but(steps=2, conditional=False).fit(DIGITS.take(range(60))).codec.classes == ()
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(contrafact.load(tmp_path / "m").reconstruct(items), again)


def test_reconstructions_are_nearer_to_their_own_picture_than_to_any_other():
    model = VAEGAN(steps=200, width=32).fit(DIGITS.take(range(600)), seed=0)
    data = DIGITS.take(range(600, 700))
    real, again = (d.items.reshape(100, -1).astype(float) for d in (data, model.reconstruct(data)))
    distance = ((again[:, None] - real) ** 2).mean(2)
    assert (distance.argmin(1) == np.arange(100)).mean() >= 0.35  # by chance .01
    assert np.diag(distance).mean() <= 0.5 * real.var(0).mean()
