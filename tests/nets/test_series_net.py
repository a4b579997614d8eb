from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.nets.series_game import hidden_cells
from contrafact.nets.series_net import NEVER, Cells, Law, SeriesNet, since
from contrafact.nets.series_straight import Straight, solved, usual_order

ROWS, STEPS = 3, 9


def net(depth: int = 2) -> SeriesNet:
    torch.manual_seed(0)
    made = SeriesNet(
        sizes=[2, 0, 3],
        smooth=[True, True, False],
        order=2,
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
    phases = torch.randn(ROWS, STEPS, 2, generator=source)
    guide, reach = net().guided(values, there, phases, back=back)
    return Cells(values=values, points=points, known=there, guide=guide, reach=reach, phases=phases)


HEAD = (torch.zeros(ROWS, 1), torch.tensor([[0], [1], [-2]], dtype=torch.int16))


def changed(one: Cells, step: int) -> Cells:
    """Put other numbers in one step."""
    values = one.values.clone()
    values[:, step] += 1
    guide, reach = net().guided(values, one.known, one.phases, back=True)
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
        values[:, 4] = 99.0  # what is unknown may hold anything
        guide, reach = net().guided(values, known, one.phases, back=False)
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


def lagged(steps: int = 4000) -> np.ndarray:
    random = np.random.default_rng(0)
    x = np.zeros((steps, 3))
    for step in range(2, steps):
        x[step] = 0.5 * x[step - 1] + 0.3 * np.roll(x[step - 2], 1) + random.normal(size=3)
    return x


def test_guides_are_the_predictions_of_the_fitted_rules():
    x = lagged()
    made, straight = net(), Straight.fit([x], 2, [np.zeros((len(x), 2))])
    made.begin(straight)
    constant, lags, noise = solved([x], 2)
    values = torch.from_numpy(x[:STEPS][None]).float()
    known = torch.ones_like(values, dtype=torch.bool)
    told = made.guided(values, known, torch.zeros(1, STEPS, 2), back=True)[0][0].numpy()
    np.testing.assert_allclose(told[3], constant + lags[0] @ x[2] + lags[1] @ x[1], atol=1e-4)
    np.testing.assert_allclose(made.spread.numpy(), np.sqrt(np.diag(noise)), atol=1e-4)
    known[:, 4] = False
    holed = made.guided(values, known, torch.zeros(1, STEPS, 2), back=True)[0][0].numpy()
    np.testing.assert_allclose(holed[4], told[4], atol=1e-4)
    np.testing.assert_allclose(holed[5], constant + lags[0] @ told[4] + lags[1] @ x[3], atol=1e-4)


def test_guides_between_lean_on_the_nearer_side_and_keep_what_is_known():
    made = net()  # both rules repeat the last step
    made.begin(Straight.walk(3, 2, 2))
    values = torch.zeros(1, STEPS, 3)
    values[:, 0], values[:, 4] = 8.0, 4.0
    known = torch.zeros_like(values, dtype=torch.bool)
    known[:, [0, 4]] = True
    guide, reach = made.guided(values, known, torch.zeros(1, STEPS, 2), back=False)
    assert guide[0, :6, 0].tolist() == [8, 7, 6, 5, 4, pytest.approx(4, abs=0.05)]
    assert reach[0, :6, 0].tolist() == [0, 1, 2, 1, 0, 1]


def test_where_nothing_is_known_the_guide_is_the_cycle():
    angle = 2 * np.pi * np.arange(600) / 12
    phases = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    x = 1 + phases @ np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]])
    made = net()
    made.begin(Straight.fit([x], 2, [phases]))
    where = torch.from_numpy(phases[:STEPS][None]).float()
    guide, _ = made.guided(torch.zeros(1, STEPS, 3), torch.zeros(1, STEPS, 3, dtype=torch.bool), where, back=True)
    np.testing.assert_allclose(guide[0, 0].numpy(), x[0], atol=1e-3)


def test_steps_since_the_last_known_one_are_counted():
    known = torch.tensor([[False, True, False, False, True]])[..., None]
    assert since(known)[0, :, 0].tolist() == [NEVER, NEVER, 1, 2, 3]


def test_rules_look_one_step_further_than_a_period_where_they_can():
    assert usual_order(96, 24, 7, 10_000) == 25
    assert usual_order(24, 24, 7, 10_000) == 8
    assert usual_order(96, 24, 7, 100) == 1
    assert usual_order(2, 0, 3, 50) == 1


def test_hidden_cells_are_spans_of_all_or_some_variables_and_single_ones():
    source = torch.Generator().manual_seed(0)
    hidden = hidden_cells(lambda *shape: torch.rand(shape, generator=source), 4000, 20, 3)
    whole = (hidden.all(2) == hidden.any(2)).all(1)
    assert 0.45 < float(whole.float().mean()) < 0.75
    assert 0.1 < float(hidden.float().mean()) < 0.5 and float(hidden.any(2).any(1).float().mean()) > 0.9
