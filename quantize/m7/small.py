"""Writes firmware/engine/generated/kernels_m7_small.S: what makes small networks fast, such as Neural Amp
Modeler's feather and nano.

    python -m gritspace.quantize.m7.small
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.m7.assembly import SAVED, formatted
from gritspace.quantize.m7.registers import arrange, names, refine

STEPS, LAYER_STEPS = 400_000, 2_500_000
"""How long orders are made better by annealing: minutes for the layers."""
ROUND_STEPS = {2: (), 4: (8_000_000, 3_000_000)}
"""By rows of a layer: how long its round is then annealed again and again, values keeping to their registers."""
GATHER_FRAMES, SPREAD_FRAMES, SHIFT_FRAMES = 3, 3, 6
Z, WEIGHTS, END, OUT, LAST, FACTOR = (f"[sp, #{4 * n}]" for n in range(6))
"""grit_m7_gather_t, copied to the stack."""


def gather() -> list[str]:
    """Two channels' skip sums over all layers, three frames at a time, narrowed: the sums never leave the registers.

    r0 to r5 the sums (channel c, frame f in r[3c + f]), r6 outputs of the layer, r7 weights, a word with both
    channels' a layer, r8 bytes from frame to frame, r9 from layer to layer. Two layers a round: twelve products, 14
    cycles; the first two while the sums before are narrowed. Argument: r0 the call (kernels_m7_small.h).
    """
    ahead = ["ldr r10, [r7, #0]", "ldr r11, [r6, #0]"]
    free = names()
    last = next(free)
    body = [*_onto_sums(free, 0, "r10", "r11"), *_onto_sums(free, 4, next(free), next(free))]
    body += ["add r7, r7, #8", f"ldr {last}, {LAST}", f"cmp r7, {last}", *ahead]
    live = (*(f"r{n}" for n in range(12)),)
    after = ["smlabb r0, r10, r11, r0", "ldr r12, [r6, r8]", "smlatt r3, r10, r11, r3", "smlabb r1, r10, r12, r1"]
    begin = [f"ldr r7, {WEIGHTS}", *_onto_sums(free, 0, next(free), next(free), begins=True)]
    begin += [*_onto_sums(free, 4, next(free), next(free)), "add r7, r7, #8", *ahead]
    return [
        "function grit_m7_gather",
        f"push {{{SAVED}, lr}}",
        "sub sp, sp, #24",
        *("ldr r1, [r0, #0]", "ldr r2, [r0, #4]", "ldr r3, [r0, #8]", "ldr r4, [r0, #12]", "ldr r5, [r0, #16]"),
        *("ldr r6, [r0, #20]", "ldr r8, [r0, #24]", "ldr r9, [r0, #28]"),
        *(f"str r{1 + n}, [sp, #{4 * n}]" for n in range(6)),
        *arrange([f"ldr r6, {Z}", *begin], live, (), after, 60),
        *("2:", *arrange(body, live, after, after, 0, STEPS), "blo 2b"),
        *arrange([*_narrowed(free), *begin], live, (), after, 0, STEPS),
        *("blo 2b", "add sp, sp, #24", f"pop {{{SAVED}, pc}}"),
    ]


def _onto_sums(free: Iterator[str], at: int, weight: str, first: str, begins: bool = False) -> list[str]:
    """Three frames of a layer whose weights stand at r7 + at, or in r10; r11 its first word. begins: the first one."""
    lines = [] if first == "r11" else [f"ldr {weight}, [r7, #{at}]", f"ldr {first}, [r6, #0]"]
    words = [first, next(free), next(free)]
    lines += [f"ldr {words[1]}, [r6, r8]", f"ldr {words[2]}, [r6, r8, lsl #1]", "add r6, r6, r9"]
    for frame, word in enumerate(words):
        low, high = f"r{frame}", f"r{3 + frame}"
        lines.append(f"smulbb {low}, {weight}, {word}" if begins else f"smlabb {low}, {weight}, {word}, {low}")
        lines.append(f"smultt {high}, {weight}, {word}" if begins else f"smlatt {high}, {weight}, {word}, {high}")
    return lines


def _narrowed(free: Iterator[str]) -> list[str]:
    """The sums, put out; on to the next frames."""
    factor, out, step, limit, moved, z = (next(free) for _ in range(6))
    lines = [f"ldr {factor}, {FACTOR}", f"ldr {out}, {OUT}"]
    for frame in range(GATHER_FRAMES):
        low, high, both = f"r{frame}", f"r{3 + frame}", next(free)
        for register in (low, high):
            lines += [f"smmulr {register}, {register}, {factor}", f"ssat {register}, #16, {register}"]
        lines.append(f"pkhbt {both}, {low}, {high}, lsl #16")
        lines.append(f"str {both}, [{out}, {('#0', 'r8', 'r8, lsl #1')[frame]}]")
    lines += [f"add {step}, r8, r8, lsl #1", f"add {moved}, {out}, {step}", f"str {moved}, {OUT}"]
    lines += [f"ldr {z}, {Z}", f"add r6, {z}, {step}", f"str r6, {Z}", f"ldr {limit}, {END}", f"cmp r6, {limit}"]
    return lines


def spread() -> list[str]:
    """Two outputs of one input. r0 their block (blocks_m7.h), r1 dry, r2 out, r3 end of dry; on the stack: bytes from
    frame to frame of out. r4, r5 biases, r6 weights, r7, r8 multipliers, lr bytes from frame to frame."""
    free = names()
    body = []
    for frame in range(SPREAD_FRAMES):
        x, word = next(free), next(free)
        body.append(f"ldr {x}, [r1, #{4 * frame}]")
        halves = []
        for row in range(2):
            total, scaled, half = (next(free) for _ in range(3))
            body += [f"smla{'bt'[row]}b {total}, r6, {x}, r{4 + row}", f"smmulr {scaled}, {total}, r{7 + row}"]
            body.append(f"ssat {half}, #16, {scaled}")
            halves.append(half)
        body.append(f"pkhbt {word}, {halves[0]}, {halves[1]}, lsl #16")
        body.append(f"str {word}, [r2, {('#0', 'lr', 'lr, lsl #1')[frame]}]")
    on = next(free)
    body += [f"add r1, r1, #{4 * SPREAD_FRAMES}", f"add {on}, r2, lr", f"add r2, {on}, lr, lsl #1", "cmp r1, r3"]
    live = (*(f"r{n}" for n in range(1, 9)), "lr")
    return [
        "function grit_m7_spread",
        f"push {{{SAVED}, lr}}",
        *("ldr lr, [sp, #36]", "ldr r4, [r0, #0]", "ldr r5, [r0, #4]", "ldr r6, [r0, #8]", "ldr r7, [r0, #24]"),
        *("ldr r8, [r0, #28]", "1:", *arrange(body, live, (), body[:3], 60, STEPS), "blo 1b", f"pop {{{SAVED}, pc}}"),
    ]


def shift() -> list[str]:
    """Two channels shifted down, rounded: ((x * 2^(30 - s) >> 16) + 2^13) >> 14. r0 to, r1 from, r2 end of from, r3 and
    r4 factors, r5 bytes from frame to frame, r6 those of three; r4 and r5 come on the stack."""
    free = names()
    body = []
    for frame in range(SHIFT_FRAMES):
        if frame == 3:
            body += ["add r0, r0, r6", "add r1, r1, r6"]
        x, low, high, up, both = (next(free) for _ in range(5))
        at = ("#0", "r5", "r5, lsl #1")[frame % 3]
        body += [f"ldr {x}, [r1, {at}]", f"smlawb {low}, r3, {x}, lr", f"smlawt {high}, r4, {x}, lr"]
        body += [f"lsl {up}, {high}, #2", f"pkhtb {both}, {up}, {low}, asr #14", f"str {both}, [r0, {at}]"]
    body += ["add r0, r0, r6", "add r1, r1, r6", "cmp r1, r2"]
    live = (*(f"r{n}" for n in range(7)), "lr")
    return [
        "function grit_m7_shift",
        f"push {{{SAVED}, lr}}",
        *("ldr r4, [sp, #36]", "ldr r5, [sp, #40]", "mov lr, #8192", "add r6, r5, r5, lsl #1"),
        *("1:", *arrange(body, live, (), (), 60, STEPS), "blo 1b", f"pop {{{SAVED}, pc}}"),
    ]


TAPS = 3
FRAMES = 3
END_AT, DRY_AT, Z_AT, BASE_AT, OUT_AT, TABLES_AT, SPILL = range(0, 28, 4)
"""What stands at the head of a layer's memory, in bytes; SPILL: three words."""
HEAD_BYTES = 36
WEIGHT, AUDIO = "r10", ("r6", "r7")
MIDDLE = {2: 1, 4: 2}
"""The tap before which one round of the loop meets the next; by rows, as found to be best."""
SUMS = tuple(f"r{n}" for n in range(6))


