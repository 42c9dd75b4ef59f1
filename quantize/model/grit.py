"""The `.grit` file: an integer model as bytes, and back with every check."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.grit_layout import (
    AROUND_MAGIC,
    BEND_MAGIC,
    KNOBS_SAID,
    MAGIC,
    PAIRS,
    RECORDS,
    VERSION,
    format_of,
    size_of,
)
from gritspace.quantize.model.model import (
    IMPULSE_FRAMES,
    IMPULSE_STEP,
    IMPULSE_SUM,
    MAX_TRIM_Q12,
    USUAL_OUTPUT_PEAK,
    USUAL_TONE_POLE,
    Activation,
    Convolution,
    Dense,
    Impulse,
    IntegerArray,
    IntegerFilm,
    IntegerLayer,
    IntegerModel,
    KnobFit,
    Pair,
)
from gritspace.quantize.model.morph import NoMorph, check
from gritspace.train.errors import InputError
from gritspace.train.network.limits import MAX_POSITION
from gritspace.train.output_file import write_whole
from gritspace.train.whole_file import read_bytes

NAME_BYTES = 32
MAX_BYTES = 64 << 20
"""Of a file. A module takes 124 KB; nothing that quantizes makes one of a megabyte."""
MAX_OUTPUT_SHIFT = 15
_CRC_START = 16
"""The CRC covers everything after the first four header words."""


class GritError(InputError):
    """Not a usable `.grit`: the message says what was found."""


class _Writer:
    """Lays numbers out behind each other, 4-byte aligned, and hands out their offsets."""

    def __init__(self, start: int) -> None:
        self.data = bytearray()
        self.start = start

    def put(self, payload: bytes) -> int:
        offset = self.start + len(self.data)
        self.data += payload + bytes(-len(payload) % 4)
        return offset

    def numbers(self, values: NDArray[Any], dtype: str) -> int:
        return self.put(np.ascontiguousarray(values).astype(dtype).tobytes())

    def convolution(self, conv: Convolution | None) -> list[int]:
        if conv is None:
            return [0] * len(RECORDS["convolution"])
        rows, kernel, inputs = conv.weight.shape
        mixin = 0 if conv.mixin is None else self.numbers(conv.mixin, "<i1")
        offsets = [self.numbers(conv.weight, "<i1"), mixin, self.numbers(conv.bias, "<i4")]
        offsets.append(self.numbers(conv.multiplier, "<i2"))
        return [rows, inputs, kernel, conv.dilation, conv.shift, 0, *offsets]

    def dense(self, dense: Dense) -> list[int]:
        rows, inputs = dense.weight.shape
        return [
            rows,
            inputs,
            self.numbers(dense.weight, "<i2"),
            self.numbers(dense.bias, "<i4"),
            self.numbers(dense.shift, "<u1"),
        ]


def to_bytes(model: IntegerModel) -> bytes:
    """The whole file. Same model, same bytes."""
    layers = [layer for array in model.arrays for layer in array.layers]
    arrays_at = size_of("header")
    layers_at = arrays_at + size_of("array") * len(model.arrays)
    film_at = layers_at + size_of("layer") * len(layers)
    writer = _Writer(film_at + (size_of("film") if model.film else 0))
    records = bytearray()
    first = 0
    for array in model.arrays:
        carry = writer.numbers(array.carry_weight, "<i1") if np.any(array.carry_weight) else 0
        fields = [array.channels, first, len(array.layers), array.skip_shift, carry]
        fields += writer.convolution(array.rechannel) + writer.convolution(array.head)
        records += struct.pack("<" + format_of("array"), *fields)
        first += len(array.layers)
    for layer in layers:
        fields = writer.convolution(layer.conv) + writer.convolution(layer.residual)
        fields += [int(layer.activation), int(layer.gated), layer.slope_q15, writer.numbers(layer.skip_weight, "<i1")]
        fields.append(writer.numbers(layer.stream_shift, "<i1") if np.any(layer.stream_shift) else 0)
        records += struct.pack("<" + format_of("layer"), *fields)
    if model.film is not None:
        film = model.film
        fields = writer.dense(film.hidden) + writer.dense(film.gain) + writer.dense(film.bias)
        records += struct.pack("<" + format_of("film"), *fields)
    metadata = json.dumps(model.metadata, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
    metadata_at = writer.put(metadata)
    if model.bend_curve:
        writer.put(struct.pack("<" + format_of("bend_fit"), BEND_MAGIC, *model.bend_curve))
    impulse_at = _around(writer, model)
    total = writer.start + len(writer.data)
    name = model.name.encode()[: NAME_BYTES - 1].decode(errors="ignore").encode()  # never cuts a character in two
    default = list(model.default_position) + [0] * (MAX_POSITION - len(model.default_position))
    if model.film is None and model.knobs.measured:
        default = list(struct.unpack(f"<{MAX_POSITION}h", _knob_fit_bytes(model.knobs, model.impulse, impulse_at)))
    tail = struct.pack(
        "<" + format_of("header")[5:],
        *name.ljust(NAME_BYTES, b"\0"),
        model.sample_rate,
        model.receptive_field,
        model.macs_per_frame,
        model.position_count,
        len(model.arrays),
        len(layers),
        model.film_rows,
        model.output_shift,
        model.trim_q12,
        arrays_at,
        layers_at,
        film_at if model.film else 0,
        metadata_at,
        len(metadata),
        *default,
    )
    body = tail + bytes(records) + bytes(writer.data)
    head = struct.pack("<IHHII", MAGIC, VERSION, size_of("header"), total, zlib.crc32(body))
    return head + body


def _around(writer: _Writer, model: IntegerModel) -> int:
    """Writes what stands around the network; returns where its impulse response is, or 0."""
    impulse, pair = model.impulse, model.pair
    taps = b"" if impulse is None else np.concatenate([[impulse.shift, 0], impulse.taps]).astype("<i2").tobytes()
    if pair is None and (impulse is None or model.film is None):
        return writer.put(taps) if taps else 0
    second = b"" if pair is None else to_bytes(pair.second)
    begins = writer.start + len(writer.data) + size_of("around")
    of_space = impulse if model.film is not None else None
    fields = [
        begins if of_space else 0,
        begins + len(taps) if pair else 0,
        len(second),
        len(of_space.taps) if of_space else 0,
        PAIRS.index(pair.kind) if pair else 0,
        pair.first_shift if pair else 0,
        pair.balance_q12 if pair else 0,
    ]
    writer.put(struct.pack("<" + format_of("around"), AROUND_MAGIC, *fields))
    writer.put(taps + second)
    return begins if taps else 0


def _knob_fit_bytes(fit: KnobFit, impulse: Impulse | None, impulse_at: int) -> bytes:
    frames = 0 if impulse is None else len(impulse.taps)
    measured = 1 + sum(getattr(fit, name) << first for name, (first, _) in KNOBS_SAID.items())
    return struct.pack(
        "<" + format_of("knob_fit"), measured, fit.tone_pole, fit.output_peak, frames, *fit.levels, impulse_at
    )


def _bend_curve(data: bytes, header: dict[str, Any]) -> tuple[int, ...]:
    at = (header["metadata"] + header["metadata_bytes"] + 3) & ~3
    if at + size_of("bend_fit") > header["total_bytes"]:
        return ()
    magic, *curve = struct.unpack_from("<" + format_of("bend_fit"), data, at)
    return tuple(curve) if magic == BEND_MAGIC else ()


def _read_around(data: bytes, header: dict[str, Any], bent: bool) -> dict[str, Any]:
    """The record behind the bends' levels, by its fields; empty where there is none."""
    at = ((header["metadata"] + header["metadata_bytes"] + 3) & ~3) + (size_of("bend_fit") if bent else 0)
    if at + size_of("around") > header["total_bytes"]:
        return {}
    found = _Reader(data).record("around", at)
    return found if found["magic"] == AROUND_MAGIC else {}


