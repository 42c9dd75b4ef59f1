"""What a chain's file may ask of other programs: effects by list, each argument by its grammar.

A chain comes from strangers. SoX and pedalboard have effects that read files, write files and load libraries; none of
those is here, and no argument that could name a file, a library or another effect passes: an argument is a number (or
numbers with commas, colons or a dash between them, and a unit) or one of the effect's own words. What changes the
length of a sound (pad, repeat, speed, trim ...) is left out too: pairs are aligned, and lengths must stay bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gritspace.train.errors import InputError

LARGEST_NUMBER = 100_000.0
"""Of a SoX argument, in its unit: no effect here needs more, and buffers stay bounded."""
MAX_ARGUMENTS = 40
LONGEST_ARGUMENT = 200
"""Characters."""

_SHAPES = ("-s", "-t")
_PHASES = ("-M", "-I", "-L")
_DITHERS = "lipshitz f-weighted modified-e-weighted improved-e-weighted gesemann shibata low-shibata high-shibata"
_LOGARITHMIC = ("sine", "triangle", "linear", "quadratic")

SOX_WORDS: Mapping[str, tuple[str, ...]] = {
    "allpass": (),
    "band": ("-n",),
    "bandpass": ("-c",),
    "bandreject": (),
    "bass": (),
    "bend": ("-f", "-o"),
    "biquad": (),
    "chorus": _SHAPES,
    "compand": ("-inf",),
    "contrast": (),
    "dcshift": (),
    "deemph": (),
    "dither": ("-S", "-s", "-f", "-a", "-p", *_DITHERS.split()),
    "echo": (),
    "echos": (),
    "equalizer": (),
    "flanger": _LOGARITHMIC,
    "gain": ("-e", "-b", "-B", "-r", "-n", "-l", "-h"),
    "highpass": ("-1", "-2"),
    "hilbert": ("-n",),
    "loudness": (),
    "lowpass": ("-1", "-2"),
    "norm": (),
    "oops": (),
    "overdrive": (),
    "phaser": _SHAPES,
    "pitch": ("-q",),
    "reverb": ("-w", "--wet-only"),
    "reverse": (),
    "riaa": (),
    "sinc": ("-a", "-b", "-p", "-t", "-n", *_PHASES),
    "treble": (),
    "tremolo": (),
    "vol": ("amplitude", "power", "dB"),
}
"""SoX's effects that a chain may use, and the words (beside numbers) that each of them knows. Source: SoX's manual."""

_SECONDS_OF_MS = (0.0, 5_000.0)
_HZ = (1.0, 24_000.0)
_UNIT = (0.0, 1.0)
_DB = (-120.0, 120.0)

PEDALBOARD_RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "Bitcrush": {"bit_depth": (0, 32)},
    "BrickwallLimiter": {"ceiling_db": _DB, "release_ms": _SECONDS_OF_MS},
    "Chorus": {
        "rate_hz": (0, 100),
        "depth": _UNIT,
        "centre_delay_ms": (1, 100),
        "feedback": (-1, 1),
        "mix": _UNIT,
    },
    "Clipping": {"threshold_db": _DB},
    "Compressor": {"threshold_db": _DB, "ratio": (1, 1_000), "attack_ms": _SECONDS_OF_MS, "release_ms": _SECONDS_OF_MS},
    "Delay": {"delay_seconds": (0, 10), "feedback": _UNIT, "mix": _UNIT},
    "Distortion": {"drive_db": _DB},
    "GSMFullRateCompressor": {},
    "Gain": {"gain_db": _DB},
    "HighShelfFilter": {"cutoff_frequency_hz": _HZ, "gain_db": _DB, "q": (0.01, 100)},
    "HighpassFilter": {"cutoff_frequency_hz": _HZ},
    "Invert": {},
    "LadderFilter": {"cutoff_hz": _HZ, "resonance": _UNIT, "drive": (1, 1_000)},
    "Limiter": {"threshold_db": _DB, "release_ms": _SECONDS_OF_MS},
    "LowShelfFilter": {"cutoff_frequency_hz": _HZ, "gain_db": _DB, "q": (0.01, 100)},
    "LowpassFilter": {"cutoff_frequency_hz": _HZ},
    "MP3Compressor": {"vbr_quality": (0, 10)},
    "NoiseGate": {"threshold_db": _DB, "ratio": (1, 1_000), "attack_ms": _SECONDS_OF_MS, "release_ms": _SECONDS_OF_MS},
    "PeakFilter": {"cutoff_frequency_hz": _HZ, "gain_db": _DB, "q": (0.01, 100)},
    "Phaser": {
        "rate_hz": (0, 100),
        "depth": _UNIT,
        "centre_frequency_hz": _HZ,
        "feedback": (-1, 1),
        "mix": _UNIT,
    },
    "PitchShift": {"semitones": (-48, 48)},
    "Resample": {"target_sample_rate": (1_000, 192_000)},
    "Reverb": {
        "room_size": _UNIT,
        "damping": _UNIT,
        "wet_level": _UNIT,
        "dry_level": _UNIT,
        "width": _UNIT,
        "freeze_mode": _UNIT,
    },
}
"""pedalboard's effects that a chain may use, with what may be set on each, low to high in the parameter's unit."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,3})?"
_UNITS = r"(?:dB|[kqohsd%])?"
_NUMBERS = re.compile(rf"{_NUMBER}{_UNITS}(?:[,:-]{_NUMBER}{_UNITS})*")
_ONE_NUMBER = re.compile(_NUMBER)
_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")


