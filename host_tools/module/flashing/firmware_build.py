"""Builds the firmware with PlatformIO, around a model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gritspace.host_tools.errors import RigError
from gritspace.quantize.firmware_sources import FIRMWARE, work_folder

FACTORY_MODEL = FIRMWARE / "models" / "factory.c"
BOARDS = ("sim", "daisy_seed", "daisy_patch_sm")
ENVIRONMENTS = (*BOARDS, *(f"{board}_16" for board in BOARDS))
"""Those that end in 16 take 16 frames of audio at a time instead of 48."""
NO_REGISTRY = (
    "PlatformIO's registry cannot be reached: from it come the Daisy Seed's platform, compiler and Arduino core; "
    "connect to the internet once, or build the simulated module, which needs none of it: gritspace build sim"
)


def build(
    environment: str = "sim",
    model_c: Path | None = None,
    build_dir: Path | None = None,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Builds one environment and returns the image, an ELF file.

    model_c: the model as a C array (`quantize.c_array`); None: the factory model. build_dir: where PlatformIO puts what
    it makes, so that builds of several models do not overwrite each other; None: in work_folder(). say: hears each
    line of PlatformIO's output. Raises RigError, one sentence, when a tool is missing or the build fails.
    """
    if environment not in ENVIRONMENTS:
        raise RigError(f"there is no firmware environment {environment!r}; there is {', '.join(ENVIRONMENTS)}")
    model = FACTORY_MODEL if model_c is None else Path(model_c)
    if not model.is_file():
        raise RigError(f"there is no model at {model}; make one: gritspace export MODEL --to c -o {model}")
    if (
        environment.startswith("sim") and shutil.which("arm-none-eabi-gcc") is None
    ):  # PlatformIO brings the Seed's compiler
        raise RigError(
            "arm-none-eabi-gcc is missing: it compiles the firmware; install it "
            "(Debian: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi)"
        )
    into = (work_folder() / "build" if build_dir is None else Path(build_dir)).resolve()
    lines = _run_platformio(environment, model.resolve(), into, say)
    image = into / environment / "firmware.elf"
    if not image.is_file():
        raise RigError(f"PlatformIO made no {image}: {_reason(lines)}")
    return image


def _run_platformio(environment: str, model: Path, into: Path, say: Callable[[str], None] | None) -> list[str]:
    command = [sys.executable, "-m", "platformio", "run", "--project-dir", str(FIRMWARE), "--environment", environment]
    process = subprocess.Popen(
        command,
        env={**os.environ, **_settings(), "GRITSPACE_MODEL_C": str(model), "PLATFORMIO_BUILD_DIR": str(into)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if say is not None:
            say(lines[-1])
    if process.wait() != 0:
        raise RigError(f"the firmware did not build: {_reason(lines)}")
    return lines


def _settings() -> dict[str, str]:
    """No telemetry, no questions, no look for newer versions, no colours."""
    return {
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No",
        "PLATFORMIO_SETTING_ENABLE_PROMPTS": "No",
        "PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL": "9999",
        "PLATFORMIO_SETTING_CHECK_PRUNE_SYSTEM_THRESHOLD": "0",
        "PLATFORMIO_NO_ANSI": "true",
        "PLATFORMIO_WORKSPACE_DIR": str(work_folder()),
        "CI": "true",
    }


def _reason(lines: list[str]) -> str:
    """The line of PlatformIO's output that says most."""
    if any(word in line for line in lines for word in ("HTTPClientError", "InternetConnectionError")):
        return NO_REGISTRY
    telling = ("error", "undefined reference", "will not fit")
    errors = [line for line in lines if any(word in line.lower() for word in telling) and "[FAILED]" not in line]
    return (errors or [line for line in lines if line.strip()] or ["PlatformIO said nothing"])[0].strip()
