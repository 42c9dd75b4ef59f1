"""Neural Amp Modeler captures (`.nam`) as float networks, and back.

Read: WaveNet of format 0.5 to 0.7 (A1 and A2 shapes) and slimmable containers of such. What the engine does not run is
refused by name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.train.network.limits import ENGINE
from gritspace.train.network.nam.reading import naming, read_model, submodels
from gritspace.train.network.nam.records import Array, Model, NamError
from gritspace.train.network.nam.wavenet import ACTIVATIONS, ArrayWeights, wavenet_of, weights_of


@dataclass(frozen=True)
class NamFile:
    """A `.nam` file's networks: one, or a container's, smallest first. names say how to choose one."""

    networks: tuple[Network, ...]
    names: tuple[str, ...]


def read_nam(path: Path) -> NamFile:
    """Reads every network in the file that the engine can run. Raises NamError."""
    model = read_model(path)
    with naming(path):
        found = submodels(model)
        if model.architecture != "SlimmableContainer":
            return NamFile((_network(model),), (found[0][0],))
        networks, names, refused = [], [], []
        for name, submodel in found:
            try:
                networks.append(_network(submodel))
                names.append(name)
            except NamError as error:
                refused.append(f"submodel {name}: {error}")
        if not networks:
            raise NamError("none of its submodels can run: " + "; ".join(refused or ["it has none"]))
        return NamFile(tuple(networks), tuple(names))


def _network(model: Model) -> Network:
    if model.architecture != "WaveNet":
        raise NamError(
            f"its architecture is {model.architecture:.30}; the engine runs WaveNet (recurrent captures can be "
            "distilled with `gritspace fit --device`)"
        )
    config = wavenet_of(model, ENGINE)
    weights, head_scale = weights_of(config, model)
    scales = [1.0] * (len(weights) - 1) + [head_scale]
    arrays = (_array(*one) for one in zip(config.layers, weights, scales, strict=True))
    metadata = model.metadata if isinstance(model.metadata, dict) else {}
    return Network(
        tuple(arrays),
        None,
        48000 if model.sample_rate is None else round(model.sample_rate),
        {k: v for k, v in metadata.items() if k != "training"},
    )


def _array(array: Array, weights: ArrayWeights, head_scale: float) -> LayerArray:
    layers = tuple(
        Layer(
            weight=one.conv,
            mixin=one.mixin,
            bias=one.bias,
            dilation=dilation,
            activation=ACTIVATIONS[activation.type],
            negative_slope=activation.negative_slope if activation.type == "LeakyReLU" else 0.0,
            gated=gating == "gated",
            residual_weight=one.one,
            residual_bias=one.one_bias,
        )
        for one, dilation, activation, gating in zip(
            weights.layers, array.dilations, array.activations, array.gating, strict=True
        )
    )
    return LayerArray(weights.rechannel, layers, weights.head * head_scale, weights.head_bias * head_scale)


def write_nam_text(network: Network, name: str) -> str:
    """A snapshot as a `.nam` (format 0.5.4 for kernel-1 heads, 0.7.0 otherwise) that Neural Amp Modeler loads.

    Raises ValueError for a network with FiLM: fold it at a position first.
    """
    if network.film is not None:
        raise ValueError("a space has no .nam; fold it at a position first")
    names = {ours: theirs for theirs, ours in ACTIVATIONS.items()}
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
    return json.dumps(document, allow_nan=False)


def _mixed(array: LayerArray) -> bool:
    return len({(layer.activation, layer.negative_slope, layer.gated) for layer in array.layers}) > 1


def _described(layer: Layer, names: dict[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = {"type": names[layer.activation]}
    if layer.activation == "leaky_relu":
        described["negative_slope"] = layer.negative_slope
    return described
