"""Effects of other programs as links of a chain: any `pedalboard` effect, and any SoX effect where SoX is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.chains.effect import Floats
from gritspace.train.errors import InputError

PEDALBOARD, SOX = "pedalboard.", "sox."


def pedalboard_class(kind: str, where: str) -> Any:
    """`pedalboard.Chorus` -> the class. Raises InputError if pedalboard is missing or has no such effect."""
    try:
        import pedalboard
    except ImportError as error:
        raise InputError(f"{where}: {kind} needs pedalboard; install it with `pip install pedalboard`.") from error
    found = getattr(pedalboard, kind.removeprefix(PEDALBOARD), None)
    if not (isinstance(found, type) and issubclass(found, pedalboard.Plugin) and hasattr(found, "process")):
        raise InputError(f"{where}: pedalboard has no effect {kind.removeprefix(PEDALBOARD)!r}; see its reference.")
    return found


def pedalboard_parameters(found: Any) -> set[str]:
    """What can be set on a pedalboard effect."""
    named = {name for name in dir(found) if isinstance(getattr(found, name, None), property)}
    documented = re.search(
        r"__init__\((.*)\)", (found.__init__.__doc__ or "").splitlines()[0] if found.__init__.__doc__ else ""
    )
    arguments = set(re.findall(r"(\w+):", documented.group(1))) if documented else set()
    return (named | arguments) - {"self", "is_effect", "is_instrument"}


def through_pedalboard(kind: str, audio: Floats, values: Mapping[str, Floats], where: str) -> Floats:
    """audio (batch, frames), values (batch, 1) -> (batch, frames). Raises InputError for values it refuses."""
    found = pedalboard_class(kind, where)
    rows = []
    for i, row in enumerate(audio):
        try:
            plugin = found(**{name: float(column[i, 0]) for name, column in values.items()})
            rows.append(np.asarray(plugin(row.astype(np.float32), SAMPLE_RATE), np.float64))
        except (TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{where}: {kind} refuses these values ({reason}); see pedalboard's reference.") from error
    return np.stack([fitted(row, audio.shape[1]) for row in rows]) if rows else audio


def refuse_bad_sox(kind: str, where: str) -> None:
    """Raises InputError if SoX is missing or does not know the effect."""
    if shutil.which("sox") is None:
        raise InputError(
            f"{where}: {kind} needs SoX, which is not installed; install it (Debian: apt-get install sox)."
        )
    name = kind.removeprefix(SOX)
    said = subprocess.run(["sox", "--help-effect", name], capture_output=True, text=True, check=False)
    if re.search(rf"^{re.escape(name)}\b", said.stdout, re.MULTILINE) is None:
        raise InputError(f"{where}: SoX has no effect {name!r}; `sox --help` lists them.")


def through_sox(kind: str, arguments: Sequence[str], audio: Floats, values: Mapping[str, Floats], where: str) -> Floats:
    """arguments: texts in which {name} stands for a value. SoX works in 32-bit integers and cuts at full scale."""
    rows = []
    for i, row in enumerate(audio):
        filled = [
            text.format(**{name: f"{float(column[i, 0]):.9g}" for name, column in values.items()}) for text in arguments
        ]
        pipe = ["-t", "f32", "-r", str(SAMPLE_RATE), "-c", "1", "-"]
        said = subprocess.run(
            ["sox", "-V1", "-D", *pipe, *pipe, kind.removeprefix(SOX), *filled],
            input=row.astype("<f4").tobytes(),
            capture_output=True,
            check=False,
        )
        if said.returncode != 0:
            reason = (said.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise InputError(f"{where}: SoX refuses {kind} {' '.join(filled)} ({reason}); see `man sox`.")
        rows.append(fitted(np.frombuffer(said.stdout, "<f4").astype(np.float64), audio.shape[1]))
    return np.stack(rows) if rows else audio


def fitted(row: Floats, frames: int) -> Floats:
    """Cut, or filled up with silence: an effect's tail is not kept."""
    return np.pad(row[:frames], (0, max(0, frames - len(row))))
