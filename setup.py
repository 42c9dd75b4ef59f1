"""What pyproject.toml cannot say: a wheel carries the native training core, where there is a compiler to build it."""

import importlib.util
import platform
import sys
import types
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


def room(name: str) -> types.ModuleType:
    """A module of train/, which is not installed yet, and which imports nothing but Python's own and its neighbour."""
    full = f"gritspace.train.{name}"
    for package in ("gritspace", "gritspace.train"):
        sys.modules.setdefault(package, types.ModuleType(package))
    spec = importlib.util.spec_from_file_location(full, HERE / "train" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


carried_core = room("carried_core")
native_build = room("native_build")


class WithCore(build_py):
    """An editable install builds its core on first use instead."""

    def run(self):
        """Beside the modules, the core for every level."""
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib) / "gritspace" / "train" / carried_core.FOLDER.name
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


setup(distclass=Native, cmdclass={"build_py": WithCore, "bdist_wheel": ForThisPlatform})
