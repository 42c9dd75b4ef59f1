"""The report's pictures, each as one SVG string that can stand inside an HTML page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import signal

from gritspace.host_tools.hil.measure import Measurement, Outcome
from gritspace.host_tools.hil.takes import BLOCK_FRAMES, SAMPLE_RATE
from gritspace.train.plain_text import caption

INK, MODULE, DEVICE, DIFFERENCE = "#2b2b2b", "#c2410c", "#64748b", "#2563eb"
PAGE_COLOURS = {
    INK: "ink",
    MODULE: "accent",
    DEVICE: "device",
    DIFFERENCE: "other",
    "#a8a29e": "edge",
    "#e7e5e4": "line",
    "#ffffff": "card",
}
"""By what names the page has them, so that a picture is dark where the page is."""
PLAYED = ("drive", "tone", "symmetry", "dynamics")
WINDOW_SECONDS = 0.02
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "gritspace",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#a8a29e",
    "axes.labelcolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def waveforms(measurement: Measurement, most: int = 4) -> str:
    """Twenty milliseconds of up to `most` takes: the module over the device, or over the float model."""
    chosen = spread_by_device(measurement.outcomes, most)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(chosen), 1, figsize=(9, 1.75 * len(chosen)), squeeze=False)
        for axis, outcome in zip(axes[:, 0], chosen, strict=True):
            ours = measurement.real(outcome.module)
            start = busiest(ours, int(WINDOW_SECONDS * SAMPLE_RATE))
            window = slice(start, start + int(WINDOW_SECONDS * SAMPLE_RATE))
            milliseconds = np.arange(len(ours[window])) / SAMPLE_RATE * 1000
            if outcome.take.target is not None:
                axis.plot(milliseconds, outcome.take.target[window], color=DEVICE, lw=2.6, alpha=0.6, label="device")
            elif outcome.in_float is not None:
                axis.plot(milliseconds, outcome.in_float[window], color=DEVICE, lw=2.6, alpha=0.6, label="float model")
            axis.plot(milliseconds, ours[window], color=MODULE, lw=1.0, label="module")
            axis.set_title(f"{caption(outcome.take.name)}, {start / SAMPLE_RATE:.2f} s in")
            axis.margins(x=0)
        above(axes[0, 0], 2)
        axes[-1, 0].set_xlabel("milliseconds")
        return as_svg(figure)


def residual_spectrum(measurement: Measurement) -> str:
    """Power spectra: the module's output, what differs from the float model, and what differs from the devices."""
    outcomes = measurement.outcomes
    output = [measurement.real(o.module) for o in outcomes]
    from_float = [measurement.real(o.module) - o.in_float for o in outcomes if o.in_float is not None]
    from_device = [measurement.real(o.module) - o.take.target for o in outcomes if o.take.target is not None]
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(9, 3.2))
        for pieces, colour, label in (
            (output, MODULE, "module's output"),
            (from_device, DEVICE, "module minus device"),
            (from_float, DIFFERENCE, "module minus float model"),
        ):
            if pieces:
                hertz, decibels = _spectrum(pieces)
                axis.semilogx(hertz, decibels, color=colour, lw=1.2, label=label)
        axis.set(xlim=(20, SAMPLE_RATE / 2), xlabel="Hz", ylabel="dB, full scale sine = 0")
        axis.set_xticks([30, 100, 300, 1000, 3000, 10000], ["30", "100", "300", "1k", "3k", "10k"])
        axis.minorticks_off()
        axis.set_ylim(bottom=max(axis.get_ylim()[0], -150))
        axis.grid(True, which="major", color="#e7e5e4", lw=0.6)
        above(axis, 3)
        return as_svg(figure)


