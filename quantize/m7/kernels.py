"""Writes firmware/engine/generated/kernels_m7.S: the Cortex-M7's convolution tiles, unrolled and scheduled.

    python -m gritspace.quantize.m7.kernels

A tile is two outputs by three frames: six accumulators, as many as leave registers for operands loaded a step ahead.
Per pair of inputs it loads two words of weights and three of audio for six SMLADs (12 MACs), every load in the shadow
of a SMLAD. A head with one output takes one by six. Registers: r0 to r5 accumulators (output r, frame f in
r[frames * r + f]), r6 to r8 audio, r9 and r10 weights, r11 how far into the audio, r12 where the tap's audio stands, lr
the block (its layout: blocks_m7.h).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.m7 import three
from gritspace.quantize.m7.registers import arrange, names, refine
from gritspace.quantize.m7.schedule import schedule
from gritspace.quantize.model.arithmetic import tanh_table

PAIRS = (1, 2, 3, 4, 5, 6, 7, 8)
"""Input pairs the tiles are unrolled for: widths 2 to 16. Wider ones run in portable C."""
ATTEMPTS, MOST_ATTEMPTS = 600, 3500
"""How long an order is looked for; most where the known networks spend their time (minutes in all)."""
RESIDUAL_ATTEMPTS = {1: 3500, 2: 3500, 4: 200, 8: 200}
"""By input pairs. The search times one pass, not a loop's rounds: of the best passes of 200, 300, 400, 600, 1000, 1500
and 3500 attempts, these are the shortest rounds (4 pairs: 41 cycles against 43 after 3500; 8: 65 against 67)."""
EXACT = (("leaky", 6, (2, 4)), ("leaky", 15, (4,)), ("tanh", 3, (1, 2, 3, 4, 6, 8)))
"""Tiles for an exact number of taps, by input pairs: Neural Amp Modeler's A2 and A1 networks."""
ANNEALED, STEPS = (("tanh", 8), ("leaky", 4)), 400_000
"""Tiles whose order is then made better by annealing (m7_anneal.py), and how long."""
ONCE, RESIDUALS, ROUND_STEPS = (2, 4, 8), (4, 8), 2_000_000
"""Input pairs that have a tile of one tap without mix-in; those whose residual is annealed as a whole round; for how
long."""
TANH = {1: (3500, 0), 2: (3500, 0), 4: (600, 50)}
"""Tanh tiles of exact taps that are annealed as whole rounds, by input pairs: attempts before that, and how much the
mean cycle of all instructions counts when it is done once more (0: it is not)."""
SAVED = "r4, r5, r6, r7, r8, r9, r10, r11"


@dataclass(frozen=True)
class Tile:
    """rows outputs by frames, over `pairs` input pairs; a loop's body may hold several taps."""

    rows: int
    frames: int
    pairs: int

    @property
    def tap_bytes(self) -> int:
        """A tap in a block: where its audio stands, and its weights."""
        return 4 * (1 + self.rows * self.pairs)

    @property
    def step(self) -> int:
        """How far a tile moves on in the audio, in bytes."""
        return 4 * self.pairs * self.frames

    def accumulator(self, row: int, frame: int) -> str:
        """The register of one output of one frame."""
        return f"r{self.frames * row + frame}"

    def audio(self, tap: int, pair: int, frame: int) -> tuple[str, str]:
        """Register and load of one audio word; registers rotate through pairs and taps."""
        register = f"r{6 + ((tap * self.pairs + pair) * self.frames + frame) % AUDIO_REGISTERS}"
        return register, f"ldr {register}, [r12, #{4 * (self.pairs * frame + pair)}]"

    def weight(self, tap: int, pair: int, row: int) -> tuple[str, str]:
        """Register and load of one word of weights."""
        word = pair * self.rows + row
        register = f"r{9 + (tap * self.pairs * self.rows + word) % WEIGHT_REGISTERS}"
        return register, f"ldr {register}, [lr, #{tap * self.tap_bytes + 4 + 4 * word}]"

    def audio_loads(self, tap: int, pair: int) -> list[str]:
        """Of a pair of inputs, every frame's."""
        return [self.audio(tap, pair, frame)[1] for frame in range(self.frames)]

    def weight_loads(self, tap: int, pair: int) -> list[str]:
        """Of a pair of inputs, every row's."""
        return [self.weight(tap, pair, row)[1] for row in range(self.rows)]

    def row_products(self, tap: int, pair: int) -> list[list[str]]:
        """Of a pair of inputs, each row's SMLADs."""
        rows = []
        for row in range(self.rows):
            places = [(self.accumulator(row, f), self.audio(tap, pair, f)[0]) for f in range(self.frames)]
            weight = self.weight(tap, pair, row)[0]
            rows.append([f"smlad {a}, {weight}, {x}, {a}" for a, x in places])
        return rows

    def products(self, tap: int, offset: int = 0) -> list[str]:
        """Loads and SMLADs of one tap; offset: of the first tap from lr."""
        lines: list[str] = []
        for pair in range(self.pairs):
            for row in range(self.rows):
                w, load = self.weight(tap, pair, row)
                lines.append(load.replace("[lr, #", f"[lr, #{offset}+"))
                for frame in range(self.frames):
                    x, fetch = self.audio(tap, pair, frame)
                    if row == 0:
                        lines.append(fetch)
                    a = self.accumulator(row, frame)
                    lines.append(f"smlad {a}, {w}, {x}, {a}")
        return [_folded(line) for line in lines]


