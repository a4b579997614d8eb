"""The metrics of pictures against torchmetrics with the same features, where it is installed."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from contrafact.metrics import Moments, frechet, inception_score, kernel, named_features

pytest.importorskip("torchmetrics")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Metric .* will save all extracted features:UserWarning"),
    pytest.mark.filterwarnings(r"ignore:std\(\). degrees of freedom is <= 0:UserWarning"),  # of its one part
]


class Corner(nn.Module):
    """Twelve features of a picture: sums over its quarters, scaled."""

    num_features = 12

    def forward(self, pictures: Tensor) -> Tensor:
        quarters = nn.functional.adaptive_avg_pool2d(pictures.double(), 2)
        return quarters.flatten(1) / 64


def pictures(seed: int, n: int) -> Tensor:
    rng = np.random.default_rng(seed)
    base = rng.gamma(2.0 + seed, 30.0, (n, 3, 2, 2)).repeat(4, axis=2).repeat(4, axis=3)
    return torch.from_numpy(np.clip(base + rng.normal(0, 9, base.shape), 0, 255).astype(np.uint8))


def rows(data: Tensor) -> np.ndarray:
    def look(block: np.ndarray) -> np.ndarray:
        return Corner()(torch.from_numpy(np.moveaxis(block, 3, 1).copy())).numpy()

    return named_features(look, "corner")(np.moveaxis(data.numpy(), 1, 3))


REAL, FAKE = pictures(0, 400), pictures(1, 300)


def test_frechet_agrees_with_torchmetrics_from_rows_and_from_moments() -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=Corner())
    metric.update(REAL, real=True)
    metric.update(FAKE, real=False)
    answer = float(metric.compute())
    assert frechet(rows(REAL), rows(FAKE)).value == pytest.approx(answer, rel=1e-6)
    moments = [Moments.of(np.array_split(rows(data), 5)) for data in (REAL, FAKE)]
    assert frechet(*moments).value == pytest.approx(answer, rel=1e-6)


def test_the_kernel_distance_agrees_with_torchmetrics() -> None:
    from torchmetrics.image.kid import KernelInceptionDistance

    same = FAKE[:300], REAL[:300]
    metric = KernelInceptionDistance(feature=Corner(), subsets=1, subset_size=300)
    metric.update(same[1], real=True)
    metric.update(same[0], real=False)
    answer = float(metric.compute()[0])
    assert kernel(rows(same[1]), rows(same[0])).value == pytest.approx(answer, rel=1e-5)


def test_the_inception_score_agrees_with_torchmetrics() -> None:
    from torchmetrics.image.inception import InceptionScore

    metric = InceptionScore(feature=Corner(), splits=1)
    metric.update(FAKE)
    answer = float(metric.compute()[0])
    chances = torch.softmax(torch.from_numpy(rows(FAKE)), dim=1).numpy()
    assert inception_score(chances, splits=1).value == pytest.approx(answer, rel=1e-6)
