"""Three channels in two planes: the tiles for networks of width three, such as Neural Amp Modeler's A2-Lite.

A frame's first two channels are a word of the one plane, its third a half-word of the other, which stands at half the
address (kernels_three.h). A tile is three outputs by two frames: six accumulators. Taps go by twos: their third
channels meet in one word (PKHBT), so that a pair of taps is nine SMLADs a frame. Registers: r0 to r5 accumulators
(output r, frame f in r[2r + f]), r11 how far into the audio, lr the weights; r6, r7, r9 and r12 hand the first tap's
audio, weight and place from one round to the next; the rest as the search finds them (registers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gritspace.quantize.m7.assembly import SAVED
from gritspace.quantize.m7.registers import arrange, names
from gritspace.quantize.m7.schedule import schedule

PAIR_BYTES = 44
"""Of a pair of taps: where their audio stands, their weights, row by row: of each tap's first two channels, of both
taps' third ones."""
STEP = 8
"""Bytes of two frames in the first plane."""
PLANES, OUT, END, DRY, WEIGHTS, LAST = (f"[sp, #{4 * n}]" for n in range(6))
FRAME_BYTES = 24
LIVE = ("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r9", "r11", "r12", "lr")
AFTER = ("smlad r0, r9, r6, r0", "ldr r8, [lr, #4]", "smlad r1, r9, r7, r1")
"""How every pair of taps begins, more or less."""
TILE_STEPS, STEPS = 5_000_000, 1_000_000
"""How long an order is made better: of A2-Lite's dearest, the tile of six taps and the 1x1; of the others."""
SECOND_PERCENT = 20
"""How much cycles by the core's second rules count in that (anneal.py): what costs nothing by the first ones."""


def _ordered(
    lines: list[str], live_out: tuple[str, ...], before: list[str] | None = None, steps: int = STEPS
) -> list[str]:
    """A loop's body in a good order; with `before`, not a loop's but what follows on that. The order written is the one
    to begin with."""
    loops = before is None
    after = ("blo 2b",) if loops else AFTER
    return arrange(lines, live_out, before or (), after, 0, steps, loops, SECOND_PERCENT)


def _pair(free: Iterator[str], at: int, following: int | None) -> list[str]:
    """Two taps, whose words stand at lr + at. Finds the first one's place in r12, its audio in r6 and r7 and its first
    weight in r9; leaves there what the pair at lr + following finds, if one follows."""
    lines = []
    for row in range(3):
        weight = "r9" if row == 0 else next(free)
        lines += [] if row == 0 else [f"ldr {weight}, [lr, #{at + 8 + 4 * row}]"]
        lines += [f"smlad r{2 * row + f}, {weight}, {('r6', 'r7')[f]}, r{2 * row + f}" for f in range(2)]
    place, second, planes = next(free), next(free), next(free)
    lines += [f"ldr {place}, [lr, #{at + 4}]", f"add {second}, {place}, r11", f"ldr {planes}, {PLANES}"]
    halves = []
    for address in ("r12", second):
        plane = next(free)
        lines.append(f"add {plane}, {planes}, {address}, lsr #1")
        halves.append([next(free), next(free)])
        lines += [f"ldrh {half}, [{plane}, #{2 * frame}]" for frame, half in enumerate(halves[-1])]
    thirds, audio = [next(free), next(free)], [next(free), next(free)]
    lines += [f"pkhbt {thirds[f]}, {halves[0][f]}, {halves[1][f]}, lsl #16" for f in range(2)]
    lines += [f"ldr {audio[f]}, [{second}, #{4 * f}]" for f in range(2)]
    for first, words in ((20, audio), (32, thirds)):
        for row in range(3):
            weight = next(free)
            lines.append(f"ldr {weight}, [lr, #{at + first + 4 * row}]")
            lines += [f"smlad r{2 * row + f}, {weight}, {words[f]}, r{2 * row + f}" for f in range(2)]
    return lines if following is None else lines + _ahead(free, following)


