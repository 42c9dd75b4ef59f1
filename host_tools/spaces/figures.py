"""The pictures of a space's report: its errors, its map, what its knobs do. Each is one SVG string."""

from __future__ import annotations

from colorsys import hsv_to_rgb

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from gritspace.host_tools.hil.figures import DEVICE, DIFFERENCE, MODULE, STYLE, as_svg
from gritspace.host_tools.spaces.evaluation import Examination
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.space.measures.clips import SPLITS
from gritspace.train.space.measures.latent_map import tsne
from gritspace.train.space.space import PLAYED

COLOURS = {"seen": DEVICE, "held_out_settings": DIFFERENCE, "held_out_devices": MODULE}
SPECTROGRAM_FLOOR_DB = -80.0
LEGEND_MOST = 40
"""Names below the map: of 186 nobody could tell the colours apart."""


def errors(found: Examination) -> str:
    """Every setting's ESR, sorted, one line a split, and the control with shuffled positions."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(9, 3.0))
        lines = [(s, [x.in_integers.esr for x in found.of(s)], COLOURS[s], "-") for s in SPLITS]
        lines.append(("at another device's position", found.shuffled_esr, "#a8a29e", ":"))
        for name, values, colour, style in lines:
            if values:
                share = (np.arange(len(values)) + 0.5) / len(values)
                axis.semilogx(np.sort(values), share, style, color=colour, label=name.replace("_", " "))
        axis.set(xlabel="ESR", ylabel="share of settings", ylim=(0, 1))
        axis.grid(True, which="major", color="#e7e5e4", lw=0.6)
        axis.legend(loc="lower right")
        return as_svg(figure)


def maps(found: Examination) -> str:
    """t-SNE of all dimensions beside the played ones as they are; one colour a device, large for held-out devices."""
    clips = [score.clip for score in found.scores if score.clip.split != "held_out_settings"]
    positions = np.array([clip.position for clip in clips])
    devices = list(dict.fromkeys(clip.device for clip in clips))
    shades = dict(_colours(devices))
    colour = np.array([shades[clip.device] for clip in clips])
    strange = np.array([clip.split == "held_out_devices" for clip in clips])
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 3, figsize=(9, 3.2))
        panels = (
            (tsne(positions), "all dimensions, t-SNE", ("", "")),
            (positions[:, :2], "played: drive and tone", PLAYED[:2]),
            (positions[:, 2:4], "played: symmetry and dynamics", PLAYED[2:4]),
        )
        for axis, (places, title, names) in zip(axes, panels, strict=True):
            _points(axis, places, colour, strange)
            axis.set(title=title, xlabel=names[0], ylabel=names[1])
        axes[0].set(xticks=[], yticks=[])
        return as_svg(figure)


def legend(found: Examination) -> list[tuple[str, str]]:
    """The map's devices and their colours, as #rrggbb; beyond LEGEND_MOST only how many more there are."""
    clips = [score.clip for score in found.scores if score.clip.split != "held_out_settings"]
    named = _colours(list(dict.fromkeys(clip.device for clip in clips)))
    more = [(f"and {len(named) - LEGEND_MOST} more", "transparent")] if len(named) > LEGEND_MOST else []
    return [*named[:LEGEND_MOST], *more]


def _colours(devices: list[str]) -> list[tuple[str, str]]:
    """Hues around the circle, as light as one another, so that all are seen on white and on black."""
    turns = [i / max(len(devices), 1) for i in range(len(devices))]
    return [(name, to_hex(hsv_to_rgb(turn, 0.75, 0.8))) for name, turn in zip(devices, turns, strict=True)]


def _points(axis: Axes, places: NDArray[np.floating], colour: NDArray[np.str_], strange: NDArray[np.bool_]) -> None:
    for mask, marker, size in ((~strange, "o", 12), (strange, "*", 60)):
        x, y = places[mask].T
        axis.scatter(x, y, c=colour[mask].tolist(), s=size, marker=marker, lw=0)


def sweeps(found: Examination) -> str:
    """Spectrograms of the same phrase while one played dimension goes from -1 to 1."""
    chosen = [sweep for sweep in found.sweeps if sweep.start == "the middle"]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(chosen), figsize=(9, 2.6), sharey=True, squeeze=False)
        loudest = max(float(np.abs(sweep.sound).max(initial=0.0)) for sweep in chosen) or 1.0
        for axis, sweep in zip(axes[0], chosen, strict=True):
            axis.specgram(
                sweep.sound / loudest + 1e-9,
                NFFT=1024,
                Fs=SAMPLE_RATE,
                noverlap=768,
                scale="dB",
                vmin=SPECTROGRAM_FLOOR_DB - 40,
                vmax=-40,
                cmap="magma",
                xextent=(-1, 1),
            )
            axis.set(title=f"{sweep.dimension}, -1 to 1", ylim=(0, 12_000), xlabel=sweep.dimension)
        axes[0, 0].set_ylabel("Hz")
        return as_svg(figure)
