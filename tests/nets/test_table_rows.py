"""Blocks of a row against the same done block by block."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from contrafact.engine.play import Step
from contrafact.nets.by_sampling import Law, Levels, Sampling
from contrafact.nets.mlp import Perceptron
from contrafact.nets.table_rows import Layout, RowCritic, RowGenerator

SIZES = (3, 1, 4)
SHARES = np.array([0.2, 0.3, 0.5, 1.0, 0.1, 0.2, 0.3, 0.4])
KNOWN = SimpleNamespace(sizes=SIZES, scalars=2, gates=np.array([1, -1, -1, -1, -1, -1, -1, -1]), shares=SHARES)
LAYOUT = Layout(KNOWN)


def normal(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=shape)).float()


def step() -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(0))


def test_softmax_and_largest_level_are_those_of_each_block():
    logits = 5 * normal(50, 8)
    parts = logits.split(SIZES, dim=1)
    torch.testing.assert_close(LAYOUT.softmax(logits), torch.cat([p.softmax(1) for p in parts], 1))
    torch.testing.assert_close(LAYOUT.log_softmax(logits), torch.cat([p.log_softmax(1) for p in parts], 1))
    assert torch.equal(LAYOUT.best(logits), torch.stack([p.argmax(1) for p in parts], 1))
    assert LAYOUT.best(torch.zeros(1, 8)).tolist() == [[0, 0, 0]]


def test_gumbel_noise_draws_levels_by_their_chances_and_is_never_nan():
    logits = torch.tensor([0.2, 0.3, 0.5, 1.0, 0.1, 0.2, 0.3, 0.4]).log().expand(20_000, -1)
    drawn = LAYOUT.best(LAYOUT.gumbel_softmax(logits, step(), 0.2))
    np.testing.assert_allclose(np.bincount(drawn[:, 0]) / 20_000, SHARES[:3], atol=0.015)
    np.testing.assert_allclose(np.bincount(drawn[:, 2]) / 20_000, SHARES[4:], atol=0.015)
    ends = SimpleNamespace(uniform=lambda *shape: torch.tensor([0.0, 1.0]).repeat(shape[0], shape[1] // 2))
    wild = torch.tensor([1e9, -1e9] * 4).expand(3, -1).clone().requires_grad_(True)
    found = LAYOUT.gumbel_softmax(wild, ends, 0.2)
    found.square().sum().backward()
    assert found.isfinite().all() and wild.grad.isfinite().all()


def test_rows_are_put_together_and_taken_apart():
    levels, scalars = torch.tensor([[2, 0, 1], [0, 0, -1]]), torch.tensor([[0.5, 1.5], [2.5, 3.5]])
    rows = LAYOUT.rows(levels, scalars)
    assert rows.tolist() == [[0.5, 1.5, 0, 0, 1, 1, 0, 1, 0, 0], [2.5, 3.5, 1, 0, 0, 1, 0, 0, 0, 0]]
    back = LAYOUT.decode(rows)
    assert back["levels"].tolist() == [[2, 0, 1], [0, 0, 0]] and back["scalars"].tolist() == scalars.tolist()


def test_a_generator_gives_whole_levels_whose_gradient_is_that_of_the_chances():
    maker = RowGenerator(Perceptron(4, LAYOUT.width, width=8, depth=1, act="silu"), LAYOUT)
    noise = normal(30, 4)
    rows = maker(noise)
    assert set(rows[:, 2:].unique().tolist()) <= {0.0, 1.0} and (LAYOUT.sums(rows[:, 2:]) == 1).all()
    assert (rows[rows[:, 2] == 0, 1] == 0).all()  # the second scalar is there only under the first level
    weights, wanted = list(maker.parameters()), normal(30, 8)
    soft = LAYOUT.softmax(maker.inner(noise)[:, 2:])
    for one, other in zip(
        torch.autograd.grad((rows[:, 2:] * wanted).sum(), weights, retain_graph=True),
        torch.autograd.grad((soft * wanted).sum(), weights),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("activation", ["silu", "maxout"])
def test_a_critics_slope_over_a_block_is_the_spread_of_what_replacing_a_cell_changes(activation):
    inner = Perceptron(LAYOUT.width, 1, width=8, depth=2, act=activation)
    rows = LAYOUT.rows(torch.tensor([[2, 0, 1]] * 5), normal(5, 2))
    logits, slope = RowCritic(inner, LAYOUT).with_slope(rows)
    torch.testing.assert_close(logits, inner(rows))
    free = rows.clone().requires_grad_(True)
    plain = torch.autograd.grad(inner(free).sum(), free)[0].numpy()
    expected = (plain[:, :2] ** 2).sum(1)
    for start, size in ((2, 3), (5, 1), (6, 4)):
        p, g = SHARES[start - 2 : start - 2 + size], plain[:, start : start + size]
        expected += (p * (g - (p * g).sum(1, keepdims=True)) ** 2).sum(1)
    np.testing.assert_allclose((slope**2).sum(1).detach().numpy(), expected, rtol=1e-4)


def discrete(counts: list[int], block: int, base: int = 0) -> SimpleNamespace:
    """Give a column of levels as a codec describes it."""
    from contrafact.codecs.rows import Part

    return Part(column=block, levels=np.arange(len(counts)), counts=np.array(counts), block=block, base=base)


def columns() -> Levels:
    parts = [discrete([6, 3, 1], 0), discrete([1] * 5, 1, base=3), discrete([5, 5], 3)]
    return Levels(SimpleNamespace(parts=parts, sizes=(3, 2, 3, 2)))


def test_every_level_of_every_column_has_its_own_place_in_conditions():
    levels = columns()
    assert levels.width == 10 and levels.where.tolist() == list(range(10))
    assert levels.table().tolist() == [
        *([0, -1], [1, -1], [2, -1]),
        *([3, 5], [3, 6], [3, 7], [4, 5], [4, 6]),
        *([8, -1], [9, -1]),
    ]
    condition = levels.condition(torch.tensor([[4, 6], [9, -1]]))
    assert [row.nonzero().flatten().tolist() for row in condition] == [[4, 6], [9]]


def test_real_rows_meet_their_conditions_and_rare_levels_are_shown_by_the_logarithm_of_their_rows():
    random, levels = np.random.default_rng(0), columns()
    own = np.stack([random.choice(3, 900, p=[0.9, 0.09, 0.01]), random.integers(0, 5, 900), random.integers(0, 2, 900)])
    blocks = np.stack([own[0], own[1] // 3, own[1] % 3, own[2]], axis=1).astype(np.int16)
    items = {"levels": torch.from_numpy(blocks), "scalars": torch.zeros(900, 1)}
    sampling = Sampling(items, 6000, 1, levels)
    batch = sampling(7)
    picked = levels.condition(batch["condition"])
    ones = torch.cat(
        [torch.nn.functional.one_hot(batch["levels"][:, i].long(), s) for i, s in enumerate((3, 2, 3, 2))], 1
    )
    assert ((picked == 0) | (ones == 1)).all() and (picked.sum(1) >= 1).all()
    first = picked[:, :3].sum(0).numpy()
    logs = np.log1p(np.bincount(own[0], minlength=3))
    np.testing.assert_allclose(first / 6000, logs / logs.sum() / 3, atol=0.02)
    assert torch.equal(sampling(7)["condition"], Sampling(items, 6000, 1, levels)(7)["condition"])
    assert not torch.equal(sampling(8)["condition"], batch["condition"])


def test_conditions_are_drawn_from_the_true_shares_when_rows_are_sampled():
    levels, uniform = columns(), np.random.default_rng(0).random((9000, 2))
    bits = Law(levels, [part.counts for part in levels.parts]).drawn(uniform)
    np.testing.assert_allclose(
        np.bincount(bits[:, 0], minlength=10)[:3] / 9000, np.array([0.6, 0.3, 0.1]) / 3, atol=0.02
    )
    only = Law(levels, [part.counts for part in levels.parts], 2).drawn(uniform)
    assert set(only[:, 0].tolist()) == {8, 9}