def _pair(data: bytes, header: dict[str, Any], around: dict[str, Any], inside: bool) -> Pair | None:
    """inside: of what is half of a pair itself, and may have none. The same rules as firmware/module/sound/pair.c's."""
    if not around.get("pair"):
        return None
    if inside:
        raise GritError("it is a pair itself")
    at, count, first_shift = around["second"], around["second_bytes"], around["first_shift"]
    if around["pair"] >= len(PAIRS) or at % 4 or at + count > len(data):
        raise GritError("what it plays together with does not lie in it")
    try:
        second = _model(data[at : at + count], inside=True)
    except GritError as error:
        raise GritError(f"what it plays together with: {error}") from error
    if second.film is not None:
        raise GritError("what it plays together with is no snapshot")
    kind = PAIRS[around["pair"]]
    if first_shift > MAX_OUTPUT_SHIFT or (
        kind == "crossfade" and max(first_shift, second.output_shift) > header["output_shift"]
    ):
        raise GritError("what it plays together with has a full scale that no module takes")
    return Pair(second, kind, first_shift, around["balance_q12"])


def _check_morph(first: IntegerModel) -> None:
    if first.pair is None or first.pair.kind != "morph":
        return
    try:
        check(first, first.pair.second)
    except NoMorph as error:
        raise GritError(f"what it morphs into: {error}") from error


