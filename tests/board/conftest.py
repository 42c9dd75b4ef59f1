"""Images for the emulated board: the Daisy's own, where there are some, and one of the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module import emulated, emulator
from tests.firmware.host.host_module import HostModule, build_library, open_library
from tests.firmware.sound.test_playing import module_bytes
from tests.once import once
from tests.places import ROOT

ENVIRONMENTS = ("daisy_seed", "daisy_seed_16", "daisy_patch_sm", "daisy_patch_sm_16")
OWN = Path(__file__).parent / "own_image"
MODEL = ROOT / "spaces" / "circuits.grit"
"""The images'."""


@pytest.fixture(scope="session")
def daisy_image() -> Callable[[str], Path]:
    """An environment's firmware.elf, from the folder in GRITSPACE_IMAGES; skips the test where there is none."""

    def image(environment: str) -> Path:
        if not os.environ.get(emulated.IMAGES):
            pytest.skip(
                "no image of the Daisy: build them where PlatformIO's registry answers (gritspace build daisy_seed) "
                f"and name the folder of *.elf in {emulated.IMAGES}"
            )
        try:
            return emulated.image_of(environment)
        except RigError as error:
            pytest.skip(str(error))

    return image


@pytest.fixture(scope="session")
def own_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few hundred bytes that use the board directly: what each does is in own_image/image.c."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("needs gcc-arm-none-eabi: run `make setup`")

    def build(folder: Path) -> None:
        flags = ["-mcpu=cortex-m7", "-mthumb", "-O1", "-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Werror"]
        script = OWN / "image.ld"
        command = ["arm-none-eabi-gcc", *flags, f"-T{script}", str(OWN / "image.c"), "-o", str(folder / "own.elf")]
        subprocess.run(command, check=True)

    return once(tmp_path_factory, "own_image", build) / "own.elf"


@pytest.fixture(scope="session", autouse=True)
def emulator_is_compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Once for all processes."""
    once(tmp_path_factory, "emulator", lambda folder: emulator.compiled() and None)


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory) -> HostModule:
    """With room for one engine: two of this model are more than a Seed has time for."""
    blob = MODEL.read_bytes()
    library = open_library(once(tmp_path_factory, "host_module", build_library))
    return HostModule(library, blob, module_bytes(library, blob) + 64)
