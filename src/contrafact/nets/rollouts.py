"""What a line's beginnings are worth: each is finished many times by the generator, and a critic judges the results.

Q(x_1 ... x_t) is the mean of D over lines that begin with x_1 ... x_t (Yu et al. 2017). Finishing every beginning on
its own takes T (T - 1) / 2 steps for every round; here one walk along the lines does all: at place t copies of the
states that have read x_1 ... x_t join the lines that are being finished, and all step together, T - 1 steps in all.

Reference: Yu et al., SeqGAN: sequence generative adversarial nets with policy gradient, AAAI 2017.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from contrafact.nets import vocabulary
from contrafact.nets.sequences import SequenceGenerator, kept_rows

JUDGED = 4096  # lines that a critic sees at a time
Chance = Callable[[int], Tensor]  # gives so many numbers from 0 to 1
Judge = Callable[[Tensor, Tensor | None], Tensor]  # lines and their classes -> a number for each line


@torch.no_grad()
def completions(
    generator: SequenceGenerator, targets: Tensor, rounds: int, chance: Chance, kinds: Tensor | None = None
) -> Tensor:
    """Finish every beginning of every line some times, (places - 1) x rounds x lines x places.

    Entry [t - 1, :, i] begins with the first t symbols of line i; where those end the line, it is line i.

    Arguments:
        generator: Finishes lines.
        targets: The lines, lines x places.
        rounds: How often each beginning is finished.
        chance: Where numbers come from.
        kinds: The lines' classes.
    """
    lines, places = targets.shape
    fan, line = rounds * lines, torch.arange(lines, device=targets.device)
    found = targets.new_full((places - 1, rounds, lines, places), generator.lines.end)
    for known in range(1, places):
        found[known - 1, :, :, :known] = targets[:, :known]
    rows = found.view(-1, places)
    walk, active = line, line[:0]  # lines that are walked along, and rows that are being finished
    _, state = generator.step(torch.full_like(line, generator.lines.start), generator.begin(lines), kinds)
    for known in range(1, places):
        read = torch.cat([targets[walk, known - 1], rows[active, known - 1]])
        going = read != generator.lines.end
        whose = torch.cat([walk, active % lines])[going]
        walk, active = walk[going[: len(walk)]], active[going[len(walk) :]]
        hidden, state = generator.step(read[going], kept_rows(state, going), None if kinds is None else kinds[whose])
        fork = torch.arange(len(walk), device=line.device).repeat(rounds)
        begun = torch.arange(rounds, device=line.device).repeat_interleave(len(walk)) * lines + walk[fork]
        stays = torch.arange(len(hidden), device=line.device)
        grown, active = torch.cat([stays, fork]), torch.cat([active, begun + (known - 1) * fan])
        state = kept_rows(state, grown)
        ready = generator.next(hidden[grown[len(walk) :]], rows[active], known)
        rows[active, known] = vocabulary.drawn(ready, chance(known * fan)[active])
    return found


@torch.no_grad()
def worths(
    judge: Judge,
    generator: SequenceGenerator,
    targets: Tensor,
    rounds: int,
    chance: Chance,
    kinds: Tensor | None = None,
) -> Tensor:
    """Give what a critic thinks of each beginning of each line, lines x places: Q(x_1 ... x_t) in column t - 1.

    Arguments:
        judge: Judges whole lines.
        generator: Finishes lines.
        targets: The lines.
        rounds: How often each beginning is finished.
        chance: Where numbers come from.
        kinds: The lines' classes.
    """
    lines, places = targets.shape
    found = completions(generator, targets, rounds, chance, kinds)
    owner = torch.arange(lines, device=targets.device).repeat((places - 1) * rounds)
    judged = [
        judge(rows, None if kinds is None else kinds[whose])
        for rows, whose in zip(torch.split(found.view(-1, places), JUDGED), torch.split(owner, JUDGED), strict=True)
    ]
    early = torch.cat(judged).view(places - 1, rounds, lines).mean(1)
    return torch.cat([early, judge(targets, kinds)[None]]).T
