from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from contrafact.base.errors import ContrafactError
from contrafact.engine.items import Batches
from contrafact.engine.play import Move, Phase, play


class LineGame:
    """One player that fits a line, with noise from the step."""

    def __init__(self, noise: float = 0.0) -> None:
        torch.manual_seed(0)
        self.line = nn.Linear(1, 1)
        self.players = {"line": torch.optim.Adam(self.line.parameters(), lr=0.05)}
        self.noise = noise

    def prepare(self, step):
        self.players["line"].param_groups[0]["lr"] = 0.05 * step.rate * (1 - step.fraction)

    def loss(self, batch, step):
        x = batch + self.noise * step.normal(len(batch), 1)
        return {"error": ((self.line(x) - 3 * batch) ** 2).mean(), "seen": batch.mean()}

    def phases(self):
        return [Phase(moves=(Move(player="line", loss=self.loss, repeat=2),))]


class TwoGame:
    """Two players of one weight each, to see who moves when."""

    def __init__(self) -> None:
        self.a, self.b = (nn.Parameter(torch.tensor([1.0])) for _ in range(2))
        self.players = {"a": torch.optim.SGD([self.a], lr=0.1), "b": torch.optim.SGD([self.b], lr=0.1)}
        self.moves: list[str] = []

    def prepare(self, step):
        pass

    def note(self, name):
        return lambda step: self.moves.append(f"{name}{step.number}")

    def phases(self):
        both = {"loss": lambda batch, step: {"product": (self.a * self.b).sum()}}
        a = Move(player="a", then=self.note("a"), **both)
        b = Move(player="b", every=2, then=self.note("b"), **both)
        return [Phase(moves=(a,), steps=2), Phase(moves=(a, b))]


ROWS = torch.linspace(-1, 1, 40).unsqueeze(1)


def played(game, *, start=0, stop=None, total=20, seed=1):
    turns = play(game, Batches(ROWS, 8, seed), total=total, start=start, seed=seed)
    return list(itertools.islice(turns, None if stop is None else stop - start))


def test_a_one_player_game_is_the_bare_loop():
    game, bare = LineGame(), LineGame()
    played(game)
    batches = Batches(ROWS, 8, 1)
    for step in range(20):
        for repeat in range(2):
            batch = batches(2 * step + repeat)
            bare.players["line"].param_groups[0]["lr"] = 0.05 * (1 - step / 20)
            bare.players["line"].zero_grad()
            ((bare.line(batch) - 3 * batch) ** 2).mean().backward()
            bare.players["line"].step()
    assert torch.equal(game.line.weight, bare.line.weight)


@pytest.mark.parametrize("stop", [1, 7, 19])
def test_stopping_at_any_step_and_going_on_gives_the_same_weights(stop):
    whole, parts = LineGame(noise=0.3), LineGame(noise=0.3)
    played(whole)
    played(parts, stop=stop)
    played(parts, start=stop)
    assert torch.equal(whole.line.weight, parts.line.weight)


def test_the_caller_finds_its_own_random_state_at_every_yield():
    torch.manual_seed(5)
    expected = torch.rand(20)
    torch.manual_seed(5)
    game = LineGame(noise=1.0)
    torch.manual_seed(5)
    seen = [torch.rand(1) for _ in play(game, Batches(ROWS, 8, 1), total=20)]
    assert torch.equal(torch.cat(seen), expected)


def test_what_the_caller_draws_does_not_change_the_game():
    quiet, loud = LineGame(noise=0.3), LineGame(noise=0.3)
    played(quiet)
    for _ in play(loud, Batches(ROWS, 8, 1), total=20, seed=1):
        torch.rand(100)
    assert torch.equal(quiet.line.weight, loud.line.weight)


def test_phases_follow_each_other_and_lazy_moves_rest():
    game = TwoGame()
    played(game, total=5)
    assert game.moves == ["a0", "a1", "a2", "b2", "a3", "a4", "b4"]


def test_only_the_mover_collects_a_gradient():
    game = TwoGame()
    played(game, total=1)
    assert game.a.grad is not None
    assert game.b.grad is None


def test_who_did_not_move_tells_no_gradient():
    turns = played(TwoGame(), total=5)
    told = [{name for name in turn.numbers() if name.endswith("/gradient")} for turn in turns]
    assert told[2] == {"a/gradient", "b/gradient"} and told[3] == {"a/gradient"}


def test_detached_terms_are_reported_and_not_minimised():
    turn = played(LineGame(), total=1)[0]
    assert set(turn.terms["line"]) == {"error", "seen"}
    assert not any(term.requires_grad for term in turn.terms["line"].values())
    assert turn.numbers()["line/gradient"] > 0


def test_a_move_without_a_term_of_its_player_is_named():
    game = TwoGame()
    game.phases = lambda: [Phase(moves=(Move(player="b", loss=lambda batch, step: {"alone": (game.a**2).sum()}),))]
    with pytest.raises(ContrafactError, match=r"(?s)'b'.*alone") as caught:
        played(game, total=1)
    assert caught.value.code == "E401"


def test_every_epoch_shows_every_row_once():
    batches = Batches(torch.arange(10).unsqueeze(1), 4, seed=3)
    seen = torch.cat([batches(i) for i in range(5)]).flatten().tolist()
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]


def test_a_batch_may_be_larger_than_the_data():
    assert len(Batches(torch.zeros(3, 1), 8, seed=0)(2)) == 8


def test_two_processes_see_the_two_halves_of_the_batch_of_one():
    rows = torch.arange(30).unsqueeze(1)
    whole = Batches(rows, 8, seed=0, share=(0, 1))
    halves = [Batches(rows, 4, seed=0, share=(rank, 2)) for rank in (0, 1)]
    for number in range(9):
        assert torch.equal(whole(number), torch.cat([half(number) for half in halves]))


def test_noise_of_layers_is_another_stream_than_noise_of_losses():
    game, seen = LineGame(), []
    loss = game.loss

    def drawing(batch, step):
        seen.append((torch.randn(8), step.normal(8)))
        return loss(batch, step)

    game.phases = lambda: [Phase(moves=(Move(player="line", loss=drawing),))]
    played(game, total=3)
    assert all((one - other).abs().max() > 0.1 for one, other in seen)
