"""How near captures come to Neural Amp Modeler Core, file by file: the rows of docs/captures.md.

    python -m tests.train.network.nam.beside_core RENDER FILE.nam ...

RENDER: Core's own tool of that name (`tools/render.cpp`, from its public repository). Its example models lie there; the
models of its unit tests come out of a build whose `get_dsp` writes down what it is given.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from gritspace.host_tools.sound.playing import play
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.audio import signals
from gritspace.train.devices.captures.nam import read_nam_capture
from gritspace.train.errors import InputError

Audio = np.ndarray[Any, np.dtype[np.float32]]


def row(render: str, model: Path, dry: Audio) -> str:
    """ESR against Core of the float network, of the integers, and of the capture as a device; or why not."""
    wanted = core(render, model, dry)
    if wanted is None:
        return "Core refuses it"
    told = []
    try:
        network = read_nam(model).networks[-1]
        integers = quantize(network, np.concatenate([signals.synthetic(1.0, seed) for seed in range(3)]))
        told += [f"floats {esr(run_float(network, dry), wanted):.1e}"]
        told += [f"integers {esr(play(integers, dry, None, 'c'), wanted):.1e}"]
    except InputError as error:
        told.append(str(error).removeprefix(f"{model}: "))
    try:
        wet = read_nam_capture(model).render(dry[None], np.zeros((1, 0), np.float32))[0]
        told.append(f"as a device {esr(wet, wanted):.1e}")
    except InputError as error:
        told.append(str(error).removeprefix(f"{model}: "))
    return "; ".join(dict.fromkeys(told))


def core(render: str, model: Path, dry: Audio) -> Audio | None:
    """What Core makes of it; None if it does not load it."""
    with tempfile.TemporaryDirectory() as folder:
        played, heard = Path(folder) / "dry.wav", Path(folder) / "wet.wav"
        soundfile.write(played, dry, 48_000, subtype="FLOAT")
        done = subprocess.run([render, model, played, heard], capture_output=True, check=False)
        return None if done.returncode else soundfile.read(heard, dtype="float32")[0]


def esr(wet: Any, wanted: Any) -> float:
    """Of arrays of one length."""
    wet, wanted = np.asarray(wet, np.float64), np.asarray(wanted, np.float64)
    return float(np.square(wet - wanted).sum() / max(np.square(wanted).sum(), 1e-30))


if __name__ == "__main__":
    for name in sys.argv[2:]:
        print(Path(name).name, row(sys.argv[1], Path(name), signals.synthetic(1.0, 77)), sep=": ", flush=True)
