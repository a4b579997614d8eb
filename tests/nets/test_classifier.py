"""The small networks that look at pictures."""

import pytest
import torch

from contrafact.nets.classifier import FEATURES, Classifier, Eye


@pytest.mark.parametrize(
    "shape", [(1, 28, 28), (1, 8, 8), (3, 32, 32), (4, 64, 40), (2, 3, 64), (1, 1, 1), (1, 64, 64)]
)
def test_pictures_of_any_size_give_128_features(shape: tuple[int, int, int]) -> None:
    pictures = torch.rand(3, *shape, generator=torch.Generator().manual_seed(0))
    net = Classifier(shape, 4, 5)
    assert net.features(pictures).shape == (3, FEATURES) and net(pictures).shape == (3, 5)
    assert Eye(shape, 4)(pictures).shape == (3, FEATURES)


def test_mnist_is_seen_by_the_classical_layers() -> None:
    shapes = {name: tuple(weight.shape) for name, weight in Classifier((1, 28, 28), 16, 10).named_parameters()}
    assert shapes["eye.rounds.0.weight"] == (16, 1, 5, 5) and shapes["eye.rounds.4.weight"] == (32, 16, 5, 5)
    assert shapes["eye.inner.weight"] == (128, 512)


def test_features_of_a_classifier_are_what_its_last_layer_reads() -> None:
    net = Classifier((1, 8, 8), 4, 3).eval()
    pictures = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(net.outer(net.features(pictures)), net(pictures)) and (net.features(pictures) >= 0).all()
