"""The circuit under construction: stage files place parts on named nets, SKiDL holds and checks them."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from . import catalogue
from .catalogue import Item

SYMBOLS = Path(os.environ.get("KICAD_SYMBOLS", "/usr/share/kicad/symbols"))


class MissingSymbols(RuntimeError):
    """SKiDL or KiCad's symbol libraries are not installed; the message says how to get them."""


def _skidl() -> Any:
    """SKiDL, with KiCad 6 symbols and without its log files."""
    if not (SYMBOLS / "Device.kicad_sym").exists():
        raise MissingSymbols(f"No KiCad symbols in {SYMBOLS}: install them (apt-get install kicad-symbols).")
    for variable in ("KICAD_SYMBOL_DIR", *(f"KICAD{version}_SYMBOL_DIR" for version in (6, 7, 8, 9, 10))):
        os.environ.setdefault(variable, str(SYMBOLS))
    # On import SKiDL complains of footprint tables that only a KiCad installation of a user's own has.
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            import skidl
        except ImportError as missing:
            raise MissingSymbols("SKiDL is not installed: install it (pip install skidl==3.0.0).") from missing

    skidl.set_default_tool(skidl.KICAD6)
    # Not SKiDL's own list: it has the current folder in it, and SKiDL searches that with all its subfolders.
    skidl.lib_search_paths[skidl.KICAD6] = [str(SYMBOLS)]
    for log in (skidl.logger.active_logger, skidl.erc_logger):
        log.stop_file_output()
        for handler in getattr(log, "handlers", []):
            if isinstance(handler, logging.StreamHandler):
                handler.setLevel(logging.CRITICAL)
    return skidl


@dataclass(frozen=True)
class Placed:
    """A part as the netlist has it: nets by pin number, in the symbol's pin order; None where not connected."""

    ref: str
    kind: str
    stage: str
    value: str
    nets: Mapping[str, str | None]
    item: Item


POWER_NETS = (
    "GND",
    "+12V_IN",
    "-12V_IN",
    "+12V_PROT",
    "-12V_PROT",
    "-12V_SW",
    "+12V",
    "-12V",
    "VIN_FILTER",
    "VIN",
    "3V3_A",
    "3V3_D",
)


@cache
def _library_of(known: str, symbol: str) -> str:
    """The library that has a symbol, where `known` is KiCad 6's: later ones moved some by what a library is about."""
    moved = [path.stem for path in sorted(SYMBOLS.glob(f"{known}_*.kicad_sym"))]
    for library in (known, *moved):
        path = SYMBOLS / f"{library}.kicad_sym"
        if path.exists() and f'(symbol "{symbol}"' in path.read_text(encoding="utf-8"):
            return library
    return known


