"""What a source of a Daisy's image is compiled with beside the flags of platformio.ini, by where it stands."""

from __future__ import annotations

from pathlib import Path

SMALL_ROOMS = tuple(Path("module", floor) for floor in ("answers", "memory", "streaming", "wire"))
SMALL_FILES = frozenset(
    Path("boards", "daisy_seed", f"daisy_{what}.c")
    for what in ("analog", "clock", "codec", "flash", "i2c", "memory", "pins", "sdram", "start", "stop")
)
BOOT_FILES = frozenset(
    [*(Path("boards", "daisy_seed", name) for name in ("daisy_boot.c", "unlzma.c")), Path("module", "wire", "crc32.c")]
)


def flags_of(source: Path, project: Path) -> list[str]:
    """source: a file, in the firmware's folder `project` or elsewhere (the Arduino core)."""
    source, project = source.resolve(), project.resolve()
    if not source.is_relative_to(project):
        return []
    place = source.relative_to(project)
    if place.parts[0] == "engine":
        return ["-fno-lto"]  # link-time optimisation would draw its functions out of the fast memory
    if place in BOOT_FILES:  # what runs from flash, before there is a library or a floating-point unit
        return ["-O2", "-fno-lto", "-ffreestanding", "-fno-tree-loop-distribute-patterns", "-mgeneral-regs-only"]
    if place in SMALL_FILES or any(place.is_relative_to(room) for room in SMALL_ROOMS):
        return ["-Os"]  # what the audio interrupt never runs
    return []
