"""What pyproject.toml cannot say: a wheel carries the firmware's sources, the shipped spaces, and the native training
core, where there is a compiler to build it."""

import importlib.util
import platform
import shutil
import sys
import types
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ROOMS = ("train", "quantize", "host_tools")


def packages() -> list[str]:
    """Every floor of every room, as a package: train/devices/chains is gritspace.train.devices.chains."""
    floors = (file.parent.relative_to(HERE) for room in ROOMS for file in sorted((HERE / room).rglob("__init__.py")))
    return [".".join(("gritspace", *floor.parts)) for floor in floors]


def network_module(name: str) -> types.ModuleType:
    """A module of train/network/, which is not installed yet, and imports only Python's own and neighbours."""
    full = f"gritspace.train.network.{name}"
    for package in ("gritspace", "gritspace.train", "gritspace.train.network"):
        sys.modules.setdefault(package, types.ModuleType(package))
    spec = importlib.util.spec_from_file_location(full, HERE / "train" / "network" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


carried_core = network_module("carried_core")
network_module("compilers")
native_build = network_module("native_build")


CARRIED = ("firmware", "spaces")
"""Beside the rooms' packages, so that quantize/firmware_sources.py finds them there as it does in a checkout."""


class WithCore(build_py):
    """An editable install builds its core on first use instead, and has the firmware's sources where they are."""

    def run(self):
        """Beside the modules: sources, spaces, and the core for every level."""
        super().run()
        if self.editable_mode:
            return
        for folder in CARRIED:
            into = Path(self.build_lib) / "gritspace" / folder
            shutil.rmtree(into, ignore_errors=True)
            shutil.copytree(HERE / folder, into, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.toml.lock"))
        folder = Path(self.build_lib) / "gritspace" / "train" / "network" / carried_core.FOLDER.name
        for level in carried_core.LEVELS.get(platform.machine(), {}):
            try:
                native_build.compile_core(carried_core.file_of(level, folder), f"-march={level}")
            except native_build.NoCore as error:
                print(f"note: the wheel carries no core for {level}: {error}", file=sys.stderr)


class ForThisPlatform(bdist_wheel):
    """The core is opened by ctypes: any Python 3, this system only."""

    def get_tag(self):
        """py3-none-PLATFORM."""
        return "py3", "none", super().get_tag()[2]


class Native(Distribution):
    """Not pure Python."""

    def has_ext_modules(self):
        """The wheel is for this platform, and lies where such wheels do."""
        return True


setup(
    packages=["gritspace", *packages()],
    package_dir={"gritspace": "host_tools/entry", **{f"gritspace.{room}": room for room in ROOMS}},
    distclass=Native,
    cmdclass={"build_py": WithCore, "bdist_wheel": ForThisPlatform},
)
