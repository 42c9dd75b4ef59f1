"""How to train: one table of numbers, from a TOML file or one of the named presets."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import BeforeValidator, Field, create_model

from gritspace.train.errors import InputError
from gritspace.train.network.layer_adam import OPTIMIZERS
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.records import Record, read_record
from gritspace.train.space.encoder import EncoderConfig
from gritspace.train.space.space import PLAYED, SpaceConfig
from gritspace.train.text_file import read_toml

STARTS = ("encoder", "attributes")
MOST_STEPS = 10**9


@dataclass(frozen=True)
class TrainConfig:
    """Every field may stand in a TOML file under its own name.

    seconds: a budget for the whole training with rendering and measuring, 0 for none; then `steps` decides.
    """

    seed: int = 0
    steps: int = 20_000
    seconds: float = 0.0
    # pairs
    seconds_per_setting: float = 8.0
    validation_seconds: float = 2.0
    settings_between: int = 0  # of a device with knobs, besides its grid: anywhere between
    equally_loud: bool = False  # every setting at one loudness, so that no knob is a volume knob
    bright_share: float = 0.0  # of the dry audio: sines, bare waves, sweeps and drums, as a rack has them
    # batches: `batch_settings` settings, each with `batch_segments` segments of `segment_frames` frames
    batch_settings: int = 8
    balance: float = 0.0  # how often a device is drawn: 0 as often as it has settings, 1 as often as any other
    batch_segments: int = 1
    segment_frames: int = 2048
    view_frames: int = 16_384  # what the encoder sees of a setting, from another place
    # the optimizer: AdamW; "layer": LayerAdam for the decoder's layers, whose memory is not in the checkpoint, so that
    # a training that was interrupted ends near the same space and not at the very same; a cosine from the rates down
    optimizer: str = "plain"
    learning_rate: float = 5e-3
    layer_rate: float = 5e-3  # of the decoder's layers, where the optimizer is "layer"
    # 0: the cosine. Else rates stay as they are and fall to 1 % over this share of the steps at the end; the state
    # before the fall is kept beside the space, so that the same training with more steps goes on from there
    decay: float = 0.0
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    # the loss
    stft_weight: float = 0.1
    beta: float = 0.002
    beta_warm_up: float = 0.3  # share of the training over which beta rises from 0
    attribute_weight: float = 0.3
    rounding_noise: bool = False  # the decoder learns beside the noise that sixteen bits will add
    knob_weight: float = 0.3  # a played dimension that is turned must raise its own attribute
    # what holds anywhere in the box, at places where no device lies too (box_sense); 0: not asked for
    silence_weight: float = 0.0  # silence gives silence
    box_weight: float = 0.0  # a turned dimension raises its attribute and leaves the others; takes knob_weight's place
    level_weight: float = 0.0  # all places are equally loud; heard where box_weight is
    alias_weight: float = 0.0  # what lies between a tone's overtones
    start: str = (
        "encoder"  # where settings lie first: where the encoder finds them, or "attributes": by their attributes
    )
    knob_map: bool = False  # a device's places are a polynomial of its knobs
    settle: float = 0.75  # share of the training at the end in which positions learn for themselves, beside the decoder
    # the networks
    stored: int = 0
    channels: int = 8
    kernel_sizes: tuple[int, ...] = (6,) * 7
    dilations: tuple[int, ...] = (1, 2, 5, 11, 23, 53, 101)
    activation: str = "leaky_relu"
    head_kernel_size: int = 1
    film_hidden: int = 16
    mels: int = 48
    encoder_channels: int = 16
    # the machine
    threads: int = 0  # 0: as many as PyTorch likes
    checkpoint_seconds: float = 20.0
    log_every: int = 20

    def __post_init__(self) -> None:
        if len(self.kernel_sizes) != len(self.dilations):
            raise ValueError("kernel_sizes and dilations must have one entry a layer")
        if not 0 <= self.settle <= 1 or not 0 <= self.beta_warm_up <= 1:
            raise ValueError("settle and beta_warm_up are shares, from 0 to 1")
        if not 0 <= self.decay <= 1:
            raise ValueError("decay is a share of the steps, from 0 to 1")
        if self.decay and self.seconds:
            raise ValueError("decay goes by steps; leave seconds out")
        if not 0 <= self.balance <= 1:
            raise ValueError("balance lies between 0 and 1")
        if min(self.steps, self.batch_settings, self.batch_segments, self.channels, self.head_kernel_size) < 1:
            raise ValueError("steps, batch_settings, batch_segments, channels and head_kernel_size must be at least 1")
        if self.steps > MOST_STEPS:
            raise ValueError(f"steps must be at most {MOST_STEPS:,}")
        if self.start not in STARTS:
            raise ValueError(f"start must be one of {', '.join(STARTS)}")
        if not 0 <= self.bright_share < 1:
            raise ValueError("bright_share is a share, from 0 to below 1")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {', '.join(sorted(OPTIMIZERS))}")
        if self.segment_frames < 2048 or self.view_frames < 2048:
            raise ValueError("segment_frames and view_frames must be at least 2048, to hold a spectrum")

    def space_config(self) -> SpaceConfig:
        """The networks' shapes."""
        array = LayerArrayConfig(
            self.channels,
            self.kernel_sizes,
            self.dilations,
            activation=self.activation,
            head_kernel_size=self.head_kernel_size,
        )
        decoder = TcnConfig((array,), position_size=len(PLAYED) + self.stored, film_hidden=self.film_hidden)
        return SpaceConfig(decoder, EncoderConfig(mels=self.mels, channels=self.encoder_channels))


LARGEST = 1e300
"""Of a number in a configuration."""


@dataclass(frozen=True)
class Presets:
    """Measured on two cores; the figures stand in the training report."""

    demo: TrainConfig = field(
        default_factory=lambda: TrainConfig(seconds=180.0, seconds_per_setting=4.0, validation_seconds=1.0)
    )
    quick: TrainConfig = field(
        default_factory=lambda: TrainConfig(
            seconds=150.0, seconds_per_setting=6.0, validation_seconds=1.0, stored=6, channels=12, film_hidden=24
        )
    )


def read_config(path: Path | str, base: TrainConfig | None = None) -> TrainConfig:
    """A TOML file's values over base's. Raises InputError on a broken file, unknown names, wrong types."""
    path = Path(path)
    base = base or TrainConfig()
    record = read_record(_record(), read_toml(path), str(path), "mend it")
    try:
        return replace(base, **record.model_dump(exclude_unset=True))
    except ValueError as error:
        raise InputError(f"{path}: {error}; mend it.") from error


@cache
def _record() -> type[Record]:
    """TrainConfig's fields as what a file may say of them."""
    kinds: dict[Any, Any] = {
        float: Annotated[float, Field(ge=-LARGEST, le=LARGEST)],
        tuple[int, ...]: Annotated[
            tuple[int, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
        ],
    }
    hints = get_type_hints(TrainConfig)
    shape: dict[str, Any] = {
        one.name: (kinds.get(hints[one.name], hints[one.name]), None) for one in fields(TrainConfig)
    }
    return create_model("TrainConfigRecord", __base__=Record, **shape)
