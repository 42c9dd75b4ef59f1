"""A `.tflite` graph of int16 tensors and int8 weights, written node by node with the published flatbuffer schema.

All tensors are (1, 1, frames, channels). Only ratios of scales mean anything to TensorFlow Lite, so every tensor is
declared at 2^-15 unless its reader or writer prescribes otherwise, and a requantization `(acc * m + half) >> s` is
declared as a weight scale of m / 2^s (times output scale over input scale). The same graph can be written with int8
tensors, 256 times coarser, to measure what that costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import tflite
from numpy.typing import NDArray

SCALE = 2.0**-15
_FLUSHED_TO_ZERO = 2.0**-60
"""TensorFlow Lite turns a multiplier this small into 0; a scale of 0 itself it would not load."""


@dataclass(frozen=True)
class Activations:
    """What a graph's tensors are made of. coarser: one of their steps in steps of int16.

    version: of an operation, the first that takes them; bias: type of a convolution's.
    """

    kind: int
    bias_kind: int
    bias_type: type[np.signedinteger[Any]]
    coarser: int
    versions: dict[int, int]
    sigmoid_zero: int
    """What stands for 0 in a sigmoid's result, which spans 0 to 1."""


_OPERATION = tflite.BuiltinOperator
INT16 = Activations(
    tflite.TensorType.INT16,
    tflite.TensorType.INT64,
    np.int64,
    1,
    {
        _OPERATION.CONV_2D: 4,
        _OPERATION.STRIDED_SLICE: 4,
        _OPERATION.CONCATENATION: 3,
        _OPERATION.ADD: 3,
        _OPERATION.MUL: 4,
        _OPERATION.MAXIMUM: 3,
        _OPERATION.TANH: 3,
        _OPERATION.LOGISTIC: 3,
    },
    sigmoid_zero=0,
)
INT8 = Activations(
    tflite.TensorType.INT8,
    tflite.TensorType.INT32,
    np.int32,
    256,
    {
        _OPERATION.CONV_2D: 3,
        _OPERATION.STRIDED_SLICE: 2,
        _OPERATION.CONCATENATION: 2,
        _OPERATION.ADD: 2,
        _OPERATION.MUL: 2,
        _OPERATION.MAXIMUM: 2,
        _OPERATION.TANH: 2,
        _OPERATION.LOGISTIC: 2,
    },
    sigmoid_zero=-128,
)


@dataclass(frozen=True)
class Tensor:
    """A value of the graph: index, frames dropped from the model's input so far, channels, declared scale."""

    index: int
    dropped: int
    channels: int
    scale: float


