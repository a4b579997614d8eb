import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from contrafact.nets.relational_memory import MemoryCore
from contrafact.nets.sequences import Lines, LSTMCore, SequenceGenerator

CORES = {"lstm": lambda: LSTMCore(6, 8), "two lstms": lambda: LSTMCore(6, 8, 2), "memory": lambda: MemoryCore(6, 8)}


def maker(core: str = "lstm", tied: bool = False, **own) -> SequenceGenerator:
    torch.manual_seed(0)
    lines = Lines(**{"symbols": 3, "places": 4, **own})
    return SequenceGenerator(lines, CORES[core](), embedding=6, tied=tied)


def every_line(lines: Lines) -> torch.Tensor:
    """Write down all lines that can be drawn, filled up with ends."""
    grid = torch.cartesian_prod(*[torch.arange(lines.outputs)] * lines.places)
    ended = (grid == lines.end).long().cumsum(1) > 0
    return torch.unique(torch.where(ended, lines.end, grid), dim=0)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_the_chances_of_all_lines_add_up_to_one(core, ends, tied):
    net = maker(core, tied, ends=ends)
    assert net.nll(every_line(net.lines)).neg().exp().sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("core", CORES)
def test_steps_and_whole_lines_give_the_same_hidden_rows(core):
    net = maker(core)
    lines = torch.tensor([[0, 1, 2, 0], [2, 2, 1, 3]])
    whole, state = net.hidden(lines), net.begin(2)
    last = torch.full((2,), net.lines.start)
    for place in range(4):
        hidden, state = net.step(last, state)
        torch.testing.assert_close(hidden, whole[:, place])
        last = lines[:, place]


@pytest.mark.parametrize("core", CORES)
def test_lines_are_drawn_as_often_as_their_chances_say(core):
    net = maker(core, places=3)
    with torch.no_grad():
        net.weight.mul_(3)
    known = every_line(net.lines)
    drawn = net.sample(torch.rand(20_000, 3, generator=torch.Generator().manual_seed(0)))
    code = torch.tensor([16, 4, 1])
    order = {int(key): place for place, key in enumerate((known * code).sum(1))}
    found = np.bincount([order[int(key)] for key in (drawn * code).sum(1)], minlength=len(known))
    chances = net.nll(known).neg().exp().numpy()
    assert chisquare(found, 20_000 * chances / chances.sum()).pvalue > 1e-3


def test_a_line_depends_on_its_own_chances_alone():
    net, chance = maker(places=6), torch.rand(30, 6, generator=torch.Generator().manual_seed(1))
    whole = net.sample(chance)
    assert (net.sample(chance[7:9]) == whole[7:9]).all()


def test_a_prefix_begins_every_line_and_the_unknown_symbol_is_never_drawn():
    net = maker(places=6, unknown=2)
    drawn = net.sample(torch.rand(200, 6), prefix=torch.tensor([1, 0]), never=2)
    assert (drawn[:, :2] == torch.tensor([1, 0])).all() and not (drawn[:, 2:] == 2).any()


def test_a_low_temperature_draws_the_likeliest_line():
    net = maker(places=3)
    known = every_line(net.lines)
    drawn = net.sample(torch.rand(20, 3), temperature=1e-4)
    assert (drawn == drawn[0]).all() and len(known) == 40


def test_the_loss_is_the_weighted_surprise():
    net = maker()
    lines = torch.tensor([[0, 1, 3, 3], [2, 2, 1, 0]])
    weights = net.lines.counted(lines).float()
    assert net.loss(lines, weights).item() == pytest.approx(net.nll(lines).sum().item(), rel=1e-5)


def test_classes_change_what_is_drawn():
    net = maker(classes=2)
    with torch.no_grad():
        net.kinds.weight[1] += 3
    lines = torch.tensor([[0, 1, 3, 3]])
    one, other = (net.nll(lines, torch.tensor([kind])) for kind in (0, 1))
    assert one.item() != pytest.approx(other.item(), rel=1e-3)


def test_only_places_up_to_the_end_are_counted():
    lines = Lines(symbols=3, places=4)
    counted = lines.counted(torch.tensor([[0, 3, 3, 3], [0, 1, 2, 0], [3, 3, 3, 3]]))
    assert counted.sum(1).tolist() == [2, 4, 1]
