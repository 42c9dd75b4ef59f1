"""The layout of a `.grit` file, written once: Python packs by this table, and
`firmware/engine/generated/grit_format.h` is made from it.

Little-endian. A file is a header, the records it points to, and the numbers they point to; every offset counts from the
file's first byte and is a multiple of 4. The CRC-32 (zlib's) covers everything after the crc field.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from gritspace.train.network.limits import ENGINE, MAX_FILM_HIDDEN, MAX_POSITION

MAGIC = 0x54495247
"""'GRIT', read as a little-endian word."""
VERSION = 1
BEND_MAGIC = 0x44554F4C
"""'LOUD', read as a little-endian word."""
BEND_CURVE = 8
KNOBS_SAID = {"upside_down": (1, 1), "less_drive": (2, 2), "dry": (4, 4), "bright": (8, 4), "less_expansion": (12, 3)}
"""What a knob_fit's `measured` says beside its lowest bit: from which bit on, in how many."""
AROUND_MAGIC = 0x444E5241
"""'ARND', read as a little-endian word."""
PAIRS = ("", "series", "crossfade", "morph")
"""How two captures in one file play together, as `around` numbers it; 0: there is one."""

CONSTANTS = {
    "GRIT_MAGIC": (f"0x{MAGIC:08X}u", "'GRIT' in the file's first four bytes"),
    "GRIT_VERSION": (f"{VERSION}u", "changes whenever a record does"),
    "GRIT_MAX_POSITION": (f"{MAX_POSITION}u", "numbers in a position"),
    "GRIT_MAX_CHANNELS": (f"{ENGINE.channels}u", "width of a layer array"),
    "GRIT_MAX_ARRAYS": (f"{ENGINE.arrays}u", "layer arrays in a model"),
    "GRIT_MAX_LAYERS": (f"{ENGINE.layers}u", "layers in a model"),
    "GRIT_MAX_KERNEL": (f"{ENGINE.kernel}u", "taps of a convolution"),
    "GRIT_MAX_DILATION": (f"{ENGINE.dilation}u", "frames between taps"),
    "GRIT_MAX_HIDDEN": (f"{MAX_FILM_HIDDEN}u", "units of the FiLM's hidden layer"),
    "GRIT_MIN_SHIFT": ("17u", "below it SMLAWB and a shift are not the requantization rule"),
    "GRIT_MAX_SHIFT": ("46u", "TensorFlow Lite's limit"),
    "GRIT_BEND_MAGIC": (f"0x{BEND_MAGIC:08X}u", "'LOUD': a bend_fit, right behind the metadata; or none"),
    "GRIT_KNOBS_UPSIDE_DOWN": ("1u", "a knob_fit's bit: the network turns the wave over"),
    "GRIT_KNOBS_LESS_DRIVE": ("2u", "its 2 bits from there on: octaves that drive has less to the right"),
    "GRIT_KNOBS_DRY": ("4u", "4 bits: sixteenths of what comes in, added with drive to the left"),
    "GRIT_KNOBS_BRIGHT": ("8u", "4 bits: sixteenths of tone's turn that drive has with it to the right"),
    "GRIT_KNOBS_LESS_EXPANSION": ("12u", "3 bits: eighths that dynamics has less to the left"),
    "GRIT_BEND_CURVE": (f"{BEND_CURVE}u", "points, from -65 dBFS up, 9 dB apart"),
    "GRIT_AROUND_MAGIC": (
        f"0x{AROUND_MAGIC:08X}u",
        "'ARND': an around, right behind the bend_fit or in its stead; or none",
    ),
    "GRIT_PAIR_SERIES": (f"{PAIRS.index('series')}u", "the second capture hears what the first one makes"),
    "GRIT_PAIR_CROSSFADE": (
        f"{PAIRS.index('crossfade')}u",
        "both hear the same; the first knob goes from one to the other",
    ),
    "GRIT_PAIR_MORPH": (
        f"{PAIRS.index('morph')}u",
        "both are one network, whose weights the first knob moves from one's to the other's",
    ),
    "GRIT_MAX_SKIP_SHIFT": ("20u", "bits a skip sum loses on its way to int16"),
}


