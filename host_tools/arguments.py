"""What a user writes on a command line -> what the library wants, or one sentence about what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.inputs import RECORDING, Reads, refuse_unreadable
from gritspace.quantize.model.q15 import to_q15
from gritspace.train.audio.audio_file import SHORTEST_TO_LEARN_SECONDS, refuse_short
from gritspace.train.errors import InputError

PLAYED = 4
"""Dimensions under knobs and jacks; the others are kept in presets."""

if TYPE_CHECKING:
    from gritspace.quantize.model.model import IntegerModel
    from gritspace.train.devices.device import Device


def knob_settings(device: Device, given: Sequence[str]) -> NDArray[np.float32]:
    """["drive=0.8", ...] -> (1, knobs) with every other knob at 0.5. Raises InputError for what the device has not."""
    values = dict.fromkeys(device.knobs, 0.5)
    for text in given:
        name, equals, value = text.partition("=")
        if name not in values:
            known = ", ".join(device.knobs) or "none"
            raise InputError(f"--knob {text}: {device.name} has no knob {name!r}; its knobs: {known}.")
        number = _number(value)
        if not equals or number is None or not 0 <= number <= 1:
            raise InputError(f"--knob {text}: write NAME=V with V from 0 to 1, such as {name}=0.5.")
        values[name] = number
    return np.array([list(values.values())], np.float32).reshape(1, len(device.knobs))


def position_q15(text: str | None, model: IntegerModel, rest: NDArray[np.int16] | None = None) -> NDArray[np.int16]:
    """Numbers with commas between -> Q15; None: the place itself; of a snapshot, its knobs in their middles.

    Four numbers are the played dimensions, drive, tone, symmetry, dynamics; what is stored comes from rest, or from the
    model's own default. As many as there are dimensions are all of them. Where the dimensions are a device's own knobs
    they may be named, gain=0.7,tone=0.2, from 0 to 1 as on the device; others stay. Raises InputError for what fits
    none of these ways.
    """
    default = np.asarray(model.rest_position, np.int16) if rest is None else rest
    if text is None:
        return default
    if "=" in text:
        return _knobs_q15(text, model, default)
    return to_q15(position_values(text, model.played_size, model.name, default / 32768))


def _knobs_q15(text: str, model: IntegerModel, rest: NDArray[np.int16]) -> NDArray[np.int16]:
    names = model.knob_names
    if not names:
        raise InputError(f"--position {text}: {model.name} has no knobs with names; give numbers from -1 to 1.")
    found = (rest / 32768 + 1) / 2
    for part in text.split(","):
        name, _, value = (one.strip() for one in part.partition("="))
        number = _number(value)
        if name not in names:
            raise InputError(f"--position {text}: {model.name} has no knob {name!r}; its knobs: {', '.join(names)}.")
        if number is None or not 0 <= number <= 1:
            raise InputError(f"--position {text}: write {name}=V with V from 0 to 1, such as {name}=0.5.")
        found[names.index(name)] = number
    return to_q15(2 * found - 1)


def bend_q15(text: str | None, bend: str) -> NDArray[np.int16]:
    """Four numbers with commas between -> a bend's four knobs, Q15; None: in their middles. Raises InputError."""
    return to_q15(position_values(text or "0,0,0,0", PLAYED, f"--bend {bend}"))


def network_position_q15(text: str | None, model: IntegerModel) -> NDArray[np.int16] | None:
    """The same for what holds a network alone, without the module around it; None for a snapshot, whose knobs are the
    module's. Raises InputError if a snapshot is given a position.
    """
    if model.film is None and text is not None:
        raise InputError(
            f"--position {text}: {model.name} is a snapshot, whose knobs are the module's and not the network's; leave "
            "--position out."
        )
    return None if model.film is None else position_q15(text, model)


