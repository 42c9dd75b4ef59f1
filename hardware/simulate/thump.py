"""What the outputs do while power comes and goes, in ngspice: supply, mute, output stages and a plain Seed.

The Seed: wakes when VIN passes 4.5 V; its codec's outputs then jump to 1.65 V within 0.1 ms, into 10 uF, and fall as
fast when it goes; its UNMUTE pin rises a second later, as the firmware's does, and falls with its supply. At a reset
the pin goes first and the codec falls within a millisecond: its reference is filtered by microfarads. The worst MOSFET
of the data sheet is in the model. A channel without its clamps is simulated beside it, to show what the clamps are for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..circuit.circuit import Circuit
from ..panels.panel_map import PanelMap
from .deck import deck, elements, node
from .figures import Figure
from .ngspice import run

LIMIT_MILLIVOLTS = 100.0
_UNMUTED_AT, _EVENT_AT, _END = 1.0, 1.15, 1.4
_SEED_OHM = 140.0  # 0.88 W at 11 V

Wave = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Scene:
    """One course of events. plus, minus: the bus's rails; unmute: 0 or 1; codec: volts added to the codec's bias."""

    name: str
    plus: Wave
    minus: Wave
    unmute: Wave
    codec: Wave = ((0.0, 0.0),)


def _rail(volts: float, up: float, down: float | None = None, fall_seconds: float = 0.03) -> Wave:
    rising: Wave = ((0.0, 0.0), (up, 0.0), (up + 2e-3, volts))
    return rising if down is None else (*rising, (down, volts), (down + fall_seconds, 0.0))


def _edge(at: float, level: float) -> Wave:
    """A microsecond to a new level, then points that make ngspice look closely while the clamps' gates move: what their
    capacitance brings to the jack lasts microseconds, and steps of its own choice miss half of it."""
    return ((at, 1.0 - level), *((at + 1e-6 + step * 1e-7, level) for step in range(150)))


_UNMUTE: Wave = ((0.0, 0.0), *_edge(_UNMUTED_AT, 1.0))
SCENES = (
    Scene("on_and_off", _rail(12, 0.01, _EVENT_AT), _rail(-12, 0.01, _EVENT_AT), _UNMUTE),
    Scene("plus_lost", _rail(12, 0.01, _EVENT_AT), _rail(-12, 0.01), _UNMUTE),
    Scene("plus_late", _rail(12, 0.06), _rail(-12, 0.01), _UNMUTE),
    Scene("minus_late_and_lost", _rail(12, 0.01), _rail(-12, 0.06, _EVENT_AT), _UNMUTE),
    Scene(
        "reset",
        _rail(12, 0.01),
        _rail(-12, 0.01),
        (*_UNMUTE, *_edge(_EVENT_AT, 0.0)),
        ((0.0, 0.0), (_EVENT_AT, 0.0), (_EVENT_AT + 1e-3, -1.65), (_EVENT_AT + 0.1, -1.65), (_EVENT_AT + 0.101, 0.0)),
    ),
)

_NOTES = {
    "on_and_off": "both rails on within 2 ms, unmuted a second later, both off within 30 ms",
    "plus_lost": "+12 V alone fails while playing",
    "plus_late": "-12 V first, +12 V 50 ms later",
    "minus_late_and_lost": "-12 V 50 ms late; it alone fails while playing",
    "reset": "the Seed restarts while playing",
}


def worst_millivolts(figures: Iterable[Figure]) -> float:
    """The worst of every scene."""
    return max(
        figure.value for figure in figures if figure.name.startswith("thump_") and figure.high == LIMIT_MILLIVOLTS
    )


def _pwl(wave: Wave) -> str:
    return "pwl(" + " ".join(f"{seconds:.9g} {value:g}" for seconds, value in wave) + ")"


def _bench(circuit: Circuit, panel: PanelMap, scene: Scene, without: Iterable[str]) -> list[str]:
    vin, pin = node("VIN"), node(f"SEED_{panel.unmute_pin}")
    lines = [
        *elements(circuit, ["power", "mute", "audio_out"], without),
        f"Vplus {node('+12V_IN')} 0 {_pwl(scene.plus)}",
        f"Vminus {node('-12V_IN')} 0 {_pwl(scene.minus)}",
        f"Rseed {vin} 0 {_SEED_OHM:g}",
        f"B33 core 0 V=1.65*(1+tanh((V({vin})-4.5)/0.1))",
        "R33 core v33 100",
        "C33 v33 0 1u",
        f"Vfirm firm 0 {_pwl(scene.unmute)}",
        "Bpin pinv 0 V=V(v33)*V(firm)*0.5*(1+tanh((V(v33)-2.7)/0.05))",
        f"Rpin pinv {pin} 50",
        f"Cpin {pin} 0 20p",
        f"Vcodec extra 0 {_pwl(scene.codec)}",
        ".options method=gear abstol=1e-9 vntol=1e-5 gmin=1e-11",
        "Bdac dac 0 V=0.5*V(v33)+V(extra)*V(v33)/3.3",
    ]
    for side in ("L", "R"):
        lines += [
            f"Cout{side} dac {node(f'SEED_AUDIO_OUT_{side}')} 10u ic=0",
            f"Rload{side} {node(f'OUT_{side}_JACK')} 0 100k",
        ]
    return lines


def course(
    circuit: Circuit, panel: PanelMap, scene: Scene, without: Iterable[str] = (), decks: Path | None = None
) -> NDArray[np.float64]:
    """(frames, 3): seconds, volts at the left and right output jack, while a scene plays."""
    text = deck(
        f"Thump: {scene.name}",
        _bench(circuit, panel, scene, without),
        [
            f"tran 0.1m {_END:g} 0 0.5m uic",
            f"wrdata out0.txt v({node('OUT_L_JACK')}) v({node('OUT_R_JACK')})",
        ],
    )
    (wave,) = run(text, 1, decks / f"thump_{scene.name}.cir" if decks else None)
    return wave


def simulate(circuit: Circuit, panel: PanelMap, decks: Path | None = None) -> list[Figure]:
    """The highest voltage at an output jack, scene by scene, and what it would be without clamps."""
    right = panel.of_kind("audio_out")[1].name.upper()
    clamps = [p.ref for p in circuit.parts() if p.kind == "n_mosfet" and f"{right}_CLAMP" in p.nets.values()]
    figures = []
    bare = 0.0
    for scene in SCENES:
        wave = course(circuit, panel, scene, clamps, decks)
        bare = max(bare, float(np.abs(wave[:, 2]).max()))
        peak = float(np.abs(wave[:, 1]).max()) * 1e3
        figures.append(Figure(f"thump_{scene.name}_mv", peak, "mV", None, LIMIT_MILLIVOLTS, _NOTES[scene.name]))
    figures.append(Figure("thump_without_clamps_v", bare, "V", 1.0, None, "what the clamps are for; the same scenes"))
    return figures
