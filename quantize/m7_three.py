"""Three channels in two planes: the tiles for networks of width three, such as Neural Amp Modeler's A2-Lite.

A frame's first two channels are a word of the one plane, its third a half-word of the other, which stands at half the
address (kernels_three.h). A tile is three outputs by two frames: six accumulators. Taps go by twos: their third
channels meet in one word (PKHBT), so that a pair of taps is nine SMLADs a frame. Registers: r0 to r5 accumulators
(output r, frame f in r[2r + f]), r11 how far into the audio, lr the weights; r6, r7, r9 and r12 hand the first tap's
audio, weight and place from one round to the next; the rest as the search finds them (m7_registers.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from gritspace.quantize.m7_registers import arrange, names
from gritspace.quantize.m7_schedule import schedule

SAVED = "r4, r5, r6, r7, r8, r9, r10, r11"
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
SUMS = ("r0", "r1", "r2", "r3", "r4", "r5", "r11", "lr")
ATTEMPTS, STEPS = 0, 400_000
"""The order written here is the one to begin with."""
MIXED = 8
"""How many of the last products' lines may mix with what follows."""


def _moved(line: str, size: int) -> str:
    """The same, for a pair of taps whose words stand `size` further behind lr."""
    head, sign, tail = line.partition("[lr, #")
    return f"{head}{sign}{int(tail.rstrip(']')) + size}]" if sign else line


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
        first = arrange(_pair(free, 0, PAIR_BYTES), LIVE, (), AFTER, ATTEMPTS, STEPS)
        body = [_moved(line, PAIR_BYTES * pair) for pair in range(pairs - 1) for line in first]
        body += arrange(_pair(free, (pairs - 1) * PAIR_BYTES, None), SUMS, body[-16:], (), ATTEMPTS, STEPS)
        body, rest = body[:-MIXED], body[-MIXED:]
        turn = [*rest, *_turn(free, pairs * PAIR_BYTES, False)]
        lines += ["2:", *body, *arrange(turn, LIVE, body[-16:], AFTER, ATTEMPTS, STEPS)]
    else:
        last = next(free)
        body = [*_pair(free, 0, PAIR_BYTES), f"ldr {last}, {LAST}", f"add lr, lr, #{PAIR_BYTES}", f"cmp lr, {last}"]
        lines += ["2:", *arrange(body, LIVE, (), AFTER, ATTEMPTS, STEPS), "bne 2b"]
        lines += arrange(_turn(free, 4, True), LIVE, (), AFTER, ATTEMPTS, STEPS)
    return [*lines, "blo 2b", f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"]


RESIDUAL_FRAMES = 4
RESIDUAL_STEPS = 4_000_000


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
        *("2:", *arrange(body, ("r11", "r12", "lr"), (), body[:8], ATTEMPTS, RESIDUAL_STEPS), "blo 2b"),
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


SKIP_FRAMES = 4


def three_skip_two() -> list[str]:
    """Two layers' outputs onto their skip sums, which lie four a frame. r0 sums, r1 the first's outputs, r2 where the
    sums end, r3 planes; on the stack: how far the second's outputs stand behind the first's, and the weights: the
    first's of two channels (a half each), the second's, the third channel's of both."""
    body = []
    for frame in range(SKIP_FRAMES):
        at = 16 * frame
        body += [f"ldr r4, [r1, #{4 * frame}]", f"ldr r5, [r12, #{4 * frame}]"]
        body += [f"ldr r9, [r0, #{at}]", f"ldr r10, [r0, #{at + 4}]"]
        body += ["smlabb r9, r4, r3, r9", "smlatt r10, r4, r3, r10", "smlabb r9, r5, lr, r9", "smlatt r10, r5, lr, r10"]
        body += [f"str r9, [r0, #{at}]", f"str r10, [r0, #{at + 4}]"]
        body += [f"ldrh r4, [r6, #{2 * frame}]", f"ldrh r5, [r7, #{2 * frame}]", f"ldr r11, [r0, #{at + 8}]"]
        body += ["smlabb r11, r4, r8, r11", "smlabt r11, r5, r8, r11", f"str r11, [r0, #{at + 8}]"]
    for register, step in (("r0", 16), ("r1", 4), ("r12", 4), ("r6", 2), ("r7", 2)):
        body.append(f"add {register}, {register}, #{step * SKIP_FRAMES}")
    return [
        "function grit_m7_three_skip_two",
        f"push {{{SAVED}, lr}}",
        *("ldr r12, [sp, #36]", "add r6, r3, r1, lsr #1", "ldr r8, [sp, #48]", "add r12, r12, r1"),
        *("ldr lr, [sp, #44]", "add r7, r3, r12, lsr #1", "ldr r3, [sp, #40]"),
        *("1:", *schedule([*body, "cmp r0, r2"], loops=True), "blo 1b", f"pop {{{SAVED}, pc}}"),
    ]


COPY_FRAMES = (8, 2)


def three_copy() -> list[str]:
    """An even number of frames, in words of both planes. r0 to, r1 from, r2 end of to, in the first plane; r3 planes.

    r4 the end of what is copied by eight frames; r5, r6 to and from in the second plane.
    """
    lines = ["function grit_m7_three_copy", f"push {{{SAVED}, lr}}"]
    lines += ["sub r4, r2, r0", "bic r4, r4, #31", "add r4, r4, r0", "add r5, r3, r0, lsr #1", "add r6, r3, r1, lsr #1"]
    for label, frames, end in (("1", COPY_FRAMES[0], "r4"), ("2", COPY_FRAMES[1], "r2")):
        places = [(("r1", "r0"), 4 * word) for word in range(frames)]
        places += [(("r6", "r5"), 4 * word) for word in range(frames // 2)]
        registers = ("r7", "r8", "r9", "r10", "r11", "r12", "lr", "r3")
        body = []
        for n, ((source, target), at) in enumerate(places):
            register = registers[n % len(registers)]
            body += [f"ldr {register}, [{source}, #{at}]", f"str {register}, [{target}, #{at}]"]
        for register, step in (("r0", 4), ("r1", 4), ("r5", 2), ("r6", 2)):
            body.append(f"add {register}, {register}, #{step * frames}")
        lines += [f"cmp r0, {end}", f"bhs {label}9f", f"{label}:", *schedule([*body, f"cmp r0, {end}"], loops=True)]
        lines += [f"blo {label}b", f"{label}9:"]
    return [*lines, f"pop {{{SAVED}, pc}}"]
