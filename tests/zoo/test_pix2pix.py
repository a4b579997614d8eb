"""pix2pix and the plain U-Net: they learn, and each minimises what its paper says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.nn.functional import binary_cross_entropy_with_logits

from contrafact.base.data import Data, Pairs
from contrafact.codecs.pairs import PairCodec
from contrafact.engine.items import Batches, each
from contrafact.engine.play import Step, own_randomness
from contrafact.metrics.overlap import counts, dice_of
from contrafact.zoo.pix2pix import Pix2Pix
from contrafact.zoo.unet import UNet


def discs(count: int, side: int = 40, seed: int = 0) -> Pairs:
    """Bright discs and equally bright squares on noise; only the discs are in the mask, so no threshold finds them."""
    draw, grid = np.random.default_rng(seed), np.indices((side, side))
    sources, masks = [], []
    for _ in range(count):
        y, x, v, u = draw.integers(8, side - 8, 4)
        disc = (grid[0] - y) ** 2 + (grid[1] - x) ** 2 <= 36
        line = (abs(grid[0] - v) <= 1) | (abs(grid[1] - u) <= 1)
        sources.append(np.clip(draw.normal(80, 20, (side, side)) + 100 * (disc | line), 0, 255))
        masks.append(np.where(disc, 255, 0))
    items = [np.asarray(side, dtype=np.uint8) for side in (sources, masks)]
    return Pairs(source=Data(kind="pictures", items=items[0]), target=Data(kind="pictures", items=items[1]))


@pytest.mark.parametrize("recipe", [UNet(steps=90, width=12, crop=32), Pix2Pix(steps=90, width=12, crop=32)])
def test_a_shape_is_found_that_no_threshold_finds(recipe):
    model = recipe.fit(discs(60), seed=0)
    new = discs(10, seed=1)
    truth = new.target.items > 0
    found = model.translate(new.source).items > 0
    best = max(dice_of(counts(truth, new.source.items > level, [1])) for level in range(0, 256, 5))
    assert dice_of(counts(truth, found, [1])) > best + 0.15


def test_a_picture_is_learned_from_a_picture():
    soft = gaussian_filter(discs(40).source.items, (0, 2, 2))
    negatives = 255 - soft
    pairs = Pairs(source=Data(kind="pictures", items=soft), target=Data(kind="pictures", items=negatives))
    made = UNet(steps=80, width=12, crop=32).fit(pairs).translate(soft).items
    plain = np.abs(negatives - np.median(negatives)).mean()
    assert np.abs(made.astype(int) - negatives).mean() < plain / 3
    assert made.dtype == np.uint8 and made.shape == negatives.shape


def game_and_batch(recipe):
    pairs = discs(6)
    codec = PairCodec.fit(pairs, crop=recipe.crop)
    with own_randomness(0, torch.device("cpu")):
        game = recipe.game(codec, torch.device("cpu"))
    batch = Batches(each(codec.encode(pairs), torch.from_numpy), 4, seed=0, keyed=True)(0)
    return game, codec, batch


def fresh_step(number: int = 1) -> Step:
    return Step(number=number, total=100, generator=torch.Generator().manual_seed(0))


def test_both_losses_are_those_of_the_paper():
    recipe = Pix2Pix.toy().but(fidelity=100, crop=16)
    game, _, batch = game_and_batch(recipe)
    told = game.critic_loss(batch, fresh_step())
    cut = game.cut(batch)
    raw = game.make(cut.source, fresh_step())
    fake = 2 * raw.softmax(1) - 1
    on_real, on_fake = (game.critic(torch.cat([cut.source, target], dim=1)) for target in (cut.shown, fake))
    ones, zeros = torch.ones_like(on_real), torch.zeros_like(on_fake)
    by_hand = binary_cross_entropy_with_logits(on_real, ones) + binary_cross_entropy_with_logits(on_fake, zeros)
    torch.testing.assert_close(told["loss"], by_hand)
    assert "r1" not in told and "r1" in game.critic_loss(batch, fresh_step(recipe.penalty_every))
    terms = game.generator_loss(batch, fresh_step())
    torch.testing.assert_close(terms["loss"], binary_cross_entropy_with_logits(on_fake, ones))
    torch.testing.assert_close(terms["infidelity"], 100 * torch.nn.functional.cross_entropy(raw, cut.target))


def test_the_critic_sees_the_picture_beside_the_target():
    game, codec, _ = game_and_batch(Pix2Pix.toy())
    assert game.critic.layers[0].in_channels == codec.inputs + codec.outputs == 3


def test_the_rate_rises_and_falls():
    game, _, _ = game_and_batch(UNet.toy().but(warm_up=0.1, rate=1e-2, rate_end=0.1))
    rates = []
    for number in range(100):
        game.prepare(Step(number=number, total=100, generator=torch.Generator()))
        rates.append(game.players["network"].param_groups[0]["lr"])
    assert rates[0] == pytest.approx(1e-3, rel=0.01) and max(rates) > 9e-3 and rates[-1] < 1.1e-3
    assert int(np.argmax(rates)) in range(8, 12)
