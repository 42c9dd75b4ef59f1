"""The space: an encoder, a decoder, and where the devices it was trained on lie in it. Saved as one file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import torch
from pydantic import ConfigDict, Field, model_validator
from torch import Tensor, nn

from gritspace.train.errors import InputError
from gritspace.train.network.limits import MAX_FILM_HIDDEN, MAX_POSITION
from gritspace.train.network.shape_records import TcnRecord, all_finite
from gritspace.train.network.shapes import TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.records import OpenRecord, Record, read_record
from gritspace.train.space.encoder import Encoder, EncoderConfig
from gritspace.train.torch_file import load_versioned, save_torch

PLAYED = ("drive", "tone", "symmetry", "dynamics")
FORMAT, VERSION = "gritspace space", 1


@dataclass(frozen=True)
class SpaceConfig:
    """decoder.position_size = 4 played + `stored` dimensions."""

    decoder: TcnConfig
    encoder: EncoderConfig = field(default_factory=EncoderConfig)

    def __post_init__(self) -> None:
        if self.decoder.position_size < len(PLAYED):
            raise ValueError(f"a space has at least {len(PLAYED)} dimensions, not {self.decoder.position_size}")

    @property
    def stored(self) -> int:
        """How many dimensions are kept in presets only."""
        return self.decoder.position_size - len(PLAYED)


class Space(nn.Module):
    """The trained beta-VAE.

    positions: label of a training setting -> its position; every one lies in the box [-1, 1].
    gains: device's name -> what its wet audio was multiplied by before training, so that all are about equally loud
    and the same way up: it may be negative.
    levels: label -> what its wet audio was multiplied by besides, so that all settings are equally loud; empty in
    spaces whose settings keep their own levels.
    licences: device's name -> the licence of what it was trained on.
    attributes: label -> the measured drive, tone, symmetry and dynamics.
    """

    played = PLAYED

    def __init__(self, config: SpaceConfig) -> None:
        super().__init__()
        self.config = config
        self.decoder = Tcn(config.decoder)
        self.encoder = Encoder(config.encoder, config.decoder.position_size)
        self.positions: dict[str, list[float]] = {}
        self.gains: dict[str, float] = {}
        self.levels: dict[str, float] = {}
        self.held: list[float] = []
        self.licences: dict[str, str] = {}
        self.attributes: dict[str, list[float]] = {}

    def position_of(self, dry: Tensor, wet: Tensor) -> Tensor:
        """Pairs of one device at one setting, (batch, frames) each -> its position (position_size,): the mean."""
        with torch.no_grad():
            return self.encoder(dry, wet)[0].mean(0)

    def render(self, dry: Tensor, position: Tensor) -> Tensor:
        """dry (batch, frames), position (batch or 1, position_size) -> wet (batch, frames), as loud as in training.

        The state before the first frame is silence's. A long clip is worked off in pieces, to bound the memory.
        """
        assert self.decoder.film is not None
        piece, lead_in = 1 << 16, self.config.decoder.receptive_field - 1
        padded = nn.functional.pad(dry, (lead_in, 0))
        with torch.no_grad():
            modulation = self.decoder.film(position)
            starts = range(0, max(dry.shape[-1], 1), piece)
            return torch.cat(
                [self.decoder(padded[..., start : start + piece + lead_in], modulation) for start in starts], dim=-1
            )


def save_space(space: Space, path: Path | str) -> None:
    """Whole or not at all. Raises InputError if the file cannot be written."""
    contents = {
        "format": FORMAT,
        "version": VERSION,
        "config": asdict(space.config),
        "state": {name: value.detach().cpu() for name, value in space.state_dict().items()},
        "positions": space.positions,
        "gains": space.gains,
        "levels": space.levels,
        "held": space.held,
        "licences": space.licences,
        "attributes": space.attributes,
    }
    save_torch(contents, Path(path))


Labelled = dict[str, Annotated[list[float], Field(max_length=MAX_POSITION)]]


class EncoderRecord(Record):
    """encoder.EncoderConfig."""

    mels: Annotated[int, Field(ge=1, le=1024)] = 48
    fft_frames: Annotated[int, Field(ge=16, le=1 << 16)] = 1024
    hop_frames: Annotated[int, Field(ge=1, le=1 << 16)] = 512
    channels: Annotated[int, Field(ge=1, le=512)] = 16


class ConfigRecord(Record):
    """SpaceConfig."""

    decoder: TcnRecord
    encoder: EncoderRecord


class SpaceRecord(OpenRecord):
    """A space's file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    config: ConfigRecord
    state: dict[str, Tensor]
    positions: Labelled
    gains: dict[str, float]
    levels: dict[str, float] = Field(default_factory=dict)
    held: Annotated[list[float], Field(max_length=MAX_FILM_HIDDEN + 2)] = Field(default_factory=list)
    licences: dict[str, str]
    attributes: Labelled

    @model_validator(mode="after")
    def _numbers_are_numbers_and_positions_are_as_long_as_it_says(self) -> SpaceRecord:
        if not all_finite(self.state):
            raise ValueError("a weight is not finite")
        size = self.config.decoder.position_size
        if self.held and len(self.held) != self.config.decoder.film_hidden + 2:
            raise ValueError("what its head's gain was is not as long as it says")
        if any(len(position) != size for position in self.positions.values()):
            raise ValueError(f"a position has not the {size} numbers that the space has dimensions")
        return self


def load_space(path: Path | str) -> Space:
    """Raises InputError if the file is missing, damaged, no space, or of another version."""
    path = Path(path)
    contents = load_versioned(path, "space", FORMAT, VERSION, "`gritspace train` wrote", "train it again")
    record = read_record(SpaceRecord, contents, f"{path}: this space is damaged", "train it again")
    try:
        encoder = EncoderConfig(**record.config.encoder.model_dump())
        space = Space(SpaceConfig(record.config.decoder.config(), encoder))
        space.load_state_dict(record.state)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: this space is damaged ({reason:.200}); train it again.") from error
    space.positions, space.gains, space.levels = dict(record.positions), dict(record.gains), dict(record.levels)
    space.held = list(record.held)
    space.licences, space.attributes = dict(record.licences), dict(record.attributes)
    return space.eval()
