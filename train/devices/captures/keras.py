"""AIDA-X captures: LSTMs or GRUs and a dense head, in the JSON that RTNeural reads (Keras's layout of weights).

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
MOST_INPUTS = 3
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
}


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
    layers, kinds = file.layers, [one.type.removeprefix("time-distributed-") for one in file.layers]
    depth = next((i for i, kind in enumerate(kinds) if kind != kinds[0]), len(kinds))
    if not layers or kinds[0] not in ("lstm", "gru") or set(kinds[depth:]) - {"dense", "activation"}:
        raise InputError(
            f"{path}: its layers are {', '.join(kinds)[:60]}; lstm or gru layers of one kind with dense ones behind "
            "can be read. Render audio through it and give both to `gritspace fit`."
        )
    gates = 4 if kinds[0] == "lstm" else 3
    cells = [_tables(path, one, 3) for one in layers[:depth]]
    inputs = len(cells[0][0]) if cells[0][0].ndim == 2 else 0
    hidden = len(cells[0][1]) if cells[0][1].ndim == 2 else 0
    if not (1 <= inputs <= MOST_INPUTS and 1 <= hidden <= LARGEST):
        raise InputError(
            f"{path}: it has {inputs} inputs and {hidden} units; audio with up to {MOST_INPUTS - 1} knobs and "
            f"{LARGEST} units can be read. Render audio through it and give both to `gritspace fit`."
        )
    gain, out = (10 ** (decibels / 20) for decibels in (file.in_gain, file.out_gain))
    recurrent = (nn.LSTM if gates == 4 else nn.GRU)(inputs, hidden, depth)
    state: dict[str, torch.Tensor] = {}
    for index, tables in enumerate(cells):
        state |= _cell(path, tables, index, inputs if index == 0 else hidden, hidden, gates)
    state["weight_ih_l0"][:, 0].mul_(gain)
    recurrent.load_state_dict(state)
    head, last = _head(path, layers[depth:], hidden)
    with torch.no_grad():
        last.weight.mul_(out)
        last.bias.mul_(out)
    rate = stated_rate(path, [file.metadata, model], RATE)
    return Capture(path.stem, licence_of(path), recurrent, head, file.in_skip * gain * out, rate)


def _cell(
    path: Path, tables: list[Floats], index: int, inputs: int, hidden: int, gates: int
) -> dict[str, torch.Tensor]:
    """One layer's weights, in PyTorch's names and order."""
    into, back, biases = tables
    rows = gates * hidden
    wrong = "kernel" if into.shape != (inputs, rows) else "recurrent" if back.shape != (hidden, rows) else None
    if wrong or biases.shape not in ((rows,), (2, rows)):
        raise InputError(f"{path}: its {wrong or 'biases'} has the wrong shape; fetch the capture again.")
    if gates == 3 and biases.ndim == 1:
        raise InputError(
            f"{path}: its gru has one bias (reset_after=False), and two are read; train it again with two."
        )
    both = biases if biases.ndim == 2 else np.stack([biases, np.zeros(rows)])
    order = np.arange(rows)
    if gates == 3:
        order = order.reshape(3, hidden)[[1, 0, 2]].reshape(-1)
    return {
        f"weight_ih_l{index}": _tensor(into.T[order]),
        f"weight_hh_l{index}": _tensor(back.T[order]),
        f"bias_ih_l{index}": _tensor(both[0][order]),
        f"bias_hh_l{index}": _tensor(both[1][order]),
    }


def _head(path: Path, layers: list[Layer], hidden: int) -> tuple[nn.Module, nn.Linear]:
    """Dense layers down to one output, and the last of them, which is linear."""
    parts: list[nn.Module] = []
    width = hidden
    for one in layers:
        if one.type.endswith("dense"):
            weight, bias = _tables(path, one, 2)
            if weight.ndim != 2 or len(weight) != width or bias.shape != weight.shape[1:] or weight.size == 0:
                raise InputError(f"{path}: its head has the wrong shape; fetch the capture again.")
            dense = nn.Linear(width, weight.shape[1])
            dense.load_state_dict({"weight": _tensor(weight.T), "bias": _tensor(bias)})
            parts.append(dense)
            width = weight.shape[1]
        if one.activation not in ("", "linear", None):
            if one.activation not in ACTIVATIONS:
                known = ", ".join(ACTIVATIONS)
                raise InputError(f"{path}: its head has the activation {one.activation!s:.20}; {known} can be read.")
            parts.append(ACTIVATIONS[one.activation]())
    if not parts or width != 1:
        raise InputError(f"{path}: its head has {width if parts else 0} outputs; audio has one. Fetch it again.")
    last = parts[-1]
    if not isinstance(last, nn.Linear):  # what is behind an activation is scaled by one more layer
        last = nn.Linear(1, 1)
        last.load_state_dict({"weight": torch.ones(1, 1), "bias": torch.zeros(1)})
        parts.append(last)
    return (last if len(parts) == 1 else nn.Sequential(*parts)), last


def _tensor(values: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).float()


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
