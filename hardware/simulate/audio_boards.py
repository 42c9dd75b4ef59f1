"""A thousand audio paths in ngspice, jack to jack, every value drawn from its tolerance.

As in monte_carlo.py: the netlist's own parts, resistors and capacitors uniform over their tolerance, the op-amps'
offsets over their data-sheet limit, the Seed's coupling capacitors over 20 %. Every board is solved by ngspice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..circuit.circuit import Circuit, Placed
from ..circuit.quantities import parse
from ..panels.panel_map import PanelMap
from .audio import FOLDING_HZ, RAIL_VOLTS
from .deck import deck, node
from .figures import Figure
from .models import OPA1678
from .ngspice import run

BOARDS = 1000
SEED = 11
_BOARDS_PER_DECK = 10
_COUPLING_FARAD, _COUPLING_TOLERANCE, _CODEC_OHM = 10e-6, 0.2, 10e3
_MINE = re.compile(r"IN_L_(JACK|NODE|SUM|AMP)|OUT_L_(NODE|SUM|AMP|JACK)|SEED_AUDIO_(IN|OUT)_L|OUT_L_\w+")
_SHARED = {"GND", "+12V", "-12V", "IN_L_JACK"}


@dataclass(frozen=True)
class AudioBoards:
    """hertz: (points,). decibels: (boards, points) jack to jack. seed_decibels: the same, jack to Seed.
    offset_volts: (boards,) at the output jack."""

    hertz: NDArray[np.float64]
    decibels: NDArray[np.float64]
    seed_decibels: NDArray[np.float64]
    offset_volts: NDArray[np.float64]


def _channel(circuit: Circuit) -> list[Placed]:
    """The left channel's resistors and capacitors, in and out."""
    return [
        part
        for part in circuit.parts()
        if part.stage in ("audio_in", "audio_out")
        and part.kind in ("resistor", "capacitor")
        and any(net and _MINE.fullmatch(net) for net in part.nets.values())
    ]


def _amplifiers(circuit: Circuit) -> list[tuple[str, str, str]]:
    """(output, inverting, other) net of the left channel's two amplifiers."""
    found = []
    for part in circuit.parts():
        if part.kind == "audio_op_amp":
            units = (("1", "2", "3"), ("7", "6", "5"))
            nets = [tuple(str(part.nets[pin]) for pin in unit) for unit in units]
            found += [(a, b, c) for a, b, c in nets if _MINE.fullmatch(a)]
    return found


def _board(
    parts: list[Placed], amplifiers: list[tuple[str, str, str]], index: int, rng: np.random.Generator
) -> list[str]:
    def own(net: str | None) -> str:
        name = str(net)
        return node(name) if name in _SHARED else f"{node(name)}_{index}"

    def near(tolerance: float) -> float:
        return 1.0 + tolerance * float(rng.uniform(-1.0, 1.0))

    lines = []
    for part in parts:
        letter = "R" if part.kind == "resistor" else "C"
        value = parse(part.value) * near(part.item.tolerance)
        lines.append(f"{letter}{part.ref}_{index} {own(part.nets['1'])} {own(part.nets['2'])} {value:.8g}")
    for number, (output, inverting, other) in enumerate(amplifiers):
        offset = OPA1678.offset_volts_maximum * float(rng.uniform(-1.0, 1.0))
        lines.append(
            f"XU{number}_{index} {own(other)} {own(inverting)} {node('+12V')} {node('-12V')} {own(output)} 0 opa1678 "
            f"vos={offset:.6g}"
        )
    first, second = (_COUPLING_FARAD * near(_COUPLING_TOLERANCE) for _ in range(2))
    lines += [
        f"Cin_{index} {own('SEED_AUDIO_IN_L')} codec_{index} {first:.6g}",
        f"Rin_{index} codec_{index} 0 {_CODEC_OHM:g}",
        f"Edac_{index} dac_{index} 0 codec_{index} 0 1",
        f"Cout_{index} dac_{index} {own('SEED_AUDIO_OUT_L')} {second:.6g}",
        f"Rload_{index} {own('OUT_L_JACK')} 0 100k",
    ]
    return lines


