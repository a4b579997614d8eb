from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.engine.play import Step
from contrafact.zoo.acgan import ACGAN, NamingGame

BARS = np.zeros((3, 8, 8))
BARS[0, 3:5], BARS[1, :, 3:5], BARS[2, 1:7, 1:7] = 1, 1, 0.6


def pictures(n: int, shares: tuple[float, ...] = (0.4, 0.3, 0.3)) -> Data:
    draw = np.random.default_rng(0)
    labels = draw.choice(3, size=n, p=shares)
    items = BARS[labels] * draw.uniform(180, 255, (n, 1, 1)) + draw.uniform(0, 30, (n, 8, 8))
    return Data(
        kind="pictures", items=np.minimum(items, 255).astype(np.uint8), labels=np.array(["-", "|", "o"])[labels]
    )


def begun(**settings: Any) -> tuple[NamingGame, Any, Step]:
    """Begin a game and give its first batch and a step without a penalty."""
    training = ACGAN.toy().but(**settings).training(pictures(60))
    game = training.begin(10)
    assert isinstance(game, NamingGame)
    return game, training.batches()(0), Step(number=1, total=10, generator=torch.Generator().manual_seed(0))


def surprise(game: NamingGame, seen: torch.Tensor, labels: torch.Tensor) -> np.ndarray:
    """Give minus the logarithm of the chance that the second head gives to each right class, by other means."""
    with torch.no_grad():
        body = game.critic.body(seen).numpy()
    last = game.critic.second[-1]
    logits = body @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    return -log_softmax(logits, axis=1)[np.arange(len(labels)), labels.numpy()]


def test_both_players_pay_for_each_class_that_is_not_named():
    game, batch, step = begun(naming=0.5)
    terms = game.critic_loss(batch, step)
    expected = surprise(game, game.scene(batch).real, batch["labels"])
    assert terms["naming"].item() == pytest.approx(0.5 * expected.mean(), rel=1e-4)
    step.generator.manual_seed(0)
    fake = game.make(game.scene(batch), step)
    step.generator.manual_seed(0)
    expected = surprise(game, fake.detach(), batch["labels"])
    assert game.generator_loss(batch, step)["naming"].item() == pytest.approx(0.5 * expected.mean(), rel=1e-4)


def test_the_critic_learns_the_classes_from_fakes_only_where_asked():
    for asked in (False, True):
        game, batch, step = begun(name_fakes=asked)
        terms = game.critic_loss(batch, step)
        assert ("naming_fakes" in terms) == asked
    assert terms["naming_fakes"].requires_grad


def test_a_class_of_more_weight_counts_more_in_the_naming():
    game, batch, step = begun(naming=1, class_weights={"-": 5})
    expected = surprise(game, game.scene(batch).real, batch["labels"])
    weight = np.where(batch["labels"].numpy() == 0, 5, 1)
    shares = np.unique(pictures(60).labels, return_counts=True)[1] / 60
    weight = weight / (shares @ [5, 1, 1])
    assert game.critic_loss(batch, step)["naming"].item() == pytest.approx((weight * expected).mean(), rel=1e-4)


def test_the_critic_looks_once_for_both_answers():
    game, batch, step = begun()
    looks: list[int] = []
    game.critic.layers[0].register_forward_hook(lambda *_: looks.append(1))
    game.critic_loss(batch, step)
    game.generator_loss(batch, step)
    assert len(looks) == 2


def test_the_critic_is_not_told_the_class():
    data = pictures(60)
    model = ACGAN.toy().but(steps=2).fit(data)
    others = Data(kind="pictures", items=data.items, labels=data.labels[::-1])
    np.testing.assert_array_equal(model.critic(data), model.critic(others))


@pytest.mark.parametrize("labels", [None, ["a"] * 60])
def test_fewer_than_two_classes_are_refused_with_the_way_out(labels):
    data = Data(kind="pictures", items=pictures(60).items, labels=labels if labels is None else np.array(labels))
    with pytest.raises(DataError, match="no classes" if labels is None else "one class") as caught:
        ACGAN.toy().fit(data)
    assert caught.value.code == "E212" and "r3gan" in caught.value.fix


def test_what_is_asked_for_is_drawn():
    model = ACGAN(steps=150, width=16).fit(pictures(300), seed=0)
    drawn = model.sample(90, given={"class": ["-", "|", "o"]}, seed=0)
    distance = ((drawn.items[:, None] / 255.0 - BARS) ** 2).mean((2, 3))
    assert (distance.argmin(1) == np.arange(90) % 3).mean() >= 0.9
