from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.nets.series_game import hidden_cells
from contrafact.nets.series_net import PARTS, Cells, Law, SeriesNet, guided_back, guided_between

ROWS, STEPS = 3, 9


def net(depth: int = 2) -> SeriesNet:
    torch.manual_seed(0)
    made = SeriesNet(
        sizes=[2, 0, 3],
        smooth=[True, True, False],
        changes=[0.5, 0.1, 1.0],
        blurs=[0.0, 0.0, 0.0],
        traits=[2],
        phases=2,
        window=STEPS,
        width=16,
        depth=depth,
    )
    for weight in made.parameters():  # blocks begin as the identity, which would hide mistakes
        torch.nn.init.normal_(weight, std=0.2)
    return made


def cells(known: torch.Tensor | None = None, seed: int = 0, *, back: bool = True) -> Cells:
    source = torch.Generator().manual_seed(seed)
    values = torch.randn(ROWS, STEPS, 3, generator=source)
    points = torch.where(torch.rand(ROWS, STEPS, 3, generator=source) < 0.3, 1, -1).short()
    points[..., 1] = -1
    points[..., 2] = torch.randint(3, (ROWS, STEPS), generator=source).short()
    there = torch.ones(values.shape, dtype=torch.bool) if known is None else known
    guide, reach = (guided_back if back else guided_between)(values, there)
    phases = torch.randn(ROWS, STEPS, 2, generator=source)
    return Cells(values=values, points=points, known=there, guide=guide, reach=reach, phases=phases)


HEAD = (torch.zeros(ROWS, 1), torch.tensor([[0], [1], [-2]], dtype=torch.int16))


def changed(one: Cells, step: int) -> Cells:
    """Put other numbers in one step."""
    values = one.values.clone()
    values[:, step] += 1
    guide, reach = guided_back(values, one.known)
    return Cells(**{**vars(one), "values": values, "guide": guide, "reach": reach})


@torch.no_grad()
def test_looking_back_no_state_sees_its_own_step_or_a_later_one():
    made, one = net(), cells()
    other = changed(one, 5)
    states = [made.states(made.entered(c, *HEAD), back=True) for c in (one, other)]
    assert torch.allclose(states[0][:, :6], states[1][:, :6], atol=1e-6)
    assert not torch.allclose(states[0][:, 6:], states[1][:, 6:], atol=1e-3)


@torch.no_grad()
def test_looking_both_ways_every_state_sees_every_known_step_and_no_unknown_one():
    made = net()
    known = torch.ones(ROWS, STEPS, 3, dtype=torch.bool)
    known[:, 4] = False
    one = cells(known, back=False)

    def states(step: int) -> torch.Tensor:
        values = one.values.clone()
        values[:, step] += 1
        guide, reach = guided_between(values, known)
        moved = Cells(**{**vars(one), "values": values, "guide": guide, "reach": reach})
        return made.states(made.entered(moved, *HEAD), back=False)

    usual = made.states(made.entered(one, *HEAD), back=False)
    assert torch.allclose(states(4), usual, atol=1e-6)
    assert all(not torch.allclose(states(step), usual, atol=1e-3) for step in (0, 8))


@torch.no_grad()
def test_drawing_step_by_step_remembers_what_one_pass_sees():
    made, one = net(), cells()
    whole = made.states(made.entered(one, *HEAD), back=True)
    tokens = made.entered(one, *HEAD)[:, :-1]
    memory = made.memory(ROWS)
    found = [made.follow(tokens[:, :4], memory, 0)]
    for step in range(4, STEPS):
        found.append(made.follow(tokens[:, step : step + 1], memory, step))
        if step < STEPS - 1:
            again = made.step_token(one.at(step), step + 1)
            assert torch.allclose(again[:, 0], tokens[:, step + 1], atol=1e-5)
    assert torch.allclose(torch.stack(found, dim=1), whole[:, 3:], atol=1e-4)


@torch.no_grad()
def test_a_law_adds_up_to_one_and_gives_words_no_numbers():
    made, one = net(), cells()
    law = made.law(made.states(made.entered(one, *HEAD), back=True), one.but(torch.zeros_like(one.known)))
    grid = torch.linspace(-60, 60, 24_001)
    density = torch.stack(
        [
            torch.exp(-law.of(0).surprise(grid[i].expand(ROWS, STEPS), torch.full((ROWS, STEPS), -1)))
            for i in range(len(grid))
        ]
    )
    points = law.logs[..., 0, : law.points].exp().sum(-1)
    assert torch.allclose(torch.trapezoid(density, grid, dim=0) + points, torch.ones(ROWS, STEPS), atol=1e-3)
    assert float(law.logs[..., 2, 3:].exp().max()) < 1e-6 and float(law.logs[..., 1, :3].exp().max()) < 1e-6


def test_drawn_cells_have_the_law_they_are_drawn_from():
    logs = torch.tensor([0.3, 0.0, 0.5, 0.2]).clamp_min(1e-9).log().expand(40_000, 4)
    law = Law(
        logs=logs,
        middles=torch.tensor([-1.0, 2.0]).expand(40_000, 2),
        widths=torch.tensor([0.1, 0.5]).expand(40_000, 2),
        points=2,
    )
    source = torch.Generator().manual_seed(0)
    numbers, points = law.draw(torch.rand(40_000, generator=source), torch.randn(40_000, generator=source))
    assert float((points == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    free = points == -1
    assert float(numbers[free].mean()) == pytest.approx((0.5 * -1 + 0.2 * 2) / 0.7, abs=0.03)
    assert float(law.mean(torch.tensor([[7.0, 0.0]]))[0]) == pytest.approx(0.3 * 7 + 0.5 * -1 + 0.2 * 2, abs=1e-4)


def test_guides_are_the_last_known_number_and_the_line_between_neighbours():
    values = torch.tensor([[5.0, 0, 0, 2, 0]])[..., None]
    known = torch.tensor([[True, False, False, True, False]])[..., None]
    back, reach = guided_back(values, known)
    assert back[0, :, 0].tolist() == [0, 5, 5, 5, 2] and reach[0, 1:, 0].tolist() == [1, 2, 3, 1]
    line, near = guided_between(values, known)
    np.testing.assert_allclose(line[0, :, 0], [5, 4, 3, 2, 2], atol=1e-6)
    assert near[0, :, 0].tolist() == [0, 1, 1, 0, 1]


def test_hidden_cells_are_spans_of_all_or_some_variables_and_single_ones():
    source = torch.Generator().manual_seed(0)
    hidden = hidden_cells(lambda *shape: torch.rand(shape, generator=source), 4000, 20, 3)
    whole = (hidden.all(2) == hidden.any(2)).all(1)
    assert 0.45 < float(whole.float().mean()) < 0.75
    assert 0.1 < float(hidden.float().mean()) < 0.5 and float(hidden.any(2).any(1).float().mean()) > 0.9
    assert PARTS > 1
