"""Captures of every kind that the format can say, with weights from a seed: what Core was asked about, and we are."""

from __future__ import annotations

from typing import Any

import numpy as np

FILMS = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "head1x1_post_film",
)
ACTIVATIONS: dict[str, Any] = {
    "fasttanh": "Fasttanh",
    "hardtanh": "Hardtanh",
    "silu": "SiLU",
    "hardswish": {"type": "Hardswish"},
    "softsign": {"type": "Softsign"},
    "sigmoid": "Sigmoid",
    "leaky": {"type": "LeakyReLU", "negative_slope": 0.2},
    "prelu": {"type": "PReLU", "negative_slope": 0.15},
    "prelus": {"type": "PReLU", "negative_slopes": [0.05, 0.3, 0.2, 0.0]},
    "leaky_hardtanh": {"type": "LeakyHardtanh", "min_val": -0.4, "max_val": 0.6, "min_slope": 0.1, "max_slope": 0.05},
}


def layer_array(inputs: int = 1, **changes: Any) -> dict[str, Any]:
    """Format 0.7.0's keys for four channels and three layers, but for what is said otherwise."""
    one: dict[str, Any] = {
        "input_size": inputs,
        "condition_size": 1,
        "channels": 4,
        "kernel_size": 3,
        "dilations": [1, 4, 2],
        "activation": "Tanh",
        "gating_mode": "none",
        "head": {"out_channels": 1, "kernel_size": 1, "bias": True},
    }
    return {**one, **changes}


