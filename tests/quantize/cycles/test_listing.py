"""What a disassembler prints is read the same from every LLVM that distributions have."""

from __future__ import annotations

import pytest

from gritspace.quantize.cycles.build import _read

NAMES = "00001000 T play\n"
LLVM_14 = "    1000: 01 eb 01 13  \tadd.w\tr3, r1, r1, lsl #4\n    1004: 40 68        \tldr\tr0, [r0, #4]\n"
LLVM_19 = "    1000: eb01 1301    \tadd.w\tr3, r1, r1, lsl #4\n    1004: 6840         \tldr\tr0, [r0, #4]\n"


@pytest.mark.parametrize("listing", [LLVM_14, LLVM_19], ids=["bytes", "halfwords"])
def test_bytes_and_halfwords_are_the_same_instructions(listing: str) -> None:
    found = _read(b"\x01\xeb\x01\x13\x40\x68", NAMES, listing)
    assert found.sizes == {0x1000: 4, 0x1004: 2}
    assert found.text == {0x1000: "add.w\tr3, r1, r1, lsl #4", 0x1004: "ldr\tr0, [r0, #4]"}
    assert found.function_at(0x1004) == "play"
