"""Neural Amp Modeler captures (`.nam`) as float networks, and back.

Read: WaveNets of format 0.5 to 0.7 that are of the engine's family or can be written so, slimmable ones, containers of
such, impulse responses (Linear) of up to 1,024 frames. What the engine does not run is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.quantize.network.network import Floats, Layer, LayerArray, Network
from gritspace.train.network.limits import ENGINE
from gritspace.train.network.nam.activations import OURS
from gritspace.train.network.nam.family import ArrayWeights, Beyond, LayerWeights, family_of
from gritspace.train.network.nam.impulse import linear_arrays
from gritspace.train.network.nam.reading import naming, read_model, submodels
from gritspace.train.network.nam.records import Model, NamError
from gritspace.train.network.nam.slimmable import cuts
from gritspace.train.network.nam.wavenet import wavenet_record


@dataclass(frozen=True)
class NamFile:
    """A `.nam` file's networks: one, or a container's or a slimmable one's, smallest first. names say how to choose
    one; beyond: a container's submodels that the engine does not run, and why."""

    networks: tuple[Network, ...]
    names: tuple[str, ...]
    beyond: tuple[str, ...] = ()


def read_nam(path: Path) -> NamFile:
    """Reads every network in the file that the engine can run. Raises NamError."""
    model = read_model(path)
    with naming(path):
        if model.architecture != "SlimmableContainer":
            found = _networks(model)
            return NamFile(tuple(network for _, network in found), tuple(name for name, _ in found))
        networks, names, refused = [], [], []
        for name, submodel in submodels(model):
            try:
                networks.append(_networks(submodel)[-1][1])
                names.append(name)
            except NamError as error:
                refused.append(f"submodel {name}: {error}")
        if not networks:
            raise NamError("none of its submodels can run: " + "; ".join(refused or ["it has none"]))
        return NamFile(tuple(networks), tuple(names), tuple(refused))


def _networks(model: Model) -> list[tuple[str, Network]]:
    """With their names; a slimmable one is several, smallest first."""
    if model.architecture == "Linear":
        return [("whole", _network(model, linear_arrays(model)))]
    if model.architecture != "WaveNet":
        raise Beyond(f"its architecture is {model.architecture:.30}; the engine runs WaveNet and short Linears")
    ways = cuts(wavenet_record(model))
    if len(ways) == 1:
        return [("whole", _network(model, family_of(model, ENGINE)))]
    return [(f"{upper:g}", _network(model, family_of(model, ENGINE, widths=widths))) for upper, widths in ways]


def _network(model: Model, arrays: Sequence[ArrayWeights]) -> Network:
    metadata = model.metadata if isinstance(model.metadata, dict) else {}
    return Network(
        tuple(LayerArray(a.rechannel, tuple(_layer(one) for one in a.layers), a.head, a.head_bias) for a in arrays),
        None,
        48000 if model.sample_rate is None else round(model.sample_rate),
        {k: v for k, v in metadata.items() if k != "training"},
    )


def _layer(one: LayerWeights) -> Layer:
    return Layer(
        weight=one.conv,
        mixin=one.mixin,
        bias=one.bias,
        dilation=one.dilation,
        activation=one.activation,
        negative_slope=one.negative_slope,
        gated=one.gated,
        residual_weight=one.one,
        residual_bias=one.one_bias,
    )


def write_nam_text(network: Network, name: str) -> str:
    """A snapshot as a `.nam` (format 0.5.4 for kernel-1 heads, 0.7.0 otherwise) that Neural Amp Modeler loads.

    Raises ValueError for a network with FiLM: fold it at a position first.
    """
    if network.film is not None:
        raise ValueError("a space has no .nam; fold it at a position first")
    names = {ours: theirs for theirs, ours in OURS.items()}
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
