"""An LSTM's weights, each in its place.

They lie as NeuralAmpModelerCore reads them: of each layer the input's and state's matrices side by side, one row a
gate, then one bias, then the first hidden state and cell; then the head and its bias.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gritspace.train.network.limits import MAX_LSTM_HIDDEN, MAX_LSTM_LAYERS
from gritspace.train.network.nam.reading import record
from gritspace.train.network.nam.records import Lstm, Model, NamError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CellWeights:
    """inputs (4 hidden, inputs), state (4 hidden, hidden), bias (4 hidden,), first (2, hidden): state and cell."""

    inputs: Floats
    state: Floats
    bias: Floats
    first: Floats


@dataclass(frozen=True)
class LstmWeights:
    """Gates in the order input, forget, cell, output. head (1, hidden), head_bias (1,)."""

    cells: tuple[CellWeights, ...]
    head: Floats
    head_bias: Floats


def lstm_of(model: Model) -> Lstm:
    """The shape of an LSTM. Raises NamError for one that cannot be run, or whose weights do not fill it."""
    config = record(Lstm, model.config)
    layers, hidden = config.num_layers, config.hidden_size
    if config.input_size != 1 or layers > MAX_LSTM_LAYERS or hidden > MAX_LSTM_HIDDEN:
        raise NamError(
            f"{config.input_size} inputs, {layers} layers and {hidden} hidden units; 1 input, up to {MAX_LSTM_LAYERS} "
            f"layers and {MAX_LSTM_HIDDEN} units can be read"
        )
    needed = sum(4 * hidden * ((hidden if i else 1) + hidden + 1) + 2 * hidden for i in range(layers)) + hidden + 1
    if len(model.weights) != needed:
        raise NamError(f"it has {len(model.weights)} weights and its shape needs {needed}; fetch the file again")
    return config


def weights_of(config: Lstm, model: Model) -> LstmWeights:
    """The cells and the head."""
    values: Floats = np.asarray(model.weights, np.float64)
    hidden, taken = config.hidden_size, 0

    def take(*shape: int) -> Floats:
        nonlocal taken
        part = values[taken : taken + math.prod(shape)].reshape(shape)
        taken += part.size
        return part

    cells = []
    for layer in range(config.num_layers):
        inputs = hidden if layer else config.input_size
        both = take(4 * hidden, inputs + hidden)
        cells.append(CellWeights(both[:, :inputs], both[:, inputs:], take(4 * hidden), take(2, hidden)))
    return LstmWeights(tuple(cells), take(1, hidden), take(1))