def refuse_unknown_effect(prefix: str, name: str, known: Mapping[str, object], where: str) -> None:
    """Raises InputError unless the effect stands in the list."""
    if name not in known:
        raise InputError(
            f"{where}: {prefix} has no effect {name!r} that a chain may use; there are {', '.join(sorted(known))}."
        )


def places(argument: str, where: str) -> set[str]:
    """The names in braces. Raises InputError for any other use of braces: formats can hide anything."""
    if set(_PLACE.sub("", argument)) & set("{}"):
        raise InputError(f"{where}: braces hold one name, as in {{gain}}, and nothing else; mend {argument!r}.")
    return set(_PLACE.findall(argument))


def refuse_arguments(name: str, arguments: Sequence[str], where: str) -> None:
    """Raises InputError unless each argument, its {places} filled with any number, is one that the effect may have."""
    if len(arguments) > MAX_ARGUMENTS:
        raise InputError(f"{where}: {len(arguments)} arguments are too many; {MAX_ARGUMENTS} are the most.")
    for one in arguments:
        places(one, where)
        refuse_argument(name, _PLACE.sub("1", one), where)


def refuse_argument(name: str, filled: str, where: str) -> None:
    """Raises InputError unless it is numbers within bounds, or one of the effect's words."""
    if filled in SOX_WORDS[name]:
        return
    if len(filled) > LONGEST_ARGUMENT or not _NUMBERS.fullmatch(filled):
        words = ", ".join(SOX_WORDS[name])
        raise InputError(
            f"{where}: sox.{name} may have numbers as arguments{f' and the words {words}' if words else ''}, "
            f"and not {filled[:40]!r}."
        )
    for number in _ONE_NUMBER.findall(filled):
        if abs(float(number)) > LARGEST_NUMBER:
            raise InputError(f"{where}: {number} is too large for sox.{name}; {LARGEST_NUMBER:g} is the most.")


def filled_in(name: str, arguments: Sequence[str], values: Mapping[str, float], where: str) -> list[str]:
    """The arguments with values in their places. Raises InputError if one is then no argument of the effect."""
    done = [_PLACE.sub(lambda place: f"{values[place[1]]:.9g}", one) for one in arguments]
    for one in done:
        refuse_argument(name, one, where)
    return done


def range_of(name: str, parameter: str, where: str) -> tuple[float, float]:
    """(low, high) of a pedalboard effect's parameter. Raises InputError if it has none of that name."""
    known = PEDALBOARD_RANGES[name]
    if parameter not in known:
        there = ", ".join(sorted(known)) or "none"
        raise InputError(f"{where}: pedalboard.{name} has no parameter {parameter!r}; there are {there}.")
    return known[parameter]


def refuse_outside(name: str, parameter: str, value: float, where: str) -> None:
    """Raises InputError if a pedalboard effect has no such parameter, or the value is outside of its range."""
    low, high = range_of(name, parameter, where)
    if not low <= value <= high:
        raise InputError(f"{where}: {parameter} is {value:g}, and must lie from {low:g} to {high:g}.")
