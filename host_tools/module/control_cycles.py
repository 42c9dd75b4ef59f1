"""What knobs, jacks and the position cost a block on the module.

    python -m gritspace.host_tools.module.control_cycles MODEL

The whole module, compiled for the Cortex-M7, runs in an emulator; what it executes is priced by LLVM's schedule of that
core, as `gritspace cycles` does for the engine alone. In every block all jacks leap and all knobs turn, the dearest
there is. Counted is all that is there for them: reading the panel, the aim, the glide, the curves, the mixer's factors,
and what the engine does more than with a position that stands still.
"""

from __future__ import annotations

import struct
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const as arm

from gritspace.quantize.cycles import build
from gritspace.quantize.cycles.build import CODE_BASE, Firmware
from gritspace.quantize.cycles.price import price
from gritspace.quantize.cycles.trace import RETURN, Trace, call
from gritspace.quantize.firmware_sources import ENGINE, MODULE, sources
from gritspace.quantize.model.grit import read_grit, to_bytes
from gritspace.train.errors import InputError

HARNESS = Path(__file__).with_suffix(".c")
BLOCK_FRAMES = 48
BUDGET_CYCLES = 480_000
"""Of a block: 480 MHz, 1000 blocks a second."""
KNOBS, JACKS = 7, 4
FLASH, STACK, MEMORY, BUFFERS = 0x08000000, 0x30000000, 0x20000000, 0x24000000
STACK_BYTES, ARENA_BYTES = 0x10000, 512 * 1024
WARM_UP_BLOCKS = 100
PANEL = ("grit_module_panel", "grit_module_switches", "grit_playing_switches", "grit_gestures", "grit_controls")
MOVED = ("grit_playing_audio", "grit_player_voice", "grit_player_follows", "grit_aim", "grit_glide", "grit_voice_jump")
FACTORS = ("grit_gain_of_knob", "grit_mix_of_knob", "grit_level_of_knob", "grit_exp2_q16", "grit_mixer_begin")
CONTROLS = (*PANEL, *MOVED, *FACTORS)
"""Functions (by how their names begin) that are there for the panel alone: counted whole. Of all others, what they cost
more than with a panel that stands still."""


class EmulatedModule:
    """A module on an emulated Cortex-M7, with a model in it."""

    def __init__(self, blob: bytes) -> None:
        self.firmware = build_module()
        self._core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M7)
        for at, data in ((CODE_BASE, self.firmware.image), (FLASH, blob)):
            self._core.mem_map(at & ~0xFFF, (len(data) + 0x1FFF) & ~0xFFF)
            self._core.mem_write(at, data)
        for at, size in ((STACK, STACK_BYTES), (BUFFERS, 0x1000), (RETURN, 0x1000)):
            self._core.mem_map(at, size)
        self._core.reg_write(arm.UC_ARM_REG_SP, STACK + STACK_BYTES)
        self._trace: Trace | None = None
        self._core.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)
        self._core.mem_map(MEMORY, (self._call("bench_bytes") + ARENA_BYTES + 0x1FFF) & ~0xFFF)
        self._call("bench_open", MEMORY, FLASH, len(blob), ARENA_BYTES)

    def block(self, codes: NDArray[np.uint16], audio: NDArray[np.int16], trace: Trace | None = None) -> None:
        """The panel's codes, and a block of audio in both inputs; what they execute is appended to `trace`."""
        self._core.mem_write(BUFFERS, struct.pack(f"<{len(codes)}H", *codes.tolist()))
        self._core.mem_write(BUFFERS + 0x100, np.tile(audio, 2).astype("<i2").tobytes())
        self._trace = trace
        self._call("bench_panel", MEMORY, BUFFERS)
        self._call("bench_audio", MEMORY, BUFFERS + 0x100)
        self._trace = None

    def _call(self, name: str, *arguments: int) -> int:
        return call(self._core, self.firmware, name, *arguments)

    def _on_block(self, _core: Any, address: int, size: int, _data: object) -> None:
        if self._trace is not None and address != RETURN:
            self._trace.runs.append((address, size))
            self._trace.places.append("")


def build_module() -> Firmware:
    """Compiles engine, module and harness. Raises CyclesError with the first thing the compiler said."""
    build.require_tools()
    files = [HARNESS, *(path for room in (ENGINE, MODULE) for path in sources(room, ".c", ".S"))]
    link = ["-nostartfiles", "-Wl,--entry=bench_open", f"-Wl,-Ttext=0x{CODE_BASE:x}", "-Wl,--no-warn-rwx-segments"]
    return build.linked([f"-I{ENGINE}", f"-I{MODULE}", *link, *map(str, files)])


def spent(blob: bytes, moving: bool, blocks: int = 40) -> dict[str, float]:
    """Cycles a block, by function."""
    module, rng = EmulatedModule(blob), np.random.default_rng(1)
    middle = np.full(KNOBS + JACKS, 32768, np.uint16)
    audio = rng.integers(-9000, 9000, BLOCK_FRAMES).astype(np.int16)
    for _ in range(WARM_UP_BLOCKS):
        module.block(middle, audio)
    trace = Trace()
    for _ in range(blocks):
        codes = rng.integers(6000, 60000, KNOBS + JACKS).astype(np.uint16) if moving else middle
        module.block(codes, audio, trace)
    found: dict[str, float] = defaultdict(float)
    for run, cycles in zip(trace.runs, price(module.firmware, trace), strict=True):
        found[module.firmware.function_at(run[0])] += cycles / blocks
    return found


def control_cycles(blob: bytes) -> dict[str, Any]:
    """Cycles a block for controls and position, with all of them moving, by function; and their share of the budget."""
    still, moving = spent(blob, False), spent(blob, True)
    mixed = {
        name: cycles if name.startswith(CONTROLS) else cycles - still.get(name, 0.0) for name, cycles in moving.items()
    }
    parts = {name: round(cycles, 1) for name, cycles in sorted(mixed.items(), key=lambda kv: -kv[1]) if cycles >= 0.5}
    total = sum(mixed.values())
    return {"cycles": round(total, 1), "share": round(total / BUDGET_CYCLES, 5), "by_function": parts}


if __name__ == "__main__":
    try:
        found = control_cycles(to_bytes(read_grit(Path(sys.argv[1]))))
    except InputError as error:
        sys.exit(str(error))
    for name, cycles in found["by_function"].items():
        print(f"{cycles:9.1f}  {name}")
    print(f"{found['cycles']:9.1f}  cycles a block of {BUDGET_CYCLES:,}: {100 * found['share']:.2f} %")
