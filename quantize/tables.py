"""The engine's tables as a C header, `firmware/engine/tables.h`, from the same numbers the reference uses."""

from __future__ import annotations

from gritspace.quantize.arithmetic import Ints, exp2_table, sigmoid_table, tanh_table


def c_header() -> str:
    """The text of `firmware/engine/tables.h`."""
    lines = [
        "/* Generated from quantize/arithmetic.py by `python -m gritspace.quantize.tables`; do not edit. */",
        "/* clang-format off */",
        "#ifndef GRITSPACE_TABLES_H",
        "#define GRITSPACE_TABLES_H",
        "",
        "#include <stdint.h>",
        "",
        "/* One segment of 128 input steps: low half its base, high half its slope, so that one load fetches both. */",
        _segments("grit_tanh_table", "Q15, base signed", tanh_table()),
        _segments("grit_sigmoid_table", "Q16, base unsigned", sigmoid_table()),
        "/* round(32768 * 2^(i/64)) */",
        f"static const uint32_t grit_exp2_table[65] = {{{_wrapped([str(v) for v in exp2_table()])}}};",
        "",
        "#endif",
        "",
    ]
    return "\n".join(lines)


def _segments(name: str, unit: str, table: tuple[Ints, Ints]) -> str:
    words = [f"0x{(int(s) & 0xFFFF) << 16 | int(b) & 0xFFFF:08X}u" for b, s in zip(*table, strict=True)]
    return f"/* {unit}. */\nstatic const uint32_t {name}[512] = {{{_wrapped(words)}}};"


def _wrapped(items: list[str]) -> str:
    rows = [", ".join(items[i : i + 10]) for i in range(0, len(items), 10)]
    return "\n  " + ",\n  ".join(rows)


if __name__ == "__main__":
    print(c_header(), end="")