class Graph:
    """Collects tensors and nodes; `finish` makes the file's bytes."""

    def __init__(self, frames: int, activations: Activations = INT16) -> None:
        self.builder = flatbuffers.Builder(1 << 16)
        self.frames, self.activations = frames, activations
        self._tensors: list[int] = []
        self._buffers: list[int] = [self._buffer(b"")]
        self._nodes: list[int] = []
        self._codes: dict[int, int] = {}
        self._slices: dict[tuple[int, int], Tensor] = {}

    # ---- values

    def input(self) -> Tensor:
        """The dry audio, full scale 1."""
        return self._activation("dry", 0, 1, SCALE)

    def _activation(self, name: str, dropped: int, channels: int, scale: float, zero: int = 0) -> Tensor:
        shape = [1, 1, self.frames - dropped, channels]
        kind, coarse = self.activations.kind, scale * self.activations.coarser
        index = self._tensor(name, shape, kind, 0, [coarse], dynamic_frames=True, zero=zero)
        return Tensor(index, dropped, channels, scale)

    def _constant(self, name: str, values: NDArray[np.generic], kind: int, scales: list[float] | None = None) -> int:
        self._buffers.append(self._buffer(np.ascontiguousarray(values).tobytes()))
        return self._tensor(name, list(values.shape), kind, len(self._buffers) - 1, scales)

    # ---- operations

    def convolution(
        self,
        x: Tensor,
        weight: NDArray[np.int8] | NDArray[np.int16],
        bias: NDArray[np.int64],
        multiplier: NDArray[np.int64],
        shift: int,
        dilation: int = 1,
        out_scale: float = SCALE,
        relu: bool = False,
    ) -> Tensor:
        """weight (rows, kernel, inputs); requantized by (acc * multiplier + half) >> shift."""
        rows, kernel, _ = weight.shape
        ratio = np.where(multiplier > 0, multiplier * 2.0**-shift, _FLUSHED_TO_ZERO)
        scales = [float(np.float32(r * out_scale / x.scale)) for r in ratio]
        w = self._constant("weight", weight[:, None], tflite.TensorType.INT8, scales)
        coarser = self.activations.coarser
        b = self._constant(
            "bias",
            np.round(bias / coarser).astype(self.activations.bias_type),
            self.activations.bias_kind,
            [float(np.float32(s * x.scale * coarser)) for s in scales],
        )
        out = self._activation("conv", x.dropped + (kernel - 1) * dilation, rows, out_scale)
        builder = self.builder
        tflite.Conv2DOptionsStart(builder)
        tflite.Conv2DOptionsAddPadding(builder, tflite.Padding.VALID)
        tflite.Conv2DOptionsAddStrideW(builder, 1)
        tflite.Conv2DOptionsAddStrideH(builder, 1)
        tflite.Conv2DOptionsAddDilationWFactor(builder, dilation)
        tflite.Conv2DOptionsAddDilationHFactor(builder, 1)
        kind = tflite.ActivationFunctionType
        tflite.Conv2DOptionsAddFusedActivationFunction(builder, kind.RELU if relu else kind.NONE)
        options = tflite.Conv2DOptionsEnd(builder)
        self._node(tflite.BuiltinOperator.CONV_2D, [x.index, w, b], out, tflite.BuiltinOptions.Conv2DOptions, options)
        return out

    def last_frames(self, x: Tensor, like: Tensor) -> Tensor:
        """x without its oldest frames, as long as `like`."""
        drop = like.dropped - x.dropped
        if drop == 0:
            return x
        key = (x.index, drop)
        if key not in self._slices:
            begin = self._constant("begin", np.array([0, 0, drop, 0], np.int32), tflite.TensorType.INT32)
            end = self._constant("end", np.zeros(4, np.int32), tflite.TensorType.INT32)
            strides = self._constant("strides", np.ones(4, np.int32), tflite.TensorType.INT32)
            out = self._activation("tail", like.dropped, x.channels, x.scale)
            builder = self.builder
            tflite.StridedSliceOptionsStart(builder)
            tflite.StridedSliceOptionsAddBeginMask(builder, 0b1011)
            tflite.StridedSliceOptionsAddEndMask(builder, 0b1111)
            options = tflite.StridedSliceOptionsEnd(builder)
            kind = tflite.BuiltinOptions.StridedSliceOptions
            inputs = [x.index, begin, end, strides]
            self._node(tflite.BuiltinOperator.STRIDED_SLICE, inputs, out, kind, options)
            self._slices[key] = out
        return self._slices[key]

    def concatenate(self, parts: list[Tensor]) -> Tensor:
        """Channels behind each other."""
        if len(parts) == 1:
            return parts[0]
        out = self._activation("concat", parts[0].dropped, sum(p.channels for p in parts), parts[0].scale)
        tflite.ConcatenationOptionsStart(self.builder)
        tflite.ConcatenationOptionsAddAxis(self.builder, 3)
        options = tflite.ConcatenationOptionsEnd(self.builder)
        kind = tflite.BuiltinOptions.ConcatenationOptions
        self._node(tflite.BuiltinOperator.CONCATENATION, [p.index for p in parts], out, kind, options)
        return out

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """Saturating sum; TensorFlow Lite adds int16 of one power-of-two scale without rescaling."""
        out = self._activation("sum", a.dropped, a.channels, a.scale)
        tflite.AddOptionsStart(self.builder)
        tflite.AddOptionsAddPotScaleInt16(self.builder, self.activations is INT16)
        options = tflite.AddOptionsEnd(self.builder)
        self._node(tflite.BuiltinOperator.ADD, [a.index, b.index], out, tflite.BuiltinOptions.AddOptions, options)
        return out

    def multiply(self, a: Tensor, b: Tensor) -> Tensor:
        """Product of two Q15."""
        out = self._activation("product", a.dropped, a.channels, SCALE)
        tflite.MulOptionsStart(self.builder)
        options = tflite.MulOptionsEnd(self.builder)
        self._node(tflite.BuiltinOperator.MUL, [a.index, b.index], out, tflite.BuiltinOptions.MulOptions, options)
        return out

    def maximum(self, a: Tensor, b: Tensor) -> Tensor:
        """The larger of two, elementwise."""
        out = self._activation("maximum", a.dropped, a.channels, a.scale)
        tflite.MaximumMinimumOptionsStart(self.builder)
        options = tflite.MaximumMinimumOptionsEnd(self.builder)
        kind = tflite.BuiltinOptions.MaximumMinimumOptions
        self._node(tflite.BuiltinOperator.MAXIMUM, [a.index, b.index], out, kind, options)
        return out

    def tanh(self, x: Tensor) -> Tensor:
        """Table tanh."""
        out = self._activation("tanh", x.dropped, x.channels, SCALE)
        self._node(tflite.BuiltinOperator.TANH, [x.index], out)
        return out

    def sigmoid(self, x: Tensor) -> Tensor:
        """Table sigmoid."""
        zero = self.activations.sigmoid_zero
        scale = SCALE if zero == 0 else SCALE / 2  # int8 spends its sign on 0 to 1 as well
        out = self._activation("sigmoid", x.dropped, x.channels, scale, zero)
        self._node(tflite.BuiltinOperator.LOGISTIC, [x.index], out)
        return out

    # ---- the file

    def finish(self, source: Tensor, result: Tensor, description: str) -> bytes:
        """The file's bytes."""
        builder = self.builder
        codes = []
        for code in self._codes:
            tflite.OperatorCodeStart(builder)
            tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(code, 127))
            tflite.OperatorCodeAddBuiltinCode(builder, code)
            tflite.OperatorCodeAddVersion(builder, self.activations.versions[code])
            codes.append(tflite.OperatorCodeEnd(builder))
        name = builder.CreateString("main")
        tensors, nodes = self._offsets(self._tensors), self._offsets(self._nodes)
        inputs, outputs = self._ints([source.index]), self._ints([result.index])
        tflite.SubGraphStart(builder)
        tflite.SubGraphAddTensors(builder, tensors)
        tflite.SubGraphAddInputs(builder, inputs)
        tflite.SubGraphAddOutputs(builder, outputs)
        tflite.SubGraphAddOperators(builder, nodes)
        tflite.SubGraphAddName(builder, name)
        subgraphs = self._offsets([tflite.SubGraphEnd(builder)])
        operator_codes, buffers = self._offsets(codes), self._offsets(self._buffers)
        text = builder.CreateString(description)
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, 3)
        tflite.ModelAddOperatorCodes(builder, operator_codes)
        tflite.ModelAddSubgraphs(builder, subgraphs)
        tflite.ModelAddDescription(builder, text)
        tflite.ModelAddBuffers(builder, buffers)
        builder.Finish(tflite.ModelEnd(builder), b"TFL3")
        return bytes(builder.Output())

    def _buffer(self, data: bytes) -> int:
        builder = self.builder
        vector = 0
        if data:
            # int64 biases are read in place, so their buffer must be aligned for them
            builder.StartVector(1, len(data), 16)
            builder.head -= len(data)
            builder.Bytes[builder.head : builder.head + len(data)] = data
            vector = builder.EndVector()
        tflite.BufferStart(builder)
        if data:
            tflite.BufferAddData(builder, vector)
        return int(tflite.BufferEnd(builder))

    def _tensor(
        self,
        name: str,
        shape: list[int],
        kind: int,
        buffer: int,
        scales: list[float] | None,
        dynamic_frames: bool = False,
        zero: int = 0,
    ) -> int:
        builder = self.builder
        label = builder.CreateString(f"{name}_{len(self._tensors)}")
        dimensions = self._ints(shape)
        signature = self._ints([1, 1, -1, shape[3]]) if dynamic_frames else 0
        quantization = 0
        if scales is not None:
            tflite.QuantizationParametersStartScaleVector(builder, len(scales))
            for scale in reversed(scales):
                builder.PrependFloat32(scale)
            scale_vector = builder.EndVector()
            tflite.QuantizationParametersStartZeroPointVector(builder, len(scales))
            for _ in scales:
                builder.PrependInt64(zero)
            zero_points = builder.EndVector()
            tflite.QuantizationParametersStart(builder)
            tflite.QuantizationParametersAddScale(builder, scale_vector)
            tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
            tflite.QuantizationParametersAddQuantizedDimension(builder, 0)
            quantization = tflite.QuantizationParametersEnd(builder)
        tflite.TensorStart(builder)
        tflite.TensorAddShape(builder, dimensions)
        tflite.TensorAddType(builder, kind)
        tflite.TensorAddBuffer(builder, buffer)
        tflite.TensorAddName(builder, label)
        if quantization:
            tflite.TensorAddQuantization(builder, quantization)
        if signature:
            tflite.TensorAddShapeSignature(builder, signature)
        self._tensors.append(tflite.TensorEnd(builder))
        return len(self._tensors) - 1

    def _node(self, code: int, inputs: list[int], out: Tensor, kind: int = 0, options: int = 0) -> None:
        builder = self.builder
        opcode = self._codes.setdefault(code, len(self._codes))
        sources, results = self._ints(inputs), self._ints([out.index])
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, opcode)
        tflite.OperatorAddInputs(builder, sources)
        tflite.OperatorAddOutputs(builder, results)
        if options:
            tflite.OperatorAddBuiltinOptionsType(builder, kind)
            tflite.OperatorAddBuiltinOptions(builder, options)
        self._nodes.append(tflite.OperatorEnd(builder))

    def _ints(self, values: list[int]) -> int:
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependInt32(value)
        return int(self.builder.EndVector())

    def _offsets(self, values: list[int]) -> int:
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependUOffsetTRelative(value)
        return int(self.builder.EndVector())
