from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.engine.play import Step
from contrafact.zoo.dcgan import DCGAN, DCCritic, DCGenerator, apart, halving, sizes


def test_the_maps_of_28_by_28_are_the_customary_ones():
    net, critic = DCGenerator(100, (1, 28, 28), 32), DCCritic((1, 28, 28), 32)
    shapes = []
    for layer in (net.first, *net.layers, net.last, *critic.layers, critic.last):
        layer.register_forward_hook(lambda _, __, maps: shapes.append(tuple(maps.shape[1:])))
    assert critic(net(torch.randn(3, 100))).shape == (3, 1)
    down = [(32, 14, 14), (64, 7, 7), (128, 4, 4)]
    assert shapes == [*down[::-1], (1, 28, 28), *down, (1, 1, 1)]


@pytest.mark.parametrize("size", [(28, 28), (7, 9), (1, 5), (33, 64), (2, 2), (1, 1), (100, 3)])
def test_any_size_is_halved_and_doubled_exactly(size):
    for larger, smaller in zip(sizes(*size), sizes(*size)[1:], strict=False):
        maps = torch.zeros(1, 1, *larger)
        half = torch.nn.Conv2d(1, 1, **halving(larger))(maps)
        assert half.shape[2:] == smaller
        assert torch.nn.ConvTranspose2d(1, 1, **halving(larger))(half).shape[2:] == larger
    net = DCGenerator(5, (3, *size), 4)
    assert net(torch.randn(2, 5)).shape == (2, 3, *size)
    assert DCCritic((3, *size), 4)(torch.zeros(2, 3, *size)).shape == (2, 1)


def test_weights_begin_as_the_paper_says():
    torch.manual_seed(0)
    for net in (DCGenerator(100, (3, 64, 64), 32), DCCritic((3, 64, 64), 32)):
        values = torch.cat([w.detach().flatten() for w in net.parameters() if w.dim() > 1])
        assert abs(float(values.std()) - 0.02) < 2e-4 and abs(float(values.mean())) < 2e-4
        named = {name: weight.detach() for name, weight in net.named_parameters()}
        gains = torch.cat([w for name, w in named.items() if "gain" in name or ("norms" in name and "weight" in name)])
        assert abs(float(gains.mean()) - 1) < 5e-3 and abs(float(gains.std()) - 0.02) < 5e-3
        assert all(not w.any() for name, w in named.items() if name.endswith(("bias", "shift")))


def test_the_norms_stand_where_the_paper_puts_them():
    critic, net = DCCritic((1, 28, 28), 8), DCGenerator(10, (1, 28, 28), 8)
    assert [type(norm).__name__ for norm in critic.norms] == ["Identity", "BatchNorm2d", "BatchNorm2d"]
    assert len(net.norms) == 3  # behind every transposed convolution but the last, which gives the picture
    assert net(torch.randn(4, 10)).abs().max().item() <= 1


def test_real_pictures_and_fakes_are_normalised_by_their_own_batches():
    torch.manual_seed(0)
    critic, real, fake = DCCritic((1, 8, 8), 4), torch.randn(6, 1, 8, 8), 3 * torch.randn(6, 1, 8, 8) + 1
    step = Step(number=0, total=1, generator=torch.Generator())
    on_real, on_fake, terms = apart(critic, real, fake, step)
    assert terms == {}
    assert torch.equal(on_real, critic(real).squeeze(1)) and torch.equal(on_fake, critic(fake).squeeze(1))
    mixed = critic(torch.cat([real, fake])).squeeze(1)
    assert not torch.allclose(mixed[:6], on_real, atol=1e-6)


def test_both_players_learn_by_adam_as_the_paper_sets_it():
    data = Data(kind="pictures", items=np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8))
    training = DCGAN(steps=4, batch=8, width=4, label_smoothing=0.1).training(data)
    game = training.method.begin(4, torch.device("cpu"))
    game.prepare(Step(number=0, total=4, generator=torch.Generator()))
    for player in game.players.values():
        group = player.param_groups[0]
        assert (group["lr"], group["betas"]) == (2e-4, (0.5, 0.999))
    assert game.real_target == 0.9
    assert game.average.half_life == 0
    assert game.latent.law == "uniform" and game.latent.width == 100


def test_its_labels_are_not_read_and_its_statistics_are_saved_with_it():
    draw = np.random.default_rng(0)
    data = Data(kind="pictures", items=draw.integers(0, 256, (40, 8, 8), dtype=np.uint8), labels=np.arange(40) % 4)
    model = DCGAN.toy().but(steps=4).fit(data)
    assert model.sample(3, seed=0).labels is None
    arrays = model.arrays(with_critic=True)
    assert {"generator/norms.0.mean", "generator/norms.0.variance", "critic/norms.1.running_mean"} <= set(arrays)
    assert arrays["generator/norms.0.mean"].any() and arrays["critic/norms.1.running_mean"].any()


def test_without_an_average_the_learning_generator_itself_is_kept():
    data = Data(kind="pictures", items=np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8))
    same = {}
    for half_life in (0, 1000):
        training = DCGAN.toy().but(steps=4, half_life=half_life).training(data)
        training.finish()
        game = training.game
        pairs = zip(game.generator.parameters(), game.average.module.parameters(), strict=True)
        same[half_life] = all(torch.equal(a, b) for a, b in pairs)
    assert same == {0: True, 1000: False}