AUDIO_REGISTERS, WEIGHT_REGISTERS = 3, 2


def pipelined(tile: Tile, taps: int, loop: bool) -> tuple[list[str], list[str]]:
    """(what is loaded before the first tap, `taps` taps in the order in which they are to run).

    r11: how far into the audio; r12: where the tap's audio stands. loop: a loop's body, which goes on with the next
    taps and moves lr on; the loop ends at a tap that stands at an odd address. Otherwise these are all taps there are.

    A pair of inputs, by cycles, for products a0 a1 a2 of the first row and b0 b1 b2 of the second:

        load x2, a0   load b, a1   -, a2   load next a, b0   load next x0, b1   load next x1, b2

    The empty slot takes what the loop itself needs. A tap's last pair finds the next tap's place before it can load
    from there; the next tap's first pair begins with its loads a cycle later, just in time:

        load x2, a0   load b, a1   load place, a2   add, b0   load next a, b1   load next x0, b2
        load x1, a0   load x2, a1  load b, a2   ...
    """
    size = taps * tile.tap_bytes
    base = 0  # what lr has moved on
    lines: list[str] = []
    for tap in range(taps):
        for pair in range(tile.pairs):
            next_tap, next_pair = (tap, pair + 1) if pair + 1 < tile.pairs else (tap + 1, 0)
            x, w = tile.audio_loads(tap, pair), tile.weight_loads(tap, pair)
            next_x, next_w = tile.audio_loads(next_tap, next_pair), tile.weight_loads(next_tap, next_pair)
            a, b = tile.row_products(tap, pair)
            moves_on = [f"add lr, lr, #{size}"] if loop and tap + 1 == taps and pair == 0 else []
            second = _moved(w[1], -base)
            lines += [x[1], a[0], x[2], a[1], second, a[2]] if pair == 0 else [x[2], a[0], second, a[1]]
            if next_tap == taps and not loop:
                lines += b if pair == 0 else [a[2], *b]
                continue
            base += size if moves_on else 0
            first = _moved(next_w[0], -base)
            if next_pair != 0:
                lines += moves_on
                lines += (
                    [first, b[0], next_x[0], b[1], next_x[1], b[2]]
                    if pair == 0
                    else [a[2], first, b[0], next_x[0], b[1], next_x[1], b[2]]
                )
                continue
            place = f"ldr r12, [lr, #{next_tap * tile.tap_bytes - base}]"
            tested = ["tst r12, #1"] if loop and next_tap == taps else []
            lines += moves_on
            lines += (
                [place, b[0], *tested, "add r12, r12, r11", b[1], first, b[2], next_x[0]]
                if pair == 0
                else [place, a[2], *tested, "add r12, r12, r11", b[0], first, b[1], next_x[0], b[2]]
            )
    return [tile.weight_loads(0, 0)[0], tile.audio_loads(0, 0)[0]], lines


