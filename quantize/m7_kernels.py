"""Writes firmware/engine/kernels_m7.S: the Cortex-M7's convolution tiles, unrolled and scheduled.

    python -m gritspace.quantize.m7_kernels

A tile is two outputs by three frames: six accumulators, as many as leave registers for operands loaded a step ahead.
Per pair of inputs it loads two words of weights and three of audio for six SMLADs (12 MACs), every load in the shadow
of a SMLAD. A head with one output takes one by six. Registers: r0 to r5 accumulators (output r, frame f in
r[frames * r + f]), r6 to r9 audio, r9 to r11 weights, r12 where the tap's audio stands, lr the block (its layout:
kernels_m7.h).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gritspace.quantize.arithmetic import tanh_table
from gritspace.quantize.engine import SOURCES
from gritspace.quantize.m7_schedule import schedule

PAIRS = (1, 2, 3, 4, 5, 6, 7, 8)
"""Input pairs the tiles are unrolled for: widths 2 to 16. Wider ones run in portable C."""
SAVED = "r4, r5, r6, r7, r8, r9, r10, r11"


@dataclass(frozen=True)
class Tile:
    """rows outputs by frames, over `pairs` input pairs, `taps` taps unrolled in a loop's body."""

    rows: int
    frames: int
    pairs: int
    taps: int = 1

    @property
    def tap_bytes(self) -> int:
        """A tap in a block: where its audio stands, and its weights."""
        return 4 * (1 + self.rows * self.pairs)

    @property
    def spare(self) -> str:
        """Where a tap's next place is worked out."""
        return "r11" if self.rows == 2 else "r12"

    @property
    def header_bytes(self) -> int:
        """Before the first tap: biases (int32) and mix-in weights (int16, a word)."""
        return 4 * self.rows + 4

    def accumulator(self, row: int, frame: int) -> str:
        """The register of one output of one frame."""
        return f"r{self.frames * row + frame}"

    def audio(self, tap: int, pair: int, frame: int) -> tuple[str, str]:
        """Register and load of one audio word; registers rotate through pairs and taps."""
        count = 3 if self.rows == 2 else 4
        register = f"r{6 + ((tap * self.pairs + pair) * self.frames + frame) % count}"
        return register, f"ldr {register}, [r12, #{4 * (self.pairs * frame + pair)}]"

    def weight(self, tap: int, pair: int, row: int) -> tuple[str, str]:
        """Register and load of one word of weights."""
        base = 9 if self.rows == 2 else 10
        word = pair * self.rows + row
        register = f"r{base + (tap * self.pairs * self.rows + word) % 2}"
        return register, f"ldr {register}, [lr, #{tap * self.tap_bytes + 4 + 4 * word}]"

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


def pipelined(tile: Tile, taps: int, step: int) -> tuple[list[str], list[str]]:
    """(what is loaded before the loop, the loop's body over `taps` taps with the next ones' first loads at its end)."""
    size = taps * tile.tap_bytes
    ahead = _loads_ahead(tile.products(0))
    body: list[str] = []
    for tap in range(taps):
        products = tile.products(tap)
        if tap == 0:
            products = [line for line in products if line not in ahead]
        # the last tap's loads count back from the next round's first tap, so that the loop's end can be known early
        base = size if tap + 1 == taps else 0
        if base:
            body.append(f"add lr, lr, #{size}")
        moves_on = f"str {tile.spare}, [lr, #{tap * tile.tap_bytes - base}]"
        products = [_moved(line, -base) for line in products]
        if tile.spare == "r12":  # no register to spare: move on when the tap is done
            body += [*products, f"add r12, r12, #{step}", moves_on]
        else:
            body += [f"add {tile.spare}, r12, #{step}", moves_on, *products]
        body.append(f"ldr r12, [lr, #{(tap + 1) * tile.tap_bytes - base}]")
    assert _registers_match(tile, taps)
    return ahead, [*body, *ahead, "cmp r12, lr"]


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
    count = 3 if tile.rows == 2 else 4
    return (taps * tile.pairs * tile.frames) % count == 0 and (taps * tile.pairs * tile.rows) % 2 == 0


def _moved(line: str, size: int) -> str:
    return _folded(line.replace("[lr, #", f"[lr, #{size}+")) if "[lr" in line else line


def _folded(line: str) -> str:
    """'[lr, #24+8]' -> '[lr, #32]'."""
    if "+" not in line:
        return line
    head, tail = line.split("#")
    return f"{head}#{sum(int(part) for part in tail.rstrip(']').split('+'))}]"


