"""Writes the firmware's view of the panels: module/panel.h from module.toml and the stages' values, and
module/panel/generated/panel_patch_init.h from patch_init.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..circuit.stages import cv_in
from . import patch_panel
from .panel_map import Control, PanelMap, load

HEADER = Path(__file__).resolve().parents[2] / "firmware" / "module" / "panel" / "generated" / "panel.h"
PATCH_HEADER = HEADER.with_name("panel_patch_init.h")
LEVEL_KNOBS = ("gain", "mix", "level")


@dataclass(frozen=True)
class Nominal:
    """What a panel's circuits do, nominally. Volts; gain and offset of a CV input as seen at the converter's pin."""

    full_scale_volts: float
    knob_codes: tuple[int, int]
    cv_offset_volts: float
    cv_gain: float
    cv_jack_volts: tuple[float, float]


def _port(ports: Mapping[str, str], pin: str) -> str:
    port = ports[pin]
    return f"'{port[1]}', {port[2:]}"


def _table(name: str, comment: str, rows: list[str]) -> list[str]:
    width = max(*map(len, rows), len(name) + 8)
    body = [f"    {row.ljust(width)} \\" for row in rows[:-1]] + [f"    {rows[-1]}"]
    first = f"#define {name}(X)".ljust(width + 5) + "\\"
    return [f"/* {comment} */", first, *body, ""]


def _controls(controls: Mapping[str, Sequence[Control]], ports: Mapping[str, str]) -> list[str]:
    """Analog inputs come in the order knobs, then CV inputs: the order of the converter's scan."""
    knobs, cvs = controls["knob"], controls["cv"]
    rows = [
        f"X({control.kind.upper()}_{control.name.upper()}, {control.pins[0]}, {_port(ports, control.pins[0])})"
        for control in [*knobs, *cvs]
    ]
    switches = [
        f"X({control.name.upper()}, {control.pins[0]}, {_port(ports, control.pins[0])}, {int(control.active_low)})"
        for control in [*controls["gate"], *controls["button"]]
    ]
    lights = [
        f"X({led.name.upper()}_{colour}, {pin}, {_port(ports, pin)})"
        for led in controls.get("led", ())
        for colour, pin in zip(("RED", "GREEN"), led.pins, strict=True)
    ]
    played = [knob.name for knob in knobs if knob.group == "played"]
    places = {knob.name: place for place, knob in enumerate(knobs)}
    return [
        f"#define GRIT_PANEL_ANALOG_COUNT {len(knobs) + len(cvs)}",
        f"#define GRIT_PANEL_KNOB_COUNT {len(knobs)}",
        f"#define GRIT_PANEL_CV_COUNT {len(cvs)}",
        f"#define GRIT_PANEL_PLAYED_COUNT {len(played)} /* first knobs, and CV inputs: {', '.join(played)} */",
        "",
        "/* Which knobs these are; -1: the panel has none. */",
        *(f"#define GRIT_PANEL_KNOB_{name.upper()} ({places.get(name, -1)})" for name in LEVEL_KNOBS),
        "",
        *_table("GRIT_PANEL_ANALOG", "X(name, pin, port, bit), in the order of the converter's scan.", rows),
        *_table("GRIT_PANEL_SWITCHES", "X(name, pin, port, bit, active low)", switches),
        *(
            _table("GRIT_PANEL_LEDS", "X(name, pin, port, bit); all on one timer, TIM4.", lights)
            if lights
            else ["/* No LEDs of its own: GRIT_PANEL_LEDS is not defined. */", ""]
        ),
    ]


def _voltages(nominal: Nominal) -> list[str]:
    low, high = nominal.cv_jack_volts
    left, right = nominal.knob_codes
    return [
        "/* Converter: full scale in microvolts at the pin, and what a knob reads at either end of its turn. */",
        f"#define GRIT_PANEL_ADC_FULL_SCALE_UV {round(nominal.full_scale_volts * 1e6)}",
        f"#define GRIT_PANEL_KNOB_LEFT_CODE {left}",
        f"#define GRIT_PANEL_KNOB_RIGHT_CODE {right}",
        "",
        "/* A CV input, nominally: pin = offset + jack * gain / 1000000, in microvolts. Calibration replaces both. */",
        f"#define GRIT_PANEL_CV_OFFSET_UV {round(nominal.cv_offset_volts * 1e6)}",
        f"#define GRIT_PANEL_CV_GAIN_PPM ({round(nominal.cv_gain * 1e6)})",
        f"#define GRIT_PANEL_CV_MIN_UV ({round(low * 1e6)})",
        f"#define GRIT_PANEL_CV_MAX_UV {round(high * 1e6)}",
        "",
    ]


def _file(guard: str, source: str, body: list[str], other: bool) -> str:
    choice = ["#ifdef GRIT_PANEL_PATCH_INIT", f'#include "{PATCH_HEADER.name}"', "#else", ""]
    text = [
        "/* The panel: what is on which pin, and what a voltage at a jack becomes at the pin.",
        f" * Generated from {source}: python -m hardware.build --header.",
        " */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "/* clang-format off */",
        "",
        *(choice if other else []),
        *body,
        *(["#endif", ""] if other else []),
        "/* clang-format on */",
        "",
        "#endif",
        "",
    ]
    return "\n".join(text)


def render(panel: PanelMap) -> str:
    """The text of panel.h: our own panel, or the other where GRIT_PANEL_PATCH_INIT is defined."""
    low, high = panel.raw["cv_range"]["jack_volts"]
    nominal = Nominal(
        panel.raw["seed"]["adc_full_scale_volts"],
        (0, 65535),
        cv_in.nominal_offset_volts(),
        cv_in.nominal_gain(),
        (low, high),
    )
    kinds = ("knob", "cv", "gate", "button", "led")
    ports = {name: port for name, (_, port) in panel.seed_pins.items()}
    body = _controls({kind: panel.of_kind(kind) for kind in kinds}, ports)
    unmute = [
        "/* While this pin is high the outputs play; else they are shorted. X(port, bit) */",
        f"#define GRIT_PANEL_UNMUTE(X) X({_port(ports, panel.unmute_pin)}) /* {panel.unmute_pin} */",
        "",
    ]
    return _file(
        "GRITSPACE_PANEL_H",
        "hardware/panels/module.toml and hardware/circuit/stages",
        body + unmute + _voltages(nominal),
        other=True,
    )


def render_patch_init() -> str:
    """The text of panel_patch_init.h. Raises PanelMapError."""
    raw = patch_panel.load()
    adc = raw["adc"]
    (left, right), (low, high) = adc["knob_codes"], adc["cv_jack_volts"]
    nominal = Nominal(adc["full_scale_volts"], (left, right), adc["cv_offset_volts"], adc["cv_gain"], (low, high))
    body = _controls(patch_panel.controls_of(raw), raw["pins"])
    return _file(
        "GRITSPACE_PANEL_PATCH_INIT_H", "hardware/panels/patch_init.toml", body + _voltages(nominal), other=False
    )


def write(path: Path = HEADER) -> None:
    """Writes both headers beside their places and renames them there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for place, text in ((path, render(load())), (path.with_name(PATCH_HEADER.name), render_patch_init())):
        temporary = place.with_suffix(".h.new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(place)