def _around_snapshot(reader: _Reader, numbers: list[int]) -> tuple[KnobFit, Impulse | None]:
    """From a snapshot's default position. What no knobs can be fitted to is as if it were not measured."""
    words = struct.pack(f"<{MAX_POSITION}h", *numbers)
    measured, tone_pole, output_peak, frames, *levels, at = struct.unpack("<" + format_of("knob_fit"), words)
    if not measured:
        return KnobFit(), None
    pole = tone_pole if 0 < tone_pole <= 32767 else USUAL_TONE_POLE
    said = {name: measured >> first & (1 << bits) - 1 for name, (first, bits) in KNOBS_SAID.items()}
    fit = KnobFit(True, pole, output_peak or USUAL_OUTPUT_PEAK, tuple(levels), **said)
    return fit, _impulse(reader, at, frames)


def _impulse(reader: _Reader, at: int, frames: int) -> Impulse | None:
    if not at:
        return None
    shift, _, *taps = reader.numbers(at, "<i2", 2 + frames).tolist()
    if frames > IMPULSE_FRAMES or frames % IMPULSE_STEP or not 1 <= shift <= 15 or sum(map(abs, taps)) > IMPULSE_SUM:
        raise GritError("its impulse response is none that a module takes")
    return Impulse(np.array(taps, np.int16), shift)


def write_grit(model: IntegerModel, path: Path) -> None:
    """Writes beside and renames, so that a full disk leaves no half file."""
    write_whole(Path(path), to_bytes(model))


def read_grit(path: Path) -> IntegerModel:
    """Reads and checks a `.grit` file. Raises GritError naming the file and what is wrong."""
    try:
        data = read_bytes(Path(path), MAX_BYTES)
    except InputError as error:
        raise GritError(str(error)) from error
    try:
        return from_bytes(data)
    except GritError as error:
        raise GritError(f"{path}: {error}") from error


class _Reader:
    """Reads records and numbers at offsets, refusing whatever points outside."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def record(self, name: str, offset: int) -> dict[str, Any]:
        return self._fields(name, iter(struct.unpack("<" + format_of(name), self._bytes(offset, size_of(name)))))

    def _fields(self, name: str, values: Any) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for field in RECORDS[name]:
            if field.kind in RECORDS:
                out[field.name] = self._fields(field.kind, values)
            elif field.count > 1:
                out[field.name] = [next(values) for _ in range(field.count)]
            else:
                out[field.name] = next(values)
        return out

    def _bytes(self, offset: int, count: int) -> bytes:
        if offset % 4 or offset + count > len(self.data):
            raise GritError(f"damaged: a record points to bytes {offset} to {offset + count} of {len(self.data)}")
        return self.data[offset : offset + count]

    def numbers(self, offset: int, dtype: str, *shape: int) -> NDArray[Any]:
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.frombuffer(self._bytes(offset, count), dtype).reshape(shape).copy()

    def optional(self, offset: int, dtype: str, count: int) -> NDArray[Any]:
        return self.numbers(offset, dtype, count) if offset else np.zeros(count, dtype)

    def convolution(self, f: dict[str, Any]) -> Convolution:
        rows, inputs, kernel = f["rows"], f["inputs"], f["kernel"]
        return Convolution(
            weight=self.numbers(f["weight"], "<i1", rows, kernel, inputs),
            mixin=self.numbers(f["mixin"], "<i1", rows) if f["mixin"] else None,
            bias=self.numbers(f["bias"], "<i4", rows),
            multiplier=self.numbers(f["multiplier"], "<i2", rows),
            shift=f["shift"],
            dilation=f["dilation"],
        )

    def dense(self, f: dict[str, Any]) -> Dense:
        return Dense(
            weight=self.numbers(f["weight"], "<i2", f["rows"], f["inputs"]),
            bias=self.numbers(f["bias"], "<i4", f["rows"]),
            shift=self.numbers(f["shift"], "<u1", f["rows"]),
        )


def read_header(data: bytes) -> dict[str, Any]:
    """The header's fields by name, unchecked but for the length."""
    if len(data) < size_of("header"):
        raise GritError(f"too short for a .grit: {len(data)} bytes, a header alone has {size_of('header')}")
    return _Reader(data).record("header", 0)


