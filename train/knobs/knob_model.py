"""A knob model: one device as a network whose position is the device's own knobs. Saved as one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator
from torch import Tensor

from gritspace.train.knobs.settings import MAX_KNOBS, NAME, Setting
from gritspace.train.network.shape_records import TcnRecord, all_finite, tcn_of
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.records import OpenRecord, read_record, refuse_odd_facts
from gritspace.train.snapshot.snapshot import SHAPES
from gritspace.train.torch_file import load_torch, load_versioned, save_torch

Audio = NDArray[np.float32]

FORMAT, VERSION = "gritspace knob model", 1
PIECE_FRAMES = 1 << 16

_TEN = (3,) * 10, tuple(2**i for i in range(10))
KNOB_SHAPES: dict[str, TcnConfig] = {
    "knobs": TcnConfig((LayerArrayConfig(16, *_TEN, "tanh", head_kernel_size=16),), 1, 16),
    "a2-full": TcnConfig(SHAPES["a2-full"].arrays, 1, 16),
}
"""10,672 and 11,776 multiplications a frame; the number of knobs is put in when it is known. A2-Lite is too narrow for
what its rows have to bend."""


@dataclass
class KnobModel:
    """tcn plays raw dry audio at 48 kHz at a position, as loud as the device did.

    knobs: their names, one for each number of the position. settings: those it was fitted to. licence: of what it was
    trained on, an SPDX name. facts: what is known of its making, plain values only.
    """

    tcn: Tcn
    name: str
    knobs: tuple[str, ...]
    settings: list[Setting]
    licence: str = "NOASSERTION"
    facts: dict[str, Any] = field(default_factory=dict)

    def render_audio(self, dry: Audio, setting: Sequence[float]) -> Audio:
        """dry (frames,), a number in [0, 1] for each knob -> wet (frames,), from the state silence leaves."""
        assert self.tcn.film is not None
        lead_in = self.tcn.config.receptive_field - 1
        padded = torch.from_numpy(np.pad(np.asarray(dry, np.float32), (lead_in, 0)))
        with torch.no_grad():
            modulation = self.tcn.film(as_positions([setting]))
            pieces = [
                self.tcn(padded[None, start : start + PIECE_FRAMES + lead_in], modulation)[0]
                for start in range(0, max(len(dry), 1), PIECE_FRAMES)
            ]
        return torch.cat(pieces).numpy()


def as_positions(settings: Sequence[Sequence[float]]) -> Tensor:
    """Settings (n, knobs) in [0, 1] -> positions in [-1, 1]: a knob's left end is that of the played dimension.

    >>> as_positions([(0.0, 0.5, 1.0)])
    tensor([[-1.,  0.,  1.]])
    """
    return torch.from_numpy(2 * np.asarray(settings, np.float32) - 1)


def save_knob_model(model: KnobModel, path: Path | str) -> None:
    """Whole or not at all. Raises InputError if it cannot be written, ValueError if a weight is not finite."""
    state = {name: value.detach().cpu().clone() for name, value in model.tcn.state_dict().items()}
    if not all_finite(state):
        raise ValueError("a knob model with weights that are not finite is not written")
    contents = {
        "format": FORMAT,
        "version": VERSION,
        "config": asdict(model.tcn.config),
        "state": state,
        "name": model.name,
        "knobs": list(model.knobs),
        "settings": [list(setting) for setting in model.settings],
        "licence": model.licence,
        "facts": model.facts,
    }
    save_torch(contents, Path(path))


def is_knob_model(path: Path) -> bool:
    """Whether a `.pt` file is a knob model's. Raises InputError if it is neither torch's nor whole."""
    return load_torch(path, "space, snapshot or knob model").get("format") == FORMAT


KnobName = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
Turn = Annotated[float, Field(ge=0, le=1)]


class KnobModelRecord(OpenRecord):
    """A knob model's file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    config: TcnRecord
    state: dict[str, Tensor]
    name: str
    knobs: Annotated[list[KnobName], Field(min_length=1, max_length=MAX_KNOBS)]
    settings: list[list[Turn]]
    licence: str
    facts: dict[str, Any]

    @model_validator(mode="after")
    def _a_network_with_as_many_dimensions_as_knobs(self) -> KnobModelRecord:
        if not all_finite(self.state):
            raise ValueError("a weight is not finite")
        if self.config.position_size != len(self.knobs) or any(len(x) != len(self.knobs) for x in self.settings):
            raise ValueError("its knobs are not as many as its network has dimensions")
        refuse_odd_facts(self.facts)
        return self


def load_knob_model(path: Path | str) -> KnobModel:
    """Raises InputError if the file is missing, damaged, no knob model, or of another version."""
    path = Path(path)
    contents = load_versioned(
        path, "knob model", FORMAT, VERSION, "`gritspace fit` wrote of several settings", "fit it again"
    )
    record = read_record(KnobModelRecord, contents, f"{path}: this knob model is damaged", "fit it again")
    tcn = tcn_of(record.config, record.state, f"{path}: this knob model is damaged", "fit it again")
    settings = [tuple(setting) for setting in record.settings]
    return KnobModel(tcn.eval(), record.name, tuple(record.knobs), settings, record.licence, dict(record.facts))