class Activation(IntEnum):
    """What a layer does after requantization. LINEAR also serves hardtanh: int16 saturates at ±1 in Q15."""

    LINEAR = 0
    LEAKY_RELU = 1  # with slope_q15; slope 0 is ReLU
    TANH = 2
    SIGMOID = 3


_C_TYPES = {
    "u8": ("uint8_t", "B"),
    "i8": ("int8_t", "b"),
    "u16": ("uint16_t", "H"),
    "i16": ("int16_t", "h"),
    "u32": ("uint32_t", "I"),
}


@dataclass(frozen=True)
class Field:
    """One field: kind is u8, i8, u16, i16, u32, or the name of a record; count > 1 makes an array."""

    name: str
    kind: str
    note: str
    count: int = 1


RECORDS: dict[str, tuple[Field, ...]] = {
    "convolution": (
        Field("rows", "u16", "outputs; 0: this convolution is not there"),
        Field("inputs", "u16", "channels read"),
        Field("kernel", "u16", "taps, oldest first"),
        Field("dilation", "u16", "frames between taps"),
        Field("shift", "u16", "of the requantization, GRIT_MIN_SHIFT..GRIT_MAX_SHIFT"),
        Field("reserved", "u16", "0"),
        Field("weight", "u32", "offset of int8 [rows][kernel][inputs]"),
        Field("mixin", "u32", "offset of int8 [rows], the dry input's weights; 0: none"),
        Field("bias", "u32", "offset of int32 [rows]"),
        Field("multiplier", "u32", "offset of int16 [rows], 0..32767"),
    ),
    "layer": (
        Field("conv", "convolution", "the dilated convolution; film rows"),
        Field("residual", "convolution", "1x1 into the residual stream; rows 0 where nothing reads it"),
        Field("activation", "u8", "grit_activation_t"),
        Field("gated", "u8", "1: the second half of the rows is a sigmoid gate"),
        Field("slope_q15", "i16", "leaky ReLU's slope, 0..32767; 0 is ReLU"),
        Field("skip_weight", "u32", "offset of int8 [channels]: 1..64"),
        Field("stream_shift", "u32", "offset of int8 [channels], 0..15: shifts the stream down; 0: none"),
    ),
    "array": (
        Field("channels", "u16", "width of the residual stream, even"),
        Field("first_layer", "u16", "index into the layer records"),
        Field("layer_count", "u16", "at least 1"),
        Field("skip_shift", "u16", "0..GRIT_MAX_SKIP_SHIFT"),
        Field("carry_weight", "u32", "offset of int8 [channels]; 0 in the first array"),
        Field("rechannel", "convolution", "1x1 from the array's input, kernel 1, no mix-in"),
        Field("head", "convolution", "reads the skip sum; in the last array 1 row, a film row"),
    ),
    "dense": (
        Field("rows", "u16", "outputs"),
        Field("inputs", "u16", "inputs"),
        Field("weight", "u32", "offset of int16 [rows][inputs]"),
        Field("bias", "u32", "offset of int32 [rows]"),
        Field("shift", "u32", "offset of uint8 [rows], 0..30"),
    ),
    "film": (
        Field("hidden", "dense", "position (Q15) -> tanh's input"),
        Field("gain", "dense", "hidden (Q15) -> log2 gain (Q12) of every film row"),
        Field("bias", "dense", "hidden (Q15) -> bias of every film row, in its accumulator's unit"),
    ),
    "knob_fit": (
        Field("measured", "u16", "0: not, and all of this is zeros; else 1, with GRIT_KNOBS_* above it"),
        Field("tone_pole", "u16", "of the low-pass whose corner is the tilt's pivot, Q15"),
        Field("output_peak", "u16", "the level that dynamics leaves as it is; 32768 is the output's full scale"),
        Field("impulse_frames", "u16", "taps of the impulse response behind it, by eights, at most 1024"),
        Field("levels", "i8", "quarters of a decibel that hold the loudness along each knob's turn", 20),
        Field("impulse", "u32", "offset of int16: a sum's shift, 0, the taps, oldest first; 0: none"),
    ),
    "bend_fit": (
        Field("magic", "u32", "GRIT_BEND_MAGIC"),
        Field("curve", "i8", "half decibels that the network makes louder what is so loud", BEND_CURVE),
    ),
    "around": (
        Field("magic", "u32", "GRIT_AROUND_MAGIC"),
        Field("impulse", "u32", "as in knob_fit, behind a space; 0: none"),
        Field("second", "u32", "offset of another snapshot's whole file; 0: none"),
        Field("second_bytes", "u32", "its size"),
        Field("impulse_frames", "u16", "as in knob_fit"),
        Field("pair", "u16", "how the two play together: GRIT_PAIR_SERIES .. GRIT_PAIR_MORPH"),
        Field("first_shift", "u16", "the first one's own output_shift; the header has the pair's"),
        Field("balance_q12", "i16", "level into the second one, or of it beside the first; below 0 the other way up"),
    ),
    "header": (
        Field("magic", "u32", "GRIT_MAGIC"),
        Field("version", "u16", "GRIT_VERSION"),
        Field("header_bytes", "u16", "size of this record"),
        Field("total_bytes", "u32", "size of the file"),
        Field("crc32", "u32", "of everything after this field"),
        Field("name", "u8", "UTF-8, zero-padded, at least one zero", 32),
        Field("sample_rate", "u32", "Hz"),
        Field("receptive_field", "u32", "frames one output frame depends on"),
        Field("macs_per_frame", "u32", "at audio rate"),
        Field("position_count", "u16", "numbers in a position, 0..GRIT_MAX_POSITION; 0: a snapshot"),
        Field("array_count", "u16", "1..GRIT_MAX_ARRAYS"),
        Field("layer_count", "u16", "1..GRIT_MAX_LAYERS"),
        Field("film_rows", "u16", "rows a position bends: all layer convolutions', then the last head's"),
        Field("output_shift", "u16", "output full scale is 2^output_shift, 0..15"),
        Field("trim_q12", "u16", "level that it matches other models in loudness at; 4096 is 1, 0: not known"),
        Field("arrays", "u32", "offset of the array records"),
        Field("layers", "u32", "offset of the layer records"),
        Field("film", "u32", "offset of the film record; 0: a snapshot"),
        Field("metadata", "u32", "offset of UTF-8 JSON; the engine does not read it"),
        Field("metadata_bytes", "u32", "its size"),
        Field("default_position", "i16", "Q15; of a snapshot, which has none, a knob_fit", 16),
    ),
}


