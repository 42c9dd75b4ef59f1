"""presets, upload, calibrate and monitor as a user runs them, against the module's C."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.module import calibration, memory, monitor, panel_names, presets_file
from gritspace.quantize.model.grit import to_bytes, write_grit
from gritspace.train.errors import InputError
from tests.conftest import Cli
from tests.firmware.host.rig import Rig
from tests.firmware.memory.test_module_memory import preset
from tests.quantize.conftest import make_model

OTHER = make_model("relu_snapshot")


def test_presets_go_to_a_file_and_back_to_the_bit(rig: Rig, gritspace: Cli, tmp_path: Path) -> None:
    with rig.client() as client:
        for index in (0, 3, 15):
            memory.put_preset(client, preset(index, seed=index))
        memory.put_morph(client, 250)
    file = tmp_path / "presets.json"
    with rig.port() as port:
        assert gritspace("presets", "get", "--port", port, "-o", file).returncode == 0
    values = json.loads(file.read_text())
    assert [row["place"] for row in values["presets"]] == [1, 4, 16]
    assert values["morph_seconds"] == 0.25
    with rig.client() as client:
        for index in (0, 3, 15):
            memory.put_preset(client, preset(index, seed=99))
    with rig.port() as port:
        result = gritspace("presets", "put", "--port", port, file)
    assert (result.returncode, result.stdout) == (0, "3 presets are in the module's flash\n")
    rig.boot()
    with rig.client() as client:
        assert [p for p in memory.get_presets(client) if p.used] == [preset(i, seed=i) for i in (0, 3, 15)]


def test_a_preset_finds_its_model_in_another_slot_or_says_that_it_is_missing(rig: Rig) -> None:
    with rig.client() as client:
        memory.upload(client, to_bytes(OTHER), slot=4)
        memory.put_preset(client, memory.Preset((1, 2, 3, 4), (0,) * 12, 4096, model=5, used=1, index=0))
        values = presets_file.read_module(client)
        assert values["presets"][0]["model"]["name"] == OTHER.name
        memory.delete(client, 4)
        with pytest.raises(InputError, match=r"preset 1: the module does not have its model 'relu_snapshot'"):
            presets_file.write_module(client, values, "x.json")
        memory.upload(client, to_bytes(OTHER), slot=9)
        presets_file.write_module(client, values, "x.json")
        assert memory.get_preset(client, 0).model == 10


def test_a_file_that_says_nothing_of_a_place_or_of_the_morph_leaves_them_alone(rig: Rig) -> None:
    with rig.client() as client:
        memory.put_preset(client, preset(7))
        memory.put_morph(client, 321)
        assert presets_file.write_module(client, {"presets": [GOOD]}, "x.json") == 1
        assert memory.get_preset(client, 7) == preset(7)
        assert memory.get_preset(client, 0).used == 1
        assert memory.get_settings(client).morph_ms == 321


def test_the_panel_names_its_inputs_as_the_space_and_the_panels_own_file_do() -> None:
    from gritspace.train.space.space import PLAYED
    from tests.places import ROOT

    header = (ROOT / "firmware" / "module" / "panel" / "generated" / "panel.h").read_text(encoding="utf-8")
    found = re.findall(r"X\((KNOB|CV)_(\w+), [AC]\d", header)
    assert [name.lower() + ("_cv" if kind == "CV" else "") for kind, name in found] == [
        *panel_names.KNOBS,
        *(f"{name}_cv" for name in PLAYED),
    ]
    assert panel_names.PLAYED == PLAYED == tuple(presets_file.PlayedRecord.model_fields)


GOOD = {"place": 1, "played": {"drive": 0, "tone": 0, "symmetry": 0, "dynamics": 0}}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"presets": [{**GOOD, "place": 17}]}, "preset 17: its place is a number from 1 to 16"),
        ({"presets": [GOOD, GOOD]}, "preset 1 is there twice"),
        ({"presets": [{**GOOD, "played": {"drive": 0}}]}, "played.tone' is missing"),
        (
            {"presets": [{**GOOD, "played": {**GOOD["played"], "tone": 1.5}}]},
            "played.tone is 1.5, and should be less than or equal",
        ),
        (
            {"presets": [{**GOOD, "played": {**GOOD["played"], "tone": True}}]},
            "tone is True, and should be",
        ),
        ({"presets": [{**GOOD, "stored": [0]}]}, "at least 12 items"),
        ({"presets": [{**GOOD, "level": -1}]}, "level is -1, and should be greater"),
        ({"presets": [{**GOOD, "colour": 1}]}, "colour' is unknown"),
        ({"presets": [{**GOOD, "model": 3}]}, r"model is 3, and should be"),
        ({"presets": [{**GOOD, "model": {"sha256": "0" * 64}}]}, "does not have its model"),
        ({"presets": [{**GOOD, "place": True}]}, "place is True"),
        ({"presets": 3}, "presets is 3, and should be a valid list"),
        ({"morph_seconds": 31}, "morph_seconds is 31, and should be less than or equal to 30"),
        ({"preset": []}, "'preset' is unknown; there are morph_seconds, presets"),
    ],
)
def test_a_presets_file_with_nonsense_in_it_is_refused_by_name(values: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        presets_file.parse(values, [], 16, "x.json")


def test_a_file_that_is_no_json_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"presets": [')
    with pytest.raises(InputError, match=r"torn\.json: this is no JSON"):
        presets_file.read_file(tmp_path / "torn.json")
    with pytest.raises(InputError, match="there is no such file"):
        presets_file.read_file(tmp_path / "missing.json")


def test_upload_brings_lists_selects_and_deletes(rig: Rig, gritspace: Cli, tmp_path: Path) -> None:
    model = tmp_path / "other.grit"
    write_grit(OTHER, model)
    with rig.port() as port:
        result = gritspace("upload", "--port", port, model, "--slot", 3, "--select")
    assert result.returncode == 0, result.stderr
    assert OTHER.name in result.stdout
    assert "plays" in result.stdout
    with rig.port() as port:
        result = gritspace("upload", "--port", port, "--delete", 3)
    assert result.returncode == 2
    assert result.stderr == "gritspace: the module refused delete_model: this model is being played (in_use, 2)\n"
    with rig.port() as port:
        listed = json.loads(gritspace("upload", "--port", port, "--json").stdout)
    assert [(one["slot"], one["playing"]) for one in listed] == [(2, 1)]
    (tmp_path / "cut.grit").write_bytes(model.read_bytes()[:-4])
    with rig.port() as port:
        result = gritspace("upload", "--port", port, tmp_path / "cut.grit")
    assert result.returncode == 2
    assert "cut.grit" in result.stderr


class Bench:
    """A panel whose CV circuits are a little off, with noise, and a voltage patched into one of its jacks."""

    def __init__(self, rig: Rig, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.offset = rng.uniform(1_600_000, 1_720_000, 4)
        self.gain = rng.uniform(-325_000, -280_000, 4)
        self.volts = np.zeros(4)
        self.noise_codes = 3.0
        self.rng = rng
        self.asked: list[tuple[int | None, float]] = []
        rig.codes = self.codes

    def codes(self) -> NDArray[np.uint16]:
        pins = self.offset + self.gain * self.volts
        codes = np.full(11, 32768.0)
        codes[7:] = pins / 3_300_000 * 65535 + self.rng.normal(0, self.noise_codes, 4)
        return np.clip(np.round(codes), 0, 65535).astype(np.uint16)

    def patch(self, place: int | None, volt: float) -> None:
        self.asked.append((place, volt))
        self.volts[:] = 0
        if place is not None:
            self.volts[place] = volt


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration.time, "sleep", lambda seconds: None)


def test_a_calibrated_module_reads_every_voltage_within_five_millivolts(rig: Rig, quick: None) -> None:
    bench = Bench(rig)
    with rig.client() as client:
        lines = calibration.calibrate(client, [1.0, 3.0, 5.0], bench.patch)
        calibration.store(client, lines)
    assert bench.asked[0] == (None, 0.0)
    assert len(bench.asked) == 13
    for place, line in lines.items():
        assert line.offset_uv == pytest.approx(bench.offset[place], abs=300)
        assert line.gain_ppm == pytest.approx(bench.gain[place], rel=5e-4)
        assert line.residual_mv < 2
    rig.boot()
    bench.noise_codes = 0
    with rig.client() as client:
        for volt in (-4.3, -1.1, 0.0, 2.2, 4.9):
            bench.volts[:] = volt
            for _ in range(200):
                rig.module.panel(bench.codes())
            assert np.allclose(np.array(client.controls().cv_microvolts) / 1e6, volt, atol=0.005)


def spoil(bench: Bench, how: str) -> calibration.Patch:
    def patch(place: int | None, volt: float) -> None:
        bench.patch(place, volt)
        if how == "not patched":
            bench.volts[:] = 0
        elif how == "wrong input" and place is not None:
            bench.volts[:] = np.roll(bench.volts, 1)
        elif how == "moving" and place is not None:
            bench.noise_codes = 300
        elif how == "one wrong voltage" and volt == 3:
            bench.volts[place] = 3.4
        elif how == "too much" and volt == 5:
            bench.volts[place] = 9

    return patch


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("not patched", "CV input 1: the voltage changes nothing there"),
        ("wrong input", "CV input 1: the voltage changes nothing there"),
        ("moving", r"CV input 1: \d V is not still"),
        ("one wrong voltage", r"CV input 1: the reading at 3 V is \d+ mV off"),
        ("too much", "CV input 1: at 5 V the converter is at its end"),
    ],
)
def test_calibration_refuses_nonsense_and_stores_nothing(rig: Rig, quick: None, how: str, words: str) -> None:
    bench = Bench(rig)
    with rig.client() as client:
        with pytest.raises(RigError, match=words):
            calibration.calibrate(client, [1.0, 3.0, 5.0], spoil(bench, how))
        assert memory.get_settings(client).calibrated == 0


def test_calibration_wants_two_voltages_apart_and_an_input_that_is_there(rig: Rig, quick: None) -> None:
    bench = Bench(rig)
    with rig.client() as client:
        with pytest.raises(RigError, match="two voltages at least 1 V apart"):
            calibration.calibrate(client, [0.5], bench.patch)
        with pytest.raises(RigError, match="there is no 5"):
            calibration.calibrate(client, [1, 3], bench.patch, [4])


def test_calibrate_in_a_terminal_asks_shows_the_residual_and_stores(rig: Rig) -> None:
    bench = Bench(rig)
    with rig.port() as port:
        command = [sys.executable, "-m", "gritspace.host_tools.cli", "calibrate", "--port", port, "--cv", "2"]
        process = subprocess.Popen(
            [*command, "--volts", "1,3"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        prompts = []
        for place, volt in [(None, 0.0), (1, 1.0), (1, 3.0)]:
            said = ""
            while not said.endswith("press Enter "):
                said += process.stderr.read(1)
            prompts.append(said)
            bench.patch(place, volt)
            process.stdin.write("\n")
            process.stdin.flush()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert prompts == [
        "unplug all CV inputs, then press Enter ",
        "patch 1 V into CV input 2, then press Enter ",
        "patch 3 V into CV input 2, then press Enter ",
    ]
    assert "residual error" in out
    assert "Stored" in out
    rig.boot()
    with rig.client() as client:
        settings = memory.get_settings(client)
    assert settings.calibrated == 2
    assert settings.offset_uv[1] == pytest.approx(bench.offset[1], abs=400)


def test_monitor_shows_what_the_module_says(rig: Rig, gritspace: Cli) -> None:
    codes = np.full(11, 32768, np.uint16)
    codes[0] = 65535
    rig.codes = lambda: codes
    for _ in range(100):
        rig.module.panel(codes)
        rig.module.audio(np.zeros(48, np.int16))
    with rig.port() as port:
        result = gritspace("monitor", "--port", port, "--json")
    now = json.loads(result.stdout)
    assert now["knobs"]["drive"] == 1.0
    assert now["played"]["drive"] == pytest.approx(1.0, abs=0.2)
    assert now["load"]["p50"] is None, "this board cannot count"
    assert (now["xruns"], now["streaming"], now["fault"]) == (0, False, None)
    assert now["peaks"]["in"] == 0
    with rig.port() as port:
        shown = gritspace("monitor", "--port", port)
    assert shown.returncode == 0, shown.stderr
    assert "drive" in shown.stdout
    assert "xruns 0" in shown.stdout


def test_monitor_looks_again_and_again_until_its_time_is_over(rig: Rig) -> None:
    seen: list[int] = []
    with rig.client() as client:
        monitor.watch(client, lambda now: seen.append(now["link"]["frames_good"]), seconds=0.3, rate_hz=50)
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]
