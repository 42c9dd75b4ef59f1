"""The space: an encoder, a decoder, and where the devices it was trained on lie in it. Saved as one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.space.encoder import Encoder, EncoderConfig
from gritspace.train.torch_file import load_torch, save_torch

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
        "licences": space.licences,
        "attributes": space.attributes,
    }
    save_torch(contents, Path(path))


def load_space(path: Path | str) -> Space:
    """Raises InputError if the file is missing, damaged, no space, or of another version."""
    path = Path(path)
    contents = load_torch(path, "space")
    if contents.get("format") != FORMAT:
        raise InputError(f"{path}: this is no space; give a file that `gritspace train` wrote.")
    if contents.get("version") != VERSION:
        raise InputError(f"{path}: this space has version {contents.get('version')}, not {VERSION}; train it again.")
    try:
        space = Space(config_from(contents["config"]))
        space.load_state_dict(contents["state"])
        space.positions = {str(k): [float(x) for x in v] for k, v in contents["positions"].items()}
        space.gains = {str(k): float(v) for k, v in contents["gains"].items()}
        space.levels = {str(k): float(v) for k, v in contents.get("levels", {}).items()}
        space.licences = {str(k): str(v) for k, v in contents["licences"].items()}
        space.attributes = {str(k): [float(x) for x in v] for k, v in contents["attributes"].items()}
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: this space is damaged ({reason}); train it again.") from error
    return space.eval()


def config_from(plain: Mapping[str, Any]) -> SpaceConfig:
    """asdict's inverse. Raises TypeError or KeyError on unknown or missing names."""
    decoder = dict(plain["decoder"])
    arrays = tuple(
        replace(array, kernel_sizes=tuple(array.kernel_sizes), dilations=tuple(array.dilations))
        for array in (LayerArrayConfig(**array) for array in decoder.pop("arrays"))
    )
    return SpaceConfig(TcnConfig(arrays=arrays, **decoder), EncoderConfig(**plain["encoder"]))
