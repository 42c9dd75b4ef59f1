"""The schema of a `.nam` file: what may stand where, in one dialect. Checked whole before anything is computed.

Source: NeuralAmpModelerCore, `NAM/get_dsp.cpp`, `NAM/wavenet/model.cpp`, `NAM/lstm.cpp` (formats 0.5 to 0.7).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gritspace.train.errors import InputError
from gritspace.train.network.limits import MAX_WEIGHTS

LARGEST = 3.4028234e38
"""Of a single-precision number, in which Neural Amp Modeler keeps its weights."""
FILMS = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)

Size = Annotated[int, Field(ge=1, le=MAX_WEIGHTS)]
Weight = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]


class NamError(InputError):
    """A `.nam` file that cannot be used; the message says what was found."""


class Record(BaseModel):
    """Numbers are numbers, finite, and nothing is converted; unknown keys are passed over."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)


class Model(Record):
    """A file's outermost record, and a submodel's. config is the architecture's own, checked by its reader.

    version: of the format, as Core spells it; a submodel that has none is of its container's.
    """

    architecture: str
    config: dict[str, Any]
    weights: Annotated[list[Weight], Field(max_length=MAX_WEIGHTS, fail_fast=True)] = []
    version: Any = None
    sample_rate: Annotated[float, Field(ge=8_000, le=384_000)] | None = None
    metadata: Any = None


class Submodel(Record):
    """One of a container's; max_value is the quality, up to 1, to which it is the one to play."""

    max_value: float
    model: Model


class Container(Record):
    """The `config` of a SlimmableContainer."""

    submodels: list[Submodel]


class Activation(Record):
    """Its name as the format spells it; slopes are LeakyReLU's and PReLU's, the rest LeakyHardtanh's."""

    type: str
    negative_slope: float = 0.01
    negative_slopes: Annotated[list[float], Field(min_length=1)] | None = None
    min_val: float = -1.0
    max_val: float = 1.0
    min_slope: float = 0.01
    max_slope: float = 0.01


class Head(Record):
    """The convolution at the end of a layer array; head_dilation: frames between its taps."""

    out_channels: Size
    kernel_size: Size = 1
    head_dilation: Size = 1
    bias: bool = False


class OneByOne(Record):
    """A layer's 1x1, into the residual stream or into the head; out_channels is the latter's."""

    active: bool = True
    out_channels: Size = 1
    groups: Size = 1


class Film(Record):
    """A gain, and with shift a bias, that the condition sets at every frame."""

    active: bool = True
    shift: bool = True
    groups: Size = 1


class Slimmable(Record):
    """Which widths a layer array may be cut to: its first so many channels."""

    method: str = ""
    allowed_channels: list[Size] = []

    @model_validator(mode="before")
    @classmethod
    def _with_its_arguments(cls, given: Any) -> Any:
        inner = given.get("kwargs") if isinstance(given, dict) else None
        return {**given, **inner} if isinstance(inner, dict) else given


