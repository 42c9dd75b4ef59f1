"""Recurrent captures through the native core: many rows of audio side by side, one vector lane each."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gritspace.train.network.native_build import core

Audio = NDArray[np.float32]


class NativeRecurrent:
    """One LSTM or GRU layer, a linear head, and the audio itself `skip` times; packed for the core.

    first_state: (2, hidden), hidden state and cell before the first frame; None for zeros.
    """

    def __init__(
        self, recurrent: nn.LSTM | nn.GRU, head: nn.Linear, skip: float, first_state: torch.Tensor | None = None
    ) -> None:
        gru, hidden, inputs = isinstance(recurrent, nn.GRU), recurrent.hidden_size, recurrent.input_size
        self.hidden, self.inputs = hidden, inputs
        named = {name: value.detach() for name, value in recurrent.named_parameters()}
        of_input, of_state = named["weight_ih_l0"].clone(), named["weight_hh_l0"]
        bias_input, bias_state = named["bias_ih_l0"], named["bias_hh_l0"]
        bias, apart = bias_input + bias_state, torch.zeros(0)
        if gru:  # its new gate hears the input past the reset gate, so that part is kept apart
            new = slice(2 * hidden, 3 * hidden)
            apart = torch.cat([of_input[new].T.reshape(-1), bias_input[new]])
            of_input[new] = 0
            bias[new] = bias_state[new]
        state = torch.zeros(2, hidden) if first_state is None else first_state
        parts = [torch.cat([of_state, of_input], 1).T, bias, apart, head.weight.detach(), state, head.bias.detach()]
        flat = [part.float().reshape(-1) for part in parts]
        self._weights = torch.cat([*flat, torch.tensor([float(skip)])]).numpy()
        self._shape = np.array([gru, inputs, hidden], np.int64)

    def run(self, audio: Audio, knobs: Audio, threads: int = 1) -> Audio:
        """audio (rows, frames), knobs (rows, inputs - 1) -> wet (rows, frames). Only where `runs` says so."""
        library = core()
        assert library is not None
        audio = np.ascontiguousarray(audio, np.float32)
        given = np.ascontiguousarray(knobs[:, 0], np.float32) if self.inputs == 2 else None
        wet = np.empty_like(audio)
        at = None if given is None else given.ctypes.data
        arrays = (self._shape.ctypes.data, self._weights.ctypes.data, audio.ctypes.data, at, wet.ctypes.data)
        if library.core_recurrent(*arrays, *audio.shape, threads):
            raise MemoryError("the native core ran out of memory")
        return wet


def runs(recurrent: nn.LSTM | nn.GRU) -> bool:
    """Whether the core knows this layer: one of it, one way, without a projection."""
    return (
        recurrent.num_layers == 1
        and recurrent.input_size <= 2
        and not recurrent.bidirectional
        and recurrent.bias
        and recurrent.proj_size == 0
        and recurrent.input_size in (1, 2)
        and core() is not None
    )
