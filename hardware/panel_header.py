"""Writes firmware/module/panel.h from module.toml and the stages' values: the firmware's view of the panel."""

from __future__ import annotations

from pathlib import Path

from .panel_map import PanelMap, load
from .stages import audio_in, audio_out, cv_in

HEADER = Path(__file__).resolve().parent.parent / "firmware" / "module" / "panel.h"


def _port(panel: PanelMap, pin: str) -> str:
    port = panel.seed_pins[pin][1]
    return f"'{port[1]}', {port[2:]}"


def _table(name: str, comment: str, rows: list[str]) -> list[str]:
    width = max(*map(len, rows), len(name) + 8)
    body = [f"    {row.ljust(width)} \\" for row in rows[:-1]] + [f"    {rows[-1]}"]
    first = f"#define {name}(X)".ljust(width + 5) + "\\"
    return [f"/* {comment} */", first, *body, ""]


def render(panel: PanelMap) -> str:
    """The header's text. Analog inputs come in the order knobs, then CV inputs: the order of the converter's scan."""
    full_scale = panel.raw["seed"]["adc_full_scale_volts"]
    low, high = panel.raw["cv_range"]["jack_volts"]
    analog = panel.of_kind("knob") + panel.of_kind("cv")
    gates, buttons, leds = panel.of_kind("gate"), panel.of_kind("button"), panel.of_kind("led")
    rows = [
        f"X({control.kind.upper()}_{control.name.upper()}, {control.pins[0]}, {_port(panel, control.pins[0])})"
        for control in analog
    ]
    switches = [
        f"X({control.name.upper()}, {control.pins[0]}, {_port(panel, control.pins[0])}, {int(control.active_low)})"
        for control in gates + buttons
    ]
    lights = [
        f"X({led.name.upper()}_{colour}, {pin}, {_port(panel, pin)})"
        for led in leds
        for colour, pin in zip(("RED", "GREEN"), led.pins, strict=True)
    ]
    played = [knob.name for knob in panel.of_kind("knob") if knob.group == "played"]
    text = [
        "/* The panel: what is on which pin, and what a voltage at a jack becomes at the pin.",
        " * Generated from hardware/module.toml and hardware/stages: python -m hardware.build --header.",
        " */",
        "#ifndef GRITSPACE_PANEL_H",
        "#define GRITSPACE_PANEL_H",
        "",
        "/* clang-format off */",
        "",
        f"#define GRIT_PANEL_ANALOG_COUNT {len(analog)}",
        f"#define GRIT_PANEL_KNOB_COUNT {len(panel.of_kind('knob'))}",
        f"#define GRIT_PANEL_CV_COUNT {len(panel.of_kind('cv'))}",
        f"#define GRIT_PANEL_PLAYED_COUNT {len(played)} /* first knobs, and CV inputs: {', '.join(played)} */",
        "",
        *_table("GRIT_PANEL_ANALOG", "X(name, Seed pin, port, bit), in the order of the converter's scan.", rows),
        *_table("GRIT_PANEL_SWITCHES", "X(name, Seed pin, port, bit, active low)", switches),
        *_table("GRIT_PANEL_LEDS", "X(name, Seed pin, port, bit); all on one timer, TIM4.", lights),
        "/* Converter: full scale in microvolts at the pin. A knob reads as a ratio of it. */",
        f"#define GRIT_PANEL_ADC_FULL_SCALE_UV {round(full_scale * 1e6)}",
        "",
        "/* A CV input, nominally: pin = offset + jack * gain / 1000000, in microvolts. Calibration replaces both. */",
        f"#define GRIT_PANEL_CV_OFFSET_UV {round(cv_in.nominal_offset_volts() * 1e6)}",
        f"#define GRIT_PANEL_CV_GAIN_PPM ({round(cv_in.nominal_gain() * 1e6)})",
        f"#define GRIT_PANEL_CV_MIN_UV ({round(low * 1e6)})",
        f"#define GRIT_PANEL_CV_MAX_UV {round(high * 1e6)}",
        "",
        "/* Audio, nominally: Seed input = jack * gain / 1000000, jack = Seed output * gain / 1000000; both invert. */",
        f"#define GRIT_PANEL_AUDIO_IN_GAIN_PPM ({round(audio_in.nominal_gain() * 1e6)})",
        f"#define GRIT_PANEL_AUDIO_OUT_GAIN_PPM ({round(audio_out.nominal_gain() * 1e6)})",
        "",
        "/* clang-format on */",
        "",
        "#endif",
        "",
    ]
    return "\n".join(text)


def write(path: Path = HEADER) -> None:
    """Writes the header beside its place and renames it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".h.new")
    temporary.write_text(render(load()), encoding="utf-8")
    temporary.replace(path)
