"""The shape of a network as a `.pt` file states it, bounded: what it asks for is known before any of it is made;
and the network itself, with the weights beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from torch import Tensor

from gritspace.train.errors import InputError
from gritspace.train.network.limits import MAX_POSITION, MAX_WEIGHTS
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.records import Record

Size = Annotated[int, Field(ge=1, le=MAX_WEIGHTS)]
MAX_FIELD_FRAMES = 1 << 20
"""Of a receptive field: 22 seconds."""
MAX_LAYERS = 1024


class LayerArrayRecord(Record):
    """shapes.LayerArrayConfig."""

    channels: Size
    kernel_sizes: Annotated[Sequence[Size], Field(min_length=1, max_length=MAX_LAYERS)]
    dilations: Annotated[Sequence[Size], Field(max_length=MAX_LAYERS)]
    activation: Literal["tanh", "leaky_relu", "relu", "hardtanh"] = "tanh"
    negative_slope: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.01
    gated: bool = False
    head_size: Size = 1
    head_kernel_size: Size = 1

    @property
    def weights(self) -> int:
        """As many at least."""
        rows = self.channels * (2 if self.gated else 1)
        layers = sum(rows * self.channels * kernel + self.channels**2 for kernel in self.kernel_sizes)
        return layers + self.head_size * self.channels * self.head_kernel_size

    @property
    def field_frames(self) -> int:
        """How far it looks back."""
        layers = zip(self.kernel_sizes, self.dilations, strict=True)
        return sum((kernel - 1) * dilation for kernel, dilation in layers) + self.head_kernel_size


class TcnRecord(Record):
    """shapes.TcnConfig."""

    arrays: Annotated[Sequence[LayerArrayRecord], Field(min_length=1, max_length=64)]
    position_size: Annotated[int, Field(ge=0, le=MAX_POSITION)] = 0
    film_hidden: Annotated[int, Field(ge=1, le=4096)] = 16

    @model_validator(mode="after")
    def _of_a_size_to_work_with(self) -> TcnRecord:
        if any(len(a.kernel_sizes) != len(a.dilations) for a in self.arrays):
            raise ValueError("kernel_sizes and dilations must have one entry a layer")
        if sum(a.weights for a in self.arrays) > MAX_WEIGHTS:
            raise ValueError(f"it has more than {MAX_WEIGHTS:,} weights, as no such network has")
        if sum(a.field_frames for a in self.arrays) > MAX_FIELD_FRAMES:
            raise ValueError(f"it looks back more than {MAX_FIELD_FRAMES:,} frames, as no such network does")
        return self

    def config(self) -> TcnConfig:
        """Raises ValueError for arrays that do not fit onto each other."""
        arrays: list[LayerArrayConfig] = []
        for array in self.arrays:
            plain: dict[str, Any] = array.model_dump()
            plain |= {name: tuple(plain[name]) for name in ("kernel_sizes", "dilations")}
            arrays.append(LayerArrayConfig(**plain))
        return TcnConfig(tuple(arrays), self.position_size, self.film_hidden)


def tcn_of(record: TcnRecord, state: Mapping[str, Tensor], where: str, advice: str) -> Tcn:
    """The network of a file, with its weights. where, advice: as read_record has them, which has read the record.

    Raises InputError if arrays do not fit onto each other, or weights into them.
    """
    try:
        tcn = Tcn(record.config())
        tcn.load_state_dict(state)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{where} ({reason:.200}); {advice}.") from error
    return tcn


def all_finite(state: Mapping[str, Tensor]) -> bool:
    """Whether every number of every tensor is one; a tensor of a kind that cannot be asked is none to work with."""
    try:
        return all(bool(value.isfinite().all()) for value in state.values())
    except (RuntimeError, TypeError):
        return False
