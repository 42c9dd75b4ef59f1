"""From a model to an emulated module that runs it: the Daisy's own image, on the emulated board."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gritspace.host_tools.console import Update
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.link.client import Module
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.models.model_files import model_sha256
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.emulator import Emulator, board_of
from gritspace.host_tools.module.simulated import build_firmware
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.output_file import written_whole

IMAGES = "GRITSPACE_IMAGES"
"""A folder of ready images, ENVIRONMENT.elf, for a machine that PlatformIO's registry does not answer."""
_FIRST_ANSWER_SECONDS = 120.0
IDLE = ("-m", "-q", "4")
"""How the emulated board runs for whoever plays with it: without the cache's model, the main loop slowed down."""


def image_of(environment: str, model: IntegerModel | None = None, update: Update | None = None) -> Path:
    """A Daisy's image: from the folder in GRITSPACE_IMAGES (with the factory model), else built around the model.

    Raises RigError if it is not there or cannot be built.
    """
    folder = os.environ.get(IMAGES)
    if not folder:
        return build_firmware(model, environment, update)
    image = Path(folder) / f"{environment}.elf"
    if not image.is_file():
        raise RigError(f"{IMAGES} names {folder}, and there is no {image.name} in it")
    return image


def wait_for(emulator: Emulator) -> None:
    """Until the module on the emulated board answers. Raises RigError with the board's last words if it does not."""
    until = time.monotonic() + _FIRST_ANSWER_SECONDS
    while time.monotonic() < until and emulator.running:
        with suppress(LinkError), Module(emulator.port, patience_seconds=5.0) as module:
            module.info()
            return
    raise RigError(f"the emulated module does not answer: {' '.join(emulator.console[-3:])}")


@contextmanager
def emulated_module(model: IntegerModel, update: Update | None = None) -> Iterator[str]:
    """A Seed's image on the emulated board, playing a model (sent to it if it is not the image's); gives its port."""
    image = image_of("daisy_seed", model, update)
    with Emulator(image, board_of(image), options=IDLE) as emulator:
        wait_for(emulator)
        with Module(emulator.port, patience_seconds=60.0) as module:
            info = module.info()
            if info.model_sha256 != model_sha256(model):
                slot = memory.upload(module, to_bytes(model))
                memory.select(module, slot.slot + 1)
        yield emulator.port


def until_stopped(
    image: Path,
    ready: Callable[[str], None],
    board: str | None = None,
    port_file: Path | None = None,
    flash: Path | None = None,
) -> None:
    """Runs an image on an emulated board until Ctrl-C, SIGTERM or its own end; tells `ready` its port once it answers.

    board: one of emulator.BOARDS; None: as the image's name for itself says. port_file: gets the port's name, and is
    removed at the end. flash: a file that keeps the flash chip. Raises RigError if the board ends by itself.
    """
    with Emulator(image, board or board_of(image), flash=flash, options=IDLE) as emulator:
        wait_for(emulator)
        stop = threading.Event()  # until here Ctrl-C ends it as it ends any command
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        if port_file is not None:
            with written_whole(port_file) as beside:
                beside.write_text(emulator.port + "\n", encoding="utf-8")
        try:
            ready(emulator.port)
            while not stop.wait(0.2):
                if not emulator.running:
                    raise RigError(f"the emulated board ended by itself: {' '.join(emulator.console[-3:])}")
        finally:
            if port_file is not None:
                port_file.unlink(missing_ok=True)
