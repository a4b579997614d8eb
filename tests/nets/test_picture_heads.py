from __future__ import annotations

import pytest
import torch

from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step
from contrafact.nets.picture_heads import Hearing, TwoHeadedCritic
from contrafact.nets.pictures import PictureGenerator


def step(number: int = 0) -> Step:
    return Step(number=number, total=10, generator=torch.Generator().manual_seed(0))


def pictures(n: int) -> torch.Tensor:
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("hidden", [0, 7])
def test_both_heads_answer_from_one_look(hidden):
    critic = TwoHeadedCritic((1, 8, 8), 4, answers=3, hidden=hidden)
    hearing = Hearing(critic, None, step())
    torch.testing.assert_close(hearing(pictures(5)), critic(pictures(5)))
    torch.testing.assert_close(hearing.answers(), critic.answers(pictures(5)))
    assert hearing.answers().shape == (5, 3)


def test_both_heads_see_the_augmented_picture():
    critic = TwoHeadedCritic((1, 8, 8), 4, answers=3)
    hearing = Hearing(critic, lambda seen, _: seen.flip(3), step())
    torch.testing.assert_close(hearing(pictures(5)), critic(pictures(5).flip(3)))
    torch.testing.assert_close(hearing.answers(), critic.answers(pictures(5).flip(3)))


def test_a_penalty_leaves_the_second_heads_gradient_as_it_is():
    critic = TwoHeadedCritic((1, 8, 8), 4, answers=3)
    penalty = r1_r2(lambda _: (1.0, 1.0), every=2)
    weight, grads = critic.layers[0].weight, []
    for number in (0, 1):  # with a penalty and without
        hearing = Hearing(critic, None, step(number))
        terms = penalty(hearing, pictures(4), -pictures(4), step(number))[2]
        assert bool(terms) == (number == 0)
        grads.append(torch.autograd.grad(hearing.answers().square().mean(), weight)[0])
    torch.testing.assert_close(grads[0], grads[1])


@pytest.mark.parametrize("width", [1, 4, 6])
def test_the_narrowest_generator_makes_pictures_of_any_size(width):
    for shape in ((1, 64, 64), (3, 28, 20)):
        made = PictureGenerator(5, 0, shape, width)(torch.zeros(2, 5))
        assert made.shape == (2, *shape) and made.isfinite().all()
