"""The same training on a GPU, where there is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.demos import ring
from contrafact.zoo import GAN, R3GAN

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU that torch can use")


@pytest.mark.parametrize("recipe", [R3GAN(steps=60, width=32, batch=64), GAN(steps=60, width=32, batch=64, r1=0.1)])
def test_training_on_a_gpu_repeats_itself_and_resumes(recipe, tmp_path):
    rows = ring(400)
    whole = recipe.fit(rows, seed=1, device="cuda").sample(50, seed=0).items
    training = recipe.training(rows, seed=1, device="cuda", run_dir=tmp_path / "r")
    for progress in training:
        if progress.step >= 30:
            break
    del training
    parts = recipe.fit(rows, seed=1, device="cuda", run_dir=tmp_path / "r").sample(50, seed=0).items
    assert np.isfinite(whole).all()
    assert np.abs(whole - parts).max() < 1e-5
