"""Power: Doepfer's 10-pin header to +12 V and -12 V for the op-amps, and a filtered 12 V branch for the Seed.

Each rail: resettable fuse, series Schottky diode (a reversed cable finds it blocking), then 22 uF behind a resistor
that limits the inrush and, with the capacitor, keeps the Seed's noise off the op-amps. Across a fuse that has tripped
can stand 24 V (a cable shifted by a pair), so both fuses are rated 30 V.

-12 V reaches the op-amps only once +12 V is there: with -12 V alone their outputs hang near a volt, and nothing has the
voltage to short them. Q101 conducts when the two rails are more than two Zener diodes apart (16.4 V: +12 V above some
6 V), and its gate's capacitor makes it slow, so that 22 uF do not fill at once through it.

The Seed takes 4 to 17 V at VIN and makes its own 5 V and 3.3 V by a switching regulator. It gets the rail itself, as in
Electrosmith's own modules: half the current of a linear 5 V regulator and none of its 0.94 W. Its branch is a filter
both ways: 10 ohm and 220 uF (72 Hz) for what the processor's load draws at the rate of the audio blocks, a ferrite bead
for what its regulator switches at megahertz.
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
SEED_SERIES_OHM = "10"
ANALOG_SERIES_OHM = "10"
GATE_OHM, OFF_OHM, GATE_FARAD = "10k", "100k", "100n"


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
    circuit.part("D103", "zener_8v2", "8.2V", {"1": "+12V_PROT", "2": "LATE_MIDDLE"})
    circuit.part("D104", "zener_8v2", "8.2V", {"1": "LATE_MIDDLE", "2": "LATE_DRIVE"})
    circuit.resistor("R104", GATE_OHM, "LATE_DRIVE", "LATE_GATE")
    circuit.resistor("R105", OFF_OHM, "LATE_GATE", "-12V_PROT")
    circuit.capacitor("C108", GATE_FARAD, "LATE_GATE", "-12V_PROT")
    circuit.part("Q101", "n_mosfet", "2N7002K", {"1": "LATE_GATE", "2": "-12V_PROT", "3": "-12V_SW"})
    circuit.resistor("R102", ANALOG_SERIES_OHM, "-12V_SW", "-12V", "1206")
    circuit.bulk("C103", "GND", "-12V")
    circuit.capacitor("C104", "100n", "-12V", "GND")

    circuit.resistor("R103", SEED_SERIES_OHM, "+12V_PROT", "VIN_FILTER", "1206")
    circuit.bulk("C105", "VIN_FILTER", "GND", "bulk_220u")
    circuit.capacitor("C106", "100n", "VIN_FILTER", "GND")
    circuit.part("FB101", "ferrite", "600R", {"1": "VIN_FILTER", "2": "VIN"})
    circuit.bulk("C107", "VIN", "GND")

    for number, net in enumerate(("+12V", "-12V", "VIN", "GND"), 101):
        circuit.test_point(f"TP{number}", net)
