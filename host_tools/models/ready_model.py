"""An integer model of what is named: a `.grit` as it is; a space, snapshot or `.nam` quantized on the way."""

from __future__ import annotations

import importlib.metadata
import os
import shlex
from collections.abc import Callable
from pathlib import Path

from gritspace.quantize.model.grit import read_grit, write_grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.train.errors import InputError


def ready_model(path: Path, told: Callable[[str], None] = lambda words: None) -> IntegerModel:
    """The model of a file; what was quantized is kept in the user's cache, by the file's bytes and this version.

    Quantized with built-in signals, as `gritspace quantize FILE` does without --audio. told: why it takes a while.
    Raises InputError for what cannot be quantized as it is, and says how to go on.
    """
    with path.open("rb") as file:
        if file.read(4) == b"GRIT":
            return read_grit(path)
    if path.suffix.lower() not in (".pt", ".pth", ".nam"):
        raise InputError(f"{path}: no module plays this as it is; {_to_make_it_fit(path)}")
    from gritspace.host_tools.models.made_from import file_sha256

    version = importlib.metadata.version("gritspace")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gritspace" / "models"
    kept = cache / f"{file_sha256(path)}-{version}.grit"
    if kept.is_file():
        return read_grit(kept)
    source, kept_as = (shlex.quote(str(name)) for name in (path, f"{path.stem}.grit"))
    told(f"{path}: quantized on the way, half a minute; to keep it: gritspace quantize {source} -o {kept_as}")
    model = _quantized(path)
    cache.mkdir(parents=True, exist_ok=True)
    write_grit(model, kept)
    return model


def _to_make_it_fit(path: Path) -> str:
    return f"make it fit: gritspace quantize {shlex.quote(str(path))} -o model.grit"


def _quantized(path: Path) -> IntegerModel:
    from gritspace.host_tools.audio_sources import calibration_audio
    from gritspace.host_tools.models.knob_model_files import integer_model_of_knobs, is_knob_model_file
    from gritspace.host_tools.models.model_files import model_from_space, read_space
    from gritspace.host_tools.models.nam_files import MADE_TO_FIT, TooSlow, model_from_nam
    from gritspace.host_tools.models.snapshot_files import integer_model_of, is_snapshot_file
    from gritspace.host_tools.sound.level_trim import with_trim
    from gritspace.train.devices.finding import device_named
    from gritspace.train.knobs.knob_model import load_knob_model
    from gritspace.train.network.nam.family import Beyond
    from gritspace.train.snapshot.snapshot import load_snapshot

    heard = calibration_audio([])
    if path.suffix.lower() == ".nam":
        try:
            model = model_from_nam(path, heard, path.stem).model
        except (TooSlow, Beyond) as refusal:
            device_named(str(path))  # what cannot be heard either is refused for that
            reason = str(refusal).removeprefix(f"{path}: ").split(f" {MADE_TO_FIT}")[0].rstrip(".")
            raise InputError(f"{path}: no module plays this as it is: {reason}; {_to_make_it_fit(path)}") from None
    elif is_snapshot_file(path):
        model = integer_model_of(load_snapshot(path), heard, path.stem)
    elif is_knob_model_file(path):
        model = integer_model_of_knobs(load_knob_model(path), heard, path.stem)
    else:
        model = model_from_space(read_space(path), path, heard, path.stem)
    return with_trim(model, "measured", str(path))[0]