def wavenet(*arrays: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A file's record, without weights."""
    return {"architecture": "WaveNet", "config": {"layers": list(arrays), "head": None, "head_scale": 0.5, **config}}


def every_kind() -> dict[str, dict[str, Any]]:
    """By name. What Neural Amp Modeler Core loads, no two alike."""
    film = {"active": True, "shift": True, "groups": 1}
    head1x1 = {"active": True, "out_channels": 4, "groups": 2}
    found = {name: wavenet(layer_array(activation=kind)) for name, kind in ACTIVATIONS.items()}
    found["mixed"] = wavenet(layer_array(activation=["Tanh", "ReLU", {"type": "Softsign"}]))
    gates = ("Sigmoid", "Tanh", "Softsign")
    for mode in ("gated", "blended"):
        for gate in gates:
            found[f"{mode}_{gate.lower()}"] = wavenet(layer_array(gating_mode=mode, secondary_activation=gate))
    found["gated_each"] = wavenet(
        layer_array(gating_mode=["gated", "none", "gated"], secondary_activation=["Sigmoid", "", "Sigmoid"])
    )
    found["bottleneck"] = wavenet(
        layer_array(bottleneck=2),
    )
    found["wide_bottleneck"] = wavenet(layer_array(bottleneck=6, gating_mode="gated"))
    found["grouped"] = wavenet(layer_array(groups_input=2, layer1x1={"active": True, "groups": 4}))
    found["no_layer1x1"] = wavenet(layer_array(layer1x1={"active": False, "groups": 1}))
    found["head1x1"] = wavenet(layer_array(head1x1=head1x1, bottleneck=2))
    found["head1x1_two"] = wavenet(
        layer_array(head={"out_channels": 4, "kernel_size": 1, "bias": True}, head1x1=head1x1),
        layer_array(4, head1x1={"active": True, "out_channels": 4, "groups": 1}),
    )
    found["head_dilation"] = wavenet(
        layer_array(head={"out_channels": 1, "kernel_size": 5, "head_dilation": 3, "bias": True})
    )
    found["two_arrays"] = wavenet(
        layer_array(channels=6, head={"out_channels": 4, "kernel_size": 1, "bias": False}), layer_array(6)
    )
    for name in FILMS:
        extra = {"head1x1": head1x1} if name.startswith("head") else {}
        found[name] = wavenet(layer_array(**{name: film, **extra}))
    found["film_without_shift"] = wavenet(layer_array(activation_pre_film={**film, "shift": False}))
    for mode in ("none", "blended"):
        found[f"layer1x1_post_film_{mode}"] = wavenet(layer_array(gating_mode=mode, layer1x1_post_film=film))
    behind = {"channels": 3, "out_channels": 1, "kernel_sizes": [3, 2], "activation": "ReLU"}
    found["post_head"] = wavenet(layer_array(head={"out_channels": 2, "kernel_size": 1, "bias": True}), head=behind)
    three = layer_array(head={"out_channels": 3, "kernel_size": 1, "bias": True})
    found["condition"] = wavenet(
        layer_array(condition_size=3, groups_input_mixin=1), condition_dsp={**wavenet(three), "version": "0.6.0"}
    )
    for norm in (False, True):
        found[f"convnet{'_norm' if norm else ''}"] = {
            "architecture": "ConvNet",
            "config": {"channels": 4, "dilations": [1, 2, 8], "batchnorm": norm, "activation": "Tanh"},
        }
    for frames in (5, 200, 3000):
        found[f"linear_{frames}"] = {
            "architecture": "Linear",
            "config": {"receptive_field": frames, "bias": frames != 200},
        }
    found |= _less_usual(head1x1)
    return {name: filled(one, seed) for seed, (name, one) in enumerate(found.items())}


def _less_usual(head1x1: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What random ones brought to light."""
    taps = {"out_channels": 4, "kernel_size": 9, "bias": True}
    both = {"type": "PReLU", "negative_slope": 0.25, "negative_slopes": [0.05, 0.3, 0.2, 0.0]}
    return {
        "head_taps_first": wavenet(layer_array(channels=6, head=taps), layer_array(6)),
        "head_taps_longer_than_the_rest": wavenet(layer_array(channels=6, head=taps), layer_array(6, dilations=[1, 1])),
        "sigmoid_head1x1": wavenet(layer_array(activation="Sigmoid", head1x1=head1x1, bottleneck=2)),
        "sigmoid_head1x1_gated": wavenet(
            layer_array(
                activation=["Tanh", "Sigmoid", "Sigmoid"], head1x1=head1x1, gating_mode=["none", "gated", "none"]
            )
        ),
        "prelu_of_both_spellings": wavenet(layer_array(activation=both)),
    }


def filled(document: dict[str, Any], seed: int) -> dict[str, Any]:
    """With a version, a rate, and as many weights as Core asks for."""
    rng = np.random.default_rng(seed)
    inner = document["config"].get("condition_dsp")
    if inner is not None:
        document = {**document, "config": {**document["config"], "condition_dsp": filled(inner, seed + 1000)}}
    weights = rng.uniform(-0.6, 0.6, weights_needed(document))
    if document["architecture"] == "Linear":
        weights *= 0.99 ** np.arange(len(weights))
    if document["config"].get("batchnorm"):
        weights = np.abs(weights)  # variances are
    return {"version": "0.7.0", "sample_rate": 48000, **document, "weights": [float(np.float32(w)) for w in weights]}


def weights_needed(document: dict[str, Any]) -> int:
    """As Core counts, written anew: not by the reader under test."""
    config = document["config"]
    if document["architecture"] == "Linear":
        return int(config["receptive_field"]) + bool(config["bias"])
    if document["architecture"] == "ConvNet":
        c, count, inputs = config["channels"], 0, 1
        for _ in config["dilations"]:
            count += inputs * c * 2 + (4 * c + 1 if config["batchnorm"] else c)
            inputs = c
        return int(count + c + 1)
    count = 1
    for a in config["layers"]:
        c, b = a["channels"], a.get("bottleneck", a["channels"])
        d, gating = a["condition_size"], a["gating_mode"]
        count += a["input_size"] * c
        head1 = a.get("head1x1", {"active": False})
        one = a.get("layer1x1", {"active": True, "groups": 1})
        for i in range(len(a["dilations"])):
            rows = b * (1 if (gating if isinstance(gating, str) else gating[i]) == "none" else 2)
            count += rows * c * a["kernel_size"] // a.get("groups_input", 1) + rows
            count += rows * d // a.get("groups_input_mixin", 1)
            count += c * b // one["groups"] + c if one["active"] else 0
            count += head1["out_channels"] * b // head1["groups"] + head1["out_channels"] if head1["active"] else 0
            bent = {
                "conv_pre_film": c,
                "input_mixin_pre_film": d,
                "activation_post_film": b,
                "layer1x1_post_film": c,
                "head1x1_post_film": head1.get("out_channels", 0),
            }
            for name in (*FILMS, "layer1x1_post_film"):
                if name in a:
                    size = bent.get(name, rows) * (2 if a[name]["shift"] else 1)
                    count += size * d + size
        head = a["head"]
        summed = head1["out_channels"] if head1["active"] else b
        count += head["out_channels"] * (summed * head["kernel_size"] + head["bias"])
    behind = config["head"]
    if behind is not None:
        inputs = config["layers"][-1]["head"]["out_channels"]
        for i, kernel in enumerate(behind["kernel_sizes"]):
            outputs = behind["out_channels"] if i + 1 == len(behind["kernel_sizes"]) else behind["channels"]
            count += outputs * (inputs * kernel + 1)
            inputs = outputs
    return int(count)


def dry(frames: int = 400) -> np.ndarray[Any, np.dtype[np.float32]]:
    """What Core was played: noise, getting louder."""
    rng = np.random.default_rng(99)
    return (rng.uniform(-0.5, 0.5, frames) * np.linspace(0.2, 1.6, frames)).astype(np.float32)
