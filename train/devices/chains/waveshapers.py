"""Memoryless effects: every output sample is a function of one input sample. All are 0 at 0: silence stays silence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gritspace.train.devices.chains.effect import Effect, Floats, Parameter, decibels

DRIVE = Parameter("drive_db", 0.0, 40.0, 20.0, "dB")
Values = Mapping[str, Floats]


def soft_clip(x: Floats, values: Values, rate: float) -> Floats:
    """tanh(g x)."""
    return np.tanh(decibels(values["drive_db"]) * x)


def hard_clip(x: Floats, values: Values, rate: float) -> Floats:
    """g x, cut at 1."""
    return np.clip(decibels(values["drive_db"]) * x, -1, 1)


def cubic_clip(x: Floats, values: Values, rate: float) -> Floats:
    """1.5 u - 0.5 u^3 of u = g x cut at 1: one third harmonic, until it saturates."""
    u = np.clip(decibels(values["drive_db"]) * x, -1, 1)
    return 1.5 * u - 0.5 * u**3


def exponential_clip(x: Floats, values: Values, rate: float) -> Floats:
    """sign(x) (1 - exp(-|g x|)): bent from the start, as germanium is (Zolzer, DAFX, 2011, section 4.3.2)."""
    return np.sign(x) * -np.expm1(-np.abs(decibels(values["drive_db"]) * x))


def asymmetric_clip(x: Floats, values: Values, rate: float) -> Floats:
    """tanh(g x + b) - tanh(b)."""
    return np.tanh(decibels(values["drive_db"]) * x + values["bias"]) - np.tanh(values["bias"])


def tube(x: Floats, values: Values, rate: float) -> Floats:
    """(u - q) / (1 - exp(-h (u - q))) + q / (1 - exp(h q)), u = g x: soft below the work point q, straight above.

    Source: Bendiksen's tube model, Zolzer, DAFX, 2011, section 4.3.3. tanh limits the upper side.
    """
    u, q, hardness = np.tanh(decibels(values["drive_db"]) * x), values["work_point"], values["hardness"]

    def bent(v: Floats) -> Floats:
        product = np.clip(hardness * v, -500, 500)
        small = np.abs(product) < 1e-6
        return np.where(small, 1 / hardness + v / 2, v / -np.expm1(-np.where(small, 1.0, product)))

    return bent(u - q) - bent(-q)


def fuzz(x: Floats, values: Values, rate: float) -> Floats:
    """A starved transistor: nothing below a threshold, then nearly a square wave, lopsided."""
    driven = decibels(values["drive_db"]) * x
    above = np.sign(driven) * np.maximum(np.abs(driven) - values["starve"], 0)
    return np.where(above > 0, np.tanh(above), np.tanh(above * (1 - 0.7 * values["lopsided"])))


def fold(x: Floats, values: Values, rate: float) -> Floats:
    """sin(pi/2 (g x + o)) - sin(pi/2 o): at large drive a frequency modulation by the input."""
    angle = np.pi / 2 * (decibels(values["drive_db"]) * x + values["offset"])
    return np.sin(angle) - np.sin(np.pi / 2 * values["offset"])


def triangle_fold(x: Floats, values: Values, rate: float) -> Floats:
    """g x, reflected at 1 and -1."""
    return 1 - np.abs((decibels(values["drive_db"]) * x + 1) % 4 - 2)


def rectify(x: Floats, values: Values, rate: float) -> Floats:
    """From x (0) over its upper half (0.5) to |x| (1)."""
    return (1 - values["amount"]) * x + values["amount"] * np.abs(x)


def crossover(x: Floats, values: Values, rate: float) -> Floats:
    """Nothing within +-width: a push-pull stage without bias."""
    return np.sign(x) * np.maximum(np.abs(x) - values["width"], 0)


def harmonic(x: Floats, values: Values, rate: float) -> Floats:
    """x + amount * T_n(x), the Chebyshev polynomial that turns a full-scale sine into its nth harmonic alone."""
    u, order = np.clip(x, -1, 1), np.round(values["order"])
    at_zero = np.cos(order * np.pi / 2)
    return x + values["amount"] * (np.cos(order * np.arccos(u)) - at_zero)


WAVESHAPERS = (
    Effect("soft_clip", (DRIVE,), "odd harmonics, each much weaker than the last", soft_clip),
    Effect("hard_clip", (DRIVE,), "odd harmonics up to the highest, from a threshold on", hard_clip),
    Effect("cubic_clip", (DRIVE,), "a third harmonic alone, until it saturates", cubic_clip),
    Effect("exponential_clip", (DRIVE,), "odd harmonics at every level, soft ones too", exponential_clip),
    Effect(
        "asymmetric_clip",
        (DRIVE, Parameter("bias", 0.0, 2.0, 0.5)),
        "even harmonics beside the odd ones, more with bias",
        asymmetric_clip,
    ),
    Effect(
        "tube",
        (DRIVE, Parameter("work_point", -0.5, -0.01, -0.2), Parameter("hardness", 2.0, 30.0, 8.0, "", True)),
        "second harmonic first, then all; one half wave is squashed",
        tube,
    ),
    Effect(
        "fuzz",
        (
            Parameter("drive_db", 0.0, 60.0, 40.0, "dB"),
            Parameter("starve", 0.0, 0.5, 0.1),
            Parameter("lopsided", 0.0, 1.0, 0.5),
        ),
        "nearly a square or pulse wave; soft notes are torn off",
        fuzz,
    ),
    Effect(
        "fold",
        (Parameter("drive_db", 0.0, 30.0, 15.0, "dB"), Parameter("offset", 0.0, 1.0, 0.0)),
        "side bands that wander up with the level, as in frequency modulation; even ones with offset",
        fold,
    ),
    Effect(
        "triangle_fold",
        (Parameter("drive_db", 0.0, 30.0, 15.0, "dB"),),
        "odd harmonics that rise with the level, brighter than fold",
        triangle_fold,
    ),
    Effect(
        "rectify",
        (Parameter("amount", 0.0, 1.0, 0.5),),
        "even harmonics and, at 1, no fundamental: an octave up",
        rectify,
    ),
    Effect("crossover", (Parameter("width", 0.0, 0.3, 0.05),), "odd harmonics, most in soft notes", crossover),
    Effect(
        "harmonic",
        (Parameter("order", 2.0, 9.0, 3.0), Parameter("amount", 0.0, 1.0, 0.5)),
        "one harmonic of a full-scale sine, of a chosen order",
        harmonic,
    ),
)
