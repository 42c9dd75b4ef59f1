"""Effects of other programs as links of a chain: those of `pedalboard`, and of SoX where SoX is installed.

Which effects, and what may be said to them: plugin_grammar.py. Nothing else reaches either program.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.chains import plugin_grammar
from gritspace.train.devices.chains.effect import Floats
from gritspace.train.errors import InputError

PEDALBOARD, SOX = "pedalboard.", "sox."
SOX_SECONDS = 120.0
"""How long SoX may take for one piece of audio."""


def pedalboard_class(kind: str, where: str) -> Any:
    """`pedalboard.Chorus` -> the class. Raises InputError if missing or not for chains."""
    name = kind.removeprefix(PEDALBOARD)
    plugin_grammar.refuse_unknown_effect("pedalboard", name, plugin_grammar.PEDALBOARD_RANGES, where)
    try:
        import pedalboard
    except ImportError as error:
        raise InputError(f"{where}: {kind} needs pedalboard; install it with `pip install pedalboard`.") from error
    found = getattr(pedalboard, name, None)
    if found is None:
        raise InputError(f"{where}: this pedalboard has no {name!r}; install a newer one.")
    return found


def through_pedalboard(kind: str, audio: Floats, values: Mapping[str, Floats], where: str) -> Floats:
    """audio (batch, frames), values (batch, 1) -> (batch, frames). Raises InputError for values it refuses."""
    found = pedalboard_class(kind, where)
    rows = []
    for i, row in enumerate(audio):
        given = {name: float(column[i, 0]) for name, column in values.items()}
        for name, value in given.items():
            plugin_grammar.refuse_outside(kind.removeprefix(PEDALBOARD), name, value, where)
        try:
            plugin = found(**given)
            rows.append(np.asarray(plugin(row.astype(np.float32), SAMPLE_RATE), np.float64))
        except (TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{where}: {kind} refuses these values ({reason}); see pedalboard's reference.") from error
    return np.stack([fitted(row, audio.shape[1]) for row in rows]) if rows else audio


def refuse_bad_sox(kind: str, arguments: Sequence[str], where: str) -> None:
    """Raises InputError if a chain may not use the effect, or not so, or SoX is missing or does not know it."""
    name = kind.removeprefix(SOX)
    plugin_grammar.refuse_unknown_effect("SoX", name, plugin_grammar.SOX_WORDS, where)
    plugin_grammar.refuse_arguments(name, arguments, where)
    if shutil.which("sox") is None:
        raise InputError(
            f"{where}: {kind} needs SoX, which is not installed; install it (Debian: apt-get install sox)."
        )


def through_sox(kind: str, arguments: Sequence[str], audio: Floats, values: Mapping[str, Floats], where: str) -> Floats:
    """arguments: texts in which {name} stands for a value. SoX works in 32-bit integers and cuts at full scale."""
    name = kind.removeprefix(SOX)
    refuse_bad_sox(kind, arguments, where)
    rows = []
    for i, row in enumerate(audio):
        filled = plugin_grammar.filled_in(name, arguments, {key: float(v[i, 0]) for key, v in values.items()}, where)
        pipe = ["-t", "f32", "-r", str(SAMPLE_RATE), "-c", "1", "-"]
        try:
            said = subprocess.run(
                ["sox", "-V1", "-D", *pipe, *pipe, name, *filled],
                input=row.astype("<f4").tobytes(),
                capture_output=True,
                check=False,
                timeout=SOX_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise InputError(
                f"{where}: SoX is not done with {kind} {' '.join(filled)} after {SOX_SECONDS:g} s; leave it out."
            ) from error
        if said.returncode != 0:
            reason = (said.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
            raise InputError(f"{where}: SoX refuses {kind} {' '.join(filled)} ({reason}); see `man sox`.")
        rows.append(fitted(np.frombuffer(said.stdout, "<f4").astype(np.float64), audio.shape[1]))
    return np.stack(rows) if rows else audio


def fitted(row: Floats, frames: int) -> Floats:
    """Cut, or filled up with silence: an effect's tail is not kept."""
    return np.pad(row[:frames], (0, max(0, frames - len(row))))