class Array(Record):
    """A layer array; every list has one entry a layer, whichever dialect the file was written in."""

    input_size: Size
    condition_size: Size = 1
    channels: Size
    dilations: list[Size]
    kernel_sizes: list[Size]
    activations: list[Activation]
    gating: list[str]
    gates: list[Activation | None]
    head: Head
    bottleneck: Size
    groups_input: Size = 1
    groups_input_mixin: Size = 1
    layer1x1: OneByOne = OneByOne()
    head1x1: OneByOne = OneByOne(active=False)
    films: dict[str, Film]
    slimmable: Slimmable | None = None
    gated: bool = False
    """Format 0.5's way of saying what `gating` says."""

    @model_validator(mode="before")
    @classmethod
    def _in_one_dialect(cls, given: Any) -> Any:
        return in_one_dialect(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _one_entry_a_layer(self) -> Array:
        for name in ("kernel_sizes", "activations", "gating", "gates"):
            if len(getattr(self, name)) != len(self.dilations):
                words = name.replace("_", " ")
                raise ValueError(f"{len(getattr(self, name))} {words} for {len(self.dilations)} dilations")
        return self


class PostHead(Record):
    """What a WaveNet may have behind its arrays: an activation and a convolution, once for each kernel size."""

    channels: Size
    out_channels: Size
    kernel_sizes: Annotated[list[Size], Field(min_length=1)]
    activation: Activation

    @model_validator(mode="before")
    @classmethod
    def _with_names(cls, given: Any) -> Any:
        return {**given, "activation": _named(given.get("activation"))} if isinstance(given, dict) else given


class WaveNet(Record):
    """The `config` of a WaveNet. condition_dsp: a whole network of its own, in front."""

    layers: Annotated[list[Array], Field(min_length=1)]
    head: PostHead | None = None
    condition_dsp: Model | None = None
    in_channels: Size = 1


class ConvNet(Record):
    """The `config` of a ConvNet: dilated convolutions of two taps, one behind the other, and a head."""

    channels: Size
    dilations: Annotated[list[Size], Field(min_length=1)]
    batchnorm: bool
    activation: Activation
    groups: Size = 1
    in_channels: Size = 1
    out_channels: Size = 1

    @model_validator(mode="before")
    @classmethod
    def _with_names(cls, given: Any) -> Any:
        return {**given, "activation": _named(given.get("activation"))} if isinstance(given, dict) else given


class Linear(Record):
    """The `config` of a Linear: an impulse response."""

    receptive_field: Size
    bias: bool
    in_channels: Size = 1
    out_channels: Size = 1


class Lstm(Record):
    """The `config` of an LSTM."""

    input_size: Size
    num_layers: Size
    hidden_size: Size


def in_one_dialect(given: dict[str, Any]) -> dict[str, Any]:
    """A layer array's keys, as formats 0.5 to 0.7 spell them -> the keys of `Array`; what is wrong stays wrong."""
    one = {key: value for key, value in given.items() if value is not None}
    count = len(one["dilations"]) if isinstance(one.get("dilations"), list) else 0
    for key in ("kernel_size", "activation"):
        if key not in one and f"{key}s" not in one:
            raise ValueError(f"the key {key!r} is missing; fetch the file again")

    def a_layer(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value] * count

    one["kernel_sizes"] = a_layer(one.get("kernel_sizes", one.get("kernel_size")))
    one["activations"] = [_named(kind) for kind in a_layer(one.get("activation"))]
    one["gating"] = a_layer(one.get("gating_mode", "gated" if one.get("gated") else "none"))
    one["gates"] = [_named(kind) if kind else None for kind in a_layer(one.get("secondary_activation"))]
    if "head" not in one:
        if "head_size" not in one:
            raise ValueError("the key 'head_size' is missing; fetch the file again")
        one["head"] = {"out_channels": one["head_size"], "bias": one.get("head_bias", False)}
    one.setdefault("bottleneck", one.get("channels"))
    given_films = {k: one[k] for k in FILMS if isinstance(one.get(k), dict)}
    one["films"] = {k: film for k, film in given_films.items() if film.get("active", True)}
    return one


def _named(activation: Any) -> Any:
    """An activation in any spelling: its name alone, the format's record, or the trainer's own in heads and ConvNets.

    Of one slope and a slope a channel Core takes the one.
    """
    if isinstance(activation, str):
        return {"type": activation}
    if not isinstance(activation, dict):
        return activation
    if "type" not in activation and "name" in activation:
        if activation["name"] == "PReLU":
            raise ValueError("its trainer wrote a PReLU without its slopes; train it again with a LeakyReLU there")
        activation = {"type": activation["name"], **activation}
    both = activation.get("negative_slope") is not None and "negative_slopes" in activation
    return {key: value for key, value in activation.items() if not (both and key == "negative_slopes")}


def refusal(error: ValidationError) -> str:
    """The first thing wrong with a record, in words."""
    first = error.errors(include_url=False)[0]
    place = [part for part in first["loc"] if isinstance(part, int) or not part[:1].isupper()]
    if "weights" in place[:1] + place[-2:-1]:
        if first["type"] == "too_long":
            return f"it has {len(first['input'])} weights, more than any model that could be run"
        finite = first["type"] in ("finite_number", "less_than_equal", "greater_than_equal")
        return f"its weights are not all {'finite ' if finite else ''}numbers; fetch the file again"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    name = next((str(part) for part in reversed(place) if isinstance(part, str)), "the file")
    if first["type"] == "missing":
        return f"the key {name!r} is missing; fetch the file again"
    if place and isinstance(place[-1], int):
        name += f"[{place[-1]}]"
    wanted = first["msg"].replace("Input should be ", "").replace("a valid dictionary", "a JSON object")
    return f"{name} is {first['input']!r:.40}; it should be {wanted}"
