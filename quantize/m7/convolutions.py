"""The convolutions of kernels_m7.S: with mix-in and activation, of one tap, the residual's, the head's."""

from __future__ import annotations

from collections.abc import Iterator

from gritspace.quantize.m7.assembly import SAVED
from gritspace.quantize.m7.epilogues import (
    ACTIVATIONS,
    CALL,
    DRY,
    END,
    EXTRA,
    FRAME_BYTES,
    MORE,
    OUT,
    WEIGHTS,
    linear,
    store,
    store_with_stride,
)
from gritspace.quantize.m7.registers import arrange, names, refine
from gritspace.quantize.m7.schedule import schedule
from gritspace.quantize.m7.tile import Tile, looped, pipelined

ATTEMPTS, MAX_ATTEMPTS = 600, 3500
"""How long an order is looked for; most where the known networks spend their time (minutes in all)."""
RESIDUAL_ATTEMPTS = {1: 3500, 2: 3500, 4: 200, 8: 200}
"""By input pairs. The search times one pass, not a loop's rounds: of the best passes of 200, 300, 400, 600, 1000, 1500
and 3500 attempts, these are the shortest rounds (4 pairs: 41 cycles against 43 after 3500; 8: 65 against 67)."""
ANNEALED, STEPS = (("tanh", 8), ("leaky", 4)), 400_000
"""Tiles whose order is then made better by annealing (anneal.py), and how long."""
RESIDUALS, ROUND_STEPS = (4, 8), 2_000_000
"""Input pairs whose residual is annealed as a whole round; for how long, that and the tiles of one tap."""
TANH = {1: (3500, 0), 2: (3500, 0), 4: (600, 50)}
"""Tanh tiles of exact taps that are annealed as whole rounds, by input pairs: attempts before that, and how much the
mean cycle of all instructions counts when it is done once more (0: it is not)."""


