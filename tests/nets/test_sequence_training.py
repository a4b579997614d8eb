from types import SimpleNamespace

import numpy as np
import pytest
import torch

from contrafact.base.demos import changes
from contrafact.nets.sequence_duel import CHANCE, Gate, TextDuel
from contrafact.nets.sequence_model import Exam
from contrafact.nets.sequence_training import even, sizes, steps_for
from contrafact.nets.sequences import Lines, LSTMCore, SequenceGenerator
from contrafact.nets.transition_gap import Transitions
from contrafact.zoo.index import recipe


def test_a_gate_opens_only_clearly_below_chance_and_closes_again():
    gate = Gate(0.01)
    assert not gate.open
    for _ in range(30):
        gate.tell(torch.tensor(CHANCE - 0.05))
    assert gate.open
    for _ in range(60):
        gate.tell(torch.tensor(CHANCE))
    assert not gate.open


def test_places_of_lines_weigh_alike_and_those_behind_ends_nothing():
    weights = even(Lines(symbols=2, places=3), torch.tensor([[0, 2, 2], [1, 0, 1]]))
    torch.testing.assert_close(weights, torch.tensor([[1, 1, 0], [1, 1, 1]]) / 5)


def test_more_text_gets_wider_memories_and_larger_batches():
    few, many = ({"codes": np.zeros((n, 9)), "lengths": np.full(n, 9)} for n in (100, 50_000))
    assert sizes(few)["width"] < sizes(many)["width"] and sizes(few)["batch"] == 8 < sizes(many)["batch"] == 64
    assert steps_for(few, 8, 12, 4000) == 300 and steps_for(many, 64, 12, 4000) == 4000


@pytest.mark.parametrize("name", ["scratchgan", "seqgan", "relgan"])
def test_the_transition_gap_can_be_penalised(name):
    settings = recipe(name).toy().but(steps=6, start=0.3, markov=0.5)
    settings = settings.but(critic_first=0) if name == "seqgan" else settings
    with_gap, without = (s.fit(changes(60), seed=0).files() for s in (settings, settings.but(markov=0.0)))
    assert with_gap != without or name == "seqgan"  # whose gate may be closed


def test_a_generator_that_is_too_safe_is_pushed_to_rarer_transitions():
    lines = np.array([[0, 1, 0, 1, 0, 1]] * 9 + [[0, 0, 0, 0, 0, 0]])
    net = SequenceGenerator(Lines(symbols=2, places=6, ends=False), LSTMCore(4, 4), embedding=4)
    game = TextDuel(
        recipe=SimpleNamespace(markov=1.0),
        generator=net,
        critic=None,
        players={},
        average=None,
        exam=Exam(),
        policy=None,
        chain=Transitions.fit(lines, 3),
    )
    drawn = torch.tensor([[0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 1], [0, 1, 0, 1, 0, 0]])
    found = game.safe(drawn, torch.ones(3, 6, dtype=torch.bool))
    assert found[0, 5].item() < 0 < found[2, 5].item()
