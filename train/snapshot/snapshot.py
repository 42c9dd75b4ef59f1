"""A snapshot: one device at one setting as a network without a position. Saved as one file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, model_validator
from torch import Tensor, nn

from gritspace.train.network.play import played
from gritspace.train.network.shape_records import TcnRecord, all_finite, tcn_of
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.records import OpenRecord, read_record, refuse_odd_facts
from gritspace.train.torch_file import load_torch, load_versioned, save_torch

FORMAT, VERSION = "gritspace snapshot", 1

_SEVEN = (1, 3, 7, 17, 41, 101, 239)
_A2 = (6,) * 14 + (15, 15) + (6,) * 7, (*_SEVEN, *_SEVEN, 1, 13, *_SEVEN)
_A1 = (3,) * 10, tuple(2**i for i in range(10))
SHAPES: dict[str, TcnConfig] = {
    "a2-full": TcnConfig((LayerArrayConfig(8, *_A2, "leaky_relu", head_kernel_size=16),)),
    "a2-lite": TcnConfig((LayerArrayConfig(3, *_A2, "leaky_relu", head_kernel_size=16),)),
    "a1-standard": TcnConfig((LayerArrayConfig(16, *_A1, "tanh", head_size=8), LayerArrayConfig(8, *_A1, "tanh"))),
}
"""Neural Amp Modeler's shapes: 11,776, 1,731 and 13,320 multiplications a frame."""


@dataclass
class Snapshot:
    """tcn plays raw dry audio at 48 kHz, as loud as the device did.

    licence: of what it was trained on, an SPDX name. facts: what is known of its making, plain values only.
    """

    tcn: Tcn
    name: str
    licence: str = "NOASSERTION"
    facts: dict[str, Any] = field(default_factory=dict)

    def render(self, dry: Tensor) -> Tensor:
        """dry (frames,) -> wet (frames,), the state before the first frame being silence's."""
        return played(self.tcn, dry)

    def render_audio(self, dry: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same for arrays."""
        return np.asarray(self.render(torch.from_numpy(np.ascontiguousarray(dry, np.float32))).numpy())


def fresh(config: TcnConfig) -> Tcn:
    """Random weights, from PyTorch's generator, with which a stack keeps its level from the first layer to the last.

    Convolutions keep the level; residuals add up over the layers, and the head over all of them, to about one.
    """
    tcn = Tcn(config)
    arrays: Any = tcn.arrays
    with torch.no_grad():
        for array in arrays:
            layers = len(array.layers)
            for layer in array.layers:
                nn.init.normal_(layer.conv.weight, std=layer.conv.weight[0].numel() ** -0.5)
                nn.init.normal_(layer.mixin.weight, std=0.5)
                nn.init.normal_(layer.residual.weight, std=(layer.residual.in_channels * layers) ** -0.5)
                nn.init.zeros_(layer.conv.bias)
                nn.init.zeros_(layer.residual.bias)
            nn.init.normal_(array.rechannel.weight, std=array.rechannel.in_channels**-0.5)
            nn.init.normal_(array.head.weight, std=0.3 * (array.head.weight[0].numel() * layers) ** -0.5)
            nn.init.zeros_(array.head.bias)
    return tcn


def rescale(tcn: Tcn, of_dry: float, of_wet: float) -> None:
    """A network that was fitted to of_dry * dry and of_wet * wet becomes, in place, one for dry and wet themselves.

    Audio enters through the first rechannelling and the mix-ins, and leaves through the last head: all linear.
    """
    arrays: Any = tcn.arrays
    with torch.no_grad():
        arrays[0].rechannel.weight *= of_dry
        for array in arrays:
            for layer in array.layers:
                layer.mixin.weight *= of_dry
        arrays[-1].head.weight /= of_wet
        arrays[-1].head.bias /= of_wet
        if tcn.film is not None:  # its last row is the head's, and its bias is added to what the head puts out
            tcn.film.bias.weight[-1] /= of_wet
            tcn.film.bias.bias[-1] /= of_wet


def save_snapshot(snapshot: Snapshot, path: Path | str) -> None:
    """Whole or not at all. Raises InputError if it cannot be written, ValueError if a weight is not finite."""
    state = {name: value.detach().cpu().clone() for name, value in snapshot.tcn.state_dict().items()}
    if not all(bool(value.isfinite().all()) for value in state.values()):
        raise ValueError("a snapshot with weights that are not finite is not written")
    save_torch(
        {
            "format": FORMAT,
            "version": VERSION,
            "config": asdict(snapshot.tcn.config),
            "state": state,
            "name": snapshot.name,
            "licence": snapshot.licence,
            "facts": snapshot.facts,
        },
        Path(path),
    )


def is_snapshot(path: Path) -> bool:
    """Whether a `.pt` file is a snapshot's and not a space's. Raises InputError if it is neither torch's nor whole."""
    return load_torch(path, "space or snapshot").get("format") == FORMAT


class SnapshotRecord(OpenRecord):
    """A snapshot's file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    config: TcnRecord
    state: dict[str, Tensor]
    name: str
    licence: str
    facts: dict[str, Any]

    @model_validator(mode="after")
    def _a_network_without_a_position_and_facts_that_are_json(self) -> SnapshotRecord:
        if self.config.position_size or not all_finite(self.state):
            raise ValueError("its weights are not a snapshot's")
        refuse_odd_facts(self.facts)
        return self


def load_snapshot(path: Path | str) -> Snapshot:
    """Raises InputError if the file is missing, damaged, no snapshot, or of another version."""
    path = Path(path)
    contents = load_versioned(path, "snapshot", FORMAT, VERSION, "`gritspace fit` wrote", "fit it again")
    record = read_record(SnapshotRecord, contents, f"{path}: this snapshot is damaged", "fit it again")
    tcn = tcn_of(record.config, record.state, f"{path}: this snapshot is damaged", "fit it again")
    return Snapshot(tcn.eval(), record.name, record.licence, dict(record.facts))
