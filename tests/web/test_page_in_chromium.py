"""The page in Chromium: what comes out, to the bit, and what every control does."""

from __future__ import annotations

import base64
import ctypes
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gritspace.host_tools.sound.bends import KINDS
from gritspace.host_tools.web import loops
from gritspace.host_tools.web.wasm import ROOT
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from tests.quantize.conftest import make_model, make_tcn, noise
from tests.web.browser import drive
from tests.web.rendering import DELAY, blob_of, moving_panel, on_this_computer


@pytest.mark.parametrize("name", ["circuits", "openamp", "A2-Full's shape", "A1 standard's shape"])
def test_the_pages_output_is_the_c_modules_to_the_bit_while_knobs_and_voltages_move(
    name: str, page_url: str, host_library: ctypes.CDLL, tmp_path: Path
) -> None:
    blob, audio = blob_of(name), np.tile(loops.loop("guitar"), 8)[: 30 * 48000]
    script = moving_panel(len(audio) // 48)
    (tmp_path / "model.grit").write_bytes(blob)
    audio.tofile(tmp_path / "audio.i16")
    (tmp_path / "script.json").write_text(json.dumps(script))
    files = {k: tmp_path / f for k, f in (("model", "model.grit"), ("audio", "audio.i16"), ("script", "script.json"))}
    found = drive("render", page_url, **files, left=tmp_path / "l", right=tmp_path / "r")
    assert found["complaints"] == []
    expected = on_this_computer(host_library, blob, audio, script)
    assert np.ptp(expected.astype(int)) > 10000, "silence would prove nothing"
    for channel, side in enumerate("lr"):
        heard = np.fromfile(tmp_path / side, np.int16)
        assert np.count_nonzero(heard[DELAY:] != expected[channel, : len(heard) - DELAY]) == 0


def test_on_a_device_at_another_rate_the_sound_is_the_same_but_for_its_resampling(
    page_url: str, tmp_path: Path
) -> None:
    frames = 2 * 44100
    tone = np.round(8000 * np.sin(2 * np.pi * 441 * np.arange(frames) / 44100)).astype(np.int16)
    bypass = {"block": 0, "codes": [32768] * 5 + [0, 32768] + [32768] * 4}  # the mix knob: all dry
    (tmp_path / "model.grit").write_bytes(blob_of("circuits"))
    tone.tofile(tmp_path / "audio.i16")
    (tmp_path / "script.json").write_text(json.dumps([bypass]))
    files = {k: tmp_path / f for k, f in (("model", "model.grit"), ("audio", "audio.i16"), ("script", "script.json"))}
    drive("render", page_url, **files, left=tmp_path / "l", right=tmp_path / "r", rate=44100)
    heard = np.fromfile(tmp_path / "l", np.int16)[44100 : 44100 + 40000].astype(float)
    time = np.arange(len(heard)) / 44100
    basis = np.stack([np.sin(2 * np.pi * 441 * time), np.cos(2 * np.pi * 441 * time)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, heard, rcond=None)
    left_over = heard - basis @ fit
    assert np.hypot(*fit) == pytest.approx(8000, rel=0.01)
    assert 10 * np.log10(np.sum(heard**2) / np.sum(left_over**2)) > 70


def test_a_newcomers_path_takes_the_promised_clicks(page_url: str) -> None:
    found = drive("newcomer", page_url)
    assert found["complaints"] == []
    assert found["dimensions"] == 16
    assert found["clicks"] == {"sound": 1, "another amplifier": 1, "voltage on a knob": 2, "own file": 1, "editing": 2}


def test_knobs_turn_by_mouse_wheel_and_keyboard_and_the_module_goes_with_them(page_url: str) -> None:
    found = drive("knobs", page_url)
    seen = {how: (shown, module) for how, shown, module in found["seen"]}
    assert seen["mouse"][0] == 80
    assert seen["wheel"][0] == 76
    assert seen["home"][0] == 0
    assert seen["keys"][0] == 12
    for how, (shown, module) in seen.items():
        assert abs(shown - module) <= 2, how
    assert found["complaints"] == []


def test_every_loop_sounds_the_device_and_the_dry_sound_are_as_loud_and_a_refused_microphone_is_a_sentence(
    page_url: str,
) -> None:
    found = drive("listening", page_url)
    assert all(level > 1e-3 for level in found["loops"].values())
    levels = found["levels"]
    assert abs(levels["device"] - levels["module"]) < 2, "over a round and a bit"
    assert abs(levels["bypass"] - levels["module"]) < 2
    assert found["complaints"] == []


def test_a_dropped_capture_and_a_dropped_pair_are_compared_with_themselves_equally_loud(
    page_url: str, tmp_path: Path
) -> None:
    text = write_nam_text(from_tcn(make_tcn("two_tanh_arrays")), "amp")
    (tmp_path / "amp.nam").write_text(text)
    dry = loops.loop("bass").astype(np.float32) / 32768
    wet = -np.tanh(5 * np.concatenate([np.zeros(137, np.float32), dry]))
    soundfile.write(tmp_path / "a", dry, 48000, format="WAV", subtype="FLOAT")
    soundfile.write(tmp_path / "b", wet, 48000, format="WAV", subtype="FLOAT")
    pair = [{"name": "<i>amp</i> out.wav", "path": tmp_path / "b"}, {"name": "DI.wav", "path": tmp_path / "a"}]
    captures = [{"name": "amp.nam", "path": tmp_path / "amp.nam"}]
    out = {name: tmp_path / f"{name}.f32" for name in ("capture", "recording")}
    found = drive(
        "originals", page_url, captures=captures, pair=[{k: str(v) for k, v in p.items()} for p in pair], **out
    )
    assert found["complaints"] == []
    assert found["clicks"] == {"capture": 2, "recording": 2}, "the file, and what is heard"
    assert found["said"] == "DI.wav plays through the module; <i>amp</i> out.wav is there to compare with"
    for name, (original, module) in found["levels"].items():
        assert abs(original - module) < 2, f"{name}: over a round and a bit"
    np.testing.assert_allclose(np.fromfile(out["recording"], np.float32), wet[137:], atol=1e-6)
    guitar = loops.loop("guitar").astype(np.float32) / 32768
    network = read_nam(tmp_path / "amp.nam").networks[-1]
    expected = run_float(network, np.concatenate([guitar, guitar]))[len(guitar) :]
    heard = np.fromfile(out["capture"], np.float32)
    np.testing.assert_allclose(heard, expected, atol=1e-4 * np.abs(expected).max())


def heavy() -> bytes:
    """A model that no browser keeps up with: one layer of 32 taps and 32 channels, sixty times over."""
    shape = TcnConfig((LayerArrayConfig(32, (32, 32), (1, 1)),))
    model = quantize(from_tcn(Tcn(shape)), noise(1500), name="heavy")
    (array,) = model.arrays
    return to_bytes(replace(model, arrays=(replace(array, layers=(array.layers[0],) * 60 + array.layers[1:]),)))


def test_bad_files_meet_one_sentence_each_and_the_rest_goes_on(page_url: str, tmp_path: Path) -> None:
    good = (ROOT / "spaces" / "circuits.grit").read_bytes()
    contents = {
        "cut": ("cut.grit", good[:5000]),
        "altered": ("altered.grit", good[:5000] + b"\xff" + good[5001:]),
        "no model": ("<b>hello.grit", b"hello" * 100),
        "no audio": ("noise.wav", b"this is no audio" * 50),
        "no capture": ("<b>x.nam", b"{]"),
        "too slow": ("heavy.grit", heavy()),
        "too large": ("long.grit", to_bytes(replace(make_model("relu_snapshot"), metadata={"note": "x" * 130_000}))),
        "capture": ("amp.nam", write_nam_text(from_tcn(make_tcn("two_tanh_arrays")), "amp").encode()),
        "known": ("circuits.grit", good),
        "good": ("other.grit", to_bytes(replace(make_model("relu_snapshot"), name="<b>bold</b>\x1b[2J"))),
    }
    files = {}
    for label, (name, data) in contents.items():
        path = tmp_path / base64.b16encode(label.encode()).decode()
        path.write_bytes(data)
        files[label] = {"name": name, "path": str(path)}
    found = drive("files", page_url, files=files)
    said = found["said"]
    assert "cut short" in said["cut"]
    assert "altered" in said["altered"]
    assert "not a .grit" in said["no model"]
    assert "no audio" in said["no audio"]
    assert "x.nam:" in said["no capture"]
    assert "gritspace quantize" in said["no capture"]
    assert re.fullmatch(r"heavy\.grit: too slow for this browser \([01]\.[0-9] × real time\)", said["too slow"])
    assert re.fullmatch(
        r"long\.grit: the model has [0-9]{6} bytes; a slot of this module holds 126976", said["too large"]
    )
    assert said["capture"] == "amp.nam plays; whether a module plays it, `gritspace cycles` says of amp.nam"
    assert said["good"].startswith("other.grit plays; ")
    assert re.fullmatch(r"circuits\.grit plays; a module plays it too: [0-9],[0-9]{3} of 9,500 cycles", said["known"])
    assert found["goes_on"]
    assert found["marked"] == 0, "the name of a file or of a model became HTML"
    assert any("<b>bold</b>?[2J" in slot for slot in found["slots"])
    assert found["status"][1] == 3, "the bank's third slot plays"


def test_the_editor_keeps_presets_models_and_names_and_brings_everything_back(page_url: str, tmp_path: Path) -> None:
    model = tmp_path / "relu.grit"
    model.write_bytes(to_bytes(make_model("relu_snapshot")))
    found = drive("editor", page_url, model=model, backup=tmp_path / "backup.json")
    assert found["complaints"] == []
    assert found["same"], "what was restored is what was saved"
    backup = json.loads((tmp_path / "backup.json").read_text())
    assert [preset["index"] for preset in backup["presets"]] == [0, 1]
    assert backup["names"]["0"] == "loud one"
    assert base64.b64decode(backup["models"][0]["bytes"]) == model.read_bytes()
    assert abs(backup["presets"][0]["played"][1] - 32767) < 400, "the tone knob stood at its end"
    assert "relu_snapshot" in found["slots"][1]


def test_nothing_sticks_out_and_everything_has_a_name_wide_and_narrow_light_and_dark(page_url: str) -> None:
    for name, look in drive("looks", page_url).items():
        assert look["contrast"]["seen"] > 40, name
        assert look.pop("contrast")["faint"] == [], name
        assert look == {"sticksOut": 0, "wide": [], "unnamed": 0}, name


def test_a_browser_without_web_serial_says_so_once_and_all_else_works(page_url: str) -> None:
    found = drive("no_serial", page_url)
    assert found["hint"] == "This browser has no Web Serial: a real module wants Chrome or Edge. All else works."
    assert "use Chrome or Edge" in found["told"]
    assert found["goes_on"]
    assert found["complaints"] == []


def test_a_new_module_in_the_page_begins_with_its_images_sixteen_and_bend_gate_and_own_knobs_are_edited(
    page_url: str, tmp_path: Path
) -> None:
    model = replace(make_model("small_tanh_space"), metadata={"knobs": ["fuzz", "bias"]})
    (tmp_path / "knobs.grit").write_bytes(to_bytes(model))
    found = drive("presets", page_url, model=tmp_path / "knobs.grit", knob="fuzz")
    assert found["complaints"] == []
    shipped = json.loads((ROOT / "spaces" / "circuits-presets.json").read_text(encoding="utf-8"))["presets"]
    assert found["names"] == [row["name"] for row in shipped]
    for kept, row in zip(found["fresh"], shipped, strict=True):
        numbers = np.array([*kept["played"], *kept["stored"]]) / 32768
        np.testing.assert_allclose(numbers, [*row["played"].values(), *row["stored"]], atol=2 / 32768)
        assert kept["level_q12"] / 4096 == pytest.approx(row["level"], abs=1 / 4096)
        assert (kept["used"], kept["bend"], kept["gate"]) == (1, 0, 0)
    edited = found["edited"]
    assert (KINDS[edited["bend"]], edited["gate"]) == ("hold", 60)
    assert edited["turns"] == [round(0.6 * 32768), 0, 0, 0]
    assert edited["level_q12"] == round(4096 * 10 ** (-6 / 20))
    assert found["also"] == "hold, gate −60 dBFS"
    assert found["kept_name"] == shipped[2]["name"]
    assert found["played"] == {"bend": edited["bend"], "gate": 60}, "what a preset says is what the module then does"
    assert re.fullmatch(r"fuzz \d+", found["own"][0])
    assert re.fullmatch(r"bias \d+", found["own"][1])
    assert found["own"][2:4] == ["–", "–"]
    assert found["own_also"] == "small_tanh_space"
    assert found["unnamed"] == ""
    assert found["turned"] == 16384, "three quarters of a turn"
    assert found["again"] == found["fresh"]


def test_hostile_names_of_presets_are_text_or_one_sentence(page_url: str) -> None:
    names = {
        "markup": "<img src=x onerror=hit=1>",
        "controls": "a\x07b\x1b[2J\u202ec",
        "emoji": "\N{GUITAR}" * 200,
        "number": 7,
    }
    found = drive("hostile_names", page_url, names=names)
    assert found["complaints"] == []
    assert found["shown"]["markup"] == names["markup"]
    assert found["shown"]["controls"] == "a?b?[2J?c"
    assert found["said"]["markup"].startswith("restored: 16 presets")
    for label in ("emoji", "number"):
        assert found["said"][label].startswith("this backup is damaged: names.0: "), found["said"][label]
        assert found["said"][label].endswith("is not a text of at most 64 letters")
        assert len(found["said"][label]) < 120
    assert found["images"] == 0
    assert not found["hit"]
