"""A critic of filled pictures: of the whole beside its hole, and of each place inside the hole.

A whole picture gives one logit, so that what is wrong with a texture has to be learned at every place anew. Here the
maps after each halving also give a logit for each place by a 1 x 1 convolution, whose weights all places share; the
means of these over the hole, at every size, are added to the logit of the whole.
"""

from __future__ import annotations

from itertools import zip_longest

from torch import Tensor, cat, channels_last, nn
from torch.nn.functional import adaptive_avg_pool2d, leaky_relu

from contrafact.nets.pictures import LEAK, PictureCritic


class HoleCritic(nn.Module):
    """Judge a picture beside its hole, by one logit.

    Arguments:
        shape: Channels, height and width of a picture.
        condition: Width of the condition; 0 for none.
        width: Channels after the first halving.
    """

    def __init__(self, shape: tuple[int, int, int], condition: int, width: int) -> None:
        super().__init__()
        self.critic = PictureCritic(condition, (shape[0] + 1, *shape[1:]), width)
        sizes = [layer.out_channels for layer in self.critic.layers if isinstance(layer, nn.Conv2d)][:-1]
        self.local = nn.ModuleList(nn.Conv2d(size, 1, 1) for size in sizes)

    def forward(self, pictures: Tensor, hole: Tensor, condition: Tensor | None = None) -> Tensor:
        maps = cat([pictures, hole - 0.5], dim=1).contiguous(memory_format=channels_last)
        logit = pictures.new_zeros(len(pictures), 1)
        for layer, local in zip_longest(self.critic.layers, self.local):
            maps = leaky_relu(layer(maps), LEAK)
            if local is not None:
                logit = logit + _inside(local(maps), hole)
        features, asked = maps.flatten(1), self.critic.projection
        if asked is not None and condition is not None:
            logit = logit + (features * asked(condition)).sum(1, keepdim=True)
        whole: Tensor = self.critic.last(features)
        return logit + whole


def _inside(places: Tensor, hole: Tensor) -> Tensor:
    """Give the mean over the hole of a map of logits, each place by the share of it that is missing; 0 for no hole."""
    share = adaptive_avg_pool2d(hole, (places.shape[2], places.shape[3]))
    return (places * (share / share.sum((2, 3), keepdim=True).clamp_min(1e-6))).sum((2, 3))
