"""The module's whole audio interrupt on an emulated Cortex-M7: which instructions it executes, and which memory it
touches that does not answer in a cycle."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const as arm

from gritspace.quantize.cycles import build
from gritspace.quantize.cycles.build import CODE_BASE, Firmware
from gritspace.quantize.cycles.memory import (
    BURST_WORD_CYCLES,
    DATA_WAYS,
    INSTRUCTION_WAYS,
    LINE_BYTES,
    UNCACHED_READ_CYCLES,
    UNCACHED_WRITE_CYCLES,
    Cache,
)
from gritspace.quantize.cycles.real_time import FAST_STATE_BYTES, SLOW_STATE_BYTES
from gritspace.quantize.cycles.trace import RETURN, Trace, call
from gritspace.quantize.firmware_sources import ENGINE, FIRMWARE, MODULE, sources

HARNESS = Path(__file__).with_suffix(".c")
SCRIPT = Path(__file__).with_suffix(".ld")
BOARD = FIRMWARE / "boards" / "daisy_seed"
"""Its conversions are the harness's, too."""
BLOCK_FRAMES = 48
PANEL_INPUTS = 11
"""Knobs and jacks, in the panel's order."""
DTCM, AXI, DMA, STACK, MODEL = 0x20000000, 0x24000000, 0x30000000, 0x2001C000, 0xC0000000
MEANS, CODES, IN, OUT = DMA + 0x7000, DMA + 0x6000, DMA, DMA + 0x2000
STACK_BYTES, AXI_BYTES = 0x4000, 0x400000
IF_THEN = 0x0600FC00
"""Of a program status: what an IT block has left to do."""


@dataclass
class Waits:
    """Cycles that a piece waits for memory, in the engine and around it; and how many lines and words that was."""

    engine: int = 0
    around: int = 0
    lines: dict[str, int] = field(default_factory=dict)


@cache
def build_interrupt(piece_frames: int) -> Firmware:
    """Compiles engine, module and harness for pieces of 48 or 16 frames. Raises CyclesError as the compiler says."""
    build.require_tools()
    files = [HARNESS, *(path for room in (ENGINE, MODULE) for path in sources(room, ".c", ".S"))]
    flags = [
        f"-I{ENGINE}",
        f"-I{MODULE}",
        f"-I{BOARD}",
        f"-DGRIT_AUDIO_FRAMES={piece_frames}u",
        "-ffunction-sections",
        "-Wl,--gc-sections",
    ]
    keep = [f"-Wl,-u,{name}" for name in ("interrupt_bytes", "interrupt_states", "interrupt_run")]
    link = ["-nostartfiles", "-Wl,--entry=interrupt_open", f"-Wl,-T,{SCRIPT}", "-Wl,--no-warn-rwx-segments"]
    return build.linked([*flags, *keep, *link, *map(str, files)])


