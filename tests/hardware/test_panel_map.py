"""module.toml is the one source: netlist and firmware header say what it says, and nonsense in it is refused."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hardware.circuit.circuit import Circuit
from hardware.panels import header as panel_header
from hardware.panels.panel_map import PanelMap, PanelMapError, parse


def test_the_committed_firmware_header_is_what_module_toml_generates(panel_map: PanelMap) -> None:
    assert panel_header.HEADER.read_text(encoding="utf-8") == panel_header.render(panel_map), (
        "run: python -m hardware.build --header"
    )


def test_the_header_compiles_without_warnings_and_its_table_has_every_analog_input(tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: apt-get install gcc")
    source = tmp_path / "use.c"
    source.write_text(
        '#include "panel/generated/panel.h"\n#include <stdio.h>\n'
        '#define ROW(name, pin, port, bit) printf("%s %s %c %d\\n", #name, #pin, port, bit);\n'
        "#define SWITCH(name, pin, port, bit, low) ROW(name, pin, port, bit)\n"
        "int main(void) { GRIT_PANEL_ANALOG(ROW) GRIT_PANEL_SWITCHES(SWITCH) GRIT_PANEL_LEDS(ROW)\n"
        'printf("%d %d\\n", GRIT_PANEL_ANALOG_COUNT, GRIT_PANEL_CV_GAIN_PPM); return 0; }\n',
        encoding="utf-8",
    )
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-I", str(panel_header.HEADER.parents[2])]
    subprocess.run([compiler, *flags, str(source), "-o", str(tmp_path / "use")], check=True)
    lines = subprocess.run([tmp_path / "use"], check=True, capture_output=True, text=True).stdout.splitlines()
    assert "KNOB_DRIVE A4 A 6" in lines
    assert "CV_DYNAMICS A3 A 7" in lines
    assert sum(line.startswith(("KNOB_", "CV_")) for line in lines) == 11
    assert lines[-1] == "11 -301000"


def test_netlist_header_and_module_toml_agree_on_every_pin(circuit: Circuit, panel_map: PanelMap) -> None:
    (seed,) = (part for part in circuit.parts() if part.kind == "seed")
    header = panel_header.HEADER.read_text(encoding="utf-8")
    in_header = set(re.findall(r"^ +X\(\w+, ([AD]\d+),", header, re.MULTILINE))
    in_toml = set()
    for control in panel_map.controls:
        for pin in control.pins:
            number = panel_map.socket_pin(pin)
            assert seed.nets[str(number)] == f"SEED_{pin}"
            if not pin.startswith("AUDIO"):
                in_toml.add(pin)
    assert in_header == in_toml
    seed_nets = {net for net in seed.nets.values() if net and net.startswith("SEED_")}
    pins = {pin for control in panel_map.controls for pin in control.pins} | {panel_map.unmute_pin}
    assert seed_nets == {f"SEED_{pin}" for pin in pins}


def _changed(panel_map: PanelMap, kind: str, index: int, key: str, value: Any) -> dict[str, Any]:
    raw = copy.deepcopy(panel_map.raw)
    raw[kind][index][key] = value
    return raw


@pytest.mark.parametrize(
    ("kind", "key", "value", "sentence"),
    [
        ("cv", "pin", "A4", "both use pin A4"),
        ("cv", "pin", "A8", "bears no injected current|both use"),
        ("knob", "pin", "D9", "needs an analog pin"),
        ("gate", "pin", "D99", "which the Seed does not have"),
        ("cv", "name", "hue", "same names in the same order"),
    ],
)
def test_a_contradiction_is_refused_with_the_entry_named(
    panel_map: PanelMap, kind: str, key: str, value: str, sentence: str
) -> None:
    with pytest.raises(PanelMapError, match=sentence):
        parse(_changed(panel_map, kind, 0, key, value))


def test_a_cv_on_a_pin_that_bears_no_injected_current_is_refused(panel_map: PanelMap) -> None:
    raw = copy.deepcopy(panel_map.raw)
    raw["knob"][4]["pin"], raw["cv"][0]["pin"] = raw["cv"][0]["pin"], raw["knob"][4]["pin"]
    with pytest.raises(PanelMapError, match="cv drive must not use A7"):
        parse(raw)


def test_a_missing_socket_pin_is_refused(panel_map: PanelMap) -> None:
    raw = copy.deepcopy(panel_map.raw)
    del raw["seed"]["pins"]["D30"]
    with pytest.raises(PanelMapError, match="1 to 40 once"):
        parse(raw)
