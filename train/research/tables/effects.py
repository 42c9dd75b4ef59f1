"""What each effect of the catalogue does to a sine: harmonics, symmetry, and what aliases."""

from __future__ import annotations

import numpy as np

from gritspace.train.audio import oversampling
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.chains.effect import Effect, Floats
from gritspace.train.devices.chains.effect_catalogue import EFFECTS
from gritspace.train.devices.chains.effect_chain import Chain, Link
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.table import Cell, Table
from gritspace.train.space.attributes import even_over_odd_db, total_harmonic_distortion

FRAMES = 24_000
LOW_HZ, HIGH_HZ = 220.0, 4_186.0
ALIAS_LIMIT_HZ = 20_000


def sine(hz: float, peak: float = 0.25) -> Floats:
    """(1, frames): half a second to settle, then FRAMES with whole cycles of hz."""
    return peak * np.sin(2 * np.pi * hz * np.arange(2 * FRAMES) / SAMPLE_RATE)[None]


def default_chain(effect: Effect) -> Chain:
    """The effect alone, its parameters at their defaults."""
    return Chain(effect.name, (Link(effect.name, {p.name: p.default for p in effect.parameters}, effect),))


def inharmonic_db(audio: Floats, hz: float) -> float:
    """Power below 20 kHz that is at no multiple of hz, over that which is, in dB; audio (FRAMES,)."""
    power = np.abs(np.fft.rfft(audio)) ** 2
    cycles = round(hz * len(audio) / SAMPLE_RATE)
    power = power[: ALIAS_LIMIT_HZ * len(audio) // SAMPLE_RATE]
    harmonics = power[cycles::cycles].sum()
    return float(10 * np.log10((power[1:].sum() - harmonics + 1e-20) / (harmonics + 1e-20)))


def without_oversampling(effect: Effect, dry: Floats) -> Floats:
    """What the effect would give at 48 kHz, above 20 kHz and all."""
    values = {p.name: np.full((1, 1), p.default) for p in effect.parameters}
    return effect.process(dry, values, float(SAMPLE_RATE))


def effects(bench: Bench) -> Table:
    """One row an effect."""
    rows: list[list[Cell]] = []
    worst = -200.0
    for effect in EFFECTS.values():
        chain = default_chain(effect)
        nothing = np.zeros((1, 0), np.float32)
        wet = [
            chain.render(sine(hz).astype(np.float32), nothing)[0, FRAMES:].astype(np.float64)
            for hz in (LOW_HZ, HIGH_HZ)
        ]
        naive = without_oversampling(effect, sine(HIGH_HZ))[0, FRAMES:]
        aliased = inharmonic_db(wet[1], HIGH_HZ)
        if effect.oversampling == 8:
            worst = max(worst, aliased)
        rows.append(
            [
                effect.name,
                ", ".join(f"{p.name} {p.low:g}..{p.high:g}{' ' + p.unit if p.unit else ''}" for p in effect.parameters),
                effect.spectrum,
                100 * total_harmonic_distortion(wet[0], LOW_HZ),
                even_over_odd_db(wet[0], LOW_HZ),
                aliased,
                inharmonic_db(naive, HIGH_HZ),
            ]
        )
    return Table(
        "effects",
        "What does each effect do to the spectrum, and how much of it aliases?",
        [
            "effect",
            "parameters",
            "what it does",
            "THD %, 220 Hz",
            "even over odd, dB",
            "inharmonic, 4186 Hz, dB",
            "the same without oversampling",
        ],
        rows,
        {"effects": len(rows), "worst_inharmonic_db_at_8_times": worst, "filter_taps": len(oversampling.low_pass(8))},
    )
