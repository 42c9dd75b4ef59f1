"""Neural Amp Modeler's WaveNet captures (A1: standard, lite, feather, nano and custom) as devices to train a space on.

Their weights lie in a list: an array's rechannelling, its layers (convolution, bias, mix-in, 1x1, bias), its head; at
the very end the head's scale. Newer shapes need no space to run: `gritspace quantize` takes them as they are.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gritspace.train.devices.device import Audio, Settings, checked
from gritspace.train.devices.recurrent_capture import licence_of
from gritspace.train.errors import InputError
from gritspace.train.network.tcn import Layer, LayerArray, LayerArrayConfig, Tcn, TcnConfig
from gritspace.train.snapshot.snapshot import played

ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu", "LeakyReLU": "leaky_relu", "Hardtanh": "hardtanh"}
MOST_CHANNELS, MOST_LAYERS, MOST_ARRAYS, MOST_KERNEL, MOST_DILATION = 64, 64, 4, 64, 16_384


class WaveNetCapture:
    """One capture file as a device without knobs."""

    kind = "capture"
    knobs: tuple[str, ...] = ()

    def __init__(self, name: str, licence: str, tcn: Tcn) -> None:
        self.name, self.licence, self.tcn = name, licence, tcn.eval()

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, 0) -> wet (batch, frames), from the state silence leaves."""
        dry, _ = checked(self, dry, settings)
        torch.set_num_threads(1)  # of this thread: devices are rendered side by side
        wet = [played(self.tcn, torch.from_numpy(row)).numpy() for row in np.ascontiguousarray(dry)]
        return np.stack(wet) if wet else dry


def device_name(path: Path) -> str:
    """The file's name without what would be taken for a setting: `Tone@8` becomes `Tone-8`."""
    return re.sub(r"[^A-Za-z0-9_.+=-]+", "_", path.stem.replace("@", "-")).strip("_")


def is_wavenet(path: Path) -> bool:
    """Whether a .nam file says that it is of the kind that can be read here. Raises InputError if it is no JSON."""
    document = _document(path)
    layers = document.get("config", {}).get("layers") if isinstance(document.get("config"), dict) else None
    known = isinstance(layers, list) and all(isinstance(one, dict) and "kernel_size" in one for one in layers)
    return document.get("architecture") == "WaveNet" and known and _extra(document) is None


def read_wavenet(path: Path) -> WaveNetCapture:
    """Raises InputError that names the file and what was found in it."""
    document = _document(path)
    if document.get("architecture") != "WaveNet":
        raise InputError(f"{path}: it is a {document.get('architecture')!s:.30}, and a WaveNet is needed here.")
    if (extra := _extra(document)) is not None:
        raise InputError(f"{path}: it has {extra}, which cannot be a device here; `gritspace quantize` may take it.")
    if document.get("sample_rate") not in (None, 48_000):
        raise InputError(f"{path}: it was made at {document['sample_rate']!r} Hz; captures at 48000 Hz can be read.")
    try:
        arrays = tuple(_array(one) for one in document["config"]["layers"])
        if not 1 <= len(arrays) <= MOST_ARRAYS or arrays[-1].head_size != 1:
            raise ValueError("its arrays do not end in one output")
        tcn = Tcn(TcnConfig(arrays))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: its shape cannot be read ({error}); fetch the file again.") from error
    try:
        values = torch.tensor(document.get("weights"), dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: its weights are no list of numbers; fetch the file again.") from error
    if values.ndim != 1 or not torch.isfinite(values).all():
        raise InputError(f"{path}: its weights are not all finite numbers; fetch the file again.")
    biases = [bool(one.get("head_bias")) for one in document["config"]["layers"]]
    left = _fill(tcn, values, biases)
    if left != 0:
        raise InputError(f"{path}: it has {len(values)} weights where its shape needs {len(values) - left}.")
    return WaveNetCapture(device_name(path), licence_of(path), tcn)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror}); check the name.") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: this is no JSON, or it is cut short ({error}); fetch the file again.") from error
    if not isinstance(document, dict) or "architecture" not in document:
        raise InputError(f"{path}: this is no .nam capture; fetch the file again.")
    return document


def _extra(document: dict[str, Any]) -> str | None:
    """What an A1 capture does not have, if there is any."""
    config = document.get("config")
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return "no layers"
    if config.get("head") is not None or config.get("condition_dsp") is not None:
        return "a further network in it"
    for one in config["layers"]:
        if not isinstance(one, dict) or "kernel_size" not in one or "slimmable" in one:
            return "layers of a newer shape"
        if not isinstance(one.get("activation"), str) or one["activation"] not in ACTIVATIONS:
            return f"the activation {one.get('activation')!s:.40}"
        if one.get("condition_size", 1) != 1:
            return "more than one condition"
    return None


def _array(one: dict[str, Any]) -> LayerArrayConfig:
    dilations = tuple(_whole(d, "a dilation", MOST_DILATION) for d in one["dilations"])
    if not 1 <= len(dilations) <= MOST_LAYERS:
        raise ValueError(f"{len(dilations)} layers")
    kernel = _whole(one["kernel_size"], "kernel_size", MOST_KERNEL)
    return LayerArrayConfig(
        channels=_whole(one["channels"], "channels", MOST_CHANNELS),
        kernel_sizes=(kernel,) * len(dilations),
        dilations=dilations,
        activation=ACTIVATIONS[one["activation"]],
        gated=bool(one.get("gated")),
        head_size=_whole(one["head_size"], "head_size", MOST_CHANNELS),
    )


def _whole(value: Any, name: str, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ValueError(f"{name} is {value!r}")
    return value


def _fill(tcn: Tcn, values: Tensor, head_biases: list[bool]) -> int:
    """Puts the weights in their places; returns how many are left over, negative if some are missing."""
    at = 0

    def put(*parameters: Tensor | None) -> None:
        nonlocal at
        for parameter in parameters:
            assert parameter is not None
            part = values[at : at + parameter.numel()]
            at += parameter.numel()
            if len(part) == parameter.numel():
                parameter.data.copy_(part.view_as(parameter))

    for array, has_bias in zip(tcn.arrays, head_biases, strict=True):
        assert isinstance(array, LayerArray)
        put(array.rechannel.weight)
        for layer in array.layers:
            assert isinstance(layer, Layer)
            put(layer.conv.weight, layer.conv.bias, layer.mixin.weight, layer.residual.weight, layer.residual.bias)
        put(array.head.weight)
        assert array.head.bias is not None
        array.head.bias.data.zero_()
        if has_bias:
            put(array.head.bias)
    last = tcn.arrays[-1]
    assert isinstance(last, LayerArray)
    assert last.head.bias is not None
    if at < len(values):
        last.head.weight.data.mul_(values[at])
        last.head.bias.data.mul_(values[at])
    return len(values) - at - 1
