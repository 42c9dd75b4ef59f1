"""Power: Doepfer's 10-pin header to +12 V and -12 V for the op-amps, and a linear +5 V for the Seed.

Each rail: resettable fuse, series Schottky diode (a reversed cable finds it blocking), then 22 uF behind a resistor
that limits the inrush and, with the capacitor, keeps the Seed's noise off the op-amps. The Seed has a branch and a
regulator of its own. Linear rather than switching: 1 W of heat, and no switching residue beside a gain-of-five audio
stage.
"""

from __future__ import annotations

from ..circuit import Circuit

# Doepfer A-100 bus: pins 1 and 2 (the ribbon's red edge) carry -12 V, 9 and 10 carry +12 V, the rest is ground.
HEADER_PINS = {
    "1": "-12V_IN",
    "2": "-12V_IN",
    **{str(pin): "GND" for pin in range(3, 9)},
    "9": "+12V_IN",
    "10": "+12V_IN",
}
REGULATOR_SERIES_OHM = "4.7"
ANALOG_SERIES_OHM = "10"


def build(circuit: Circuit) -> None:
    """Places the supply."""
    circuit.part("J101", "power_header", "Doepfer 10-pin", HEADER_PINS)
    circuit.part("F101", "fuse_500m", "0.5A", {"1": "+12V_IN", "2": "+12V_F"})
    circuit.part("D101", "schottky", "1N5819", {"1": "+12V_PROT", "2": "+12V_F"})
    circuit.part("F102", "fuse_200m", "0.2A", {"1": "-12V_IN", "2": "-12V_F"})
    circuit.part("D102", "schottky", "1N5819", {"1": "-12V_F", "2": "-12V_PROT"})

    circuit.resistor("R101", ANALOG_SERIES_OHM, "+12V_PROT", "+12V", "1206")
    circuit.bulk("C101", "+12V", "GND")
    circuit.capacitor("C102", "100n", "+12V", "GND")
    circuit.resistor("R102", ANALOG_SERIES_OHM, "-12V_PROT", "-12V", "1206")
    circuit.bulk("C103", "GND", "-12V")
    circuit.capacitor("C104", "100n", "-12V", "GND")

    circuit.resistor("R103", REGULATOR_SERIES_OHM, "+12V_PROT", "+12V_REG", "1206")
    circuit.bulk("C105", "+12V_REG", "GND")
    circuit.capacitor("C106", "100n", "+12V_REG", "GND")
    circuit.part("U101", "regulator_5v", "7805", {"1": "+12V_REG", "2": "GND", "3": "+5V"})
    circuit.bulk("C107", "+5V", "GND")
    circuit.capacitor("C108", "100n", "+5V", "GND")
