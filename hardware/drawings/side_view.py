"""The module from the side, to scale, with the depth behind the panel and the distance from panel to board."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ..panels.panel_map import JACK_KINDS, PanelMap

BOARD_MM = 1.6
# Heights over the board, from the makers' drawings; nothing of it has been measured on a part in the hand.
SEED_SOCKET_MM = 8.5  # Samtec SSW-1xx-01: the insulator
SEED_BOARD_MM = 1.6 + 2.5  # the Seed and its pins' collar, then its board
SEED_PARTS_MM = 3.2  # its micro-USB socket and buttons stand highest
HEADER_MM = 9.1  # Wuerth 61201021621, with a plug on: PLUG_MM
PLUG_MM = 12.0
BULK_MM = 10.2  # 220 uF
CABLE_MM = 40.0  # USB extension with its plug in the Seed: turns within the cut-out
KNOB_MM, KNOB_LIFT_MM = 14.0, 1.0  # a cap, and its distance from the panel
JACK_NUT_MM = 2.0


@dataclass(frozen=True)
class Depths:
    """Millimetres behind the panel's back."""

    board_front: float
    board_back: float
    seed: float
    plug: float
    cable: float

    @property
    def deepest(self) -> float:
        """What a case must give, the ribbon's plug in."""
        return max(self.seed, self.plug)


def depths(panel_to_board_mm: float) -> Depths:
    """From the board's own numbers and the heights above."""
    back = panel_to_board_mm + BOARD_MM
    return Depths(
        panel_to_board_mm, back, back + SEED_SOCKET_MM + SEED_BOARD_MM + SEED_PARTS_MM, back + PLUG_MM, CABLE_MM
    )


def svg(panel: PanelMap, panel_to_board_mm: float, outline: tuple[float, float, float, float],
        seed: tuple[float, float], header_y: float) -> str:  # fmt: skip
    """The drawing: the panel at the left edge, depth to the right, one unit a millimetre.

    outline: the board's x0, y0, x1, y1; seed: the Seed's first and last y; header_y: the power header's middle.
    """
    deep = depths(panel_to_board_mm)
    thick, height = panel.raw["module"]["thickness_mm"], panel.raw["module"]["height_mm"]
    left, top = 24.0, 12.0
    parts: list[str] = []

    def box(x: float, y: float, width: float, high: float, fill: str) -> None:
        parts.append(
            f'<rect x="{left + x:.2f}" y="{top + y:.2f}" width="{width:.2f}" height="{high:.2f}" fill="{fill}" '
            'stroke="#222" stroke-width="0.2"/>'
        )

    def words(x: float, y: float, text: str, anchor: str = "middle") -> None:
        parts.append(
            f'<text x="{left + x:.2f}" y="{top + y:.2f}" font-family="sans-serif" font-size="2.8" '
            f'text-anchor="{anchor}">{escape(text)}</text>'
        )

    def measure(x0: float, x1: float, y: float, text: str) -> None:
        a, b = left + x0, left + x1
        parts.append(
            f'<path d="M{a:.2f} {top + y - 1.5:.2f}v3M{b:.2f} {top + y - 1.5:.2f}v3M{a:.2f} {top + y:.2f}H{b:.2f}" '
            'stroke="#b00020" stroke-width="0.25" fill="none"/>'
        )
        words(x1 + 1.5, y + 1.0, text, "start")

    box(-thick, 0, thick, height, "#16181b")
    box(deep.board_front, outline[1], BOARD_MM, outline[3] - outline[1], "#2f6b3a")
    for knob in panel.of_kind("knob"):
        box(-thick - KNOB_LIFT_MM - KNOB_MM, knob.y_mm - 5.5, KNOB_MM, 11.0, "#555")
        box(0, knob.y_mm - 5.0, deep.board_front, 10.0, "#bbb")
    for kind in JACK_KINDS:
        for jack in panel.of_kind(kind):
            box(-thick - JACK_NUT_MM, jack.y_mm - 4.0, JACK_NUT_MM, 8.0, "#999")
            box(0, jack.y_mm - 4.5, deep.board_front, 9.0, "#ddd")
    box(deep.board_back, seed[0], SEED_SOCKET_MM, seed[1] - seed[0], "#333")
    box(deep.board_back + SEED_SOCKET_MM, seed[0], SEED_BOARD_MM, seed[1] - seed[0], "#3b5b8c")
    box(deep.board_back + SEED_SOCKET_MM + SEED_BOARD_MM, seed[1] - 6, SEED_PARTS_MM, 6, "#999")
    box(deep.board_back, header_y - 4.4, HEADER_MM, 8.8, "#222")
    box(deep.board_back + 3, header_y - 3.4, PLUG_MM - 3, 6.8, "#666")
    usb = panel.raw["usb"]["y_mm"]
    box(0, usb - 5.5, deep.cable, 11.0, "none")
    words(deep.cable - 1, usb + 0.9, "USB cable and plug", "end")
    measure(0, deep.board_front, height + 4, f"{deep.board_front:.1f}")
    measure(0, deep.seed, height + 10, f"{deep.seed:.1f} with the Seed")
    measure(0, deep.plug, height + 16, f"{deep.plug:.1f} with the ribbon")
    measure(0, deep.cable, height + 22, f"{deep.cable:.1f} where the USB cable turns")
    measure(-thick - KNOB_LIFT_MM - KNOB_MM, 0, -3.5, f"{thick + KNOB_LIFT_MM + KNOB_MM:.1f} knobs")
    wide, high = left + deep.cable + 50, top + height + 28
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}mm" height="{high}mm" viewBox="0 0 {wide} {high}">'
        f'<rect width="{wide}" height="{high}" fill="#fff"/>'
    )
    return "\n".join([head, *parts, "</svg>", ""])