def convolution(pairs: int, kind: str, taps: int = 0) -> list[str]:
    """Two outputs over triples of frames: bias and mix-in, all taps, requantization and activation; then the next two.

    taps: exactly so many, unrolled; 0: any number, in a loop. Arguments: r0 the call, r1 tanh's
    tables.
    """
    tile = Tile(2, 3, pairs)
    enter = [f"str r0, {CALL}", f"str r1, {EXTRA}"]
    if kind == "linear":
        enter += ["ldr r1, [r0, #28]", f"str r1, {EXTRA}", "add r1, r1, r1, lsl #1", f"str r1, {MORE}"]
    begin = ["ldr lr, [r0, #0]", "ldr r1, [r0, #4]", "ldr r2, [r0, #8]", "ldr r11, [r0, #12]", "ldr r3, [r0, #16]"]
    if kind != "linear":  # outputs as wide as inputs: they move on with the audio
        begin.append("sub r2, r2, r11")
    begin += [f"str lr, {WEIGHTS}", f"str r1, {DRY}", f"str r2, {OUT}", f"str r3, {END}"]
    whole = taps > 0 and kind == "tanh" and pairs in TANH
    spills = kind == "tanh" and not whole  # it needs every register while it looks up
    begin += [f"str r11, {MORE}"] if spills else []
    ahead, body = pipelined(tile, taps or 1, loop=taps == 0)
    free = names()
    start = [*_start(free), *ahead]
    loops = taps == 0
    end = ACTIVATIONS[kind](tile, taps * tile.tap_bytes or 4, free)
    end += [f"ldr r11, {MORE}"] if spills else []
    end += store_with_stride(free) if kind == "linear" else store(tile, free)
    limit = next(free)
    end += [f"ldr {limit}, {END}", f"add r11, r11, #{tile.step}", f"cmp r11, {limit}"]
    end += [f"str r11, {MORE}"] if spills else []
    end += [f"ldr lr, {WEIGHTS}"] if loops or spills else []
    last = 0 if loops else 2 + 2 * tile.frames  # how many of the last products may mix with what follows
    first, rest = body[: len(body) - last], body[len(body) - last :]
    attempts = (TANH[pairs][0] if whole else MAX_ATTEMPTS) if taps else ATTEMPTS
    # the next tile's start, also after the last tile
    annealed = taps and (kind, pairs) in ANNEALED
    turn = arrange(
        [*rest, *end, *start], LIVE, first[-16:], body[:12], 150 if annealed else attempts, STEPS if annealed else 0
    )
    if whole:
        first, turn = [], refine([*first, *turn], LIVE, (), ("blo 2b",), ROUND_STEPS, True)
        if TANH[pairs][1]:
            turn = refine(turn, LIVE, (), ("blo 2b",), 2 * ROUND_STEPS, True, TANH[pairs][1])
    return [
        f"function grit_m7_convolve_{kind}_{2 * pairs}_{taps or 'any'}",
        f"push {{{SAVED}, lr}}",
        f"sub sp, sp, #{FRAME_BYTES}",
        *(*enter, "1:", *schedule(begin), *arrange(start, LIVE, (), body[:12], 40), "2:", *first),
        *(*(["beq 2b"] if loops else []), *turn, "blo 2b"),
        *NEXT_BLOCK,
        *(f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"),
    ]


LIVE = (*(f"r{n}" for n in range(7)), "r9", "r11", "r12", "lr")
"""What a tile's products need to begin: accumulators, the first operands, and where everything stands."""


def _start(free: Iterator[str]) -> list[str]:
    """Biases and mix-in into the accumulators; the first tap's place."""
    weights, dry, first, second = (next(free) for _ in range(4))
    lines = [f"ldr {weights}, [lr, #-4]", f"ldr {first}, [lr, #-12]", f"ldr {second}, [lr, #-8]", f"ldr {dry}, {DRY}"]
    for frame in range(3):
        x = next(free)
        lines.append(f"ldr {x}, [{dry}, #{4 * frame}]")
        lines.append(f"smlabb r{frame}, {weights}, {x}, {first}")
        lines.append(f"smlatb r{3 + frame}, {weights}, {x}, {second}")
    on, place = next(free), next(free)
    lines += [f"add {on}, {dry}, #12", f"str {on}, {DRY}", f"ldr {place}, [lr, #0]", f"add r12, {place}, r11"]
    return lines


NEXT_BLOCK = [f"ldr r0, {CALL}", "ldr r1, [r0, #20]", "ldr r2, [r0, #24]", "ldr r3, [r0, #0]", "ldr r4, [r0, #8]"]
NEXT_BLOCK += ["add r3, r3, r2", "add r4, r4, #4", "subs r1, r1, #1"]
NEXT_BLOCK += ["str r3, [r0, #0]", "str r4, [r0, #8]", "str r1, [r0, #20]", "bne 1b"]


def head(pairs: int) -> list[str]:
    """One output over six frames at a time. Argument: r0 the call, of one block."""
    taps = 2 if pairs % 2 else 1
    tile = Tile(1, 6, pairs)
    start = ["ldr r0, [lr, #-8]", *(f"mov r{n}, r0" for n in range(1, 6)), "ldr r12, [lr, #0]", "add r12, r12, r11"]
    ahead, body = looped(tile, taps)
    end = ["ldr r6, [lr, #4]"]
    for frame in range(6):
        end += [f"smmulr r{frame}, r{frame}, r6", f"ssat r{frame}, #16, r{frame}"]
    end += [f"pkhbt r{n}, r{n}, r{n + 1}, lsl #16" for n in (0, 2, 4)]
    end += [f"ldr r12, {OUT}", *(f"str r{n}, [r12, #{2 * n}]" for n in (0, 2, 4))]
    end += ["add r12, r12, #12", f"str r12, {OUT}", f"ldr r9, {END}", f"add r11, r11, #{tile.step}", "cmp r11, r9"]
    end.append(f"ldr lr, {WEIGHTS}")
    begin = ["ldr lr, [r0, #0]", "ldr r2, [r0, #8]", "ldr r11, [r0, #12]", "ldr r3, [r0, #16]"]
    begin += [f"str lr, {WEIGHTS}", f"str r2, {OUT}", f"str r3, {END}"]
    return [
        f"function grit_m7_head_{2 * pairs}",
        f"push {{{SAVED}, lr}}",
        f"sub sp, sp, #{FRAME_BYTES}",
        *(*schedule(begin + start + ahead), "2:", *schedule(body, loops=True), "beq 2b"),
        *(*schedule(end + start + ahead), "blo 2b"),
        *(f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"),
    ]


def _from_bias(tile: Tile, first: int, second: int) -> tuple[list[str], list[str]]:
    """What is loaded before one tap's products, and those: each accumulator's first one starts from its row's bias,
    which stand at these bytes from lr."""
    ahead, body = pipelined(tile, 1, loop=False)
    begun: set[str] = set()
    for at, line in enumerate(body):
        register = line.split()[1].rstrip(",")
        if line.startswith("smlad") and register not in begun:
            begun.add(register)
            body[at] = line[: line.rindex(register)] + ("r3" if register in ("r0", "r1", "r2") else "r5")
    body.insert(4, f"ldr r5, [lr, #{second}]")
    return [f"ldr r3, [lr, #{first}]", *ahead], body


def residual(pairs: int) -> list[str]:
    """Two outputs of the 1x1 over triples of frames: requantized, added to the stream with saturation; then the next.

    Argument: r0 the call: outputs go onto the stream, which advances as z does, from `offset` to `end`.
    Registers besides the tile's: r11 the stream, r12 z.
    """
    tile = Tile(2, 3, pairs)
    start, body = _from_bias(tile, -4, 0)
    free = names()
    end = linear(tile, tile.tap_bytes, free)
    for frame in range(3):
        at, sample, total = 4 * pairs * frame, next(free), next(free)
        end += [f"ldr {sample}, [r11, #{at}]", f"qadd16 {total}, r{3 + frame}, {sample}", f"str {total}, [r11, #{at}]"]
    limit = next(free)
    end += [f"add r11, r11, #{tile.step}", f"add r12, r12, #{tile.step}", f"ldr {limit}, {END}", f"cmp r12, {limit}"]
    begin = ["ldr lr, [r0, #0]", "ldr r12, [r0, #12]", "ldr r11, [r0, #8]", "ldr r1, [r0, #16]", f"str r1, {END}"]
    last = 2 + 2 * tile.frames + (pairs == 1)
    live = ("r3", "r6", "r9", "r11", "r12", "lr")
    attempts = RESIDUAL_ATTEMPTS.get(pairs, ATTEMPTS)
    first = body[:-last]
    turn = arrange([*body[-last:], *end, *start], live, first[-16:], body[:12], attempts)
    if pairs in RESIDUALS:
        first, turn = [], refine([*first, *turn], live, (), ("blo 2b",), ROUND_STEPS, loops=True)
    return [
        f"function grit_m7_residual_{2 * pairs}",
        f"push {{{SAVED}, lr}}",
        f"sub sp, sp, #{FRAME_BYTES}",
        f"str r0, {CALL}",
        *("1:", *schedule([*begin, *start]), "2:", *first, *turn, "blo 2b"),
        *NEXT_BLOCK,
        *(f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"),
    ]


def once(pairs: int) -> list[str]:
    """Two outputs of one tap without mix-in, over triples of frames: requantized; then the next. Argument: r0 the call.

    Registers besides the tile's: r11 the output, r12 the audio.
    """
    tile = Tile(2, 3, pairs)
    start, body = _from_bias(tile, -12, -8)
    free = names()
    end = linear(tile, tile.tap_bytes, free)
    stride, on, limit = next(free), next(free), next(free)
    end += [f"ldr {stride}, {EXTRA}", f"ldr {on}, {MORE}", "str r3, [r11, #0]", f"str r4, [r11, {stride}]"]
    end += [f"str r5, [r11, {stride}, lsl #1]", f"add r11, r11, {on}"]
    end += [f"add r12, r12, #{tile.step}", f"ldr {limit}, {END}", f"cmp r12, {limit}"]
    begin = ["ldr lr, [r0, #0]", "ldr r11, [r0, #8]", "ldr r2, [r0, #12]", "ldr r1, [r0, #16]", "ldr r4, [lr, #0]"]
    begin += ["add r12, r4, r2", "add r1, r1, r4", f"str r1, {END}"]
    live = ("r3", "r6", "r9", "r11", "r12", "lr")
    turn = arrange([*body[-8:], *end, *start], live, body[-24:-8], body[:12], ATTEMPTS)
    return [
        f"function grit_m7_once_{2 * pairs}",
        f"push {{{SAVED}, lr}}",
        f"sub sp, sp, #{FRAME_BYTES}",
        *(f"str r0, {CALL}", "ldr r1, [r0, #28]", f"str r1, {EXTRA}", "add r1, r1, r1, lsl #1", f"str r1, {MORE}"),
        *("1:", *schedule([*begin, *start]), "2:"),
        *(*refine([*body[:-8], *turn], live, (), ("blo 2b",), ROUND_STEPS, loops=True), "blo 2b"),
        *NEXT_BLOCK,
        *(f"add sp, sp, #{FRAME_BYTES}", f"pop {{{SAVED}, pc}}"),
    ]