def _ahead(free: Iterator[str], at: int) -> list[str]:
    """What a pair of taps finds in registers."""
    place = next(free)
    lines = [f"ldr {place}, [lr, #{at}]", f"add r12, {place}, r11", "ldr r6, [r12, #0]", "ldr r7, [r12, #4]"]
    return [*lines, f"ldr r9, [lr, #{at + 8}]"]


def _start(free: Iterator[str]) -> list[str]:
    """Biases and mix-in into the accumulators, and what the first pair of taps finds. lr: the first pair's words."""
    dry, at, both, third = (next(free) for _ in range(4))
    lines = [f"ldr {dry}, {DRY}", f"add {at}, {dry}, r11", f"ldr {both}, [lr, #-8]", f"ldr {third}, [lr, #-4]"]
    bias = [next(free) for _ in range(3)]
    lines += [f"ldr {b}, [lr, #{-20 + 4 * row}]" for row, b in enumerate(bias)]
    for frame in range(2):
        x = next(free)
        lines.append(f"ldr {x}, [{at}, #{4 * frame}]")
        lines.append(f"smlabb r{frame}, {both}, {x}, {bias[0]}")
        lines.append(f"smlatb r{2 + frame}, {both}, {x}, {bias[1]}")
        lines.append(f"smlabb r{4 + frame}, {third}, {x}, {bias[2]}")
    return lines + _ahead(free, 0)


def _leaky(free: Iterator[str], offset: int) -> list[str]:
    """The multiplier by the accumulator's sign; the results into both planes. offset: of the multipliers from lr."""
    lines = []
    for row in range(3):
        m, d = next(free), next(free)
        lines += [f"ldr {m}, [lr, #{offset + 4 * row}]", f"ldr {d}, [lr, #{offset + 12 + 4 * row}]"]
        for frame in range(2):
            a, chosen, t = f"r{2 * row + frame}", next(free), next(free)
            lines += [f"and {chosen}, {d}, {a}, asr #31", f"add {t}, {chosen}, {m}", f"smmulr {a}, {a}, {t}"]
            lines.append(f"ssat {a}, #16, {a}")
    out, at, planes, third = (next(free) for _ in range(4))
    lines += [f"ldr {out}, {OUT}", f"add {at}, {out}, r11", f"ldr {planes}, {PLANES}"]
    lines.append(f"add {third}, {planes}, {at}, lsr #1")
    for frame in range(2):
        lines.append(f"pkhbt r{frame}, r{frame}, r{2 + frame}, lsl #16")
        lines += [f"str r{frame}, [{at}, #{4 * frame}]", f"strh r{4 + frame}, [{third}, #{2 * frame}]"]
    return lines


def _turn(free: Iterator[str], offset: int, loops: bool) -> list[str]:
    """A tile's end, and the next one's start."""
    end = _leaky(free, offset)
    limit = next(free)
    end += [f"ldr {limit}, {END}", f"add r11, r11, #{STEP}", f"cmp r11, {limit}"]
    end += [f"ldr lr, {WEIGHTS}"] if loops else []
    return end + _start(free)