def from_bytes(data: bytes) -> IntegerModel:
    """The model in a file's bytes. Raises GritError; the engine repeats these checks and stricter ones of its own."""
    return _model(data)


def _model(data: bytes, inside: bool = False) -> IntegerModel:
    header = read_header(data)
    reader = _Reader(data)
    if header["magic"] != MAGIC:
        raise GritError("not a .grit file (its first bytes are not 'GRIT')")
    if header["version"] != VERSION:
        raise GritError(f".grit version {header['version']}; this program reads version {VERSION}: quantize again")
    if header["header_bytes"] != size_of("header"):
        raise GritError(f"altered: its header claims a size of {header['header_bytes']} bytes, which it has not")
    if header["total_bytes"] > len(data):
        missing = header["total_bytes"] - len(data)
        raise GritError(f"truncated: {missing} of {header['total_bytes']} bytes are missing")
    body = data[_CRC_START : header["total_bytes"]]
    if zlib.crc32(body) != header["crc32"]:
        raise GritError("altered: its CRC-32 does not match its content")
    if header["trim_q12"] > MAX_TRIM_Q12:
        raise GritError(f"its level trim is {header['trim_q12']}; the most is {MAX_TRIM_Q12}")
    layers = []
    for index in range(header["layer_count"]):
        f = reader.record("layer", header["layers"] + index * size_of("layer"))
        conv = reader.convolution(f["conv"])
        channels = f["conv"]["rows"] // (2 if f["gated"] else 1)
        layers.append(
            IntegerLayer(
                conv=conv,
                activation=_activation(f["activation"]),
                gated=bool(f["gated"]),
                slope_q15=f["slope_q15"],
                residual=reader.convolution(f["residual"]) if f["residual"]["rows"] else None,
                skip_weight=reader.numbers(f["skip_weight"], "<i1", channels),
                stream_shift=reader.optional(f["stream_shift"], "<i1", channels),
            )
        )
    arrays = []
    for index in range(header["array_count"]):
        f = reader.record("array", header["arrays"] + index * size_of("array"))
        own = tuple(layers[f["first_layer"] : f["first_layer"] + f["layer_count"]])
        channels = f["channels"]
        arrays.append(
            IntegerArray(
                channels=channels,
                rechannel=reader.convolution(f["rechannel"]),
                layers=own,
                skip_shift=f["skip_shift"],
                carry_weight=reader.optional(f["carry_weight"], "<i1", channels),
                head=reader.convolution(f["head"]),
            )
        )
    film = None
    if header["film"]:
        f = reader.record("film", header["film"])
        film = IntegerFilm(reader.dense(f["hidden"]), reader.dense(f["gain"]), reader.dense(f["bias"]))
    bend_curve = _bend_curve(data, header)
    around = _read_around(data, header, bool(bend_curve))
    if header["position_count"]:
        knobs, impulse = KnobFit(), _impulse(reader, around.get("impulse", 0), around.get("impulse_frames", 0))
    else:
        knobs, impulse = _around_snapshot(reader, header["default_position"])
    try:
        name = bytes(header["name"]).rstrip(b"\0").decode()
    except ValueError as error:
        raise GritError("its name or metadata is not UTF-8 text and JSON") from error
    metadata = metadata_in(data[header["metadata"] : header["metadata"] + header["metadata_bytes"]])
    model = IntegerModel(
        arrays=tuple(arrays),
        film=film,
        output_shift=header["output_shift"],
        name=name,
        sample_rate=header["sample_rate"],
        default_position=tuple(header["default_position"][: header["position_count"]]),
        metadata=metadata,
        trim_q12=header["trim_q12"],
        knobs=knobs,
        impulse=impulse,
        bend_curve=bend_curve,
        pair=None if film is not None else _pair(data, header, around, inside),
    )
    _check_morph(model)
    return model


def metadata_in(raw: bytes) -> dict[str, Any]:
    """A file's metadata. Raises GritError for what is no JSON object."""
    try:
        metadata = json.loads(raw, parse_constant=_no_number) if raw else {}
        json.dumps(metadata, ensure_ascii=False).encode()  # halves of characters are no text
    except (ValueError, RecursionError) as error:
        raise GritError("its name or metadata is not UTF-8 text and JSON") from error
    if not isinstance(metadata, dict):
        raise GritError(f"its metadata is a {type(metadata).__name__}, and should be a JSON object")
    return metadata


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _activation(code: int) -> Activation:
    try:
        return Activation(code)
    except ValueError:
        raise GritError(f"activation {code} is unknown to this program") from None
