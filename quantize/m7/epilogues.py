"""What follows on a tile's products: requantization, the activation, and where the results are stored."""

from __future__ import annotations

from collections.abc import Iterator

from gritspace.quantize.m7.tile import Tile

# The stack frame of the convolutions: the call (grit_m7_call_t), the present block's weights, dry, out, the end of the
# audio, and what one kind or the other needs.
CALL, WEIGHTS, DRY, OUT, END, EXTRA, MORE = (f"[sp, #{4 * n}]" for n in range(7))
FRAME_BYTES = 28


def linear(tile: Tile, offset: int, free: Iterator[str]) -> list[str]:
    """Requantization, saturated: SMMULR with a multiplier moved up by 32 - shift is the whole rule but for SSAT.

    As every activation here: offset: of the multipliers from lr; the results, both outputs of a frame in one word, lie
    in r3 to r5.
    """
    lines = []
    for row in range(2):
        m = next(free)
        lines.append(f"ldr {m}, [lr, #{offset + 4 * row}]")
        for frame in range(tile.frames):
            a = tile.accumulator(row, frame)
            lines += [f"smmulr {a}, {a}, {m}", f"ssat {a}, #16, {a}"]
    return lines + _packed(tile)


def _packed(tile: Tile) -> list[str]:
    return [f"pkhbt r{3 + f}, r{f}, r{3 + f}, lsl #16" for f in range(tile.frames)]


def leaky(tile: Tile, offset: int, free: Iterator[str]) -> list[str]:
    """The multiplier by the accumulator's sign, without a branch: m + (d & sign)."""
    lines = []
    for row in range(2):
        m, d = next(free), next(free)
        lines += [f"ldr {m}, [lr, #{offset + 4 * row}]", f"ldr {d}, [lr, #{offset + 8 + 4 * row}]"]
        for frame in range(tile.frames):
            a, chosen, t = tile.accumulator(row, frame), next(free), next(free)
            lines += [f"and {chosen}, {d}, {a}, asr #31", f"add {t}, {chosen}, {m}", f"smmulr {a}, {a}, {t}"]
            lines.append(f"ssat {a}, #16, {a}")
    return lines + _packed(tile)


def tanh(tile: Tile, offset: int, free: Iterator[str]) -> list[str]:
    """A straight line from two tables, moved up by 9 so that the result stands in the upper half.

    The line is evaluated at x itself, not at its distance from the segment's start: what overflows on the way cancels.
    The index saturates before the look-up, which is the requantization's saturation: the outermost segments are flat.
    """
    lines = []
    bases, slopes = next(free), next(free)
    for row in range(2):
        m = next(free)
        lines.append(f"ldr {m}, [lr, #{offset + 4 * row}]")
        for frame in range(tile.frames):
            a = tile.accumulator(row, frame)
            lines.append(f"smmulr {a}, {a}, {m}")
    lines += [f"ldr {bases}, {EXTRA}", f"add {slopes}, {bases}, #2048"]
    for frame in range(tile.frames):
        for row in range(2):
            a = tile.accumulator(row, frame)
            index, slope, base = next(free), next(free), next(free)
            lines += [f"ssat {index}, #9, {a}, asr #7", f"ldr {slope}, [{slopes}, {index}, lsl #2]"]
            lines += [f"ldr {base}, [{bases}, {index}, lsl #2]", f"mla {a}, {slope}, {a}, {base}"]
        low, high = tile.accumulator(0, frame), tile.accumulator(1, frame)
        lines.append(f"pkhtb {high}, {high}, {low}, asr #16")
    return lines


ACTIVATIONS = {"linear": linear, "leaky": leaky, "tanh": tanh}


def store(tile: Tile, free: Iterator[str]) -> list[str]:
    """Outputs as wide as inputs: they move on with the audio."""
    out, at = next(free), next(free)
    lines = [f"ldr {out}, {OUT}", f"add {at}, {out}, r11"]
    return lines + [f"str r{3 + frame}, [{at}, #{4 * tile.pairs * frame}]" for frame in range(tile.frames)]


def store_with_stride(free: Iterator[str]) -> list[str]:
    """Outputs of another width than the inputs: by a stride of their own."""
    out, stride, on, moved = (next(free) for _ in range(4))
    lines = [f"ldr {out}, {OUT}", f"ldr {stride}, {EXTRA}", f"ldr {on}, {MORE}"]
    lines += [f"str r3, [{out}, #0]", f"str r4, [{out}, {stride}]", f"str r5, [{out}, {stride}, lsl #1]"]
    return [*lines, f"add {moved}, {out}, {on}", f"str {moved}, {OUT}"]
