"""From the netlist to SPICE: the same parts, the same values, for the references a simulation names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..circuit.circuit import Circuit, Placed
from ..circuit.quantities import parse
from .models import library

# Units of an op-amp package: (output, inverting, non-inverting), then positive and negative supply.
_OP_AMP_UNITS = {
    "cv_op_amp": ((("1", "2", "3"), ("7", "6", "5"), ("8", "9", "10"), ("14", "13", "12")), "4", "11", "mcp6004"),
    "audio_op_amp": ((("1", "2", "3"), ("7", "6", "5")), "8", "4", "opa1678"),
}

# A resettable fuse cold, and an electrolytic capacitor's series resistance: Bourns MF-MSMF R(min), Panasonic FK.
FUSE_OHM = {"fuse_500m": 0.15, "fuse_200m": 0.4}
BULK_ESR_OHM = 0.3


def node(net: str) -> str:
    """A net's name as SPICE takes it: lower case, ground is 0."""
    if net == "GND":
        return "0"
    return "n_" + net.lower().replace("+", "p").replace("-", "m")


def _pins(part: Placed, *numbers: str) -> str:
    nodes = []
    for number in numbers:
        net = part.nets[number]
        nodes.append(node(net) if net is not None else f"open_{part.ref.lower()}_{number.lower()}")
    return " ".join(nodes)


def _resistor(part: Placed) -> list[str]:
    return [f"R{part.ref} {_pins(part, '1', '2')} {parse(part.value):.6g}"]


def _capacitor(part: Placed) -> list[str]:
    if "electrolytic" in part.item.description:
        first, second = _pins(part, "1", "2").split()
        inner = f"esr_{part.ref.lower()}"
        return [
            f"R{part.ref}esr {first} {inner} {BULK_ESR_OHM}",
            f"C{part.ref} {inner} {second} {parse(part.value):.6g}",
        ]
    return [f"C{part.ref} {_pins(part, '1', '2')} {parse(part.value):.6g}"]


def _op_amp(part: Placed) -> list[str]:
    units, positive, negative, model = _OP_AMP_UNITS[part.kind]
    lines = []
    for index, (output, inverting, other) in enumerate(units):
        supplies = _pins(part, positive, negative)
        lines.append(
            f"X{part.ref}{'abcd'[index]} {_pins(part, other, inverting)} {supplies} {_pins(part, output)} 0 {model}"
        )
    return lines


def _potentiometer(part: Placed) -> list[str]:
    low, wiper, high = _pins(part, "1", "2", "3").split()
    half = parse(part.value) / 2
    return [f"R{part.ref}lo {low} {wiper} {half:.6g}", f"R{part.ref}hi {wiper} {high} {half:.6g}"]


def _nothing(part: Placed) -> list[str]:
    return []


_TEMPLATES: Mapping[str, Callable[[Placed], list[str]]] = {
    "resistor": _resistor,
    "capacitor": _capacitor,
    "cv_op_amp": _op_amp,
    "audio_op_amp": _op_amp,
    "potentiometer": _potentiometer,
    "fuse_500m": lambda part: [f"R{part.ref} {_pins(part, '1', '2')} {FUSE_OHM[part.kind]}"],
    "fuse_200m": lambda part: [f"R{part.ref} {_pins(part, '1', '2')} {FUSE_OHM[part.kind]}"],
    "schottky": lambda part: [f"D{part.ref} {_pins(part, '2', '1')} d1n5819"],
    "signal_diode": lambda part: [f"D{part.ref} {_pins(part, '2', '1')} d1n4148"],
    "clamp_pair": lambda part: [
        f"D{part.ref}l {_pins(part, '1', '3')} dbat54",
        f"D{part.ref}h {_pins(part, '3', '2')} dbat54",
    ],
    "npn": lambda part: [f"Q{part.ref} {_pins(part, '3', '1', '2')} q3904"],
    "reference_2v5": lambda part: [f"X{part.ref} {_pins(part, '1', '2')} lm4040_2v5"],
    "ferrite": lambda part: [
        f"R{part.ref}dc {_pins(part, '1')} {part.ref.lower()}_m 0.08",
        f"L{part.ref} {part.ref.lower()}_m {_pins(part, '2')} 1u",
        f"R{part.ref}ac {part.ref.lower()}_m {_pins(part, '2')} 600",
    ],
    "pnp": lambda part: [f"Q{part.ref} {_pins(part, '3', '1', '2')} q3906"],
    "n_mosfet": lambda part: [f"X{part.ref} {_pins(part, '3', '1', '2')} n7002k"],
    "zener_8v2": lambda part: [f"D{part.ref} {_pins(part, '2', '1')} dz8v2"],
    "suppressor": lambda part: [f"X{part.ref} {_pins(part, '1', '2')} tvs24"],
    "led": lambda part: [f"D{part.ref}r {_pins(part, '1', '2')} dledr", f"D{part.ref}g {_pins(part, '3', '2')} dledg"],
    # Plugs, sockets and the button connect nothing by themselves: the testbench does.
    "jack": _nothing,
    "button": _nothing,
    "power_header": _nothing,
    "seed": _nothing,
    "test_point": _nothing,
}


def elements(circuit: Circuit, stages: Iterable[str], without: Iterable[str] = ()) -> list[str]:
    """SPICE lines of every part of these stages, except the references in `without`."""
    stages, without = tuple(stages), tuple(without)
    lines: list[str] = []
    for part in circuit.parts():
        if part.stage in stages and part.ref not in without:
            lines += _TEMPLATES[part.kind](part)
    return lines


def deck(title: str, lines: Iterable[str], control: Iterable[str]) -> str:
    """A whole deck: models, circuit, and the commands that run it."""
    body = [
        f"* {title}",
        library(),
        ".options noacct",
        *lines,
        ".control",
        "set wr_singlescale",
        "set numdgt=12",
        *control,
        "quit",
        ".endc",
        ".end",
    ]
    return "\n".join(body) + "\n"
