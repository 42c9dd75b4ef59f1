"""The integer model: what the engine runs, as numpy arrays. Made by `rounding.quantize`, stored by `grit`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.model.grit_layout import Activation as Activation

MAX_TRIM_Q12 = 32767
"""18 dB."""


@dataclass(frozen=True)
class Convolution:
    """out = requantize(weight * inputs + mixin * dry + bias, multiplier, shift), a row at a time.

    weight int8 (rows, kernel, inputs), oldest tap first; mixin int8 (rows,) or None (of a morph on its way both are
    int16); bias int32 (rows,); multiplier int16 (rows,), 0..32767; shift 17..46, the same for all rows;
    dilation in frames.
    """

    weight: NDArray[np.int8] | NDArray[np.int16]
    mixin: NDArray[np.int8] | NDArray[np.int16] | None
    bias: NDArray[np.int32]
    multiplier: NDArray[np.int16]
    shift: int
    dilation: int = 1

    @property
    def history(self) -> int:
        """How many frames before the present one it looks back."""
        return (self.weight.shape[1] - 1) * self.dilation


@dataclass(frozen=True)
class IntegerLayer:
    """conv -> activation (times sigmoid of the second half when gated) -> skip sum and 1x1 residual.

    skip_weight int8 (channels,), 1..64: brings this layer's output to the skip sum's scale.
    stream_shift int8 (channels,): the residual stream grows from layer to layer; it is shifted down (rounded) by this
    much before the 1x1 is added, so that early, small values keep all their bits.
    residual is None where nothing reads it (the last layer of the last array).
    """

    conv: Convolution
    activation: Activation
    gated: bool
    slope_q15: int
    residual: Convolution | None
    skip_weight: NDArray[np.int8]
    stream_shift: NDArray[np.int8]


@dataclass(frozen=True)
class IntegerArray:
    """rechannel (1x1) -> layers -> skip sum (exact, int32) >> skip_shift -> head convolution.

    carry_weight int8 (channels,) brings the previous array's head output to this skip sum's scale; zeros in the first.
    """

    channels: int
    rechannel: Convolution
    layers: tuple[IntegerLayer, ...]
    skip_shift: int
    carry_weight: NDArray[np.int8]
    head: Convolution


@dataclass(frozen=True)
class Dense:
    """out = (weight @ inputs + bias + half) >> shift, a row at a time. Control rate.

    weight int16 (rows, inputs), bias int32 (rows,), shift uint8 (rows,).
    """

    weight: NDArray[np.int16]
    bias: NDArray[np.int32]
    shift: NDArray[np.uint8]


@dataclass(frozen=True)
class IntegerFilm:
    """Position (Q15) -> hidden (tanh, Q15) -> log2 gain (Q12) and bias (accumulator units) of every film row."""

    hidden: Dense
    gain: Dense
    bias: Dense


MAX_KNOBS = 4
"""A device's own, as many as a module has played dimensions."""
KNOB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,15}")
SNAPSHOT_KNOBS = 4
"""Drive, tone, symmetry, dynamics, around a network that has no position."""
KNOB_LEVELS = 20
"""Eight along drive, four along each of tone, symmetry and dynamics."""
USUAL_TONE_POLE = 2870
"""A pivot of 700 Hz at 48 kHz, where none was measured."""

USUAL_OUTPUT_PEAK = 8192
"""A quarter of the output's full scale."""


@dataclass(frozen=True)
class KnobFit:
    """What the knobs of a snapshot, which has no position of its own, were fitted to.

    levels: what holds the loudness at each knob's places from left to right, without its middle, in quarters of a
    decibel, -128 to 127: drive's eight, then four of tone, of symmetry, of dynamics. tone_pole: of the low-pass whose
    corner is the tilt's pivot, Q15, 1 to 32767. output_peak: the level that dynamics leaves as it is, 1 to 65535.
    dry: at drive's left end, sixteenths of what comes in, as loud as what comes out, that are added, 0 to 15;
    upside_down: the network turns it over. bright: at its right end, sixteenths of tone's turn to the right, 0 to 15;
    less_drive: octaves less than its three there. less_expansion: eighths that dynamics has less to the left, 0 to 7.
    """

    measured: bool = False
    tone_pole: int = USUAL_TONE_POLE
    output_peak: int = USUAL_OUTPUT_PEAK
    levels: tuple[int, ...] = (0,) * KNOB_LEVELS
    upside_down: int = 0
    less_drive: int = 0
    dry: int = 0
    bright: int = 0
    less_expansion: int = 0


