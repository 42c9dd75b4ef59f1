"""The audio path in ngspice: in and out chained through an ideal Seed, and each stage by itself.

The Seed between the stages: 10 uF into 10 k at its input (the lowest input resistance of its codecs), gain one,
10 uF at its output. Figures named chain_ are jack to jack.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..circuit.circuit import Circuit
from ..panels.panel_map import PanelMap
from .deck import deck, elements, node
from .figures import Figure
from .models import OPA1678
from .ngspice import run

EURORACK_PEAK_VOLTS = 5.0
RAIL_VOLTS = 11.6
# Codec clamps: 10 mA into any pin, AK4556 data sheet, absolute maximum ratings.
CODEC_CLAMP_MILLIAMPERES = 10.0
_SAMPLE_RATE = 48000.0
_OVERSAMPLING = 64
FOLDING_HZ = _SAMPLE_RATE * _OVERSAMPLING - 20e3  # the lowest that folds into the audible


@dataclass(frozen=True)
class AudioCurves:
    """response: hertz, decibels in stage, decibels jack to jack. harmonics: hertz, decibels, of 10 Vpp at 1 kHz."""

    response: NDArray[np.float64]
    harmonics: NDArray[np.float64]


def _bench(circuit: Circuit, panel: PanelMap, source: str) -> list[str]:
    lines = elements(circuit, ["audio_in", "audio_out"])
    lines += [
        f"Vp {node('+12V')} 0 {RAIL_VOLTS}",
        f"Vm {node('-12V')} 0 {-RAIL_VOLTS}",
        f"Vmute {node('MUTE_GATE')} 0 {-RAIL_VOLTS}",
        f"Vj {node('IN_L_JACK')} 0 {source}",
        f"Vk {node('IN_R_JACK')} 0 0",
    ]
    for side in ("L", "R"):
        seed_in, seed_out = node(f"SEED_AUDIO_IN_{side}"), node(f"SEED_AUDIO_OUT_{side}")
        lines += [
            f"Cin{side} {seed_in} codec{side} 10u",
            f"Rin{side} codec{side} 0 10k",
            f"E{side} dac{side} 0 codec{side} 0 1",
            f"Cout{side} dac{side} {seed_out} 10u",
            f"Rload{side} {node(f'OUT_{side}_JACK')} 0 100k",
        ]
    return lines


def harmonics(
    seconds: NDArray[np.float64], volts: NDArray[np.float64], hertz: float, count: int = 10
) -> NDArray[np.float64]:
    """Amplitudes of the first `count` harmonics of a signal, by least squares.

    A slow drift (coupling capacitors still settling) is fitted beside them, so that it is not taken for distortion.
    """
    time = (seconds - seconds[0]) / (seconds[-1] - seconds[0])
    phase = 2 * np.pi * hertz * seconds
    columns = [time**power for power in range(4)]
    for n in range(1, count + 1):
        columns += [np.cos(n * phase), np.sin(n * phase)]
    fit, *_ = np.linalg.lstsq(np.column_stack(columns), volts, rcond=None)
    amplitudes: NDArray[np.float64] = np.hypot(fit[4::2], fit[5::2])
    return amplitudes


def distortion(
    circuit: Circuit, panel: PanelMap, hertz: float, peak_volts: float = EURORACK_PEAK_VOLTS, decks: Path | None = None
) -> tuple[float, NDArray[np.float64]]:
    """THD (ratio, ten harmonics) jack to jack, and the harmonics (hertz, decibels, fundamental 0)."""
    step = 1.0 / hertz / 4000
    start, stop = 6 / hertz, 10 / hertz
    text = deck(
        f"Audio path, distortion at {hertz:g} Hz",
        [*_bench(circuit, panel, f"sin(0 {peak_volts} {hertz})"), ".options reltol=1e-7 abstol=1e-13 vntol=1e-9"],
        [
            f"tran {step:.9g} {stop:.9g} 0 {step:.9g}",
            "linearize v(" + node("OUT_L_JACK") + ")",
            f"wrdata out0.txt v({node('OUT_L_JACK')})",
        ],
    )
    (wave,) = run(text, 1, decks / f"audio_thd_{hertz:.0f}.cir" if decks else None)
    begin = round(start / step)
    seconds, volts = wave[begin : begin + 16000, 0], wave[begin : begin + 16000, 1]
    amplitudes = harmonics(seconds, volts, hertz)
    levels = 20 * np.log10(amplitudes / amplitudes[0])
    return float(np.sqrt((amplitudes[1:] ** 2).sum()) / amplitudes[0]), np.column_stack(
        [hertz * np.arange(1, len(levels) + 1), levels]
    )


def _response(circuit: Circuit, panel: PanelMap, decks: Path | None) -> tuple[list[Figure], NDArray[np.float64]]:
    out = node("OUT_L_JACK")
    text = deck(
        "Audio path, response and noise",
        _bench(circuit, panel, "0 ac 1"),
        [
            "ac dec 50 2 10meg",
            f"wrdata out0.txt vdb({node('SEED_AUDIO_IN_L')}) vdb({out})",
            f"noise v({out}) Vj dec 50 20 20k",
            "setplot noise2",
            "wrdata out1.txt onoise_total",
        ],
    )
    response, noise = run(text, 2, decks / "audio_response.cir" if decks else None)
    hertz, stage, chain = response.T
    at_1k = float(np.interp(3.0, np.log10(hertz), chain))
    stage_at_1k = float(np.interp(3.0, np.log10(hertz), stage))
    audio = (hertz >= 20) & (hertz <= 20e3)
    rejection = float(np.interp(np.log10(FOLDING_HZ), np.log10(hertz), stage)) - stage_at_1k
    below = chain - at_1k <= -3.0103
    reference = EURORACK_PEAK_VOLTS / math.sqrt(2)
    codec_vpp = float(panel.raw["seed"]["codec_full_scale_vpp"])
    return [
        Figure("audio_in_gain_db", stage_at_1k, "dB", -21.2, -20.2, "jack to Seed at 1 kHz, 10 k codec"),
        Figure(
            "audio_seed_level_vpp",
            10 * 10 ** (stage_at_1k / 20),
            "V",
            None,
            codec_vpp,
            "at 10 Vpp; full scale of the Seed's smallest codec",
        ),
        Figure(
            "audio_clips_at_vpp",
            codec_vpp / 10 ** (stage_at_1k / 20),
            "V",
            20.0,
            None,
            "at the jack; where the smallest of the Seed's codecs is full",
        ),
        Figure("chain_gain_db", at_1k, "dB", -1.0, 1.0, "jack to jack, 1 kHz"),
        Figure("chain_flatness_db", float(np.abs(chain[audio] - at_1k).max()), "dB", None, 0.5, "20 Hz to 20 kHz"),
        Figure(
            "chain_low_corner_hz",
            float(hertz[below & (hertz < 1e3)].max(initial=2.0)),
            "Hz",
            None,
            10.0,
            "-3 dB (or below 2 Hz), the Seed's coupling included",
        ),
        Figure(
            "chain_high_corner_hz", float(hertz[below & (hertz > 1e3)].min()), "Hz", 40e3, 90e3, "-3 dB, both filters"
        ),
        Figure(
            "audio_alias_rejection_db", rejection, "dB", None, -55.0, f"at {FOLDING_HZ / 1e6:.3f} MHz, before the codec"
        ),
        Figure(
            "chain_noise_db",
            20 * math.log10(float(noise[0, -1]) / reference),
            "dB",
            None,
            -90.0,
            "20 Hz to 20 kHz below 10 Vpp, analog stages without the codec",
        ),
    ], np.column_stack([hertz, stage, chain])


def _slew(circuit: Circuit, panel: PanelMap, decks: Path | None) -> list[Figure]:
    amp = node("OUT_L_AMP")
    drive = [line for line in _bench(circuit, panel, "0") if not line.startswith("EL ")]
    text = deck(
        "Audio output, slew",
        [*drive, "Vdac dacL 0 pulse(-0.6 0.6 20u 10n 10n 100u 200u)"],
        ["tran 20n 60u", f"wrdata out0.txt v({amp})"],
    )
    (wave,) = run(text, 1, decks / "audio_slew.cir" if decks else None)
    rate = float(np.abs(np.diff(wave[:, 1]) / np.diff(wave[:, 0])).max()) * 1e-6
    return [
        Figure(
            "audio_out_slew",
            rate,
            "V/us",
            2 * math.pi * 20e3 * EURORACK_PEAK_VOLTS * 1e-6,
            None,
            "full step; limit: a 20 kHz sine of 10 Vpp (the filter, not the op-amp, is what limits)",
        )
    ]


def _abuse(circuit: Circuit, panel: PanelMap, decks: Path | None) -> list[Figure]:
    jack, amp, seed = node("OUT_L_JACK"), node("OUT_L_AMP"), node("SEED_AUDIO_IN_L")
    worst_current = worst_power = 0.0
    for forced in (0.0, 12.0, -12.0):
        lines = [line for line in _bench(circuit, panel, "sin(0 10 1000)") if not line.startswith("RloadL ")]
        text = deck(
            f"Audio output forced to {forced:g} V",
            [*lines, f"Vshort {jack} 0 {forced}"],
            ["tran 2u 4m", f"wrdata out0.txt i(Vshort) v({amp})"],
        )
        (wave,) = run(text, 1, decks / f"audio_out_at_{forced:g}v.cir" if decks else None)
        worst_current = max(worst_current, float(np.abs(wave[:, 1]).max()))
        power = (wave[:, 2] - forced) ** 2 / 1e3
        energy = float((0.5 * (power[1:] + power[:-1]) * np.diff(wave[:, 0])).sum())
        worst_power = max(worst_power, energy / float(wave[-1, 0]))
    # The codec's clamps, seen from its mid-supply bias.
    lines = [
        *_bench(circuit, panel, "pulse(-20 20 100u 1u 1u 2m 4m)"),
        "Dhigh codecL vdda clamp",
        "Dlow vssa codecL clamp",
        "Vdda vdda 0 1.65",
        "Vssa vssa 0 -1.65",
    ]
    text = deck("Audio input, 20 V", lines, ["tran 1u 4m", f"wrdata out0.txt i(Vdda) i(Vssa) v({seed})"])
    (wave,) = run(text, 1, decks / "audio_in_20v.cir" if decks else None)
    clamp = float(np.abs(wave[:, 1:3]).max()) * 1e3
    return [
        Figure(
            "audio_out_short_ma",
            worst_current * 1e3,
            "mA",
            None,
            OPA1678.short_circuit_amperes * 1e3 * 0.8,
            "shorted, and forced to ±12 V, at full level; limit: 80 % of the op-amp's own limit",
        ),
        Figure(
            "audio_out_resistor_mw", worst_power * 1e3, "mW", None, 250.0, "mean in the 1 k (1206, 250 mW), same abuse"
        ),
        Figure("audio_in_codec_clamp_ma", clamp, "mA", None, CODEC_CLAMP_MILLIAMPERES, "±20 V step at the jack"),
    ]


def simulate(circuit: Circuit, panel: PanelMap, decks: Path | None = None) -> tuple[list[Figure], AudioCurves]:
    """Every figure of the audio path."""
    figures, response = _response(circuit, panel, decks)
    thd, spectrum = distortion(circuit, panel, 1000.0, decks=decks)
    thd_high, _ = distortion(circuit, panel, 6000.0, decks=decks)
    figures += [
        Figure("chain_thd_1_khz_percent", thd * 100, "%", None, 0.01, "10 Vpp, ten harmonics"),
        Figure("chain_thd_6_khz_percent", thd_high * 100, "%", None, 0.01, "10 Vpp, ten harmonics"),
    ]
    return [*figures, *_slew(circuit, panel, decks), *_abuse(circuit, panel, decks)], AudioCurves(response, spectrum)
