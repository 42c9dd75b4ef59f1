"""The integer model as a TensorFlow Lite file, with the same output bits, and the interpreter that runs it.

The interpreter hears the whole signal at once behind receptive_field - 1 frames of silence, which leave the state
that the engine starts from.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.export.tflite_graph import INT16, Activations, Graph, Tensor
from gritspace.quantize.model.arithmetic import negative_multiplier
from gritspace.quantize.model.fold import at_position
from gritspace.quantize.model.model import Activation, Convolution, IntegerArray, IntegerLayer, IntegerModel
from gritspace.train.errors import InputError
from gritspace.train.output_file import write_whole

TANH_SCALE = float(np.nextafter(np.float32(1 / 6144), np.float32(1)))
SIGMOID_SCALE = float(np.nextafter(np.float32(1 / 3072), np.float32(1)))
"""A hair above the table's step, because TensorFlow Lite truncates what it derives from them."""
DEFAULT_FRAMES = 4800


def to_tflite(
    model: IntegerModel,
    position: Sequence[int] | NDArray[np.int16] | None = None,
    activations: Activations = INT16,
) -> bytes:
    """A snapshot, or a space at a position (Q15; None: the default), as a `.tflite`.

    Input int16 (1, 1, receptive_field - 1 + frames, 1), full scale 1; output int16 (1, 1, frames, 1). frames can be
    resized. activations: INT16 has the engine's own bits; INT8, with int8 in and out, shows what fewer bits cost.
    """
    model = at_position(model, position)
    graph = Graph(model.receptive_field - 1 + DEFAULT_FRAMES, activations)
    dry = graph.input()
    stream, carry = dry, None
    for array in model.arrays:
        stream, carry = _array(graph, array, stream, dry, carry, model if array is model.arrays[-1] else None)
    assert carry is not None
    return graph.finish(dry, carry, f"gritspace: {model.name}")


def write_tflite(
    model: IntegerModel,
    path: Path,
    position: Sequence[int] | NDArray[np.int16] | None = None,
    activations: Activations = INT16,
) -> None:
    """Writes the file whole or not at all."""
    write_whole(Path(path), to_tflite(model, position, activations))


def interpreter_class() -> Any:
    """TensorFlow Lite's interpreter: tflite-runtime's where that is installed (Linux, Python 3.11), its successor's
    (ai-edge-litert) else."""
    if importlib.util.find_spec("tflite_runtime") is not None:
        from tflite_runtime.interpreter import Interpreter
    else:
        from ai_edge_litert.interpreter import Interpreter
    return Interpreter


def run_tflite(content: bytes, audio: NDArray[np.int16]) -> NDArray[np.int16]:
    """audio int16 (frames,) -> int16 (frames,) by TensorFlow Lite's interpreter; a model of int8 hears and gives
    the upper eight bits.

    Raises InputError if the file cannot be loaded.
    """
    try:
        interpreter = interpreter_class()(model_content=content, num_threads=1)
    except ValueError as error:
        raise InputError(f"TensorFlow Lite cannot load this model: {error}") from error
    source = interpreter.get_input_details()[0]
    result = interpreter.get_output_details()[0]
    lead = int(source["shape"][2] - result["shape"][2])
    interpreter.resize_tensor_input(source["index"], [1, 1, lead + len(audio), 1])
    interpreter.allocate_tensors()
    padded = np.concatenate([np.zeros(lead, np.int16), np.asarray(audio, np.int16)])
    coarser = 256 if source["dtype"] == np.int8 else 1
    if coarser > 1:
        padded = np.clip(np.round(padded / coarser), -128, 127).astype(np.int8)
    interpreter.set_tensor(source["index"], padded.reshape(1, 1, -1, 1))
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(result["index"]).reshape(-1), np.int16) * np.int16(coarser)