def convolution(pairs: int, kind: str, taps: int) -> list[str]:
    """Two outputs over triples of frames: bias and mix-in, all taps, requantization and activation.

    Arguments: r0 block, r1 dry (a word a frame), r2 out, r3 out's end, stack: out's stride in bytes, table.
    """
    tile = Tile(2, 3, pairs, taps)
    start = ["ldr lr, [sp, #0]", "ldr r12, [sp, #4]", "ldr r9, [lr, #8]", "ldr r10, [lr, #0]", "ldr r11, [lr, #4]"]
    for frame in range(3):
        start.append(f"ldr r{6 + frame}, [r12, #{4 * frame}]")
    for row in range(2):
        for frame in range(3):
            start.append(f"smla{'bt'[row]}b {tile.accumulator(row, frame)}, r9, r{6 + frame}, r{10 + row}")
    start += ["add r12, r12, #12", "str r12, [sp, #4]", f"add lr, lr, #{tile.header_bytes}", "ldr r12, [lr, #0]"]
    ahead, body = pipelined(tile, taps, 12 * pairs)
    end = {"linear": linear, "leaky": leaky, "tanh": tanh}[kind](tile, 4)
    end += ["ldr r12, [sp, #8]", "ldr r6, [sp, #16]", "ldr r7, [sp, #12]", "ldr r8, [sp, #20]"]
    end += ["str r3, [r12, #0]", "str r4, [r12, r6]", "str r5, [r12, r6, lsl #1]", "add r12, r12, r8"]
    end += ["str r12, [sp, #8]", "cmp r12, r7"]
    return [
        f"function grit_m7_convolve_{kind}_{2 * pairs}_{taps}",
        f"push {{{SAVED}, lr}}",
        "sub sp, sp, #28",
        *("str r0, [sp, #0]", "str r1, [sp, #4]", "str r2, [sp, #8]", "str r3, [sp, #12]"),
        *("ldr r0, [sp, #64]", "str r0, [sp, #16]", "add r0, r0, r0, lsl #1", "str r0, [sp, #20]"),
        *(*schedule(start + ahead), "2:", *schedule(body, loops=True), "bne 2b"),
        *(*schedule(end + start + ahead), "blo 2b"),  # the next tile's start, also after the last tile
        *("add sp, sp, #28", f"pop {{{SAVED}, pc}}"),
    ]


def head(pairs: int) -> list[str]:
    """One output over six frames at a time. Arguments as convolution's, without dry and stride."""
    taps = 2 if pairs % 2 else 1
    tile = Tile(1, 6, pairs, taps)
    start = ["ldr lr, [sp, #0]", "ldr r0, [lr, #0]", *(f"mov r{n}, r0" for n in range(1, 6))]
    start += [f"add lr, lr, #{tile.header_bytes}", "ldr r12, [lr, #0]"]
    ahead, body = pipelined(tile, taps, 24 * pairs)
    end = ["ldr r6, [lr, #4]"]
    for frame in range(6):
        end += [f"smmulr r{frame}, r{frame}, r6", f"ssat r{frame}, #16, r{frame}"]
    end += [f"pkhbt r{n}, r{n}, r{n + 1}, lsl #16" for n in (0, 2, 4)]
    end += ["ldr r12, [sp, #8]", "ldr r7, [sp, #12]", *(f"str r{n}, [r12, #{2 * n}]" for n in (0, 2, 4))]
    end += ["add r12, r12, #12", "str r12, [sp, #8]", "cmp r12, r7"]
    return [
        f"function grit_m7_head_{2 * pairs}",
        f"push {{{SAVED}, lr}}",
        "sub sp, sp, #20",
        *("str r0, [sp, #0]", "str r2, [sp, #8]", "str r3, [sp, #12]"),
        *(*schedule(start + ahead), "2:", *schedule(body, loops=True), "bne 2b"),
        *(*schedule(end + start + ahead), "blo 2b"),
        *("add sp, sp, #20", f"pop {{{SAVED}, pc}}"),
    ]


def linear(tile: Tile, offset: int) -> list[str]:
    """Requantization, saturated: SMMULR with a multiplier moved up by 32 - shift is the whole rule but for SSAT."""
    lines = []
    for row in range(2):
        m = f"r{9 + row}"
        lines.append(f"ldr {m}, [lr, #{offset + 4 * row}]")
        for frame in range(tile.frames):
            a = tile.accumulator(row, frame)
            lines += [f"smmulr {a}, {a}, {m}", f"ssat {a}, #16, {a}"]
    return lines + packed(tile)


