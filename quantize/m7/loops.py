"""The loops of kernels_m7.S without a tile: skip sums, narrowing, copying, zeros."""

from __future__ import annotations

from gritspace.quantize.m7.assembly import SAVED
from gritspace.quantize.m7.schedule import schedule

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
