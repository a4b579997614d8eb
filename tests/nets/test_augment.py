"""What the critic sees is changed by chance, differentiably, and the chance follows what the critic knows by heart."""

from __future__ import annotations

import typing

import numpy as np
import pytest
import torch

from contrafact.base.demos import demo
from contrafact.base.errors import UsageError
from contrafact.engine.duel import Scene, judge_of
from contrafact.engine.penalties import squared_slope
from contrafact.engine.play import Step
from contrafact.nets.augment import AUTO, CHANGES, FEW, MOST, STRENGTHS, STRIDE, Augment, Kind, augmentation
from contrafact.nets.pictures import PictureCritic
from contrafact.zoo import R3GAN

KINDS = list(STRENGTHS)
EVERY = torch.ones(4, dtype=torch.bool)


def step(seed: int = 0) -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))


def pictures(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def changed(kind: Kind, rows: torch.Tensor, amounts: list[float], strength: float) -> torch.Tensor:
    """Make one change by known amounts."""
    drawn = torch.tensor([amounts + [0.5] * (4 - len(amounts))]).expand(len(rows), 4)
    return CHANGES[kind](rows, torch.ones(len(rows), dtype=torch.bool), drawn, strength)


def test_every_kind_that_can_be_named_can_be_made():
    assert set(typing.get_args(Kind)) == set(CHANGES) == set(STRENGTHS) >= set(AUTO)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 6), (4, 1, 5)])
def test_those_not_chosen_are_left_as_they_are_to_the_last_bit(kind, shape):
    rows = pictures(6, *shape)
    chosen = torch.tensor([True, False, True, False, False, True])
    made = CHANGES[kind](rows, chosen, torch.rand(6, 4, generator=torch.Generator().manual_seed(2)), STRENGTHS[kind])
    assert made.shape == rows.shape and torch.isfinite(made).all()
    assert torch.equal(made[~chosen], rows[~chosen])


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_and_the_gradient_of_its_penalty_are_exact(kind):
    rows = pictures(1, 3, 3, 4).double().requires_grad_()
    amounts = torch.rand(1, 4, generator=torch.Generator().manual_seed(3)).double()

    def made(x: torch.Tensor) -> torch.Tensor:
        return CHANGES[kind](x, EVERY[:1], amounts, STRENGTHS[kind]).square()

    assert torch.autograd.gradcheck(made, (rows,))
    assert torch.autograd.gradgradcheck(made, (rows,))


def test_the_penalty_is_the_slope_over_the_unchanged_pictures():
    critic, augment = PictureCritic(0, (1, 8, 8), 4).double(), Augment(AUTO, chance=1)
    rows = pictures(3, 1, 8, 8).double()
    _, squares = squared_slope(judge_of(critic, Scene(real=rows), augment, step(5)), rows)
    tiny, found = 1e-6, torch.zeros(3, dtype=torch.float64)
    for place in range(64):
        shifted = rows.clone()
        shifted.flatten(1)[:, place] += tiny
        up = judge_of(critic, Scene(real=rows), augment, step(5))(shifted)
        down = judge_of(critic, Scene(real=rows), augment, step(5))(2 * rows - shifted)
        found += ((up - down) / (2 * tiny)).squeeze(1) ** 2
    assert torch.allclose(squares, found, rtol=1e-4)
    kernels = list(critic.layers.parameters())[::2]
    assert all(grad.abs().sum() > 0 for grad in torch.autograd.grad(squares.sum(), kernels))


def test_a_shift_moves_whole_pixels_and_mirrors_what_comes_in():
    rows = torch.arange(64.0).reshape(1, 1, 8, 8)
    down_two = changed("translation", rows, [0.0, 0.5], 0.25)
    assert torch.equal(down_two[0, 0, 2:], rows[0, 0, :6])
    assert torch.equal(down_two[0, 0, :2], rows[0, 0, [2, 1]])
    assert torch.equal(changed("translation", rows, [0.5, 0.999], 0.25)[0, 0, :, :6], rows[0, 0, :, 2:])


def test_a_tilt_agrees_with_the_resampling_of_torch():
    rows = pictures(1, 2, 7, 7)
    made = changed("tilt", rows, [0.9, 0.2, 0.4, 0.7], 0.1)
    down, lean, right, slant = (0.1 * (2 * a - 1) for a in (0.9, 0.2, 0.4, 0.7))
    grid = torch.nn.functional.affine_grid(
        torch.tensor([[[1 + right, slant, 0.0], [lean, 1 + down, 0.0]]]), [1, 2, 7, 7], align_corners=True
    )
    wanted = torch.nn.functional.grid_sample(rows, grid, padding_mode="reflection", align_corners=True)
    assert torch.allclose(made, wanted, atol=1e-5)


def test_colours_change_as_written_down():
    rows = pictures(1, 3, 4, 4)
    made = changed("colour", rows, [1.0, 0.0, 1.0], 0.5)
    brighter = rows + 0.5
    greyer = brighter.mean(1, keepdim=True) + (brighter - brighter.mean(1, keepdim=True)) * 0.5
    mean = greyer.mean((1, 2, 3), keepdim=True)
    wanted = mean + (greyer - mean) * 1.5
    assert torch.allclose(made.mean((1, 2, 3)), wanted.mean((1, 2, 3)), atol=1e-6)
    assert torch.allclose(made.mean(1), wanted.mean(1), atol=1e-6)


