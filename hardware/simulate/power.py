"""The supply in ngspice: voltages, inrush, a reversed cable, a cable shifted by one pair; and the current budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..circuit.circuit import Circuit
from ..circuit.quantities import parse
from ..circuit.stages.power import HEADER_PINS, SEED_SERIES_OHM
from .deck import deck, elements, node
from .figures import Figure
from .models import MCP6004, OPA1678
from .ngspice import run

# Design figure for the Seed at 480 MHz with its codec, LEDs lit: 150 mA at 5 V, made from VIN by its own switching
# regulator at 85 %. Measured at bring-up (docs/hardware.md).
SEED_WATTS = 0.15 * 5.0 / 0.85
SEED_VOLTS = (4.0, 17.0)  # what VIN may be
_SEED_OHM = 11.0**2 / SEED_WATTS
# What the Seed's current carries: a processor that works 48 frames at a time (a square wave of a quarter of its current
# at 1 kHz), and its regulator's switching (a tenth of an ampere at 1 MHz, as if it had no capacitor of its own).
_RIPPLE = ((1e3, 0.25 * SEED_WATTS / 11.0 * 2 / np.pi), (1e6, 0.1))
# OPA1678 (SBOS855): supply rejection 114 dB below 100 Hz, falling by 20 dB a decade.
_REJECTION_DB, _REJECTION_CORNER_HZ = 114.0, 100.0
_OUTPUT_NOISE_GAIN = 11.0
_FULL_LEVEL_PEAK_VOLTS = 5.0
_MUTE_AMPERES = 2.5e-3  # gates and their driver, unmuted
_CABLE_OHM = 0.05
_CABLE_HENRY = 0.5e-6


@dataclass(frozen=True)
class PowerCurves:
    """inrush: seconds, amperes in +12 V, amperes in -12 V, volts at VIN."""

    inrush: NDArray[np.float64]


def _amplifiers(circuit: Circuit, kind: str, per_package: int) -> int:
    return per_package * sum(part.kind == kind for part in circuit.parts())


def _loads(circuit: Circuit) -> list[str]:
    analog = _amplifiers(circuit, "audio_op_amp", 2) * OPA1678.supply_amperes_per_amplifier
    return [
        f"Rseed {node('VIN')} 0 {_SEED_OHM:.6g}",
        f"Ranalog {node('+12V')} {node('-12V')} {24.0 / analog:.6g}",
        # The reference's branch hangs on -12 V.
        f"Rref {node('-12V')} 0 5k",
    ]


def header(cable_of_pin: dict[int, str]) -> list[str]:
    """The ribbon: one conductor per header pin, from a supply terminal (p12, m12, g) to the module's net."""
    return [f"Rw{pin} {source} {node(HEADER_PINS[str(pin)])} {_CABLE_OHM}" for pin, source in cable_of_pin.items()]


BUS = {1: "m12", 2: "m12", **dict.fromkeys(range(3, 9), "g"), 9: "p12", 10: "p12"}
REVERSED = {pin: BUS[11 - pin] for pin in BUS}
SHIFTED_UP = {pin: BUS[pin - 2] for pin in range(3, 11)}
SHIFTED_DOWN = {pin: BUS[pin + 2] for pin in range(1, 9)}


def _static(circuit: Circuit, cable: dict[int, str], volts: float = 12.0) -> dict[str, float]:
    """Rail voltages with a cable plugged so, seen from the module's ground; and the supply's worst current.

    The supply gives 2 A a rail and no more (its limit is a tanh), and its ground floats from the module's.
    """
    lines = [
        *elements(circuit, ["power"]),
        *_loads(circuit),
        *header(cable),
        f"Vp pi g {volts}",
        "Bp pi p12 I=2*tanh(V(pi,p12)/0.02)",
        f"Vm mi g {-volts}",
        "Bm mi m12 I=2*tanh(V(mi,m12)/0.02)",
        "Rgg g 0 1meg",
    ]
    nets = ("+12V", "-12V", "VIN", "VIN_FILTER")
    text = deck(
        "Supply", lines, ["op", "wrdata out0.txt " + " ".join(f"v({node(net)})" for net in nets) + " i(Vp) i(Vm)"]
    )
    (values,) = run(text)
    row = values[0, 1:]
    return {**dict(zip(nets, map(float, row[:4]), strict=True)), "supply_amperes": float(np.abs(row[4:]).max())}


def _inrush(circuit: Circuit, decks: Path | None) -> NDArray[np.float64]:
    lines = [
        *elements(circuit, ["power"]),
        *_loads(circuit),
        "Vp ps 0 pulse(0 12 10u 1u 1u 1 2)",
        "Vm ms 0 pulse(0 -12 10u 1u 1u 1 2)",
        f"Lp ps p1 {_CABLE_HENRY}",
        f"Rp p1 {node('+12V_IN')} {_CABLE_OHM}",
        f"Lm ms m1 {_CABLE_HENRY}",
        f"Rm m1 {node('-12V_IN')} {_CABLE_OHM}",
    ]
    text = deck("Supply, inrush", lines, ["tran 0.5u 12m 0 2u", f"wrdata out0.txt i(Vp) i(Vm) v({node('VIN')})"])
    (wave,) = run(text, 1, decks / "power_inrush.cir" if decks else None)
    return np.column_stack([wave[:, 0], -wave[:, 1], wave[:, 2], wave[:, 3]])


