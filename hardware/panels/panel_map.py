"""Reads module.toml: what is on the panel, where, and on which pin of the Seed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MODULE_TOML = Path(__file__).with_name("module.toml")


class PanelMapError(ValueError):
    """module.toml contradicts itself; the message is one sentence that names the entry."""


@dataclass(frozen=True)
class Control:
    """One thing on the panel.

    kind: knob, cv, gate, button, led, audio_in or audio_out. pins: Seed names (an LED has two: red, green).
    x_mm, y_mm: from the panel's top left corner. group: "played" or "level" for knobs, else "".
    """

    kind: str
    name: str
    pins: tuple[str, ...]
    x_mm: float
    y_mm: float
    group: str = ""
    active_low: bool = False


@dataclass(frozen=True)
class PanelMap:
    """The whole of module.toml: controls in the order of the file, `raw` for the rest."""

    controls: tuple[Control, ...]
    seed_pins: dict[str, tuple[int, str]]
    raw: dict[str, Any]

    def of_kind(self, kind: str) -> tuple[Control, ...]:
        """The controls of one kind, in the file's order."""
        return tuple(control for control in self.controls if control.kind == kind)

    @property
    def unmute_pin(self) -> str:
        """The Seed's pin that opens the outputs while high."""
        return str(self.raw["mute"]["pin"])

    def socket_pin(self, name: str) -> int:
        """The Seed's socket pin, 1..40, of a library name such as A0."""
        return self.seed_pins[name][0]


KINDS = ("knob", "cv", "gate", "button", "led", "audio_in", "audio_out")
JACK_KINDS = ("cv", "gate", "audio_in", "audio_out")


def _pins(kind: str, entry: dict[str, Any]) -> tuple[str, ...]:
    return (entry["pin_red"], entry["pin_green"]) if kind == "led" else (entry["pin"],)


def parse(raw: dict[str, Any]) -> PanelMap:
    """Checks a parsed module.toml and gives it a shape. Raises PanelMapError."""
    seed_pins = {name: (int(pin), str(port)) for name, (pin, port) in raw["seed"]["pins"].items()}
    if sorted(pin for pin, _ in seed_pins.values()) != list(range(1, 41)):
        raise PanelMapError("module.toml: seed.pins must name each of the socket's pins 1 to 40 once.")
    controls: list[Control] = []
    unmute = raw["mute"]["pin"]
    if unmute not in seed_pins:
        raise PanelMapError(f"module.toml: mute names pin {unmute}, which the Seed does not have.")
    owner: dict[str, str] = {unmute: "mute"}
    for kind in KINDS:
        for entry in raw[kind]:
            label = f"{kind} {entry['name']}"
            pins = _pins(kind, entry)
            for pin in pins:
                if pin not in seed_pins:
                    raise PanelMapError(f"module.toml: {label} names pin {pin}, which the Seed does not have.")
                if pin in owner:
                    raise PanelMapError(f"module.toml: {label} and {owner[pin]} both use pin {pin}.")
                owner[pin] = label
                if kind in ("knob", "cv") and not pin.startswith("A"):
                    raise PanelMapError(f"module.toml: {label} needs an analog pin (A0 to A11), not {pin}.")
                if kind == "cv" and pin in raw["seed"]["no_injection_pins"]:
                    raise PanelMapError(f"module.toml: {label} must not use {pin}, which bears no injected current.")
            controls.append(
                Control(
                    kind,
                    entry["name"],
                    pins,
                    float(entry["x_mm"]),
                    float(entry["y_mm"]),
                    entry.get("kind", ""),
                    bool(entry.get("active_low", False)),
                )
            )
    analog = sum(control.kind in ("knob", "cv") for control in controls)
    if analog > raw["seed"]["adc_inputs"]:
        raise PanelMapError(
            f"module.toml: {analog} analog controls, but the Seed has {raw['seed']['adc_inputs']} inputs."
        )
    if [knob.name for knob in controls if knob.group == "played"] != [c.name for c in controls if c.kind == "cv"]:
        raise PanelMapError(
            "module.toml: the played knobs and the CV inputs must have the same names in the same order."
        )
    return PanelMap(tuple(controls), seed_pins, raw)


@cache
def load(path: Path = MODULE_TOML) -> PanelMap:
    """The panel map of a file (module.toml by default). Raises PanelMapError."""
    return parse(tomllib.loads(path.read_text(encoding="utf-8")))
