import numpy as np
import torch
from torch.nn.functional import softplus

from contrafact.nets.counting import Counts
from contrafact.nets.sequence_critics import LineCritic, ManyViewsCritic, PrefixCritic, Weighed
from contrafact.nets.sequences import Lines, LSTMCore

LINES = Lines(symbols=6, places=5, classes=2)


def prefix() -> PrefixCritic:
    torch.manual_seed(0)
    return PrefixCritic(LINES, LSTMCore(8, 8), embedding=8)


def test_a_critic_of_prefixes_knows_nothing_of_what_follows():
    net, lines, kinds = prefix(), torch.tensor([[0, 1, 2, 3, 4]]), torch.tensor([1])
    other = lines.clone()
    other[:, 3:] = 5
    torch.testing.assert_close(net(lines, kinds)[:, :3], net(other, kinds)[:, :3])
    assert not torch.allclose(net(lines, kinds)[:, 3], net(other, kinds)[:, 3])


def test_the_logits_of_all_symbols_hold_that_of_the_symbol_that_stands_there():
    known = np.random.default_rng(0).integers(0, 6, (50, 5))
    counts = Counts.of_lines(known, np.ones_like(known, dtype=bool), LINES.outputs, LINES.start)
    critic = Weighed(prefix(), counts, LINES)
    with torch.no_grad():
        critic.trust.fill_(0.7), critic.gains.copy_(torch.tensor([0.3, 0.9])), critic.offset.fill_(0.2)
    lines, kinds = torch.tensor([[0, 1, 2, 6, 6], [3, 3, 1, 0, 2]]), torch.tensor([0, 1])
    used = LINES.counted(lines)
    every = critic.layer(lines, used, kinds).logits(slice(None))
    own = every.gather(1, lines[used][:, None])[:, 0]
    torch.testing.assert_close(own, critic(lines, kinds)[used])


def test_what_is_known_by_heart_alone_gets_no_trust():
    """A network that is sure of training lines and at chance on others ends with next to no weight."""
    source = torch.Generator().manual_seed(0)
    opinions = 4 * torch.randn(400, generator=source)  # on held-out lines: noise
    true = torch.cat([torch.ones(200), torch.zeros(200)])
    seen = torch.where(true > 0, 1.0, -1.0) + torch.randn(400, generator=source)  # what counts say does hold
    critic = Weighed(LineCritic(LINES, embedding=2, windows=(2,), channels=2), None, LINES)
    optimizer = torch.optim.Adam([critic.trust, critic.gains, critic.offset], lr=0.05)
    ratios = torch.zeros(400, 1, 2)
    ratios[:, 0, 0] = seen
    for _ in range(200):
        logits = critic.weigh(opinions, ratios)
        loss = (softplus(-logits) * true + softplus(logits) * (1 - true)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert abs(critic.trust.item()) < 0.1 < 1 < critic.gains[0].item()


def test_critics_of_whole_lines_and_of_views_give_a_logit_for_each():
    lines, kinds = torch.randint(7, (3, 5)), torch.tensor([0, 1, 0])
    whole = LineCritic(LINES, embedding=4, windows=(2, 3), channels=5)
    views = ManyViewsCritic(LINES, views=3, channels=4)
    assert whole(lines, kinds).shape == (3,)
    assert views(views.read(lines), kinds).shape == (3, 3)
