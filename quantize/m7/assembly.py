"""A generated function as the assembler wants it."""

from __future__ import annotations

SAVED = "r4, r5, r6, r7, r8, r9, r10, r11"
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