def _looped(tile: Tile, taps: int) -> tuple[list[str], list[str]]:
    """As pipelined, for a tile of one row: a loop's body, not yet in order."""
    size = taps * tile.tap_bytes
    ahead = _loads_ahead(tile.products(0))
    body: list[str] = []
    for tap in range(taps):
        products = [line for line in tile.products(tap) if tap > 0 or line not in ahead]
        # the last tap's loads count back from the next round's first tap, so that the loop's end can be known early
        base = size if tap + 1 == taps else 0
        body += [f"add lr, lr, #{size}"] if base else []
        body += [*(_moved(line, -base) for line in products), f"ldr r12, [lr, #{(tap + 1) * tile.tap_bytes - base}]"]
        body += ["tst r12, #1"] if base else []
        body.append("add r12, r12, r11")
    assert _registers_match(tile, taps)
    return ahead, [*body, *ahead]


def _loads_ahead(products: list[str]) -> list[str]:
    """As many of the first loads as find a register of their own."""
    ahead: list[str] = []
    written: set[str] = set()
    for line in (line for line in products if line.startswith("ldr")):
        register = line.split()[1]
        if register in written:
            break
        written.add(register)
        ahead.append(line)
    return ahead


def _registers_match(tile: Tile, taps: int) -> bool:
    """Registers rotate with the words: a loop's end must find its beginning's names."""
    words = taps * tile.pairs
    return (words * tile.frames) % AUDIO_REGISTERS == 0 and (words * tile.rows) % WEIGHT_REGISTERS == 0


def _moved(line: str, size: int) -> str:
    return _folded(line.replace("[lr, #", f"[lr, #{size}+")) if "[lr" in line else line


def _folded(line: str) -> str:
    """'[lr, #24+8]' -> '[lr, #32]'."""
    if "+" not in line:
        return line
    head, tail = line.split("#")
    return f"{head}#{sum(int(part) for part in tail.rstrip(']').split('+'))}]"


# The stack frame of the convolutions: the call (grit_m7_call_t), the present block's weights, dry, out, the end of the
# audio, and what one kind or the other needs.
CALL, WEIGHTS, DRY, OUT, END, EXTRA, MORE = (f"[sp, #{4 * n}]" for n in range(7))
FRAME_BYTES = 28


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
    end += _store_with_stride(free) if kind == "linear" else _store(tile, free)
    limit = next(free)
    end += [f"ldr {limit}, {END}", f"add r11, r11, #{tile.step}", f"cmp r11, {limit}"]
    end += [f"str r11, {MORE}"] if spills else []
    end += [f"ldr lr, {WEIGHTS}"] if loops or spills else []
    last = 0 if loops else 2 + 2 * tile.frames  # how many of the last products may mix with what follows
    first, rest = body[: len(body) - last], body[len(body) - last :]
    attempts = (TANH[pairs][0] if whole else MOST_ATTEMPTS) if taps else ATTEMPTS
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


def _store(tile: Tile, free: Iterator[str]) -> list[str]:
    """Outputs as wide as inputs: they move on with the audio."""
    out, at = next(free), next(free)
    lines = [f"ldr {out}, {OUT}", f"add {at}, {out}, r11"]
    return lines + [f"str r{3 + frame}, [{at}, #{4 * tile.pairs * frame}]" for frame in range(tile.frames)]


def _store_with_stride(free: Iterator[str]) -> list[str]:
    out, stride, on, moved = (next(free) for _ in range(4))
    lines = [f"ldr {out}, {OUT}", f"ldr {stride}, {EXTRA}", f"ldr {on}, {MORE}"]
    lines += [f"str r3, [{out}, #0]", f"str r4, [{out}, {stride}]", f"str r5, [{out}, {stride}, lsl #1]"]
    return [*lines, f"add {moved}, {out}, {on}", f"str {moved}, {OUT}"]


NEXT_BLOCK = [f"ldr r0, {CALL}", "ldr r1, [r0, #20]", "ldr r2, [r0, #24]", "ldr r3, [r0, #0]", "ldr r4, [r0, #8]"]
NEXT_BLOCK += ["add r3, r3, r2", "add r4, r4, #4", "subs r1, r1, #1"]
NEXT_BLOCK += ["str r3, [r0, #0]", "str r4, [r0, #8]", "str r1, [r0, #20]", "bne 1b"]


