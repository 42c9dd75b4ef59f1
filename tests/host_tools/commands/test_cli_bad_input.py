"""Whatever a user gets wrong: one sentence on stderr that names it, exit code 2, no traceback, nothing half-written."""

import json
import resource
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile


def refused(result, *words):
    """The one sentence. Rich may fold nothing: it is one line."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    said = result.stderr.strip()
    assert said.startswith("gritspace: ")
    assert "fault of the program" not in said
    assert len(said.splitlines()) == 1
    for word in words:
        assert word in said
    return said


@pytest.fixture
def bad_wavs(tmp_path):
    good = np.sin(np.arange(4800) / 10).astype(np.float32) / 3
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no audio at all\n" * 20)
    soundfile.write(tmp_path / "stereo.wav", np.stack([good, good], 1), 48000)
    soundfile.write(tmp_path / "nan.wav", np.where(np.arange(4800) == 77, np.nan, good), 48000, subtype="FLOAT")
    soundfile.write(tmp_path / "short.wav", good[:3], 48000)
    soundfile.write(tmp_path / "headonly.wav", good[:0], 48000)
    cut = (tmp_path / "short.wav").read_bytes()[:20]
    (tmp_path / "cut.wav").write_bytes(cut)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("missing.wav", "no such file"),
        ("empty.wav", "empty"),
        ("text.wav", "no audio"),
        ("stereo.wav", "2 channels"),
        ("nan.wav", "frame 77"),
        ("short.wav", "too short"),
        ("headonly.wav", "too short"),
        ("cut.wav", "no audio"),
    ],
)
def test_unusable_audio_is_named_with_what_is_wrong(gritspace, bad_wavs, model_file, name, word):
    result = gritspace("run", model_file, bad_wavs / name, bad_wavs / "out.wav")
    refused(result, name, word)
    assert not (bad_wavs / "out.wav").exists()


def test_audio_at_another_rate_is_resampled_not_refused(gritspace, tmp_path, model_file):
    soundfile.write(tmp_path / "in.wav", np.sin(np.arange(8820) / 30) / 3, 44100)
    assert gritspace("run", model_file, tmp_path / "in.wav", tmp_path / "out.wav").returncode == 0
    info = soundfile.info(tmp_path / "out.wav")
    assert (info.samplerate, info.frames) == (48000, 9600)


@pytest.mark.parametrize("kept", [0, 3, 100, -1])
def test_a_truncated_model_is_refused(gritspace, tmp_path, model_file, wav_file, kept):
    (tmp_path / "cut.grit").write_bytes(model_file.read_bytes()[:kept])
    refused(gritspace("run", tmp_path / "cut.grit", wav_file, tmp_path / "out.wav"), "cut.grit")
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("command", ["run", "simulate", "build", "export"])
def test_an_altered_model_is_refused_by_every_command_that_reads_one(
    gritspace, tmp_path, model_file, wav_file, command
):
    data = bytearray(model_file.read_bytes())
    data[len(data) // 2] ^= 4
    bad = tmp_path / "altered.grit"
    bad.write_bytes(data)
    arguments = {
        "run": (bad, wav_file, tmp_path / "out.wav"),
        "simulate": (bad,),
        "build": ("sim", "--model", bad),
        "export": (bad, "--to", "c", "-o", tmp_path / "out.c"),
    }[command]
    refused(gritspace(command, *arguments), "altered.grit")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["altered.grit"]


def test_something_else_than_a_space_cannot_be_quantized(gritspace, tmp_path, wav_file, model_file):
    (tmp_path / "junk.pt").write_bytes(b"PK\x03\x04 not really")
    for source in (tmp_path / "junk.pt", wav_file, model_file, tmp_path / "missing.pt", tmp_path):
        refused(gritspace("quantize", source, "-o", tmp_path / "out.grit"), source.name)
    assert not (tmp_path / "out.grit").exists()


def test_silent_audio_does_no_harm_because_built_in_signals_calibrate_too(gritspace, tmp_path, space_file):
    soundfile.write(tmp_path / "silence.wav", np.zeros(48000), 48000)
    soundfile.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(0).standard_normal(48000), 48000)
    sizes = []
    for name in ("silence", "noise"):
        result = gritspace("quantize", space_file, "--audio", tmp_path / f"{name}.wav", "-o", tmp_path / f"{name}.grit")
        assert result.returncode == 0, result.stderr
        sizes.append((tmp_path / f"{name}.grit").stat().st_size)
    assert sizes[0] == sizes[1]


def test_a_capture_with_missing_keys_or_wrong_shapes_is_named_with_the_key(gritspace, tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps({"model_data": {"unit_type": "LSTM"}, "state_dict": {}}))
    refused(gritspace("devices", tmp_path / "keys.json"), "keys.json", "input_size")
    about = {"unit_type": "LSTM", "input_size": 1, "hidden_size": 2, "num_layers": 1, "output_size": 1, "skip": 1}
    state = {"rec.weight_ih_l0": [[1.0]], "rec.weight_hh_l0": [[1.0]], "rec.bias_ih_l0": [1.0], "rec.bias_hh_l0": [1.0]}
    capture = {"model_data": about, "state_dict": {**state, "lin.weight": [[1.0]], "lin.bias": [1.0]}}
    (tmp_path / "shape.json").write_text(json.dumps(capture))
    refused(gritspace("devices", tmp_path / "shape.json"), "shape.json", "rec.weight_ih_l0")
    (tmp_path / "torn.json").write_text('{"model_data": {')
    refused(gritspace("devices", tmp_path / "torn.json"), "torn.json")


def test_a_wrong_knob_position_or_device_says_what_there_is(gritspace, tmp_path, wav_file, model_file):
    out = tmp_path / "out.wav"
    refused(gritspace("render", "rat", wav_file, out, "--knob", "volume=0.5"), "volume", "distortion")
    refused(gritspace("render", "rat", wav_file, out, "--knob", "distortion=1.5"), "from 0 to 1")
    refused(gritspace("render", "rat", wav_file, out, "--knob", "distortion=nan"), "from 0 to 1")
    refused(gritspace("render", "rta", wav_file, out), "rta", "big_muff")
    refused(gritspace("run", model_file, wav_file, out, "--position", "0.1,0.2"), "4 numbers")
    refused(gritspace("run", model_file, wav_file, out, "--position", "0,0,0,inf"), "from -1 to 1")
    assert not out.exists()


def test_bad_usage_is_exit_code_2_with_a_hint(gritspace):
    for arguments in (("run",), ("export", "x", "--to", "vst", "-o", "y"), ("nonsense",), ("hil", "--port", "x")):
        result = gritspace(*arguments)
        assert result.returncode == 2
        assert "Usage: " in result.stderr
        assert "Traceback" not in result.stderr


def test_a_place_that_cannot_be_written_is_named(gritspace, tmp_path, wav_file, model_file, space_file):
    nowhere = tmp_path / "nowhere"
    refused(gritspace("run", model_file, wav_file, nowhere / "out.wav"), "nowhere")
    refused(gritspace("quantize", space_file, "-o", nowhere / "out.grit"), "nowhere")
    refused(gritspace("export", model_file, "--to", "c", "-o", nowhere / "out.c"), "nowhere")
    refused(gritspace("run", model_file, wav_file, tmp_path / "out.xyz"), "out.xyz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "quantize", "export"])
def test_a_full_disk_leaves_nothing_half_written_and_keeps_the_old_file(
    tmp_path, wav_file, model_file, space_file, command
):
    """The limit on a file's size stands in for the disk: a write beyond it fails just as one on a full disk does."""
    out = tmp_path / {"run": "out.wav", "quantize": "out.grit", "export": "out.c"}[command]
    out.write_bytes(b"old")
    arguments = {
        "run": ("run", model_file, wav_file, out),
        "quantize": ("quantize", space_file, "-o", out),
        "export": ("export", model_file, "--to", "c", "-o", out),
    }[command]
    result = subprocess.run(
        [sys.executable, "-m", "gritspace.host_tools.cli", *map(str, arguments)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        capture_output=True,
        text=True,
        check=False,
    )
    refused(result, out.name)
    assert [p.name for p in tmp_path.iterdir()] == [out.name]
    assert out.read_bytes() == b"old"


def test_a_port_that_is_not_there_is_one_sentence(gritspace, tmp_path, wav_file, model_file):
    port = tmp_path / "ttyNOTHING"
    report = tmp_path / "report.html"
    result = gritspace("hil", "--port", port, "--audio", wav_file, "--model", model_file, "-o", report)
    refused(result, "ttyNOTHING")
    assert list(tmp_path.iterdir()) == []


def test_hil_says_before_the_work_that_a_report_cannot_be_written(gritspace, tmp_path, wav_file, model_file):
    for out, word in ((tmp_path / "no" / "report.html", "does not exist"), (tmp_path / "report.txt", ".html")):
        refused(gritspace("hil", "--port", "sim", "--audio", wav_file, "--model", model_file, "-o", out), word)


@pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="needs qemu-system-arm: run `make setup`")
def test_without_the_emulator_simulate_says_what_to_install(gritspace, model_file, tmp_path):
    """PATH has all but QEMU."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in ("/usr/bin", "/bin"):
        subprocess.run(["cp", "-rs", "--no-clobber", f"{folder}/.", tools], check=False, capture_output=True)
    for emulator in tools.glob("qemu-system-arm"):
        emulator.unlink()
    refused(gritspace("simulate", model_file, PATH=str(tools)), "qemu-system-arm")


def test_a_fault_of_the_program_is_admitted_without_a_traceback(monkeypatch, capsys):
    from gritspace.host_tools import cli

    monkeypatch.setattr(cli, "app", lambda **_: 1 / 0)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert "fault of the program" in said
    assert "GRITSPACE_DEBUG" in said