class EmulatedInterrupt:
    """A module with a model in it, and what its audio interrupt does. stereo: a channel for each input.

    slow_bytes: more than the module has lets a model be priced whose state has no room there.
    """

    def __init__(
        self,
        blob: bytes,
        piece_frames: int = BLOCK_FRAMES,
        stereo: bool = False,
        slow_bytes: int = SLOW_STATE_BYTES,
        bend: int = 0,
        gate: int = 0,
    ) -> None:
        self.firmware = build_interrupt(piece_frames)
        self.piece_frames = piece_frames
        core = self._core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M7)
        core.mem_map(0, (CODE_BASE + len(self.firmware.image) + 0x1FFF) & ~0xFFF)
        core.mem_write(CODE_BASE, self.firmware.image)
        for at, size in ((DTCM, STACK - DTCM + STACK_BYTES), (AXI, AXI_BYTES), (DMA, 0x8000), (RETURN, 0x1000)):
            core.mem_map(at, size)
        core.mem_map(MODEL, (len(blob) + 0x1FFF) & ~0xFFF)
        core.mem_write(MODEL, blob)
        core.reg_write(arm.UC_ARM_REG_SP, STACK + STACK_BYTES)
        core.reg_write(arm.UC_ARM_REG_FPEXC, 1 << 30)
        self._itcm_end, self._code_end = (self.firmware.symbols[n] for n in ("cycles_itcm_end", "cycles_code_end"))
        self._process = self.firmware.symbols["grit_engine_process"]
        self._trace: Trace | None = None
        self._left = 0
        self._waits = Waits()
        self._next_of_burst = (0, 0)  # where one instruction goes on: its address, and its next word's
        self.data, self.code = Cache(DATA_WAYS), Cache(INSTRUCTION_WAYS)
        core.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)
        self.module = AXI
        slow = AXI + ((self._call("interrupt_bytes") + 63) & ~31)
        means = struct.pack("<9I", MODEL, len(blob), DTCM, FAST_STATE_BYTES, slow, slow_bytes, int(stereo), bend, gate)
        core.mem_write(MEANS, means)
        self.channels = self._call("interrupt_open", self.module, MEANS)
        """How many play; 0: the model is no good, or its state has no room."""
        self._call("interrupt_states", self.module, MEANS)
        states = struct.unpack("<4I", bytes(core.mem_read(MEANS, 16)))
        self.regions = {"fast": states[0] + states[2], "slow": states[1] + states[3]}
        """Bytes of the engines' states in DTCM and in AXI SRAM."""
        read_or_write = unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE
        cached = {"axi": (AXI, AXI_BYTES), "sdram": (MODEL, 1 << 26), "flash": (self._code_end, 1 << 20)}
        for kind, (begin, size) in cached.items():
            core.hook_add(read_or_write, self._on_cached, kind, begin, begin + size - 1)
        core.hook_add(read_or_write, self._on_uncached, None, DMA, MEANS - 1)
        # Code that has run until now was translated without these hooks. (mypy reads Unicorn's class for Python 2.)
        core.ctl_flush_tb()  # type: ignore[attr-defined]

    def block(
        self, codes: NDArray[np.uint16], audio: NDArray[np.int16], trace: Trace | None = None
    ) -> list[tuple[int, Waits]]:
        """A block of both inputs (2, 48) under the panel's codes. What it executes is appended to `trace`. Returns, for
        each of its pieces, where it ends in the trace and what it waits for."""
        pieces = []
        self._core.mem_write(CODES, codes.astype("<u2").tobytes())
        for at in range(0, BLOCK_FRAMES, self.piece_frames):
            words = audio[:, at : at + self.piece_frames].T.astype("<i4") * 256
            self._core.mem_write(IN, np.ascontiguousarray(words & 0xFFFFFF, "<i4").tobytes())
            for held in (self.data, self.code):
                held.disturb()
            self._trace, self._left, self._waits = trace, 0, Waits()
            self._call("interrupt_run", self.module, IN, OUT, CODES)
            self._trace = None
            pieces.append((0 if trace is None else len(trace.runs), self._waits))
        return pieces

    def _call(self, name: str, *arguments: int) -> int:
        return call(self._core, self.firmware, name, *arguments)

    def _on_block(self, core: Any, address: int, size: int, _data: object) -> None:
        self._next_of_burst = (0, 0)
        if self._trace is None or address == RETURN:
            return
        if address == self._process:
            self._left = core.reg_read(arm.UC_ARM_REG_LR) & ~1
        elif address == self._left:
            self._left = 0
        self._trace.runs.append((address, size))
        self._trace.places.append("engine" if self._left else "around")
        if address >= self._itcm_end:
            for line in range(address // LINE_BYTES, (address + size - 1) // LINE_BYTES + 1):
                self._wait("code", self.code.touch(line * LINE_BYTES, "flash"))

    def _on_cached(self, core: Any, _access: int, address: int, _size: int, _value: int, kind: str) -> None:
        state = core.reg_read(arm.UC_ARM_REG_XPSR)
        if state & IF_THEN:  # a hook within an IT block leaves it to the next one, whose beginning is then left out
            core.reg_write(arm.UC_ARM_REG_XPSR, state & ~IF_THEN)
        if self._trace is not None:
            self._wait(kind, self.data.touch(address, kind))

    def _on_uncached(self, core: Any, access: int, address: int, size: int, _value: int, _data: object) -> None:
        if self._trace is None:
            return
        here = (core.reg_read(arm.UC_ARM_REG_PC), address)
        bursts, self._next_of_burst = here == self._next_of_burst, (here[0], address + size)
        writes = access == unicorn.UC_MEM_WRITE
        first = UNCACHED_WRITE_CYCLES if writes else UNCACHED_READ_CYCLES
        self._wait("uncached", BURST_WORD_CYCLES if bursts else first)

    def _wait(self, kind: str, cycles: int) -> None:
        if cycles == 0:
            return
        self._waits.lines[kind] = self._waits.lines.get(kind, 0) + 1
        if self._left:
            self._waits.engine += cycles
        else:
            self._waits.around += cycles