def three_convolution(pairs: int = 0) -> list[str]:
    """A leaky convolution over two frames at a time. pairs: exactly so many pairs of taps, unrolled; 0: any number.

    Arguments: r0 the call (kernels_three.h). Behind the last pair stands a place that may be read, unless the number
    of pairs is known; then multipliers and slopes.
    """
    free = names()
    begin = ["ldr lr, [r0, #0]", "ldr r1, [r0, #4]", "ldr r2, [r0, #8]", "ldr r11, [r0, #12]", "ldr r3, [r0, #16]"]
    begin += ["ldr r4, [r0, #20]", "sub r1, r1, r11", "sub r2, r2, r11"]
    begin += [f"str r1, {DRY}", f"str r2, {OUT}", f"str r3, {END}", f"str r4, {PLANES}"]
    begin += [] if pairs else [f"str lr, {WEIGHTS}", "ldr r5, [r0, #24]", f"str r5, {LAST}"]
    start = arrange(_start(free), LIVE, (), (), 60)
    name = f"grit_m7_three_{2 * pairs}" if pairs else "grit_m7_three_any"
    lines = [f"function {name}", f"push {{{SAVED}, lr}}", f"sub sp, sp, #{FRAME_BYTES}", *schedule(begin), *start]
    if pairs:
        body = [line for n in range(pairs - 1) for line in _pair(free, n * PAIR_BYTES, (n + 1) * PAIR_BYTES)]
        body += [*_pair(free, (pairs - 1) * PAIR_BYTES, None), *_turn(free, pairs * PAIR_BYTES, False)]
        lines += ["2:", *_ordered(body, LIVE, steps=TILE_STEPS)]
    else:
        last = next(free)
        body = [*_pair(free, 0, PAIR_BYTES), f"ldr {last}, {LAST}", f"add lr, lr, #{PAIR_BYTES}", f"cmp lr, {last}"]
        lines += ["2:", *_ordered(body, LIVE), "bne 2b"]
        lines += _ordered(_turn(free, 4, True), LIVE, lines[-17:])
    return [*lines, "blo 2b", f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"]


RESIDUAL_FRAMES = 4


def three_residual() -> list[str]:
    """The 1x1 onto the stream, four frames at a time. r12 z, r11 the stream, in the first plane; lr biases, then each
    row's weights of two channels, of the third (two words), multipliers. Argument: r0 the call.

    In the second plane, two frames are a word.
    """
    free = names()
    begin = ["ldr lr, [r0, #0]", "ldr r11, [r0, #8]", "ldr r12, [r0, #12]", "ldr r3, [r0, #16]", "ldr r4, [r0, #20]"]
    begin += [f"str r3, {END}", f"str r4, {PLANES}"]
    planes, of_z, of_stream, limit = (next(free) for _ in range(4))
    body = [f"ldr {planes}, {PLANES}", f"add {of_z}, {planes}, r12, lsr #1", f"add {of_stream}, {planes}, r11, lsr #1"]
    for frame in range(0, RESIDUAL_FRAMES, 2):
        body += _onto_stream(free, frame, of_z, of_stream)
    step = 4 * RESIDUAL_FRAMES
    body += [f"add r11, r11, #{step}", f"add r12, r12, #{step}", f"ldr {limit}, {END}", f"cmp r12, {limit}"]
    return [
        "function grit_m7_three_residual",
        f"push {{{SAVED}, lr}}",
        f"sub sp, sp, #{FRAME_BYTES}",
        *schedule(begin),
        *("2:", *_ordered(body, ("r11", "r12", "lr"), steps=TILE_STEPS), "blo 2b"),
        *(f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"),
    ]


def _onto_stream(free: Iterator[str], frame: int, of_z: str, of_stream: str) -> list[str]:
    """The residual's two frames from `frame` on. of_z, of_stream: where those stand in the second plane."""

    def add(stream: str, at: int, low: str, high: str) -> list[str]:
        both, old, total = (next(free) for _ in range(3))
        lines = [f"pkhbt {both}, {low}, {high}, lsl #16", f"ldr {old}, [{stream}, #{at}]"]
        return [*lines, f"qadd16 {total}, {both}, {old}", f"str {total}, [{stream}, #{at}]"]

    x, thirds = [next(free), next(free)], next(free)
    lines = [f"ldr {x[f]}, [r12, #{4 * (frame + f)}]" for f in range(2)] + [f"ldr {thirds}, [{of_z}, #{2 * frame}]"]
    third = next(free)
    lines.append(f"ldr {third}, [lr, #28]")
    outputs = {}
    for row, half in ((2, "b"), (0, "b"), (1, "t")):
        weight, bias, multiplier = (next(free) for _ in range(3))
        products, sums, outputs[row] = ([next(free), next(free)] for _ in range(3))
        lines += [f"ldr {weight}, [lr, #{12 + 4 * row}]", f"ldr {bias}, [lr, #{4 * row}]"]
        lines += [f"smlad {products[f]}, {weight}, {x[f]}, {bias}" for f in range(2)]
        lines += [f"smla{half}{'bt'[f]} {sums[f]}, {third}, {thirds}, {products[f]}" for f in range(2)]
        lines.append(f"ldr {multiplier}, [lr, #{32 + 4 * row}]")
        for f, out in enumerate(outputs[row]):
            scaled = next(free)
            lines += [f"smmulr {scaled}, {sums[f]}, {multiplier}", f"ssat {out}, #16, {scaled}"]
        if row == 2:
            lines += add(of_stream, 2 * frame, *outputs[2])
            third = next(free)
            lines.append(f"ldr {third}, [lr, #24]")
    return lines + [line for f in range(2) for line in add("r11", 4 * (frame + f), outputs[0][f], outputs[1][f])]


def three_spread() -> list[str]:
    """Three channels from the dry input, four frames at a time. r12 the dry input, r11 the output in the first plane;
    lr biases, weights, multipliers, each of every row. Argument: r0 the call, whose end is the dry input's."""
    free = names()
    begin = ["ldr lr, [r0, #0]", "ldr r12, [r0, #4]", "ldr r11, [r0, #8]", "ldr r3, [r0, #16]", "ldr r4, [r0, #20]"]
    begin += [f"str r3, {END}", f"str r4, {PLANES}"]
    x = [next(free) for _ in range(SPREAD_FRAMES)]
    body = [f"ldr {x[f]}, [r12, #{4 * f}]" for f in range(SPREAD_FRAMES)]
    outputs = {}
    for row in (2, 0, 1):
        bias, weight, multiplier = (next(free) for _ in range(3))
        sums, scaled, outputs[row] = ([next(free) for _ in x] for _ in range(3))
        body += [f"ldr {bias}, [lr, #{4 * row}]", f"ldr {weight}, [lr, #{12 + 4 * row}]"]
        body += [f"smlabb {total}, {sample}, {weight}, {bias}" for total, sample in zip(sums, x, strict=True)]
        body.append(f"ldr {multiplier}, [lr, #{24 + 4 * row}]")
        body += [f"smmulr {out}, {total}, {multiplier}" for out, total in zip(scaled, sums, strict=True)]
        body += [f"ssat {out}, #16, {big}" for out, big in zip(outputs[row], scaled, strict=True)]
        if row == 2:
            planes, third = next(free), next(free)
            body += [f"ldr {planes}, {PLANES}", f"add {third}, {planes}, r11, lsr #1"]
            for f in range(0, SPREAD_FRAMES, 2):
                both = next(free)
                body.append(f"pkhbt {both}, {outputs[2][f]}, {outputs[2][f + 1]}, lsl #16")
                body.append(f"str {both}, [{third}, #{2 * f}]")
    for f in range(SPREAD_FRAMES):
        both = next(free)
        body += [f"pkhbt {both}, {outputs[0][f]}, {outputs[1][f]}, lsl #16", f"str {both}, [r11, #{4 * f}]"]
    limit, step = next(free), 4 * SPREAD_FRAMES
    body += [f"add r11, r11, #{step}", f"add r12, r12, #{step}", f"ldr {limit}, {END}", f"cmp r12, {limit}"]
    return [
        "function grit_m7_three_spread",
        f"push {{{SAVED}, lr}}",
        f"sub sp, sp, #{FRAME_BYTES}",
        *schedule(begin),
        *("2:", *_ordered(body, ("r11", "r12", "lr")), "blo 2b"),
        *(f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"),
    ]


SPREAD_FRAMES = 4
SKIP_FRAMES = 4


def three_skip_two() -> list[str]:
    """Two layers' outputs onto their skip sums, which lie four a frame. r0 sums, r1 the first's outputs, r2 where the
    sums end, r3 planes; on the stack: how far the second's outputs stand behind the first's, and the weights: the
    first's of two channels (a half each), the second's, the third channel's of both."""
    end = "[sp, #36]"  # where the first argument stood
    free = names()
    body = []

    def onto_sum(at: int, *products: tuple[str, str, str]) -> None:
        total = next(free)
        body.append(f"ldr {total}, [r0, #{at}]")
        for product, z, weight in products:
            before, total = total, next(free)
            body.append(f"{product} {total}, {z}, {weight}, {before}")
        body.append(f"str {total}, [r0, #{at}]")

    for frame in range(SKIP_FRAMES):
        first, second = next(free), next(free)
        body += [f"ldr {first}, [r1, #{4 * frame}]", f"ldr {second}, [r12, #{4 * frame}]"]
        onto_sum(16 * frame, ("smlabb", first, "r3"), ("smlabb", second, "lr"))
        onto_sum(16 * frame + 4, ("smlatt", first, "r3"), ("smlatt", second, "lr"))
        if frame % 2 == 0:  # in the second plane, two frames are a word
            first_thirds, second_thirds = next(free), next(free)
            body += [f"ldr {first_thirds}, [r6, #{2 * frame}]", f"ldr {second_thirds}, [r7, #{2 * frame}]"]
        half = "bt"[frame % 2]
        onto_sum(16 * frame + 8, (f"smla{half}b", first_thirds, "r8"), (f"smla{half}t", second_thirds, "r8"))
    for register, step in (("r0", 16), ("r1", 4), ("r12", 4), ("r6", 2), ("r7", 2)):
        body.append(f"add {register}, {register}, #{step * SKIP_FRAMES}")
    limit = next(free)
    body += [f"ldr {limit}, {end}", f"cmp r0, {limit}"]
    live = ("r0", "r1", "r3", "r6", "r7", "r8", "r12", "lr")
    return [
        "function grit_m7_three_skip_two",
        f"push {{{SAVED}, lr}}",
        *("ldr r12, [sp, #36]", "add r6, r3, r1, lsr #1", "ldr r8, [sp, #48]", "add r12, r12, r1"),
        *("ldr lr, [sp, #44]", "add r7, r3, r12, lsr #1", "ldr r3, [sp, #40]", f"str r2, {end}"),
        *("2:", *_ordered(body, live), "blo 2b"),
        f"pop {{{SAVED}, pc}}",
    ]


COPY_FRAMES = (8, 2)


def three_copy() -> list[str]:
    """An even number of frames, in words of both planes. r0 planes, r1 to, r2 from, in the first plane; r3 frames.

    r3 becomes the end of to, r6 the end of what is copied by eight frames; r4, r5 are to and from in the second plane.
    """
    lines = ["function grit_m7_three_copy", "push {r4, r5, r6, r7, r8, lr}"]
    lines += ["bic r6, r3, #7", "add r4, r0, r1, lsr #1", "add r3, r1, r3, lsl #2", "add r5, r0, r2, lsr #1"]
    lines += ["add r6, r1, r6, lsl #2"]
    registers = ("r0", "r7", "r8", "r12", "lr")
    for label, frames, end in (("1", COPY_FRAMES[0], "r6"), ("2", COPY_FRAMES[1], "r3")):
        places = [(("r2", "r1"), 4 * word) for word in range(frames)]
        places += [(("r5", "r4"), 4 * word) for word in range(frames // 2)]
        body = []
        for n, ((source, target), at) in enumerate(places):
            register = registers[n % len(registers)]
            body += [f"ldr {register}, [{source}, #{at}]", f"str {register}, [{target}, #{at}]"]
        for register, step in (("r1", 4), ("r2", 4), ("r4", 2), ("r5", 2)):
            body.append(f"add {register}, {register}, #{step * frames}")
        lines += [f"cmp r1, {end}", f"bhs {label}9f", f"{label}:", *schedule([*body, f"cmp r1, {end}"], loops=True)]
        lines += [f"blo {label}b", f"{label}9:"]
    return [*lines, "pop {r4, r5, r6, r7, r8, pc}"]


MAKERS = (
    partial(three_convolution, 3),
    three_convolution,
    three_residual,
    three_spread,
    three_skip_two,
    three_copy,
)
"""Of all of them."""
