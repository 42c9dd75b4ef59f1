"""FiLM's dense rows on an emulated Cortex-M7, against numpy: the same bits for any shape, weight and shift."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const as arm

from gritspace.quantize.cycles.build import CODE_BASE, build_firmware
from gritspace.quantize.cycles.trace import RETURN, call
from gritspace.quantize.model.arithmetic import shift_round

WEIGHTS, X, BIAS, SHIFT, OUT, ROWS, STACK = (0x20000000 + 0x10000 * i for i in range(7))
GUARD = 0x5A5A5A5A


def rows_on_the_module(
    weight: NDArray[np.int16], x: NDArray[np.int16], bias: NDArray[np.int32], shift: NDArray[np.uint8]
) -> NDArray[np.int32]:
    """grit_film_m7_rows -> what it put out, and the word behind."""
    firmware = build_firmware()
    core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
    core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M7)
    core.mem_map(CODE_BASE, (len(firmware.image) + 0xFFF) & ~0xFFF)
    core.mem_write(CODE_BASE, firmware.image)
    core.mem_map(RETURN, 0x1000)
    core.mem_map(WEIGHTS, 0x70000)
    rows, inputs = weight.shape
    out = np.full(rows + 1, GUARD, "<i4")
    call_with = struct.pack("<6I", WEIGHTS, 2 * inputs, BIAS, SHIFT, OUT, rows)
    for at, data in ((WEIGHTS, weight), (X, x), (BIAS, bias), (SHIFT, shift), (OUT, out), (ROWS, call_with)):
        core.mem_write(at, bytes(data))
    core.reg_write(arm.UC_ARM_REG_SP, STACK + 0x10000)
    saved = {getattr(arm, f"UC_ARM_REG_R{n}"): 0x1000 + n for n in range(4, 12)}
    for register, value in saved.items():
        core.reg_write(register, value)
    call(core, firmware, "grit_film_m7_rows", ROWS, X)
    assert all(core.reg_read(register) == value for register, value in saved.items())
    return np.frombuffer(bytes(core.mem_read(OUT, 4 * (rows + 1))), "<i4")


@pytest.mark.parametrize(
    ("rows", "inputs"), [(4, 8), (4, 64), (32, 16), (160, 32), (36, 24), (8, 40), (8, 48), (8, 56)]
)
def test_the_modules_dense_rows_are_the_references(rows: int, inputs: int) -> None:
    rng = np.random.default_rng(rows * inputs)
    most = min(32767, (2**31 - 1 - 2**20) // 32768 // inputs)  # what the engine lets through
    weight = rng.integers(-most, most + 1, (rows, inputs)).astype("<i2")
    weight[0], weight[1] = most, -most
    x = rng.integers(-32768, 32768, inputs).astype("<i2")
    bias = rng.integers(-(2**20), 2**20, rows).astype("<i4")
    shift = (np.arange(rows) % 31).astype(np.uint8)
    for inputs_heard in (x, np.full(inputs, -32768, "<i2"), np.full(inputs, 32767, "<i2")):
        wanted = shift_round(weight.astype(np.int64) @ inputs_heard.astype(np.int64) + bias, shift.astype(np.int64))
        found = rows_on_the_module(weight, inputs_heard, bias, shift)
        np.testing.assert_array_equal(found[:-1], wanted)
        assert found[-1] == GUARD