def position_values(text: str, size: int, name: str, rest: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Numbers with commas between -> (size,), each from -1 to 1. Raises InputError if they are not such numbers.

    rest (size,): with it four numbers will do, for the dimensions that are played; the others are rest's.

    >>> position_values("0.5,0,-1", 3, "space")
    array([ 0.5,  0. , -1. ])
    >>> position_values("0.5,0,0,-1", 6, "space", rest=np.full(6, 0.25))
    array([ 0.5 ,  0.  ,  0.  , -1.  ,  0.25,  0.25])
    """
    numbers = [_number(part) for part in text.split(",")]
    enough = {size} if rest is None else {size, min(PLAYED, size)}
    if len(numbers) not in enough or any(n is None or not -1 <= n <= 1 for n in numbers):
        count, example = " or ".join(map(str, sorted(enough))), ",".join(["0"] * min(enough))
        raise InputError(f"--position {text}: {name} wants {count} numbers from -1 to 1, such as {example}.")
    found = np.array(numbers, np.float64)
    return found if rest is None else np.concatenate([found, rest[len(found) :]])


def refuse_unclear_source(dry: Path | None, wet: Path | None, device: str | None) -> None:
    """Raises InputError if it is not clear whether to learn from a recording, of two files, or from a device."""
    if (device is None) == (dry is None and wet is None):
        raise InputError("give either a recording, --dry and --wet, or a device to learn from, --device.")
    if device is None and (dry is None or wet is None):
        missing = "--dry" if dry is None else "--wet"
        raise InputError(f"{missing} is missing; a recording is two files, what was played and what came of it.")
    if dry is not None and wet is not None and dry.exists() and wet.exists() and dry.samefile(wet):
        raise InputError(f"{wet}: this is what was played; --wet is another file, what came of it.")


def refuse_unclear_clips(dry: Sequence[Path], wet: Sequence[str], between: Sequence[str], plan: bool) -> None:
    """Raises InputError where several --dry are no clips of one setting, each with its --wet, long enough in all."""
    if plan or between or any("=" in text.rpartition("@")[2] and not Path(text).exists() for text in wet):
        raise InputError("--dry: of several settings the same dry audio is played at each; give --dry once.")
    if len(dry) != len(wet):
        raise InputError(
            f"--dry is given {len(dry)} times and --wet {len(wet)} times; of several clips both belong "
            "together in pairs, in the same order."
        )
    for text in wet:
        refuse_unreadable(Path(text), Reads(RECORDING, sounding=True))


def settings_are_given(*texts: Sequence[str]) -> bool:
    """Whether any of what --wet and --between name says where knobs stood: FILE@KNOB=V. Two recordings must."""
    every = [text for some in texts for text in some]
    return len(every) > 1 or any("=" in text.rpartition("@")[2] and not Path(text).exists() for text in every)


def refuse_unfit_source(
    dry: Path | None, wet: Sequence[str], between: Sequence[str], device: str | None, knobs: Sequence[str]
) -> None:
    """Raises InputError, before anything heavy is loaded, for what `gritspace fit` could not learn from: knobs that the
    device has not, settings that are none or contradict each other, recordings that are missing or too short.

    device: a name, not one of a folder of captures, which would have to be read.
    """
    if device is not None:
        from gritspace.train.devices.finding import device_named

        knob_settings(device_named(device), knobs)
        return
    files = [Path(one) for one in wet]
    if settings_are_given(wet, between):
        from gritspace.train.knobs import settings

        learnt, asked = [settings.parse(one) for one in wet], [settings.parse(one) for one in between]
        if learnt:
            settings.together(learnt)
            settings.together(asked, learnt)
        files = [one.path for one in (*learnt, *asked)]
    files = files if dry is None else [dry, *files]
    for file in files:
        refuse_unreadable(file, Reads(RECORDING, sounding=True))
    for file in files:
        refuse_short(file, SHORTEST_TO_LEARN_SECONDS)


def refuse_unclear_fit(
    out: Sequence[Path], plan: bool, dry: Path | None, wet: Sequence[str], device: str | None, knobs: Sequence[str] = ()
) -> None:
    """Raises InputError where `gritspace fit` is asked for nothing, or for two things at once."""
    if plan and knobs and (device or wet):
        what = f"all knobs of {device}" if device else "the knobs that --wet names"
        raise InputError(f"--plan goes over {what}; leave --knob out.")
    if plan and out:
        raise InputError("--plan writes nothing; leave --out out.")
    if not plan and not out:
        raise InputError("-o is missing; say where to write, such as -o pedal.grit.")
    if device is None and wet and dry is None:
        raise InputError("--dry is missing; a recording is two files, what was played and what came of it.")
    if device is not None and (wet or dry):
        raise InputError("give either a recording, --dry and --wet, or a device to learn from, --device.")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
