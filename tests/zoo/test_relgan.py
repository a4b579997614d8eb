import pytest
import torch

from contrafact.base.demos import changes
from contrafact.zoo.relgan import RelGAN, softened


def test_softened_draws_have_the_law_of_gumbel_softmax():
    stream = torch.Generator().manual_seed(0)
    logits = torch.tensor([[1.0, 0.0, -1.0, 0.5]]).repeat(30_000, 1)
    drawn = torch.multinomial(logits[0].softmax(0), 30_000, replacement=True, generator=stream)
    ours = softened(logits, drawn, torch.rand(logits.shape, generator=stream), 1.0)
    noise = -(-torch.rand(logits.shape, generator=stream).log()).log()
    plain = (logits + noise).softmax(1)
    assert (ours.argmax(1) == drawn).all()
    torch.testing.assert_close(ours.mean(0), plain.mean(0), atol=0.01, rtol=0)
    torch.testing.assert_close(ours.T.cov(), plain.T.cov(), atol=0.005, rtol=0)


def test_a_large_inverse_temperature_gives_the_drawn_symbol():
    logits = torch.randn(50, 6, generator=torch.Generator().manual_seed(1))
    drawn = torch.arange(50) % 6
    soft = softened(logits, drawn, torch.rand(50, 6, generator=torch.Generator().manual_seed(2)), 1e4)
    torch.testing.assert_close(soft.gather(1, drawn[:, None]).mean(), torch.tensor(1.0), atol=0.05, rtol=0)


@pytest.mark.parametrize("memory", ["relational", "lstm"])
def test_the_critics_gradient_reaches_the_generator_and_the_schedule_ends_at_beta(memory):
    training = RelGAN.toy().but(steps=8, start=0.5, memory=memory, beta=50.0).training(changes(60), seed=0)
    rows = [progress.row for progress in training]
    assert rows[4]["generator/beta"] == 1 and rows[-1]["generator/beta"] == pytest.approx(50 ** (3 / 4), rel=1e-4)
    assert all(row["generator/gradient"] > 0 for row in rows[4:])
