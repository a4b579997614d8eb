from __future__ import annotations

import pytest
import torch
from torch import nn

from contrafact.engine.penalties import one_centred, r1_r2, squared_slope, zero_centred
from contrafact.engine.play import Step


def critic(seed: int = 0, act: type[nn.Module] = nn.SiLU) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 32), act(), nn.Linear(32, 32), act(), nn.Linear(32, 1)).double()


def points(seed: int) -> torch.Tensor:
    return torch.randn(16, 3, generator=torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("how", ["double", "forward"])
def test_a_linear_critic_has_the_norm_of_its_weight_everywhere(how):
    line = nn.Linear(3, 1)
    _, squares = squared_slope(line, torch.randn(4, 3), how)
    assert torch.allclose(squares, (line.weight**2).sum().expand(4), atol=1e-6)


@pytest.mark.parametrize("act", [nn.SiLU, nn.Tanh, nn.LeakyReLU])
@pytest.mark.parametrize("kind", ["r1 and r2", "wgan-gp"])
def test_forward_mode_has_the_value_and_the_gradient_of_double_backward(kind, act):
    net, real, fake = critic(1, act), points(1), points(2)
    share = torch.rand(16, generator=torch.Generator().manual_seed(3)).double()

    def value(how):
        if kind == "wgan-gp":
            return one_centred(net, real, fake, share, how).mean()
        _, _, r1, r2 = zero_centred(net, real, fake, how)
        return 0.7 * r1.mean() + 0.3 * r2.mean()

    weights = [w for w in net.parameters() if w.dim() == 2]
    slopes = [torch.autograd.grad(value(how), weights) for how in ("double", "forward")]
    assert torch.allclose(value("double"), value("forward"), rtol=1e-9)
    for double, forward in zip(*slopes, strict=True):
        assert (double - forward).norm() <= 1e-9 * double.norm()


def test_the_penalty_agrees_with_finite_differences():
    net, at = critic(2), points(4)[:1]
    _, squares = squared_slope(net, at)
    tiny = 1e-5
    slope = torch.stack([(net(at + tiny * e) - net(at - tiny * e)).sum() / (2 * tiny) for e in torch.eye(3).double()])
    assert torch.allclose(squares.sum(), (slope**2).sum(), rtol=1e-6)


def test_a_lazy_penalty_rests_and_then_counts_for_all():
    net, real, fake = critic(3), points(5), points(6)
    steps = [Step(number=i, total=8, generator=torch.Generator()) for i in range(4)]
    always = r1_r2(lambda step: (1.0, 1.0))(net, real, fake, steps[0])[2]
    lazy = [r1_r2(lambda step: (1.0, 1.0), every=4)(net, real, fake, step)[2] for step in steps]
    assert lazy[1] == lazy[2] == lazy[3] == {}
    assert torch.allclose(lazy[0]["r1"], 4 * always["r1"])
