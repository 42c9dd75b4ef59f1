"""Which files belong together: a space and the integer model made from it, a model and the module that runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from gritspace.host_tools.models.made_from import file_sha256
from gritspace.quantize.model import grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.finetune import Tuning
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.errors import InputError

if TYPE_CHECKING:
    from gritspace.train.space.space import Space

MAX_TRAINING_POSITIONS = 128
PLACES_BETWEEN = 64
"""All over the played box. With 32, one of sixteen places near its ends clipped (an ESR of 2e-2)."""
BETWEEN_REACH = 0.7
"""How far from the middle of the played box calibration goes where no device is."""


def model_from_space(
    space: Space, source: Path, audio: NDArray[np.float32], name: str | None = None, tuning: Tuning | None = None
) -> IntegerModel:
    """A space's decoder in integers. audio: (frames,) at 48 kHz, like what it will hear, to calibrate with.

    Calibrated at positions of its training settings and between them. The model remembers its source, so that `hil`
    finds the float model again. Raises InputError if the engine cannot run it or the audio is silent.
    """
    positions = calibration_positions(space)
    metadata = {
        "made_from": source.name,
        "made_from_sha256": file_sha256(source),
        "licences": sorted(set(space.licences.values())),
    }
    network = from_tcn(space.decoder, metadata=metadata)
    try:
        return quantize(network, audio, positions, name or source.stem, list(rest_position(space)), tuning)
    except ValueError as error:  # an unsupported network, silent audio: the message says which
        raise InputError(f"{source}: {error}.") from error


def rest_position(space: Space) -> NDArray[np.float64]:
    """Where the module starts: the middle of the played dimensions, the stored ones at their mean."""
    size = space.config.decoder.position_size
    rest = np.zeros(size)
    if space.positions:
        stored = np.array(list(space.positions.values()))[:, len(space.played) :]
        rest[len(space.played) :] = stored.mean(axis=0)
    return rest


def calibration_positions(space: Space) -> NDArray[np.float64]:
    """(n, position size): training settings spread over all there are, then places all over the played box.

    Not its corners: out there, far from any device, a decoder can put out a hundred times its usual level, and integers
    that had to hold that would have few bits left for what is played. They saturate there instead.
    """
    known = np.array([space.positions[label] for label in sorted(space.positions)]).reshape(
        -1, len(rest_position(space))
    )
    if len(known) > MAX_TRAINING_POSITIONS:
        known = known[np.linspace(0, len(known) - 1, MAX_TRAINING_POSITIONS).round().astype(int)]
    between = np.tile(rest_position(space), (PLACES_BETWEEN, 1))
    places = qmc.Sobol(len(space.played), scramble=False).random(PLACES_BETWEEN)
    between[:, : len(space.played)] = (2 * places - 1) * BETWEEN_REACH
    return np.concatenate([known, between])


def model_with_sha256(wanted: str, folders: Iterable[Path]) -> Path:
    """The `.grit` file whose SHA-256 is this, looked for in folders. Raises InputError when there is none."""
    looked = list(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))
    for folder in looked:
        for candidate in sorted(folder.glob("*.grit")):
            if file_sha256(candidate) == wanted:
                return candidate
    places = ", ".join(str(folder) for folder in looked)
    raise InputError(
        f"no .grit file in {places} is the model that the module runs ({wanted[:12]}); name it with --model FILE."
    )


def model_sha256(model: IntegerModel) -> str:
    """The model's name for machines: the SHA-256 of its `.grit` bytes."""
    return hashlib.sha256(grit.to_bytes(model)).hexdigest()


def read_space(path: Path) -> Space:
    """A space from its `.pt` file. Raises InputError for anything else."""
    from gritspace.train.space.space import load_space

    if path.suffix not in (".pt", ".pth") and path.is_file():
        raise InputError(f"{path}: only a space, a .pt file that `gritspace train` wrote, can be read here.")
    return load_space(path)
