"""The plots of docs/hardware.md, as SVG with outlined text so that they look the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Drawing

from ..simulate.audio import AudioCurves
from ..simulate.cv import CvCurves
from ..simulate.monte_carlo import Boards
from ..simulate.power import PowerCurves

_INK, _GREY, _RED = "#1f4e79", "#999999", "#b03a2e"


def _save(path: Path, width: float, draw: Callable[[list[Axes]], None], columns: int) -> None:
    # A fixed salt and no date: the same figures give the same file.
    with rc_context({"svg.hashsalt": "gritspace", "font.size": 9}):
        drawing = Drawing(figsize=(width, 3.0), layout="constrained")
        axes = [drawing.add_subplot(1, columns, index + 1) for index in range(columns)]
        for axis in axes:
            axis.grid(True, color="#dddddd", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
        draw(axes)
        FigureCanvasSVG(drawing).print_svg(str(path), metadata={"Date": None})


def cv(path: Path, curves: CvCurves, boards: Boards, pin_range: tuple[float, float]) -> None:
    """Transfer, response, spread over boards."""

    def draw(axes: list[Axes]) -> None:
        axes[0].plot(curves.transfer[:, 0], curves.transfer[:, 1], color=_INK)
        axes[0].axhspan(*pin_range, color=_GREY, alpha=0.15)
        axes[0].set(title="CV transfer, ±20 V", xlabel="jack / V", ylabel="pin / V")
        axes[1].semilogx(curves.response[:, 0], curves.response[:, 1], color=_INK)
        axes[1].axhline(-3, color=_RED, linewidth=0.8)
        axes[1].set(title="CV response", xlabel="frequency / Hz", ylabel="dB", ylim=(-40, 3))
        for column, place, label in ((0, 0.78, "jack -5 V"), (-1, 0.1, "jack +5 V")):
            axes[2].hist(boards.pin_volts[:, column], bins=30, color=_INK)
            axes[2].text(place, 0.92, label, transform=axes[2].transAxes, ha="left" if column else "right")
        for edge in pin_range:
            axes[2].axvline(edge, color=_RED, linewidth=0.8)
        axes[2].set(title=f"{len(boards.pin_volts)} boards", xlabel="pin / V", ylabel="boards")

    _save(path, 10.5, draw, 3)


def audio(path: Path, curves: AudioCurves) -> None:
    """Response of the input stage and jack to jack, and the harmonics of a 10 Vpp sine."""

    def draw(axes: list[Axes]) -> None:
        hertz, stage, chain = curves.response.T
        reference = np.interp(1e3, hertz, stage)
        axes[0].semilogx(hertz, chain - np.interp(1e3, hertz, chain), color=_INK, label="jack to jack")
        axes[0].semilogx(hertz, stage - reference, color=_GREY, label="input stage")
        axes[0].set(title="response", xlabel="frequency / Hz", ylabel="dB, 1 kHz = 0", ylim=(-100, 5))
        axes[0].legend(frameon=False)
        audio_band = (hertz >= 10) & (hertz <= 30e3)
        axes[1].semilogx(hertz[audio_band], (chain - np.interp(1e3, hertz, chain))[audio_band], color=_INK)
        axes[1].set(title="response, close", xlabel="frequency / Hz", ylabel="dB", ylim=(-0.6, 0.2))
        axes[1].axhline(-0.5, color=_RED, linewidth=0.8)
        frequencies, level = curves.harmonics.T
        axes[2].bar(frequencies / 1e3, np.maximum(level, -180) + 180, bottom=-180, width=0.3, color=_INK)
        axes[2].axhline(-80, color=_RED, linewidth=0.8)
        axes[2].set(title="harmonics of 1 kHz at 10 Vpp", xlabel="frequency / kHz", ylabel="dB", ylim=(-180, 5))

    _save(path, 10.5, draw, 3)


def power(path: Path, curves: PowerCurves) -> None:
    """Inrush currents and the Seed's supply."""

    def draw(axes: list[Axes]) -> None:
        seconds, plus, minus, five = curves.inrush.T
        axes[0].plot(seconds * 1e3, plus, color=_INK, label="+12 V")
        axes[0].plot(seconds * 1e3, minus, color=_GREY, label="-12 V")
        axes[0].set(title="inrush", xlabel="time / ms", ylabel="A", xlim=(0, 12))
        axes[0].legend(frameon=False)
        axes[1].plot(seconds * 1e3, five, color=_INK)
        axes[1].set(title="VIN", xlabel="time / ms", ylabel="V", xlim=(0, 12))

    _save(path, 7.0, draw, 2)