def _ripple(circuit: Circuit, decks: Path | None) -> list[Figure]:
    """What the Seed's current does to the op-amps' rail, and what of it reaches an output."""
    lines = [
        *elements(circuit, ["power"]),
        *_loads(circuit),
        "Vp ps 0 12",
        "Vm ms 0 -12",
        f"Lp ps p1 {_CABLE_HENRY}",
        f"Rp p1 {node('+12V_IN')} {_CABLE_OHM}",
        f"Rm ms {node('-12V_IN')} {_CABLE_OHM}",
        f"Iseed {node('VIN')} 0 dc 0 ac 1",
    ]
    text = deck(
        "Supply, what the Seed's current does to +12 V",
        lines,
        ["ac dec 1 1k 1meg", f"wrdata out0.txt vm({node('+12V')}) vm({node('+12V_IN')})"],
    )
    (response,) = run(text, 1, decks / "power_ripple.cir" if decks else None)
    figures = []
    for hertz, amperes in _RIPPLE:
        ohm = float(response[np.argmin(np.abs(response[:, 0] - hertz)), 1])
        volts = amperes * ohm
        rejection = max(0.0, _REJECTION_DB - 20 * np.log10(max(1.0, hertz / _REJECTION_CORNER_HZ)))
        out = volts * 10 ** (-rejection / 20) * _OUTPUT_NOISE_GAIN
        name = f"{hertz / 1e3:g}_khz" if hertz < 1e6 else f"{hertz / 1e6:g}_mhz"
        note = f"{amperes * 1e3:.0f} mA peak from the Seed"
        figures += [
            Figure(f"supply_ripple_{name}_uv", volts * 1e6, "uV", None, 10e3, f"peak on the op-amps' +12 V; {note}"),
            Figure(
                f"supply_ripple_{name}_at_out_db",
                float(20 * np.log10(out / _FULL_LEVEL_PEAK_VOLTS)),
                "dB",
                None,
                -100.0 if hertz < 20e3 else -60.0,
                f"below 10 Vpp, by the op-amp's supply rejection ({rejection:.0f} dB) and noise gain",
            ),
        ]
    return figures


def current_budget(circuit: Circuit) -> dict[str, float]:
    """Milliamperes from each rail, by sum of the parts."""
    audio = _amplifiers(circuit, "audio_op_amp", 2) * OPA1678.supply_amperes_per_amplifier
    cv = _amplifiers(circuit, "cv_op_amp", 4) * MCP6004.supply_amperes_per_amplifier
    knobs = _amplifiers(circuit, "potentiometer", 1) * 3.3 / 10e3
    reference = (11.6 - 2.5) / 4.7e3
    return {
        "+12 V": (SEED_WATTS / 11.0 + audio + _MUTE_AMPERES) * 1e3,
        "-12 V": (audio + reference + _MUTE_AMPERES) * 1e3,
        "+5 V (bus)": 0.0,
        "of which 3V3_A": (cv + knobs) * 1e3,
    }


def simulate(circuit: Circuit, decks: Path | None = None) -> tuple[list[Figure], PowerCurves]:
    """Every figure of the supply."""
    normal, low = _static(circuit, BUS), _static(circuit, BUS, 11.4)
    wave = _inrush(circuit, decks)
    peak = [float(np.abs(wave[:, column]).max()) for column in (1, 2)]
    long = [float(wave[np.abs(wave[:, column]) > 1.0, 0].max(initial=10e-6)) - 10e-6 for column in (1, 2)]
    budget = current_budget(circuit)
    series = (SEED_WATTS / normal["VIN"]) ** 2 * parse(SEED_SERIES_OHM) * 1e3
    figures = [
        Figure("supply_plus_12_v", normal["+12V"], "V", 11.2, 12.0, "behind fuse, diode and filter"),
        Figure("supply_minus_12_v", normal["-12V"], "V", -12.0, -11.2, "behind fuse, diode and filter"),
        Figure("supply_vin_at_11_4_v", low["VIN"], "V", 2 * SEED_VOLTS[0], SEED_VOLTS[1], "bus at -5 %"),
        Figure("supply_inrush_plus_a", peak[0], "A", None, 5.0, "12 V applied in 1 us"),
        Figure("supply_inrush_minus_a", peak[1], "A", None, 5.0, "12 V applied in 1 us"),
        Figure("supply_inrush_above_1_a_us", max(long) * 1e6, "us", None, 1000.0, "the rails' fuses need far longer"),
        Figure("supply_series_resistor_mw", series, "mW", None, 125.0, "R103, the warmest part; half its rating"),
        *_ripple(circuit, decks),
        Figure("supply_current_plus_12_ma", budget["+12 V"], "mA", None, 250.0, "half of what the fuse holds"),
        Figure("supply_current_minus_12_ma", budget["-12 V"], "mA", None, 100.0, "half of what the fuse holds"),
    ]
    for name, cable in (("reversed", REVERSED), ("shifted_up", SHIFTED_UP), ("shifted_down", SHIFTED_DOWN)):
        rails = _static(circuit, cable)
        worst = max(
            rails["+12V"] - 12.5,
            -rails["+12V"] - 0.5,
            rails["-12V"] - 0.5,
            -rails["-12V"] - 12.5,
            rails["VIN"] - SEED_VOLTS[1],
            -rails["VIN"] - 0.3,
        )
        figures.append(
            Figure(
                f"supply_{name}_cable_margin_v",
                -worst,
                "V",
                0.0,
                None,
                f"+12 V at {rails['+12V']:.2f}, -12 V at {rails['-12V']:.2f}, VIN at {rails['VIN']:.2f}; "
                f"supply gives {rails['supply_amperes']:.2f} A",
            )
        )
    return figures, PowerCurves(wave)
