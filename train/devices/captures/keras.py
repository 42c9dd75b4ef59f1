"""AIDA-X captures: one LSTM or GRU and a dense head, in the JSON that RTNeural reads (Keras's layout of weights).

Keras keeps matrices as (inputs, outputs) and a GRU's gates in the order update, reset, new; PyTorch transposed and
reset, update, new. A GRU has two biases (reset_after). Source: RTNeural's modelt and AIDA-X's exporter, by their files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field
from torch import nn

from gritspace.train.devices.captures.recurrent import Capture, licence_of, stated_rate
from gritspace.train.errors import InputError
from gritspace.train.records import OpenRecord, read_record

Floats = NDArray[np.float64]

RATE = 48_000
"""What these files are trained at unless they say otherwise."""
LARGEST = 256


Number = Annotated[
    float, Field(ge=-120, le=120), BeforeValidator(lambda value: int(value) if isinstance(value, bool) else value)
]
"""Decibels, or a factor; exporters write whether the input is added as true or false too."""


class Layer(OpenRecord):
    """weights: its tables of numbers, as Keras orders them."""

    type: str = "?"
    weights: list[Any] = Field(default_factory=list)
    activation: Any = ""


class File(OpenRecord):
    """A file. in_gain, out_gain: in dB. in_skip: how much of the dry audio is added."""

    layers: Annotated[list[Layer], Field(max_length=64)]
    in_gain: Number = 0.0
    out_gain: Number = 0.0
    in_skip: Number = 0.0
    metadata: Any = None


def is_keras(model: dict[str, Any]) -> bool:
    """Whether a JSON object is such a network at all."""
    return isinstance(model.get("layers"), list) and "in_shape" in model


def keras_capture(path: Path, model: dict[str, Any]) -> Capture:
    """Raises InputError that names the file and what cannot be used."""
    file = read_record(File, model, str(path), "fetch the capture again")
    layers, kinds = file.layers, [one.type for one in file.layers]
    if len(layers) != 2 or kinds[0] not in ("lstm", "gru") or kinds[1] != "dense":
        raise InputError(
            f"{path}: its layers are {', '.join(kinds)[:60]}; one lstm or gru and a dense one can be read."
        )
    gates = 4 if kinds[0] == "lstm" else 3
    inputs, into, back, biases = 1, *_tables(path, layers[0], 3)
    head, head_bias = _tables(path, layers[1], 2)
    hidden = len(back) if back.ndim == 2 else 0
    rows = gates * hidden
    expected = {"kernel": (inputs, rows), "recurrent": (hidden, rows), "head": (hidden, 1), "head's bias": (1,)}
    found = {"kernel": into.shape, "recurrent": back.shape, "head": head.shape, "head's bias": head_bias.shape}
    wrong = [name for name, shape in expected.items() if found[name] != shape]
    if wrong or not 1 <= hidden <= LARGEST or biases.shape not in ((rows,), (2, rows)):
        raise InputError(f"{path}: its {(wrong or ['biases'])[0]} has the wrong shape; fetch the capture again.")
    if layers[1].activation not in ("", "linear", None):
        raise InputError(f"{path}: its head has the activation {layers[1].activation!s:.20}, and a linear one is read.")
    both = biases if biases.ndim == 2 else np.stack([biases, np.zeros(rows)])
    order = np.arange(rows)
    if gates == 3:
        order = order.reshape(3, hidden)[[1, 0, 2]].reshape(-1)
    gain, out = (10 ** (decibels / 20) for decibels in (file.in_gain, file.out_gain))
    recurrent = (nn.LSTM if gates == 4 else nn.GRU)(inputs, hidden)
    dense = nn.Linear(hidden, 1)

    def tensor(values: Floats) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).float()

    recurrent.load_state_dict(
        {
            "weight_ih_l0": tensor(into.T[order] * gain),
            "weight_hh_l0": tensor(back.T[order]),
            "bias_ih_l0": tensor(both[0][order]),
            "bias_hh_l0": tensor(both[1][order]),
        }
    )
    dense.load_state_dict({"weight": tensor(head.T * out), "bias": tensor(head_bias * out)})
    rate = stated_rate(path, [file.metadata, model], RATE)
    return Capture(path.stem, licence_of(path), recurrent, dense, file.in_skip * gain * out, rate)


def _tables(path: Path, layer: Layer, count: int) -> list[Floats]:
    weights = layer.weights
    if len(weights) != count:
        raise InputError(f"{path}: a layer has not its {count} tables of weights; fetch the capture again.")
    try:
        tables = [np.asarray(table, np.float64) for table in weights]
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: its weights are no tables of numbers; fetch the capture again.") from error
    if not all((np.abs(table) <= np.finfo(np.float32).max).all() for table in tables):
        raise InputError(f"{path}: a weight is not finite; fetch the capture again.")
    return tables
