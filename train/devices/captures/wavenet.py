"""Neural Amp Modeler's WaveNet captures (A1: standard, lite, feather, nano and custom) as devices to train a space on.

Newer shapes need no space to run: `gritspace quantize` takes them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.captures.recurrent import licence_of, resampled
from gritspace.train.devices.device import Audio, Settings, checked
from gritspace.train.network.limits import DEVICE
from gritspace.train.network.nam.family import ArrayWeights, Beyond, family_of
from gritspace.train.network.nam.reading import naming, read_model
from gritspace.train.network.nam.records import Model, NamError
from gritspace.train.network.nam.wavenet import Floats
from gritspace.train.network.play import played
from gritspace.train.network.shapes import ACTIVATIONS, LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Layer, LayerArray, Tcn

A1_ACTIVATIONS = ("Tanh", "ReLU", "LeakyReLU", "Hardtanh")


class WaveNetCapture:
    """One capture file as a device without knobs."""

    kind = "capture"
    knobs: tuple[str, ...] = ()

    def __init__(self, name: str, licence: str, tcn: Tcn, rate: int = SAMPLE_RATE) -> None:
        """rate: in Hz, of its training; audio is resampled to it and back."""
        self.name, self.licence, self.tcn, self.rate = name, licence, tcn.eval(), rate

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, 0) -> wet (batch, frames), from the state silence leaves."""
        dry, _ = checked(self, dry, settings)
        return at_rate(dry, self.rate, lambda row: played(self.tcn, torch.from_numpy(row)).numpy())


def at_rate(dry: Audio, rate: int, play: Callable[[Audio], Audio]) -> Audio:
    """dry (batch, frames) at 48 kHz -> wet (batch, frames); every row is played at another rate and taken back."""
    torch.set_num_threads(1)  # of this thread: devices are rendered side by side
    native = resampled(dry, SAMPLE_RATE, rate)
    wet = [play(row) for row in np.ascontiguousarray(native)]
    if not wet or rate == SAMPLE_RATE:
        return np.stack(wet) if wet else dry
    back, frames = resampled(np.stack(wet), rate, SAMPLE_RATE), dry.shape[1]
    return np.ascontiguousarray(np.pad(back, ((0, 0), (0, max(0, frames - back.shape[1]))))[:, :frames])


def device_name(path: Path) -> str:
    """The file's name without what would be taken for a setting: `Tone@8` becomes `Tone-8`."""
    return re.sub(r"[^A-Za-z0-9_.+=-]+", "_", path.stem.replace("@", "-")).strip("_")


def is_wavenet(path: Path) -> bool:
    """Whether a .nam file says that it is of the kind that can be read here. Raises NamError if it is no .nam file."""
    model = read_model(path)
    return model.architecture == "WaveNet" and _extra(model) is None


def read_wavenet(path: Path) -> WaveNetCapture:
    """Raises NamError that names the file and what was found in it."""
    model = read_model(path)
    with naming(path):
        if model.architecture != "WaveNet":
            raise NamError(f"it is a {model.architecture:.30}, and a WaveNet is needed here.")
        if (extra := _extra(model)) is not None:
            raise NamError(f"it has {extra}, which cannot be a device here; `gritspace quantize` may take it.")
        return wavenet_capture(path, model)


def wavenet_capture(path: Path, model: Model) -> WaveNetCapture:
    """Of any dialect. Raises Beyond if it is in none of the family's shapes, or has layers of several kinds."""
    rate = SAMPLE_RATE if model.sample_rate is None else round(model.sample_rate)
    return WaveNetCapture(device_name(path), licence_of(path), tcn_from(model), rate)


def tcn_from(model: Model) -> Tcn:
    """A WaveNet's network. Raises Beyond as wavenet_capture does."""
    arrays = family_of(model, DEVICE, "a device may have")
    tcn = Tcn(TcnConfig(tuple(_array_config(array) for array in arrays)))
    _fill(tcn, arrays)
    return tcn


def _extra(model: Model) -> str | None:
    """What an A1 capture does not have, if there is any."""
    layers = model.config.get("layers")
    if not isinstance(layers, list):
        return "no layers"
    if model.config.get("head") is not None or model.config.get("condition_dsp") is not None:
        return "a further network in it"
    for one in layers:
        if not isinstance(one, dict) or "kernel_size" not in one or "slimmable" in one:
            return "layers of a newer shape"
        if not isinstance(one.get("activation"), str) or one["activation"] not in A1_ACTIVATIONS:
            return f"the activation {one.get('activation')!s:.40}"
        if one.get("condition_size", 1) != 1:
            return "more than one condition"
    return None


def _array_config(array: ArrayWeights) -> LayerArrayConfig:
    kinds = {(layer.activation, layer.negative_slope, layer.gated) for layer in array.layers}
    if len(kinds) != 1:
        raise Beyond("its layers differ in kind within an array; `gritspace quantize` may take it.")
    ((activation, slope, gated),) = kinds
    if activation not in ACTIVATIONS:
        raise Beyond(f"it has the activation {activation!r}; `gritspace quantize` may take it.")
    return LayerArrayConfig(
        channels=len(array.rechannel),
        kernel_sizes=tuple(layer.conv.shape[2] for layer in array.layers),
        dilations=tuple(layer.dilation for layer in array.layers),
        activation=activation,
        negative_slope=slope,
        gated=gated,
        head_size=len(array.head),
        head_kernel_size=array.head.shape[2],
    )


def _fill(tcn: Tcn, weights: Sequence[ArrayWeights]) -> None:
    """Puts the weights in their places."""

    def put(parameter: Tensor | None, values: Floats) -> None:
        assert parameter is not None
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)).view_as(parameter))

    with torch.no_grad():
        for array, its in zip(tcn.arrays, weights, strict=True):
            assert isinstance(array, LayerArray)
            put(array.rechannel.weight, its.rechannel)
            for layer, one in zip(array.layers, its.layers, strict=True):
                assert isinstance(layer, Layer)
                put(layer.conv.weight, one.conv)
                put(layer.conv.bias, one.bias)
                put(layer.mixin.weight, one.mixin)
                put(layer.residual.weight, one.one)
                put(layer.residual.bias, one.one_bias)
            put(array.head.weight, its.head)
            put(array.head.bias, its.head_bias)
