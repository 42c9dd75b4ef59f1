"""A trained space in a network with a longer head, that plays the same until it has learned more."""

from __future__ import annotations

from dataclasses import replace

import torch.nn.functional as F
from torch import Tensor

from gritspace.train.space.space import Space, SpaceConfig


def with_head_of(config: SpaceConfig, other: SpaceConfig) -> SpaceConfig:
    """config with the last array's head as long as other's, if that is longer."""
    arrays = list(config.decoder.arrays)
    kernel = other.decoder.arrays[-1].head_kernel_size
    arrays[-1] = replace(arrays[-1], head_kernel_size=max(arrays[-1].head_kernel_size, kernel))
    return replace(config, decoder=replace(config.decoder, arrays=tuple(arrays)))


def state_for(space: Space, trained: Space) -> dict[str, Tensor]:
    """trained's weights as space takes them: the head's new taps, which hear older frames, are zero."""
    state = trained.state_dict()
    name = f"decoder.arrays.{len(space.decoder.arrays) - 1}.head.weight"
    more = space.config.decoder.arrays[-1].head_kernel_size - state[name].shape[-1]
    state[name] = F.pad(state[name], (more, 0))
    return state
