"""Neural Amp Modeler's LSTM captures, as devices: to be played, and distilled into what the engine runs."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from gritspace.train.devices.captures.recurrent import Capture, licence_of
from gritspace.train.network.nam.lstm import LstmWeights, lstm_of, weights_of
from gritspace.train.network.nam.reading import naming, read_model
from gritspace.train.network.nam.records import Model, NamError

RATE = 48_000
"""Of a file that states none, in Hz."""


def read_nam_lstm(path: Path) -> Capture:
    """Raises NamError for what is no such file, and says what to do with another `.nam`."""
    model = read_model(path)
    with naming(path):
        if model.architecture != "LSTM":
            raise NamError(f"it is a {model.architecture:.30}, which needs no fit; give it to `gritspace quantize`.")
        return lstm_capture(path, model)


def lstm_capture(path: Path, model: Model) -> Capture:
    """Raises NamError, without the file's name, for what cannot be run."""
    config = lstm_of(model)
    recurrent, head = nn.LSTM(1, config.hidden_size, config.num_layers), nn.Linear(config.hidden_size, 1)
    rate = round(model.sample_rate or RATE)
    first_state = _settled(recurrent, _fill(recurrent, head, weights_of(config, model)), rate)
    return Capture(path.stem, licence_of(path), recurrent, head, False, rate, first_state)


def _settled(recurrent: nn.LSTM, state: torch.Tensor, rate: int) -> torch.Tensor:
    """After half a second of silence, as Neural Amp Modeler begins, or as soon as nothing moves any more."""
    pieces = 24
    silence = torch.zeros(rate // (2 * pieces), 1)
    with torch.no_grad():
        for _ in range(pieces):
            before = state
            _, (hidden, cell) = recurrent(silence, (state[0], state[1]))
            state = torch.stack([hidden, cell])
            if bool((state - before).abs().max() < 1e-7):
                break
    return state


def _fill(recurrent: nn.LSTM, head: nn.Linear, weights: LstmWeights) -> torch.Tensor:
    """Puts weights in their places; returns the first states, (2, layers, hidden)."""
    states = []
    with torch.no_grad():
        for i, cell in enumerate(weights.cells):
            getattr(recurrent, f"weight_ih_l{i}").copy_(torch.from_numpy(cell.inputs))
            getattr(recurrent, f"weight_hh_l{i}").copy_(torch.from_numpy(cell.state))
            getattr(recurrent, f"bias_ih_l{i}").copy_(torch.from_numpy(cell.bias))
            getattr(recurrent, f"bias_hh_l{i}").zero_()
            states.append(torch.from_numpy(cell.first).float())
        head.weight.copy_(torch.from_numpy(weights.head))
        head.bias.copy_(torch.from_numpy(weights.head_bias))
    return torch.stack(states, dim=1)