def head(pairs: int) -> list[str]:
    """One output over six frames at a time. Argument: r0 the call, of one block."""
    taps = 2 if pairs % 2 else 1
    tile = Tile(1, 6, pairs)
    start = ["ldr r0, [lr, #-8]", *(f"mov r{n}, r0" for n in range(1, 6)), "ldr r12, [lr, #0]", "add r12, r12, r11"]
    ahead, body = _looped(tile, taps)
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


COLUMN_FRAMES, NARROW_SAMPLES, COPY_WORDS = 6, 6, 8


def skip(pairs: int) -> list[str]:
    """Two channels' outputs onto their skip sums. r0 sums, r1 outputs, r2 end, r3 weights (two halves)."""
    body: list[str] = []
    for frame in range(COLUMN_FRAMES):
        z, low, high = (("r4", "r5", "r6"), ("r7", "r8", "r9"), ("r10", "r11", "r12"))[frame % 3]
        at = 8 * pairs * frame
        body += [f"ldr {z}, [r1, #{4 * pairs * frame}]", f"ldr {low}, [r0, #{at}]", f"ldr {high}, [r0, #{at + 4}]"]
        body += [f"smlabb {low}, {z}, r3, {low}", f"smlatt {high}, {z}, r3, {high}"]
        body += [f"str {low}, [r0, #{at}]", f"str {high}, [r0, #{at + 4}]"]
    body += [f"add r0, r0, #{8 * pairs * COLUMN_FRAMES}", f"add r1, r1, #{4 * pairs * COLUMN_FRAMES}", "cmp r0, r2"]
    return _loop(f"grit_m7_skip_{2 * pairs}", body)


def skip_two(pairs: int) -> list[str]:
    """Two layers' outputs at once. As skip's, and on the stack: how far the second's outputs stand behind the first's,
    in bytes, and their weights."""
    body: list[str] = []
    for frame in range(COLUMN_FRAMES):
        z, y, low, high = (("r4", "r5", "r6", "r7"), ("r8", "r9", "r10", "r11"))[frame % 2]
        at, from_z = 8 * pairs * frame, 4 * pairs * frame
        body += [f"ldr {z}, [r1, #{from_z}]", f"ldr {y}, [r12, #{from_z}]"]
        body += [f"ldr {low}, [r0, #{at}]", f"ldr {high}, [r0, #{at + 4}]"]
        body += [f"smlabb {low}, {z}, r3, {low}", f"smlatt {high}, {z}, r3, {high}"]
        body += [f"smlabb {low}, {y}, lr, {low}", f"smlatt {high}, {y}, lr, {high}"]
        body += [f"str {low}, [r0, #{at}]", f"str {high}, [r0, #{at + 4}]"]
    for register, step in (("r0", 8), ("r1", 4), ("r12", 4)):
        body.append(f"add {register}, {register}, #{step * pairs * COLUMN_FRAMES}")
    start = ("ldr r12, [sp, #36]", "ldr lr, [sp, #40]", "add r12, r12, r1")
    return _loop(f"grit_m7_skip_two_{2 * pairs}", [*body, "cmp r0, r2"], *start)


