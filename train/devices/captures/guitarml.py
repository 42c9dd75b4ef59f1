"""GuitarML's Proteus, NeuralPi and NeuralSeed files: one LSTM or GRU and a linear head, in JSON, at 44.1 kHz."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import BeforeValidator, ConfigDict, Field
from torch import nn

from gritspace.train.devices.captures.recurrent import NATIVE_RATE, Capture, licence_of, stated_rate
from gritspace.train.errors import InputError
from gritspace.train.records import OpenRecord, read_record

GATES = {"LSTM": 4, "GRU": 3}


class About(OpenRecord):
    """`model_data`. input_size 2: a knob beside the audio. skip: whether the dry audio is added."""

    model_config = ConfigDict(protected_namespaces=())

    unit_type: Literal["LSTM", "GRU"]
    input_size: Annotated[int, Field(ge=1, le=2)]
    hidden_size: Annotated[int, Field(ge=1, le=1024)]
    num_layers: Literal[1]
    output_size: Literal[1]
    skip: Annotated[
        int, Field(ge=0, le=1), BeforeValidator(lambda value: int(value) if isinstance(value, bool) else value)
    ]


class File(OpenRecord):
    """A file. state_dict: PyTorch's names -> tables of numbers, whose shapes model_data says."""

    model_config = ConfigDict(protected_namespaces=())

    model_data: About
    state_dict: dict[str, list[Any]]
    metadata: Any = None


def guitarml_capture(path: Path, model: dict[str, Any]) -> Capture:
    """A file's object -> the capture.

    Raises InputError that names the file, the key, and what was expected and found.
    """
    file = read_record(File, model, str(path), "fetch the capture again")
    about = file.model_data
    recurrent = (nn.LSTM if about.unit_type == "LSTM" else nn.GRU)(about.input_size, about.hidden_size)
    head = nn.Linear(about.hidden_size, 1)
    rows = GATES[about.unit_type] * about.hidden_size
    shapes = {
        "rec.weight_ih_l0": (rows, about.input_size),
        "rec.weight_hh_l0": (rows, about.hidden_size),
        "rec.bias_ih_l0": (rows,),
        "rec.bias_hh_l0": (rows,),
        "lin.weight": (1, about.hidden_size),
        "lin.bias": (1,),
    }
    tensors = {key: _tensor(path, file.state_dict, key, shape) for key, shape in shapes.items()}
    recurrent.load_state_dict({key[4:]: value for key, value in tensors.items() if key.startswith("rec.")})
    head.load_state_dict({key[4:]: value for key, value in tensors.items() if key.startswith("lin.")})
    rate = stated_rate(path, [model["model_data"], file.metadata, model], NATIVE_RATE)
    return Capture(path.stem, licence_of(path), recurrent, head, bool(about.skip), rate)


def _tensor(path: Path, state: dict[str, list[Any]], key: str, shape: tuple[int, ...]) -> torch.Tensor:
    if key not in state:
        raise InputError(f"{path}: the key {key!r} is missing; fetch the capture again.")
    try:
        tensor = torch.tensor(state[key], dtype=torch.float32)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise InputError(f"{path}: {key!r} is no table of numbers of shape {shape}; fetch it again.") from error
    if tuple(tensor.shape) != shape:
        raise InputError(f"{path}: {key!r} should have the shape {shape}, and has {tuple(tensor.shape)}; get it again.")
    if not torch.isfinite(tensor).all():
        raise InputError(f"{path}: {key!r} holds a number that is not finite; fetch the capture again.")
    return tensor
