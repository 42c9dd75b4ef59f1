"""TensorFlow's side of bench_quantize: a program of its own, for a Python that need have nothing but TensorFlow.

PYTHON bench_converter.py NETWORK.npz WET.npy
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np


def main() -> None:
    """Builds the network in TensorFlow, lets its converter round it, and plays through it what it was not shown."""
    import tensorflow as tf

    given = np.load(sys.argv[1])
    audio = given["audio"][:, None, :, None]  # (pieces, 1, frames, 1)
    described: list[list[dict[str, Any]]] = json.loads(str(given["described"]))

    def convolved(x: Any, name: str, dilation: int = 1) -> Any:
        weight = given[name]
        weight = weight[:, :, None] if weight.ndim == 2 else weight
        return tf.nn.conv2d(x, weight.transpose(2, 1, 0)[None], 1, "VALID", dilations=[1, 1, dilation, 1])

    def last(x: Any, like: Any) -> Any:
        return x[:, :, x.shape[2] - like.shape[2] :, :]

    def activated(layer: dict[str, Any], x: Any) -> Any:
        kind = layer["activation"]
        if kind in ("leaky_relu", "relu"):
            return tf.nn.leaky_relu(x, layer["slope"]) if layer["slope"] else tf.nn.relu(x)
        plain = {"tanh": tf.tanh, "sigmoid": tf.sigmoid, "hardtanh": lambda y: tf.clip_by_value(y, -1.0, 1.0)}
        return plain[kind](x) if kind in plain else x

    @tf.function(input_signature=[tf.TensorSpec(audio[:1].shape, tf.float32)])
    def network(dry: Any) -> Any:
        stream, skips = dry, None
        for a, layers in enumerate(described):
            stream = convolved(stream, f"{a}_rechannel")
            for i, layer in enumerate(layers):
                pre = convolved(stream, f"{a}_{i}_conv", layer["dilation"]) + given[f"{a}_{i}_bias"]
                pre = pre + last(dry, pre) * given[f"{a}_{i}_mixin"]
                if layer["gated"]:
                    main_rows, gate = tf.split(pre, 2, axis=3)
                    out = activated(layer, main_rows) * tf.sigmoid(gate)
                else:
                    out = activated(layer, pre)
                skips = out if skips is None else last(skips, out) + out
                if a + 1 < len(described) or i + 1 < len(layers):
                    stream = last(stream, out) + convolved(out, f"{a}_{i}_one") + given[f"{a}_{i}_one_bias"]
            skips = convolved(skips, f"{a}_head") + given[f"{a}_head_bias"]
        return skips

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([piece[None]] for piece in audio[: given["heard"]])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    wet = []
    for piece in audio[given["heard"] :]:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], piece[None])
        interpreter.invoke()
        wet.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).reshape(-1))
    np.save(sys.argv[2], np.stack(wet))


if __name__ == "__main__":
    main()