def narrow() -> list[str]:
    """int32 down to int16: SMMULR by 2^(32 - shift), SSAT. r0 sums, r1 factor, r2 out, r3 end."""
    body: list[str] = []
    for pair in range(NARROW_SAMPLES // 2):
        low, high = (("r4", "r5"), ("r6", "r7"), ("r8", "r9"))[pair]
        for register, at in ((low, 8 * pair), (high, 8 * pair + 4)):
            body += [f"ldr {register}, [r0, #{at}]", f"smmulr {register}, {register}, r1"]
            body.append(f"ssat {register}, #16, {register}")
        body += [f"pkhbt {low}, {low}, {high}, lsl #16", f"str {low}, [r2, #{4 * pair}]"]
    body += [f"add r0, r0, #{4 * NARROW_SAMPLES}", f"add r2, r2, #{2 * NARROW_SAMPLES}", "cmp r2, r3"]
    return _loop("grit_m7_narrow", body)


def copy() -> list[str]:
    """Words, each loaded while the one before is stored: two registers, which nobody has to get back. r0 to, r1 from,
    r2 end of to."""
    body = ["ldr r3, [r1, #0]"]
    for word in range(COPY_WORDS):
        here, ahead = ("r3", "r12") if word % 2 == 0 else ("r12", "r3")
        body += [f"ldr {ahead}, [r1, #{4 * word + 4}]"] if word + 1 < COPY_WORDS else []
        body.append(f"str {here}, [r0, #{4 * word}]")
    body[-1:-1] = [f"add r1, r1, #{4 * COPY_WORDS}"]
    return ["function grit_m7_copy", "1:", *body, f"add r0, r0, #{4 * COPY_WORDS}", "cmp r0, r2", "blo 1b", "bx lr"]


def zero() -> list[str]:
    """Words. r0 to, r1 end of to."""
    body = [f"str r3, [r0, #{4 * word}]" for word in range(COPY_WORDS)]
    body += [f"add r0, r0, #{4 * COPY_WORDS}", "cmp r0, r1"]
    return _loop("grit_m7_zero", body, "mov r3, #0")


def _loop(name: str, body: list[str], *before: str) -> list[str]:
    lines = [f"function {name}", f"push {{{SAVED}, lr}}", *before, "1:"]
    return [*lines, *schedule(body, loops=True), "blo 1b", f"pop {{{SAVED}, pc}}"]


def table_words() -> list[int]:
    """tanh as the epilogue reads it: 512 lines at x = 0, rounding included, then their slopes; moved up by 9."""
    base, slope = (values.tolist() for values in tanh_table())
    lines = enumerate(zip(base, slope, strict=True))
    at_zero = [(b * 128 + 64 - (i < 256) - s * 128 * (i - 256)) << 9 for i, (b, s) in lines]
    return [v & 0xFFFFFFFF for v in at_zero + [s << 9 for s in slope]]


Maker = Callable[[], list[str]]
"""Writes one function; looking for a long tile's order takes minutes."""


def makers() -> list[Maker]:
    """Of every function in the file, in its order."""
    made: list[Maker] = []
    for pairs in PAIRS:
        made += [partial(convolution, pairs, kind) for kind in ("linear", "leaky", "tanh")]
        made += [partial(function, pairs) for function in (residual, head, skip, skip_two)]
    for kind, taps, widths in EXACT:
        made += [partial(convolution, pairs, kind, taps) for pairs in widths]
    made += [partial(once, pairs) for pairs in ONCE]
    return [*made, *three.MAKERS, narrow, copy, zero]


def source() -> str:
    """The whole file."""
    lines = [
        "/* Generated by `python -m gritspace.quantize.m7.kernels`, which explains it; do not edit. */",
        "#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)",
        "  .syntax unified",
        "  .thumb",
    ]
    for maker in makers():
        lines += formatted(maker())
    return "\n".join([*lines, *tables(), "#endif", ""])


def tables() -> list[str]:
    """tanh's, as the assembler wants them."""
    lines = ['  .section .rodata.grit_m7_tanh_tables, "a", %progbits', "  .balign 8"]
    lines += ["  .global grit_m7_tanh_tables", "grit_m7_tanh_tables:"]
    words = table_words()
    return lines + ["  .word " + ", ".join(f"0x{w:08X}" for w in words[at : at + 8]) for at in range(0, len(words), 8)]


WIDE = {"ldr", "ldrh", "str", "strh", "add", "mov"}


def formatted(lines: list[str]) -> list[str]:
    """A function as the assembler wants it: its section, its symbol, wide encodings."""
    name = lines[0].split()[1]
    out = [f'  .section .text.grit_fast.{name}, "ax", %progbits', "  .balign 8", f"  .global {name}"]
    out += [f"  .type {name}, %function", f"{name}:"]
    for line in lines[1:]:
        operation, _, rest = line.partition(" ")
        wide = ".w" if operation in WIDE else ""
        out.append(line if line.endswith(":") else f"  {operation}{wide} {rest}".rstrip())
    return [*out, f"  .size {name}, . - {name}"]


def write(path: Path = ENGINE / "generated" / "kernels_m7.S") -> None:
    """Writes the file where the firmware's build looks for it."""
    path.write_text(source())


if __name__ == "__main__":
    write()
