"""Which sources of a Daisy's image are compiled differently: by their place in the firmware, wherever that stands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.places import ROOT

sys.path.insert(0, str(ROOT / "firmware"))
from compile_flags import BOOT_FILES, SMALL_FILES, SMALL_ROOMS, flags_of

FROM_FLASH = ["-O2", "-fno-lto", "-ffreestanding", "-fno-tree-loop-distribute-patterns", "-mgeneral-regs-only"]


@pytest.mark.parametrize("project", ["/home/me/my-engine/firmware", "/memory/module/wire/engine/firmware"])
@pytest.mark.parametrize(
    ("source", "flags"),
    [
        ("engine/engine.c", ["-fno-lto"]),
        ("engine/m7/kernels_m7.c", ["-fno-lto"]),
        ("module/wire/link.c", ["-Os"]),
        ("boards/daisy_seed/daisy_clock.c", ["-Os"]),
        ("boards/daisy_seed/daisy_audio.c", []),
        ("boards/daisy_seed/unlzma.c", FROM_FLASH),
        ("module/wire/crc32.c", FROM_FLASH),
        ("module/sound/mixer.c", []),
        ("../packages/cores/arduino/memory/engine.c", []),
    ],
)
def test_a_sources_flags_follow_from_its_place_in_the_firmware(project: str, source: str, flags: list[str]) -> None:
    assert flags_of(Path(project, source), Path(project)) == flags


def test_whatever_has_flags_of_its_own_is_there() -> None:
    for place in (*SMALL_ROOMS, *SMALL_FILES, *BOOT_FILES):
        assert (ROOT / "firmware" / place).exists(), place
