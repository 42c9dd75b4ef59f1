"""Values as people write them: 30.1k, 3.3n, 10u, and the codes manufacturers put into part numbers."""

from __future__ import annotations

import re

_PREFIX = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}


def parse(text: str) -> float:
    """The number in SI units of a value such as "30.1k" or "3.3n". Raises ValueError with the text otherwise."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([pnumkM]?)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a value such as 30.1k or 3.3n")
    return float(match[1]) * _PREFIX[match[2]]


def resistor_code(text: str, marker_for_ohms: str = "R") -> str:
    """The code of IEC 60062 as Yageo writes it: 30.1k -> 30K1, 470 -> 470R, 4.7 -> 4R7, 100k -> 100K."""
    match = re.fullmatch(r"([0-9]+)(?:\.([0-9]+))?([kM]?)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a resistance such as 30.1k")
    return f"{match[1]}{match[3].upper() or marker_for_ohms}{match[2] or ''}"


def vishay_code(text: str) -> str:
    """Vishay's four characters for 1 %: 100k -> 100K, 30.1k -> 30K1, 1k -> 1K00, 10k -> 10K0, 470 -> 470R."""
    code = resistor_code(text)
    return code if len(code) >= 4 else code.ljust(4, "0")


def capacitor_code(text: str) -> str:
    """Three digits in picofarads: 3.3n -> 332, 100n -> 104, 220p -> 221, 10u -> 106."""
    picofarads = round(parse(text) * 1e12)
    digits = str(picofarads)
    if len(digits) < 2:
        raise ValueError(f"{text!r} is below 10 pF")
    return f"{digits[:2]}{len(digits) - 2}"
