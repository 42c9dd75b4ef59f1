"""Places of a space by the names of its devices: what a person says instead of numbers."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.arguments import bend_q15, position_q15
from gritspace.host_tools.models.made_from import space_of
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.q15 import to_q15
from gritspace.train.errors import InputError
from gritspace.train.torch_look import positions_of


def named(positions: Mapping[str, Sequence[float]], name: str, source: str) -> str:
    """The label of a setting that a person means: the label itself, or a device's name, which means its middle setting.

    positions: by label, as a space knows them. Raises InputError, with what is nearest, if there is none.
    """
    if name in positions:
        return name
    settings = [label for label in positions if label.partition("@")[0].lower() == name.partition("@")[0].lower()]
    if settings and "@" not in name:
        places = np.array([positions[label] for label in settings])
        return settings[int(np.square(places - places.mean(axis=0)).sum(axis=1).argmin())]
    known = sorted(settings or {label.partition("@")[0] for label in positions})
    near = difflib.get_close_matches(name, known, 3, 0.4) or known[:3]
    raise InputError(f"--device {name}: {source} knows no such device; nearest: {', '.join(near)}.")


def refuse_unknown(device: str, file: Path) -> None:
    """Raises InputError, at once, if the space `file`, or the one beside the model `file`, knows no such device.

    Where that cannot be known at once it says nothing: whoever reads all of the space does.
    """
    space: Path | None = file
    if file.suffix == ".grit":
        space = space_of(file, read_grit(file))
    positions = None if space is None else positions_of(space)
    if space is not None and positions:
        named(positions, device, space.name)


def place_under(
    bend: str, position: str | None, device: str | None, model: IntegerModel, model_file: Path
) -> NDArray[np.int16]:
    """As `place`; under a bend --position means its knobs, and the model rests where it starts. Raises InputError."""
    if bend == "none":
        return place(position, device, model, model_file)
    if device is not None:
        raise InputError(f"--device {device}: under a bend the model rests where it starts; leave --device out.")
    return bend_q15(position, bend)


def place(position: str | None, device: str | None, model: IntegerModel, model_file: Path) -> NDArray[np.int16]:
    """--position and --device -> Q15. With both, the numbers fill the played dimensions, the device the rest.

    Raises InputError if they do not fit the model, or if the space that knows the device is not beside the model.
    """
    if device is None:
        return position_q15(position, model)
    from gritspace.host_tools.models.model_files import read_space

    space_file = space_of(model_file, model)
    if space_file is None:
        made_from = model.metadata.get("made_from")
        raise InputError(
            f"--device {device}: the devices are known to {made_from or 'the space it was made from'}, which does not "
            f"lie beside {model_file}; put it there, or say --position."
        )
    positions = read_space(space_file).positions
    rest = to_q15(positions[named(positions, device, space_file.name)])
    return rest if position is None else position_q15(position, model, rest)