def format_of(record: str) -> str:
    """The struct format of a record, nested records flattened; every record is a multiple of 4 bytes, unpadded."""
    parts = []
    for field in RECORDS[record]:
        if field.kind in RECORDS:
            parts.append(format_of(field.kind))
        else:
            parts.append(_C_TYPES[field.kind][1] * field.count)
    return "".join(parts)


def size_of(record: str) -> int:
    """Bytes of a record."""
    return struct.calcsize("<" + format_of(record))


def c_header() -> str:
    """The text of `firmware/engine/generated/grit_format.h`."""
    lines = [
        "/* Generated by `python -m gritspace.quantize.model.grit_layout`; do not edit.",
        " *",
        " * The .grit file: little-endian; offsets count from the first byte and are multiples of 4. */",
        "/* clang-format off */",
        "#ifndef GRITSPACE_GRIT_FORMAT_H",
        "#define GRITSPACE_GRIT_FORMAT_H",
        "",
        "#include <stdint.h>",
        "",
    ]
    lines += [f"#define {name} {value} /* {note} */" for name, (value, note) in CONSTANTS.items()]
    lines += ["", f"#define GRIT_ACTIVATION_COUNT {len(Activation)}u", "typedef enum {"]
    lines += [f"  GRIT_ACTIVATION_{a.name} = {a.value}," for a in Activation]
    lines.append("} grit_activation_t;")
    for record, fields in RECORDS.items():
        lines += ["", "typedef struct {"]
        for field in fields:
            kind = f"grit_{field.kind}_t" if field.kind in RECORDS else _C_TYPES[field.kind][0]
            count = f"[{field.count}]" if field.count > 1 else ""
            lines.append(f"  {kind} {field.name}{count}; /* {field.note} */")
        lines.append(f"}} grit_{record}_t;")
        lines.append(f'_Static_assert(sizeof(grit_{record}_t) == {size_of(record)}, "grit_{record}_t");')
    return "\n".join([*lines, "", "#endif", ""])


if __name__ == "__main__":
    print(c_header(), end="")