def solve(circuit: Circuit, boards: int = BOARDS, seed: int = SEED, decks: Path | None = None) -> AudioBoards:
    """Every board's response from 2 Hz to 5 MHz, and its direct voltage at the jack."""
    rng = np.random.default_rng(seed)
    parts, amplifiers = _channel(circuit), _amplifiers(circuit)
    hertz: NDArray[np.float64] = np.empty(0)
    chain, stage, offsets = [], [], []
    for start in range(0, boards, _BOARDS_PER_DECK):
        numbers = range(start, min(start + _BOARDS_PER_DECK, boards))
        lines = [f"Vj {node('IN_L_JACK')} 0 0 ac 1", f"Vp {node('+12V')} 0 {RAIL_VOLTS}"]
        lines.append(f"Vm {node('-12V')} 0 {-RAIL_VOLTS}")
        for number in numbers:
            lines += _board(parts, amplifiers, number, rng)
        outs = [f"{node('OUT_L_JACK')}_{number}" for number in numbers]
        ins = [f"{node('SEED_AUDIO_IN_L')}_{number}" for number in numbers]
        text = deck(
            f"Audio path, boards {numbers[0]} to {numbers[-1]}",
            lines,
            [
                "op",
                "wrdata out0.txt " + " ".join(f"v({name})" for name in outs),
                "ac dec 12 2 5meg",
                "wrdata out1.txt " + " ".join(f"vdb({name})" for name in [*outs, *ins]),
            ],
        )
        still, response = run(text, 2, decks / "audio_boards.cir" if decks and start == 0 else None)
        hertz, count = response[:, 0], len(outs)
        offsets.append(still[0, 1:])
        chain.append(response[:, 1 : 1 + count].T)
        stage.append(response[:, 1 + count :].T)
    return AudioBoards(hertz, np.concatenate(chain), np.concatenate(stage), np.concatenate(offsets))


def _at(solved: AudioBoards, curves: NDArray[np.float64], hertz: float) -> NDArray[np.float64]:
    x = np.log10(solved.hertz)
    return np.array([np.interp(np.log10(hertz), x, curve) for curve in curves])


def simulate(circuit: Circuit, panel: PanelMap, boards: int = BOARDS, decks: Path | None = None) -> list[Figure]:
    """The worst of `boards` boards (seed 11)."""
    solved = solve(circuit, boards, decks=decks)
    gain, stage = _at(solved, solved.decibels, 1e3), _at(solved, solved.seed_decibels, 1e3)
    audio = (solved.hertz >= 20) & (solved.hertz <= 20e3)
    flat = np.abs(solved.decibels[:, audio] - gain[:, None]).max(axis=1)
    folded = _at(solved, solved.seed_decibels, FOLDING_HZ) - stage
    clips = float(panel.raw["seed"]["codec_full_scale_vpp"]) / 10 ** (stage / 20)
    note = f"worst of {boards} boards"
    return [
        Figure("audio_boards_gain_lowest_db", float(gain.min()), "dB", -1.0, None, f"{note}, jack to jack, 1 kHz"),
        Figure("audio_boards_gain_highest_db", float(gain.max()), "dB", None, 1.0, f"{note}, jack to jack, 1 kHz"),
        Figure("audio_boards_flatness_db", float(flat.max()), "dB", None, 0.5, f"{note}, 20 Hz to 20 kHz"),
        Figure("audio_boards_clip_at_vpp", float(clips.min()), "V", 20.0, None, f"{note}, the smallest codec full"),
        Figure("audio_boards_alias_rejection_db", float(folded.max()), "dB", None, -55.0, f"{note}, before the codec"),
        Figure(
            "audio_boards_out_offset_mv",
            float(np.abs(solved.offset_volts).max()) * 1e3,
            "mV",
            None,
            10.0,
            f"{note}, direct voltage at the output jack",
        ),
    ]
