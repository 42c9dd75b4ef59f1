"""One transistor stage as a curve: what its collector does with a voltage at its input, from its parts.

Ebers and Moll's equations (1954) with both junctions, so that it cuts off on one side and saturates on the other.
Capacitors that couple and bypass are taken as batteries of their quiescent voltage; what they do to low tones is for
the linear filters around the stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

THERMAL_VOLTS = 25.865e-3
"""At 27 degrees C, as circuit simulators have it."""
HIGHEST_JUNCTION_VOLTS = 1.5
HALVINGS = 46
"""Of some ten volts: what is left is below a picovolt."""


@dataclass(frozen=True)
class Transistor:
    """An NPN's saturation current and its current gains, forward and reverse. A PNP is the same, turned over."""

    saturation_amperes: float
    forward_gain: float
    reverse_gain: float


SILICON_NPN = Transistor(2.5e-14, 300.0, 4.0)
"""About a BC108."""
GERMANIUM = Transistor(2e-6, 90.0, 8.0)
"""About an OC44, turned over."""


@dataclass(frozen=True)
class Stage:
    """Common emitter. Ohms; infinite where a part is not there.

    source: in series with the input; collector: to the supply; feedback: collector to base; upper and lower: base to
    the supply and to ground; emitter: to ground, bypassed for all that is heard.
    """

    transistor: Transistor
    supply_volts: float
    source_ohms: float
    collector_ohms: float
    feedback_ohms: float = np.inf
    upper_ohms: float = np.inf
    lower_ohms: float = np.inf
    emitter_ohms: float = 0.0

    def curve(self, input_volts: Floats) -> Floats:
        """The collector's voltage less its quiescent one, for each voltage at the input: both (n,)."""
        base, collector, emitter = self.quiescent()
        _, moved = self._balanced(np.asarray(input_volts, np.float64) + base, emitter, 1 / self.source_ohms)
        return moved - collector

    def quiescent(self) -> tuple[float, float, float]:
        """Base, collector and emitter with nothing at the input, in volts."""

        def excess(emitter: Floats) -> Floats:
            base, collector = self._balanced(np.zeros(1), emitter, 0.0)
            into_base, into_collector = self._currents(base - emitter, collector - emitter)
            return self.emitter_ohms * (into_base + into_collector) - emitter

        emitter = _root(excess, np.zeros(1), np.full(1, self.supply_volts)) if self.emitter_ohms else np.zeros(1)
        base, collector = self._balanced(np.zeros(1), emitter, 0.0)
        return float(base[0]), float(collector[0]), float(emitter[0])

    def _currents(self, base: Floats, collector: Floats) -> tuple[Floats, Floats]:
        """Into base and collector, amperes, of voltages above the emitter."""
        t = self.transistor
        forward = t.saturation_amperes * np.expm1(base / THERMAL_VOLTS)
        backward = t.saturation_amperes * np.expm1((base - collector) / THERMAL_VOLTS)
        return forward / t.forward_gain + backward / t.reverse_gain, forward - backward * (1 + 1 / t.reverse_gain)

    def _balanced(self, source: Floats, emitter: Floats | float, g_source: float) -> tuple[Floats, Floats]:
        """Base and collector where all currents balance, for each voltage behind the source's resistor: (n,) each."""
        g_feedback, g_upper, g_lower = 1 / self.feedback_ohms, 1 / self.upper_ohms, 1 / self.lower_ohms
        lowest = np.minimum(source, 0.0) - 1.0

        def collector_of(base: Floats) -> Floats:
            def excess(collector: Floats) -> Floats:
                _, into = self._currents(base - emitter, collector - emitter)
                return (self.supply_volts - collector) / self.collector_ohms - g_feedback * (collector - base) - into

            return _root(excess, lowest - 1.0, np.full_like(base, self.supply_volts + 1.0))

        def excess(base: Floats) -> Floats:
            collector = collector_of(base)
            into, _ = self._currents(base - emitter, collector - emitter)
            given = g_source * (source - base) + g_feedback * (collector - base)
            return given + g_upper * (self.supply_volts - base) - g_lower * base - into

        base = _root(excess, lowest, np.asarray(emitter + HIGHEST_JUNCTION_VOLTS + 0 * source))
        return base, collector_of(base)


def _root(excess: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Where a falling function of (n,) numbers is zero, by halving; each number has its own bounds."""
    low, high = low.copy(), high.copy()
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = excess(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2
