"""A snapshot's other forms: an integer model, a `.nam` file, a picture beside what it was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from gritspace.host_tools.sound.bend_fit import bend_fitted
from gritspace.host_tools.sound.level_trim import trimmed
from gritspace.quantize.model.grit import write_grit
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.network.nam import write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.errors import InputError
from gritspace.train.output_file import write_whole, written_whole
from gritspace.train.plain_text import caption
from gritspace.train.snapshot.fit import Check
from gritspace.train.snapshot.snapshot import Snapshot, is_snapshot, save_snapshot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Audio = NDArray[np.float32]

SUFFIXES = (".pt", ".nam", ".grit")
CALIBRATION_SECONDS = 20
WINDOW_SECONDS = 0.02


def metadata_of(snapshot: Snapshot) -> dict[str, object]:
    """What an integer model and a `.nam` file are told of a snapshot."""
    return {"licences": [snapshot.licence], **snapshot.facts}


def integer_model_of(snapshot: Snapshot, audio: Audio, name: str | None = None) -> IntegerModel:
    """audio: (frames,) at 48 kHz, like what it will hear, to calibrate with. Raises InputError if it cannot run."""
    network = from_tcn(snapshot.tcn, metadata=metadata_of(snapshot))
    try:
        return quantize(network, audio[: CALIBRATION_SECONDS * SAMPLE_RATE], name=name or snapshot.name)
    except ValueError as error:  # what the engine cannot run, or silent audio: the message says which
        raise InputError(f"{snapshot.name}: {error}.") from error


def nam_text_of(snapshot: Snapshot) -> str:
    """What Neural Amp Modeler loads."""
    return write_nam_text(from_tcn(snapshot.tcn, metadata=metadata_of(snapshot)), snapshot.name)


def is_snapshot_file(path: Path) -> bool:
    """Whether this is a `.pt` file and a snapshot's. Raises InputError for one that is damaged."""
    return path.suffix.lower() == ".pt" and path.is_file() and is_snapshot(path)


def refuse_unknown_suffix(path: Path) -> None:
    """Raises InputError unless a snapshot can be written under this name."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: a snapshot is written as {', '.join(SUFFIXES)}; give it one of these endings.")


def write(snapshot: Snapshot, path: Path, audio: Audio) -> IntegerModel | None:
    """As the suffix says: .pt, .nam or .grit; the integer model if it was the last. audio: to calibrate integers."""
    refuse_unknown_suffix(path)
    if path.suffix.lower() == ".nam":
        write_whole(path, nam_text_of(snapshot).encode())
    elif path.suffix.lower() == ".grit":
        model = bend_fitted(trimmed(integer_model_of(snapshot, audio))[0])
        write_grit(model, path)
        return model
    else:
        save_snapshot(snapshot, path)
    return None


def plot(path: Path, wet: Audio, fitted: Audio, checks: Sequence[Check], name: str) -> None:
    """`comparison` as a picture (.png, .svg or .pdf). Raises InputError if it cannot be written so."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = comparison(wet, fitted, checks, name)
    try:
        with written_whole(path) as beside:
            metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())
            with plt.rc_context({"svg.hashsalt": "gritspace"}):
                figure.savefig(beside, dpi=120, metadata=metadata)
    except ValueError as error:
        raise InputError(f"{path}: a picture cannot be written so ({error}); use .png, .svg or .pdf.") from error
    finally:
        plt.close(figure)


def comparison(wet: Audio, fitted: Audio, checks: Sequence[Check], name: str, what: str = "snapshot") -> Figure:
    """Waveform, spectrum and how the error fell. wet, fitted: (frames,). what: this one is.

    Whoever asks closes the figure.
    """
    import matplotlib.pyplot as plt

    window = int(WINDOW_SECONDS * SAMPLE_RATE)
    starts = np.arange(0, len(wet) - window, window)
    start = int(starts[int(np.argmax([np.abs(wet[s : s + window]).sum() for s in starts]))])
    part = slice(start, start + window)
    milliseconds = 1e3 * np.arange(window) / SAMPLE_RATE
    figure, axes = plt.subplots(3, 1, figsize=(9, 8), layout="constrained")
    axes[0].plot(milliseconds, wet[part], color="#64748b", lw=2.6, alpha=0.6, label="recorded")
    axes[0].plot(milliseconds, fitted[part], color="#c2410c", lw=1.0, label=what)
    axes[0].set(xlabel="milliseconds", title=f"{caption(name)}: the loudest {window * 1000 // SAMPLE_RATE} ms held out")
    for audio, color, label in ((wet, "#64748b", "recorded"), (fitted, "#c2410c", what)):
        hz, power = signal.welch(audio, SAMPLE_RATE, nperseg=8192)
        axes[1].semilogx(hz[2:], 10 * np.log10(power[2:] + 1e-20), color=color, lw=1.2, label=label)
    hz, power = signal.welch(wet - fitted, SAMPLE_RATE, nperseg=8192)
    axes[1].semilogx(hz[2:], 10 * np.log10(power[2:] + 1e-20), color="#2563eb", lw=1.0, label="difference")
    axes[1].set(xlabel="Hz", ylabel="dB", xlim=(20, 20_000), title="spectrum")
    if checks:
        axes[2].loglog([max(c.seconds, 0.1) / 60 for c in checks], [c.esr for c in checks], color="#c2410c")
    axes[2].set(xlabel="minutes", ylabel="ESR", title="error-to-signal ratio on held-out audio")
    for axis in axes[:2]:
        axis.legend(frameon=False)
    return figure
