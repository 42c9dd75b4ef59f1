"""Neural Amp Modeler's LSTM captures, as devices: to be played, and distilled into what the engine runs.

Weights lie as NeuralAmpModelerCore reads them: of each layer the input's and state's matrices side by side, one row a
gate, then one bias, then the first hidden state and cell; then the head and its bias.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gritspace.train.devices.recurrent_capture import Capture, licence_of
from gritspace.train.errors import InputError

MOST_LAYERS, MOST_HIDDEN = 8, 256


def read_nam_lstm(path: Path) -> Capture:
    """Raises InputError for what is no such file, and says what to do with another `.nam`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror}); check the name.") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: this is no JSON, or it is cut short ({error}); fetch the file again.") from error
    if not isinstance(document, dict) or "architecture" not in document:
        raise InputError(f"{path}: this is no .nam capture; fetch the file again.")
    if document["architecture"] != "LSTM":
        raise InputError(
            f"{path}: it is a {document['architecture']!s:.30}, which needs no fit; give it to `gritspace quantize`."
        )
    config = document.get("config")
    inputs, layers, hidden = (_whole(path, config, key) for key in ("input_size", "num_layers", "hidden_size"))
    if inputs != 1 or not 1 <= layers <= MOST_LAYERS or not 1 <= hidden <= MOST_HIDDEN:
        raise InputError(
            f"{path}: {inputs} inputs, {layers} layers and {hidden} hidden units; 1 input, up to {MOST_LAYERS} layers "
            f"and {MOST_HIDDEN} units can be read."
        )
    values = _weights(path, document.get("weights"))
    rate = document.get("sample_rate") or 48_000
    if not isinstance(rate, int | float) or not 8_000 <= rate <= 384_000:
        raise InputError(f"{path}: its sample rate is {rate!r}; a number of Hz is needed.")
    recurrent, head = nn.LSTM(1, hidden, layers), nn.Linear(hidden, 1)
    needed = sum(4 * hidden * ((hidden if i else 1) + hidden + 1) + 2 * hidden for i in range(layers)) + hidden + 1
    if len(values) != needed:
        raise InputError(f"{path}: it has {len(values)} weights and its shape needs {needed}; fetch the file again.")
    first_state = _fill(recurrent, head, values)
    return Capture(path.stem, licence_of(path), recurrent, head, False, round(rate), first_state)


def _fill(recurrent: nn.LSTM, head: nn.Linear, values: torch.Tensor) -> torch.Tensor:
    """Puts weights in their places; returns the first states, (2, layers, hidden)."""
    hidden, at, states = recurrent.hidden_size, 0, []

    def take(*shape: int) -> torch.Tensor:
        nonlocal at
        size = int(np.prod(shape))
        at += size
        return values[at - size : at].reshape(shape)

    with torch.no_grad():
        for i in range(recurrent.num_layers):
            inputs = hidden if i else recurrent.input_size
            both = take(4 * hidden, inputs + hidden)
            getattr(recurrent, f"weight_ih_l{i}").copy_(both[:, :inputs])
            getattr(recurrent, f"weight_hh_l{i}").copy_(both[:, inputs:])
            getattr(recurrent, f"bias_ih_l{i}").copy_(take(4 * hidden))
            getattr(recurrent, f"bias_hh_l{i}").zero_()
            states.append(take(2, hidden))
        head.weight.copy_(take(1, hidden))
        head.bias.copy_(take(1))
    return torch.stack(states, dim=1)


def _whole(path: Path, config: Any, key: str) -> int:
    value = config.get(key) if isinstance(config, dict) else None
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{path}: 'config' has no whole number {key!r}; fetch the file again.")
    return value


def _weights(path: Path, given: Any) -> torch.Tensor:
    try:
        values = torch.tensor(given, dtype=torch.float32)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"{path}: 'weights' is no list of numbers; fetch the file again.") from error
    if values.ndim != 1 or not bool(values.isfinite().all()):
        raise InputError(f"{path}: 'weights' holds what is no finite number; fetch the file again.")
    return values
