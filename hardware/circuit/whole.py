"""The whole circuit: every stage on one board."""

from __future__ import annotations

from ..panels.panel_map import PanelMap, load
from .circuit import Circuit
from .stages import audio_in, audio_out, cv_in, gate_in, indicators, knobs, mute, power, seed

STAGES = ("power", "cv_in", "knobs", "gate_in", "audio_in", "audio_out", "mute", "indicators", "seed")


def build_circuit(panel: PanelMap | None = None) -> Circuit:
    """The module's circuit. Raises MissingSymbols where KiCad's symbols are not installed."""
    panel = panel or load()
    circuit = Circuit()
    circuit.stage = "power"
    power.build(circuit)
    for name, stage in (
        ("cv_in", cv_in),
        ("knobs", knobs),
        ("gate_in", gate_in),
        ("audio_in", audio_in),
        ("audio_out", audio_out),
        ("mute", mute),
        ("indicators", indicators),
        ("seed", seed),
    ):
        circuit.stage = name
        stage.build(circuit, panel)
    return circuit