@dataclass(frozen=True)
class Layer:
    """A whole layer of `rows` channels, two or four, by three frames: two outputs at a time through all taps and tanh,
    then the 1x1 of what that put out and the residual.

    Its memory: kernels_m7_small.h. r0 to r5 accumulators (output r, frame f in r[3r + f]), r11 how far into the audio,
    lr the layer's memory; r6, r7, r10 and r12 hand operands from one round to the next; the rest as the search finds
    them (registers.py).
    """

    rows: int

    @property
    def pairs(self) -> int:
        """Words a frame."""
        return self.rows // 2

    def at(self, part: str, index: int = 0) -> str:
        """Where something stands in the layer's memory."""
        sizes = {
            "bias": self.rows,
            "mixin": self.pairs,
            "taps": TAPS * (1 + self.pairs * self.rows),
            "multiplier": self.rows,
            "then_form": 1,
            "then_bias": self.rows,
            "then_weight": self.pairs * self.rows,
            "then_multiplier": self.rows,
        }
        parts = list(sizes)
        return f"[lr, #{HEAD_BYTES + 4 * (sum(sizes[p] for p in parts[: parts.index(part)]) + index)}]"

    def start(self, free: Iterator[str], pair: int) -> list[str]:
        """Bias and mix-in of two outputs."""
        dry, at, mixin = (next(free) for _ in range(3))
        lines = [f"ldr {dry}, [lr, #{DRY_AT}]", f"add {at}, {dry}, r11{', lsr #1' if self.rows == 4 else ''}"]
        lines.append(f"ldr {mixin}, {self.at('mixin', pair)}")
        biases = [next(free) for _ in range(2)]
        lines += [f"ldr {bias}, {self.at('bias', 2 * pair + row)}" for row, bias in enumerate(biases)]
        for f in range(FRAMES):
            x = next(free)
            lines.append(f"ldr {x}, [{at}, #{4 * f}]")
            lines += [f"smla{'bt'[row]}b r{FRAMES * row + f}, {mixin}, {x}, {biases[row]}" for row in range(2)]
        return lines

    def _weight(self, tap: int, pair: int, word: int, row: int) -> str:
        """Blocks as blocks_m7.h has them: of each tap its place, then of each word of inputs each row's weights."""
        return self.at("taps", tap * (1 + self.pairs * self.rows) + 1 + word * self.rows + 2 * pair + row)

    def _find(self, free: Iterator[str], tap: int, at: str) -> list[str]:
        place = next(free)
        word = tap * (1 + self.pairs * self.rows)
        return [f"ldr {place}, {self.at('taps', word)}", f"add {at}, {place}, r11"]

    def ahead(self, free: Iterator[str], tap: int) -> list[str]:
        """What the first pair's tap finds in registers."""
        lines = [*self._find(free, tap, "r12"), f"ldr {WEIGHT}, {self._weight(tap, 0, 0, 0)}"]
        return lines + [f"ldr {x}, [r12, #{4 * self.pairs * f}]" for f, x in enumerate(AUDIO)]

    def tap(self, free: Iterator[str], pair: int, tap: int, ahead: bool = False) -> list[str]:
        """One tap's products for two outputs. ahead: its first operands are where `ahead` leaves them."""
        at = "r12" if ahead else next(free)
        lines = [] if ahead else self._find(free, tap, at)
        for word in range(self.pairs):
            first = ahead and word == 0
            xs = [AUDIO[f] if first and f < 2 else next(free) for f in range(FRAMES)]
            weights = [WEIGHT if first and row == 0 else next(free) for row in range(2)]
            for row, w in enumerate(weights):
                lines += [] if w == WEIGHT else [f"ldr {w}, {self._weight(tap, pair, word, row)}"]
                for f, x in enumerate(xs):
                    if row == 0 and x not in AUDIO:
                        lines.append(f"ldr {x}, [{at}, #{4 * (self.pairs * f + word)}]")
                    lines.append(f"smlad r{FRAMES * row + f}, {w}, {x}, r{FRAMES * row + f}")
        return lines

    def tanh(self, free: Iterator[str], pair: int) -> tuple[list[str], list[str]]:
        """As the other tiles have it (tile.py) -> also the words put out, by frame."""
        lines = []
        for row in range(2):
            m = next(free)
            lines.append(f"ldr {m}, {self.at('multiplier', 2 * pair + row)}")
            lines += [f"smmulr r{FRAMES * row + f}, r{FRAMES * row + f}, {m}" for f in range(FRAMES)]
        bases, slopes = next(free), next(free)
        lines += [f"ldr {bases}, [lr, #{TABLES_AT}]", f"add {slopes}, {bases}, #2048"]
        words = []
        for f in range(FRAMES):
            halves = []
            for row in range(2):
                a = f"r{FRAMES * row + f}"
                index, slope, base, line = (next(free) for _ in range(4))
                lines += [f"ssat {index}, #9, {a}, asr #7", f"ldr {slope}, [{slopes}, {index}, lsl #2]"]
                lines += [f"ldr {base}, [{bases}, {index}, lsl #2]", f"mla {line}, {slope}, {a}, {base}"]
                halves.append(line)
            words.append(next(free))
            lines.append(f"pkhtb {words[f]}, {halves[1]}, {halves[0]}, asr #16")
        return lines, words

    def store(self, free: Iterator[str], pair: int, words: list[str]) -> list[str]:
        """Two channels' outputs, for the skip sums; a copy of the first two's of four, for the 1x1."""
        z, at = next(free), next(free)
        lines = [f"ldr {z}, [lr, #{Z_AT}]", f"add {at}, {z}, r11"]
        lines += [f"str {word}, [{at}, #{4 * (self.pairs * f + pair)}]" for f, word in enumerate(words)]
        if pair + 1 < self.pairs:
            lines += [f"str {word}, [lr, #{SPILL + 4 * f}]" for f, word in enumerate(words)]
        return lines

    def then(self, free: Iterator[str], last: list[str]) -> list[str]:
        """The 1x1, requantized, onto the stream, which goes on to where the next layer has it. last: the last two
        channels' words; the first two's of four stand in SPILL."""
        lines: list[str] = []
        at: list[str] = []
        for pair in range(self.pairs):
            sums: dict[tuple[int, int], str] = {}
            for row in range(2):
                bias, w = next(free), next(free)
                lines.append(f"ldr {bias}, {self.at('then_bias', 2 * pair + row)}")
                lines.append(f"ldr {w}, {self.at('then_weight', (self.pairs - 1) * self.rows + 2 * pair + row)}")
                for f, x in enumerate(last):
                    sums[row, f] = next(free)
                    lines.append(f"smlad {sums[row, f]}, {w}, {x}, {bias}")
            if self.pairs == 2:
                weights = [next(free), next(free)]
                lines += [f"ldr {w}, {self.at('then_weight', 2 * pair + row)}" for row, w in enumerate(weights)]
                for f in range(FRAMES):
                    x = next(free)
                    lines.append(f"ldr {x}, [lr, #{SPILL + 4 * f}]")
                    for row, w in enumerate(weights):
                        total = next(free)
                        lines.append(f"smlad {total}, {w}, {x}, {sums[row, f]}")
                        sums[row, f] = total
            done = {}
            for row in range(2):
                m = next(free)
                lines.append(f"ldr {m}, {self.at('then_multiplier', 2 * pair + row)}")
                for f in range(FRAMES):
                    scaled, done[row, f] = next(free), next(free)
                    lines += [f"smmulr {scaled}, {sums[row, f]}, {m}", f"ssat {done[row, f]}, #16, {scaled}"]
            if not at:
                places, at = [next(free), next(free)], [next(free), next(free)]
                for word, place in enumerate((BASE_AT, OUT_AT)):
                    lines += [f"ldr {places[word]}, [lr, #{place}]", f"add {at[word]}, {places[word]}, r11"]
            for f in range(FRAMES):
                both, sample, total = (next(free) for _ in range(3))
                step = 4 * (self.pairs * f + pair)
                lines.append(f"pkhbt {both}, {done[0, f]}, {done[1, f]}, lsl #16")
                lines += [f"ldr {sample}, [{at[0]}, #{step}]", f"qadd16 {total}, {both}, {sample}"]
                lines.append(f"str {total}, [{at[1]}, #{step}]")
        return lines

    def function(self) -> list[str]:
        """Arguments: r0 the layer's memory, r1 how far into the audio, in bytes."""
        free, middle = names(), MIDDLE[self.rows]
        before = [*self.start(free, 0), *(line for t in range(middle) for line in self.tap(free, 0, t))]
        before += self.ahead(free, middle)
        body: list[str] = []
        last: list[str] = []
        for pair in range(self.pairs):
            body += self.start(free, pair) if pair else []
            for tap in range(0 if pair else middle, TAPS):
                body += self.tap(free, pair, tap, pair == 0 and tap == middle)
            ends, last = self.tanh(free, pair)
            body += [*ends, *self.store(free, pair, last)]
        body += self.then(free, last)
        end = next(free)
        body += [f"add r11, r11, #{4 * self.pairs * FRAMES}", f"ldr {end}, [lr, #{END_AT}]", f"cmp r11, {end}"]
        body += before
        live = (*SUMS, WEIGHT, *AUDIO, "r11", "r12", "lr")
        after = ["smlad r0, r10, r6, r0", "ldr r8, [lr, #4]", "smlad r1, r10, r7, r1", "ldr r9, [r12, #0]"]
        after += ["smlad r2, r10, r9, r2", "smlad r3, r8, r6, r3", "smlad r4, r8, r7, r4", "smlad r5, r8, r9, r5"]
        turn = arrange(body, live, (), after, 0, LAYER_STEPS)
        for steps in ROUND_STEPS[self.rows]:
            turn = refine(turn, live, (), ("blo 1b",), steps, loops=True)
        return [
            f"function grit_m7_layer_{self.rows}",
            f"push {{{SAVED}, lr}}",
            *("mov lr, r0", "mov r11, r1", *arrange(before, live, (), after, 0, 20_000)),
            *("1:", *turn, "blo 1b", f"pop {{{SAVED}, pc}}"),
        ]


MAKERS = (gather, spread, shift, Layer(2).function, Layer(4).function)
"""Of every function in the file."""


def source() -> str:
    """The whole file."""
    lines = [
        "/* Generated by `python -m gritspace.quantize.m7.small`, which explains it; do not edit. */",
        "#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)",
        "  .syntax unified",
        "  .thumb",
    ]
    for maker in MAKERS:
        lines += formatted(maker())
    return "\n".join([*lines, "#endif", ""])


def write(path: Path = ENGINE / "generated" / "kernels_m7_small.S") -> None:
    """Writes the file where the firmware's build looks for it."""
    path.write_text(source())


if __name__ == "__main__":
    write()
