"""From a model to a simulated module that runs it: C array, firmware, emulator."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gritspace.host_tools.console import Update, progress
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.models.model_files import model_sha256
from gritspace.host_tools.module import simulator_line
from gritspace.host_tools.module.flashing import firmware_build
from gritspace.host_tools.module.presets_file import first_presets
from gritspace.host_tools.module.simulator import Simulator
from gritspace.quantize.export.c_array import write_c_array
from gritspace.quantize.firmware_sources import work_folder
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.output_file import written_whole

MODELS = work_folder() / "models"
"""A folder for each model, so that builds do not overwrite each other."""
REST_SECONDS = 60.0
"""Longer than the longest morph and than any write to flash: a module that rests has nothing left to do."""
BUILD_STEPS = 20
"""About how many lines PlatformIO says in a whole build: for the progress bar only."""


def build_firmware(model: IntegerModel | None, board: str = "sim", update: Update | None = None) -> Path:
    """The firmware's image with a model in it; None: the factory model. Raises RigError if it cannot be built."""
    said = [0]

    def say(line: str) -> None:
        if update is not None and line.startswith(("Compiling", "Archiving", "Indexing", "Linking", "Building")):
            said[0] += 1
            update(min(said[0], BUILD_STEPS), BUILD_STEPS, line.rsplit("/", 1)[-1])

    if model is None:
        return firmware_build.build(board, say=say)
    folder = MODELS / model_sha256(model)[:16]
    folder.mkdir(parents=True, exist_ok=True)
    model_c = folder / "model.c"
    made_from = f"the integer model {model.name!r}: gritspace export MODEL --to c"
    write_c_array(model, model_c, made_from, first_presets(model_sha256(model)))
    image = firmware_build.build(board, model_c, folder / "build", say)
    if update is not None:
        update(BUILD_STEPS, BUILD_STEPS, f"{image.stat().st_size:,} bytes of ELF")
    return image


@contextmanager
def simulated_module(model: IntegerModel, update: Update | None = None) -> Iterator[str]:
    """Builds and boots a module that runs a model; gives its port, and ends it at the end."""
    with booted(build_firmware(model, "sim", update)) as port:
        yield port


@contextmanager
def booted(image: Path) -> Iterator[str]:
    """Boots an image, waits until the module answers, gives its port. Raises RigError or LinkError if it does not."""
    with Simulator(image) as simulator:
        with Module(simulator.port) as module:
            info = module.info()
        if info.model_status:
            raise RigError(f"the simulated module refuses its model (status {info.model_status}); quantize it again.")
        yield simulator.port


def until_stopped(
    model: IntegerModel,
    ready: Callable[[str], None],
    port_file: Path | None = None,
    flash: Path | None = None,
    bad_line: float = 0.0,
) -> None:
    """Runs a simulated module until Ctrl-C, SIGTERM or its own end; tells `ready` its port once it answers.

    port_file: gets the port's name, and is removed at the end. flash: a file that keeps the module's flash.
    bad_line: share of the link's bytes, each way, that is lost, damaged or doubled. Raises RigError if the module ends
    by itself.
    """
    with progress("building the firmware") as update:
        image = build_firmware(model, "sim", update)
    ways = [simulator_line.bad_line(bad_line, seed) if bad_line else None for seed in (1, 2)]
    with Simulator(image, to_module=ways[0], to_laptop=ways[1], flash=flash, rest_seconds=REST_SECONDS) as simulator:
        with Module(simulator.port) as module:
            module.info()
        stop = threading.Event()  # until here Ctrl-C ends it as it ends any command
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        if port_file is not None:
            with written_whole(port_file) as beside:
                beside.write_text(simulator.port + "\n", encoding="utf-8")
        try:
            ready(simulator.port)
            while not stop.wait(0.2):
                if not simulator.running:
                    raise RigError(f"the simulated module ended by itself: {' '.join(simulator.console[-3:])}")
        finally:
            if port_file is not None:
                port_file.unlink(missing_ok=True)