class Circuit:
    """Collects parts. Each is placed under an explicit reference, so that every run gives the same netlist."""

    def __init__(self) -> None:
        self._skidl = _skidl()
        self.circuit = self._skidl.Circuit()
        self.circuit.no_files = True
        self.stage = ""
        self.items: dict[str, Item] = {}

    def net(self, name: str) -> Any:
        """The net of this name, made when first named. Supply nets carry SKiDL's power drive."""
        for net in self.circuit.nets:
            if net.name == name:
                return net
        net = self._skidl.Net(name, circuit=self.circuit)
        if name in POWER_NETS:
            net.drive = self._skidl.POWER
        return net

    def place(self, ref: str, kind: str, value: str, item: Item, nets: Mapping[str, str | None]) -> None:
        """Places one part of the catalogue. nets: pin number -> net name, None for a pin left open on purpose."""
        if ref in self.items:
            raise ValueError(f"{ref} is placed twice")
        library = _library_of(item.library, item.symbol)
        part = self._skidl.Part(
            library, item.symbol, ref=ref, value=value, footprint=item.footprint, tag=ref, circuit=self.circuit
        )
        if part.ref != ref:
            raise ValueError(f"SKiDL renamed {ref} to {part.ref}")
        part.fields["stage"] = self.stage
        part.fields["kind"] = kind
        part.fields["manufacturer"] = item.manufacturer_number
        part.fields["second source"] = item.second_source
        part.fields["tolerance"] = f"{item.tolerance:g}"
        # Newer libraries draw the legs, too, that are joined to nothing inside: nobody needs to name those.
        idle = {str(pin.num) for pin in part.pins if pin.func == self._skidl.Pin.types.NOCONNECT} - set(nets)
        pins = {str(pin.num) for pin in part.pins} - idle
        if pins != set(nets):
            raise ValueError(f"{ref} has pins {sorted(pins)}, not {sorted(nets)}")
        for number in idle:
            self.circuit.NC += part.p[number]
        for number, name in nets.items():
            target = self.circuit.NC if name is None else self.net(name)
            target += part.p[number]
        self.items[ref] = item

    def resistor(self, ref: str, value: str, a: str, b: str, size: str = "0805") -> None:
        """A 1 % resistor between two nets."""
        self.place(ref, "resistor", value, catalogue.resistor(value, size), {"1": a, "2": b})

    def capacitor(self, ref: str, value: str, a: str, b: str) -> None:
        """A ceramic capacitor between two nets."""
        self.place(ref, "capacitor", value, catalogue.capacitor(value), {"1": a, "2": b})

    def bulk(self, ref: str, plus: str, minus: str, name: str = "bulk_22u") -> None:
        """An electrolytic capacitor of the catalogue; its first pin is the positive one."""
        self.place(ref, "capacitor", name.removeprefix("bulk_"), catalogue.PARTS[name], {"1": plus, "2": minus})

    def suppressor(self, ref: str, net: str) -> None:
        """A bidirectional diode from a jack's tip to ground: takes what a spark brings, sees nothing of +-20 V."""
        self.part(ref, "suppressor", "24V", {"1": net, "2": "GND"})

    def test_point(self, ref: str, net: str, words: str = "") -> None:
        """A bare pad to put a probe on. words: beside it on the silk, five letters at most; else the net's name."""
        self.part(ref, "test_point", words or net, {"1": net})

    def part(self, ref: str, name: str, value: str, nets: Mapping[str, str | None]) -> None:
        """A part named in the catalogue, which is also its kind."""
        self.place(ref, name, value, catalogue.PARTS[name], nets)

    def jack(self, ref: str, value: str, tip: str, normal: str = "GND") -> None:
        """A 3.5 mm jack: sleeve on ground, the tip's switch on `normal` while nothing is plugged in."""
        self.part(ref, "jack", value, {"S": "GND", "T": tip, "TN": normal})

    def parts(self) -> Iterator[Placed]:
        """Every part as SKiDL has it, ordered by reference."""
        for part in sorted(self.circuit.parts, key=lambda part: _natural(part.ref)):
            nets = {str(pin.num): _net_name(pin) for pin in part.pins}
            yield Placed(
                part.ref, part.fields["kind"], part.fields["stage"], str(part.value), nets, self.items[part.ref]
            )

    def erc(self) -> tuple[int, int, list[str]]:
        """Runs SKiDL's electrical rules, which end well whatever they find. Returns errors, warnings, texts."""
        logger = self._skidl.erc_logger
        messages = _Messages()
        logger.logger.addHandler(messages) if hasattr(logger, "logger") else logger.addHandler(messages)
        self.circuit.ERC()
        return logger.error.count, logger.warning.count, messages.texts

    def netlist(self) -> str:
        """KiCad's netlist without its date and paths, so that the same circuit gives the same text."""
        text = str(self.circuit.generate_netlist(tool=self._skidl.KICAD6, track_src=False, track_abs_path=False))
        text = re.sub(r'\(date "[^"]*"\)', '(date "")', text)
        text = re.sub(r'\(source "[^"]*"\)', '(source "hardware/stages")', text)
        return text if text.endswith("\n") else text + "\n"


class _Messages(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.levelname}: {record.getMessage()}")


def _natural(ref: str) -> tuple[str, int]:
    match = re.fullmatch(r"([A-Z]+)([0-9]+)", ref)
    if match is None:
        raise ValueError(f"{ref!r} is not a reference such as R101")
    return match[1], int(match[2])


def _net_name(pin: Any) -> str | None:
    if pin.net is None or type(pin.net).__name__ == "NCNet":
        return None
    return str(pin.net.name)
