"""Differential privacy: the account, the noise, and steps that are paid for once."""

from __future__ import annotations

import builtins
import math
import warnings

import numpy as np
import pytest
import torch
from opacus.accountants.utils import get_noise_multiplier

from contrafact.base.errors import UsageError
from contrafact.engine.private import ByCoin, Spent, epsilon_of, noise_for, noised, noisy_counts, normal, uniform
from contrafact.engine.private_fit import counted


def test_one_gaussian_mechanism_costs_no_less_than_the_exact_law_says():
    from scipy.stats import norm

    noise, delta = 4.0, 1e-6
    epsilon = epsilon_of([Spent(noise=noise)], delta)

    def exact(e: float) -> float:  # Balle and Wang 2018, theorem 8, sensitivity 1
        return norm.cdf(1 / (2 * noise) - e * noise) - math.exp(e) * norm.cdf(-1 / (2 * noise) - e * noise)

    assert exact(epsilon) <= delta < exact(0.8 * epsilon)


def test_a_mechanism_used_four_times_costs_what_half_the_noise_costs():
    assert epsilon_of([Spent(noise=8.0, times=4)], 1e-5) == pytest.approx(epsilon_of([Spent(noise=4.0)], 1e-5))
    both = epsilon_of([Spent(noise=6.0), Spent(noise=3.0, times=50, rate=0.02)], 1e-5)
    assert both > max(epsilon_of([Spent(noise=6.0)], 1e-5), epsilon_of([Spent(noise=3.0, times=50, rate=0.02)], 1e-5))


def test_the_noise_is_the_least_that_keeps_epsilon_and_agrees_with_the_library():
    asked = {"times": 200, "rate": 0.05}
    noise = noise_for(2.0, 1e-5, **asked)
    assert 1.99 <= epsilon_of([Spent(noise=noise, **asked)], 1e-5) <= 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = get_noise_multiplier(
            target_epsilon=2.0, target_delta=1e-5, sample_rate=0.05, steps=200, accountant="rdp", epsilon_tolerance=1e-3
        )
    assert noise == pytest.approx(theirs, rel=0.01)


def test_what_was_spent_before_leaves_less_and_in_the_end_nothing():
    alone = noise_for(2.0, 1e-5, times=100, rate=0.1)
    assert noise_for(2.0, 1e-5, times=100, rate=0.1, before=[Spent(noise=5.0)]) > alone
    with pytest.raises(UsageError) as caught:
        noise_for(1.0, 1e-5, before=[Spent(noise=1.0)])
    assert caught.value.code == "E134"


def test_noise_is_normal_and_never_the_same_and_no_seed_fixes_it():
    torch.manual_seed(0)
    np.random.seed(0)
    one = normal(200_001)
    torch.manual_seed(0)
    np.random.seed(0)
    assert not np.isin(one, normal(200_001)).any()
    assert abs(one.mean()) < 0.012 and abs(one.std() - 1) < 0.01 and abs((one**4).mean() - 3) < 0.15
    drawn = uniform(400, 500)
    assert drawn.min() > 0 and drawn.max() < 1 and abs(drawn.mean() - 0.5) < 0.004
    counts = noisy_counts(np.full(50_000, 7), 3.0)
    assert (counts == np.rint(counts)).all() and abs(counts.mean() - 7) < 0.07 and abs(counts.std() - 3.01) < 0.05


def test_noise_on_tensors_has_its_deviation_and_leaves_dtypes_and_the_input_alone():
    sums = [torch.zeros(200, 300), torch.full((1000,), 5.0)]
    made = noised(sums, 2.0)
    assert [part.shape for part in made] == [part.shape for part in sums] and made[0].dtype == torch.float32
    assert float(made[0].std()) == pytest.approx(2.0, rel=0.02) and float(made[1].mean()) == pytest.approx(5.0, abs=0.3)
    assert not sums[0].any()


def test_every_row_comes_by_a_coin_of_its_own_so_that_batches_differ_in_size():
    batches = ByCoin({"tokens": torch.arange(1000)[:, None]}, 0.1)
    sizes, seen = [], np.zeros(1000)
    for number in range(400):
        rows = batches(0 if number % 2 else number)["tokens"][:, 0].numpy()
        assert len(np.unique(rows)) == len(rows)
        sizes.append(len(rows))
        seen[rows] += 1
    assert np.mean(sizes) == pytest.approx(100, abs=2) and np.std(sizes) == pytest.approx(math.sqrt(90), rel=0.15)
    assert seen.min() > 10 and seen.max() < 75  # 40 ± 6
    assert len(ByCoin(torch.arange(3), 1e-9)(0)) == 0


@pytest.mark.parametrize("number", [0, 2, 5])
def test_a_step_made_twice_or_left_out_is_refused(number):
    assert counted(1, 1) == 2
    with pytest.raises(UsageError, match="paid for once") as caught:
        counted(number, 1)
    assert caught.value.code == "E135"


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("opacus"):
            raise ModuleNotFoundError("No module named 'opacus'", name="opacus")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"contrafact\[privacy\]") as caught:
        epsilon_of([Spent(noise=1.0)], 1e-5)
    assert caught.value.code == "E111"
