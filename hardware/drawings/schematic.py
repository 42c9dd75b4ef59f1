"""The schematic, one sheet a stage. Each is drawn by its file in sheets/."""

from __future__ import annotations

from collections.abc import Callable

from ..circuit.circuit import Circuit, Placed
from ..panels.panel_map import PanelMap
from .sheet import Sheet
from .sheets import audio_in, audio_out, cv_in, gate_in, indicators, knobs, mute, power, seed

_TITLES = {
    "power": "Power",
    "cv_in": "CV in",
    "knobs": "Knobs",
    "gate_in": "Gate in",
    "audio_in": "Audio in",
    "audio_out": "Audio out",
    "mute": "Mute",
    "indicators": "LEDs and button",
    "seed": "Daisy Seed",
}
_DRAW: dict[str, Callable[[Sheet, PanelMap], None]] = {
    "power": power.draw,
    "cv_in": cv_in.draw,
    "knobs": knobs.draw,
    "gate_in": gate_in.draw,
    "audio_in": audio_in.draw,
    "audio_out": audio_out.draw,
    "mute": mute.draw,
    "indicators": indicators.draw,
    "seed": seed.draw,
}


def sheets(circuit: Circuit, panel: PanelMap) -> dict[str, Sheet]:
    """Every sheet, by stage."""
    parts: dict[str, list[Placed]] = {stage: [] for stage in _DRAW}
    for part in circuit.parts():
        parts[part.stage].append(part)
    result = {}
    for stage, draw in _DRAW.items():
        result[stage] = Sheet(f"Gritspace: {_TITLES[stage]}", parts[stage])
        draw(result[stage], panel)
    return result
