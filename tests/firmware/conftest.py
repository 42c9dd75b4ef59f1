"""The module on this computer and in the emulator, with a small space in it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest

from gritspace.host_tools.module.flashing import firmware_build
from gritspace.quantize.export.c_array import write_c_array
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from tests.firmware.host.host_module import HostModule, build_library, open_library
from tests.firmware.host.rig import Rig
from tests.once import once
from tests.quantize.conftest import make_model


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return open_library(once(tmp_path_factory, "host_module", build_library))


@pytest.fixture(scope="session")
def model() -> IntegerModel:
    return make_model("tanh_space")


@pytest.fixture(scope="session")
def blob(model: IntegerModel) -> bytes:
    return to_bytes(model)


@pytest.fixture
def module(library: ctypes.CDLL, blob: bytes) -> HostModule:
    return HostModule(library, blob)


@pytest.fixture
def rig(library: ctypes.CDLL, blob: bytes) -> Iterator[Rig]:
    made = Rig(library, blob)
    yield made
    made.flash[:] = 0xFF
    made.boot()


@pytest.fixture(scope="session")
def image(model: IntegerModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated board's firmware with that model, built by PlatformIO."""

    def build(folder: Path) -> None:
        write_c_array(model, folder / "model.c", made_from="the tests' small space")
        built = firmware_build.build("sim", folder / "model.c", folder / "build")
        (folder / "image.elf").symlink_to(built)

    return (once(tmp_path_factory, "firmware", build) / "image.elf").resolve()