def sweeps(measurement: Measurement) -> str | None:
    """Takes in which the position moves: the module's output, and the dimensions over it. None if none moves."""
    moving = [o for o in measurement.outcomes if o.take.positions.size and np.any(np.ptp(o.take.positions, axis=0))]
    if not moving:
        return None
    outcome = max(moving, key=lambda o: len(o.module))
    with plt.rc_context(STYLE):
        figure, (wave, below) = plt.subplots(2, 1, figsize=(9, 3.6), sharex=True, height_ratios=(3, 2))
        block = 480
        pieces = measurement.real(outcome.module)[: len(outcome.module) // block * block].reshape(-1, block)
        seconds = (np.arange(len(pieces)) + 0.5) * block / SAMPLE_RATE
        wave.fill_between(seconds, pieces.min(axis=1), pieces.max(axis=1), color=MODULE, lw=0, label="module's output")
        wave.set_title(f"{caption(outcome.take.name)}: the module's output while the position moves")
        times = np.arange(len(outcome.take.positions)) * BLOCK_FRAMES / SAMPLE_RATE
        for dimension in range(outcome.take.positions.shape[1]):
            values = outcome.take.positions[:, dimension] / 32768
            if np.ptp(values) > 0:
                name = PLAYED[dimension] if dimension < len(PLAYED) else f"stored {dimension - len(PLAYED) + 1}"
                below.plot(times, values, lw=1.2, label=name)
        below.set(xlabel="seconds", ylim=(-1.05, 1.05), ylabel="position")
        above(below, 4)
        wave.margins(x=0)
        return as_svg(figure)


def work_over_time(measurement: Measurement) -> str:
    """Cycles (or instructions) a frame, block by block, all takes behind each other."""
    work = np.concatenate([outcome.work for outcome in measurement.outcomes]) / BLOCK_FRAMES
    seconds = np.arange(len(work)) * BLOCK_FRAMES / SAMPLE_RATE
    step = max(1, len(work) // 1500)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(9, 2.2))
        usable = len(work) // step * step
        tops = work[:usable].reshape(-1, step).max(axis=1)
        axis.plot(seconds[:usable:step], tops, color=INK, lw=0.9)
        axis.set(xlabel="seconds of audio", ylabel=f"{measurement.work_unit} a frame")
        axis.set_ylim(0, float(tops.max()) * 1.15 + 1)
        axis.margins(x=0)
        return as_svg(figure)


def above(axis: Axes, columns: int) -> None:
    """The legend in one line over the right end of an axis, where it hides nothing."""
    axis.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, fontsize=8, borderaxespad=0.2)


def spread_by_device(outcomes: Sequence[Outcome], most: int) -> list[Outcome]:
    """Up to `most` takes: of every device one first, so that the pictures show what differs."""
    by_device: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.take.device is not None:
            by_device.setdefault(outcome.take.device, outcome)
    return list(by_device.values() or outcomes)[:most]


def busiest(samples: NDArray[np.float64], frames: int) -> int:
    """Where the loudest stretch of this length starts."""
    if len(samples) <= frames:
        return 0
    energy = np.concatenate([[0.0], np.cumsum(samples**2)])
    return int(np.argmax(energy[frames:] - energy[:-frames]))


def _spectrum(pieces: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    power, hertz = None, np.zeros(1)
    for piece in pieces:
        length = min(4096, len(piece))
        hertz, one = signal.welch(piece, SAMPLE_RATE, nperseg=length, nfft=4096, scaling="spectrum", detrend=False)
        power = one * len(piece) if power is None else power + one * len(piece)
    assert power is not None
    mean = power / sum(len(piece) for piece in pieces)
    # Averaged in bands of a twelfth of an octave: lines too dense to see become one.
    bands = np.floor(12 * np.log2(hertz[1:] / hertz[1]))
    centres = [hertz[1:][bands == band].mean() for band in np.unique(bands)]
    powers = [mean[1:][bands == band].mean() for band in np.unique(bands)]
    return np.array(centres), 10 * np.log10(2 * np.array(powers) + 1e-18)


def as_svg(figure: Figure) -> str:
    """The figure as one SVG element, as wide as its page; the figure is closed."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    opening, rest = text.split(">", 1)
    opening = re.sub(r' (?:width|height)="[^"]*"', "", opening)  # the page decides how wide; viewBox keeps the form
    for colour, name in PAGE_COLOURS.items():
        rest = rest.replace(f": {colour}", f": var(--{name})")
    return f'{opening} class="figure">{rest}'
