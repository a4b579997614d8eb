import torch

from contrafact.nets.rewriting import PairCritic, Rewriting
from contrafact.nets.sequences import Lines

SOURCE, TARGET = Lines(symbols=5, places=6, unknown=4), Lines(symbols=5, places=4, unknown=4)


def net() -> Rewriting:
    torch.manual_seed(0)
    return Rewriting(SOURCE, TARGET, 8).eval()


def test_chances_of_what_comes_next_add_up_to_one_less_the_unknown_symbol():
    own = net()
    source = torch.tensor([[0, 1, 4, 4, 2, 5], [3, 5, 5, 5, 5, 5]])
    heard = own.reader(source)
    chances, _ = own.chances(torch.full((2,), TARGET.start), own.begin(2), heard)
    assert (chances.sum(1) < 1).all() and (chances[:, 4] == 0).all()  # the unknown symbol is never written ...
    assert (chances[0, [6 + 2, 6 + 3]] > 0).all() and (chances[1, 6:] == 0).all()  # ... but its places are copied


def test_chances_while_writing_are_those_of_known_lines():
    own, source = net(), torch.tensor([[0, 1, 2, 2, 3, 5]])
    target = torch.tensor([[1, 2, 5, 5]])
    known, state, heard = own.log_chances(source, target), own.begin(1), own.reader(source)
    last = torch.full((1,), TARGET.start)
    for place in range(3):
        chances, state = own.chances(last, state, heard)
        torch.testing.assert_close(chances[0, target[0, place]].log(), known[0, place], rtol=1e-4, atol=1e-5)
        last = target[:, place]
    assert known[0, 3] == 0


def test_a_network_that_always_copies_points_at_known_symbols_only():
    own, source = net(), torch.tensor([[0, 1, 5, 5, 5, 5]])
    with torch.no_grad():
        own.copy.bias.fill_(50)
    drawn = own.write(source.repeat(200, 1), torch.rand(200, 4))
    assert set(drawn.flatten().tolist()) <= {0, 1, 5}


def test_the_critic_of_pairs_judges_a_place_without_what_follows():
    torch.manual_seed(0)
    critic, source = PairCritic(SOURCE, TARGET, 8).eval(), torch.tensor([[0, 1, 5, 5, 5, 5]])
    one, other = (critic(source, torch.tensor([line])) for line in ([1, 2, 0, 0], [1, 2, 3, 3]))
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert not torch.allclose(critic(source.flip(1), torch.tensor([[1, 2, 0, 0]])), one)