def packed(tile: Tile) -> list[str]:
    """Both outputs of a frame in one word, in the second one's register: the next tile needs the first ones first."""
    return [f"pkhbt r{3 + f}, r{f}, r{3 + f}, lsl #16" for f in range(tile.frames)]


def leaky(tile: Tile, offset: int) -> list[str]:
    """The multiplier by the accumulator's sign, without a branch: m + (d & sign)."""
    lines = []
    for row in range(2):
        m, d = ("r6", "r7") if row == 0 else ("r8", "r9")
        lines += [f"ldr {m}, [lr, #{offset + 4 * row}]", f"ldr {d}, [lr, #{offset + 8 + 4 * row}]"]
        for frame in range(tile.frames):
            a = tile.accumulator(row, frame)
            t = ("r10", "r11", "r12")[frame]
            lines += [f"and {t}, {d}, {a}, asr #31", f"add {t}, {t}, {m}", f"smmulr {a}, {a}, {t}"]
            lines.append(f"ssat {a}, #16, {a}")
    return lines + packed(tile)


def tanh(tile: Tile, offset: int) -> list[str]:
    """A straight line from two tables, moved up by 9 so that the result stands in the upper half.

    The line is evaluated at x itself, not at its distance from the segment's start: what overflows on the way cancels.
    The index saturates before the look-up, which is the requantization's saturation: the outermost segments are flat.
    """
    lines = []
    for row in range(2):
        m = f"r{6 + row}"
        lines.append(f"ldr {m}, [lr, #{offset + 4 * row}]")
        for frame in range(tile.frames):
            a = tile.accumulator(row, frame)
            lines.append(f"smmulr {a}, {a}, {m}")
    lines += ["ldr r12, [sp, #68]", "add lr, r12, #2048"]
    temporaries = (("r6", "r7"), ("r8", "r9"), ("r10", "r11"))
    for frame in range(tile.frames):
        for row in range(2):
            a = tile.accumulator(row, frame)
            base, slope = temporaries[(2 * frame + row) % 3]
            lines += [f"ssat {base}, #9, {a}, asr #7", f"ldr {slope}, [lr, {base}, lsl #2]"]
            lines += [f"ldr {base}, [r12, {base}, lsl #2]", f"mla {a}, {slope}, {a}, {base}"]
        low, high = tile.accumulator(0, frame), tile.accumulator(1, frame)
        lines.append(f"pkhtb {high}, {high}, {low}, asr #16")
    return lines


