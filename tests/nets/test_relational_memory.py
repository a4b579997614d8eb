import torch

from contrafact.nets.relational_memory import MemoryCore


def test_one_step_is_the_published_cell_by_hand():
    torch.manual_seed(0)
    core = MemoryCore(3, 4, heads=2)
    (memory,) = core.begin(2, torch.zeros(1))
    entered = torch.randn(2, 1, 3)
    found, (after,) = core.run(entered, (memory,))
    m, x = memory[0], core.entry(entered[:, 0])
    rows = core.three(torch.stack([m, x], 1))
    query, keys, values = rows[..., :4], rows[..., 4:8], rows[..., 8:]
    heads = []
    for head in (slice(0, 2), slice(2, 4)):
        scores = (query[:, :1, head] * keys[:, :, head]).sum(2) / 2**0.5
        heads.append((scores.softmax(1)[:, :, None] * values[:, :, head]).sum(1))
    between = core.norms[0](m + torch.cat(heads, 1))
    fresh = core.norms[1](between + core.body(between))
    gates = core.gates_in(x) + core.gates_kept(m.tanh())
    wanted = gates[:, :4].sigmoid() * fresh.tanh() + (gates[:, 4:] + 1).sigmoid() * m
    torch.testing.assert_close(found[:, 0], wanted)
    torch.testing.assert_close(after[0], wanted)
