"""Where things may lie and how copper may run: the numbers of the board, each with its reason. Millimetres.

Board coordinates are the panel's, moved by PAGE so that KiCad's sheet has a margin; y downwards, seen from the front.

Placement
- Controls, jacks and LEDs stand in front where the panel has its holes; everything else lies on the back.
- The Seed stands on the back, its USB end down, so that the plug meets the board's cut-out and the panel's socket. Its
  codec end is up, away from the USB socket and from its own switching regulator.
- A decoupling capacitor lies within DECOUPLING_MM of its pin (DECOUPLING says which).
- Nodes at op-amp inputs (_SUM, _NODE) pull twice as hard as other nets: they are short. Supplies pull a third as hard.
- What is taller than the Seed's sockets, and every test point, lies beside the Seed, not under it.

Ground: one net, poured on both sides and stitched by a via at every ground pad. Analog and digital ground are not
split: the Seed joins them nowhere itself (its data sheet asks for it), the board joins them under it, and a slit would
only send the return of a line that crosses it round the slit. What keeps them apart is where things lie: CV and audio
run in the lower half, the switched currents (LEDs, gate, mute) return at the Seed's digital end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..circuit.circuit import Circuit
from ..panels.panel_map import PanelMap

PAGE = (50.0, 50.0)
OUTLINE = (1.4, 11.0, 69.4, 117.5)  # in panel coordinates: clear of the rails above and below
PANEL_TO_BOARD_MM = 10.0  # the jacks' and potentiometers' bodies
DECOUPLING_MM = 3.0
PLACE_GAP_MM = 0.25

SEED_PIN_1 = (19.78, 61.2)
SEED_BODY = (18.4, 12.5, 36.4, 63.9)
TALL = re.compile(r"CP_Elec_8x|Test_Point")
HEADER_PIN_1 = (63.0, 18.6)  # its body ends above the pots' tabs, which come through the board
RED_EDGE_WORDS = (57.0, 23.4, 69.0, 25.3)  # room for them on the silk, beside pin 1
MOUNTING_HOLES = ((65.5, 40.5), (4.9, 75.0))  # M3, for spacers of PANEL_TO_BOARD_MM that rest on the panel's back

# Offsets of a panel feature from its footprint's origin, and how the footprint is turned.
FEATURE = {
    "knob": ((7.5, 2.5), 90.0),
    "jack": ((0.0, 6.48), 0.0),
    "button": ((3.25, 2.25), 0.0),
    "led": ((2.54, 0.0), 0.0),
}

VIA_MM, VIA_DRILL_MM = 0.6, 0.3
CLEARANCE_MM = 0.2
EDGE_MM = 0.3


@dataclass(frozen=True)
class NetClass:
    """One kind of net: the width of its tracks, and which nets are in it."""

    name: str
    track_mm: float
    nets: tuple[str, ...]


def net_classes(nets: set[str]) -> tuple[NetClass, ...]:
    """Supplies wide, the rest narrow; ground is mostly pour."""
    supplies = tuple(sorted(net for net in nets if re.match(r"[+-]12V|VIN", net)))
    return (NetClass("Supply", 0.4, supplies), NetClass("Ground", 0.4, ("GND",)))


def signal_track_mm() -> float:
    """The width of every track that is in no class of its own."""
    return 0.25


def usb_cut(panel: PanelMap) -> tuple[float, float, float, float]:
    """The hole in the board for the body of the USB extension's socket, in panel coordinates."""
    x, y = panel.raw["usb"]["x_mm"], panel.raw["usb"]["y_mm"]
    return x - 13.0, y - 5.5, x + 11.5, y + 5.5


# capacitor -> (part, pin) it serves
DECOUPLING = {
    "C501": ("U501", "8"),
    "C502": ("U501", "4"),
    "C601": ("U601", "8"),
    "C602": ("U601", "4"),
    "C202": ("U201", "4"),
    "C201": ("D201", "2"),
    "C801": ("U801", "21"),
    "C802": ("U801", "39"),
    "C211": ("U801", "22"),
    "C221": ("U801", "23"),
    "C231": ("U801", "24"),
    "C241": ("U801", "25"),
}


def pull(net: str) -> float:
    """How hard a net draws its pads together."""
    if net == "GND":
        return 0.0
    if re.match(r"[+-]12V|VIN|3V3|VREF", net):
        return 0.35
    return 2.0 if net.endswith(("_SUM", "_NODE")) else 1.0


def check(circuit: Circuit) -> None:
    """Raises KeyError where a rule names a part that the circuit does not have."""
    parts = {part.ref: part for part in circuit.parts()}
    for capacitor, (part, pin) in DECOUPLING.items():
        if parts[part].nets[pin] not in parts[capacitor].nets.values():
            raise KeyError(f"{capacitor} does not lie on pin {pin} of {part}: hardware/board/rules.py")
