"""Neural Amp Modeler captures (`.nam`) as float networks, and back.

Read: WaveNet of format 0.5 to 0.7 (A1 and A2 shapes) and slimmable containers of such. What the engine does not run is
refused by name. The order of weights is Neural Amp Modeler's own: an array's rechannelling, its layers (convolution,
bias,
mix-in, 1x1, bias), its head; at the very end the head's scale.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.train.errors import InputError

_ACTIVATIONS = {
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "Hardtanh": "hardtanh",
}
_FILMS = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)
_MAX_WEIGHTS = 1 << 22


class NamError(InputError):
    """A `.nam` file that cannot be used; the message says what was found."""


@dataclass(frozen=True)
class NamFile:
    """A `.nam` file's networks: one, or a container's, smallest first. names say how to choose one."""

    networks: tuple[Network, ...]
    names: tuple[str, ...]


def read_nam(path: Path) -> NamFile:
    """Reads every network in the file that the engine can run. Raises NamError."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise NamError(f"{path}: could not be read ({error.strerror})") from error
    except ValueError as error:
        raise NamError(f"{path}: not a .nam file, it is no JSON ({error})") from error
    try:
        return _read(document)
    except NamError as error:
        raise NamError(f"{path}: {error}") from None


def _read(document: Any) -> NamFile:
    if _get(document, "architecture", str) != "SlimmableContainer":
        return NamFile((_network(document),), ("whole",))
    submodels = _get(_get(document, "config", dict), "submodels", list)
    networks, names, refused = [], [], []
    for submodel in submodels:
        name = f"{_number(_get(submodel, 'max_value', (int, float)), 'max_value'):g}"
        try:
            networks.append(_network(_get(submodel, "model", dict)))
            names.append(name)
        except NamError as error:
            refused.append(f"submodel {name}: {error}")
    if not networks:
        raise NamError("none of its submodels can run: " + "; ".join(refused or ["it has none"]))
    return NamFile(tuple(networks), tuple(names))


