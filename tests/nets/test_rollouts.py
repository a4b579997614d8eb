import numpy as np
import torch
from scipy.stats import chisquare

from contrafact.nets.rollouts import completions, worths
from contrafact.nets.sequences import Lines, LSTMCore, SequenceGenerator


def maker(**own) -> SequenceGenerator:
    torch.manual_seed(0)
    lines = Lines(**{"symbols": 4, "places": 5, "ends": False, **own})
    net = SequenceGenerator(lines, LSTMCore(6, 6), embedding=6)
    with torch.no_grad():
        net.weight.mul_(4)
    return net


def uniform(seed: int = 0):
    source = torch.Generator().manual_seed(seed)
    return lambda count: torch.rand(count, generator=source)


def test_rewards_of_a_planted_pattern_land_on_the_right_line_and_step():
    net = maker(places=8)
    drawn = net.sample(torch.rand(40, 8, generator=torch.Generator().manual_seed(1)))
    planted = drawn[:, 4].float()  # the critic likes what stands at the fifth place

    found = worths(lambda lines, kinds: lines[:, 4].float(), net, drawn, 16, uniform())
    known = found[:, 4:]
    assert np.corrcoef(known.flatten(), planted[:, None].expand(-1, 4).flatten())[0, 1] > 1 - 1e-6
    torch.testing.assert_close(known, planted[:, None].expand(-1, 4))
    early = found[:, :4].mean(1)  # before it, only what is to be expected after the beginning
    assert float((early - planted).abs().mean()) > 0.1


def test_every_completion_begins_as_its_line_begins():
    net = maker()
    drawn = net.sample(torch.rand(7, 5))
    found = completions(net, drawn, 3, uniform())
    assert found.shape == (4, 3, 7, 5)
    assert all((found[known - 1, :, :, :known] == drawn[:, :known]).all() for known in range(1, 5))


def test_completions_are_distributed_like_those_of_a_plain_loop():
    net, begun = maker(), torch.tensor([[2, 1, 0, 3, 1]])
    found = completions(net, begun, 3000, uniform())[1, :, 0, 2:]  # after two symbols
    plain = net.sample(torch.rand(3000, 5, generator=torch.Generator().manual_seed(9)), prefix=begun[0, :2])[:, 2:]
    code = torch.tensor([16, 4, 1])
    ours, theirs = (np.bincount((part * code).sum(1), minlength=64) for part in (found, plain))
    often = (ours + theirs) >= 20
    table = np.array([ours[often], theirs[often]], dtype=float)
    expected = table.sum(0) / 2
    assert chisquare(table[0], expected * table[0].sum() / expected.sum()).pvalue > 1e-3


def test_lines_that_ended_are_finished_and_classes_are_kept():
    net = maker(ends=True, classes=2)
    kinds = torch.arange(12) % 2
    drawn = net.sample(torch.rand(12, 5, generator=torch.Generator().manual_seed(2)), kinds)
    found = completions(net, drawn, 4, uniform(), kinds)
    for known in range(1, 5):
        ended = (drawn[:, :known] == net.lines.end).any(1)
        assert (found[known - 1][:, ended] == drawn[ended]).all()
    rows = found.view(-1, 5)
    behind = (rows == net.lines.end).long().cumsum(1) > 0
    assert (rows[behind] == net.lines.end).all()
