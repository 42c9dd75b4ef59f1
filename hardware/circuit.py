"""The whole circuit: every stage on one board."""

from __future__ import annotations

from .board import Board
from .panel_map import PanelMap, load
from .stages import audio_in, audio_out, cv_in, gate_in, indicators, knobs, power, seed

STAGES = ("power", "cv_in", "knobs", "gate_in", "audio_in", "audio_out", "indicators", "seed")


def build_board(panel: PanelMap | None = None) -> Board:
    """The module's circuit. Raises MissingSymbols where KiCad's symbols are not installed."""
    panel = panel or load()
    board = Board()
    board.stage = "power"
    power.build(board)
    for name, stage in (
        ("cv_in", cv_in),
        ("knobs", knobs),
        ("gate_in", gate_in),
        ("audio_in", audio_in),
        ("audio_out", audio_out),
        ("indicators", indicators),
        ("seed", seed),
    ):
        board.stage = name
        stage.build(board, panel)
    return board
