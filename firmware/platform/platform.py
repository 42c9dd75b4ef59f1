"""PlatformIO's platform for the project's own boards: nothing to download.

PlatformIO runs SCons, which it would fetch from its registry as the package tool-scons. The same SCons comes from pip;
laid out as that package it saves the download, so that the firmware builds where the registry cannot be reached.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from platformio.dependencies import get_core_dependencies
from platformio.package.manager.core import get_core_package_dir
from platformio.platform.base import PlatformBase
from platformio.project.config import ProjectConfig

SCONS = "tool-scons"
LAUNCHER = """# Starts the SCons package beside this file.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import SCons.Script

SCons.Script.main()
"""


class GritspacePlatform(PlatformBase):
    """See the module."""

    def configure_default_packages(self, variables: dict[str, Any], targets: list[str]) -> Any:
        """Called by PlatformIO before it looks for SCons."""
        lay_out_scons()
        return super().configure_default_packages(variables, targets)


def lay_out_scons() -> None:
    """Makes pip's SCons PlatformIO's, unless PlatformIO has one already or pip has none (it then fetches one)."""
    if get_core_package_dir(SCONS, auto_install=False):
        return
    spec = importlib.util.find_spec("SCons")
    if spec is None or not spec.submodule_search_locations:
        return
    # PlatformIO writes SCons' 4.11.1 as 4.41101.0 and asks for "~4.41101.0"; any SCons 4 runs its build scripts.
    version = get_core_dependencies()[SCONS].lstrip("~^=")
    packages = Path(ProjectConfig.get_instance().get("platformio", "packages_dir"))
    packages.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=packages, prefix=".tool-scons-") as scratch:
        package = Path(scratch) / SCONS
        source = Path(next(iter(spec.submodule_search_locations)))
        shutil.copytree(source, package / "SCons", ignore=shutil.ignore_patterns("__pycache__"))
        (package / "scons.py").write_text(LAUNCHER, encoding="utf-8")
        about = f"SCons {importlib.metadata.version('scons')} from pip"
        manifest = {"name": SCONS, "version": version, "description": about, "license": "MIT"}
        (package / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
        owner = {"owner": "platformio", "id": None, "name": SCONS, "requirements": None, "uri": None}
        record = {"type": "tool", "name": SCONS, "version": version, "spec": owner}
        (package / ".piopm").write_text(json.dumps(record), encoding="utf-8")
        target = packages / SCONS
        if target.exists():  # a broken or an older one
            shutil.rmtree(target)
        os.replace(package, target)