def _array(
    graph: Graph, array: IntegerArray, inputs: Tensor, dry: Tensor, carry: Tensor | None, last: IntegerModel | None
) -> tuple[Tensor, Tensor]:
    stream = _convolve(graph, array.rechannel, inputs)
    parts: list[Tensor] = [] if carry is None else [carry]
    weights = [] if carry is None else [array.carry_weight]
    for layer in array.layers:
        z = _layer(graph, layer, stream, dry)
        parts.append(z)
        weights.append(layer.skip_weight)
        stream = graph.last_frames(stream, z)
        if layer.residual is not None:
            stream = graph.add(_shifted(graph, stream, layer), _convolve(graph, layer.residual, z))
    # The exact skip sum, narrowed once: a 1x1 convolution over all layers' outputs.
    together = graph.concatenate([graph.last_frames(part, parts[-1]) for part in parts])
    diagonal = np.concatenate([np.diag(w) for w in weights], axis=1).astype(np.int8)[:, None, :]
    zeros, unit = np.zeros(array.channels, np.int64), np.full(array.channels, 1 << 14)
    head_input = graph.convolution(together, diagonal, zeros, unit, 14 + array.skip_shift)
    out_scale = 2.0**-15 if last is None else 2.0 ** (last.output_shift - 15)
    return stream, _convolve(graph, array.head, head_input, out_scale)


def _shifted(graph: Graph, stream: Tensor, layer: IntegerLayer) -> Tensor:
    """The stream shifted down as a 1x1 convolution whose multiplier halves as often as the channel asks."""
    if not np.any(layer.stream_shift):
        return stream
    channels = stream.channels
    unit = np.eye(channels, dtype=np.int8)[:, None, :]
    multiplier = np.int64(1 << 14) >> layer.stream_shift.astype(np.int64)
    # (x * 2^(14-e) + 2^13) >> 14 rounds as (x + 2^(e-1)) >> e does; TensorFlow Lite normalizes the multiplier
    return graph.convolution(stream, unit, np.zeros(channels, np.int64), multiplier, 14)


def _layer(graph: Graph, layer: IntegerLayer, stream: Tensor, dry: Tensor) -> Tensor:
    conv = layer.conv
    rows = conv.bias.size
    source, weight = stream, conv.weight
    if conv.mixin is not None:  # one more input channel, heard by the newest tap alone
        source = graph.concatenate([stream, graph.last_frames(dry, stream)])
        mixin = np.zeros((rows, conv.weight.shape[1], 1), np.int8)
        mixin[:, -1, 0] = conv.mixin
        weight = np.concatenate([weight, mixin], axis=2)

    def part(which: slice, multiplier: NDArray[np.int64], scale: float = 2.0**-15, relu: bool = False) -> Tensor:
        bias = conv.bias[which].astype(np.int64)
        return graph.convolution(source, weight[which], bias, multiplier[which], conv.shift, conv.dilation, scale, relu)

    multiplier = conv.multiplier.astype(np.int64)
    main = slice(0, rows // 2) if layer.gated else slice(0, rows)
    if layer.activation is Activation.TANH:
        out = graph.tanh(part(main, multiplier, TANH_SCALE))
    elif layer.activation is Activation.SIGMOID:
        out = graph.sigmoid(part(main, multiplier, SIGMOID_SCALE))
    elif layer.activation is Activation.LEAKY_RELU and layer.slope_q15 == 0:
        out = part(main, multiplier, relu=True)
    elif layer.activation is Activation.LEAKY_RELU:
        # The same accumulators requantized twice: the larger is the positive branch above zero, the negative one below.
        out = graph.maximum(part(main, multiplier), part(main, negative_multiplier(multiplier, layer.slope_q15)))
    else:
        out = part(main, multiplier)
    if not layer.gated:
        return out
    return graph.multiply(out, graph.sigmoid(part(slice(rows // 2, rows), multiplier, SIGMOID_SCALE)))


def _convolve(graph: Graph, conv: Convolution, x: Tensor, out_scale: float = 2.0**-15) -> Tensor:
    return graph.convolution(
        x,
        conv.weight,
        conv.bias.astype(np.int64),
        conv.multiplier.astype(np.int64),
        conv.shift,
        conv.dilation,
        out_scale,
    )
