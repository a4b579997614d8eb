"""Gradients of single rows: clipped sums against a loop over rows, and how far one row can move a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.demos import patients
from contrafact.codecs.table import TableCodec
from contrafact.nets.private import along, clipped_sum, hiding, row_losses
from contrafact.nets.woven import network
from contrafact.zoo import Loom


@pytest.fixture(scope="module")
def scene():
    torch_state = torch.get_rng_state()
    torch.manual_seed(0)
    frame = patients(300)
    codec = TableCodec.fit(frame)
    net = network(Loom(width=16, depth=2), codec)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    with torch.no_grad():
        net.embed[-1] = 0
    tokens = torch.from_numpy(codec.encode(frame)["tokens"][:30].astype(np.int64))
    tokens[::5, 2] = -1  # unknown cells
    there = tokens >= 0
    hidden = (torch.rand(tokens.shape) < 0.5) & there
    hidden[0] = False  # a row of which nothing is asked
    torch.set_rng_state(torch_state)
    return net, tokens, there & ~hidden, hidden


def gradient(net, tokens, known, hidden):
    logits = net.all_logits(net.hidden(net.entered(tokens, known)))
    weights = list(net.parameters())
    found = torch.autograd.grad(row_losses(net, logits, tokens, hidden).sum(), weights, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(weights, found, strict=True)]


def length(parts) -> float:
    return float(torch.sqrt(sum((part.double() ** 2).sum() for part in parts)))


@pytest.mark.parametrize("clip", [0.5, 20.0, 1e9])
def test_the_clipped_sum_is_that_of_a_loop_over_rows(scene, clip, monkeypatch):
    net, *cells = scene
    expected = [torch.zeros_like(weight) for weight in net.parameters()]
    lengths = []
    for row in range(len(cells[0])):
        own = gradient(net, *(part[row : row + 1] for part in cells))
        lengths.append(length(own))
        for total, part in zip(expected, own, strict=True):
            total += part * min(1.0, clip / max(lengths[-1], 1e-9))
    assert min(lengths) == 0 and max(lengths) > 20 > np.median(lengths[1:]) / 5  # the middle clip cuts some, not all
    for at_once in (8_000_000, 7 * net.total):
        monkeypatch.setattr("contrafact.nets.private.MOST_LOGITS", at_once)
        for total, part in zip(expected, clipped_sum(net, *cells, clip), strict=True):
            torch.testing.assert_close(part, total, rtol=1e-4, atol=1e-4)


def test_one_row_more_moves_the_sum_by_the_clip_at_most(scene):
    net, *cells = scene
    whole = clipped_sum(net, *cells, 0.7)
    for row in range(1, 10):
        rest = clipped_sum(net, *(torch.cat([part[:row], part[row + 1 :]]) for part in cells), 0.7)
        assert length([a - b for a, b in zip(whole, rest, strict=True)]) <= 0.7 * (1 + 1e-4)


def test_no_rows_give_nothing(scene):
    net, *cells = scene
    assert length(clipped_sum(net, *(part[:0] for part in cells), 1.0)) == 0


def test_the_share_of_a_gradient_in_a_direction_is_their_product(scene):
    net, *cells = scene
    source = torch.Generator().manual_seed(1)
    direction = [torch.randn(weight.shape, generator=source) for weight in net.parameters()]
    found = along(net, direction, *cells)
    for row in range(6):
        own = gradient(net, *(part[row : row + 1] for part in cells))
        expected = sum(float((a * b).sum()) for a, b in zip(own, direction, strict=True))
        assert float(found[row]) == pytest.approx(expected, abs=1e-3)


def test_cells_are_hidden_by_chance_that_no_seed_fixes():
    tokens = torch.zeros(4000, 6, dtype=torch.long)
    tokens[:, 0] = -1
    torch.manual_seed(0)
    known, hidden = hiding(tokens, 0.2, 0.6)
    torch.manual_seed(0)
    again = hiding(tokens, 0.2, 0.6)[1]
    assert not hidden[:, 0].any() and not known[:, 0].any() and (known ^ hidden)[:, 1:].all()
    assert float(hidden[:, 1:].double().mean()) == pytest.approx(0.4, abs=0.02) and (hidden != again).any()
