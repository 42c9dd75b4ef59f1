"""Linear circuits from their parts: resistors, capacitors and ideal op-amps -> a transfer function -> a filter.

Modified nodal analysis (Ho, Ruehli and Brennan, 1975): (G + sC) x = b. Numerator and denominator are determinants,
polynomials in s, found by evaluating them around a circle and a Fourier transform.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CIRCLE_RAD_PER_S = 2 * np.pi * 1000.0  # where audio circuits have their corners, so that the coefficients are of a size


class Netlist:
    """Parts between named nodes. `gnd` is ground, `in` is driven by an ideal source."""

    def __init__(self) -> None:
        self.resistors: list[tuple[str, str, float]] = []
        self.capacitors: list[tuple[str, str, float]] = []
        self.opamps: list[tuple[str, str, str]] = []

    def resistor(self, a: str, b: str, ohms: float) -> Netlist:
        """Ohms above zero."""
        self.resistors.append((a, b, ohms))
        return self

    def capacitor(self, a: str, b: str, farads: float) -> Netlist:
        """Farads above zero."""
        self.capacitors.append((a, b, farads))
        return self

    def opamp(self, plus: str, minus: str, out: str) -> Netlist:
        """Ideal: no difference between its inputs, any output."""
        self.opamps.append((plus, minus, out))
        return self

    def transfer(self, output: str) -> tuple[Floats, Floats]:
        """(numerator, denominator) of V(output) / V(in) in s / CIRCLE_RAD_PER_S, highest power first.

        >>> low_pass = Netlist().resistor("in", "out", 1000.0).capacitor("out", "gnd", 100e-9)
        >>> numerator, denominator = low_pass.transfer("out")
        >>> round(denominator[1] / denominator[0] * CIRCLE_RAD_PER_S)  # 1 / RC, in radians a second
        10000
        """
        degree = len(self.capacitors)
        points = np.exp(2j * np.pi * np.arange(degree + 1) / (degree + 1))
        denominator, numerator = np.zeros_like(points), np.zeros_like(points)
        for i, s in enumerate(points):
            matrix, source, column = self._equations(s * CIRCLE_RAD_PER_S, output)
            denominator[i] = np.linalg.det(matrix)
            matrix[:, column] = source
            numerator[i] = np.linalg.det(matrix)
        b, a = (np.fft.fft(values).real[::-1] / (degree + 1) for values in (numerator, denominator))
        largest = np.abs(a).max()
        keep = int(np.argmax(np.abs(a) > 1e-12 * largest))
        return b[keep:] / a[keep], a[keep:] / a[keep]

    def _equations(self, s: complex, output: str) -> tuple[NDArray[np.complex128], NDArray[np.complex128], int]:
        parts = [(a, b, 1e3 / ohms) for a, b, ohms in self.resistors]  # in millisiemens
        admittances = parts + [(a, b, 1e3 * s * farads) for a, b, farads in self.capacitors]
        names = {n for a, b, _ in admittances for n in (a, b)} | {n for part in self.opamps for n in part}
        nodes = {name: i for i, name in enumerate(sorted(names - {"gnd"}))}
        size = len(nodes) + 1 + len(self.opamps)
        matrix, source = np.zeros((size, size), complex), np.zeros(size, complex)
        for a, b, admittance in admittances:
            for one, other in ((a, b), (b, a)):
                if one != "gnd":
                    matrix[nodes[one], nodes[one]] += admittance
                    if other != "gnd":
                        matrix[nodes[one], nodes[other]] -= admittance
        row = len(nodes)
        matrix[nodes["in"], row] = matrix[row, nodes["in"]] = source[row] = 1
        for i, (plus, minus, out) in enumerate(self.opamps):
            for node, sign in ((plus, 1), (minus, -1)):
                if node != "gnd":
                    matrix[row + 1 + i, nodes[node]] += sign
            matrix[nodes[out], row + 1 + i] = 1
        return matrix, source, nodes[output]


def response(transfer: tuple[Floats, Floats], hz: NDArray[np.floating]) -> NDArray[np.complex128]:
    """A transfer function's value at some frequencies."""
    s = 2j * np.pi * np.asarray(hz) / CIRCLE_RAD_PER_S
    return np.asarray(np.polyval(transfer[0], s) / np.polyval(transfer[1], s))


def filtered(audio: Floats, transfer: tuple[Floats, Floats], rate: float) -> Floats:
    """audio (..., frames) through an analogue transfer function, by the bilinear transform at `rate`, from rest."""
    from scipy.signal import bilinear, lfilter

    b, a = bilinear(*transfer, fs=rate / CIRCLE_RAD_PER_S)
    return np.asarray(lfilter(b, a, audio, axis=-1))


def times(*transfers: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Stages one after the other that do not load one another."""
    b, a = np.ones(1), np.ones(1)
    for numerator, denominator in transfers:
        b, a = np.polymul(b, numerator), np.polymul(a, denominator)
    return b, a
