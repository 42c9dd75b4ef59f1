"""The engine on an emulated Cortex-M7: which instructions a block of audio executes, in order."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const as arm

from gritspace.quantize.cycles.build import CODE_BASE, CyclesError, Firmware, build_firmware
from gritspace.quantize.model.c_engine import refusal

FLASH, STATE, STACK, BUFFERS, RETURN = 0x08000000, 0x20000000, 0x30000000, 0x24000000, 0x00F00000
STACK_BYTES = 0x10000
PAINT = 0xA5
MARKED = {"run_layer": "layer", "run_pass": "layer", "run_head": "head", "run_rechannel": "rechannel"}
"""Functions whose second argument says which layer or array the following instructions belong to."""


@dataclass
class Trace:
    """Basic blocks in the order executed. runs[i] = (first address, bytes); places[i]: 'layer 3', 'head 0' or ''."""

    runs: list[tuple[int, int]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)


class EmulatedEngine:
    """One engine in the emulated core. Positions are int16 in Q15."""

    def __init__(self, blob: bytes, position: Sequence[int] | NDArray[np.int16] | None = None) -> None:
        self.firmware: Firmware = build_firmware()
        self._core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M7)
        self._map(CODE_BASE, self.firmware.image)
        self._map(FLASH, blob)
        self._map(STACK, bytes([PAINT]) * STACK_BYTES)
        self._map(BUFFERS, bytes(0x100000))
        self._map(RETURN, bytes(0x1000))
        self._core.reg_write(arm.UC_ARM_REG_SP, STACK + STACK_BYTES)
        self._trace: Trace | None = None
        self._place = ""
        self._marks = {
            at: kind
            for name, kind in MARKED.items()
            for symbol, at in self.firmware.symbols.items()
            if symbol.split(".")[0] == name
        }
        self._core.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)
        status = self._call("grit_model_open", BUFFERS, FLASH, len(blob))
        if status != 0:
            raise CyclesError(refusal(status))
        self.state_bytes = self._call("grit_engine_state_bytes", BUFFERS)
        self._map(STATE, bytes(self.state_bytes))
        at = self._put_position(position)
        self._engine = self._call("grit_engine_open", BUFFERS, STATE, self.state_bytes, at)
        if self._engine == 0:
            raise CyclesError("the engine did not accept its memory")

    def process(self, audio: NDArray[np.int16], trace: Trace | None = None) -> NDArray[np.int16]:
        """audio int16 (frames,), at most 100,000 -> int16 (frames,); what it executes is appended to `trace`."""
        source, target = BUFFERS + 0x1000, BUFFERS + 0x80000
        self._core.mem_write(source, np.ascontiguousarray(audio, "<i2").tobytes())
        self._trace, self._place = trace, ""
        self._call("grit_engine_process", self._engine, source, target, len(audio))
        self._trace = None
        return np.frombuffer(bytes(self._core.mem_read(target, 2 * len(audio))), "<i2").copy()

    def set_position(self, position: Sequence[int] | NDArray[np.int16], trace: Trace | None = None) -> None:
        """Heads for a position from the next frame on."""
        at = self._put_position(position)
        self._trace, self._place = trace, ""
        self._call("grit_engine_set_position", self._engine, at)
        self._trace = None

    def stack_bytes(self) -> int:
        """Deepest stack use so far."""
        stack = bytes(self._core.mem_read(STACK, STACK_BYTES))
        return STACK_BYTES - (len(stack) - len(stack.lstrip(bytes([PAINT]))))

    def _put_position(self, position: Sequence[int] | NDArray[np.int16] | None) -> int:
        if position is None:
            return 0
        self._core.mem_write(BUFFERS + 0x800, struct.pack(f"<{len(position)}h", *(int(v) for v in position)))
        return BUFFERS + 0x800

    def _map(self, at: int, data: bytes) -> None:
        self._core.mem_map(at & ~0xFFF, (len(data) + (at & 0xFFF) + 0x1FFF) & ~0xFFF)
        self._core.mem_write(at, data)

    def _call(self, name: str, *arguments: int) -> int:
        return call(self._core, self.firmware, name, *arguments)

    def _on_block(self, core: Any, address: int, size: int, _data: object) -> None:
        if self._trace is None or address == RETURN:
            return
        kind = self._marks.get(address)
        if kind is not None:
            self._place = f"{kind} {core.reg_read(arm.UC_ARM_REG_R1)}"
        self._trace.runs.append((address, size))
        self._trace.places.append(self._place)


def instructions(firmware: Firmware, run: tuple[int, int]) -> Iterator[int]:
    """Addresses of a basic block's instructions."""
    at, size = run
    end = at + size
    while at < end:
        yield at
        at += firmware.sizes[at]


def call(core: unicorn.Uc, firmware: Firmware, name: str, *arguments: int) -> int:
    """A function of the firmware, with up to four arguments -> what it returns; RETURN must be mapped.

    Raises CyclesError if it does not come back.
    """
    registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)
    for register, value in zip(registers, arguments, strict=False):
        core.reg_write(register, value)
    core.reg_write(arm.UC_ARM_REG_LR, RETURN | 1)
    try:
        core.emu_start(firmware.symbols[name] | 1, RETURN)
    except unicorn.UcError as error:
        at = core.reg_read(arm.UC_ARM_REG_PC)
        raise CyclesError(f"{name} stopped at 0x{at:x} in {firmware.function_at(at)}: {error}") from error
    return int(core.reg_read(arm.UC_ARM_REG_R0))