def _get(record: Any, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    if not isinstance(record, dict):
        raise NamError(f"a JSON object was expected where {key!r} should be")
    if record.get(key) is None:
        if default is not None:
            return default
        raise NamError(f"the key {key!r} is missing")
    if not isinstance(record[key], kind) or (isinstance(record[key], bool) and kind is int):
        raise NamError(f"{key!r} is {record[key]!r:.60}, which is of the wrong kind")
    return record[key]


def _number(value: float, what: str) -> float:
    if not math.isfinite(value):
        raise NamError(f"{what} is {value}")
    return float(value)


def _network(document: dict[str, Any]) -> Network:
    architecture = _get(document, "architecture", str)
    if architecture != "WaveNet":
        raise NamError(
            f"its architecture is {architecture}; the engine runs WaveNet (recurrent captures can be distilled with "
            "`gritspace fit --device`)"
        )
    config = _get(document, "config", dict)
    for key in ("head", "condition_dsp"):
        if config.get(key) is not None:
            raise NamError(f"it has a {key!r} network, which the engine does not run")
    weights = _Weights(_get(document, "weights", list))
    arrays, inputs = [], 1
    described = _get(config, "layers", list)
    if not 1 <= len(described) <= 4:
        raise NamError(f"it has {len(described)} layer arrays; the engine runs 1 to 4")
    shapes = [_ArrayShape.read(layer) for layer in described]
    expected = 1 + sum(shape.weight_count() for shape in shapes)
    if weights.values.size != expected:
        raise NamError(f"it has {weights.values.size} weights where its shape needs {expected}")
    for index, shape in enumerate(shapes):
        wanted = shapes[index + 1].channels if index + 1 < len(shapes) else 1
        if shape.inputs != inputs or shape.head_size != wanted:
            raise NamError("its layer arrays do not fit together (input_size, head_size and channels)")
        arrays.append(weights.array(shape))
        inputs = shape.channels
    scale = float(weights.take(1)[0])
    last = arrays[-1]
    arrays[-1] = replace(last, head_weight=last.head_weight * scale, head_bias=last.head_bias * scale)
    rate = document.get("sample_rate")
    metadata = document.get("metadata")
    return Network(
        tuple(arrays),
        None,
        48000 if rate is None else round(_number(rate, "sample_rate")),
        {k: v for k, v in (metadata if isinstance(metadata, dict) else {}).items() if k != "training"},
    )


@dataclass(frozen=True)
class _ArrayShape:
    inputs: int
    channels: int
    kernels: list[int]
    dilations: list[int]
    activations: list[tuple[str, float]]
    gated: list[bool]
    head_size: int
    head_kernel: int
    head_bias: bool

    @classmethod
    def read(cls, layer: dict[str, Any]) -> _ArrayShape:
        channels = _size(layer, "channels", 32)
        if _get(layer, "condition_size", int, 1) != 1:
            raise NamError(f"its condition_size is {layer['condition_size']}; the engine mixes in the dry input alone")
        dilations = [_bounded(d, "a dilation", 16384) for d in _get(layer, "dilations", list)]
        if not 1 <= len(dilations) <= 64:
            raise NamError(f"an array has {len(dilations)} layers; the engine runs 1 to 64")
        if "kernel_sizes" in layer:
            kernels = [_bounded(k, "a kernel size", 64) for k in _get(layer, "kernel_sizes", list)]
        else:
            kernels = [_size(layer, "kernel_size", 64)] * len(dilations)
        if len(kernels) != len(dilations):
            raise NamError(f"{len(kernels)} kernel sizes for {len(dilations)} dilations")
        _refuse_extras(layer, channels)
        if "head" in layer:
            head = _get(layer, "head", dict)
            size, kernel = _size(head, "out_channels", 32), _size(head, "kernel_size", 64)
            bias = bool(head.get("bias"))
        else:
            size, kernel, bias = _size(layer, "head_size", 32), 1, bool(layer.get("head_bias"))
        return cls(
            inputs=_size(layer, "input_size", 32),
            channels=channels,
            kernels=kernels,
            dilations=dilations,
            activations=[_activation(a) for a in _per_layer(layer, "activation", len(dilations))],
            gated=_gating(layer, len(dilations)),
            head_size=size,
            head_kernel=kernel,
            head_bias=bias,
        )

    def weight_count(self) -> int:
        c, inputs = self.channels, self.inputs
        rows = [2 * c if g else c for g in self.gated]
        layers = sum(r * (c * k + 2) + c * c + c for r, k in zip(rows, self.kernels, strict=True))
        return inputs * c + layers + self.head_size * (c * self.head_kernel + self.head_bias)


class _Weights:
    def __init__(self, values: list[Any]) -> None:
        if len(values) > _MAX_WEIGHTS:
            raise NamError(f"it has {len(values)} weights, more than any model the engine could run")
        try:
            self.values: Floats = np.asarray(values, np.float64)
        except (TypeError, ValueError):
            raise NamError("its weights are not all numbers") from None
        if self.values.ndim != 1 or not np.all(np.isfinite(self.values)):
            raise NamError("its weights are not all finite numbers")
        self.taken = 0

    def take(self, *shape: int) -> Floats:
        count = math.prod(shape)
        part = self.values[self.taken : self.taken + count]
        self.taken += count
        return part.reshape(shape)

    def array(self, shape: _ArrayShape) -> LayerArray:
        c = shape.channels
        rechannel = self.take(c, shape.inputs)
        layers = []
        for kernel, dilation, gated, (activation, slope) in zip(
            shape.kernels, shape.dilations, shape.gated, shape.activations, strict=True
        ):
            rows = 2 * c if gated else c
            layers.append(
                Layer(
                    weight=self.take(rows, c, kernel),
                    bias=self.take(rows),
                    mixin=self.take(rows),
                    dilation=dilation,
                    activation=activation,
                    negative_slope=slope,
                    gated=gated,
                    residual_weight=self.take(c, c),
                    residual_bias=self.take(c),
                )
            )
        head_weight = self.take(shape.head_size, c, shape.head_kernel)
        head_bias = self.take(shape.head_size) if shape.head_bias else np.zeros(shape.head_size)
        return LayerArray(rechannel, tuple(layers), head_weight, head_bias)


def _size(record: dict[str, Any], key: str, limit: int) -> int:
    return _bounded(_get(record, key, int), key, limit)


def _bounded(value: Any, what: str, limit: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= limit:
        raise NamError(f"{what} is {value!r:.40}; the engine runs 1 to {limit}")
    return value


def _per_layer(layer: dict[str, Any], key: str, count: int) -> list[Any]:
    value = layer.get(key)
    values = value if isinstance(value, list) else [value] * count
    if len(values) != count:
        raise NamError(f"{len(values)} entries of {key!r} for {count} layers")
    return values


def _activation(value: Any) -> tuple[str, float]:
    name = value.get("type") if isinstance(value, dict) else value
    if name not in _ACTIVATIONS:
        raise NamError(f"it has the activation {name!r:.40}; the engine has {', '.join(_ACTIVATIONS)}")
    slope = value.get("negative_slope", 0.01) if isinstance(value, dict) else 0.01
    return _ACTIVATIONS[name], _number(slope, "negative_slope") if name == "LeakyReLU" else 0.0


def _gating(layer: dict[str, Any], count: int) -> list[bool]:
    if layer.get("gating_mode") is None:
        return [bool(layer.get("gated"))] * count
    modes = _per_layer(layer, "gating_mode", count)
    secondary = _per_layer(layer, "secondary_activation", count)
    for mode, second in zip(modes, secondary, strict=True):
        if mode not in ("none", "gated"):
            raise NamError(f"it has the gating mode {mode!r:.40}; the engine has 'none' and 'gated'")
        name = second.get("type") if isinstance(second, dict) else second
        if mode == "gated" and name not in (None, "", "Sigmoid"):
            raise NamError(f"its gate is {name!r:.40}; the engine's is Sigmoid")
    return [mode == "gated" for mode in modes]


def _refuse_extras(layer: dict[str, Any], channels: int) -> None:
    if layer.get("bottleneck") not in (None, channels):
        raise NamError(f"its bottleneck of {layer['bottleneck']!r:.20} is not its {channels} channels")
    for key in _FILMS:
        if isinstance(layer.get(key), dict) and layer[key].get("active"):
            raise NamError(f"it uses {key!r}, which the engine does not have")
    if isinstance(layer.get("head1x1"), dict) and layer["head1x1"].get("active"):
        raise NamError("it uses 'head1x1', which the engine does not have")
    one = layer.get("layer1x1")
    if isinstance(one, dict) and not one.get("active", True):
        raise NamError("it has no layer 1x1, which the engine needs")
    groups = [layer.get("groups_input"), layer.get("groups_input_mixin")]
    groups.append(one.get("groups") if isinstance(one, dict) else None)
    if any(group not in (None, 1) for group in groups):
        raise NamError("it uses grouped convolutions, which the engine does not have")


def write_nam_text(network: Network, name: str) -> str:
    """A snapshot as a `.nam` (format 0.5.4 for kernel-1 heads, 0.7.0 otherwise) that Neural Amp Modeler loads.

    Raises ValueError for a network with FiLM: fold it at a position first.
    """
    if network.film is not None:
        raise ValueError("a space has no .nam; fold it at a position first")
    names = {ours: theirs for theirs, ours in _ACTIVATIONS.items()}
    weights: list[Floats] = []
    layers = []
    modern = any(
        a.head_weight.shape[2] != 1 or len({x.weight.shape[2] for x in a.layers}) > 1 or _mixed(a)
        for a in network.arrays
    )
    inputs = 1
    for array in network.arrays:
        weights.append(array.rechannel)
        for layer in array.layers:
            weights += [layer.weight, layer.bias, layer.mixin, layer.residual_weight, layer.residual_bias]
        weights += [array.head_weight, array.head_bias]
        described: dict[str, Any] = {
            "input_size": inputs,
            "condition_size": 1,
            "channels": array.channels,
            "dilations": [layer.dilation for layer in array.layers],
        }
        kinds = [_described(layer, names) for layer in array.layers]
        if modern:
            described |= {
                "head": {"out_channels": len(array.head_bias), "kernel_size": array.head_weight.shape[2], "bias": True},
                "kernel_sizes": [layer.weight.shape[2] for layer in array.layers],
                "activation": kinds,
                "gating_mode": ["gated" if layer.gated else "none" for layer in array.layers],
                "secondary_activation": ["Sigmoid" if layer.gated else None for layer in array.layers],
                "bottleneck": array.channels,
                "head1x1": {"active": False, "out_channels": 1, "groups": 1},
                "layer1x1": {"active": True, "groups": 1},
                "groups_input": 1,
                "groups_input_mixin": 1,
            }
        else:
            described |= {
                "head_size": len(array.head_bias),
                "kernel_size": array.layers[0].weight.shape[2],
                "activation": kinds[0] if array.layers[0].activation == "leaky_relu" else kinds[0]["type"],
                "gated": array.layers[0].gated,
                "head_bias": True,
            }
        layers.append(described)
        inputs = array.channels
    flat = np.concatenate([w.reshape(-1) for w in weights] + [np.ones(1)])
    document = {
        "version": "0.7.0" if modern else "0.5.4",
        "metadata": {"name": name, **{k: v for k, v in network.metadata.items() if k != "name"}},
        "architecture": "WaveNet",
        "config": {"layers": layers, "head": None, "head_scale": 1.0},
        "weights": [float(np.float32(w)) for w in flat],
        "sample_rate": network.sample_rate,
    }
    return json.dumps(document)


def _mixed(array: LayerArray) -> bool:
    return len({(layer.activation, layer.negative_slope, layer.gated) for layer in array.layers}) > 1


def _described(layer: Layer, names: dict[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = {"type": names[layer.activation]}
    if layer.activation == "leaky_relu":
        described["negative_slope"] = layer.negative_slope
    return described
