"""A device applied to a folder of dry audio at many settings: wet files, each with its settings in JSON beside it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.train.audio.audio_file import SUFFIXES, read_audio, write_audio
from gritspace.train.devices.chains.effect_chain import Chain
from gritspace.train.devices.device import Device, label
from gritspace.train.errors import InputError

SILENCE = 1e-6
"""A peak below -120 dBFS."""


def settings_for(device: Device, file_name: str, count: int, grid: int, seed: int) -> NDArray[np.float32]:
    """(n, knobs): `count` random settings that depend on seed and file name alone, or `grid` levels of every knob."""
    knobs = len(device.knobs)
    if grid:
        levels = np.linspace(0, 1, grid) if grid > 1 else np.array([0.5])
        return np.array(list(itertools.product(levels, repeat=knobs)), np.float32).reshape(-1, knobs)
    digest = int.from_bytes(hashlib.sha256(file_name.encode()).digest()[:4], "little")
    return np.random.default_rng([seed, digest]).random((count, knobs)).astype(np.float32)


def apply_to_folder(
    device: Device,
    source: Path,
    out: Path,
    count: int = 1,
    grid: int = 0,
    seed: int = 0,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Every audio file under `source` (or the one file) through the device -> out/NAME_0000.wav and .json ...

    grid above 0 takes the place of `count` random settings. jobs: how many files at once. The folder appears whole or
    not at all. Returns how many wet files there are. Raises InputError if there is no audio, a file is silent or cannot
    be read, or `out` exists.
    """
    if out.exists():
        raise InputError(f"{out}: this exists already; remove it or name another folder.")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: there is no such folder; make it first.")
    files = [source] if source.is_file() else sorted(f for f in source.rglob("*") if f.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(f"{source}: there is no audio file here; it needs {', '.join(SUFFIXES)} files.")
    root = source.parent if source.is_file() else source
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    done = itertools.count(1)
    try:

        def one(file: Path) -> int:
            made = _apply(device, file, file.relative_to(root), beside, count, grid, seed)
            if progress is not None:
                progress(next(done), len(files))
            return made

        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            made = sum(pool.map(one, files))
        beside.chmod(0o755)
        os.replace(beside, out)
    except OSError as error:
        raise InputError(f"{out}: could not be written ({error.strerror or error}); free some space.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return made


def _apply(device: Device, file: Path, name: Path, out: Path, count: int, grid: int, seed: int) -> int:
    dry = read_audio(file)
    if np.abs(dry).max() < SILENCE:
        raise InputError(f"{file}: this is silence; give audio that can be distorted.")
    settings = settings_for(device, name.as_posix(), count, grid, seed)
    stem = "_".join(name.with_suffix("").parts)
    for i, setting in enumerate(settings):
        wet = device.render(dry[None], setting[None])[0]
        if not np.isfinite(wet).all():
            raise InputError(f"{file}: {label(device, setting)} gives numbers that are not finite; leave it out.")
        write_audio(out / f"{stem}_{i:04d}.wav", wet)
        about = {"dry": name.as_posix(), "seed": seed, **description(device, setting)}
        (out / f"{stem}_{i:04d}.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return len(settings)


def description(device: Device, setting: NDArray[np.float32]) -> dict[str, Any]:
    """A device at a setting (knobs,), so that it can be made again: knobs, and a chain's values in their units."""
    about: dict[str, Any] = {
        "device": device.name,
        "kind": device.kind,
        "knobs": {knob: round(float(v), 6) for knob, v in zip(device.knobs, setting, strict=True)},
    }
    if isinstance(device, Chain):
        about["effects"] = [
            {"kind": link.kind, "mix": link.mix} | {name: float(f"{float(v[0, 0]):.6g}") for name, v in values.items()}
            for link, values in zip(device.links, device.values(setting[None]), strict=True)
        ]
        about["chain"] = device.text
    return about