def knob_names_in(metadata: Mapping[str, Any], position_count: int) -> tuple[str, ...]:
    """What a model's metadata calls the dimensions of its position, if they are a device's own knobs; else ()."""
    names = metadata.get("knobs")
    if not isinstance(names, list) or not 1 <= len(names) == position_count <= MAX_KNOBS:
        return ()
    good = all(isinstance(name, str) and KNOB_NAME.fullmatch(name) for name in names)
    return tuple(names) if good and len(set(names)) == len(names) else ()


IMPULSE_FRAMES, IMPULSE_STEP, IMPULSE_SUM = 1024, 8, 65535
"""Most taps, what their number is a multiple of, and most that their sizes may sum up to: then no sum leaves int32."""


@dataclass(frozen=True)
class Impulse:
    """An impulse response behind a snapshot: out = (taps * samples + half) >> shift, saturated to int16.

    taps int16 (frames,), a multiple of eight, the oldest (the latest to be heard) first; shift 1..15.
    """

    taps: NDArray[np.int16]
    shift: int


@dataclass(frozen=True)
class Pair:
    """What plays together with a snapshot, in its file. kind: of `grit_layout.PAIRS`, series or crossfade. first_shift:
    the snapshot's own output_shift; that of its model is the pair's. balance_q12: level into the second one, or of it
    beside the first, -32768 to 32767, 4096 is 1.
    """

    second: IntegerModel
    kind: str
    first_shift: int
    balance_q12: int = 4096


@dataclass(frozen=True)
class IntegerModel:
    """A space's decoder, or a snapshot (film None), in int8 weights and int16 activations.

    Input is int16 with full scale 1.0; output int16 with full scale 2^output_shift. metadata is JSON-able. trim_q12:
    the level behind it at which it is as loud as other models, 4096 is 1, at most 32767; 0: not known, played as 1.
    """

    arrays: tuple[IntegerArray, ...]
    film: IntegerFilm | None
    output_shift: int
    name: str
    sample_rate: int = 48000
    default_position: tuple[int, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    trim_q12: int = 0
    knobs: KnobFit = KnobFit()
    """Of a snapshot."""
    impulse: Impulse | None = None
    bend_curve: tuple[int, ...] = ()
    """How much louder the network makes what is so loud, by which bends' loudness is held: eight half decibels, -128 to
    127, of what is at -65 dBFS and every 9 dB above it; none: not measured."""
    pair: Pair | None = None
    """Of a snapshot that plays together with another one."""

    @property
    def position_count(self) -> int:
        """Numbers in a position; 0 for a snapshot."""
        return 0 if self.film is None else int(self.film.hidden.weight.shape[1])

    @property
    def knob_names(self) -> tuple[str, ...]:
        """The names of a device's own knobs where the position's dimensions are them; else ()."""
        return knob_names_in(self.metadata, self.position_count)

    @property
    def played_size(self) -> int:
        """Numbers that say where a module plays it: those of a position, or a snapshot's four knobs."""
        return self.position_count or SNAPSHOT_KNOBS

    @property
    def rest_position(self) -> tuple[int, ...]:
        """Where it starts, Q15, played_size numbers: its default position, or the knobs' middles."""
        return self.default_position if self.film is not None else (0,) * SNAPSHOT_KNOBS

    @property
    def film_rows(self) -> int:
        """Rows a position bends: every layer's convolution, then the last head's."""
        return sum(layer.conv.bias.size for a in self.arrays for layer in a.layers) + self.arrays[-1].head.bias.size

    @property
    def receptive_field(self) -> int:
        """Input frames that one output frame depends on."""
        return 1 + sum(a.head.history + sum(layer.conv.history for layer in a.layers) for a in self.arrays)

    @property
    def macs_per_frame(self) -> int:
        """Multiplications a frame at audio rate, padding included."""

        def macs(c: Convolution | None) -> int:
            return 0 if c is None else c.weight.size + (0 if c.mixin is None else c.mixin.size)

        return (0 if self.pair is None else self.pair.second.macs_per_frame) + sum(
            macs(a.rechannel) + macs(a.head) + sum(macs(layer.conv) + macs(layer.residual) for layer in a.layers)
            for a in self.arrays
        )