def residual(pairs: int) -> list[str]:
    """Two outputs of the 1x1 over triples of frames: requantized, added to the stream with saturation.

    Arguments: r0 block, r1 how far behind z the stream stands, in bytes, r2 z, r3 its end. Both advance alike.
    """
    tile = Tile(2, 3, pairs)
    block = tile.header_bytes
    products = tile.products(0, block)
    ahead = ["ldr r11, [lr, #0]", *_loads_ahead(products)]
    body: list[str] = []
    for line in products:  # the first product of each accumulator starts from the bias, in r11
        if line not in ahead:
            body.append(line)
    started: set[str] = set()
    for at, line in enumerate(body):
        if line.startswith("smlad"):
            a = line.split()[1].rstrip(",")
            if a not in started:
                started.add(a)
                body[at] = line[: line.rindex(a)] + "r11"
                if len(started) == tile.frames:
                    body[at] += "\nldr r11, [lr, #4]"
    body = [line for lines in body for line in lines.split("\n")]
    end = linear(tile, block + tile.tap_bytes + 4)
    end += ["ldr r6, [sp, #0]", "ldr r8, [sp, #4]", "add r6, r6, r12"]
    for frame in range(3):
        at = 4 * pairs * frame
        end += [f"ldr r{9 + frame}, [r6, #{at}]", f"qadd16 r{9 + frame}, r{3 + frame}, r{9 + frame}"]
        end.append(f"str r{9 + frame}, [r6, #{at}]")
    end += [f"add r12, r12, #{12 * pairs}", "cmp r12, r8"]
    return [
        f"function grit_m7_residual_{2 * pairs}",
        f"push {{{SAVED}, lr}}",
        "sub sp, sp, #12",
        *("str r1, [sp, #0]", "str r3, [sp, #4]", "mov r12, r2", "mov lr, r0"),
        *(*ahead, "1:", *schedule(body + end + ahead, loops=True), "blo 1b"),
        *("add sp, sp, #12", f"pop {{{SAVED}, pc}}"),
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


def shift(pairs: int) -> list[str]:
    """Two channels shifted down, rounded: ((x * 2^(30 - s) >> 16) + 2^13) >> 14. r0 stream, r2 end, r1, r3 factors."""
    body: list[str] = []
    for frame in range(COLUMN_FRAMES):
        x, low, high = (("r4", "r5", "r6"), ("r7", "r8", "r9"), ("r10", "r11", "r12"))[frame % 3]
        at = 4 * pairs * frame
        body += [f"ldr {x}, [r0, #{at}]", f"smlawb {low}, r1, {x}, lr", f"smlawt {high}, r3, {x}, lr"]
        body += [f"lsl {high}, {high}, #2", f"pkhtb {high}, {high}, {low}, asr #14", f"str {high}, [r0, #{at}]"]
    body += [f"add r0, r0, #{4 * pairs * COLUMN_FRAMES}", "cmp r0, r2"]
    return _loop(f"grit_m7_shift_{2 * pairs}", body, "mov lr, #8192")


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
    """Words. r0 to, r1 from, r2 end of to."""
    body: list[str] = []
    for word in range(COPY_WORDS):
        register = f"r{3 + word}"
        body += [f"ldr {register}, [r1, #{4 * word}]", f"str {register}, [r0, #{4 * word}]"]
    body += [f"add r0, r0, #{4 * COPY_WORDS}", f"add r1, r1, #{4 * COPY_WORDS}", "cmp r0, r2"]
    return _loop("grit_m7_copy", body)


def _loop(name: str, body: list[str], *before: str) -> list[str]:
    lines = [f"function {name}", f"push {{{SAVED}, lr}}", *before, "1:"]
    return [*lines, *schedule(body, loops=True), "blo 1b", f"pop {{{SAVED}, pc}}"]


def table_words() -> list[int]:
    """tanh as the epilogue reads it: 512 lines at x = 0, rounding included, then their slopes; moved up by 9."""
    base, slope = (values.tolist() for values in tanh_table())
    lines = enumerate(zip(base, slope, strict=True))
    at_zero = [(b * 128 + 64 - (i < 256) - s * 128 * (i - 256)) << 9 for i, (b, s) in lines]
    return [v & 0xFFFFFFFF for v in at_zero + [s << 9 for s in slope]]


def source() -> str:
    """The whole file."""
    lines = [
        "/* Generated by `python -m gritspace.quantize.m7_kernels`, which explains it; do not edit. */",
        "#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)",
        "  .syntax unified",
        "  .thumb",
    ]
    for pairs in PAIRS:
        for kind in ("linear", "leaky", "tanh"):
            for taps in (1, 3):
                lines += formatted(convolution(pairs, kind, taps))
        for function in (residual, head, skip, skip_two, shift):
            lines += formatted(function(pairs))
    lines += formatted(narrow()) + formatted(copy())
    lines += ['  .section .rodata.grit_m7_tanh_tables, "a", %progbits', "  .balign 8"]
    lines += ["  .global grit_m7_tanh_tables", "grit_m7_tanh_tables:"]
    words = table_words()
    lines += ["  .word " + ", ".join(f"0x{w:08X}" for w in words[at : at + 8]) for at in range(0, len(words), 8)]
    return "\n".join([*lines, "#endif", ""])


def formatted(lines: list[str]) -> list[str]:
    """A function as the assembler wants it: its section, its symbol, wide encodings."""
    name = lines[0].split()[1]
    out = [f'  .section .text.grit_fast.{name}, "ax", %progbits', "  .balign 8", f"  .global {name}"]
    out += [f"  .type {name}, %function", f"{name}:"]
    for line in lines[1:]:
        wide = (
            line.replace("ldr ", "ldr.w ").replace("add ", "add.w ").replace("str ", "str.w ").replace("mov ", "mov.w ")
        )
        out.append(line if line.endswith(":") else "  " + wide)
    return [*out, f"  .size {name}, . - {name}"]


def write(path: Path = SOURCES / "kernels_m7.S") -> None:
    """Writes the file where the firmware's build looks for it."""
    path.write_text(source())


if __name__ == "__main__":
    write()