def test_a_hidden_rectangle_is_grey_and_of_half_the_sides():
    made = changed("cutout", torch.ones(1, 1, 8, 8), [0.5, 0.5], 0.5)[0, 0]
    assert set(made.unique().tolist()) == {0.0, 1.0}
    assert (made == 0).sum() == 9 and (made[3:6, 3:6] == 0).all()


def test_mirrors_and_turns_leave_some_of_the_chosen_upright():
    rows = pictures(4000, 1, 3, 3)
    for kind, upright in (("mirror", 1 / 2), ("turns", 1 / 4)):
        amounts = torch.rand(4000, 4, generator=torch.Generator().manual_seed(4))
        made = CHANGES[kind](rows, torch.ones(4000, dtype=torch.bool), amounts, 1.0)
        assert abs((made == rows).flatten(1).all(1).float().mean() - upright) < 0.03
    assert "mirror" not in AUTO and "turns" not in AUTO
    long = pictures(50, 1, 2, 5)
    assert changed("turns", long, [0.99], 1.0).shape == long.shape


def test_each_kind_changes_its_own_share_of_pictures():
    rows = pictures(4000, 1, 8, 8)
    same = (Augment({"mirror": 1.0}, chance=0.6)(rows, step()) == rows).flatten(1).all(1)
    assert abs(same.float().mean() - (1 - 0.6 / 2)) < 0.03
    same = (Augment({"colour": 0.5}, chance=0.6)(rows, step()) == rows).flatten(1).all(1)
    assert abs(same.float().mean() - 0.4) < 0.03


def test_all_draws_come_from_the_step():
    rows, augment = pictures(8, 1, 8, 8), Augment(STRENGTHS, chance=0.5)
    before = torch.get_rng_state()
    assert torch.equal(augment(rows, step(1)), augment(rows, step(1)))
    assert not torch.equal(augment(rows, step(1)), augment(rows, step(2)))
    assert torch.equal(before, torch.get_rng_state())


def test_the_chance_follows_the_gap_in_small_strides_and_stays_where_it_does_not_leak():
    augment = Augment(AUTO, target=0.3)
    rows = pictures(4, 1, 8, 8)
    assert augment(rows, step()) is rows
    assert augment.heed({}) == {"augmented": 0.0}
    for _ in range(3):
        told = augment.heed({"critic_gap": 0.7})
    assert told == {"augmented": pytest.approx(3 * STRIDE)}
    assert augment.heed({"critic_gap": 0.1}) == {"augmented": pytest.approx(2 * STRIDE)}
    for _ in range(40):
        told = augment.heed({"critic_gap": 1.0})
    assert told == {"augmented": MOST} and MOST <= 0.8
    other = Augment(AUTO, target=0.3)
    other.load_state_dict(augment.state_dict())
    assert other.heed({"critic_gap": 0.0}) == augment.heed({"critic_gap": 0.0})


def test_the_chance_stays_where_the_gap_of_few_held_out_pictures_is_chance():
    for gap in (-0.4, 1.0):
        augment = Augment(AUTO, chance=0.5, target=0.3)
        assert augment.heed({"critic_gap": gap, "critic_gap_error": 0.26}) == {"augmented": 0.5}
        assert augment.heed({"critic_gap": gap, "critic_gap_error": 0.14}) != {"augmented": 0.5}


@pytest.mark.parametrize(
    ("policy", "count", "kinds", "chance", "adaptive"),
    [
        (None, FEW, None, 0, False),
        ("off", 10, None, 0, False),
        (None, FEW // 2, AUTO, MOST / 2, True),
        ("auto", 10**6, AUTO, 0, True),
        (("auto", "turns"), FEW // 2, [*AUTO, "turns"], MOST / 2, True),
        ("mirror", 100, ["mirror"], 0.6, False),
        (("cutout", "colour"), 100, ["cutout", "colour"], 0.6, False),
    ],
)
def test_a_setting_says_what_is_changed(policy, count, kinds, chance, adaptive):
    made = augmentation(policy, count)
    if kinds is None:
        assert made is None
        return
    assert list(made.kinds) == list(kinds)
    assert float(made.chance) == pytest.approx(chance)
    assert (made.target is not None) == adaptive


def test_settings_are_read_as_they_are_written():
    assert R3GAN(augment="colour,translation,cutout").augment == ("colour", "translation", "cutout")
    assert R3GAN(augment="off").augment == "off"
    assert R3GAN(augment="none").augment is None
    with pytest.raises(UsageError, match="augment"):
        R3GAN(augment="translation,nonsense")


def test_a_training_that_stops_and_goes_on_keeps_its_chance_and_its_bits(tmp_path):
    data = demo("digits").take(np.arange(60))
    recipe = R3GAN(steps=30, width=8, batch=16, latent_size=8, rate=2e-2, r1=0, r2=0, warm_up=0, augment="auto")
    whole = recipe.training(data, seed=1)
    model = whole.finish()
    chances = [row["augmented"] for row in whole.log]
    assert len(chances) == 30 and 0 < max(chances) <= MOST
    cut = recipe.training(data, seed=1, run_dir=tmp_path / "cut")
    for progress in cut:
        if progress.step >= 17:
            break
    del cut
    again = recipe.training(data, seed=1, run_dir=tmp_path / "cut")
    resumed = again.finish()
    assert [row["augmented"] for row in again.log] == chances
    assert resumed.files(with_critic=True) == model.files(with_critic=True)
